//! Packets from a Thing to the internet: a burst whose processor time is measured, and a constant stream of which none may be lost.

use std::{
    io::ErrorKind,
    net::UdpSocket,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use nix::time::{ClockId, clock_gettime};

use crate::{homes::PORT, net::Net};

const THING: &str = "192.0.2.11:5000";
const INTERNET: &str = "198.51.100.1";

/// What receives in the internet, and what sends in the Thing.
pub(crate) struct Ends {
    pub(crate) receiver: UdpSocket,
    pub(crate) sender: UdpSocket,
}

impl Ends {
    pub(crate) fn open(net: &Net) -> Self {
        let receiver = net.internet.run(|| UdpSocket::bind((INTERNET, PORT)).unwrap());
        let sender = net.thing(1).run(|| {
            let socket = UdpSocket::bind(THING).unwrap();
            socket.connect((INTERNET, PORT)).unwrap();
            socket
        });
        receiver.set_nonblocking(true).unwrap();
        let ends = Self { receiver, sender };
        // Neighbours are asked for, and the flow begins.
        let start = Instant::now();
        while ends.received() == 0 {
            assert!(start.elapsed() < Duration::from_secs(10), "nothing arrives");
            ends.sender.send(&[0; 18]).unwrap();
            thread::sleep(Duration::from_millis(20));
        }
        ends.received();
        ends
    }

    /// How many packets have arrived since the last look.
    fn received(&self) -> usize {
        let mut count = 0;
        loop {
            match self.receiver.recv(&mut [0; 64]) {
                Ok(_) => count += 1,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return count,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// The processor time of a packet of 60 octets, in nanoseconds: sending, forwarding and delivering run in one thread, one within the
    /// other. What the receiver's program does is not counted.
    /// `None` if a packet arrived later than it was sent, so that another thread has worked for it.
    pub(crate) fn cost(&self, lasts: Duration) -> Option<f64> {
        let (mut sent, mut arrived, mut cost) = (0, 0, Duration::ZERO);
        let start = Instant::now();
        while start.elapsed() < lasts {
            let before = Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
            for _ in 0..64 {
                self.sender.send(&[0; 18]).unwrap();
            }
            let after = Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
            cost += after - before;
            sent += 64;
            arrived += self.received();
        }
        if sent != arrived {
            thread::sleep(lasts);
            self.received();
            return None;
        }
        Some(cost.as_nanos() as f64 / arrived as f64)
    }

    /// Answers the flow.
    pub(crate) fn establish(&self) {
        self.receiver.send_to(&[0; 18], THING).unwrap();
        thread::sleep(Duration::from_millis(10));
        self.sender.recv(&mut [0; 64]).unwrap();
    }

    /// Sends a constant stream, a packet every `pause`, until it is told to stop, and says how many packets were sent and arrived.
    pub(crate) fn constant(
        self,
        pause: Duration,
        stop: Arc<AtomicBool>,
    ) -> thread::JoinHandle<(usize, usize)> {
        self.received();
        thread::spawn(move || {
            let (mut sent, mut arrived) = (0, 0);
            let mut next = Instant::now();
            while !stop.load(Ordering::Relaxed) {
                self.sender.send(&[0; 18]).unwrap();
                sent += 1;
                if sent % 32 == 0 {
                    arrived += self.received();
                }
                next += pause;
                if let Some(left) = next.checked_duration_since(Instant::now()) {
                    thread::sleep(left);
                }
            }
            thread::sleep(Duration::from_millis(50));
            (sent, arrived + self.received())
        })
    }
}
