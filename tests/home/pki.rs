//! Keys, certificates and signatures, made by the `openssl` command while the home is built. They go with the home.
//!
//! What it is not: of bad ones it makes only those that have expired. How all others are refused is tested where they are verified.

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

/// When a certificate is valid.
#[derive(Clone, Copy)]
enum Validity {
    /// From now on, for a month.
    Now,
    /// In the year 2020.
    Over,
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
        self.issue("/O=Mudguard laboratory/CN=server", &extensions, Validity::Now)
    }

    /// Issues a certificate for a Thing with this MUD URL, whose file must be signed by the MUD signer of this organisation.
    ///
    /// # Errors
    /// If openssl fails.
    pub fn thing_with_signer(
        &self,
        common_name: &str,
        mud_url: &str,
        organisation: &str,
    ) -> anyhow::Result<Identity> {
        let extensions = format!(
            "1.3.6.1.5.5.7.1.25 = ASN1:IA5STRING:{mud_url}\n1.3.6.1.5.5.7.1.30 = ASN1:SEQUENCE:signer\n\
             [signer]\no = SET:o\ncn = SET:cn\n[o]\nvalue = SEQUENCE:organisation\n[cn]\nvalue = SEQUENCE:name\n\
             [organisation]\ntype = OID:organizationName\nvalue = UTF8:{organisation}\n\
             [name]\ntype = OID:commonName\nvalue = UTF8:MUD signer\n"
        );
        self.issue(
            &format!("/O=Lamp Maker/CN={common_name}"),
            &extensions,
            Validity::Now,
        )
    }

    /// Issues a certificate for a TLS server whose last day is over.
    ///
    /// # Errors
    /// If openssl fails.
    pub fn expired_server(&self, host: &str) -> anyhow::Result<Identity> {
        let extensions = format!("extendedKeyUsage = serverAuth\nsubjectAltName = DNS:{host}\n");
        self.issue("/O=Mudguard laboratory/CN=server", &extensions, Validity::Over)
    }

    /// Issues a certificate for a signer of MUD files (RFC 8520 section 13.2).
    ///
    /// # Errors
    /// If openssl fails.
    pub fn mud_signer(&self, organisation: &str) -> anyhow::Result<Identity> {
        self.issue(&format!("/O={organisation}/CN=MUD signer"), "", Validity::Now)
    }

    /// Issues a certificate for a Thing with this MUD URL (RFC 8520 section 11).
    ///
    /// # Errors
    /// If openssl fails.
    pub fn thing(&self, common_name: &str, mud_url: &str) -> anyhow::Result<Identity> {
        let extensions =
            format!("extendedKeyUsage = clientAuth\n1.3.6.1.5.5.7.1.25 = ASN1:IA5STRING:{mud_url}\n");
        self.issue(
            &format!("/O=Lamp Maker/CN={common_name}"),
            &extensions,
            Validity::Now,
        )
    }

    /// The same, but its last day is over.
    ///
    /// # Errors
    /// If openssl fails.
    pub fn expired_mud_signer(&self, organisation: &str) -> anyhow::Result<Identity> {
        self.issue(&format!("/O={organisation}/CN=MUD signer"), "", Validity::Over)
    }

    fn issue(&self, subject: &str, extensions: &str, validity: Validity) -> anyhow::Result<Identity> {
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
        match validity {
            Validity::Now => {}
            Validity::Over => self.issue_again_for_the_past(&identity, number)?,
        }
        Ok(identity)
    }

    /// Only `openssl ca` takes dates; it takes all else from the certificate that is there.
    fn issue_again_for_the_past(&self, identity: &Identity, number: u32) -> anyhow::Result<()> {
        let file = |extension: &str| self.folder.join(format!("{number}.{extension}"));
        fs::write(file("index"), "")?;
        let mut asking = Command::new("openssl");
        asking
            .current_dir(&self.folder)
            .args(["x509", "-x509toreq", "-in"]);
        asking
            .arg(&identity.certificate)
            .arg("-signkey")
            .arg(&identity.key);
        run(asking.arg("-out").arg(file("csr")))?;
        let configuration = fs::read_to_string(file("cnf"))?
            + &format!(
                "[ca]\ndefault_ca = past\n[past]\ndatabase = {number}.index\nnew_certs_dir = .\ndefault_md = sha256\n\
                 rand_serial = yes\npolicy = any_name\n[any_name]\norganizationName = optional\ncommonName = optional\n"
            );
        fs::write(file("cnf"), configuration)?;
        let mut command = Command::new("openssl");
        command
            .current_dir(&self.folder)
            .args(["ca", "-batch", "-notext", "-preserveDN", "-extensions", "issued"])
            .args([
                "-startdate",
                "20200101000000Z",
                "-enddate",
                "20210101000000Z",
                "-config",
            ])
            .arg(file("cnf"));
        command
            .arg("-in")
            .arg(file("csr"))
            .arg("-out")
            .arg(&identity.certificate);
        command.arg("-cert").arg(&self.identity.certificate);
        run(command.arg("-keyfile").arg(&self.identity.key)).map(drop)
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
