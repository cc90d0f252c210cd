//! The conditions of an ACE as a list of texts, made in two ways that share nothing: from the model, and from the JSON of the file.
//!
//! If the two are the same, nothing that stood in the file was lost on the way, and nothing was added.

use std::collections::BTreeSet;

use mudguard_mud::{
    Direction, EthMatch, IcmpMatch, IpFields, Ipv4Match, Ipv6Match, L3Match, L4Match, MacMatch, Matches,
    MudMatch, PortMatch, PortOperator, TcpMatch, UdpMatch,
};
use serde_json::Value;

/// Conditions, each as `where/what=value`.
pub(crate) type Conditions = BTreeSet<String>;

/// What the model says.
pub(crate) fn of_model(matches: &Matches) -> Conditions {
    let mut to = Writer(Conditions::new());
    if let Some(eth) = &matches.eth {
        to.eth(eth);
    }
    match &matches.l3 {
        Some(L3Match::Ipv4(ipv4)) => to.ipv4(ipv4),
        Some(L3Match::Ipv6(ipv6)) => to.ipv6(ipv6),
        None => {}
    }
    match &matches.l4 {
        Some(L4Match::Tcp(tcp)) => to.tcp(tcp),
        Some(L4Match::Udp(udp)) => to.udp(udp),
        Some(L4Match::Icmp(icmp)) => to.icmp(icmp),
        None => {}
    }
    if let Some(mud) = &matches.mud {
        to.mud(mud);
    }
    to.put("ingress-interface", matches.ingress_interface.as_ref());
    to.put("egress-interface", matches.egress_interface.as_ref());
    if matches.client_profiles.is_some() {
        to.put("client-profiles", Some(""));
    }
    to.0
}

struct Writer(Conditions);

impl Writer {
    fn put(&mut self, path: &str, value: Option<impl ToString>) {
        self.0
            .extend(value.map(|value| format!("{path}={}", value.to_string().to_ascii_lowercase())));
    }

    fn present(&mut self, path: &str) {
        self.put(path, Some(""));
    }

    fn eth(&mut self, eth: &EthMatch) {
        self.present("eth");
        for (side, mac) in [("destination", eth.destination), ("source", eth.source)] {
            let Some(MacMatch { address, mask }) = mac else {
                continue;
            };
            self.put(&format!("eth/{side}-mac-address"), Some(mac_text(address)));
            self.put(&format!("eth/{side}-mac-address-mask"), mask.map(mac_text));
        }
        self.put("eth/ethertype", eth.ethertype);
    }

    fn ip(&mut self, family: &str, ip: &IpFields) {
        self.present(family);
        self.put(&format!("{family}/dscp"), ip.dscp);
        self.put(&format!("{family}/ecn"), ip.ecn);
        self.put(&format!("{family}/length"), ip.length);
        self.put(&format!("{family}/ttl"), ip.ttl);
        self.put(&format!("{family}/protocol"), ip.protocol);
        self.put(&format!("{family}/src-dnsname"), ip.src_dnsname.as_ref());
        self.put(&format!("{family}/dst-dnsname"), ip.dst_dnsname.as_ref());
    }

    fn ipv4(&mut self, ipv4: &Ipv4Match) {
        self.ip("ipv4", &ipv4.ip);
        self.put("ipv4/ihl", ipv4.ihl);
        let names = [("reserved", 4), ("fragment", 2), ("more", 1)];
        self.put("ipv4/flags", ipv4.flags.map(|flags| bits(flags.0, &names)));
        self.put("ipv4/offset", ipv4.offset);
        self.put("ipv4/identification", ipv4.identification);
        self.put("ipv4/source-ipv4-network", ipv4.source_network);
        self.put("ipv4/destination-ipv4-network", ipv4.destination_network);
    }

    fn ipv6(&mut self, ipv6: &Ipv6Match) {
        self.ip("ipv6", &ipv6.ip);
        self.put("ipv6/flow-label", ipv6.flow_label);
        self.put("ipv6/source-ipv6-network", ipv6.source_network);
        self.put("ipv6/destination-ipv6-network", ipv6.destination_network);
    }

