//! `mudguard test`: whether a packet may open a flow under a MUD file, and by which ACE. The compiled policy and the reference
//! evaluator are both asked; what only one of them permits is told by the verdict on the ACE, or is a defect of Mudguard.

mod packet;

use std::process::ExitCode;

use mudguard_mud::MudFile;
use mudguard_policy::{
    AceName, Family, Judgement, Origin, Packet, Site, ThingPolicy, Verdict, compile, oracle::may_open,
};
use serde::Serialize;

use self::packet::Description;
use super::{
    site_file,
    source::{self, Unreadable},
    words,
};
use crate::{
    cli::{DialectName, TestArgs},
    print,
};

/// What became of a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Answer {
    /// The family; `None` if both were judged alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<Family>,
    /// Whether the flow may be opened.
    allowed: bool,
    /// What decided; `None` if nothing permits it.
    by: Option<Origin>,
    /// Why an ACE does not do what it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(super) fn run(args: &TestArgs) -> anyhow::Result<ExitCode> {
    let file = source::usable(&args.file, DialectName::Community)?;
    let mut site = site_file::read(args.site.as_deref(), None)?;
    // Without a home there is no owner who could approve addresses: the question is what the file says.
    site.addresses_approved |= args.site.is_none();
    let wrong = |reason: String| Unreadable {
        name: "the packet".to_owned(),
        reason,
    };
    let packets = Description::parse(&args.packet).map_err(wrong)?.packets(&site);
    if packets.is_empty() {
        return Err(wrong("the home has no such address".to_owned()).into());
    }
    let policy = compile(&file, &site);
    let answers = packets
        .iter()
        .map(|packet| answer(&file, &site, &policy, packet))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let answers = together(answers);
    if args.json {
        print::json(&answers)?;
    } else {
        for answer in &answers {
            print::line(text(answer))?;
        }
    }
    Ok(if answers.iter().any(|answer| answer.allowed) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn answer(file: &MudFile, site: &Site, policy: &ThingPolicy, packet: &Packet) -> anyhow::Result<Answer> {
    let Judgement { allowed, by } = policy.judge(packet, &site.gateway);
    let expected = may_open(file, site, packet);
    let family = Some(packet.family());
    if allowed == expected.allowed {
        return Ok(Answer {
            family,
            allowed,
            by,
            reason: None,
        });
    }
    // The ACE that would permit it and is left out, or the one that drops more than it says.
    let differing = [expected.by, by].into_iter().flatten();
    let explained = differing
        .filter_map(|origin| reason(policy, &origin).map(|reason| (origin, reason)))
        .next();
    match explained {
        Some((origin, reason)) if !allowed => Ok(Answer {
            family,
            allowed,
            by: Some(origin),
            reason: Some(reason),
        }),
        _ => anyhow::bail!(
            "the compiled policy and the reference evaluator disagree on this packet: a defect of Mudguard"
        ),
    }
}

fn reason(policy: &ThingPolicy, origin: &Origin) -> Option<String> {
    let Origin::Ace(name) = origin else { return None };
    let is_of = |ace: &AceName| ace == name;
    let verdict = policy.verdicts.iter().find(|verdict| is_of(&verdict.ace))?;
    match &verdict.verdict {
        Verdict::Enforced => None,
        Verdict::Narrowed(reason) | Verdict::Refused(reason) => Some(reason.clone()),
    }
}

/// One answer where there is one family, or both have the same.
fn together(mut answers: Vec<Answer>) -> Vec<Answer> {
    let is_same = |one: &Answer, two: &Answer| {
        (one.allowed, &one.by, &one.reason) == (two.allowed, &two.by, &two.reason)
    };
    answers.dedup_by(|two, one| is_same(one, two));
    if let [only] = &mut answers[..] {
        only.family = None;
    }
    answers
}

fn text(answer: &Answer) -> String {
    let Answer {
        family,
        allowed,
        by,
        reason,
    } = answer;
    let family = match family {
        Some(Family::Ipv4) => "IPv4: ",
        Some(Family::Ipv6) => "IPv6: ",
        None => "",
    };
    let by = by.as_ref().map(words::origin);
    match (allowed, by, reason) {
        (true, Some(by), _) => format!("{family}allowed by {by}"),
        (true, None, _) => format!("{family}allowed"),
        (false, Some(by), Some(reason)) => format!(
            "{family}blocked: {by} is not in force as written: {}",
            print::plain(reason)
        ),
        (false, Some(by), None) => format!("{family}blocked by {by}"),
        (false, None, _) => format!("{family}blocked: nothing permits it"),
    }
}
