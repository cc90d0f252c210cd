//! Asks the LAN who else answers a DHCP client (RFC 2131) and who says that it is an IPv6 router (RFC 4861 section 6.2.6).
//!
//! One DISCOVER and one router solicitation go out on each interface. No lease is taken. A server that answers neither is not seen.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use nix::{ifaddrs::getifaddrs, net::if_::if_nametoindex};
use socket2::{Domain, Protocol, Socket, Type};

use super::Others;

/// How long answers are awaited.
const PATIENCE: Duration = Duration::from_millis(1500);

/// At most so many interfaces are asked, and so many answers of each are heard.
const INTERFACES: usize = 8;
const ANSWERS: usize = 32;

const SERVER_PORT: u16 = 67;
const CLIENT_PORT: u16 = 68;
const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// Where options begin.
const OPTIONS: usize = 240;
const MESSAGE_TYPE: u8 = 53;
const SERVER_IDENTIFIER: u8 = 54;

const SOLICITATION: [u8; 8] = [133, 0, 0, 0, 0, 0, 0, 0];
const ADVERTISEMENT: u8 = 134;
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

/// Asks on these interfaces, at the same time.
pub(crate) fn ask(interfaces: &[String]) -> Others {
    let own = own_addresses();
    let mut others = Others::default();
    thread::scope(|scope| {
        let asked: Vec<_> = (interfaces.iter().take(INTERFACES))
            .map(|interface| {
                let dhcp = scope.spawn(|| dhcp(interface));
                let routers = scope.spawn(|| routers(interface));
                (interface, dhcp, routers)
            })
            .collect();
        for (interface, dhcp, routers) in asked {
            let mut take = |answer: thread::Result<io::Result<Vec<IpAddr>>>,
                            what: &str,
                            list: fn(&mut Others) -> &mut Vec<_>| {
                match answer {
                    Ok(Ok(addresses)) => {
                        let foreign = addresses.into_iter().filter(|address| !own.contains(address));
                        list(&mut others).extend(foreign.map(|address| (address, interface.clone())));
                    }
                    Ok(Err(error)) => others
                        .unasked
                        .push(format!("{what} cannot be asked for on {interface} ({error})")),
                    Err(_) => others
                        .unasked
                        .push(format!("{what} could not be asked for on {interface}")),
                }
            };
            take(dhcp.join(), "DHCP servers", |others| &mut others.dhcp);
            take(routers.join(), "IPv6 routers", |others| &mut others.routers);
        }
    });
    others
}

fn own_addresses() -> Vec<IpAddr> {
    let interfaces = getifaddrs().into_iter().flatten();
    let address = |address: nix::sys::socket::SockaddrStorage| {
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
    };
    interfaces
        .filter_map(|interface| interface.address.and_then(address))
        .collect()
}

fn dhcp(interface: &str) -> io::Result<Vec<IpAddr>> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_broadcast(true)?;
    socket.bind_device(Some(interface.as_bytes()))?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, CLIENT_PORT)).into())?;
    let socket = UdpSocket::from(socket);
    let number = std::process::id().to_be_bytes();
    socket.send_to(&discover(number), (Ipv4Addr::BROADCAST, SERVER_PORT))?;
    answers(&socket, |octets, from| {
        offer(octets, number).unwrap_or(Some(from))
    })
}

fn routers(interface: &str) -> io::Result<Vec<IpAddr>> {
    let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6))?;
    socket.bind_device(Some(interface.as_bytes()))?;
    socket.set_multicast_hops_v6(255)?;
    socket.set_multicast_loop_v6(false)?;
    let index = if_nametoindex(interface)?;
    let everyone = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
    socket.join_multicast_v6(&everyone, index)?;
    let to = SocketAddrV6::new(ALL_ROUTERS, 0, 0, index);
    socket.send_to(&SOLICITATION, &to.into())?;
    answers(&UdpSocket::from(socket), |octets, from| {
        (octets.first() == Some(&ADVERTISEMENT) && lifetime(octets) > 0).then_some(from)
    })
}

