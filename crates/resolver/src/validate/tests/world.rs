//! A small internet for tests: the root, two signed top-level domains, one that is not, and zones below them; and what stands
//! between it and the validator.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
    time::Instant,
};

use super::{
    super::{
        Clock, Name, Overall, Question, Record, RecordType, Reply, Step, TrustAnchors, Validator, Verdict,
        ZoneCuts,
    },
    signer::{Key, NOW},
    zone::{Denial, Zone, name},
};

/// Zones that refer to each other.
pub(crate) struct Internet {
    pub(super) zones: BTreeMap<Name, Zone>,
    /// What it said so far: signing takes time.
    said: Mutex<BTreeMap<Question, Reply>>,
}

/// NSEC3 as it should be (RFC 9276).
pub(super) const NSEC3: Denial = Denial::Nsec3 {
    iterations: 0,
    opt_out: false,
};

/// NSEC3 as large zones of delegations have it.
pub(super) const OPT_OUT: Denial = Denial::Nsec3 {
    iterations: 0,
    opt_out: true,
};

/// The internet that most tests share.
pub(crate) static INTERNET: LazyLock<Internet> = LazyLock::new(|| {
    let mut internet = Internet::empty();
    for (apex, algorithm, denial) in [
        ("nsec.", 13, Denial::Nsec),
        ("nsec3.", 15, OPT_OUT),
        ("good.nsec.", 13, Denial::Nsec),
        ("sub.good.nsec.", 13, Denial::Nsec),
        ("p384.nsec.", 14, Denial::Nsec),
        ("good.nsec3.", 15, NSEC3),
        ("optout.nsec3.", 13, OPT_OUT),
        (
            "most.nsec3.",
            13,
            Denial::Nsec3 {
                iterations: 150,
                opt_out: false,
            },
        ),
        (
            "toomany.nsec3.",
            13,
            Denial::Nsec3 {
                iterations: 151,
                opt_out: false,
            },
        ),
    ] {
        internet.add_signed(leaf(apex, vec![Key::new(algorithm)], denial));
    }
    for apex in [
        "plain.",
        "insecure.nsec.",
        "insecure.nsec3.",
        "unsub.good.nsec.",
        "unsub.optout.nsec3.",
        "www.plain.",
    ] {
        internet.add_unsigned(leaf(apex, vec![], Denial::Nsec));
    }
    // Signed with what nobody supports: the DS record says so.
    for (apex, algorithm) in [("sha1.nsec.", 5), ("ed448.nsec.", 16), ("private.nsec.", 253)] {
        internet.add_signed(leaf(apex, vec![Key::new(algorithm)], Denial::Nsec));
    }
    internet
});

/// A zone with some of everything.
pub(super) fn leaf(apex: &str, keys: Vec<Key>, denial: Denial) -> Zone {
    let mut zone = Zone::new(apex, keys, denial);
    zone.a("@")
        .a("www")
        .a("*.wild")
        .a("a.b.ent")
        .a("x.*.odd")
        .a("host.sub-names");
    zone.add("www", RecordType::TXT, b"\x05hello");
    for (owner, record_type, target) in [
        ("to-www", RecordType::CNAME, format!("www.{apex}")),
        ("to-nothing", RecordType::CNAME, format!("nothing.{apex}")),
        ("to-good", RecordType::CNAME, "www.good.nsec.".into()),
        ("to-hashed", RecordType::CNAME, "www.good.nsec3.".into()),
        (
            "to-hashed-nothing",
            RecordType::CNAME,
            "nothing.good.nsec3.".into(),
        ),
        ("to-hashed-wild", RecordType::CNAME, "q.wild.good.nsec3.".into()),
        ("to-insecure", RecordType::CNAME, "www.insecure.nsec.".into()),
        (
            "to-insecure-nothing",
            RecordType::CNAME,
            "nothing.insecure.nsec.".into(),
        ),
        ("*.wild-alias", RecordType::CNAME, "www.good.nsec3.".into()),
        ("circle1", RecordType::CNAME, format!("circle2.{apex}")),
        ("circle2", RecordType::CNAME, format!("circle1.{apex}")),
        ("moved", RecordType::DNAME, "good.nsec3.".into()),
        ("moved-away", RecordType::DNAME, "insecure.nsec.".into()),
    ] {
        zone.pointer(owner, record_type, &target);
    }
    for step in 0..20 {
        zone.pointer(
            &format!("step{step}"),
            RecordType::CNAME,
            &format!("step{}.{apex}", step + 1),
        );
    }
    zone.a("step20");
    zone
}

