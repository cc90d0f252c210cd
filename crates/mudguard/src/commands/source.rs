//! Where the offline commands read from: files and standard input, with a bound.

use std::{
    fs::File,
    io::{self, Read},
};

use mudguard_mud::{Dialect, Limits, MudFile, Parsed, Severity, parse};
use thiserror::Error;

use crate::{cli::DialectName, print};

/// Something could not be read at all; the command ends with exit code 2.
#[derive(Debug, Error)]
#[error("{name}: {reason}")]
pub(crate) struct Unreadable {
    /// The file as the user named it.
    pub(crate) name: String,
    /// Why.
    pub(crate) reason: String,
}

/// Reads a file, or standard input for `-`. One octet more than a MUD file may have is read, so that the reader of the file can
/// say that it is too long.
///
/// # Errors
/// If it cannot be opened or read.
pub(crate) fn octets(name: &str) -> Result<Vec<u8>, Unreadable> {
    octets_up_to(name, Limits::default().octets)
}

/// Reads a file, or standard input for `-`, and no more than one octet over a limit, so that whoever judges it can say that it is too long.
///
/// # Errors
/// If it cannot be opened or read.
pub(crate) fn octets_up_to(name: &str, limit: usize) -> Result<Vec<u8>, Unreadable> {
    let unreadable = |error: io::Error| Unreadable {
        name: name.to_owned(),
        reason: error.to_string(),
    };
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let read = |source: &mut dyn Read, bytes: &mut Vec<u8>| source.take(bound).read_to_end(bytes);
    if name == "-" {
        read(&mut io::stdin().lock(), &mut bytes)
    } else {
        File::open(name).and_then(|mut file| read(&mut file, &mut bytes))
    }
    .map_err(unreadable)?;
    Ok(bytes)
}

/// Reads and parses a MUD file.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn mud_file(name: &str, dialect: DialectName) -> Result<Parsed, Unreadable> {
    Ok(parse(&octets(name)?, &Limits::default(), dialect.into()))
}

/// Reads a MUD file that is to be used.
///
/// # Errors
/// If it cannot be read, or is refused: then its errors are told.
pub(crate) fn usable(name: &str, dialect: DialectName) -> Result<MudFile, Unreadable> {
    let Parsed { file, findings, .. } = mud_file(name, dialect)?;
    file.ok_or_else(|| {
        let mut errors = findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error);
        let told: Vec<_> = errors
            .by_ref()
            .take(FEW)
            .map(|finding| format!("\n{name}:{}", print::plain(&finding.to_string())))
            .collect();
        let more = match errors.count() {
            0 => String::new(),
            more => format!("\nand {more} more; mudguard lint tells all"),
        };
        Unreadable {
            name: name.to_owned(),
            reason: format!("it is no MUD file that can be used{}{more}", told.concat()),
        }
    })
}

/// How many errors are told.
const FEW: usize = 5;

impl From<DialectName> for Dialect {
    fn from(name: DialectName) -> Self {
        match name {
            DialectName::Strict => Self::Strict,
            DialectName::Community => Self::Community,
        }
    }
}
