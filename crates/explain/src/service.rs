//! What is said to the other end: service classes by port, as far as a household has words for them.

use std::{collections::BTreeSet, ops::RangeInclusive};

use fluent_bundle::FluentValue;
use mudguard_policy::{Ports, Protocol};

use crate::{
    Language,
    keys::{self, Key},
};

/// A class of services. Where a class is known to be encrypted or not, its words say so; the others say nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Every protocol and every port.
    Anything,
    /// HTTPS and QUIC.
    EncryptedWeb,
    /// HTTP.
    Web,
    /// MQTT over TLS, AMQP over TLS.
    EncryptedMessages,
    /// MQTT, AMQP.
    Messages,
    /// The push services of phone makers, and XMPP.
    Notifications,
    /// STUN and TURN, SIP.
    Calls,
    /// RTSP, RTMP.
    Streaming,
    /// SMTP, IMAP, POP.
    Mail,
    /// DNS over TLS.
    EncryptedNames,
    /// DNS.
    Names,
    /// NTP.
    Time,
    /// DHCP.
    AddressAssignment,
    /// mDNS, SSDP, LLMNR, WS-Discovery, NetBIOS names.
    Discovery,
    /// SSH.
    EncryptedRemoteControl,
    /// Telnet, FTP.
    RemoteControl,
    /// SMB, NFS.
    FileSharing,
    /// IPP and raw printing.
    Printing,
    /// Echo of ICMP and ICMPv6.
    Ping,
    /// The rest of ICMP and ICMPv6, and IGMP.
    Signalling,
    /// Another IP protocol.
    Number(u8),
    /// Every TCP port.
    AllTcp,
    /// Every UDP port.
    AllUdp,
    /// Other ports of TCP or UDP.
    Range(u16, u16),
}

/// Services, in the order in which they are told.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Services(BTreeSet<Service>);

/// How many other ports are told one by one.
const FEW: usize = 3;

impl Service {
    /// The classes that a protocol with its ports falls into.
    ///
    /// The class is that of the destination port; where only a source port is set, it is that of the source port.
    pub(crate) fn of(protocol: &Protocol) -> BTreeSet<Self> {
        match protocol {
            Protocol::Any => BTreeSet::from([Self::Anything]),
            Protocol::Tcp(ports) => by_port(ports, Self::tcp, Self::AllTcp),
            Protocol::Udp(ports) => by_port(ports, Self::udp, Self::AllUdp),
            Protocol::Icmp(Some(icmp)) if matches!(icmp.kind, 0 | 8) => BTreeSet::from([Self::Ping]),
            Protocol::Icmpv6(Some(icmp)) if matches!(icmp.kind, 128 | 129) => BTreeSet::from([Self::Ping]),
            Protocol::Icmp(_) | Protocol::Icmpv6(_) | Protocol::Number(2) => {
                BTreeSet::from([Self::Signalling])
            }
            Protocol::Number(number) => BTreeSet::from([Self::Number(*number)]),
        }
    }

    /// The class of one flow, by its IP protocol number and destination port.
    #[must_use]
    pub fn of_flow(protocol: u8, port: Option<u16>) -> Self {
        match (protocol, port) {
            (6, Some(port)) => Self::tcp(port).unwrap_or(Self::Range(port, port)),
            (17, Some(port)) => Self::udp(port).unwrap_or(Self::Range(port, port)),
            (6, None) => Self::AllTcp,
            (17, None) => Self::AllUdp,
            (1 | 58, _) => Self::Ping,
            (2, _) => Self::Signalling,
            (number, _) => Self::Number(number),
        }
    }

    /// Whether it is known to be readable by whoever carries it.
    #[must_use]
    pub fn is_unencrypted(self) -> bool {
        matches!(self, Self::Web | Self::Messages | Self::RemoteControl)
    }

    fn tcp(port: u16) -> Option<Self> {
        Some(match port {
            443 | 8443 => Self::EncryptedWeb,
            80 | 8080 => Self::Web,
            8883 | 5671 => Self::EncryptedMessages,
            1883 | 5672 => Self::Messages,
            5222 | 5223 | 5228..=5230 | 2195..=2197 => Self::Notifications,
            3478..=3481 | 5349 | 5060 | 5061 => Self::Calls,
            554 | 8554 | 1935 => Self::Streaming,
            25 | 110 | 143 | 465 | 587 | 993 | 995 => Self::Mail,
            853 => Self::EncryptedNames,
            53 => Self::Names,
            22 => Self::EncryptedRemoteControl,
            21 | 23 => Self::RemoteControl,
            139 | 445 | 2049 => Self::FileSharing,
            515 | 631 | 9100 => Self::Printing,
            _ => return None,
        })
    }

