//! The page of one device: where it stands, what it asks, what it may do, what was blocked, what is known of it.

use askama::Template;
use mudguard_explain::{
    Caution, Count, Language, Phrase, QuestionLabel, Sentence, Symbol, TroubleLabel, TrustLabel,
    foreign_passage, foreign_text, verdict_words,
};
use mudguard_manager::{Enforcement, FileInForce};
use mudguard_policy::{MacAddress, ThingPolicy, Verdict};

use super::frame::{Frame, Moment, symbol};
use crate::{
    Web,
    view::{View, day},
};

#[derive(Template)]
#[template(path = "device.html")]
struct Device<'a> {
    frame: Frame<'a>,
    mac: MacAddress,
    name: String,
    symbol: &'static str,
    standing: String,
    seen: Moment,
    question: Option<Asked<'a>>,
    /// What went wrong with its rules.
    troubles: Vec<Trouble>,
    may_do: Phrase,
    /// Whether anything of it can have been blocked or recorded.
    is_managed: bool,
    lines: Vec<Line>,
    beyond: Phrase,
    /// Why its rules are believed; the question tells it, if that is what it asks about.
    trust: Option<Label>,
    is_unsupported: bool,
    blocked_heading: Phrase,
    blocked_count: Option<String>,
    nothing_blocked: Phrase,
    blocked: Vec<BlockedRow>,
    facts: Vec<Fact>,
    sums: Vec<String>,
    verdicts: Vec<VerdictRow>,
}

/// The question, with what answers it.
struct Asked<'a> {
    text: String,
    meanwhile: String,
    approve: String,
    reject: String,
    lines: Vec<Line>,
    key: String,
    /// Present if decisions may be taken from where the page is read.
    token: Option<&'a str>,
}

struct Trouble {
    text: String,
    /// A URL or the like, as it was announced.
    quoted: Option<String>,
}

/// A sentence.
struct Line {
    symbol: &'static str,
    text: String,
    is_caution: bool,
    /// The names that it sums up, if it names fewer itself.
    details: Vec<String>,
}

struct Label {
    symbol: &'static str,
    text: String,
}

struct BlockedRow {
    text: String,
    reason: String,
    times: String,
    last: Moment,
}

struct Fact {
    name: Phrase,
    values: Vec<String>,
    /// What is to be said of it.
    note: Option<String>,
    /// Whether it is read octet by octet.
    is_technical: bool,
}

struct VerdictRow {
    symbol: &'static str,
    list: String,
    ace: String,
    words: String,
}

/// The path of a device.
pub(super) fn path(mac: MacAddress) -> String {
    format!("/devices/{mac}")
}

/// How many attempts were blocked, or would have been.
pub(super) fn samples(view: &View<'_>) -> usize {
    let counts = view.thing.blocked.iter().map(|flow| flow.count as usize);
    counts.fold(0, usize::saturating_add)
}

