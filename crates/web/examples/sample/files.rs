//! MUD files of the sample home, made by hand; nothing here was signed or retrieved.

use std::sync::Arc;

use jiff::Timestamp;
use mudguard_manager::{FileInForce, Trust};
use mudguard_mud::{
    Ace, Acl, AclType, Action, CONTROLLER_DNS, CONTROLLER_NTP, Direction, DomainName, Host, IpFields,
    Ipv4Match, L3Match, L4Match, Matches, MatchesPresence, MudFile, MudMatch, MudUrl, PortMatch,
    PortOperator, TcpMatch, UdpMatch,
};

/// An entry for what the Thing sends, before its list names and numbers it.
pub(crate) struct Entry {
    /// Its name.
    pub(crate) name: String,
    /// What it matches.
    pub(crate) matches: Matches,
}

/// TCP or UDP, and the port.
#[derive(Clone, Copy)]
pub(crate) enum Service {
    /// TCP, opened by the Thing.
    Tcp(u16),
    /// UDP.
    Udp(u16),
}

impl Service {
    fn l4(self, direction: Direction) -> L4Match {
        let port = |port| {
            Some(PortMatch::Operator {
                operator: PortOperator::Eq,
                port,
            })
        };
        match self {
            Self::Tcp(number) => L4Match::Tcp(TcpMatch {
                destination_port: port(number),
                direction_initiated: Some(direction),
                ..TcpMatch::default()
            }),
            Self::Udp(number) => L4Match::Udp(UdpMatch {
                destination_port: port(number),
                ..UdpMatch::default()
            }),
        }
    }
}

/// An entry about a name.
pub(crate) fn to_name(name: &str, host: &str, service: Service) -> Entry {
    let ip = IpFields {
        dst_dnsname: Some(Host::Name(DomainName::parse(host).expect("a name"))),
        ..IpFields::default()
    };
    let l3 = L3Match::Ipv4(Ipv4Match {
        ip,
        ..Ipv4Match::default()
    });
    entry(name, Some(l3), service.l4(Direction::FromDevice), None)
}

/// An entry about a prefix.
pub(crate) fn to_network(name: &str, network: &str, service: Service) -> Entry {
    let l3 = L3Match::Ipv4(Ipv4Match {
        destination_network: Some(network.parse().expect("a prefix")),
        ..Ipv4Match::default()
    });
    entry(name, Some(l3), service.l4(Direction::FromDevice), None)
}

/// An entry about the home.
pub(crate) fn to_home(name: &str, service: Service) -> Entry {
    let mud = MudMatch {
        local_networks: true,
        ..MudMatch::default()
    };
    entry(name, None, service.l4(Direction::FromDevice), Some(mud))
}

/// An entry about a class of controllers.
pub(crate) fn to_controller(name: &str, class: &str, service: Service) -> Entry {
    let mud = MudMatch {
        controller: Some(class.to_owned()),
        ..MudMatch::default()
    };
    entry(name, None, service.l4(Direction::FromDevice), Some(mud))
}

/// The entries about name and time service that most files have.
pub(crate) fn usual() -> Vec<Entry> {
    vec![
        to_controller("dns", CONTROLLER_DNS, Service::Udp(53)),
        to_controller("ntp", CONTROLLER_NTP, Service::Udp(123)),
    ]
}

fn entry(name: &str, l3: Option<L3Match>, l4: L4Match, mud: Option<MudMatch>) -> Entry {
    let matches = Matches {
        presence: MatchesPresence::Present,
        l3,
        l4: Some(l4),
        mud,
        ..Matches::default()
    };
    Entry {
        name: name.to_owned(),
        matches,
    }
}

/// A file with one list for what the Thing sends.
pub(crate) fn file(url: &MudUrl, systeminfo: &str, maker: &str, list: &str, entries: Vec<Entry>) -> MudFile {
    let ace = |(index, entry): (usize, Entry)| Ace {
        acl: list.to_owned(),
        name: entry.name,
        index,
        pointer: String::new(),
        matches: entry.matches,
        action: Action::Accept,
        not_understood: Vec::new(),
    };
    MudFile {
        mud_url: url.clone(),
        last_update: moment("2026-03-02T10:00:00Z"),
        mud_signature: None,
        cache_validity: 48,
        is_supported: true,
        systeminfo: Some(systeminfo.to_owned()),
        mfg_name: Some(maker.to_owned()),
        model_name: None,
        firmware_rev: None,
        software_rev: None,
        documentation: None,
        extensions: Vec::new(),
        transparency: None,
        licenses: Vec::new(),
        is_tls_dtls_profile_supported: false,
        unknown_nodes: Vec::new(),
        from_device: vec![Acl {
            name: list.to_owned(),
            acl_type: Some(AclType::Ipv4),
            aces: entries.into_iter().enumerate().map(ace).collect(),
        }],
        to_device: Vec::new(),
    }
}

/// The file, as if it had been retrieved.
pub(crate) fn in_force(file: MudFile, trust: Trust) -> FileInForce {
    FileInForce {
        file,
        findings: Vec::new(),
        bytes: Arc::from(*b"{}"),
        sha256: [0x5a; 32],
        trust,
        retrieved: moment("2026-11-24T06:30:00Z"),
        etag: None,
    }
}

/// A moment.
pub(crate) fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}
