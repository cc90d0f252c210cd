//! Keys, certificates and signatures for the tests, made by the real `openssl` command when they run. Nothing of it is kept.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use jiff::Timestamp;
use mudguard_fetch::TrustAnchors;
use tempfile::TempDir;

/// The time of all tests; certificates are valid around it unless a test says otherwise.
pub(crate) const NOW: &str = "2026-06-01T12:00:00Z";
/// The usual validity.
pub(crate) const VALID: (&str, &str) = ("20260101000000Z", "20270101000000Z");

/// What a certification authority has.
pub(crate) const AUTHORITY: &str =
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash";
/// What a signer of MUD files has (RFC 8520 section 13.2).
pub(crate) const SIGNER: &str =
    "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash";

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A folder in which openssl works; it is removed at the end of the test.
pub(crate) struct Workshop {
    folder: TempDir,
    count: AtomicU32,
}

/// A key, by the options that make it.
#[derive(Clone, Copy)]
pub(crate) enum Key {
    Curve(&'static str),
    Rsa(u32),
    Ed25519,
}

pub(crate) const P256: Key = Key::Curve("P-256");

/// A private key and its certificate.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) key: PathBuf,
    pub(crate) certificate: PathBuf,
}

/// A certificate that is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) subject: &'a str,
    pub(crate) key: Key,
    pub(crate) extensions: &'a str,
    pub(crate) validity: (&'a str, &'a str),
    pub(crate) digest: &'a str,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self {
            subject: "/O=Example Lighting/CN=MUD signer",
            key: P256,
            extensions: SIGNER,
            validity: VALID,
            digest: "sha256",
        }
    }
}

impl<'a> Request<'a> {
    /// A certificate for a certification authority.
    pub(crate) fn authority(subject: &'a str) -> Self {
        Self {
            subject,
            extensions: AUTHORITY,
            ..Self::default()
        }
    }
}

