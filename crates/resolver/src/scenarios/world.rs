//! The servers of a scenario: what they answer to whom in which step.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{self, BoxFuture},
};

use super::file::{Entry, Range};
use crate::{
    engine::{Network, Protocol, Query},
    validate::{CLASS_IN, Name, Question, Record, RecordType},
    wire::HEADER,
};

/// Where the flags are whether signatures are wanted, from the end of a query with EDNS.
const FLAGS_OF_EDNS: usize = 4;

/// All servers of a scenario.
pub(super) struct World {
    pub(super) ranges: Arc<Vec<Range>>,
    pub(super) step: Arc<AtomicU32>,
    /// Whether the scenario knows nothing of parts of names: questions that it does not answer are refused then, which is how servers
    /// behave that want whole questions. Otherwise nobody answers them.
    pub(super) wants_whole_names: bool,
}

impl Network for World {
    fn exchange<'a>(
        &'a self,
        server: SocketAddr,
        protocol: Protocol,
        query: &'a Query,
    ) -> BoxFuture<'a, io::Result<Vec<u8>>> {
        let octets = query.octets();
        let step = self.step.load(Ordering::Relaxed);
        let Some((question, end)) = question_of(octets) else {
            return future::pending().boxed();
        };
        let entry = self
            .ranges
            .iter()
            // The last one counts.
            .rev()
            .filter(|range| (range.first..=range.last).contains(&step))
            .filter(|range| range.addresses.is_empty() || range.addresses.contains(&server.ip()))
            .flat_map(|range| &range.entries)
            .find(|entry| fits(entry, &question, protocol, octets, end));
        let is_served = self
            .ranges
            .iter()
            .any(|range| range.addresses.contains(&server.ip()));
        let Some(entry) = entry else {
            if self.wants_whole_names && is_served {
                let refused = Entry {
                    header: vec!["REFUSED".to_owned()],
                    adjust: vec!["copy_query".to_owned()],
                    ..Entry::default()
                };
                return future::ready(Ok(message(&refused, octets, end))).boxed();
            }
            return future::pending().boxed();
        };
        let reply = message(entry, octets, end);
        let sleep = entry.adjust.iter().find_map(|word| {
            let (_, seconds) = word.split_once("sleep=")?;
            seconds.parse().ok()
        });
        async move {
            if let Some(seconds) = sleep {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
            }
            Ok(reply)
        }
        .boxed()
    }
}

fn question_of(octets: &[u8]) -> Option<(Question, usize)> {
    let (name, length) = Name::from_wire(octets.get(HEADER..)?).ok()?;
    let end = HEADER + length;
    let record_type = u16::from_be_bytes(octets.get(end..end + 2)?.try_into().ok()?);
    Some((Question::new(name, RecordType(record_type)), end + 4))
}

fn fits(entry: &Entry, question: &Question, protocol: Protocol, octets: &[u8], end: usize) -> bool {
    let Some(own) = &entry.question else {
        return false;
    };
    let has_edns = octets.len() > end;
    let wants_signatures = has_edns && octets[octets.len() - FLAGS_OF_EDNS] & 0x80 != 0;
    entry.matches.iter().all(|word| match word.as_str() {
        "qname" => own.name == question.name,
        "qtype" => own.record_type == question.record_type,
        "question" => own == question,
        "subdomain" => question.name.is_within(&own.name),
        "UDP" => protocol == Protocol::Udp,
        "TCP" => protocol == Protocol::Tcp,
        "DO" => wants_signatures,
        "noedns" => !has_edns,
        _ => true,
    })
}

/// The reply of an entry to a query; the question is in the letters of the query where it is the same.
fn message(entry: &Entry, query: &[u8], end: usize) -> Vec<u8> {
    let flag = |word: &str, bit: u16| if entry.is_set(word) { bit } else { 0 };
    let flags = 0x8000
        | flag("AA", 0x0400)
        | flag("TC", 0x0200)
        | flag("RD", 0x0100)
        | flag("RA", 0x0080)
        | entry.response_code();
    let mut octets = query[..2].to_vec();
    octets.extend(flags.to_be_bytes());
    let counts = entry.sections.iter().map(Vec::len);
    let with_edns = usize::from(entry.is_set("DO"));
    let counts: Vec<usize> = [1].into_iter().chain(counts).collect();
    for (place, count) in counts.iter().enumerate() {
        let count = if place == 3 { count + with_edns } else { *count };
        octets.extend(u16::try_from(count).unwrap().to_be_bytes());
    }
    let copies = entry.adjust.iter().any(|word| word == "copy_query");
    let asked = question_of(query).map(|(question, _)| question);
    match &entry.question {
        Some(own) if !copies && asked.as_ref() != Some(own) => {
            octets.extend(own.name.as_wire());
            octets.extend(own.record_type.0.to_be_bytes());
            octets.extend(CLASS_IN.to_be_bytes());
        }
        _ => octets.extend(&query[HEADER..end]),
    }
    for record in entry.sections.iter().flatten() {
        octets.extend(wire(record));
    }
    if with_edns == 1 {
        octets.extend([0, 0, 41, 4, 208, 0, 0, 0x80, 0, 0, 0]);
    }
    octets
}

fn wire(record: &Record) -> Vec<u8> {
    let mut octets = record.owner.as_wire().to_vec();
    octets.extend(record.record_type.0.to_be_bytes());
    octets.extend(record.class.to_be_bytes());
    octets.extend(record.ttl.to_be_bytes());
    octets.extend(u16::try_from(record.data.len()).unwrap().to_be_bytes());
    octets.extend(&*record.data);
    octets
}
