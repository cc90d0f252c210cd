//! Every hostile file server of one table: how its retrieval ends, that it ends, that no more is read than a retrieval takes, and that no
//! special-purpose address is dialled meanwhile.

mod cases;
mod namespace;

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use mudguard_fetch::{FetchError, Limits, LookupError, Outcome};
use mudguard_policy::SpecialPurpose;
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

use super::{Authorities, Internet, Names, PATH, SIGNATURE, WEB_SERVER, laboratory, mud_file};
use crate::{
    openssl,
    server::{Raw, Reply, Server},
};

/// The promise: whatever a server does, its retrieval is over then.
const PROMISE: Duration = Duration::from_secs(30);
/// The promise: no more than this is read of what servers send.
const OCTETS: usize = 320 * 1024;
/// What the kernels at both ends of a connection take from a server before anybody reads it.
const KERNELS: usize = 256 * 1024;

/// A hostile file server.
struct Case {
    name: &'static str,
    server: Hostile,
    /// What the owner is told in the end, without the place.
    told: &'static str,
}

/// What it does, where it does not do as it should.
enum Hostile {
    /// It answers requests for the file so.
    File(Reply),
    /// It answers requests for the signature so; the file is good.
    Signature(Reply),
    /// It answers requests for these paths so; what comes first is for the first request.
    Paths(Vec<(&'static str, Vec<Reply>)>),
    /// The signature is over other octets than the file.
    Signed(fn(Vec<u8>) -> Vec<u8>),
    /// The file names this as its signature.
    Names(&'static str),
    /// It has this certificate.
    Certificate(openssl::Request<'static>),
    /// It speaks no TLS, or bad TLS.
    Raw(Raw),
    /// Its name leads there.
    Leads(&'static [&'static str]),
    /// Its name cannot be looked up.
    Unknown(LookupError),
}

impl Case {
    async fn retrieve(
        &self,
        authorities: &Authorities,
        address: IpAddr,
        special: SpecialPurpose,
    ) -> Result<(), String> {
        let impatient = Limits {
            connect: Duration::from_secs(3),
            idle: Duration::from_secs(3),
            transfer: Duration::from_secs(6),
            ..Limits::default()
        };
        let mut certificate = openssl::Request {
            extensions: WEB_SERVER,
            ..openssl::Request::default()
        };
        if let Hostile::Certificate(other) = &self.server {
            certificate = *other;
        }
        let server = if let Hostile::Raw(raw) = &self.server {
            Server::raw(address, raw.clone())
        } else {
            Server::start_at(address, &authorities.server(certificate))
        };
        let names = Names::default();
        let lead = if let Hostile::Leads(addresses) = &self.server {
            Ok(addresses.iter().map(|address| address.parse().unwrap()).collect())
        } else if let Hostile::Unknown(error) = &self.server {
            Err(*error)
        } else {
            Ok(vec![address])
        };
        for name in ["files.example.com", "other.example.com"] {
            names
                .answers
                .lock()
                .unwrap()
                .insert(name.to_owned(), lead.clone());
        }
        let internet = Internet::of(authorities, server, names, special, impatient);
        self.set_up(&internet);
        let result = timeout(PROMISE, internet.retrieve()).await;
        let told = match result {
            Err(_) => "does not end".to_owned(),
            Ok(Ok(Outcome::Verified(_))) => "verified".to_owned(),
            Ok(Ok(Outcome::Unchanged)) => "unchanged".to_owned(),
            Ok(Ok(Outcome::Unverified(file))) => format!("waits: {}", file.doubt),
            Ok(Err(error)) => format!("{}: {error}", kind(&error)),
        };
        if !told.contains(self.told) {
            return Err(format!("{}: expected {:?}, got {told:?}", self.name, self.told));
        }
        let sent = internet.server.sent();
        if sent > OCTETS + KERNELS {
            return Err(format!("{}: {sent} octets were taken from the server", self.name));
        }
        Ok(())
    }

    fn set_up(&self, internet: &Internet) {
        let file = internet.publish();
        let server = &internet.server;
        match &self.server {
            Hostile::File(reply) => server.reply(PATH, reply.clone()),
            Hostile::Signature(reply) => server.reply(SIGNATURE, reply.clone()),
            Hostile::Paths(paths) => {
                for (path, replies) in paths {
                    server.replies(path, replies.clone());
                }
            }
            Hostile::Signed(change) => {
                let signature = internet.workshop.sign(&change(file), &internet.signer);
                server.reply(SIGNATURE, Reply::body(&signature));
            }
            Hostile::Names(signature) => {
                server.reply(PATH, Reply::body(&mud_file(&internet.url(), Some(signature))));
            }
            Hostile::Certificate(_) | Hostile::Raw(_) | Hostile::Leads(_) | Hostile::Unknown(_) => {}
        }
    }
}

fn kind(error: &FetchError) -> &'static str {
    match error {
        FetchError::Transient { .. } => "later",
        FetchError::Absent { .. } => "absent",
        FetchError::TooLarge { .. } => "too large",
        FetchError::Untrusted { .. } => "untrusted",
        FetchError::Refused { .. } => "refused",
        FetchError::InFlight(_) => "in flight",
        FetchError::Client(_) | FetchError::Socket(_) => "defect",
    }
}

/// Retrieves from all of them, whose servers are at this address.
async fn all(address: IpAddr, special: SpecialPurpose) {
    let cases = cases::cases();
    let count = cases.len();
    assert!(count >= 60, "the table has shrunk to {count} cases");
    let names: BTreeSet<_> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), count, "two cases have one name");
    let authorities = Arc::new(Authorities::new());
    let at_once = Arc::new(Semaphore::new(4));
    let mut retrievals = JoinSet::new();
    for case in cases {
        let (authorities, at_once, special) =
            (Arc::clone(&authorities), Arc::clone(&at_once), special.clone());
        retrievals.spawn(async move {
            let _turn = at_once.acquire().await.unwrap();
            case.retrieve(&authorities, address, special).await
        });
    }
    let wrong: Vec<_> = retrievals
        .join_all()
        .await
        .into_iter()
        .filter_map(Result::err)
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn each_hostile_file_server_ends_as_it_must() {
    all(Ipv4Addr::LOCALHOST.into(), laboratory()).await;
}