impl Workshop {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            count: AtomicU32::new(0),
        }
    }

    /// Runs openssl in the folder with these words as its arguments; a failure of it is a failure of the test.
    pub(crate) fn openssl(&self, words: &str) -> Vec<u8> {
        let output = Command::new("openssl")
            .args(
                words
                    .split_ascii_whitespace()
                    .map(|word| word.replace(SPACE, " ")),
            )
            .current_dir(self.folder.path())
            .output()
            .unwrap_or_else(|error| {
                panic!("these tests need the openssl command (apt-get install openssl): {error}")
            });
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {words} failed:\n{complaint}");
        output.stdout
    }

    /// A fresh path in the folder.
    pub(crate) fn path(&self, extension: &str) -> PathBuf {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        self.folder.path().join(format!("{number}.{extension}"))
    }

    /// A file in the folder.
    pub(crate) fn file(&self, content: &[u8]) -> PathBuf {
        let path = self.path("bin");
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn key(&self, key: Key) -> PathBuf {
        let path = self.path("key");
        let kind = match key {
            Key::Curve(name) => {
                format!("EC -pkeyopt ec_paramgen_curve:{name} -pkeyopt ec_param_enc:named_curve")
            }
            Key::Rsa(bits) => format!("RSA -pkeyopt rsa_keygen_bits:{bits}"),
            Key::Ed25519 => "ED25519".to_owned(),
        };
        self.openssl(&format!("genpkey -out {} -algorithm {kind}", text(&path)));
        path
    }

    /// A certificate that signs itself.
    pub(crate) fn root(&self, request: Request<'_>) -> Identity {
        self.certify(None, request)
    }

    /// A self-signed authority for MUD files.
    pub(crate) fn authority(&self) -> Identity {
        self.root(Request::authority("/O=Example Trust/CN=MUD authority"))
    }

    /// A certificate that `issuer` signs.
    pub(crate) fn issue(&self, issuer: &Identity, request: Request<'_>) -> Identity {
        self.certify(Some(issuer), request)
    }

    /// A signer of MUD files, certified by `issuer`.
    pub(crate) fn signer(&self, issuer: &Identity) -> Identity {
        self.issue(issuer, Request::default())
    }

    fn certify(&self, issuer: Option<&Identity>, request: Request<'_>) -> Identity {
        let (key, asked, certificate) = (self.key(request.key), self.path("csr"), self.path("pem"));
        let (index, extensions) = (self.file(b""), self.file(request.extensions.as_bytes()));
        let configuration = self.file(CA_CONFIGURATION.replace("INDEX", text(&index)).as_bytes());
        let shared = format!("-utf8 -config {} -out", text(&configuration));
        let subject = request.subject.replace(' ', SPACE);
        self.openssl(&format!(
            "req -new {shared} {} -key {} -subj {subject}",
            text(&asked),
            text(&key)
        ));
        let by = match issuer {
            None => format!("-selfsign -keyfile {}", text(&key)),
            Some(issuer) => format!(
                "-cert {} -keyfile {}",
                text(&issuer.certificate),
                text(&issuer.key)
            ),
        };
        let (start, end) = request.validity;
        let dates = format!("-startdate {start} -enddate {end} -md {}", request.digest);
        let what = format!("-in {} -extfile {}", text(&asked), text(&extensions));
        self.openssl(&format!(
            "ca {shared} {} -batch -notext -preserveDN {what} {dates} {by}",
            text(&certificate)
        ));
        Identity { key, certificate }
    }

    /// A detached signature in DER form over the exact octets, as RFC 8520 section 13.1 makes it.
    pub(crate) fn sign(&self, content: &[u8], signer: &Identity) -> Vec<u8> {
        self.sign_with(content, signer, "")
    }

    /// The same, with further options of openssl.
    pub(crate) fn sign_with(&self, content: &[u8], signer: &Identity, options: &str) -> Vec<u8> {
        self.cms(content, signer, &format!("-binary -outform DER {options}"))
    }

    /// The same, with further certificates in the signature.
    pub(crate) fn sign_with_chain(&self, content: &[u8], signer: &Identity, chain: &[&Identity]) -> Vec<u8> {
        self.sign_with(
            content,
            signer,
            &format!("-certfile {}", text(&self.bundle(chain))),
        )
    }

    /// `openssl cms -sign` with options of the test's choice.
    pub(crate) fn cms(&self, content: &[u8], signer: &Identity, options: &str) -> Vec<u8> {
        let (input, output) = (self.file(content), self.path("p7s"));
        let by = format!(
            "-signer {} -inkey {}",
            text(&signer.certificate),
            text(&signer.key)
        );
        self.openssl(&format!(
            "cms -sign -in {} -out {} {by} {options}",
            text(&input),
            text(&output)
        ));
        fs::read(output).unwrap()
    }

    /// The certificates of some identities in one PEM file.
    pub(crate) fn bundle(&self, identities: &[&Identity]) -> PathBuf {
        self.file(
            &identities
                .iter()
                .flat_map(|identity| fs::read(&identity.certificate).unwrap())
                .collect::<Vec<_>>(),
        )
    }

    pub(crate) fn der(&self, identity: &Identity) -> Vec<u8> {
        self.openssl(&format!("x509 -in {} -outform DER", text(&identity.certificate)))
    }
}

impl Identity {
    /// The certificate alone, as the only trust anchor.
    pub(crate) fn as_anchor(&self) -> TrustAnchors {
        let mut anchors = TrustAnchors::default();
        anchors.add_pem(&fs::read(&self.certificate).unwrap()).unwrap();
        anchors
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Stands for a space inside of an argument.
const SPACE: &str = "\u{a0}";

const CA_CONFIGURATION: &str = "\
[ca]
default_ca = any
[any]
database = INDEX
new_certs_dir = .
default_md = sha256
rand_serial = yes
policy = any_name
email_in_dn = yes
unique_subject = no
[any_name]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = optional
[req]
distinguished_name = subject
[subject]
";