impl Internet {
    /// A root and nothing else.
    pub(super) fn empty() -> Self {
        let root = Zone::new(".", vec![Key::new(13)], Denial::Nsec);
        Self {
            zones: [(Name::root(), root)].into(),
            said: Mutex::default(),
        }
    }

    /// Adds a zone and its delegation with a DS record for its first key.
    pub(super) fn add_signed(&mut self, zone: Zone) {
        let ds = zone.keys[0].ds(&zone.apex, 2);
        self.add_with_ds(zone, &[ds]);
    }

    /// Adds a zone and its delegation without a DS record.
    pub(super) fn add_unsigned(&mut self, zone: Zone) {
        self.add_with_ds(zone, &[]);
    }

    pub(super) fn add_with_ds(&mut self, zone: Zone, ds: &[Vec<u8>]) {
        let apex = zone.apex.clone();
        let parent = self.zone_mut(&apex.parent().unwrap());
        let owner = apex.to_string();
        let owner = owner
            .strip_suffix(&format!(".{}", parent.apex))
            .unwrap_or(&owner)
            .to_owned();
        parent.pointer(&owner, RecordType::NS, "ns.elsewhere.");
        for data in ds {
            parent.add(&owner, RecordType::DS, data);
        }
        self.zones.insert(apex, zone);
    }

    pub(super) fn zone(&self, name: &Name) -> &Zone {
        (0..=name.label_count())
            .rev()
            .find_map(|count| self.zones.get(&name.last_labels(count)))
            .unwrap()
    }

    pub(super) fn zone_mut(&mut self, name: &Name) -> &mut Zone {
        let apex = self.zone(name).apex.clone();
        self.said.lock().unwrap().clear();
        self.zones.get_mut(&apex).unwrap()
    }

    /// Answers as a resolver does that does not validate.
    pub(crate) fn resolve(&self, question: &Question) -> Reply {
        if let Some(reply) = self.said.lock().unwrap().get(question) {
            return reply.clone();
        }
        let reply = self.resolve_anew(question);
        self.said.lock().unwrap().insert(question.clone(), reply.clone());
        reply
    }

    fn resolve_anew(&self, question: &Question) -> Reply {
        let mut whole = Reply::default();
        let mut step = question.clone();
        for _ in 0..40 {
            let parent = (step.record_type == RecordType::DS)
                .then(|| step.name.parent())
                .flatten();
            let zone = self.zone(parent.as_ref().unwrap_or(&step.name));
            let reply = zone.answer(&step);
            whole.answers.extend(reply.answers.iter().cloned());
            whole.authorities.extend(reply.authorities);
            whole.response_code = reply.response_code;
            let alias = reply
                .answers
                .iter()
                .find(|record| record.record_type == RecordType::CNAME && record.owner == step.name);
            match alias {
                Some(alias) if step.record_type != RecordType::CNAME => {
                    step.name = Name::from_wire(&alias.data).unwrap().0;
                }
                _ => break,
            }
        }
        whole
    }

    /// The trust anchor: the DS record of the root's key.
    pub(crate) fn anchors(&self) -> TrustAnchors {
        let root = Name::root();
        let ds = self.zones[&root].keys[0].ds(&root, 2);
        let digest: String = ds[4..].iter().map(|octet| format!("{octet:02x}")).collect();
        let tag = u16::from_be_bytes([ds[0], ds[1]]);
        format!(". IN DS {tag} {} 2 {digest}", ds[2]).parse().unwrap()
    }

