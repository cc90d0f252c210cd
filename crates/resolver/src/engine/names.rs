//! Names that are answered here and never sent upstream: special names (RFC 6761, 6762, 7686, 8375, 9462), the zones that every
//! resolver should serve (RFC 6303), and the hosts of the home.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Arc, PoisonError, RwLock},
};

use super::{
    Answer,
    answer::{Builder, Grade, Place, keep_all, record},
};
use crate::{
    validate::{Name, Question, RecordType},
    wire::code,
};

/// How long the addresses of localhost are told to hold, in seconds, and that there is nothing.
const LONG: u32 = 3600;

/// How long the addresses of a host of the home are told to hold.
const HOST: u32 = 60;

/// The type PTR (RFC 1035).
const PTR: RecordType = RecordType(12);

/// The reverse zones of addresses that no host of the internet has (RFC 6303 section 4, RFC 6598 section 4, RFC 7793), beside 16 to 31
/// under 172 and 64 to 127 under 100.
const REVERSE: [&str; 19] = [
    "10.in-addr.arpa.",
    "168.192.in-addr.arpa.",
    "0.in-addr.arpa.",
    "127.in-addr.arpa.",
    "254.169.in-addr.arpa.",
    "2.0.192.in-addr.arpa.",
    "100.51.198.in-addr.arpa.",
    "113.0.203.in-addr.arpa.",
    "255.255.255.255.in-addr.arpa.",
    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
    "c.f.ip6.arpa.",
    "d.f.ip6.arpa.",
    "8.e.f.ip6.arpa.",
    "9.e.f.ip6.arpa.",
    "a.e.f.ip6.arpa.",
    "b.e.f.ip6.arpa.",
    "8.b.d.0.1.0.0.2.ip6.arpa.",
    "home.arpa.",
];

/// The names that are known without asking anybody.
#[derive(Debug)]
pub(crate) struct Names {
    /// Zones that end with `arpa`; none of them is above another.
    zones: BTreeSet<Name>,
    /// Whether names under `test` are asked upstream.
    forward_test: bool,
    hosts: RwLock<Arc<Hosts>>,
}

/// The hosts of the home, and their addresses back to their names.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hosts {
    addresses: BTreeMap<Name, Vec<IpAddr>>,
    names: BTreeMap<Name, Name>,
}

impl Names {
    /// With `serves_reverse` the zones of RFC 6303 are answered here.
    pub(crate) fn new(forward_test: bool, serves_reverse: bool) -> Self {
        let private = (16..32).map(|octet| format!("{octet}.172.in-addr.arpa."));
        let shared = (64..128).map(|octet| format!("{octet}.100.in-addr.arpa."));
        let all = REVERSE
            .iter()
            .map(|&zone| zone.to_owned())
            .chain(private)
            .chain(shared);
        let is_served = |zone: &String| serves_reverse || zone == "home.arpa.";
        Self {
            // A test reads them.
            zones: all
                .filter(is_served)
                .filter_map(|zone| zone.parse().ok())
                .collect(),
            forward_test,
            hosts: RwLock::default(),
        }
    }

    /// The hosts of the home are these from now on.
    pub(crate) fn set_hosts(&self, hosts: impl IntoIterator<Item = (Name, Vec<IpAddr>)>) {
        let mut known = Hosts::default();
        for (name, addresses) in hosts {
            for &address in &addresses {
                // Of two names the first counts.
                known
                    .names
                    .entry(reverse(address))
                    .or_insert_with(|| name.clone());
            }
            known.addresses.entry(name).or_default().extend(addresses);
        }
        *self.hosts.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
    }

