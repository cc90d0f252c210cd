//! What the servers of the internet have seen.

use std::{
    net::SocketAddr,
    sync::{Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::bail;

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// A connection.
    Tcp,
    /// A datagram.
    Udp,
}

/// A connection or datagram that reached a server.
#[derive(Clone, Copy, Debug)]
pub struct Contact {
    /// How it came.
    pub protocol: Protocol,
    /// The address and port that it was for.
    pub server: SocketAddr,
    /// Where it came from; for IPv4, as the router's NAT has made it.
    pub peer: SocketAddr,
    /// When the server took it.
    pub when: Instant,
}

/// All contacts; new ones can be waited for.
#[derive(Debug, Default)]
pub(super) struct Contacts {
    list: Mutex<Vec<Contact>>,
    more: Condvar,
}

impl Contacts {
    pub(super) fn add(&self, protocol: Protocol, server: SocketAddr, peer: SocketAddr) {
        let contact = Contact {
            protocol,
            server: plain(server),
            peer: plain(peer),
            when: Instant::now(),
        };
        self.list
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(contact);
        self.more.notify_all();
    }

    pub(super) fn all(&self) -> Vec<Contact> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn wait_for(
        &self,
        limit: Duration,
        like: impl Fn(&Contact) -> bool,
    ) -> anyhow::Result<Contact> {
        let deadline = Instant::now() + limit;
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(contact) = list.iter().find(|contact| like(contact)) {
                return Ok(*contact);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("no such contact within {limit:?}; there were {}", list.len());
            }
            list = self
                .more
                .wait_timeout(list, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

/// One listener serves both families; the kernel shows it IPv4 addresses within IPv6 ones.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
