//! The validator beside unbound on the same zones, made by Debian's tools and served by Debian's servers; and an attacker between the
//! validator and its upstream.
//!
//! It listens on loopback only and needs no root, but the packages `bind9-utils`, `nsd` and `unbound`; it says so if they are not
//! there.

#![allow(clippy::unwrap_used, reason = "a test ends with what is wrong")]

mod client;
mod cuts;
mod forger;
mod forgeries;
mod internet;
mod resolver;
mod servers;
mod zones;

use std::{
    env,
    io::Write,
    net::SocketAddr,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use hickory_proto::op::{Message, ResponseCode};
use mudguard_resolver::validate::{Clock, Overall, Question, RecordType, TrustAnchors};
use servers::Server;
use zones::{PLANS, Zones};

/// What is asked of every zone below the top-level domains.
const OF_EVERY_ZONE: [(&str, u16); 24] = [
    ("www", 1),
    ("www", 28),
    ("www", 16),
    ("nothing", 1),
    ("a.b.c.nothing", 1),
    ("b.ent", 1),
    ("a.b.ent", 1),
    ("q.wild", 1),
    ("p.q.wild", 1),
    ("q.wild", 16),
    ("*.wild", 1),
    ("mail", 15),
    ("service", 33),
    ("svc", 65),
    ("big", 16),
    ("to-good", 1),
    ("to-hash", 1),
    ("to-nothing", 1),
    ("to-hash-nothing", 1),
    ("to-insecure", 1),
    ("step1", 1),
    ("www.moved", 1),
    ("nothing.moved", 1),
    ("q.wild-alias", 1),
];

/// What else is asked.
const OTHERS: [(&str, u16); 16] = [
    (".", 6),
    (".", 48),
    ("www.nothing.", 1),
    ("nothing.nsec.", 1),
    ("nothing.hash.", 1),
    ("nothing.plain.", 1),
    ("to-hash-txt.good13.nsec.", 1),
    ("to-hash-wild.good13.nsec.", 1),
    ("to-insecure-nothing.good13.nsec.", 1),
    ("to-expired.good13.nsec.", 1),
    ("sub.good13.nsec.", 43),
    ("unsub.good13.nsec.", 43),
    ("insecure.nsec.", 43),
    ("insecure.hash.", 43),
    ("plain.", 43),
    ("www.good13.nsec.", 43),
];

/// The servers, and the folder that they work in.
pub(crate) struct Laboratory {
    _name_server: Server,
    /// A resolver that does not validate.
    pub(crate) plain: Server,
    /// unbound as it validates.
    validating: Server,
    /// Our resolver as a whole, with the one that does not validate as its upstream.
    resolver: SocketAddr,
    pub(crate) anchors: Arc<TrustAnchors>,
    pub(crate) clock: Clock,
    _folder: tempfile::TempDir,
}

impl Laboratory {
    /// Starts them; `None` if a program is missing.
    fn start() -> Option<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        let is_there = |program: &str| env::split_paths(&path).any(|folder| folder.join(program).is_file());
        let programs = [
            "dnssec-keygen",
            "dnssec-signzone",
            "dnssec-dsfromkey",
            "nsd",
            "unbound",
        ];
        if let Some(missing) = programs.into_iter().find(|program| !is_there(program)) {
            // There is nobody to tell that it cannot be told.
            let _ = writeln!(
                std::io::stderr(),
                "LEFT OUT real zones: {missing} is missing; install bind9-utils, nsd and unbound"
            );
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let zones = Zones::make(folder.path());
        let anchor = zones.anchor();
        let name_server = Server::nsd(folder.path(), &zones);
        let plain = Server::unbound(folder.path(), name_server.address, None);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        Some(Self {
            validating: Server::unbound(folder.path(), name_server.address, Some(&anchor)),
            resolver: resolver::start(
                vec![plain.address],
                None,
                anchor.parse().unwrap(),
                Clock::Valid(now),
            ),
            plain,
            _name_server: name_server,
            anchors: Arc::new(anchor.parse().unwrap()),
            clock: Clock::Valid(now),
            _folder: folder,
        })
    }

    fn ours(&self, question: &Question) -> String {
        let verdict = client::judge(
            self.plain.address,
            question,
            &self.anchors,
            self.clock,
            &|_, _| {},
        );
        let code = if verdict.is_no_such_name() {
            " no such name"
        } else {
            ""
        };
        match verdict.overall() {
            Overall::Secure => format!("secure{code}"),
            Overall::Insecure => format!("insecure{code}"),
            Overall::Bogus => "bogus".to_owned(),
        }
    }

    fn said_by(server: SocketAddr, question: &Question) -> String {
        said(&client::ask(server, question, false))
    }
}

/// A reply in words.
pub(crate) fn said(reply: &Message) -> String {
    let code = reply.metadata.response_code;
    if !matches!(code, ResponseCode::NoError | ResponseCode::NXDomain) {
        return "bogus".to_owned();
    }
    let code = if code == ResponseCode::NXDomain {
        " no such name"
    } else {
        ""
    };
    let security = if reply.metadata.authentic_data {
        "secure"
    } else {
        "insecure"
    };
    format!("{security}{code}")
}
/// Where unbound of Debian 12 is known to decide otherwise, and why.
fn may_differ(apex: &str) -> bool {
    // It has ED448, and takes RSASHA1 and DS records with SHA-1, which RFC 9905 wants to be unsupported.
    ["good16.nsec.", "sha1.nsec.", "dssha1.nsec."].contains(&apex)
}

/// All that is asked, and whether resolvers may differ about it.
pub(crate) fn questions() -> Vec<(String, u16, bool)> {
    let mut questions: Vec<(String, u16, bool)> = Vec::new();
    for plan in PLANS.iter().filter(|plan| plan.apex.matches('.').count() >= 2) {
        let may_differ = may_differ(plan.apex);
        questions.extend([6, 2, 48].map(|number| (plan.apex.to_owned(), number, may_differ)));
        questions.extend(
            OF_EVERY_ZONE.map(|(owner, number)| (format!("{owner}.{}", plan.apex), number, may_differ)),
        );
    }
    questions.extend(OTHERS.map(|(owner, number)| (owner.to_owned(), number, false)));
    questions
}

#[test]
fn the_validator_agrees_with_unbound_and_refuses_forgeries() {
    let Some(laboratory) = Laboratory::start() else {
        return;
    };
    let questions = questions();
    let mut deviations = Vec::new();
    let mut sums = std::collections::BTreeMap::<String, usize>::new();
    for (owner, number, may_differ) in &questions {
        let question = Question::new(owner.parse().unwrap(), RecordType(*number));
        let ours = laboratory.ours(&question);
        let theirs = Laboratory::said_by(laboratory.validating.address, &question);
        let told = Laboratory::said_by(laboratory.resolver, &question);
        if told != ours {
            deviations.push(format!("{question}: {ours}, the resolver tells: {told}"));
        }
        if ours != theirs && !may_differ {
            deviations.push(format!("{question}: {ours}, unbound: {theirs}"));
        }
        *sums.entry(ours).or_default() += 1;
    }
    assert!(deviations.is_empty(), "of {}: {deviations:#?}", questions.len());
    assert!(
        sums.len() == 5 && sums.values().all(|count| *count >= 10),
        "too little of something: {sums:?}"
    );
    forgeries::all_are_refused(&laboratory);
}
