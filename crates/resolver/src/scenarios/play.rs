//! A scenario, played.

use std::{
    collections::{BTreeSet, VecDeque},
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use hickory_proto::{op::Message, rr};

use super::{
    file::{self, Action, Entry, Scenario},
    text::date,
    world::World,
};
use crate::{
    AnswerSink, Client, Config, Mode, Release, SinkError, Validated,
    counters::Counting,
    engine::{Clock, Engine, record_for_validator},
    front::Handler,
    validate::{self, CLASS_IN, Question, Record, RecordType, TrustAnchors},
};

/// How a scenario ended.
#[derive(Debug)]
pub(super) enum Outcome {
    AsItSays,
    Otherwise(String),
    /// It uses something that there is not here.
    LeftOut(String),
}

/// Options that change nothing of what is compared, or that are always so here.
const OF_NO_MEANING: [&str; 36] = [
    "server",
    "stub-zone",
    "name",
    "stub-addr",
    "target-fetch-policy",
    "qname-minimisation",
    "qname-minimisation-strict",
    "trust-anchor-signaling",
    "minimal-responses",
    "rrset-roundrobin",
    "log-time-ascii",
    "log-servfail",
    "log-queries",
    "verbosity",
    "access-control",
    "harden-glue",
    "harden-dnssec-stripped",
    "harden-below-nxdomain",
    "harden-referral-path",
    "harden-large-queries",
    "use-caps-for-id",
    "ede",
    "val-log-level",
    "fake-sha1",
    "fake-dsa",
    "num-queries-per-thread",
    "msg-cache-size",
    "rrset-cache-size",
    "msg-cache-slabs",
    "prefetch-key",
    "do-not-query-localhost",
    "trust-anchor",
    "val-override-date",
    "domain-insecure",
    "aggressive-nsec",
    "module-config",
];

/// The algorithms of keys and signatures that are supported; what others sign ends as insecure (RFC 9905 for SHA-1).
const ALGORITHMS: [u8; 5] = [8, 10, 13, 14, 15];

struct Sink;

impl AnswerSink for Sink {
    async fn answered(&self, _client: Client, _answer: &Validated) -> Result<Release, SinkError> {
        Ok(Release::Tell {
            ttl_at_most: u32::MAX,
        })
    }
}

/// Plays a file.
pub(super) fn play(text: &str) -> Outcome {
    let prepared = file::read(text).and_then(|scenario| {
        let config = config(&scenario)?;
        Ok((scenario, config))
    });
    let (scenario, config) = match prepared {
        Ok(prepared) => prepared,
        Err(why) => return Outcome::LeftOut(why),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    match runtime.block_on(steps(scenario, &config)) {
        Ok(()) => Outcome::AsItSays,
        Err(why) => Outcome::Otherwise(why),
    }
}

fn options<'a>(scenario: &'a Scenario, key: &'a str) -> impl Iterator<Item = &'a str> {
    let all = scenario.options.iter();
    all.filter(move |(other, _)| other == key)
        .map(|(_, value)| value.as_str())
}

/// The configuration of a scenario, or what there is not here.
fn config(scenario: &Scenario) -> Result<Config, String> {
    for (key, value) in &scenario.options {
        let is_usual = match key.as_str() {
            "module-config" => ["iterator", "validator iterator"].contains(&value.as_str()),
            "aggressive-nsec" => value == "yes",
            key => OF_NO_MEANING.contains(&key),
        };
        if !is_usual {
            return Err(format!("option {key}"));
        }
    }
    if options(scenario, "name").any(|name| name != ".") {
        return Err("a stub zone below the root".to_owned());
    }
    let hints: Vec<&str> = options(scenario, "stub-addr").collect();
    if hints.is_empty() {
        return Err("no server of the root".to_owned());
    }
    let validates = options(scenario, "module-config").all(|modules| modules.contains("validator"));
    let anchors: String = options(scenario, "trust-anchor")
        .map(|line| format!("{line}\n"))
        .collect();
    let mut trust_anchors = TrustAnchors::default();
    if validates && !anchors.is_empty() {
        trust_anchors = anchors
            .parse()
            .map_err(|_| "an algorithm that is not supported")?;
    }
    for name in options(scenario, "domain-insecure") {
        let name = super::text::name(name)?;
        trust_anchors.set_negative(name, u64::MAX);
    }
    let replies = scenario.ranges.iter().flat_map(|range| &range.entries);
    for entry in replies {
        let unknown = ["serial", "ednsdata", "all", "answer", "rcode"];
        if let Some(word) = entry.matches.iter().find(|word| unknown.contains(&word.as_str())) {
            return Err(format!("servers that look at {word}"));
        }
        if validates && entry.sections.iter().flatten().any(is_unsupported) {
            return Err("an algorithm that is not supported".to_owned());
        }
    }
    let queries = scenario.steps.iter().filter_map(|(_, action)| match action {
        Action::Query(entry) => Some(entry),
        Action::CheckAnswer(_) | Action::TimePasses(_) | Action::Nothing => None,
    });
    if queries.into_iter().any(|query| !query.is_set("RD")) {
        return Err("clients that ask for the cache only (no RD)".to_owned());
    }
    let root_hints = hints.iter().enumerate().map(|(number, address)| {
        let address = address.split('@').next().unwrap_or_default();
        let kind = if address.contains(':') { "AAAA" } else { "A" };
        format!(". NS {number}.hint.\n{number}.hint. {kind} {address}\n")
    });
    Ok(Config {
        mode: Mode::Recursive,
        root_hints: Some(root_hints.collect()),
        trust_anchors,
        allow_special_purpose_servers: true,
        rebinding_protection: false,
        ..Config::new(Vec::new(), Vec::new(), Vec::new())
    })
}

fn is_unsupported(record: &Record) -> bool {
    match record.record_type {
        RecordType::DNSKEY => !ALGORITHMS.contains(&record.data[3]),
        RecordType::DS => !ALGORITHMS.contains(&record.data[2]) || record.data[3] == 1,
        _ => false,
    }
}

async fn steps(scenario: Scenario, config: &Config) -> Result<(), String> {
    let step = Arc::new(AtomicU32::new(0));
    let is_minimal = options(&scenario, "minimal-responses").all(|value| value == "yes");
    let is_own_order = options(&scenario, "qname-minimisation").any(|value| value == "no");
    let date = options(&scenario, "val-override-date")
        .next()
        .map(date)
        .transpose()?;
    let world = World {
        ranges: Arc::new(scenario.ranges),
        step: Arc::clone(&step),
        wants_whole_names: is_own_order,
    };
    let (begin, paused) = (Instant::now(), tokio::time::Instant::now());
    let clock: Clock = Arc::new(move || begin + paused.elapsed());
    let counting = Arc::new(Counting::default());
    let engine = Engine::in_network(config, Arc::clone(&counting), clock, Box::new(world));
    let engine = Arc::new(engine.map_err(|error| error.to_string())?);
    if let Some(date) = date {
        engine.set_clock(validate::Clock::Valid(date));
    }
    let handler = Arc::new(Handler {
        engine,
        sink: Arc::new(Sink),
        counting,
        forwarders: Vec::new(),
    });
    let mut told: VecDeque<Option<Vec<u8>>> = VecDeque::new();
    for (number, action) in scenario.steps {
        step.store(number, Ordering::Relaxed);
        match action {
            Action::Query(entry) => {
                let query = query(&entry).ok_or("a query without question")?;
                // Over TCP, so that nothing is cut.
                told.push_back(
                    handler
                        .reply(&query, IpAddr::V4(Ipv4Addr::LOCALHOST), false)
                        .await,
                );
            }
            Action::CheckAnswer(entry) => {
                let reply = told
                    .pop_front()
                    .ok_or_else(|| format!("step {number}: nobody asked"))?;
                let reply = reply.ok_or_else(|| format!("step {number}: no reply"))?;
                compare(&entry, &reply, is_minimal).map_err(|why| format!("step {number}: {why}"))?;
            }
            Action::TimePasses(seconds) => tokio::time::advance(Duration::from_secs(seconds)).await,
            Action::Nothing => {}
        }
        // What goes on in the background ends meanwhile.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

fn query(entry: &Entry) -> Option<Vec<u8>> {
    let Question { name, record_type } = entry.question.as_ref()?;
    let flag = |word: &str, bit: u16| if entry.is_set(word) { bit } else { 0 };
    let flags = 0x0100 | flag("AD", 0x0020) | flag("CD", 0x0010);
    let with_edns = u8::from(entry.is_set("DO"));
    let mut octets = vec![0, 7];
    octets.extend(flags.to_be_bytes());
    octets.extend([0, 1, 0, 0, 0, 0, 0, with_edns]);
    octets.extend(name.as_wire());
    octets.extend(record_type.0.to_be_bytes());
    octets.extend(CLASS_IN.to_be_bytes());
    if with_edns == 1 {
        octets.extend([0, 0, 41, 4, 208, 0, 0, 0x80, 0, 0, 0]);
    }
    Some(octets)
}

/// What clients are told beside what they should be.
fn compare(entry: &Entry, reply: &[u8], is_minimal: bool) -> Result<(), String> {
    let reply = Message::from_vec(reply).map_err(|error| error.to_string())?;
    let metadata = &reply.metadata;
    let all = entry.counts("all");
    let code: u16 = metadata.response_code.into();
    if (all || entry.counts("rcode")) && code & 15 != entry.response_code() {
        return Err(format!(
            "response code {code}, not {} ({})",
            entry.response_code(),
            errors(&reply)
        ));
    }
    if (all || entry.counts("flags")) && metadata.authentic_data != entry.is_set("AD") {
        return Err(format!("AD is {} ({})", metadata.authentic_data, errors(&reply)));
    }
    if let Some(wanted) = entry.matches.iter().find_map(|word| word.strip_prefix("ede="))
        && wanted != "any"
        && !errors(&reply).split(' ').any(|number| number == wanted)
    {
        return Err(format!("extended errors {:?}, not {wanted}", errors(&reply)));
    }
    let with_ttl = entry.counts("ttl");
    if all || entry.counts("answer") {
        same("answer", &entry.sections[0], &reply.answers, with_ttl)?;
    }
    if all && is_minimal && entry.response_code() != 2 {
        same("authority", &entry.sections[1], &reply.authorities, with_ttl)?;
    }
    Ok(())
}

fn errors(reply: &Message) -> String {
    let options = reply.edns.iter().flat_map(|edns| edns.options().as_ref());
    let texts = options.filter_map(|(code, option)| {
        let octets = Vec::<u8>::try_from(option).ok()?;
        (u16::from(*code) == 15 && octets.len() >= 2).then(|| {
            format!(
                "{} {}",
                u16::from_be_bytes([octets[0], octets[1]]),
                String::from_utf8_lossy(&octets[2..])
            )
        })
    });
    texts.collect::<Vec<_>>().join(" ")
}

fn same(section: &str, wanted: &[Record], told: &[rr::Record], with_ttl: bool) -> Result<(), String> {
    let line = |record: &Record| {
        let data: String = record
            .data
            .to_ascii_lowercase()
            .iter()
            .map(|octet| format!("{octet:02x}"))
            .collect();
        let ttl = if with_ttl {
            format!(" {}", record.ttl)
        } else {
            String::new()
        };
        format!("{}{ttl} {} {data:.60}", record.owner, record.record_type)
    };
    let wanted: BTreeSet<String> = wanted.iter().map(line).collect();
    let told: BTreeSet<String> = told
        .iter()
        .filter_map(record_for_validator)
        .map(|record| line(&record))
        .collect();
    if wanted == told {
        return Ok(());
    }
    let missing: Vec<_> = wanted.difference(&told).collect();
    let surplus: Vec<_> = told.difference(&wanted).collect();
    Err(format!("{section}: missing {missing:?}, surplus {surplus:?}"))
}
