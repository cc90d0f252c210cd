//! Asking who has an address: the kernel's neighbour table, or by it the link (rtnetlink, RTM_GETNEIGH and RTM_NEWNEIGH).
//!
//! What it is not: it sends no ARP and no neighbour solicitation itself; the kernel does.

use std::{io, net::IpAddr, time::Duration};

use mudguard_policy::MacAddress;
use netlink_sys::{AsyncSocket, AsyncSocketExt, Socket, SocketAddr, TokioSocket, protocols::NETLINK_ROUTE};
use nix::net::if_::if_nametoindex;
use tokio::time::timeout;
use tracing::debug;

use crate::rtnetlink::{News, neighbour_request, read, solicitation};

/// How long the kernel may take, which answers at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// The MAC address that has this address on one of these interfaces, as far as the kernel's neighbour table knows.
pub async fn neighbour(address: IpAddr, lan_interfaces: &[String]) -> Option<MacAddress> {
    for interface in lan_interfaces {
        // An interface that is not there has no neighbours.
        let Ok(index) = if_nametoindex(interface.as_str()) else {
            continue;
        };
        match timeout(PATIENCE, ask(index, address)).await {
            Ok(Ok(Some(mac))) => return Some(mac),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => debug!(%address, interface, %error, "the neighbour table cannot be asked"),
            Err(_) => debug!(%address, interface, "the neighbour table gives no answer"),
        }
    }
    None
}

/// Makes the kernel ask the link of this interface who has an address; with a MAC address, whether that host still has it. The answer comes
/// as a [`Sighting::Neighbour`](crate::Sighting::Neighbour). Does not block.
///
/// # Errors
/// This process may not (it needs CAP_NET_ADMIN), or there is no such interface.
pub fn solicit(address: IpAddr, interface: u32, known: Option<MacAddress>) -> io::Result<()> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    let kernel = SocketAddr::new(0, 0);
    socket.bind(&kernel)?;
    socket
        .send_to(&solicitation(interface, address, known), &kernel, 0)
        .map(drop)
}

async fn ask(interface: u32, address: IpAddr) -> io::Result<Option<MacAddress>> {
    let mut socket = TokioSocket::new(NETLINK_ROUTE)?;
    let kernel = SocketAddr::new(0, 0);
    socket.socket_mut().bind(&kernel)?;
    socket
        .send_to(&neighbour_request(interface, address), &kernel)
        .await?;
    loop {
        let (answer, from) = socket.recv_from_full().await?;
        if from != kernel {
            continue;
        }
        // The answer is one message: the neighbour, or that there is none; a neighbour that is not believed reads as nothing.
        return Ok(read(&answer).into_iter().find_map(|news| match news {
            News::Neighbour(neighbour)
                if (neighbour.interface, neighbour.address) == (interface, address) =>
            {
                Some(neighbour.mac)
            }
            News::Neighbour(_)
            | News::NeighbourGone(..)
            | News::Link(_)
            | News::LinkGone(_)
            | News::Address(..)
            | News::AddressGone(..)
            | News::Done
            | News::Failed(_) => None,
        }));
    }
}
