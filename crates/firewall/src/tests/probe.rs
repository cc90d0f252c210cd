//! Packets from one end to another, and whether they arrive.

use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use super::net::Namespace;

/// What passes is there at once; what does not is awaited so long.
const DENIED: Duration = Duration::from_millis(150);
const PASSED: Duration = Duration::from_secs(2);
/// A flow that was ended is awaited so long.
const ENDED: Duration = Duration::from_millis(400);

/// A socket that is closed lives on for a moment in a program that another test just starts.
fn bound<T>(bind: impl Fn() -> std::io::Result<T>) -> T {
    for _ in 0..100 {
        match bind() {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                thread::sleep(Duration::from_millis(5));
            }
            socket => return socket.unwrap(),
        }
    }
    panic!("the address stays in use")
}

/// Whether a datagram arrives.
pub(super) fn udp_arrives(
    from: &Namespace,
    to: &Namespace,
    source: &str,
    destination: &str,
    port: u16,
) -> bool {
    udp_passes(from, to, (source, 0), (destination, port))
}

/// Whether it does not.
pub(super) fn udp_is_dropped(
    from: &Namespace,
    to: &Namespace,
    source: &str,
    destination: &str,
    port: u16,
) -> bool {
    udp_is_dropped_from(from, to, (source, 0), (destination, port))
}

/// Whether a datagram from this address and port arrives at that.
pub(super) fn udp_passes(
    from: &Namespace,
    to: &Namespace,
    source: (&str, u16),
    destination: (&str, u16),
) -> bool {
    udp(from, to, source, destination, PASSED)
}

/// Whether it does not.
pub(super) fn udp_is_dropped_from(
    from: &Namespace,
    to: &Namespace,
    source: (&str, u16),
    destination: (&str, u16),
) -> bool {
    !udp(from, to, source, destination, DENIED)
}

fn udp(
    from: &Namespace,
    to: &Namespace,
    (source, from_port): (&str, u16),
    (destination, port): (&str, u16),
    wait: Duration,
) -> bool {
    let at = SocketAddr::new(destination.parse().unwrap(), port);
    let server = to.run(move || bound(|| UdpSocket::bind(at)));
    let source = SocketAddr::new(source.parse().unwrap(), from_port);
    from.run(move || {
        let client = UdpSocket::bind(source).unwrap();
        client.send_to(b"probe", at).unwrap();
    });
    server.set_read_timeout(Some(wait)).unwrap();
    server.recv(&mut [0; 16]).is_ok()
}

/// Whether a TCP connection is made and carries octets both ways.
pub(super) fn tcp_connects(from: &Namespace, to: &Namespace, destination: &str, port: u16) -> bool {
    tcp(from, to, None, (destination, port), PASSED)
}

/// Whether none is made.
pub(super) fn tcp_is_dropped(from: &Namespace, to: &Namespace, destination: &str, port: u16) -> bool {
    !tcp(from, to, None, (destination, port), DENIED)
}

/// Whether none is made from this address and port.
pub(super) fn tcp_is_dropped_from(
    from: &Namespace,
    to: &Namespace,
    source: (&str, u16),
    destination: (&str, u16),
) -> bool {
    !tcp(from, to, Some(source), destination, DENIED)
}

fn tcp(
    from: &Namespace,
    to: &Namespace,
    source: Option<(&str, u16)>,
    (destination, port): (&str, u16),
    wait: Duration,
) -> bool {
    let at = SocketAddr::new(destination.parse().unwrap(), port);
    let source = source.map(|(source, port)| SocketAddr::new(source.parse().unwrap(), port));
    let server = to.run(move || bound(|| TcpListener::bind(at)));
    from.run(move || {
        let client =
            socket2::Socket::new(socket2::Domain::for_address(at), socket2::Type::STREAM, None).unwrap();
        if let Some(source) = source {
            client.bind(&source.into()).unwrap();
        }
        if client.connect_timeout(&at.into(), wait).is_err() {
            return false;
        }
        // The end of a handshake may be dropped too.
        socket2::SockRef::from(&server)
            .set_read_timeout(Some(wait))
            .unwrap();
        server
            .accept()
            .is_ok_and(|(mut accepted, _)| echo(&mut client.into(), &mut accepted))
    })
}

