//! Scripted authoritative servers: each holds zones as lines of text, and may misbehave.
//!
//! What it is not: DNSSEC; a referral carries no DS records.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::Instant,
};

use futures_util::{
    FutureExt,
    future::{self, BoxFuture},
};
use hickory_proto::{
    op::{Edns, Message, MessageType, ResponseCode},
    rr::{Name, RData, Record, RecordType, rdata},
};
use mudguard_policy::SpecialPurpose;

use super::super::{
    super::{Protocol, Query},
    Network, Recursive,
};
use crate::Config;

/// What a server does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    Silent,
    Refuses,
    Garbage,
    RefersUpward,
    NoRoute,
    Truncates,
    LowersCase,
    WithoutEdns,
    /// Says that there is no such name where there are names below.
    DeniesEmptyNames,
    /// Refuses to answer there.
    RefusesEmptyNames,
}

/// All servers, and what they were asked.
#[derive(Clone, Debug, Default)]
pub(super) struct World(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    servers: HashMap<IpAddr, Server>,
    asked: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct Server {
    zones: Vec<Name>,
    records: Vec<Record>,
    behaviour: Option<Behaviour>,
}

impl World {
    /// A server holds a zone with these records; more zones and records may be added.
    pub(super) fn zone(&mut self, server: &str, apex: &str, lines: &[&str]) {
        let mut state = self.0.lock().unwrap();
        let server = state.servers.entry(server.parse().unwrap()).or_default();
        let apex: Name = apex.parse().unwrap();
        if !server.zones.contains(&apex) {
            server.zones.push(apex);
        }
        server.records.extend(lines.iter().map(|line| record(line)));
    }

    pub(super) fn behaves(&mut self, server: &str, behaviour: Behaviour) {
        let mut state = self.0.lock().unwrap();
        state.servers.get_mut(&server.parse().unwrap()).unwrap().behaviour = Some(behaviour);
    }

    /// What the servers were asked, in order.
    pub(super) fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().asked.clone()
    }

    pub(super) fn forget_asked(&self) {
        self.0.lock().unwrap().asked.clear();
    }

    /// Recursion in this internet.
    pub(super) fn recursive(&self) -> Recursive {
        let mut config = Config::new(Vec::new(), Vec::new(), Vec::new());
        config.root_hints = Some(". NS ns.root.\nns.root. A 192.0.2.1\n".to_owned());
        config.special_purpose = SpecialPurpose::new(vec!["192.0.2.0/24".parse().unwrap()]);
        let begin = Instant::now();
        let paused = tokio::time::Instant::now();
        let clock: crate::engine::Clock = Arc::new(move || begin + paused.elapsed());
        Recursive::with_network(&config, &clock, Box::new(self.clone())).unwrap()
    }
}

impl Network for World {
    fn exchange<'a>(
        &'a self,
        to: SocketAddr,
        protocol: Protocol,
        query: &'a Query,
    ) -> BoxFuture<'a, io::Result<Vec<u8>>> {
        let message = Message::from_vec(query.octets()).unwrap();
        let mut state = self.0.lock().unwrap();
        let by = if protocol == Protocol::Tcp { " by TCP" } else { "" };
        let question = &message.queries[0];
        let line = format!(
            "{} {} {}{by}",
            to.ip(),
            question.name().to_lowercase(),
            question.query_type()
        );
        state.asked.push(line);
        let Some(server) = state.servers.get(&to.ip()).cloned() else {
            return future::pending().boxed();
        };
        let reply = match server.behaviour {
            Some(Behaviour::Silent) => return future::pending().boxed(),
            Some(Behaviour::NoRoute) => Err(io::ErrorKind::NetworkUnreachable.into()),
            Some(Behaviour::LowersCase) if protocol == Protocol::Udp => {
                Err(io::ErrorKind::InvalidData.into())
            }
            Some(Behaviour::Garbage) => Ok(vec![7; 40]),
            _ => Ok(server.answer(message, protocol)),
        };
        future::ready(reply).boxed()
    }
}