    fn udp(port: u16) -> Option<Self> {
        Some(match port {
            443 => Self::EncryptedWeb,
            3478..=3481 | 5349 | 5060 | 5061 | 19302..=19309 => Self::Calls,
            853 => Self::EncryptedNames,
            53 => Self::Names,
            123 => Self::Time,
            67 | 68 | 546 | 547 => Self::AddressAssignment,
            137 | 138 | 1900 | 3702 | 5353 | 5355 => Self::Discovery,
            _ => return None,
        })
    }

    fn key(self) -> Option<Key> {
        Some(match self {
            Self::Anything => keys::SERVICE_ANYTHING,
            Self::EncryptedWeb => keys::SERVICE_ENCRYPTED_WEB,
            Self::Web => keys::SERVICE_WEB,
            Self::EncryptedMessages => keys::SERVICE_ENCRYPTED_MESSAGES,
            Self::Messages => keys::SERVICE_MESSAGES,
            Self::Notifications => keys::SERVICE_NOTIFICATIONS,
            Self::Calls => keys::SERVICE_CALLS,
            Self::Streaming => keys::SERVICE_STREAMING,
            Self::Mail => keys::SERVICE_MAIL,
            Self::EncryptedNames => keys::SERVICE_ENCRYPTED_NAMES,
            Self::Names => keys::SERVICE_NAMES,
            Self::Time => keys::SERVICE_TIME,
            Self::AddressAssignment => keys::SERVICE_ADDRESS,
            Self::Discovery => keys::SERVICE_DISCOVERY,
            Self::EncryptedRemoteControl => keys::SERVICE_ENCRYPTED_REMOTE_CONTROL,
            Self::RemoteControl => keys::SERVICE_REMOTE_CONTROL,
            Self::FileSharing => keys::SERVICE_FILE_SHARING,
            Self::Printing => keys::SERVICE_PRINTING,
            Self::Ping => keys::SERVICE_PING,
            Self::Signalling => keys::SERVICE_SIGNALLING,
            Self::AllTcp => keys::SERVICE_ALL_TCP,
            Self::AllUdp => keys::SERVICE_ALL_UDP,
            Self::Number(_) | Self::Range(..) => return None,
        })
    }
}

impl Services {
    /// Whether any of them is known to be readable by whoever carries it.
    #[must_use]
    pub fn has_unencrypted(&self) -> bool {
        self.0.iter().any(|service| service.is_unencrypted())
    }

    /// In words, as a list: "encrypted web, messages (not encrypted) and port 9999".
    #[must_use]
    pub fn text(&self, language: &Language) -> String {
        let mut items = Vec::new();
        let mut ports = Vec::new();
        for service in &self.0 {
            if let Some(key) = service.key() {
                items.push(language.text(key, &[]));
            } else if let Service::Number(number) = service {
                items.push(language.text(keys::SERVICE_NUMBER, &[("number", number.to_string().into())]));
            } else if let Service::Range(low, high) = service {
                ports.push(if low == high {
                    low.to_string()
                } else {
                    format!("{low}\u{2013}{high}")
                });
            }
        }
        if !ports.is_empty() {
            let count = FluentValue::from(ports.len());
            items.push(if ports.len() > FEW {
                language.text(keys::SERVICE_MANY_PORTS, &[("count", count)])
            } else {
                let listed = language.list(&ports);
                language.text(keys::SERVICE_PORTS, &[("count", count), ("ports", listed.into())])
            });
        }
        language.list(&items)
    }
}

impl FromIterator<Service> for Services {
    fn from_iter<I: IntoIterator<Item = Service>>(services: I) -> Self {
        Self(services.into_iter().collect())
    }
}

fn by_port(ports: &Ports, class: impl Fn(u16) -> Option<Service>, all: Service) -> BTreeSet<Service> {
    let set = if ports.destination.is_all() {
        &ports.source
    } else {
        &ports.destination
    };
    if set.is_all() {
        return BTreeSet::from([all]);
    }
    set.ranges().flat_map(|range| classes(range, &class)).collect()
}

/// A short range is told port by port, a long one as it is.
fn classes(range: RangeInclusive<u16>, class: &impl Fn(u16) -> Option<Service>) -> Vec<Service> {
    let (low, high) = (*range.start(), *range.end());
    if high - low < 8 && range.clone().any(|port| class(port).is_some()) {
        range
            .map(|port| class(port).unwrap_or(Service::Range(port, port)))
            .collect()
    } else {
        vec![Service::Range(low, high)]
    }
}
