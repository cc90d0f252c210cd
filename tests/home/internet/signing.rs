//! The signatures of the internet's zones (RFC 4035 section 2), made by BIND's tools.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

/// The folder of the keys.
#[derive(Debug)]
pub(super) struct Keys(PathBuf);

impl Keys {
    pub(super) fn new(folder: &Path) -> anyhow::Result<Self> {
        let keys = folder.join("keys");
        fs::create_dir(&keys)?;
        Ok(Self(keys))
    }

    /// Signs a zone that is given as a text, into the file; its DS record.
    pub(super) fn sign(&self, apex: &str, zone: &str, file: &Path) -> anyhow::Result<String> {
        let key = self.run(
            "dnssec-keygen",
            &["-q", "-a", "ECDSAP256SHA256", "-f", "KSK", apex],
        )?;
        let key = key.trim();
        let public = fs::read_to_string(self.0.join(format!("{key}.key")))?;
        let unsigned = self.0.join("unsigned");
        fs::write(&unsigned, format!("{zone}\n{public}"))?;
        let (unsigned, signed) = (unsigned.display().to_string(), file.display().to_string());
        self.run(
            "dnssec-signzone",
            // One key signs everything, and nothing is checked again.
            &["-q", "-P", "-z", "-o", apex, "-f", &signed, &unsigned, key],
        )?;
        self.run("dnssec-dsfromkey", &["-2", &format!("{key}.key")])
    }

    fn run(&self, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(&self.0)
            .output()
            .with_context(|| format!("{program} (package bind9-utils)"))?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program}: {complaint}");
        Ok(String::from_utf8(output.stdout)?)
    }
}
