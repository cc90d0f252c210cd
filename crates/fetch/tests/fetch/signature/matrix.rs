//! The matrix of signatures: each row is one signature that `openssl` makes when the tests run, with a name and with what becomes of it.
//!
//! Signatures that differ in more than the certificates and the options of openssl have tests of their own beside this file.

use std::{collections::HashSet, thread};

use mudguard_fetch::{SignatureRefusal as Refusal, Verified};

use super::{FILE, check};
use crate::openssl::{AUTHORITY, Key, P256, Request, SIGNER, Workshop, text};

/// A signature, and what becomes of it.
struct Vector {
    name: &'static str,
    /// The authority between the anchor and the signer, if there is one.
    middle: Option<Request<'static>>,
    signer: Request<'static>,
    /// Further options of `openssl cms -sign`.
    options: &'static str,
    /// `None`: it is good.
    refused: Option<Refusal>,
}

impl Vector {
    fn verdict(&self) -> Result<Verified, Refusal> {
        let workshop = Workshop::new();
        let anchor = workshop.authority();
        let Some(middle) = self.middle else {
            let signer = workshop.issue(&anchor, self.signer);
            return check(&workshop.sign_with(FILE, &signer, self.options), &anchor);
        };
        let middle = workshop.issue(&anchor, middle);
        let signer = workshop.issue(&middle, self.signer);
        let options = format!("-certfile {} {}", text(&middle.certificate), self.options);
        check(&workshop.sign_with(FILE, &signer, &options), &anchor)
    }

    /// What is wrong with the verdict, if anything is.
    fn fault(&self) -> Option<String> {
        let verdict = self.verdict();
        let is_right = match (&verdict, &self.refused) {
            (Ok(verified), None) => !verified.provisional,
            (Err(refusal), Some(expected)) => refusal == expected,
            (Ok(_), Some(_)) | (Err(_), None) => false,
        };
        (!is_right).then(|| format!("{}: {verdict:?}, expected {:?}", self.name, self.refused))
    }
}

fn vector(name: &'static str, signer: Request<'static>, options: &'static str) -> Vector {
    Vector {
        name,
        middle: None,
        signer,
        options,
        refused: None,
    }
}

fn with_options(name: &'static str, options: &'static str) -> Vector {
    vector(name, Request::default(), options)
}

fn with_key(name: &'static str, key: Key, options: &'static str) -> Vector {
    let signer = Request {
        key,
        ..Request::default()
    };
    vector(name, signer, options)
}

/// The extensions are kept for as long as the tests run.
fn with_extensions(name: &'static str, extensions: String) -> Vector {
    let signer = Request {
        extensions: extensions.leak(),
        ..Request::default()
    };
    vector(name, signer, "")
}

fn under(name: &'static str, middle: Request<'static>) -> Vector {
    Vector {
        middle: Some(middle),
        ..with_options(name, "")
    }
}

fn under_extensions(name: &'static str, extensions: String) -> Vector {
    under(
        name,
        Request {
            extensions: extensions.leak(),
            ..middle()
        },
    )
}

fn under_name_constraints(name: &'static str, certified: &str) -> Vector {
    Vector {
        signer: with_extensions(name, format!("{SIGNER}\nsubjectAltName=DNS:{certified}")).signer,
        ..under_extensions(
            name,
            format!("{AUTHORITY}\nnameConstraints=critical,permitted;DNS:.example.com"),
        )
    }
}

fn middle() -> Request<'static> {
    Request::authority("/CN=middle")
}

fn is_refused(refusal: Refusal, vector: Vector) -> Vector {
    Vector {
        refused: Some(refusal),
        ..vector
    }
}

const RSA: Key = Key::Rsa(2048);
const PSS: &str = "-keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:";

