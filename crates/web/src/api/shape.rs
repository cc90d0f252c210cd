//! What the JSON holds. Words are in English, for programs that show them; decisions hang on the kinds beside them.

mod decided;

use std::net::IpAddr;

use jiff::Timestamp;
use mudguard_explain::{Language, Standing, foreign_passage, foreign_text};
use mudguard_manager::{
    Channel, ClockState, ControllerChoice, Enforcement, FileInForce, Mode, Question, Trust, Waiting,
};
use mudguard_policy::{AceVerdict, Initiator, MacAddress, Sum, Verdict};
use serde::Serialize;

use crate::{
    Enforced, Seen, Web,
    view::{self, Blocked, View},
};
use decided::{OverrideText, lifted_until};

/// The gateway.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Status {
    /// Of the snapshot: it counts up with every change.
    version: u32,
    /// Of the program.
    program: &'static str,
    mode: Mode,
    clock: ClockState,
    /// How many there are.
    things: usize,
    /// How many are limited or watched.
    managed: usize,
    /// How many wait for the owner.
    waiting: usize,
    /// Of how many the owner lifted the limits.
    lifted: usize,
    /// How many attempts were blocked, or would have been; the kernel limits the samples, so this is a floor.
    blocked: u32,
    /// What was counted on the LAN since the start.
    observed: Option<Seen>,
    /// What the firewall does.
    #[serde(skip_serializing_if = "Option::is_none")]
    enforced: Option<Enforced>,
    notices: Vec<NoticeText>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct NoticeText {
    kind: &'static str,
    text: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Things {
    pub(crate) things: Vec<Summary>,
}

/// A Thing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Summary {
    mac: MacAddress,
    /// Whether it made that address up, as phones do.
    random_address: bool,
    name: String,
    host_name: Option<String>,
    port: Option<String>,
    addresses: Vec<IpAddr>,
    mud_url: Option<String>,
    channel: Option<Channel>,
    state: &'static str,
    state_words: String,
    enforcement: Enforcement,
    /// Whether the kernel has its rules as they are shown here; it takes them some milliseconds later.
    applied: bool,
    trust_words: String,
    question: Option<QuestionText>,
    problem: Option<String>,
    /// The mode that the owner chose for it instead of its network's.
    mode: Option<Mode>,
    /// The mode that holds for it: its own, its network's or the home's.
    mode_in_force: Mode,
    /// The Things that the owner chose as its controllers.
    controllers: Vec<ControllerChoice>,
    /// When its limits hold again, if the owner lifted them.
    lifted_until: Option<Timestamp>,
    overrides: Vec<OverrideText>,
    refused_url: Option<RefusedUrl>,
    file: Option<FileText>,
    /// How many attempts were blocked, or would have been.
    blocked_count: u32,
    first_seen: Timestamp,
    last_seen: Timestamp,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct QuestionText {
    /// Which question it is: who answers says which one was read.
    key: String,
    kind: &'static str,
    text: String,
    /// What holds until it is answered.
    meanwhile: String,
    raised: Timestamp,
    /// What the Thing may do if a waiting file is approved.
    sentences: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct RefusedUrl {
    url: String,
    reason: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct FileText {
    systeminfo: Option<String>,
    mfg_name: Option<String>,
    model_name: Option<String>,
    last_update: Timestamp,
    is_supported: bool,
    sha256: String,
    trust: Trust,
    retrieved: Timestamp,
}

/// A Thing, with what it may do and what was blocked.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Detail {
    #[serde(flatten)]
    summary: Summary,
    sentences: Vec<String>,
    verdicts: Vec<VerdictText>,
    sum: Sum,
    blocked: Vec<BlockedText>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct VerdictText {
    list: String,
    ace: String,
    index: usize,
    verdict: &'static str,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct BlockedText {
    peer: IpAddr,
    name: Option<String>,
    protocol: u8,
    port: Option<u16>,
    initiator: Initiator,
    count: u32,
    last: Timestamp,
    text: String,
    reason: String,
}

impl Status {
    pub(crate) fn of(web: &Web) -> Self {
        let (snapshot, language) = (&*web.now(), &web.words.plain);
        let things = snapshot.things.values();
        Self {
            version: snapshot.version,
            program: env!("CARGO_PKG_VERSION"),
            mode: snapshot.mode,
            clock: snapshot.clock,
            things: snapshot.things.len(),
            managed: things
                .clone()
                .filter(|thing| thing.enforcement != Enforcement::None)
                .count(),
            waiting: things.clone().filter(|thing| thing.question.is_some()).count(),
            lifted: things.clone().filter(|thing| thing.is_lifted()).count(),
            blocked: sum(things.flat_map(|thing| thing.blocked.iter().map(|flow| flow.count))),
            observed: web.seen.as_ref().map(|seen| seen.borrow().clone()),
            enforced: web.enforced.as_ref().map(|enforced| enforced.borrow().clone()),
            notices: view::notices(snapshot)
                .into_iter()
                .map(|(kind, label)| NoticeText {
                    kind,
                    text: label.text(language),
                })
                .collect(),
        }
    }
}

fn sum(counts: impl Iterator<Item = u32>) -> u32 {
    counts.fold(0, u32::saturating_add)
}

impl Summary {
    pub(crate) fn of(view: &View<'_>, web: &Web) -> Self {
        let thing = view.thing;
        Self {
            mac: thing.mac,
            random_address: thing.has_random_address(),
            name: view.name(),
            host_name: thing.host_name.as_deref().map(foreign_text),
            port: thing.port.as_deref().map(foreign_text),
            addresses: thing.bindings.iter().map(|binding| binding.address).collect(),
            mud_url: thing.url.as_ref().map(|url| url.as_str().to_owned()),
            channel: thing.channel,
            state: state(view.standing()),
            state_words: web.words_of(view.standing(), view),
            enforcement: thing.enforcement,
            applied: web.is_applied(view.snapshot, thing.mac),
            trust_words: view.trust().text(view.language),
            question: thing
                .question
                .as_ref()
                .map(|question| QuestionText::of(question, view)),
            problem: thing.problem.as_deref().map(foreign_passage),
            mode: thing.mode,
            mode_in_force: view.snapshot.mode_of(thing),
            controllers: thing.controllers.clone(),
            lifted_until: lifted_until(thing),
            overrides: thing.overrides.iter().map(OverrideText::of).collect(),
            refused_url: thing.refused_url.as_ref().map(|(url, reason)| RefusedUrl {
                url: foreign_passage(url),
                reason: reason.to_string(),
            }),
            file: thing.file.as_deref().map(FileText::of),
            blocked_count: sum(thing.blocked.iter().map(|flow| flow.count)),
            first_seen: thing.first_seen,
            last_seen: thing.last_seen,
        }
    }
}

fn state(standing: Standing) -> &'static str {
    match standing {
        Standing::Waits => "waiting",
        Standing::Limited => "limited",
        Standing::Restricted => "restricted",
        Standing::Watched => "watched",
        Standing::NotLimited => "not-limited",
    }
}

impl QuestionText {
    fn of(question: &Question, view: &View<'_>) -> Self {
        let label = view.question();
        let words = |text: Option<String>| text.unwrap_or_default();
        Self {
            key: question.key(),
            kind: match question.waiting {
                Waiting::File(_) => "file",
                Waiting::Addresses => "addresses",
                Waiting::Url(..) => "url",
                Waiting::NewThing => "new-thing",
                Waiting::Controllers(_) => "controllers",
                Waiting::Group => "group",
                Waiting::Place(_) => "place",
            },
            text: words(label.as_ref().map(|label| label.text(view.language))),
            meanwhile: words(label.as_ref().map(|label| label.meanwhile(view.language))),
            raised: question.raised,
            sentences: texts(&view.sentences_if_approved(), view.language),
        }
    }
}

fn texts(sentences: &[mudguard_explain::Sentence], language: &Language) -> Vec<String> {
    sentences.iter().map(|sentence| sentence.text(language)).collect()
}

impl FileText {
    fn of(in_force: &FileInForce) -> Self {
        let file = &in_force.file;
        let text = |text: &Option<String>| text.as_deref().map(foreign_text);
        let trust = match &in_force.trust {
            Trust::Signed {
                signer,
                key,
                ca,
                provisional,
            } => Trust::Signed {
                signer: foreign_passage(signer),
                key: key.clone(),
                ca: ca.clone(),
                provisional: *provisional,
            },
            approved @ Trust::Approved { .. } => approved.clone(),
        };
        Self {
            systeminfo: text(&file.systeminfo),
            mfg_name: text(&file.mfg_name),
            model_name: text(&file.model_name),
            last_update: file.last_update,
            is_supported: file.is_supported,
            sha256: in_force
                .sha256
                .iter()
                .map(|octet| format!("{octet:02x}"))
                .collect(),
            trust,
            retrieved: in_force.retrieved,
        }
    }
}

impl Detail {
    pub(crate) fn of(view: &View<'_>, web: &Web) -> Self {
        Self {
            summary: Summary::of(view, web),
            sentences: texts(&view.sentences(), view.language),
            verdicts: view.thing.policy.verdicts.iter().map(VerdictText::of).collect(),
            sum: view.thing.policy.sum(),
            blocked: view
                .blocked()
                .iter()
                .map(|blocked| BlockedText::of(blocked, view.language))
                .collect(),
        }
    }
}

impl VerdictText {
    fn of(verdict: &AceVerdict) -> Self {
        let (kind, reason) = match &verdict.verdict {
            Verdict::Enforced => ("enforced", None),
            Verdict::Narrowed(what) => ("narrowed", Some(foreign_passage(what))),
            Verdict::Refused(why) => ("refused", Some(foreign_passage(why))),
        };
        Self {
            list: foreign_text(&verdict.ace.list),
            ace: foreign_text(&verdict.ace.ace),
            index: verdict.ace.index,
            verdict: kind,
            reason,
        }
    }
}

impl BlockedText {
    fn of(blocked: &Blocked<'_>, language: &Language) -> Self {
        let flow = blocked.flow;
        Self {
            peer: flow.peer,
            name: flow.name.as_ref().map(ToString::to_string),
            protocol: flow.protocol,
            port: flow.port,
            initiator: flow.initiator,
            count: flow.count,
            last: flow.last,
            text: blocked.attempt().text(language),
            reason: blocked.reason.text(language),
        }
    }
}