impl Server {
    fn answer(&self, query: Message, protocol: Protocol) -> Vec<u8> {
        let mut reply = query.clone();
        reply.metadata.message_type = MessageType::Response;
        reply.edns = Some(Edns::new());
        let question = query.queries[0].clone();
        let name = question.name().to_lowercase();
        let is = |behaviour| self.behaviour == Some(behaviour);
        if is(Behaviour::Refuses) {
            reply.metadata.response_code = ResponseCode::Refused;
        } else if is(Behaviour::WithoutEdns) && query.edns.is_some() {
            reply.edns = None;
            reply.metadata.response_code = ResponseCode::FormErr;
        } else if is(Behaviour::Truncates) && protocol == Protocol::Udp {
            reply.metadata.truncation = true;
        } else if is(Behaviour::RefersUpward) {
            reply.authorities.push(record(". NS ns.root."));
        } else {
            self.fill(&mut reply, &name, question.query_type());
        }
        reply.to_vec().unwrap()
    }

    fn fill(&self, reply: &mut Message, name: &Name, record_type: RecordType) {
        let Some(zone) = self
            .zones
            .iter()
            .filter(|zone| zone.zone_of(name))
            .max_by_key(|zone| zone.num_labels())
        else {
            reply.metadata.response_code = ResponseCode::Refused;
            return;
        };
        let cut = self.records.iter().find(|record| {
            record.record_type() == RecordType::NS
                && record.name != *zone
                && zone.zone_of(&record.name)
                && record.name.zone_of(name)
                && !(record_type == RecordType::DS && record.name == *name)
        });
        if let Some(cut) = cut {
            let servers = self
                .records
                .iter()
                .filter(|record| record.name == cut.name && record.record_type() == RecordType::NS);
            reply.authorities.extend(servers.cloned());
            let addresses = self
                .records
                .iter()
                .filter(|record| record.record_type() == RecordType::A);
            reply.additionals.extend(addresses.cloned());
            return;
        }
        reply.metadata.authoritative = true;
        if name.is_root() && record_type == RecordType::NS {
            reply.answers.push(record(". NS ns.root."));
            return;
        }
        let found: Vec<_> = self
            .records
            .iter()
            .filter(|record| {
                record.name == *name && [record_type, RecordType::CNAME].contains(&record.record_type())
            })
            .cloned()
            .collect();
        let exists = self.records.iter().any(|record| name.zone_of(&record.name));
        if let Some(RData::CNAME(alias)) = found.first().map(|record| &record.data) {
            let target = self.records.iter().filter(|record| record.name == alias.0);
            reply.answers.extend(found.iter().chain(target).cloned());
        } else if !found.is_empty() {
            reply.answers.extend(found);
        } else {
            let is_empty_name = exists && !self.records.iter().any(|record| record.name == *name);
            if !exists || (is_empty_name && self.behaviour == Some(Behaviour::DeniesEmptyNames)) {
                reply.metadata.response_code = ResponseCode::NXDomain;
            }
            if is_empty_name && self.behaviour == Some(Behaviour::RefusesEmptyNames) {
                reply.metadata.response_code = ResponseCode::Refused;
            }
            let soa = rdata::SOA::new(zone.clone(), zone.clone(), 1, 3600, 900, 604_800, 300);
            reply
                .authorities
                .push(Record::from_rdata(zone.clone(), 300, RData::SOA(soa)));
        }
    }
}

/// A record: its owner, type and data.
fn record(line: &str) -> Record {
    let words: Vec<&str> = line.split(' ').collect();
    let name = |text: &str| text.parse::<Name>().unwrap();
    let data = match words[1] {
        "NS" => RData::NS(rdata::NS(name(words[2]))),
        "CNAME" => RData::CNAME(rdata::CNAME(name(words[2]))),
        _ => RData::A(rdata::A(words[2].parse().unwrap())),
    };
    Record::from_rdata(name(words[0]), 3600, data)
}
