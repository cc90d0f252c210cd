//! Certificates that a Thing has shown, kept until it has proved that it holds their keys: a RADIUS server gives the certificate before the
//! proof, and afterwards only its serial number.
//!
//! What it is not: a proof. Anybody may show the certificate of another.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, ensure};
use mudguard_fetch::mud_url_of_certificate;
use mudguard_policy::MacAddress;

/// The longest certificate, in octets.
pub(super) const LONGEST: usize = 64 * 1024;

/// So many are kept; the oldest go.
const MOST: usize = 64;

/// Keeps a certificate if it names a MUD URL; all others are of no use here.
pub(super) fn keep(folder: &Path, mac: MacAddress, octets: &[u8]) -> anyhow::Result<()> {
    let claims = mud_url_of_certificate(octets)?;
    if claims.url.is_none() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| folder.display().to_string())?;
    make_room(folder).with_context(|| folder.display().to_string())?;
    let path = path(folder, mac, &claims.serial)?;
    let unfinished = path.with_extension("new");
    let write = || {
        let _ = fs::remove_file(&unfinished);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)?;
        file.write_all(octets)?;
        fs::rename(&unfinished, &path)
    };
    write().with_context(|| path.display().to_string())
}

/// Finds it again.
pub(super) fn find(folder: &Path, mac: MacAddress, serial: &str) -> anyhow::Result<(Vec<u8>, PathBuf)> {
    let path = path(folder, mac, serial)?;
    let octets = fs::read(&path).with_context(|| {
        format!(
            "no certificate {serial} of {mac} was kept in {}",
            folder.display()
        )
    })?;
    Ok((octets, path))
}

fn path(folder: &Path, mac: MacAddress, serial: &str) -> anyhow::Result<PathBuf> {
    let is_serial = (1..=64).contains(&serial.len()) && serial.bytes().all(|digit| digit.is_ascii_hexdigit());
    ensure!(
        is_serial,
        "\"{}\" is no serial number in hexadecimal digits",
        crate::print::plain(serial)
    );
    let mac = mac.to_string().replace(':', "-");
    Ok(folder.join(format!("{mac}-{}.pem", serial.to_ascii_lowercase())))
}

fn make_room(folder: &Path) -> io::Result<()> {
    let mut files: Vec<(SystemTime, PathBuf)> = fs::read_dir(folder)?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let path = entry.path();
            let is_ours = path
                .extension()
                .is_some_and(|extension| extension == "pem" || extension == "new");
            is_ours.then_some((entry.metadata().ok()?.modified().ok()?, path))
        })
        .collect();
    files.sort_unstable();
    let over = (files.len() + 1).saturating_sub(MOST);
    files
        .iter()
        .take(over)
        .try_for_each(|(_, path)| fs::remove_file(path))
}