fn good() -> Vec<Vector> {
    let purposes = |purpose| format!("{SIGNER}\nextendedKeyUsage={purpose}");
    vec![
        with_key("ECDSA P-256, SHA-256, no extended key usage", P256, "-md sha256"),
        with_key("ECDSA P-256, SHA-384", P256, "-md sha384"),
        with_key("ECDSA P-384, SHA-256", Key::Curve("P-384"), "-md sha256"),
        with_key("ECDSA P-384, SHA-384", Key::Curve("P-384"), "-md sha384"),
        with_key("RSA 2048, SHA-256", RSA, "-md sha256"),
        with_key("RSA 2048, SHA-512", RSA, "-md sha512"),
        with_key("RSA 3072, SHA-384", Key::Rsa(3072), "-md sha384"),
        with_key("PSS, SHA-256, salt 32", RSA, format!("-md sha256 {PSS}32").leak()),
        with_key("PSS, SHA-384, salt 48", RSA, format!("-md sha384 {PSS}48").leak()),
        with_key("PSS, SHA-512, salt 64", RSA, format!("-md sha512 {PSS}64").leak()),
        with_options("a signer named by its key identifier", "-keyid"),
        with_options(
            "content of the type of MUD files",
            "-econtent_type 1.2.840.113549.1.9.16.1.41",
        ),
        with_options("the attribute of the signing certificate", "-cades"),
        with_options("no attribute of capabilities", "-nosmimecap"),
        with_extensions("for e-mail", purposes("emailProtection")),
        with_extensions("for any purpose", purposes("anyExtendedKeyUsage")),
        with_extensions(
            "critical, also for e-mail",
            purposes("critical,serverAuth,emailProtection"),
        ),
        with_extensions(
            "key usage with further bits",
            "keyUsage=digitalSignature,nonRepudiation,keyEncipherment".to_owned(),
        ),
        // The faults of middle authorities below differ from this one in one thing each.
        under("a middle authority that is fit", middle()),
        under_name_constraints("a name that the middle authority may certify", "www.example.com"),
    ]
}

fn wrong_algorithms() -> Vec<Vector> {
    let digest = |name: &str| Refusal::DigestAlgorithm(name.to_owned());
    let algorithm = |name: &str| Refusal::SignatureAlgorithm(name.to_owned());
    let curve = |name: &str| Refusal::PublicKey(format!("the elliptic curve {name}"));
    vec![
        is_refused(digest("id-md5"), with_key("RSA, MD5", RSA, "-md md5")),
        is_refused(digest("id-sha1"), with_key("RSA, SHA-1", RSA, "-md sha1")),
        is_refused(digest("id-sha224"), with_key("RSA, SHA-224", RSA, "-md sha224")),
        is_refused(digest("id-sha1"), with_options("ECDSA, SHA-1", "-md sha1")),
        is_refused(
            Refusal::ShortKey(1024),
            with_key("RSA 1024", Key::Rsa(1024), "-md sha256"),
        ),
        is_refused(
            Refusal::ShortKey(2040),
            with_key("RSA 2040", Key::Rsa(2040), "-md sha256"),
        ),
        is_refused(
            curve("1.3.132.0.10"),
            with_key("secp256k1", Key::Curve("secp256k1"), "-md sha256"),
        ),
        is_refused(
            curve("secp521r1"),
            with_key("P-521", Key::Curve("P-521"), "-md sha256"),
        ),
        is_refused(
            curve("1.3.36.3.3.2.8.1.1.7"),
            with_key("brainpoolP256r1", Key::Curve("brainpoolP256r1"), "-md sha256"),
        ),
        is_refused(
            algorithm("ecdsa-with-SHA512"),
            with_key("ECDSA with a digest that is not in the table", P256, "-md sha512"),
        ),
        is_refused(
            algorithm("id-RSASSA-PSS"),
            with_key("PSS with another salt", RSA, format!("-md sha256 {PSS}20").leak()),
        ),
    ]
}

fn wrong_signers() -> Vec<Vector> {
    let usage = |name, usage: &str| {
        is_refused(
            Refusal::NotForSignatures,
            with_extensions(name, format!("keyUsage=critical,{usage}")),
        )
    };
    let purpose = |name, purpose: &str| {
        let extensions = format!("{SIGNER}\nextendedKeyUsage={purpose}\nsubjectAltName=DNS:www.example.com");
        is_refused(Refusal::OtherPurpose, with_extensions(name, extensions))
    };
    let authority = "basicConstraints=critical,CA:TRUE\nkeyUsage=digitalSignature,keyCertSign";
    let sha1 = Request {
        digest: "sha1",
        ..Request::default()
    };
    vec![
        is_refused(
            Refusal::NoKeyUsage,
            with_extensions("no key usage", "basicConstraints=CA:FALSE".to_owned()),
        ),
        usage("for the encipherment of keys", "keyEncipherment"),
        usage("for non-repudiation alone", "nonRepudiation"),
        usage("for key agreement", "keyAgreement"),
        purpose("for web servers", "serverAuth"),
        purpose("for web servers and clients", "serverAuth,clientAuth"),
        purpose("for code", "codeSigning"),
        is_refused(
            Refusal::SignerIsAuthority,
            with_extensions("an authority that signs files itself", authority.to_owned()),
        ),
        is_refused(
            Refusal::InvalidChain("a certificate in it has a critical extension that is not understood"),
            with_extensions(
                "a critical extension that nobody knows",
                format!("{SIGNER}\n1.2.3.4=critical,ASN1:NULL"),
            ),
        ),
        is_refused(
            Refusal::WeakChain,
            vector("a certificate signed with SHA-1", sha1, ""),
        ),
    ]
}

