//! Retrieval from servers that do as they should, and from all others.

mod addresses;
mod files;
mod headers;
mod hostile;
mod malformed;
mod matrix;
mod redirects;
mod tls;

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use mudguard_fetch::{
    Clock, FetchError, Limits, Lookup, LookupError, NameLookup, Outcome, Request, Retriever, TlsRoots,
    TrustAnchors, VerifiedFile,
};
use mudguard_mud::MudUrl;
use mudguard_policy::SpecialPurpose;

use crate::{
    openssl::{self, Identity, Workshop, now},
    server::{Reply, Server},
};

/// What a certificate of a web server has.
const WEB_SERVER: &str = "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:files.example.com,DNS:other.example.com";

const PATH: &str = "/lamp";
const SIGNATURE: &str = "/odd/lamp-signature?v=1";

/// How long an impatient home waits for an octet, and for a file.
const IDLE: Duration = Duration::from_secs(1);
const TRANSFER: Duration = Duration::from_secs(2);

/// An internet with one file server, and a home that knows its authorities.
struct Internet {
    workshop: Arc<Workshop>,
    web: Identity,
    authority: Identity,
    signer: Identity,
    server: Server,
    names: Arc<Names>,
    anchors: TrustAnchors,
    retriever: Retriever,
}

/// Those whom servers and signers are certified by, and a signer.
struct Authorities {
    workshop: Arc<Workshop>,
    web: Identity,
    authority: Identity,
    signer: Identity,
    roots: TlsRoots,
}

impl Authorities {
    fn new() -> Self {
        let workshop = Workshop::new();
        let web = workshop.root(openssl::Request::authority("/CN=web authority"));
        let authority = workshop.authority();
        Self {
            signer: workshop.signer(&authority),
            roots: roots(&web),
            workshop: Arc::new(workshop),
            web,
            authority,
        }
    }

    /// A file server.
    fn server(&self, certificate: openssl::Request<'_>) -> Identity {
        self.workshop.issue(&self.web, certificate)
    }
}

/// What names lead to; all names lead to the loopback interface if nothing else is said.
#[derive(Default)]
struct Names {
    answers: Mutex<BTreeMap<String, Result<Vec<IpAddr>, LookupError>>>,
    asked: Mutex<Vec<String>>,
}

struct Shared(Arc<Names>);

impl NameLookup for Shared {
    fn addresses<'a>(&'a self, host: &'a str) -> Lookup<'a> {
        self.0.asked.lock().unwrap().push(host.to_owned());
        let answer = self.0.answers.lock().unwrap().get(host).cloned();
        Box::pin(async move { answer.unwrap_or_else(|| Ok(vec!["127.0.0.1".parse().unwrap()])) })
    }
}

/// The laboratory in which 127.0.0.0/8 is the internet.
fn laboratory() -> SpecialPurpose {
    SpecialPurpose::new(vec!["127.0.0.0/8".parse().unwrap()])
}

impl Internet {
    async fn new() -> Self {
        Self::with_limits(Limits::default()).await
    }

    /// An internet in which nobody waits for long.
    async fn impatient() -> Self {
        Self::with_limits(Limits {
            connect: IDLE,
            idle: IDLE,
            transfer: TRANSFER,
            ..Limits::default()
        })
        .await
    }

    async fn with_limits(limits: Limits) -> Self {
        Self::with_certificate(
            limits,
            openssl::Request {
                extensions: WEB_SERVER,
                ..openssl::Request::default()
            },
        )
        .await
    }

    #[allow(
        clippy::unused_async,
        reason = "a server starts within a runtime: who awaits this has one"
    )]
    async fn with_certificate(limits: Limits, certificate: openssl::Request<'_>) -> Self {
        let authorities = Authorities::new();
        let server = Server::start(&authorities.server(certificate));
        Self::of(&authorities, server, Names::default(), laboratory(), limits)
    }

    fn of(
        authorities: &Authorities,
        server: Server,
        names: Names,
        special_purpose: SpecialPurpose,
        limits: Limits,
    ) -> Self {
        let names = Arc::new(names);
        let retriever = Retriever::new(
            authorities.roots.clone(),
            Box::new(Shared(Arc::clone(&names))),
            special_purpose,
            limits,
        );
        Self {
            workshop: Arc::clone(&authorities.workshop),
            web: authorities.web.clone(),
            authority: authorities.authority.clone(),
            signer: authorities.signer.clone(),
            anchors: authorities.authority.as_anchor(),
            server,
            names,
            retriever,
        }
    }

    /// A good file and its signature are on the server.
    fn publish(&self) -> Vec<u8> {
        let file = mud_file(&self.url(), Some(SIGNATURE));
        self.server.reply(PATH, Reply::body(&file));
        self.server
            .reply(SIGNATURE, Reply::body(&self.workshop.sign(&file, &self.signer)));
        file
    }

    fn url(&self) -> MudUrl {
        self.server.url(PATH)
    }

    async fn retrieve(&self) -> Result<Outcome, FetchError> {
        self.retrieve_at(Clock::Valid(now())).await
    }

    async fn retrieve_at(&self, clock: Clock) -> Result<Outcome, FetchError> {
        self.retriever
            .retrieve(&request(&self.url()), &self.anchors, clock)
            .await
    }

    /// How a retrieval fails when the file is answered so.
    async fn failure(&self, reply: Reply) -> FetchError {
        self.server.reply(PATH, reply);
        self.retrieve().await.unwrap_err()
    }
}

fn request(url: &MudUrl) -> Request {
    Request {
        url: url.clone(),
        etag: None,
        last_modified: None,
        signer: None,
    }
}

fn roots(web: &Identity) -> TlsRoots {
    TlsRoots::from_pem(&std::fs::read(&web.certificate).unwrap()).unwrap()
}

/// A MUD file with this URL in it, and this place of its signature.
fn mud_file(url: &MudUrl, signature: Option<&str>) -> Vec<u8> {
    let mut file = serde_json::json!({
        "ietf-mud:mud": {
            "mud-version": 1,
            "mud-url": url.as_str(),
            "last-update": "2026-05-01T00:00:00Z",
            "cache-validity": 48,
            "is-supported": true,
            "systeminfo": "A lamp",
        },
        "ietf-access-control-list:acls": { "acl": [] },
    });
    if let Some(signature) = signature {
        file["ietf-mud:mud"]["mud-signature"] = signature.into();
    }
    serde_json::to_vec_pretty(&file).unwrap()
}

#[track_caller]
fn verified(result: Result<Outcome, FetchError>) -> VerifiedFile {
    match result {
        Ok(Outcome::Verified(file)) => file,
        Ok(Outcome::Unverified(file)) => panic!("not verified: {}", file.doubt),
        Ok(Outcome::Unchanged) => panic!("unchanged"),
        Err(error) => panic!("{error}"),
    }
}
