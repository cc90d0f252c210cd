//! `mudguard check`: what is enforced on this router, what cannot be seen from it, and the command that mends each fault.

use std::process::ExitCode;

use anyhow::Context;
use hyper::Method;
use jiff::Timestamp;
use mudguard_manager::ClockState;
use serde::Serialize;
use serde_json::Value;

use super::{CANNOT_READ, block_on, client::ask};
use crate::{
    anchor_folder,
    check::{Facts, Finding, Gateway, Others, Severity, judge, machine, machine::Machine, others},
    cli::check::CheckArgs,
    config::Config,
    daemon::clock::Past,
    print,
};

/// What `--json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Report {
    /// Whether there is nothing to mend.
    fine: bool,
    findings: Vec<Finding>,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.config)?;
    let facts = match facts(&config, args.silent) {
        Ok(facts) => facts,
        Err(error) => {
            eprintln!("mudguard: {}", print::reasons(&error));
            return Ok(ExitCode::from(CANNOT_READ));
        }
    };
    let findings = judge(&facts);
    let fine = !findings.iter().any(|finding| finding.severity == Severity::Fault);
    if args.json {
        print::json(&Report { fine, findings })?;
    } else {
        print::line(text(&findings))?;
    }
    Ok(if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn facts(config: &Config, silent: bool) -> anyhow::Result<Facts> {
    let survey =
        mudguard_firewall::survey().context("the rules of the kernel cannot be read; run this as root")?;
    let gateway = gateway(config);
    let clock = gateway
        .as_ref()
        .map_or_else(|| Past::new(None).judge(Timestamp::now()), |(_, clock)| *clock);
    let machine = Machine::new("/");
    let interfaces = config.lan.interfaces.get_ref();
    Ok(Facts {
        gateway: gateway.map(|(gateway, _)| gateway),
        survey,
        bridge_setting: config.firewall.bridge.into(),
        bridge_calls: machine.bridge_calls(),
        lans: interfaces
            .iter()
            .map(|interface| machine.lan(interface))
            .collect(),
        forwarding: machine.forwarding(),
        offloading: machine.offloading(),
        radios: machine.radios(),
        resolver: config.resolver.listen.get_ref().clone(),
        listeners: machine.listeners(),
        clock,
        state: machine::folder(&config.paths.state),
        anchors: anchors(config),
        anchors_folder: config.trust.anchors.display().to_string(),
        others: if silent {
            Others {
                unasked: vec!["the LAN was not asked (--silent)".to_owned()],
                ..Others::default()
            }
        } else {
            others::ask(interfaces)
        },
    })
}

/// What the running gateway says of its Things and its clock.
fn gateway(config: &Config) -> Option<(Gateway, ClockState)> {
    let get = |path: &'static str| block_on(ask(&config.paths.control, Method::GET, path, None)).ok();
    let (status, things) = (get("/api/v1/status")?, get("/api/v1/things")?);
    let limited = |thing: &Value| {
        let mac = thing["mac"].as_str()?.parse().ok()?;
        (thing["state"] == "limited").then(|| (mac, thing["applied"] == true))
    };
    let things = things["things"].as_array().into_iter().flatten();
    let clock = match status["clock"].as_str() {
        Some("valid") => ClockState::Valid,
        Some("floor") => ClockState::Floor,
        _ => ClockState::Unknown,
    };
    let gateway = Gateway {
        limited: things.filter_map(limited).collect(),
    };
    Some((gateway, clock))
}

fn anchors(config: &Config) -> Result<usize, String> {
    let files = anchor_folder::files(&config.trust.anchors).map_err(|error| error.to_string())?;
    let read = files.iter().take(anchor_folder::MAX_FILES);
    Ok(read
        .filter_map(|path| anchor_folder::read(path).ok())
        .map(|anchors| anchors.len())
        .sum())
}

fn text(findings: &[Finding]) -> String {
    let mut parts = Vec::new();
    for (severity, title) in [
        (Severity::Fault, "To mend:"),
        (Severity::Unseen, "What cannot be seen from here:"),
        (Severity::Note, "Good to know:"),
        (Severity::Enforced, "What is enforced:"),
    ] {
        let of_severity: Vec<_> = findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .collect();
        if of_severity.is_empty() {
            continue;
        }
        parts.push(title.to_owned());
        for finding in of_severity {
            parts.push(format!("- {}", finding.text));
            let mend = finding.mend.iter().flat_map(|mend| mend.lines());
            parts.extend(mend.map(|line| format!("      {line}")));
        }
        parts.push(String::new());
    }
    if !findings.iter().any(|finding| finding.severity == Severity::Fault) {
        parts.push("Nothing is to be mended.".to_owned());
    }
    parts.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_with_what_mends_them_and_a_router_without_any_says_so() {
        let finding = |severity, mend: Option<&str>| Finding {
            topic: "topic",
            severity,
            text: "It is so.".to_owned(),
            mend: mend.map(str::to_owned),
        };
        let fault = text(&[
            finding(Severity::Fault, Some("one\ntwo")),
            finding(Severity::Note, None),
        ]);
        assert_eq!(
            fault,
            "To mend:\n- It is so.\n      one\n      two\n\nGood to know:\n- It is so."
        );
        let fine = text(&[finding(Severity::Enforced, None)]);
        assert_eq!(fine, "What is enforced:\n- It is so.\n\nNothing is to be mended.");
    }
}
