//! Which changes of the ruleset are our own: the kernel tells every change to everybody, and only those of others need an answer.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

/// At most so many runs of nft are remembered.
const RUNS: usize = 64;

/// What this process changes.
#[derive(Debug, Default)]
pub(crate) struct Own {
    /// The ports of the sockets from which changes come. The first is that of this process; nft's first socket has its process number.
    ports: Mutex<VecDeque<u32>>,
    transactions: AtomicU32,
}

impl Own {
    /// With the port of a socket.
    pub(crate) fn new(port: u32) -> Self {
        Self {
            ports: Mutex::new([port].into()),
            transactions: AtomicU32::new(0),
        }
    }

    /// A process of ours begins to change something.
    pub(crate) fn begins(&self, process: u32) {
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        if ports.len() > RUNS {
            ports.remove(1);
        }
        ports.push_back(process);
    }

    /// A transaction of ours was carried out.
    pub(crate) fn carried_out(&self) {
        self.transactions.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were.
    pub(crate) fn transactions(&self) -> u32 {
        self.transactions.load(Ordering::Relaxed)
    }

    /// Whether what comes from this port is ours.
    pub(crate) fn is(&self, port: u32) -> bool {
        let ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        ports.contains(&port)
    }
}