fn wrong_forms() -> Vec<Vector> {
    vec![
        is_refused(Refusal::Pem, with_options("PEM", "-outform PEM")),
        is_refused(Refusal::NotDer, with_options("a mail", "-outform SMIME")),
        is_refused(
            Refusal::NotDer,
            with_options("BER of indefinite length", "-stream"),
        ),
        is_refused(
            Refusal::AttachedContent,
            with_options("attached content", "-nodetach"),
        ),
        is_refused(
            Refusal::ContentType,
            with_options(
                "content of another type",
                "-econtent_type 1.2.840.113549.1.9.16.1.4",
            ),
        ),
        is_refused(
            Refusal::NoSignedAttributes,
            with_options("ECDSA, no signed attributes", "-noattr"),
        ),
        is_refused(
            Refusal::NoSignedAttributes,
            with_key("RSA, no signed attributes", RSA, "-noattr"),
        ),
        is_refused(
            Refusal::CertificateCount(0),
            with_options("no certificate", "-nocerts"),
        ),
    ]
}

fn wrong_chains() -> Vec<Vector> {
    let sha1 = Request {
        digest: "sha1",
        ..middle()
    };
    let short = Request {
        key: Key::Rsa(1024),
        ..middle()
    };
    vec![
        is_refused(
            Refusal::InvalidChain("a certificate in it is not that of an authority"),
            under_extensions(
                "a middle certificate of no authority",
                "basicConstraints=CA:FALSE\nkeyUsage=keyCertSign".to_owned(),
            ),
        ),
        is_refused(
            Refusal::InvalidChain("an authority in it may not issue certificates"),
            under_extensions(
                "a middle authority without the right to issue certificates",
                "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature".to_owned(),
            ),
        ),
        is_refused(
            Refusal::OtherPurpose,
            under_extensions(
                "a middle authority for web servers",
                format!("{AUTHORITY}\nextendedKeyUsage=serverAuth"),
            ),
        ),
        is_refused(
            Refusal::WeakChain,
            under("a middle authority signed with SHA-1", sha1),
        ),
        is_refused(
            Refusal::WrongCertificateSignature,
            under("a middle authority with a short key", short),
        ),
        is_refused(
            Refusal::InvalidChain("an authority in it may not issue certificates for this name"),
            under_name_constraints(
                "a name that the middle authority may not certify",
                "www.example.net",
            ),
        ),
    ]
}

#[track_caller]
fn each_ends_as_it_must(vectors: &[Vector]) {
    let half = vectors.len().div_ceil(2);
    let faults: Vec<_> = thread::scope(|scope| {
        let halves: Vec<_> = vectors
            .chunks(half)
            .map(|half| scope.spawn(|| half.iter().filter_map(Vector::fault).collect::<Vec<_>>()))
            .collect();
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn good_signatures_are_accepted() {
    each_ends_as_it_must(&good());
}

#[test]
fn algorithms_and_keys_that_are_not_accepted() {
    each_ends_as_it_must(&wrong_algorithms());
}

#[test]
fn certificates_of_signers_that_are_not_fit() {
    each_ends_as_it_must(&wrong_signers());
}

#[test]
fn forms_that_are_not_the_one_of_a_detached_signature() {
    each_ends_as_it_must(&wrong_forms());
}

#[test]
fn authorities_between_the_anchor_and_the_signer_that_are_not_fit() {
    each_ends_as_it_must(&wrong_chains());
}

/// The tests above make every row.
#[test]
fn the_matrix_has_at_least_forty_vectors_each_with_a_name_of_its_own() {
    let all: Vec<_> = [
        good(),
        wrong_algorithms(),
        wrong_signers(),
        wrong_forms(),
        wrong_chains(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let names: HashSet<_> = all.iter().map(|vector| vector.name).collect();
    assert_eq!(names.len(), all.len(), "two have one name");
    assert!(all.len() >= 40, "{} vectors", all.len());
}