    fn port(&mut self, path: &str, port: Option<PortMatch>) {
        let text = match port {
            None => return,
            Some(PortMatch::Range { lower, upper }) => format!("{lower}-{upper}"),
            Some(PortMatch::Operator { operator, port }) => {
                let operator = match operator {
                    PortOperator::Lte => "lte",
                    PortOperator::Gte => "gte",
                    PortOperator::Eq => "eq",
                    PortOperator::Neq => "neq",
                };
                format!("{operator} {port}")
            }
        };
        self.put(path, Some(text));
    }

    fn tcp(&mut self, tcp: &TcpMatch) {
        self.present("tcp");
        self.port("tcp/source-port", tcp.source_port);
        self.port("tcp/destination-port", tcp.destination_port);
        let direction = tcp.direction_initiated.map(|direction| match direction {
            Direction::FromDevice => "from-device",
            Direction::ToDevice => "to-device",
        });
        self.put("tcp/direction-initiated", direction);
        self.put("tcp/sequence-number", tcp.sequence_number);
        self.put("tcp/acknowledgement-number", tcp.acknowledgement_number);
        self.put("tcp/data-offset", tcp.data_offset);
        self.put("tcp/reserved", tcp.reserved);
        let names = [
            ("cwr", 128),
            ("ece", 64),
            ("urg", 32),
            ("ack", 16),
            ("psh", 8),
            ("rst", 4),
            ("syn", 2),
            ("fin", 1),
        ];
        self.put("tcp/flags", tcp.flags.map(|flags| bits(flags.0, &names)));
        self.put("tcp/window-size", tcp.window_size);
        self.put("tcp/urgent-pointer", tcp.urgent_pointer);
        self.put("tcp/options", tcp.options.as_ref().map(Vec::len));
    }

    fn udp(&mut self, udp: &UdpMatch) {
        self.present("udp");
        self.port("udp/source-port", udp.source_port);
        self.port("udp/destination-port", udp.destination_port);
        self.put("udp/length", udp.length);
    }

    fn icmp(&mut self, icmp: &IcmpMatch) {
        self.present("icmp");
        self.put("icmp/type", icmp.icmp_type);
        self.put("icmp/code", icmp.code);
        self.put("icmp/rest-of-header", icmp.rest_of_header.as_ref().map(Vec::len));
    }

    fn mud(&mut self, mud: &MudMatch) {
        self.present("mud");
        self.put("mud/manufacturer", mud.manufacturer.as_ref());
        self.put("mud/model", mud.model.as_ref().map(|url| url.as_str().to_owned()));
        self.put("mud/controller", mud.controller.as_ref());
        for (name, holds) in [
            ("same-manufacturer", mud.same_manufacturer),
            ("local-networks", mud.local_networks),
            ("my-controller", mud.my_controller),
        ] {
            self.put(&format!("mud/{name}"), holds.then_some(""));
        }
    }
}

fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|octet| format!("{octet:02x}")).join(":")
}

fn bits(flags: u8, names: &[(&str, u8)]) -> String {
    let mut names: Vec<_> = names
        .iter()
        .filter(|(_, bit)| flags & bit != 0)
        .map(|(name, _)| *name)
        .collect();
    names.sort_unstable();
    names.join(" ")
}

/// What the JSON says. It knows names and spellings, and no ranges or directions: what the model refuses is not compared.
pub(crate) fn of_json(matches: &Value) -> Conditions {
    let mut to = Writer(Conditions::new());
    let matches = &without_layers(matches);
    for (name, value) in matches.as_object().into_iter().flatten() {
        let name = local(name);
        let name = name.strip_suffix("-acl").unwrap_or(name);
        match (name, value) {
            ("client-profiles" | "client-profile", _) => to.present("client-profiles"),
            (name, Value::Object(members)) => {
                to.present(name);
                for (member, value) in members {
                    let is_port = local(member).starts_with("source-port")
                        || local(member).starts_with("destination-port");
                    let container = if is_port && name.starts_with("ip") {
                        protocol(matches)
                    } else {
                        name
                    };
                    to.present(container);
                    leaf(&mut to, container, local(member), value);
                }
            }
            (name, value) => to.put(name, Some(text(value))),
        }
    }
    to.0
}