/// A TCP connection: both ends.
pub(super) fn connection(
    from: &Namespace,
    to: &Namespace,
    destination: &str,
    port: u16,
) -> (TcpStream, TcpStream) {
    let at = SocketAddr::new(destination.parse().unwrap(), port);
    let server = to.run(move || bound(|| TcpListener::bind(at)));
    let client = from.run(move || TcpStream::connect(at).unwrap());
    (client, server.accept().unwrap().0)
}

/// Whether an octet goes both ways.
pub(super) fn echo(client: &mut TcpStream, server: &mut TcpStream) -> bool {
    echo_within(client, server, PASSED)
}

/// Whether it does not any more.
pub(super) fn is_silent(client: &mut TcpStream, server: &mut TcpStream) -> bool {
    !echo_within(client, server, ENDED)
}

fn echo_within(client: &mut TcpStream, server: &mut TcpStream, wait: Duration) -> bool {
    let mut octet = [0];
    for end in [&*client, &*server] {
        end.set_read_timeout(Some(wait)).unwrap();
    }
    client.write_all(&[7]).is_ok()
        && server.read_exact(&mut octet).is_ok()
        && server.write_all(&octet).is_ok()
        && client.read_exact(&mut octet).is_ok()
}

/// Whether an answer to a ping comes.
pub(super) fn ping(from: &Namespace, destination: &str) -> bool {
    ping_within(from, destination, "2")
}

/// Whether none comes.
pub(super) fn ping_is_dropped(from: &Namespace, destination: &str) -> bool {
    !ping_within(from, destination, "0.2")
}

fn ping_within(from: &Namespace, destination: &str, seconds: &'static str) -> bool {
    let destination: IpAddr = destination.parse().unwrap();
    from.run(move || {
        let mut ping = Command::new("ping");
        ping.args(["-n", "-q", "-c", "1", "-W", seconds, &destination.to_string()]);
        ping.stdout(Stdio::null()).status().unwrap().success()
    })
}

/// Whether a datagram from one link-local address to another arrives.
pub(super) fn link_local_arrives(from: &Namespace, to: &Namespace, destination: &str, port: u16) -> bool {
    let destination: std::net::Ipv6Addr = destination.parse().unwrap();
    let server = to.run(move || bound(|| UdpSocket::bind(("::", port))));
    from.run(move || {
        let index = nix::net::if_::if_nametoindex("eth0").unwrap();
        let at = std::net::SocketAddrV6::new(destination, port, 0, index);
        UdpSocket::bind("[::]:0").unwrap().send_to(b"probe", at).unwrap();
    });
    server.set_read_timeout(Some(PASSED)).unwrap();
    server.recv(&mut [0; 16]).is_ok()
}

/// Whether a member of a group hears what is sent to it.
pub(super) fn group_hears(
    from: &Namespace,
    member: &Namespace,
    source: &str,
    group: &str,
    port: u16,
) -> bool {
    group_hears_within(from, member, (source, 0), (group, port), PASSED)
}

/// The same from a port.
pub(super) fn group_hears_from(
    from: &Namespace,
    member: &Namespace,
    source: (&str, u16),
    group: (&str, u16),
) -> bool {
    group_hears_within(from, member, source, group, PASSED)
}

/// Whether it does not.
pub(super) fn group_does_not_hear(
    from: &Namespace,
    member: &Namespace,
    source: &str,
    group: &str,
    port: u16,
) -> bool {
    !group_hears_within(from, member, (source, 0), (group, port), DENIED)
}

fn group_hears_within(
    from: &Namespace,
    member: &Namespace,
    (source, from_port): (&str, u16),
    (group, port): (&str, u16),
    wait: Duration,
) -> bool {
    let group: IpAddr = group.parse().unwrap();
    // The Things have one interface besides the loopback; its index is told to who needs it.
    let index = || nix::net::if_::if_nametoindex("eth0").unwrap();
    let server = member.run(move || match group {
        IpAddr::V4(group) => {
            let server = bound(|| UdpSocket::bind((group, port)));
            server.join_multicast_v4(&group, &[0, 0, 0, 0].into()).unwrap();
            server
        }
        IpAddr::V6(group) => {
            let server = bound(|| UdpSocket::bind(("::", port)));
            server.join_multicast_v6(&group, index()).unwrap();
            server
        }
    });
    let source: IpAddr = source.parse().unwrap();
    from.run(move || {
        let (source, to): (SocketAddr, SocketAddr) = match (source, group) {
            (IpAddr::V6(source), IpAddr::V6(group)) => {
                let scoped = |address, port| std::net::SocketAddrV6::new(address, port, 0, index());
                (scoped(source, from_port).into(), scoped(group, port).into())
            }
            _ => ((source, from_port).into(), (group, port).into()),
        };
        UdpSocket::bind(source).unwrap().send_to(b"probe", to).unwrap();
    });
    server.set_read_timeout(Some(wait)).unwrap();
    server.recv(&mut [0; 16]).is_ok()
}

