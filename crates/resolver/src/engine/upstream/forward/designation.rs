//! What a resolver says of better ways to ask it (RFC 9462): the SVCB records of `_dns.resolver.arpa`. Pure.
//!
//! What it says is not signed. It is believed only if the certificate at the other end holds the resolver's own address, or, without
//! that, if it designates itself at a private address; whoever uses it sees to that.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::validate::{Name, Question, Record, RecordType};

/// The type of what a resolver says.
const SVCB: RecordType = RecordType(64);

/// The most ways that are looked at.
const MAX_WAYS: usize = 8;

/// The keys of parameters (RFC 9460 section 14.3.2, RFC 9461).
mod key {
    pub(super) const MANDATORY: u16 = 0;
    pub(super) const ALPN: u16 = 1;
    pub(super) const NO_DEFAULT_ALPN: u16 = 2;
    pub(super) const PORT: u16 = 3;
    pub(super) const IPV4_HINT: u16 = 4;
    pub(super) const IPV6_HINT: u16 = 6;
    pub(super) const DOHPATH: u16 = 7;
}

/// A way to ask a resolver that it names itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Designated {
    priority: u16,
    /// The name of who is there.
    pub(super) target: Name,
    pub(super) protocol: Protocol,
    pub(super) port: u16,
    /// The addresses that come with it.
    pub(super) addresses: Vec<IpAddr>,
}

/// How it is asked there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Tls,
    /// With the path of its URI.
    Https(String),
}

impl Designated {
    /// Where it is asked, given what else is known of its addresses.
    pub(super) fn places(&self, more: &[IpAddr]) -> Vec<SocketAddr> {
        let mut places: Vec<SocketAddr> = Vec::new();
        for &address in self.addresses.iter().chain(more) {
            let place = SocketAddr::new(address, self.port);
            if !places.contains(&place) && places.len() < 4 {
                places.push(place);
            }
        }
        places
    }

    /// The name of who is there, as TLS writes it.
    pub(super) fn host(&self) -> String {
        self.target.to_string().trim_end_matches('.').to_owned()
    }
}

/// What a resolver is asked.
pub(super) fn question() -> Option<Question> {
    Some(Question::new("_dns.resolver.arpa.".parse().ok()?, SVCB))
}

/// The ways that we can go, the preferred first, and for how many seconds that holds. TLS comes before HTTPS of the same priority.
pub(super) fn read(records: &[Record]) -> (Vec<Designated>, Option<u32>) {
    let Some(question) = question() else {
        return (Vec::new(), None);
    };
    let records = records
        .iter()
        .filter(|record| record.owner == question.name && record.record_type == SVCB);
    let ttl = records.clone().map(|record| record.ttl).min();
    let mut ways: Vec<Designated> = records
        .filter_map(|record| way(&record.data))
        .flatten()
        .take(MAX_WAYS)
        .collect();
    ways.sort_by_key(|way| (way.priority, way.protocol != Protocol::Tls));
    (ways, ttl)
}

/// The addresses of a name in an answer.
pub(super) fn addresses(records: &[Record]) -> Vec<IpAddr> {
    let address = |record: &Record| match record.record_type {
        RecordType::A => hints::<4>(&record.data).pop(),
        RecordType::AAAA => hints::<16>(&record.data).pop(),
        _ => None,
    };
    records.iter().filter_map(address).take(4).collect()
}

/// Whether a resolver may name itself without proof: its address means something in this house only, or on this machine.
pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local() || address.is_loopback(),
        IpAddr::V6(address) => {
            address.is_unique_local() || address.is_unicast_link_local() || address == Ipv6Addr::LOCALHOST
        }
    }
}

/// One record: a way for each protocol that it names and we know.
fn way(data: &[u8]) -> Option<Vec<Designated>> {
    let (&[high, low], rest) = data.split_first_chunk()?;
    let priority = u16::from_be_bytes([high, low]);
    let (target, length) = Name::from_wire(rest).ok()?;
    let mut rest = rest.get(length..)?;
    // An alias leads on to another name, and the root is nobody: neither is a way.
    if priority == 0 || target == Name::root() {
        return None;
    }
    let (mut has_tls, mut has_http2) = (false, false);
    let (mut port, mut path, mut addresses) = (None, None, Vec::new());
    while !rest.is_empty() {
        let (number, value, after) = parameter(rest)?;
        rest = after;
        match number {
            key::MANDATORY if !value.chunks(2).all(is_known) => return None,
            key::ALPN => {
                let mut names = value;
                while let Some((&length, after)) = names.split_first() {
                    let name = after.get(..length.into())?;
                    has_tls |= name == b"dot";
                    has_http2 |= name == b"h2";
                    names = after.get(length.into()..)?;
                }
            }
            key::PORT => port = Some(u16::from_be_bytes(value.try_into().ok()?)),
            key::IPV4_HINT => addresses.extend(hints::<4>(value)),
            key::IPV6_HINT => addresses.extend(hints::<16>(value)),
            key::DOHPATH => path = path_of(value),
            _ => {}
        }
    }
    let designated = |protocol, standard| Designated {
        priority,
        target: target.clone(),
        protocol,
        port: port.unwrap_or(standard),
        addresses: addresses.clone(),
    };
    let tls = has_tls.then(|| designated(Protocol::Tls, 853));
    let https = path
        .filter(|_| has_http2)
        .map(|path| designated(Protocol::Https(path), 443));
    Some(tls.into_iter().chain(https).collect())
}

fn parameter(octets: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (&[a, b, c, d], rest) = octets.split_first_chunk()?;
    let (number, length) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    let (value, rest) = rest.split_at_checked(length.into())?;
    Some((number, value, rest))
}

fn is_known(number: &[u8]) -> bool {
    let known = [
        key::ALPN,
        key::NO_DEFAULT_ALPN,
        key::PORT,
        key::IPV4_HINT,
        key::IPV6_HINT,
        key::DOHPATH,
    ];
    known.iter().any(|key| key.to_be_bytes() == number)
}

fn hints<const N: usize>(value: &[u8]) -> Vec<IpAddr>
where
    IpAddr: From<[u8; N]>,
{
    let (addresses, _) = value.as_chunks::<N>();
    addresses.iter().map(|&octets| octets.into()).take(4).collect()
}

/// The path of a URI template, for POST: without its variable (RFC 8484 section 4.1).
fn path_of(template: &[u8]) -> Option<String> {
    let template = std::str::from_utf8(template).ok()?;
    let path = template.replace("{?dns}", "").replace("{&dns}", "");
    let is_path = path.starts_with('/') && !path.contains(['{', '}', '#', ' ']) && path.len() <= 256;
    is_path.then_some(path)
}

#[cfg(test)]
mod tests;
