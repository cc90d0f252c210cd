//! Keys, certificates and signatures, made by the `openssl` command while the home is built. They go with the home.
//!
//! What it is not: it makes only good ones. How bad ones are refused is tested where they are verified.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::Context;

use super::running::{feed, run};

/// A certification authority and where its files are.
#[derive(Debug)]
pub struct Authority {
    folder: PathBuf,
    identity: Identity,
    issued: AtomicU32,
}

/// A private key and its certificate, both in PEM form.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The file of the key.
    pub key: PathBuf,
    /// The file of the certificate.
    pub certificate: PathBuf,
}

/// What openssl would otherwise take from the machine's configuration.
const CONFIGURATION: &str = "\
[req]
distinguished_name = none
[none]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
";

impl Authority {
    /// Makes an authority in a new folder.
    ///
    /// # Errors
    /// If openssl fails.
    pub fn new(folder: PathBuf, common_name: &str) -> anyhow::Result<Self> {
        fs::create_dir(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let identity = Identity {
            key: folder.join("authority.key"),
            certificate: folder.join("authority.pem"),
        };
        let subject = format!("/O=Mudguard laboratory/CN={common_name}");
        let mut command = request(&folder, &identity, &subject, CONFIGURATION, "authority")?;
        run(&mut command)?;
        Ok(Self {
            folder,
            identity,
            issued: AtomicU32::new(0),
        })
    }

    /// The authority's own certificate, which those must have who trust it.
    pub fn certificate(&self) -> &Path {
        &self.identity.certificate
    }

    /// Where its files are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Issues a certificate for a TLS server with these host names.
    ///
    /// # Errors
    /// If openssl fails.
    pub fn server(&self, hosts: &[String]) -> anyhow::Result<Identity> {
        let names: Vec<_> = hosts.iter().map(|host| format!("DNS:{host}")).collect();
        let extensions = format!(
            "extendedKeyUsage = serverAuth\nsubjectAltName = {}\n",
            names.join(",")
        );
        self.issue("/O=Mudguard laboratory/CN=server", &extensions)
    }

    /// Issues a certificate for a signer of MUD files (RFC 8520 section 13.2).
    ///
    /// # Errors
    /// If openssl fails.
    pub fn mud_signer(&self, organisation: &str) -> anyhow::Result<Identity> {
        self.issue(&format!("/O={organisation}/CN=MUD signer"), "")
    }

    /// Issues a certificate for a Thing with this MUD URL (RFC 8520 section 11).
    ///
    /// # Errors
    /// If openssl fails.
    pub fn thing(&self, common_name: &str, mud_url: &str) -> anyhow::Result<Identity> {
        let extensions =
            format!("extendedKeyUsage = clientAuth\n1.3.6.1.5.5.7.1.25 = ASN1:IA5STRING:{mud_url}\n");
        self.issue(&format!("/O=Lamp Maker/CN={common_name}"), &extensions)
    }

    fn issue(&self, subject: &str, extensions: &str) -> anyhow::Result<Identity> {
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        let file = |extension: &str| self.folder.join(format!("{number}.{extension}"));
        let identity = Identity {
            key: file("key"),
            certificate: file("pem"),
        };
        let configuration = format!(
            "{CONFIGURATION}[issued]\nbasicConstraints = CA:FALSE\nkeyUsage = critical, digitalSignature\n\
             subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n{extensions}"
        );
        let mut command = request(&self.folder, &identity, subject, &configuration, "issued")?;
        command
            .arg("-CA")
            .arg(&self.identity.certificate)
            .arg("-CAkey")
            .arg(&self.identity.key);
        run(&mut command)?;
        Ok(identity)
    }
}

impl Identity {
    /// Signs content as RFC 8520 section 13.1 says: a detached CMS signature in DER form.
    ///
    /// # Errors
    /// If openssl fails.
    pub fn sign(&self, content: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut command = Command::new("openssl");
        command.args([
            "cms", "-sign", "-binary", "-outform", "DER", "-md", "sha256", "-signer",
        ]);
        command.arg(&self.certificate).arg("-inkey").arg(&self.key);
        feed(&mut command, content)
    }
}

/// The command that makes a key and a certificate, signed by itself if nothing is added.
fn request(
    folder: &Path,
    identity: &Identity,
    subject: &str,
    configuration: &str,
    section: &str,
) -> anyhow::Result<Command> {
    let file = identity.certificate.with_extension("cnf");
    fs::write(&file, configuration)?;
    let mut command = Command::new("openssl");
    command.current_dir(folder).args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
    ]);
    command.args([
        "-nodes",
        "-sha256",
        "-days",
        "30",
        "-subj",
        subject,
        "-extensions",
        section,
    ]);
    command
        .arg("-config")
        .arg(file)
        .arg("-keyout")
        .arg(&identity.key)
        .arg("-out")
        .arg(&identity.certificate);
    Ok(command)
}
