//! Addresses on loopback for servers that are started by their configuration, and so cannot be given a port by the system.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// The first port, and how many there are: below those from which the system takes ports for sockets that only send.
const FIRST: u32 = 10_000;
const COUNT: u32 = 20_000;

/// An address that nobody has for TCP nor for UDP, and that this process is not given again soon.
///
/// # Panics
/// If there is none.
pub fn free_address() -> SocketAddr {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // Processes that run beside each other begin at different ports.
    let begin = process::id().wrapping_mul(97);
    (0..COUNT)
        .map(|_| begin.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % COUNT + FIRST)
        .filter_map(|port| u16::try_from(port).ok())
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|&address| TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok())
        .expect("a port of loopback is free")
}