/// For how long the sender of an advertisement is a default router, in seconds.
fn lifetime(octets: &[u8]) -> u16 {
    match octets.get(6..8) {
        Some(&[high, low]) => u16::from_be_bytes([high, low]),
        _ => 0,
    }
}

/// Those who answer in time.
fn answers(socket: &UdpSocket, sender: impl Fn(&[u8], IpAddr) -> Option<IpAddr>) -> io::Result<Vec<IpAddr>> {
    let end = Instant::now() + PATIENCE;
    let mut found = Vec::new();
    let mut octets = [0; 2048];
    for _ in 0..ANSWERS {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        socket.set_read_timeout(Some(left))?;
        let Ok((length, from)) = socket.recv_from(&mut octets) else {
            break;
        };
        let told = octets.get(..length).and_then(|octets| sender(octets, from.ip()));
        found.extend(told.filter(|address| !found.contains(address)));
    }
    Ok(found)
}

/// A DISCOVER that is answered by broadcast, of a client that does not exist.
fn discover(number: [u8; 4]) -> Vec<u8> {
    let mut message = vec![0; OPTIONS];
    let mut put = |at: usize, octets: &[u8]| {
        if let Some(place) = message.get_mut(at..at + octets.len()) {
            place.copy_from_slice(octets);
        }
    };
    put(0, &[1, 1, 6, 0]);
    put(4, &number);
    put(10, &[0x80, 0]);
    put(28, &[2, 0x85, 0x20, 0, 0, 1]);
    put(236, &COOKIE);
    message.extend([MESSAGE_TYPE, 1, 1, 255]);
    message.resize(300, 0);
    message
}

/// The server that an offer names: `Err` if it names none, `Ok(None)` if it is no answer to us.
fn offer(octets: &[u8], number: [u8; 4]) -> Result<Option<IpAddr>, ()> {
    let is_answer = octets.first() == Some(&2)
        && octets.get(4..8) == Some(&number)
        && octets.get(236..OPTIONS) == Some(&COOKIE);
    if !is_answer {
        return Ok(None);
    }
    let mut options = octets.get(OPTIONS..).unwrap_or_default();
    loop {
        match options {
            [0, rest @ ..] => options = rest,
            [255, ..] | [] | [_] => return Err(()),
            [kind, length, rest @ ..] => {
                let (value, rest) = rest.split_at_checked(usize::from(*length)).ok_or(())?;
                if let (&SERVER_IDENTIFIER, &[a, b, c, d]) = (kind, value) {
                    return Ok(Some(IpAddr::from([a, b, c, d])));
                }
                options = rest;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(number: [u8; 4], options: &[u8]) -> Vec<u8> {
        let mut message = discover(number);
        message[0] = 2;
        message.truncate(OPTIONS);
        message.extend(options);
        message
    }

    #[test]
    fn an_offer_names_its_server() {
        let number = [1, 2, 3, 4];
        let told = answer(number, &[53, 1, 2, 0, 54, 4, 192, 0, 2, 7, 255]);
        assert_eq!(offer(&told, number), Ok(Some(IpAddr::from([192, 0, 2, 7]))));
        assert_eq!(offer(&told, [0; 4]), Ok(None), "the answer to somebody else");
        assert_eq!(offer(&discover(number), number), Ok(None), "what a client says");
        for options in [&[][..], &[255], &[53], &[53, 200, 1], &[54, 3, 1, 2, 3]] {
            assert_eq!(offer(&answer(number, options), number), Err(()), "{options:?}");
        }
    }

    #[test]
    fn a_router_that_is_no_default_router_is_none() {
        assert_eq!(lifetime(&[134, 0, 0, 0, 64, 0, 7, 8]), 1800);
        assert_eq!(lifetime(&[134, 0, 0, 0, 64, 0, 0, 0]), 0);
        assert_eq!(lifetime(&[134]), 0);
    }
}
