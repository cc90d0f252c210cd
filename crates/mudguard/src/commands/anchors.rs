//! `mudguard anchors`: the authorities under which signers of MUD files are believed (RFC 8520 sections 13.2 and 16). The gateway reads
//! their folder anew for each retrieval.

mod folder;

use std::{fmt::Write, path::Path, process::ExitCode};

use anyhow::anyhow;
use jiff::Timestamp;
use mudguard_fetch::{TrustAnchorDescription, TrustAnchors};
use serde::Serialize;

use self::folder::{Folder, Held};
use super::source::Unreadable;
use crate::{
    anchor_folder,
    cli::{AnchorFolderArgs, AnchorsAddArgs, AnchorsCommand, AnchorsRemoveArgs},
    print,
};

/// A trust anchor, as `--json` prints it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Told {
    subject: String,
    /// SHA-256 of the certificate.
    fingerprint: String,
    not_before: Timestamp,
    not_after: Timestamp,
    validity: Validity,
    file: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Validity {
    Valid,
    NotYetValid,
    Expired,
}

/// A file that holds no trust anchors.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Unusable {
    file: String,
    reason: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct List {
    anchors: Vec<Told>,
    unusable: Vec<Unusable>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Added {
    added: Vec<Told>,
    /// Those that were there before.
    known: Vec<Told>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Removed {
    removed: Vec<Told>,
}

pub(super) fn run(command: &AnchorsCommand) -> anyhow::Result<ExitCode> {
    match command {
        AnchorsCommand::List(args) => list(args),
        AnchorsCommand::Add(args) => add(args),
        AnchorsCommand::Remove(args) => remove(args),
    }
}

fn list(args: &AnchorFolderArgs) -> anyhow::Result<ExitCode> {
    let folder = open(&args.folder)?;
    let list = List {
        anchors: folder.held.iter().map(held).collect(),
        unusable: folder
            .unusable
            .into_iter()
            .map(|(path, reason)| Unusable {
                file: path.display().to_string(),
                reason: print::plain(&reason),
            })
            .collect(),
    };
    if args.json {
        print::json(&list)?;
    } else {
        for anchor in &list.anchors {
            print::line(text(anchor))?;
        }
        for Unusable { file, reason } in &list.unusable {
            eprintln!("mudguard: {file}: no trust anchor: {reason}");
        }
        if list.anchors.is_empty() {
            print::line("no trust anchors: every MUD file waits for the owner")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn add(args: &AnchorsAddArgs) -> anyhow::Result<ExitCode> {
    let unreadable = |reason: String| Unreadable {
        name: args.file.display().to_string(),
        reason: print::plain(&reason),
    };
    let octets = anchor_folder::content(&args.file).map_err(|error| unreadable(error.to_string()))?;
    let mut anchors = TrustAnchors::default();
    anchors
        .add_file(&octets)
        .and_then(|_| anchors.check_keys())
        .map_err(|error| unreadable(error.to_string()))?;
    let now = Timestamp::now();
    let anchors = anchors.descriptions();
    if let Some(expired) = anchors.iter().find(|anchor| anchor.not_after < now) {
        let TrustAnchorDescription {
            subject, not_after, ..
        } = expired;
        return Err(unreadable(format!("the certificate of {subject} expired on {not_after}")).into());
    }
    let path = &args.folder.folder;
    folder::make(path)?;
    let mut folder = open(path)?;
    let mut report = Added {
        added: Vec::new(),
        known: Vec::new(),
    };
    for anchor in anchors {
        if let Some(known) = folder.held.iter().find(|held| held.anchor == anchor) {
            report.known.push(held(known));
        } else {
            report.added.push(held(folder.add(anchor)?));
        }
    }
    if args.folder.json {
        print::json(&report)?;
    } else {
        tell("added", &report.added)?;
        tell("was there already:", &report.known)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn remove(args: &AnchorsRemoveArgs) -> anyhow::Result<ExitCode> {
    let sha256 = fingerprint(&args.fingerprint).ok_or_else(|| Unreadable {
        name: print::plain(&args.fingerprint),
        reason: "this is no fingerprint; it has 64 hexadecimal digits, as mudguard anchors list shows them"
            .to_owned(),
    })?;
    let path = &args.folder.folder;
    let removed = open(path)?.remove(&sha256)?;
    if removed.is_empty() {
        let fingerprint = hexadecimal(&sha256);
        return Err(anyhow!(
            "{}: no trust anchor has the fingerprint {fingerprint}",
            path.display()
        ));
    }
    let report = Removed {
        removed: removed.iter().map(held).collect(),
    };
    if args.folder.json {
        print::json(&report)?;
    } else {
        tell("removed", &report.removed)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn open(path: &Path) -> Result<Folder, Unreadable> {
    Folder::open(path).map_err(|error| Unreadable {
        name: path.display().to_string(),
        reason: error.to_string(),
    })
}

fn held(held: &Held) -> Told {
    let now = Timestamp::now();
    let Held { anchor, path } = held;
    let validity = if now < anchor.not_before {
        Validity::NotYetValid
    } else if now > anchor.not_after {
        Validity::Expired
    } else {
        Validity::Valid
    };
    Told {
        subject: print::plain(&anchor.subject),
        fingerprint: hexadecimal(&anchor.sha256),
        not_before: anchor.not_before,
        not_after: anchor.not_after,
        validity,
        file: path.display().to_string(),
    }
}

fn text(anchor: &Told) -> String {
    let Told {
        subject,
        fingerprint,
        not_before,
        not_after,
        validity,
        file,
    } = anchor;
    let validity = match validity {
        Validity::Valid => "",
        Validity::NotYetValid => " (not yet)",
        Validity::Expired => " (expired)",
    };
    format!("{subject}\n  SHA-256 {fingerprint}\n  valid {not_before} to {not_after}{validity}\n  in {file}")
}

fn tell(what: &str, anchors: &[Told]) -> anyhow::Result<()> {
    anchors
        .iter()
        .try_for_each(|anchor| print::line(format_args!("{what} {}", text(anchor))))
}

/// Octets as hexadecimal digits.
pub(super) fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// Reads a fingerprint: 64 digits, with or without colons between octets, as openssl writes them.
fn fingerprint(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<_> = text
        .chars()
        .filter(|c| *c != ':')
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let octets: Vec<_> = digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit))
        .collect();
    (digits.len() == 64).then(|| octets.try_into().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_they_are_written() {
        let octets: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 8).unwrap());
        let text = hexadecimal(&octets);
        let colons: Vec<_> = octets.iter().map(|octet| format!("{octet:02X}")).collect();
        assert_eq!(fingerprint(&text), Some(octets));
        assert_eq!(fingerprint(&colons.join(":")), Some(octets));
        for wrong in [
            "",
            "00",
            &text[1..],
            &format!("{text}00"),
            &text.replace('0', "g"),
        ] {
            assert_eq!(fingerprint(wrong), None, "{wrong}");
        }
    }
}