    /// A trial of this internet as it is.
    pub(super) fn trial(&self) -> Trial<'_> {
        Trial {
            internet: self,
            anchors: self.anchors(),
            clock: Clock::Valid(NOW),
            tamper: Box::new(|_, _| {}),
            cuts: ZoneCuts::default(),
            asked: Vec::new(),
        }
    }
}

/// What somebody on the path does to the reply to a question.
type Tamper<'a> = Box<dyn Fn(&Question, &mut Reply) + 'a>;

/// A validator in front of an internet, and somebody between them.
pub(super) struct Trial<'a> {
    pub(super) internet: &'a Internet,
    pub(super) anchors: TrustAnchors,
    pub(super) clock: Clock,
    pub(super) tamper: Tamper<'a>,
    pub(super) cuts: ZoneCuts,
    /// What the validator asked for.
    pub(super) asked: Vec<Question>,
}

impl<'a> Trial<'a> {
    pub(super) fn tampered(mut self, tamper: impl Fn(&Question, &mut Reply) + 'a) -> Self {
        self.tamper = Box::new(tamper);
        self
    }

    /// Changes only the reply to the question of the client.
    pub(super) fn forged(self, forge: impl Fn(&mut Reply) + 'a) -> Self {
        self.tampered(move |question, reply| {
            if !matches!(question.record_type, RecordType::DS | RecordType::DNSKEY) {
                forge(reply);
            }
        })
    }

    pub(super) fn at(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    pub(super) fn reply(&self, question: &Question) -> Reply {
        let mut reply = self.internet.resolve(question);
        (self.tamper)(question, &mut reply);
        reply
    }

    pub(super) fn judge(&mut self, name: &str, record_type: RecordType) -> Verdict {
        self.judge_counting(name, record_type).0
    }

    pub(super) fn judge_counting(&mut self, text: &str, record_type: RecordType) -> (Verdict, Validator) {
        let question = Question::new(name(text), record_type);
        let reply = self.reply(&question);
        let anchors = Arc::new(self.anchors.clone());
        let mut validator = Validator::new(question, reply, anchors, self.clock);
        self.asked.clear();
        loop {
            match validator.step(&mut self.cuts, Instant::now()) {
                Step::Done(verdict) => return (verdict, validator),
                Step::Need(question) => {
                    let reply = self.reply(&question);
                    self.asked.push(question.clone());
                    validator.supply(question, Some(reply));
                }
            }
            assert!(self.asked.len() < 200, "it asks without end");
        }
    }
}

/// What a verdict comes to, in one word and a reason.
pub(crate) fn summary(verdict: &Verdict) -> String {
    let code = match verdict.response_code {
        0 => "",
        3 => " no such name",
        _ => " other code",
    };
    match verdict.overall() {
        Overall::Secure => format!("secure{code}"),
        Overall::Insecure => format!("insecure{code}: {}", verdict.insecurity().unwrap()),
        Overall::Bogus => format!("bogus: {}", verdict.bogus().unwrap()),
    }
}

/// Takes the signatures of a type out of a section.
pub(super) fn strip_signatures(section: &mut Vec<Record>, covered: RecordType) {
    section.retain(|record| {
        record.record_type != RecordType::RRSIG || record.data[..2] != covered.0.to_be_bytes()
    });
}

/// Takes records of a type and their signatures out of a section.
pub(super) fn strip(section: &mut Vec<Record>, record_type: RecordType) {
    section.retain(|record| record.record_type != record_type);
    strip_signatures(section, record_type);
}

/// Writes the tests of what an untouched internet gives.
macro_rules! cases {
    ($($test:ident: $record_type:ident $name:literal => $expected:expr;)*) => {$(
        #[test]
        fn $test() {
            let verdict = INTERNET.trial().judge($name, RecordType::$record_type);
            assert_eq!(summary(&verdict), $expected);
        }
    )*};
}
pub(super) use cases;
