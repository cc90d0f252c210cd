//! `mudguard observe`: what each frame of a capture file, or of a network interface, announces.
//!
//! What it is not: the gateway's observer. It follows no ports and leases, and nothing comes of what it sees.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    process::ExitCode,
};

use anyhow::Context;
use mudguard_observe::{FrameVerdict, LiveFrames, PcapFrames, Verdict, judge_frame};

use super::source::Unreadable;
use crate::{cli::ObserveArgs, print};

pub(super) fn run(args: &ObserveArgs) -> anyhow::Result<ExitCode> {
    match (&args.pcap, &args.interface) {
        (Some(file), _) => capture_file(file, args.json)?,
        (None, Some(interface)) => live(interface, args.json)?,
        // The definition of the command line demands one of them.
        (None, None) => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells the frames before a broken place, too.
fn capture_file(name: &str, json: bool) -> anyhow::Result<()> {
    let unreadable = |reason: String| Unreadable {
        name: name.to_owned(),
        reason,
    };
    let file: Box<dyn Read> = if name == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(name).map_err(|error| unreadable(error.to_string()))?)
    };
    let frames = PcapFrames::new(BufReader::new(file)).map_err(|error| unreadable(error.to_string()))?;
    for (frame, number) in frames.zip(1_usize..) {
        let frame = frame.map_err(|error| unreadable(error.to_string()))?;
        if !tell(number, &frame, json)? {
            break;
        }
    }
    Ok(())
}

fn live(interface: &str, json: bool) -> anyhow::Result<()> {
    let frames = LiveFrames::start(interface)?;
    for (frame, number) in frames.zip(1_usize..) {
        if !tell(number, &frame?, json)? {
            break;
        }
    }
    Ok(())
}

/// Prints a verdict; whether there is still a reader.
fn tell(number: usize, frame: &[u8], json: bool) -> anyhow::Result<bool> {
    let verdict = judge_frame(frame);
    print::line_is_read(if json {
        serde_json::to_string(&verdict).context("a verdict cannot be written as JSON")?
    } else {
        text(number, &verdict)?
    })
}

/// `3: 02:00:00:00:00:01, dhcpv4: MUD URL https://maker.example/lamp`.
fn text(number: usize, verdict: &FrameVerdict) -> anyhow::Result<String> {
    let mac = verdict
        .mac
        .map_or_else(|| "no sender".to_owned(), |mac| mac.to_string());
    let via = match &verdict.via {
        Some(via) => format!(", {}", name(via)?),
        None => String::new(),
    };
    let url = verdict.url.as_deref().unwrap_or_default();
    let reason = match &verdict.reason {
        Some(reason) => format!(" ({})", name(reason)?),
        None => String::new(),
    };
    let what = match verdict.verdict {
        Verdict::Url => format!("MUD URL {url}"),
        Verdict::BadUrl => format!("no MUD URL that is used{reason}: {}", print::plain(url)),
        Verdict::None => "announces nothing".to_owned(),
        Verdict::Drop => format!("malformed{reason}"),
    };
    Ok(format!("{number}: {mac}{via}: {}", what.trim_end_matches(": ")))
}

/// The word that JSON has for it.
fn name(value: &impl serde::Serialize) -> anyhow::Result<String> {
    let value = serde_json::to_value(value).context("a verdict has no name")?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}