    /// The answer to a question that is answered here; `None` for every other.
    pub(crate) fn answer(&self, question: &Question) -> Option<Answer> {
        let hosts = Arc::clone(&self.hosts.read().unwrap_or_else(PoisonError::into_inner));
        let name = &question.name;
        if let Some(addresses) = hosts.addresses.get(name) {
            return Some(host(question, addresses));
        }
        let mut labels = Labels::from_the_top(name);
        match (labels.next()?, labels.next(), labels.next()) {
            (b"localhost", ..) => {
                let all = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
                return Some(addresses(question, &all, LONG));
            }
            (b"test", ..) if self.forward_test => return None,
            (b"invalid" | b"test" | b"onion" | b"local", ..) => {
                return Some(nothing(question, &name.last_labels(1), code::NO_SUCH_NAME));
            }
            // RFC 9462 section 6.4: a resolver that designates none answers NODATA.
            (b"arpa", Some(b"resolver"), _) => {
                return Some(nothing(question, &name.last_labels(2), code::NO_ERROR));
            }
            (b"arpa", Some(_), _) => {}
            _ => return None,
        }
        let zone = self.zone_of(name)?;
        // RFC 8375 section 4: that the delegation is insecure is proven by the DS answer of the parent, which must pass.
        if *name == zone && question.record_type == RecordType::DS {
            return None;
        }
        if let Some(host) = hosts.names.get(name) {
            let mut answer = Builder::new(question);
            if question.record_type == PTR {
                let record = record(name, PTR, host.as_wire());
                answer.push(Place::Answer, &record, HOST, &keep_all)?;
                return Some(answer.finish(code::NO_ERROR, Grade::Local, 0, None));
            }
            return Some(nothing(question, &zone, code::NO_ERROR));
        }
        // Names above hosts exist, too (RFC 8020).
        let next = |names: Option<&Name>| names.is_some_and(|next| next.is_below(name));
        let exists = *name == zone
            || next(hosts.names.range(name.clone()..).next().map(|(name, _)| name))
            || next(hosts.addresses.range(name.clone()..).next().map(|(name, _)| name));
        let code = if exists {
            code::NO_ERROR
        } else {
            code::NO_SUCH_NAME
        };
        Some(nothing(question, &zone, code))
    }

    fn zone_of(&self, name: &Name) -> Option<Name> {
        (2..=name.label_count())
            .map(|count| name.last_labels(count))
            .find(|zone| self.zones.contains(zone))
    }
}

/// The labels of a name from the last one up; three are enough.
struct Labels;

impl Labels {
    fn from_the_top(name: &Name) -> impl Iterator<Item = &[u8]> {
        let mut last: [Option<&[u8]>; 3] = [None; 3];
        for label in name.labels() {
            last = [Some(label), last[0], last[1]];
        }
        last.into_iter().flatten()
    }
}

fn host(question: &Question, known: &[IpAddr]) -> Answer {
    addresses(question, known, HOST)
}

/// Those of the addresses that are asked for.
fn addresses(question: &Question, known: &[IpAddr], ttl: u32) -> Answer {
    let mut answer = Builder::new(question);
    for address in known {
        let (record_type, octets) = match address {
            IpAddr::V4(address) => (RecordType::A, address.octets().to_vec()),
            IpAddr::V6(address) => (RecordType::AAAA, address.octets().to_vec()),
        };
        if record_type == question.record_type {
            let record = record(&question.name, record_type, &octets);
            // More than fit are not told.
            let _ = answer.push(Place::Answer, &record, ttl, &keep_all);
        }
    }
    answer.finish(code::NO_ERROR, Grade::Local, 0, None)
}

/// That there is nothing, with the SOA record by which clients may remember it (RFC 6303 section 3).
fn nothing(question: &Question, zone: &Name, code: u16) -> Answer {
    let mut answer = Builder::new(question);
    let mut data = zone.as_wire().to_vec();
    data.extend(b"\x06nobody\x07invalid\x00");
    for number in [1, 3600, 1200, 604_800, LONG] {
        data.extend(u32::to_be_bytes(number));
    }
    let _ = answer.push(
        Place::Authority,
        &record(zone, RecordType::SOA, &data),
        LONG,
        &keep_all,
    );
    answer.finish(code, Grade::Local, 0, None)
}