/// Whether the error comes back that nobody listens.
pub(super) fn is_refused(from: &Namespace, source: &str, destination: &str, port: u16) -> bool {
    let source = SocketAddr::new(source.parse().unwrap(), 0);
    let at = SocketAddr::new(destination.parse().unwrap(), port);
    from.run(move || {
        let client = UdpSocket::bind(source).unwrap();
        client.connect(at).unwrap();
        client.set_read_timeout(Some(PASSED)).unwrap();
        client.send(b"probe").unwrap();
        let heard = client.recv(&mut [0; 16]);
        heard.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
    })
}

/// A query of IGMP with its checksum, which a bridge looks at.
pub(super) const IGMP_QUERY: [u8; 24] = [
    0x11, 7, 0xd2, 0xdc, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7,
];

/// Whether a packet of this protocol with these octets and so many hops left crosses to a member of the group of all hosts.
pub(super) fn raw_arrives(
    from: &Namespace,
    to: &Namespace,
    protocol: i32,
    octets: [u8; 24],
    hops: u32,
) -> bool {
    use socket2::{Domain, SockAddr, Socket, Type};
    let is_ipv6 = protocol == 58;
    let domain = if is_ipv6 { Domain::IPV6 } else { Domain::IPV4 };
    let socket = move || Socket::new(domain, Type::RAW, Some(protocol.into())).unwrap();
    let server = to.run(socket);
    from.run(move || {
        let client = socket();
        let index = nix::net::if_::if_nametoindex("eth0").unwrap();
        let group: SockAddr = if is_ipv6 {
            client.set_multicast_hops_v6(hops).unwrap();
            std::net::SocketAddrV6::new("ff02::1".parse().unwrap(), 0, 0, index).into()
        } else {
            client.set_multicast_ttl_v4(hops).unwrap();
            SocketAddr::new("224.0.0.1".parse().unwrap(), 0).into()
        };
        client.send_to(&octets, &group).unwrap();
    });
    // Others speak in the group too.
    let server: UdpSocket = server.into();
    server.set_read_timeout(Some(PASSED)).unwrap();
    let mut heard = [0; 128];
    while let Ok(length) = server.recv(&mut heard) {
        let own = &octets[octets.len() - 8..];
        if heard[..length].ends_with(own) {
            return true;
        }
    }
    false
}

/// Whether a DHCP client's first message reaches a server on the link.
pub(super) fn lease_is_asked_for(from: &Namespace, to: &Namespace) -> bool {
    let server = to.run(|| bound(|| UdpSocket::bind("0.0.0.0:67")));
    from.run(|| {
        let client = bound(|| UdpSocket::bind("0.0.0.0:68"));
        client.set_broadcast(true).unwrap();
        client.send_to(b"probe", "255.255.255.255:67").unwrap();
    });
    server.set_read_timeout(Some(PASSED)).unwrap();
    server.recv(&mut [0; 16]).is_ok()
}

/// Sends a frame as it is.
pub(super) fn send_frame(from: &Namespace, frame: Vec<u8>) {
    send_frame_by(from, "eth0", frame);
}

/// The same by this interface.
pub(super) fn send_frame_by(from: &Namespace, by: &'static str, frame: Vec<u8>) {
    use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, sendto, socket};
    from.run(move || {
        let packets = socket(AddressFamily::Packet, SockType::Raw, SockFlag::empty(), None).unwrap();
        let mut interfaces = nix::ifaddrs::getifaddrs().unwrap();
        let link = interfaces.find_map(|interface| {
            let address = interface.address?;
            address
                .as_link_addr()
                .filter(|_| interface.interface_name == by)
                .copied()
        });
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(&packets);
        sendto(descriptor, &frame, &link.unwrap(), MsgFlags::empty()).unwrap();
    });
}
