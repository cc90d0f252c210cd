//! A router with two bridges and a WAN, whose other ends are wires without hosts: frames are put on them and taken from them.

use std::{
    collections::BTreeSet,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use mudguard_policy::{
    MacAddress, Transport, UdpHeader,
    testing::pools::{STATIONS, THING},
};
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType};
use socket2::{Domain, Protocol, Socket, Type};

use super::{
    super::net::Namespace,
    frame::{Form, LAST, Octets, frame, last_frame, tags},
};

/// Where something is sent from or arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Thing = 0,
    /// These three are on the bridge of the Thing.
    First = 1,
    Second = 2,
    Stranger = 3,
    /// These two are on the other bridge.
    Third = 4,
    Fourth = 5,
    Wan = 6,
    Router = 7,
}

const ENDS: [Place; 7] = [
    Place::Thing,
    Place::First,
    Place::Second,
    Place::Stranger,
    Place::Third,
    Place::Fourth,
    Place::Wan,
];

pub(super) const STRANGER: MacAddress = MacAddress([2, 0, 0, 0, 0x0b, 1]);
const UPSTREAM: MacAddress = MacAddress([2, 0, 0, 0, 0x0c, 1]);
const BRIDGES: [MacAddress; 2] = [
    MacAddress([2, 0, 0, 0, 0xfe, 1]),
    MacAddress([2, 0, 0, 0, 0xfe, 2]),
];
const WAN: MacAddress = MacAddress([2, 0, 0, 0, 0xfe, 3]);

impl Place {
    /// The MAC address of who is there.
    pub(super) fn mac(self) -> MacAddress {
        match self {
            Self::Thing => THING,
            Self::First => STATIONS[0],
            Self::Second => STATIONS[1],
            Self::Stranger => STRANGER,
            Self::Third => STATIONS[2],
            Self::Fourth => STATIONS[3],
            Self::Wan => UPSTREAM,
            Self::Router => BRIDGES[0],
        }
    }

    /// On which bridge it is.
    pub(super) fn bridge(self) -> Option<usize> {
        match self {
            Self::Thing | Self::First | Self::Second | Self::Stranger => Some(0),
            Self::Third | Self::Fourth => Some(1),
            Self::Wan | Self::Router => None,
        }
    }

    /// The router's MAC address on its wire.
    pub(super) fn router(self) -> MacAddress {
        self.bridge().map_or(WAN, |bridge| BRIDGES[bridge])
    }

    /// Who is there has these addresses.
    pub(super) fn addresses(self) -> &'static [&'static str] {
        match self {
            Self::Thing => &[
                "192.168.1.64",
                "192.168.1.63",
                "192.168.1.127",
                "fd00:1::64",
                "fd00:1::65",
            ],
            Self::First => &["192.168.1.20", "fd00:1::20"],
            Self::Second => &["192.168.1.70", "fd00:1::70"],
            Self::Third => &["192.168.2.20", "fd00:2::20"],
            Self::Fourth => &["192.168.2.21", "fd00:2::21"],
            Self::Stranger | Self::Wan | Self::Router => &[],
        }
    }
}

/// The router and the wires.
pub(super) struct Wires {
    pub(super) router: Namespace,
    // It lives as long as this.
    _ends: Namespace,
    sockets: Vec<Socket>,
    received: Vec<Socket>,
    sending: [Socket; 2],
}

impl Wires {
    /// Builds them; `None` without root.
    pub(super) fn build(br_netfilter: bool) -> Option<Self> {
        let (router, ends) = (Namespace::new()?, Namespace::new()?);
        router.sysctl(&[
            ("ipv4/ip_forward", "1"),
            ("ipv6/conf/all/forwarding", "1"),
            ("ipv6/conf/default/accept_dad", "0"),
            ("ipv6/conf/all/accept_dad", "0"),
            ("ipv4/conf/all/rp_filter", "0"),
            ("ipv4/conf/default/rp_filter", "0"),
        ]);
        ends.sysctl(&[
            ("ipv6/conf/all/disable_ipv6", "1"),
            ("ipv6/conf/default/disable_ipv6", "1"),
        ]);
        let mut commands = String::new();
        for (bridge, mac) in BRIDGES.iter().enumerate() {
            let number = bridge + 1;
            commands += &format!(
                "link add br{bridge} address {mac} type bridge mcast_snooping 0\nlink set br{bridge} up\n\
                 addr add 192.168.{number}.1/24 dev br{bridge}\naddr add fd00:{number}::1/64 dev br{bridge}\n"
            );
        }
        let mut up = String::new();
        for (number, place) in ENDS.iter().enumerate() {
            let (end, mac) = (ends.thread(), place.mac());
            up += &format!("link set end{number} up\n");
            commands += &format!(
                "link add port{number} type veth peer name end{number} address {mac} netns {end}\nlink set port{number} up\n"
            );
            let Some(bridge) = place.bridge() else { continue };
            commands += &format!("link set port{number} master br{bridge}\n");
            for address in place.addresses() {
                commands += &format!("neigh replace {address} lladdr {mac} dev br{bridge} nud permanent\n");
            }
        }
        commands += &format!(
            "link set port6 address {WAN}\naddr add 100.64.0.1/24 dev port6\naddr add 2001:db8:ffff::1/64 dev port6\n\
             neigh add 100.64.0.2 lladdr {UPSTREAM} dev port6 nud permanent\n\
             neigh add 2001:db8:ffff::2 lladdr {UPSTREAM} dev port6 nud permanent\n\
             route add default via 100.64.0.2\nroute add ::/0 via 2001:db8:ffff::2\n"
        );
        router.ip(commands);
        ends.ip(up);
        router.sysctl(if br_netfilter {
            &[
                ("bridge/bridge-nf-call-iptables", "1"),
                ("bridge/bridge-nf-call-ip6tables", "1"),
            ]
        } else {
            &[
                ("bridge/bridge-nf-call-iptables", "0"),
                ("bridge/bridge-nf-call-ip6tables", "0"),
            ]
        });
        let sockets = ends.run(|| (0..ENDS.len()).map(on_the_wire).collect());
        let (received, sending) = router.run(|| {
            let raw = |domain| {
                [1, 2, 6, 17, 47, 58].map(|number| {
                    let socket = Socket::new(domain, Type::RAW, Some(Protocol::from(number))).unwrap();
                    socket.set_recv_buffer_size(4 << 20).unwrap();
                    socket
                })
            };
            let received = raw(Domain::IPV4).into_iter().chain(raw(Domain::IPV6)).collect();
            let [four, six] = [Domain::IPV4, Domain::IPV6]
                .map(|domain| Socket::new(domain, Type::RAW, Some(Protocol::from(255))).unwrap());
            four.set_header_included_v4(true).unwrap();
            six.set_header_included_v6(true).unwrap();
            (received, [four, six])
        });
        Some(Self {
            router,
            _ends: ends,
            sockets,
            received,
            sending,
        })
    }