/// The same, as it is to be told.
pub(super) fn blocked_count(view: &View<'_>, samples: usize) -> Count {
    if view.thing.enforcement == Enforcement::Observe {
        Count::WouldBeBlocked(samples)
    } else {
        Count::Blocked(samples)
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The page.
pub(super) fn render(web: &Web, view: &View<'_>, token: Option<&str>) -> askama::Result<String> {
    let language = view.language;
    let thing = view.thing;
    let is_watched = thing.enforcement == Enforcement::Observe;
    let is_loose = thing.enforcement == Enforcement::None;
    let samples = samples(view);
    let policy = &thing.policy;
    Device {
        frame: Frame::new(view.snapshot, language, view.name()),
        mac: thing.mac,
        name: view.name(),
        symbol: symbol(view.standing_meanwhile().symbol()),
        standing: web.words_of(view.standing_meanwhile(), view),
        seen: Moment::seen(thing.last_seen, language),
        question: asked(view, token),
        troubles: troubles(view),
        may_do: if view.asks_for_first_rules() {
            Phrase::MAY_DO_MEANWHILE
        } else {
            Phrase::MAY_DO
        },
        is_managed: !is_loose,
        lines: lines(&view.sentences(), Symbol::Check, language),
        beyond: match thing.enforcement {
            Enforcement::None => Phrase::NOT_LIMITED,
            Enforcement::Observe => Phrase::ELSE_RECORDED,
            Enforcement::Enforce => Phrase::ELSE_BLOCKED,
        },
        trust: trust(&view.trust(), language),
        is_unsupported: thing
            .file
            .as_ref()
            .is_some_and(|in_force| !in_force.file.is_supported),
        blocked_heading: if is_watched {
            Phrase::WOULD_BE_BLOCKED
        } else {
            Phrase::BLOCKED
        },
        blocked_count: (thing.blocked.len() > 1).then(|| blocked_count(view, samples).text(language)),
        nothing_blocked: if is_watched {
            Phrase::NOTHING_RECORDED
        } else {
            Phrase::NOTHING_BLOCKED
        },
        blocked: blocked_rows(view),
        facts: facts(view),
        sums: if policy.verdicts.is_empty() {
            Vec::new()
        } else {
            sums(policy, language)
        },
        verdicts: if is_loose {
            Vec::new()
        } else {
            verdict_rows(policy, language)
        },
    }
    .render()
}

fn trust(label: &TrustLabel, language: &Language) -> Option<Label> {
    (!matches!(label, TrustLabel::Waits { .. })).then(|| Label {
        symbol: symbol(label.symbol()),
        text: label.text(language),
    })
}

fn asked<'a>(view: &View<'_>, token: Option<&'a str>) -> Option<Asked<'a>> {
    let label: QuestionLabel = view.question()?;
    let question = view.thing.question.as_ref()?;
    let language = view.language;
    Some(Asked {
        text: label.text(language),
        meanwhile: label.meanwhile(language),
        approve: label.approve(language),
        reject: label.reject(language),
        lines: lines(&view.sentences_if_approved(), Symbol::Open, language),
        key: question.key(),
        token,
    })
}

fn troubles(view: &View<'_>) -> Vec<Trouble> {
    let troubles = view.troubles();
    let quoted = |label: &TroubleLabel| match label {
        TroubleLabel::RefusedUrl(_) => view
            .thing
            .refused_url
            .as_ref()
            .map(|(url, _)| foreign_passage(url)),
        TroubleLabel::NoFile(_) | TroubleLabel::NotRenewed(_) => None,
    };
    troubles
        .iter()
        .map(|label| Trouble {
            text: label.text(view.language),
            quoted: quoted(label),
        })
        .collect()
}

fn lines(sentences: &[Sentence], usual: Symbol, language: &Language) -> Vec<Line> {
    sentences
        .iter()
        .map(|sentence| {
            let text = sentence.text(language);
            let is_caution = sentence.caution() != Caution::None;
            let tells_all = sentence
                .details
                .iter()
                .all(|detail| text.contains(detail.as_str()));
            Line {
                symbol: symbol(if is_caution { Symbol::Exclamation } else { usual }),
                is_caution,
                details: if tells_all {
                    Vec::new()
                } else {
                    sentence.details.clone()
                },
                text,
            }
        })
        .collect()
}

fn blocked_rows(view: &View<'_>) -> Vec<BlockedRow> {
    view.blocked()
        .iter()
        .map(|blocked| BlockedRow {
            text: blocked.attempt().text(view.language),
            reason: blocked.reason.text(view.language),
            times: Count::Times(blocked.flow.count as usize).text(view.language),
            last: Moment::new(blocked.flow.last, view.language),
        })
        .collect()
}

fn sums(policy: &ThingPolicy, language: &Language) -> Vec<String> {
    let sum = policy.sum();
    let counts = [
        (sum.enforced, Count::Enforced(sum.enforced)),
        (sum.narrowed, Count::Narrowed(sum.narrowed)),
        (sum.refused, Count::Refused(sum.refused)),
    ];
    counts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(_, count)| count.text(language))
        .collect()
}

fn verdict_rows(policy: &ThingPolicy, language: &Language) -> Vec<VerdictRow> {
    policy
        .verdicts
        .iter()
        .map(|verdict| VerdictRow {
            symbol: symbol(match verdict.verdict {
                Verdict::Enforced => Symbol::Check,
                Verdict::Narrowed(_) => Symbol::Exclamation,
                Verdict::Refused(_) => Symbol::Barred,
            }),
            list: foreign_text(&verdict.ace.list),
            ace: foreign_text(&verdict.ace.ace),
            words: foreign_passage(&verdict_words(&verdict.verdict, language)),
        })
        .collect()
}

/// What is known of it, leaving out what is not known.
fn facts(view: &View<'_>) -> Vec<Fact> {
    let thing = view.thing;
    let said = |name, text: Option<String>| Fact {
        name,
        values: text.into_iter().filter(|text| !text.is_empty()).collect(),
        note: None,
        is_technical: false,
    };
    let exact = |name, values: Vec<String>| Fact {
        name,
        values,
        note: None,
        is_technical: true,
    };
    let addresses = thing.bindings.iter().map(|binding| binding.address.to_string());
    let quoted = |text: &Option<String>| text.as_deref().map(foreign_text);
    let mut facts = vec![
        said(Phrase::HOST_NAME, quoted(&thing.host_name)),
        exact(Phrase::ADDRESSES, addresses.collect()),
        exact(Phrase::MAC_ADDRESS, vec![thing.mac.to_string()]),
        exact(Phrase::PORT, quoted(&thing.port).into_iter().collect()),
        said(Phrase::FIRST_SEEN, Some(day(thing.first_seen))),
        Fact {
            note: view.channel().map(|channel| channel.text(view.language)),
            ..exact(
                Phrase::MUD_URL,
                thing.url.iter().map(|url| url.as_str().to_owned()).collect(),
            )
        },
    ];
    if let Some(FileInForce {
        file,
        sha256,
        retrieved,
        ..
    }) = thing.file.as_deref()
    {
        facts.extend([
            said(Phrase::SYSTEM_INFO, quoted(&file.systeminfo)),
            said(Phrase::MANUFACTURER, quoted(&file.mfg_name)),
            said(Phrase::MODEL, quoted(&file.model_name)),
            said(Phrase::LAST_UPDATE, Some(day(file.last_update))),
            said(Phrase::RETRIEVED, Some(day(*retrieved))),
            exact(Phrase::DIGEST, vec![hexadecimal(sha256)]),
        ]);
    }
    facts.retain(|fact| !fact.values.is_empty());
    facts
}
