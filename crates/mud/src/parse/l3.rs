//! `eth`, `ipv4` and `ipv6` within `matches` (RFC 8519 section 4.2, RFC 8520 section 8.1).

use ipnet::{Ipv4Net, Ipv6Net};

use super::{Reader, acls::List, l4::Port, matches::DraftPort, members::Members, place::Place};
use crate::{
    Code, EthMatch, IpFields, Ipv4Flags, Ipv4Match, Ipv6Match, MacMatch, NotUnderstood, PortMatch,
    schema::{ETH, IPV4, IPV6},
};

impl Reader<'_> {
    /// `eth` of an ACE.
    pub(super) fn eth(&mut self, place: &Place<'_>) -> EthMatch {
        let mut eth = EthMatch::default();
        let (mut destination, mut source) = (MacLeaves::default(), MacLeaves::default());
        let mut members = Members::of(&ETH);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "destination-mac-address" => destination.address = Leaf::of(self.mac_address(&child)),
                "destination-mac-address-mask" => destination.mask = Leaf::of(self.mac_address(&child)),
                "source-mac-address" => source.address = Leaf::of(self.mac_address(&child)),
                "source-mac-address-mask" => source.mask = Leaf::of(self.mac_address(&child)),
                "ethertype" => eth.ethertype = self.ethertype(&child),
                _ => {}
            }
        }
        eth.destination = self.mac_match(place, "destination-mac-address", &destination);
        eth.source = self.mac_match(place, "source-mac-address", &source);
        eth
    }

    fn mac_match(&mut self, place: &Place<'_>, name: &str, leaves: &MacLeaves) -> Option<MacMatch> {
        match (&leaves.address, &leaves.mask) {
            (Leaf::Read(address), Leaf::Read(mask)) => Some(MacMatch {
                address: *address,
                mask: Some(*mask),
            }),
            (Leaf::Read(address), Leaf::Absent) => Some(MacMatch {
                address: *address,
                mask: None,
            }),
            (Leaf::Absent, Leaf::Read(_) | Leaf::Refused) => {
                let message = format!("`{name}-mask` stands without `{name}`");
                self.useless(
                    place,
                    Code::MaskWithoutAddress,
                    message,
                    "write the address, or remove the mask",
                );
                None
            }
            // What was refused was told where it stood.
            (Leaf::Read(_) | Leaf::Refused, Leaf::Refused)
            | (Leaf::Refused, Leaf::Absent | Leaf::Read(_))
            | (Leaf::Absent, Leaf::Absent) => None,
        }
    }

    /// `ipv4` of an ACE.
    pub(super) fn ipv4(
        &mut self,
        place: &Place<'_>,
        list: &List<'_>,
        ports: &mut Vec<DraftPort>,
    ) -> Ipv4Match {
        let mut ipv4 = Ipv4Match::default();
        let mut members = Members::of(&IPV4);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "source-port" => ports.extend(self.draft_port(&child, Port::Source)),
                "destination-port" => ports.extend(self.draft_port(&child, Port::Destination)),
                "ihl" => {
                    ipv4.ihl = self.number(&child, 5..=60);
                    self.never_above(
                        &child,
                        ipv4.ihl.map(u32::from),
                        15,
                        "a header has at most 15 words",
                    );
                }
                "flags" => {
                    ipv4.flags = self
                        .bits(&child, &[("reserved", 4), ("fragment", 2), ("more", 1)])
                        .map(Ipv4Flags);
                }
                "offset" => {
                    ipv4.offset = self.number(&child, 20..=65535);
                    self.never_above(
                        &child,
                        ipv4.offset.map(u32::from),
                        8191,
                        "a header holds at most 8191",
                    );
                }
                "identification" => ipv4.identification = self.uint16(&child),
                "source-ipv4-network" => ipv4.source_network = self.prefix::<Ipv4Net>(&child),
                "destination-ipv4-network" => ipv4.destination_network = self.prefix::<Ipv4Net>(&child),
                name => self.ip_field(&mut ipv4.ip, name, &child, list),
            }
        }
        ipv4
    }

    /// `ipv6` of an ACE.
    pub(super) fn ipv6(
        &mut self,
        place: &Place<'_>,
        list: &List<'_>,
        ports: &mut Vec<DraftPort>,
    ) -> Ipv6Match {
        let mut ipv6 = Ipv6Match::default();
        let mut members = Members::of(&IPV6);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "source-port" => ports.extend(self.draft_port(&child, Port::Source)),
                "destination-port" => ports.extend(self.draft_port(&child, Port::Destination)),
                "flow-label" => ipv6.flow_label = self.number(&child, 0..=0xf_ffff),
                "source-ipv6-network" => ipv6.source_network = self.prefix::<Ipv6Net>(&child),
                "destination-ipv6-network" => ipv6.destination_network = self.prefix::<Ipv6Net>(&child),
                name => self.ip_field(&mut ipv6.ip, name, &child, list),
            }
        }
        ipv6
    }

    /// A port where drafts had it; which protocol it is of is known only once all was read.
    fn draft_port(&mut self, place: &Place<'_>, side: fn(PortMatch) -> Port) -> Option<DraftPort> {
        let port = self.port(place)?;
        let (name, pointer) = (place.name().to_owned(), place.pointer());
        Some(DraftPort {
            port: side(port),
            part: NotUnderstood {
                name,
                pointer,
                code: Code::PreRfcName,
            },
        })
    }

    fn ip_field(&mut self, ip: &mut IpFields, name: &str, child: &Place<'_>, list: &List<'_>) {
        match name {
            "dscp" => ip.dscp = self.number(child, 0..=63),
            "ecn" => ip.ecn = self.number(child, 0..=3),
            "length" => ip.length = self.uint16(child),
            "ttl" => ip.ttl = self.uint8(child),
            "protocol" => ip.protocol = self.uint8(child),
            "src-dnsname" => {
                ip.src_dnsname = self.host(child);
                if list.from_device {
                    self.wrong_direction(child, "from-device-policy", "dst-dnsname");
                }
            }
            "dst-dnsname" => {
                ip.dst_dnsname = self.host(child);
                if list.to_device {
                    self.wrong_direction(child, "to-device-policy", "src-dnsname");
                }
            }
            _ => {}
        }
    }

    fn wrong_direction(&mut self, place: &Place<'_>, policy: &str, right: &str) {
        let message = format!(
            "`{}` stands in a list of `{policy}`, where it would name the Thing itself",
            place.name()
        );
        self.bad(
            place,
            Code::DnsnameDirection,
            message,
            format!("write `{right}` (RFC 8520 section 8.2)"),
        );
    }

    fn never_above(&mut self, place: &Place<'_>, value: Option<u32>, most: u32, hint: &str) {
        if let Some(value) = value.filter(|value| *value > most) {
            let message = format!(
                "no packet has `{}` {value}, though the module allows it",
                place.name()
            );
            self.advise(place, Code::NeverOnTheWire, message, hint);
        }
    }
}

#[derive(Default)]
struct MacLeaves {
    address: Leaf,
    mask: Leaf,
}

#[derive(Default)]
enum Leaf {
    #[default]
    Absent,
    Refused,
    Read([u8; 6]),
}

impl Leaf {
    fn of(address: Option<[u8; 6]>) -> Self {
        address.map_or(Self::Refused, Self::Read)
    }
}