/// The name under which an address leads back to its host (RFC 1035 section 3.5, RFC 3596 section 2.5).
fn reverse(address: IpAddr) -> Name {
    let text = match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa.")
        }
        IpAddr::V6(address) => {
            let octets = address.octets();
            let nibbles = octets.iter().rev().flat_map(|octet| [octet & 0xf, octet >> 4]);
            nibbles.map(|nibble| format!("{nibble:x}.")).collect::<String>() + "ip6.arpa."
        }
    };
    text.parse().unwrap_or_else(|_| Name::root())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The response code and how many answers there are; `None` for what is asked upstream.
    fn ask(names: &Names, name: &str, record_type: RecordType) -> Option<(u16, bool)> {
        let answer = names.answer(&Question::new(name.parse().unwrap(), record_type))?;
        Some((answer.response_code, !answer.is_negative))
    }

    fn in_a_home(name: &str, record_type: RecordType) -> Option<(u16, bool)> {
        ask(&Names::new(false, true), name, record_type)
    }

    const FOUND: Option<(u16, bool)> = Some((code::NO_ERROR, true));
    const NO_DATA: Option<(u16, bool)> = Some((code::NO_ERROR, false));
    const NO_SUCH_NAME: Option<(u16, bool)> = Some((code::NO_SUCH_NAME, false));

    #[test]
    fn localhost_is_the_asking_host_itself() {
        assert_eq!(in_a_home("localhost.", RecordType::A), FOUND);
        assert_eq!(in_a_home("a.LocalHost.", RecordType::AAAA), FOUND);
        assert_eq!(in_a_home("localhost.", RecordType::TXT), NO_DATA);
    }

    #[test]
    fn names_that_must_not_be_asked_upstream_do_not_exist() {
        for name in [
            "invalid.",
            "a.test.",
            "x.onion.",
            "printer.local.",
            "lamp.home.arpa.",
            "a.b.home.arpa.",
            "1.0.0.127.in-addr.arpa.",
            "1.2.3.10.in-addr.arpa.",
            "1.1.16.172.in-addr.arpa.",
            "1.1.127.100.in-addr.arpa.",
            "1.0.0.0.d.f.ip6.arpa.",
        ] {
            assert_eq!(in_a_home(name, RecordType::A), NO_SUCH_NAME, "{name}");
        }
    }

    #[test]
    fn the_apex_of_home_arpa_exists_and_its_ds_is_asked_upstream() {
        assert_eq!(in_a_home("home.arpa.", RecordType::A), NO_DATA);
        assert_eq!(in_a_home("home.arpa.", RecordType::DS), None);
        assert_eq!(in_a_home("a.home.arpa.", RecordType::DS), NO_SUCH_NAME);
    }

    #[test]
    fn no_resolver_is_designated() {
        assert_eq!(in_a_home("_dns.resolver.arpa.", RecordType(64)), NO_DATA);
        assert_eq!(in_a_home("resolver.arpa.", RecordType::SOA), NO_DATA);
    }

    #[test]
    fn other_names_are_left_alone() {
        for name in [
            ".",
            "arpa.",
            "com.",
            "localhost.example.",
            "home.example.arpa.",
            "use-application-dns.net.",
            "1.1.32.172.in-addr.arpa.",
            "8.8.8.8.in-addr.arpa.",
            "1.0.0.2.ip6.arpa.",
        ] {
            assert_eq!(in_a_home(name, RecordType::A), None, "{name}");
        }
    }

    #[test]
    fn a_laboratory_sends_test_upstream_and_nothing_else() {
        let names = Names::new(true, true);
        assert_eq!(ask(&names, "a.test.", RecordType::A), None);
        assert_eq!(ask(&names, "a.invalid.", RecordType::A), NO_SUCH_NAME);
    }

    #[test]
    fn the_reverse_zones_can_be_left_to_others() {
        let names = Names::new(false, false);
        assert_eq!(ask(&names, "1.2.3.10.in-addr.arpa.", PTR), None);
        assert_eq!(ask(&names, "a.home.arpa.", RecordType::A), NO_SUCH_NAME);
    }

    #[test]
    fn hosts_of_the_home_are_found_by_name_and_by_address() {
        let names = Names::new(false, true);
        let addresses = ["192.168.1.7", "fd00::7"].map(|text| text.parse().unwrap());
        names.set_hosts([("lamp.room.home.arpa.".parse().unwrap(), addresses.to_vec())]);
        assert_eq!(ask(&names, "Lamp.room.home.arpa.", RecordType::A), FOUND);
        assert_eq!(ask(&names, "lamp.room.home.arpa.", RecordType::AAAA), FOUND);
        assert_eq!(ask(&names, "lamp.room.home.arpa.", RecordType::TXT), NO_DATA);
        assert_eq!(ask(&names, "room.home.arpa.", RecordType::A), NO_DATA);
        assert_eq!(ask(&names, "camera.home.arpa.", RecordType::A), NO_SUCH_NAME);
        assert_eq!(ask(&names, "7.1.168.192.in-addr.arpa.", PTR), FOUND);
        assert_eq!(ask(&names, "1.168.192.in-addr.arpa.", PTR), NO_DATA);
        let reverse = reverse(addresses[1]).to_string();
        assert!(
            reverse.starts_with("7.0.0.0.") && reverse.ends_with(".0.0.d.f.ip6.arpa."),
            "{reverse}"
        );
        assert_eq!(ask(&names, &reverse, PTR), FOUND);
        names.set_hosts([]);
        assert_eq!(ask(&names, "lamp.room.home.arpa.", RecordType::A), NO_SUCH_NAME);
    }

    #[test]
    fn every_zone_is_a_name() {
        assert_eq!(Names::new(false, true).zones.len(), REVERSE.len() + 16 + 64);
    }
}
