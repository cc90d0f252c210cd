//! `mudguard verify`: whether a detached signature over a MUD file is good, by the same rules as the gateway's (RFC 8520 section 13.2).
//!
//! What it is not: without `--url` and `--thing` it does not say that the file is the one of a certain Thing, which the gateway wants.

use std::{path::Path, process::ExitCode};

use jiff::Timestamp;
use mudguard_fetch::{Clock, TrustAnchors, mud_url_of_certificate, verify};
use mudguard_mud::{Limits, MudUrl, outline};
use serde::Serialize;

use super::{anchors::hexadecimal, source, source::Unreadable};
use crate::{anchor_folder, cli::VerifyArgs, print};

/// What `--json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Report {
    verdict: Verdict,
    /// Why it is not verified.
    reason: Option<String>,
    /// Who signed it, if that is proven.
    signer: Option<SignerTold>,
    /// The time at which certificates were judged.
    at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Verified,
    NotVerified,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct SignerTold {
    subject: String,
    /// SHA-256 of its public key.
    key_sha256: String,
    issuer: String,
    anchor: String,
    not_after: Timestamp,
}

pub(super) fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let report = report(args)?;
    if args.json {
        print::json(&report)?;
    } else {
        print::line(text(&report))?;
    }
    Ok(match report.verdict {
        Verdict::Verified => ExitCode::SUCCESS,
        Verdict::NotVerified => ExitCode::FAILURE,
    })
}

fn report(args: &VerifyArgs) -> anyhow::Result<Report> {
    if args.file == "-" && args.signature == "-" {
        return Err(unreadable("-", "file and signature cannot both be standard input").into());
    }
    let file = source::octets(&args.file)?;
    if file.len() > Limits::default().octets {
        let reason = format!("it is longer than {} octets", Limits::default().octets);
        return Err(unreadable(&args.file, &reason).into());
    }
    let signature = source::octets(&args.signature)?;
    let anchors = anchors(&args.anchors)?;
    let at = args.at.unwrap_or_else(Timestamp::now);
    let signer = match &args.thing {
        Some(name) => {
            let claims = mud_url_of_certificate(&source::octets(name)?)
                .map_err(|error| unreadable(name, &error.to_string()))?;
            claims.signer
        }
        None => None,
    };
    if let Some(reason) = args.url.as_ref().and_then(|url| other_url(&file, url)) {
        return Ok(Report {
            verdict: Verdict::NotVerified,
            reason: Some(print::plain(&reason)),
            signer: None,
            at,
        });
    }
    Ok(
        match verify(&file, &signature, &anchors, signer.as_ref(), Clock::Valid(at)) {
            Ok(verified) => Report {
                verdict: Verdict::Verified,
                reason: None,
                signer: Some(SignerTold {
                    subject: verified.signer.subject,
                    key_sha256: hexadecimal(&verified.signer.key_sha256),
                    issuer: verified.signer.issuer,
                    anchor: verified.signer.anchor,
                    not_after: verified.signer.not_after,
                }),
                at,
            },
            Err(refusal) => Report {
                verdict: Verdict::NotVerified,
                reason: Some(print::plain(&refusal.to_string())),
                signer: None,
                at,
            },
        },
    )
}

/// Why the file is not that of a URL, if it is not (RFC 8520 section 3.2).
fn other_url(file: &[u8], url: &MudUrl) -> Option<String> {
    match outline(file) {
        Ok(outline) if outline.mud_url == *url => None,
        Ok(outline) => Some(format!("the file says that it is that of {}", outline.mud_url)),
        Err(error) => Some(format!("it is not a MUD file: {error}")),
    }
}

/// The anchors of a folder. What cannot be used is told and left out, as the gateway does.
fn anchors(folder: &Path) -> Result<TrustAnchors, Unreadable> {
    let mut anchors = TrustAnchors::default();
    let files = anchor_folder::files(folder)
        .map_err(|error| unreadable(&folder.display().to_string(), &error.to_string()))?;
    for path in files.iter().take(anchor_folder::MAX_FILES) {
        match anchor_folder::read(path) {
            Ok(read) => anchors.append(read),
            Err(reason) => eprintln!(
                "mudguard: {}: no trust anchor: {}",
                path.display(),
                print::plain(&reason)
            ),
        }
    }
    Ok(anchors)
}

fn unreadable(name: &str, reason: &str) -> Unreadable {
    Unreadable {
        name: name.to_owned(),
        reason: reason.to_owned(),
    }
}

fn text(report: &Report) -> String {
    match report {
        Report {
            signer: Some(signer), ..
        } => format!(
            "verified: signed by {}, until {}\nissued by {}\ntrust anchor {}\nkey {}",
            print::plain(&signer.subject),
            signer.not_after,
            print::plain(&signer.issuer),
            print::plain(&signer.anchor),
            signer.key_sha256
        ),
        Report { reason, .. } => format!("not verified: {}", reason.as_deref().unwrap_or_default()),
    }
}
