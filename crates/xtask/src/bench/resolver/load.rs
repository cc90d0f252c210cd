//! Queries over UDP: as fast as they are answered, or at a steady rate, each with the time it took.
//!
//! What it is not: a judge of answers. It counts those that are not NOERROR with an answer.

use std::{
    io::ErrorKind,
    net::{SocketAddr, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

/// Queries that wait for an answer at once.
const WINDOW: usize = 64;
/// A query without an answer for so long is lost.
const LOST: Duration = Duration::from_secs(5);

/// What became of queries.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// How many were answered with records.
    pub(super) answered: usize,
    /// How many were refused or failed.
    pub(super) failed: usize,
    /// How many had no answer.
    pub(super) lost: usize,
    /// How long each answer took.
    pub(super) times: Vec<Duration>,
}

impl Outcome {
    /// The time that so many of a thousand did not exceed.
    pub(super) fn per_mille(&self, share: usize) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        let last = times.len().saturating_sub(1);
        times
            .get((times.len() * share / 1000).min(last))
            .copied()
            .unwrap_or_default()
    }

    /// # Errors
    /// If not all were answered.
    pub(super) fn complete(self, whose: &str) -> anyhow::Result<Self> {
        ensure!(
            self.failed == 0 && self.lost * 1000 <= self.answered,
            "{whose}: {} answered, {} failed, {} lost",
            self.answered,
            self.failed,
            self.lost
        );
        Ok(self)
    }
}

/// A query with recursion desired, EDNS and DO, for the address of a name; its identifier is put in when it is sent.
pub(super) fn query(name: &str) -> Vec<u8> {
    let mut message = vec![0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    for label in name.split('.').filter(|label| !label.is_empty()) {
        message.push(u8::try_from(label.len()).unwrap_or(63));
        message.extend_from_slice(label.as_bytes());
    }
    message.extend_from_slice(&[0, 0, 1, 0, 1]);
    // OPT: the root, type 41, 1232 octets, DO.
    message.extend_from_slice(&[0, 0, 41, 4, 208, 0, 0, 128, 0, 0, 0]);
    message
}

/// Sends all queries, with a bounded number on the way.
///
/// # Errors
/// If the socket fails.
pub(super) fn as_fast_as_possible(
    server: SocketAddr,
    queries: impl Iterator<Item = Vec<u8>>,
) -> anyhow::Result<Outcome> {
    let mut flight = Flight::new(server)?;
    for mut query in queries {
        while flight.waiting >= WINDOW {
            flight.receive()?;
        }
        flight.send(&mut query)?;
    }
    flight.end()
}

/// Sends queries at a rate.
///
/// # Errors
/// If the socket fails.
pub(super) fn at_a_rate(
    server: SocketAddr,
    per_second: u32,
    queries: impl Iterator<Item = Vec<u8>>,
) -> anyhow::Result<Outcome> {
    let mut flight = Flight::new(server)?;
    flight.socket.set_nonblocking(true)?;
    let between = Duration::from_secs(1) / per_second;
    let mut next = Instant::now();
    for mut query in queries {
        while Instant::now() < next {
            if !flight.receive()? {
                thread::yield_now();
            }
        }
        flight.send(&mut query)?;
        next += between;
    }
    flight.end()
}

struct Flight {
    socket: UdpSocket,
    /// When the query with this identifier left.
    sent: Vec<Option<Instant>>,
    waiting: usize,
    identifier: u16,
    outcome: Outcome,
    buffer: [u8; 4096],
}

impl Flight {
    fn new(server: SocketAddr) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(LOST))?;
        Ok(Self {
            socket,
            sent: vec![None; 1 << 16],
            waiting: 0,
            identifier: 0,
            outcome: Outcome::default(),
            buffer: [0; 4096],
        })
    }

    fn send(&mut self, query: &mut [u8]) -> anyhow::Result<()> {
        self.identifier = self.identifier.wrapping_add(1);
        query
            .get_mut(..2)
            .context("a query has an identifier")?
            .copy_from_slice(&self.identifier.to_be_bytes());
        if let Some(place) = self.sent.get_mut(usize::from(self.identifier)) {
            *place = Some(Instant::now());
        }
        self.socket.send(query)?;
        self.waiting += 1;
        Ok(())
    }

    /// Takes an answer; false if there is none now.
    fn receive(&mut self) -> anyhow::Result<bool> {
        let length = match self.socket.recv(&mut self.buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock && self.is_patient()? => {
                self.outcome.lost += self.waiting;
                self.waiting = 0;
                return Ok(false);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let Some(&[high, low, _, flags, _, _, answers_high, answers_low]) =
            self.buffer.get(..length).and_then(|message| message.get(..8))
        else {
            return Ok(true);
        };
        let place = usize::from(u16::from_be_bytes([high, low]));
        let Some(sent) = self.sent.get_mut(place).and_then(Option::take) else {
            return Ok(true);
        };
        self.waiting = self.waiting.saturating_sub(1);
        self.outcome.times.push(sent.elapsed());
        if flags & 15 == 0 && (answers_high, answers_low) != (0, 0) {
            self.outcome.answered += 1;
        } else {
            self.outcome.failed += 1;
        }
        Ok(true)
    }

    /// Whether a socket without an answer has waited for as long as an answer may take.
    fn is_patient(&self) -> anyhow::Result<bool> {
        let flags = nix::fcntl::fcntl(&self.socket, nix::fcntl::FcntlArg::F_GETFL)?;
        Ok(flags & nix::fcntl::OFlag::O_NONBLOCK.bits() == 0)
    }

    fn end(mut self) -> anyhow::Result<Outcome> {
        self.socket.set_nonblocking(false)?;
        while self.waiting > 0 {
            self.receive()?;
        }
        Ok(self.outcome)
    }
}