/// The members of `l2`, `l3` and `l4` beside the others, where they belong.
fn without_layers(matches: &Value) -> Value {
    let mut members = serde_json::Map::new();
    for (name, value) in matches.as_object().into_iter().flatten() {
        if ["l2", "l3", "l4"].contains(&local(name)) {
            members.extend(without_layers(value).as_object().unwrap().clone());
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    Value::Object(members)
}

/// The protocol of ports that stand in an IP container, where drafts had them.
fn protocol(matches: &Value) -> &'static str {
    let members = || matches.as_object().into_iter().flatten();
    let has = |container: &str| members().any(|(name, _)| local(name).trim_end_matches("-acl") == container);
    let number = members()
        .filter_map(|(_, value)| value.get("protocol"))
        .map(text)
        .next();
    match number.as_deref() {
        _ if has("tcp") => "tcp",
        _ if has("udp") => "udp",
        Some("6") => "tcp",
        Some("17") => "udp",
        _ => "no protocol",
    }
}

fn leaf(to: &mut Writer, container: &str, name: &str, value: &Value) {
    let name = name.strip_suffix("-or-operator").unwrap_or(name);
    let name = name.strip_suffix("-range").unwrap_or(name);
    let path = format!("{container}/{name}");
    let text = match name {
        // An empty container sets no condition.
        "source-port" | "destination-port" if *value == serde_json::json!({}) => return,
        "source-port" | "destination-port" => port(value),
        "same-manufacturer" | "local-networks" | "my-controller" => empty(value),
        "ethertype" => ethertype(value),
        "flags" => {
            let text = text(value);
            let mut names: Vec<_> = text.split_whitespace().collect();
            names.sort_unstable();
            names.dedup();
            names.join(" ")
        }
        "options" | "rest-of-header" => {
            let text = text(value);
            (text.len() / 4 * 3 - text.bytes().filter(|octet| *octet == b'=').count()).to_string()
        }
        "src-dnsname" | "dst-dnsname" | "manufacturer" => text(value).trim_end_matches('.').to_owned(),
        name if name.ends_with("-network") => network(&text(value)),
        _ => text(value),
    };
    to.put(&path, Some(text));
}

/// A leaf of type `empty` that is there, in any of the forms that mean it.
fn empty(value: &Value) -> String {
    let forms = ["[null]", "[]", "null", "true"];
    let text = value.to_string();
    if forms.contains(&text.as_str()) {
        String::new()
    } else {
        text
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn port(value: &Value) -> String {
    let member = |name: &str| {
        let mut members = value.as_object().into_iter().flatten();
        members
            .find(|(written, _)| local(written) == name)
            .map(|(_, value)| text(value))
    };
    match (
        member("lower-port"),
        member("upper-port"),
        member("operator"),
        member("port"),
    ) {
        (Some(lower), Some(upper), None, None) => format!("{lower}-{upper}"),
        (None, None, operator, Some(port)) => format!("{} {port}", operator.as_deref().unwrap_or("eq")),
        _ => format!("{value}"),
    }
}

fn ethertype(value: &Value) -> String {
    let text = text(value);
    let named = [
        ("ipv4", 0x0800_u16),
        ("arp", 0x0806),
        ("ipv6", 0x86dd),
        ("eap", 0x888e),
    ];
    match text.strip_prefix("0x") {
        Some(digits) => {
            u16::from_str_radix(digits, 16).map_or_else(|_| text.clone(), |number| number.to_string())
        }
        None => match named.iter().find(|(name, _)| *name == text) {
            Some((_, number)) => number.to_string(),
            None => text,
        },
    }
}

fn network(text: &str) -> String {
    let written = if text.contains('/') {
        text.to_owned()
    } else {
        format!("{text}/{}", if text.contains(':') { 128 } else { 32 })
    };
    written
        .parse::<ipnet::IpNet>()
        .map_or(written, |network| network.trunc().to_string())
}