    /// Puts a frame on a wire.
    pub(super) fn send(&self, from: Place, frame: &[u8]) {
        self.sockets[from as usize].send(frame).unwrap();
    }

    /// Sends a packet from the router itself.
    pub(super) fn send_from_router(&self, octets: &Octets<'_>) {
        let to = std::net::SocketAddr::new(octets.destination, 0).into();
        let socket = &self.sending[usize::from(octets.source.is_ipv6())];
        for packet in octets.packets() {
            socket.send_to(&packet, &to).unwrap();
        }
    }

    /// What has arrived, and where: number, part and place. What is sent from one thread of one processor is carried in its order, so all
    /// has arrived when what is sent last has.
    pub(super) fn arrived(&self) -> BTreeSet<(u32, u8, Place)> {
        let last = Octets {
            number: LAST,
            source: "192.168.1.99".parse().unwrap(),
            destination: "192.168.1.1".parse().unwrap(),
            transport: &Transport::Udp(UdpHeader {
                source: 9,
                destination: 9,
                length: 0,
            }),
            header: mudguard_policy::IpHeader {
                ttl: 64,
                length: super::frame::SHORTEST,
                ..Default::default()
            },
            form: Form::Plain,
            first: 0,
        };
        let to_wan = Octets {
            destination: "100.64.0.2".parse().unwrap(),
            ..last.clone()
        };
        for octets in [last, to_wan] {
            let packet = octets.packets().remove(0);
            self.send(Place::Stranger, &frame(BRIDGES[0], STRANGER, &packet));
        }
        for from in [Place::Stranger, Place::Thing, Place::Fourth, Place::Third] {
            self.send(from, &last_frame(from.mac()));
        }
        let mut arrived = BTreeSet::new();
        for (place, socket) in ENDS.iter().zip(&self.sockets) {
            // Those between the two who speak last hear both.
            let ends = if matches!(place, Place::First | Place::Second) {
                2
            } else {
                1
            };
            take(socket, *place, ends, &mut arrived);
        }
        // The last is UDP in IPv4.
        take(&self.received[3], Place::Router, 1, &mut arrived);
        for socket in &self.received {
            take(socket, Place::Router, 0, &mut arrived);
        }
        arrived
    }
}

/// Takes what has arrived until so many have said that they sent their last, or until there is no more.
fn take(socket: &Socket, place: Place, mut ends: usize, arrived: &mut BTreeSet<(u32, u8, Place)>) {
    let mut octets = [0; 2048];
    socket.set_nonblocking(ends == 0).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let begin = Instant::now();
    loop {
        assert!(
            begin.elapsed() < Duration::from_secs(30),
            "{place:?} hears no end"
        );
        let length = match nix::sys::socket::recv(
            std::os::fd::AsRawFd::as_raw_fd(socket),
            &mut octets,
            nix::sys::socket::MsgFlags::empty(),
        ) {
            Ok(length) => length,
            Err(nix::errno::Errno::EAGAIN) if ends == 0 => return,
            Err(error) => panic!("what always passes does not arrive at {place:?}: {error}"),
        };
        for (number, part) in tags(&octets[..length]) {
            // What is sent on a wire is seen there too.
            let is_own = place != Place::Router && octets[6..12] == place.mac().0;
            if number == LAST && !is_own {
                match ends {
                    0 => {}
                    1 => return,
                    _ => ends -= 1,
                }
            } else if !is_own {
                arrived.insert((number, part, place));
            }
        }
    }
}

fn on_the_wire(number: usize) -> Socket {
    use nix::sys::socket::{bind, socket};
    let packets: OwnedFd = socket(
        AddressFamily::Packet,
        SockType::Raw,
        SockFlag::empty(),
        SockProtocol::EthAll,
    )
    .unwrap();
    let mut interfaces = nix::ifaddrs::getifaddrs().unwrap();
    let name = format!("end{number}");
    let link = interfaces
        .find_map(|interface| {
            let address = interface.address?;
            let link = address.as_link_addr().copied();
            link.filter(|_| interface.interface_name == name)
        })
        .unwrap();
    // The interface knows itself as no protocol; the socket stays with all.
    bind(std::os::fd::AsRawFd::as_raw_fd(&packets), &link).unwrap();
    let socket = Socket::from(packets);
    socket.set_recv_buffer_size(4 << 20).unwrap();
    socket
}
