//! The zones of the measurement, signed by BIND's tools: a root, a top-level domain, and below it one signed zone of many names and one
//! that is not signed.
//!
//! What it is not: a test of validation; that is `real_zones` of the resolver.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

/// The zone whose names are signed.
pub(super) const SIGNED: &str = "signed.example.";
/// The zone whose names are not.
pub(super) const PLAIN: &str = "plain.example.";
/// All zones, children before their parents.
const APEXES: [&str; 4] = [SIGNED, PLAIN, "example.", "."];

/// Zone files in a folder, and the root's key.
pub(super) struct Zones {
    folder: PathBuf,
    /// The base name of the root's key files.
    root_key: String,
}

impl Zones {
    /// Makes them, with so many names in the signed and in the unsigned zone.
    ///
    /// # Errors
    /// If BIND's tools cannot be run.
    pub(super) fn make(folder: &Path, names: u32) -> anyhow::Result<Self> {
        let mut zones = Self {
            folder: folder.to_owned(),
            root_key: String::new(),
        };
        let hosts: String = (0..names).fold(String::new(), |mut lines, number| {
            let [_, high, middle, low] = number.to_be_bytes();
            let _ = writeln!(lines, "{} A 11.{high}.{middle}.{low}", label(number));
            lines
        });
        let signed = zones.sign(SIGNED, &hosts)?;
        zones.write(PLAIN, &hosts)?;
        let delegations = format!("{}{}{signed}", delegation(SIGNED), delegation(PLAIN));
        let example = zones.sign("example.", &delegations)?;
        zones.sign(".", &format!("{}{example}", delegation("example.")))?;
        Ok(zones)
    }

    /// Each zone and its file.
    pub(super) fn files(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        APEXES
            .into_iter()
            .map(|apex| (apex, self.folder.join(format!("{apex}zone"))))
    }

    /// The file with the DNSKEY record of the root.
    pub(super) fn root_key(&self) -> PathBuf {
        self.folder.join(format!("{}.key", self.root_key))
    }

    /// The DS record of the root, as its four fields.
    ///
    /// # Errors
    /// If BIND's tools cannot be run.
    pub(super) fn root_ds(&self) -> anyhow::Result<String> {
        let record = self.run("dnssec-dsfromkey", &["-a", "SHA-256", &self.root_key])?;
        let fields: Vec<&str> = record.split_whitespace().skip(3).collect();
        Ok(fields.join(" "))
    }

    fn write(&self, apex: &str, body: &str) -> anyhow::Result<PathBuf> {
        let dot = if apex == "." { "" } else { apex };
        let text = format!(
            "$TTL 86400\n$ORIGIN {apex}\n@ SOA ns.{dot} host.{dot} 1 3600 900 604800 300\n@ NS ns.{dot}\nns.{dot} A 127.0.0.1\n{body}"
        );
        let file = self.folder.join(format!("{apex}zone"));
        fs::write(&file, text)?;
        Ok(file)
    }

    /// Signs a zone and returns the DS record for its parent.
    fn sign(&mut self, apex: &str, body: &str) -> anyhow::Result<String> {
        let file = self.write(apex, body)?;
        let file = file.to_string_lossy();
        let key = self.run(
            "dnssec-keygen",
            &["-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "-L", "86400", apex],
        )?;
        let key = key.trim();
        self.run(
            "dnssec-signzone",
            &[
                "-q", "-P", "-z", "-S", "-O", "full", "-o", apex, "-f", &file, &file, key,
            ],
        )?;
        key.clone_into(&mut self.root_key);
        self.run("dnssec-dsfromkey", &["-a", "SHA-256", key])
    }

    fn run(&self, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(&self.folder)
            .output()
            .with_context(|| format!("{program} cannot be started"))?;
        let problem = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program} {arguments:?}: {problem}");
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// The first label of a name.
pub(super) fn label(number: u32) -> String {
    format!("host{number}")
}

fn delegation(child: &str) -> String {
    format!("{child} NS ns.{child}\nns.{child} A 127.0.0.1\n")
}
