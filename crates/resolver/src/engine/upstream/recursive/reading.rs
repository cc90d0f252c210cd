//! What the response of an authoritative server means: an answer, a denial, a referral, or nothing of use (RFC 1034 section 4.3.2,
//! RFC 2308). Pure.
//!
//! A server is believed about the zone it was asked for and nothing else: records outside are not looked at, and addresses of name servers
//! only where the zone refers to them.

use std::net::IpAddr;

use super::super::message::Response;
use crate::validate::{Name, Question, Record, RecordType, Reply};

/// The most name servers of a zone that are remembered.
const MAX_NAME_SERVERS: usize = 16;

/// The most addresses that a referral brings.
const MAX_GLUE: usize = 32;

/// What a response means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Records of the type asked for, or an alias.
    Answer(Reply),
    /// The name exists, records of this type do not; or other names below it do.
    NoData(Reply),
    /// There is no such name.
    NoSuchName(Reply),
    /// Other servers know.
    Referral(Delegation),
    /// The server is of no use for this zone, and why.
    Useless(Useless),
}

/// Why a response is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Useless {
    /// It answers with an error.
    #[error("answers with response code {0}")]
    ResponseCode(u16),
    /// It knows nothing of the zone that it was asked for.
    #[error("is not authoritative for the zone (lame)")]
    Lame,
    /// It claims to know, and says nothing but who serves another zone; some do so for some types only.
    #[error("says nothing but who serves another zone")]
    Elsewhere,
}

impl Useless {
    /// Whether the server will be of no use for the zone for a while: it does not serve it (REFUSED, NOTAUTH, or a referral elsewhere).
    pub(super) fn is_lasting(self) -> bool {
        matches!(self, Self::Lame | Self::ResponseCode(5 | 9))
    }
}

/// A zone and its name servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Delegation {
    /// The apex of the zone.
    pub(super) zone: Name,
    /// Its name servers.
    pub(super) name_servers: Vec<Name>,
    /// The addresses of name servers that came with it.
    pub(super) glue: Vec<(Name, IpAddr)>,
    /// What its parent says of its DS records: them, or the proof that there are none; `None` if it said nothing.
    pub(super) ds: Option<Reply>,
    /// How long it holds, in seconds.
    pub(super) ttl: u32,
}

/// Reads the response of a server of `zone` to a question.
pub(super) fn read(response: Response, zone: &Name, asked: &Question) -> Meaning {
    let code = response.response_code;
    if !matches!(code, Reply::NO_ERROR | Reply::NO_SUCH_NAME) {
        return Meaning::Useless(Useless::ResponseCode(code));
    }
    let Response {
        is_authoritative,
        mut answers,
        mut authorities,
        additionals,
        ..
    } = response;
    let refers_elsewhere = authorities
        .iter()
        .any(|record| record.record_type == RecordType::NS && !record.owner.is_within(zone));
    answers.retain(|record| record.owner.is_within(zone));
    authorities.retain(|record| record.owner.is_within(zone));
    if answers.iter().any(|record| answers_question(record, asked)) {
        return Meaning::Answer(reply(code, answers, authorities));
    }
    if code == Reply::NO_SUCH_NAME {
        return Meaning::NoSuchName(reply(code, Vec::new(), authorities));
    }
    let has = |record_type| authorities.iter().any(|record| record.record_type == record_type);
    if has(RecordType::SOA) {
        return Meaning::NoData(reply(code, Vec::new(), authorities));
    }
    if let Some(delegation) = referral(&authorities, &additionals, zone, asked) {
        return Meaning::Referral(delegation);
    }
    if refers_elsewhere && is_authoritative {
        return Meaning::Useless(Useless::Elsewhere);
    }
    if has(RecordType::NS) || !is_authoritative {
        return Meaning::Useless(Useless::Lame);
    }
    Meaning::NoData(reply(code, Vec::new(), authorities))
}

fn answers_question(record: &Record, asked: &Question) -> bool {
    if record.record_type == RecordType::DNAME && asked.name.is_below(&record.owner) {
        return true;
    }
    record.owner == asked.name
        && (record.record_type == asked.record_type
            || record.record_type == RecordType::CNAME
            || asked.record_type == RecordType::ANY)
}

/// A reply without what nobody asked for: the name servers of the zone.
fn reply(response_code: u16, answers: Vec<Record>, mut authorities: Vec<Record>) -> Reply {
    authorities.retain(|record| {
        record.record_type != RecordType::NS
            && record.record_type != RecordType::DS
            && !signs(record, RecordType::NS)
    });
    Reply {
        response_code,
        answers,
        authorities,
    }
}

fn signs(record: &Record, record_type: RecordType) -> bool {
    record.record_type == RecordType::RRSIG && record.data.starts_with(&record_type.0.to_be_bytes())
}

/// A zone below, on the way to the name; for DS records the zone is above the name.
fn referral(
    authorities: &[Record],
    additionals: &[Record],
    zone: &Name,
    asked: &Question,
) -> Option<Delegation> {
    let leads_on = |owner: &Name| owner.is_below(zone) && asked.name.is_within(owner);
    let child = authorities
        .iter()
        .find(|record| record.record_type == RecordType::NS && leads_on(&record.owner))?
        .owner
        .clone();
    let records = |record_type| {
        let child = &child;
        authorities
            .iter()
            .filter(move |record| record.owner == *child && record.record_type == record_type)
    };
    let name_servers: Vec<Name> = records(RecordType::NS)
        .filter_map(|record| Name::from_wire(&record.data).ok())
        .map(|(name, _)| name)
        .take(MAX_NAME_SERVERS)
        .collect();
    let glue = additionals
        .iter()
        .filter(|record| record.owner.is_within(zone) && name_servers.contains(&record.owner))
        .filter_map(|record| Some((record.owner.clone(), address(record)?)))
        .take(MAX_GLUE)
        .collect();
    let ttl = records(RecordType::NS).map(|record| record.ttl).min()?;
    Some(Delegation {
        ds: ds(authorities, &child),
        zone: child,
        name_servers,
        glue,
        ttl,
    })
}

/// The DS records of a child beside its name servers, or the records that deny them.
fn ds(authorities: &[Record], child: &Name) -> Option<Reply> {
    let kept = |wanted: &dyn Fn(&Record) -> bool| -> Vec<Record> {
        authorities
            .iter()
            .filter(|record| wanted(record))
            .cloned()
            .collect()
    };
    let of_child = |record: &Record| record.owner == *child;
    let set = kept(&|record| {
        of_child(record) && (record.record_type == RecordType::DS || signs(record, RecordType::DS))
    });
    if set.iter().any(|record| record.record_type == RecordType::DS) {
        return Some(Reply {
            answers: set,
            ..Reply::default()
        });
    }
    let denies = [RecordType::NSEC, RecordType::NSEC3];
    let proof = kept(&|record| {
        denies.contains(&record.record_type) || denies.iter().any(|&record_type| signs(record, record_type))
    });
    (!proof.is_empty()).then(|| Reply {
        authorities: proof,
        ..Reply::default()
    })
}

/// The address in a record.
pub(super) fn address(record: &Record) -> Option<IpAddr> {
    match record.record_type {
        RecordType::A => <[u8; 4]>::try_from(&*record.data).ok().map(IpAddr::from),
        RecordType::AAAA => <[u8; 16]>::try_from(&*record.data).ok().map(IpAddr::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
