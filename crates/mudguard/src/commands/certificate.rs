//! `mudguard certificate`: the MUD URL and the signer that the certificate of a Thing names (RFC 8520 section 11).

use std::process::ExitCode;

use mudguard_fetch::{CertificateClaims, mud_url_of_certificate};
use serde::Serialize;

use super::source;
use crate::{cli::CertificateArgs, print};

/// What `--json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Report {
    subject: Option<String>,
    mud_url: Option<String>,
    mud_signer: Option<String>,
    /// Why nothing is taken from it.
    reason: Option<String>,
}

pub(super) fn run(args: &CertificateArgs) -> anyhow::Result<ExitCode> {
    let report = match mud_url_of_certificate(&source::octets(&args.file)?) {
        Ok(claims) => told(claims),
        Err(error) => Report {
            subject: None,
            mud_url: None,
            mud_signer: None,
            reason: Some(error.to_string()),
        },
    };
    if args.json {
        print::json(&report)?;
    } else {
        for line in lines(&report) {
            print::line(line)?;
        }
    }
    Ok(if report.mud_url.is_some() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn told(claims: CertificateClaims) -> Report {
    let reason = claims
        .url
        .is_none()
        .then(|| "the certificate names no MUD URL".to_owned());
    Report {
        subject: Some(claims.subject),
        mud_url: claims.url.map(Into::into),
        mud_signer: claims.signer.map(|signer| signer.to_string()),
        reason,
    }
}

fn lines(report: &Report) -> impl Iterator<Item = String> {
    let (subject, signer) = (report.subject.as_deref(), report.mud_signer.as_deref());
    let foreign = |text: Option<&str>| text.map(print::plain);
    [
        ("subject", foreign(subject)),
        // It holds nothing but what a URI may hold, and is told whole.
        ("MUD URL", report.mud_url.clone()),
        ("signer of the MUD file", foreign(signer)),
        ("refused", report.reason.clone()),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| format!("{name}: {value}")))
}
