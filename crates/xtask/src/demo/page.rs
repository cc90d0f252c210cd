//! The page of the gateway at an address of this machine: the gateway listens on the loopback of its router, which is a namespace of its
//! own, so this process passes connections on.
//!
//! What it is not: a proxy. It reads nothing of what it passes on.

use std::{
    io,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use anyhow::Context;
use mudguard_tests::home::Namespace;

/// Where the page is in the router, and here too if nobody else is there.
pub(crate) const PAGE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8520);

/// Connections at the same time; a browser opens six.
const CONNECTIONS: usize = 32;

static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Listens here for as long as this process lives, and says where.
///
/// # Errors
/// If no port can be had.
pub(crate) fn forward(router: &Namespace) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(PAGE)
        .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .context("no port of 127.0.0.1 can be had for the page")?;
    let address = listener.local_addr()?;
    let router = router.clone();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            if OPEN.load(Ordering::Relaxed) >= CONNECTIONS {
                continue;
            }
            OPEN.fetch_add(1, Ordering::Relaxed);
            let router = router.clone();
            thread::spawn(move || {
                // Whoever called sees the connection end; there is nobody else to tell.
                let _ = pass_on(&client, &router);
                OPEN.fetch_sub(1, Ordering::Relaxed);
            });
        }
    });
    Ok(address)
}

fn pass_on(client: &TcpStream, router: &Namespace) -> io::Result<()> {
    let page = router.enter(|| TcpStream::connect(PAGE))??;
    thread::scope(|scope| {
        scope.spawn(|| copy(client, &page));
        copy(&page, client);
    });
    Ok(())
}

fn copy(mut from: &TcpStream, mut to: &TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
