//! `mudguard certificate`: the MUD URL and the signer that the certificate of a Thing names (RFC 8520 section 11).

mod kept;

use std::{fs, process::ExitCode};

use mudguard_fetch::{CertificateClaims, mud_url_of_certificate};
use mudguard_policy::MacAddress;
use serde::Serialize;

use super::{block_on, client::bring, source, things};
use crate::{cli::brought::CertificateArgs, print};

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
    if let (Some(mac), Some(folder), Some(file)) = (args.mac, &args.keep, &args.file) {
        // Whoever asks is about to let a Thing into the network, which a full disk must not forbid.
        if let Err(error) = source::octets(file)
            .map_err(anyhow::Error::from)
            .and_then(|octets| kept::keep(folder, mac, &octets))
        {
            eprintln!("mudguard: not kept: {}", print::reasons(&error));
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let (Some(mac), Some(folder), Some(serial)) = (args.mac, &args.kept, &args.serial) {
        let (octets, path) = kept::find(folder, mac, serial)?;
        let ended = announce(args, mac, octets)?;
        // It has served; one that stays is replaced by the next.
        let _ = fs::remove_file(path);
        return Ok(ended);
    }
    let octets = source::octets(args.file.as_deref().unwrap_or("-"))?;
    if let Some(mac) = args.mac.filter(|_| args.announce) {
        return announce(args, mac, octets);
    }
    let report = match mud_url_of_certificate(&octets) {
        Ok(claims) => told(claims),
        Err(error) => Report {
            subject: None,
            mud_url: None,
            mud_signer: None,
            reason: Some(error.to_string()),
        },
    };
    if args.client.json {
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

/// Tells the running gateway, which reads the certificate itself.
fn announce(args: &CertificateArgs, mac: MacAddress, octets: Vec<u8>) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        octets.len() <= kept::LONGEST,
        "the certificate is longer than {} octets",
        kept::LONGEST
    );
    let mut path = things::path(&mac.to_string(), "/certificate");
    if let Some(port) = &args.port {
        path += "?port=";
        path += &things::segment(port);
    }
    let answer = block_on(bring(&args.client.control, &path, octets))?;
    things::decided(&args.client, &answer)
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
