//! A Thing that does not stop: to each of some addresses it sends a datagram and tries to open a connection, again and again.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::namespace::Namespace;

/// How long it waits for a connection before it gives up: the next try sends another SYN.
const PATIENCE: Duration = Duration::from_millis(1);

/// Such a Thing; it stops when this is dropped.
#[derive(Debug)]
pub struct Flow {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU32>,
    thread: Option<JoinHandle<()>>,
}

impl Flow {
    /// Starts to send from this namespace to these addresses.
    ///
    /// # Errors
    /// If the namespace cannot be entered.
    pub fn start(from: &Namespace, to: &[SocketAddr]) -> anyhow::Result<Self> {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let sockets = from.enter(|| {
            let bound = to
                .iter()
                .map(|to| UdpSocket::bind((any(*to), 0)).map(|socket| (socket, *to)));
            bound.collect::<Result<Vec<_>, _>>()
        })??;
        let thread = {
            let (from, stop, sent) = (from.clone(), Arc::clone(&stop), Arc::clone(&sent));
            thread::spawn(move || {
                if from.enter_for_ever().is_err() {
                    return;
                }
                while !stop.load(Ordering::Relaxed) {
                    for (socket, to) in &sockets {
                        // Refusals are what is expected; what arrives is counted where it arrives.
                        let _ = socket.send_to(b"forbidden", to);
                        let _ = TcpStream::connect_timeout(to, PATIENCE);
                        sent.fetch_add(2, Ordering::Relaxed);
                    }
                }
            })
        };
        Ok(Self {
            stop,
            sent,
            thread: Some(thread),
        })
    }

    /// How many packets it has tried to send.
    pub fn sent(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in it has been printed already.
            let _ = thread.join();
        }
    }
}

fn any(to: SocketAddr) -> IpAddr {
    if to.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    }
}
