//! The owner of retrievals: the manager's wishes become HTTPS requests, at most four at once, and what came of them becomes events.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use jiff::Timestamp;
use mudguard_fetch::{
    Clock, Doubt, FetchError, Lookup, LookupError, NameLookup, Outcome, Request, RetrievedFile, Retriever,
    SignatureRefusal, VerifiedFile,
};
use mudguard_manager::{self as manager, ClockState, Event, Fetched, Retrieved};
use mudguard_resolver::Resolver;
use tokio::{
    sync::{mpsc, watch},
    task::{JoinSet, spawn_blocking},
};
use tracing::{info, warn};

use super::{anchors, clock::Past, core::Retrieval, signers::Signers};

/// Retrievals at the same time.
const AT_ONCE: usize = 4;

/// Finds file servers through the gateway's own resolver. No element is made for what it finds: the gateway is no Thing.
pub(crate) struct OwnResolver(pub(crate) Resolver);

impl NameLookup for OwnResolver {
    fn addresses<'a>(&'a self, host: &'a str) -> Lookup<'a> {
        Box::pin(async move { self.0.addresses(host).await.map_err(|error| lookup_error(&error)) })
    }
}

fn lookup_error(error: &mudguard_resolver::LookupError) -> LookupError {
    use mudguard_resolver::LookupError as Error;
    match error {
        Error::NotAName(_)
        | Error::NotAType(_)
        | Error::NoSuchName(_)
        | Error::NoAddress(_)
        | Error::OnlySpecialPurpose(_) => LookupError::NoAddresses,
        Error::Unavailable(_) => LookupError::NoAnswer,
    }
}

/// What a retrieval needs.
pub(crate) struct Retrievals {
    pub(crate) retriever: Retriever,
    pub(crate) anchors: PathBuf,
    pub(crate) signers: Arc<Signers>,
    pub(crate) past: Past,
    pub(crate) clock: watch::Receiver<ClockState>,
}

impl Retrievals {
    /// Retrieves what is wanted for as long as the gateway runs.
    pub(crate) async fn run(
        self,
        mut wanted: mpsc::Receiver<Retrieval>,
        events: mpsc::Sender<Event>,
    ) -> anyhow::Result<()> {
        let this = Arc::new(self);
        let mut under_way = JoinSet::new();
        loop {
            tokio::select! {
                retrieval = wanted.recv(), if under_way.len() < AT_ONCE => {
                    let retrieval = retrieval.context("the manager has ended")?;
                    let this = Arc::clone(&this);
                    under_way.spawn(async move { this.retrieve(retrieval).await });
                }
                Some(ended) = under_way.join_next() => {
                    let fetched = ended.context("a retrieval")?;
                    events.send(Event::Fetched(fetched)).await.context("the manager has ended")?;
                }
            }
        }
    }

    async fn retrieve(&self, retrieval: Retrieval) -> Fetched {
        let Retrieval { url, etag } = retrieval;
        let signer = self.signers.of(&url);
        let is_judged = signer.as_ref().is_none_or(|(_, is_new)| !is_new);
        let request = Request {
            url: url.clone(),
            etag: etag.filter(|_| is_judged),
            last_modified: None,
            signer: signer.map(|(signer, _)| signer),
        };
        let folder = self.anchors.clone();
        let anchors = spawn_blocking(move || anchors::read(&folder))
            .await
            .unwrap_or_default();
        let result = self.retriever.retrieve(&request, &anchors, self.clock()).await;
        match &result {
            Ok(Outcome::Verified(file)) => {
                info!(%url, signer = %file.signer.subject.escape_debug(), "a MUD file is verified")
            }
            Ok(Outcome::Unverified(file)) => {
                info!(%url, doubt = %file.doubt.to_string().escape_debug(), "a MUD file is not verified");
            }
            Ok(Outcome::Unchanged) => info!(%url, "a MUD file is unchanged"),
            Err(error) => {
                warn!(%url, error = %error.to_string().escape_debug(), "a MUD file was not retrieved")
            }
        }
        Fetched {
            url,
            retrieved: retrieved(result),
        }
    }

    fn clock(&self) -> Clock {
        judging_clock(&self.clock, self.past)
    }
}

/// By which dates are judged.
pub(crate) fn judging_clock(state: &watch::Receiver<ClockState>, past: Past) -> Clock {
    match *state.borrow() {
        ClockState::Valid => Clock::Valid(Timestamp::now()),
        ClockState::Floor | ClockState::Unknown => Clock::Provisional { floor: past.floor() },
    }
}

/// What the manager hears of a retrieval.
fn retrieved(result: Result<Outcome, FetchError>) -> Retrieved {
    match result {
        Ok(outcome) => came(outcome),
        Err(error) => {
            let reason = error.to_string();
            match error {
                FetchError::Transient { .. }
                | FetchError::Absent { .. }
                | FetchError::InFlight(_)
                | FetchError::Client(_)
                | FetchError::Socket(_) => Retrieved::Failed { reason },
                FetchError::TooLarge { .. } | FetchError::Untrusted { .. } | FetchError::Refused { .. } => {
                    Retrieved::Refused { reason }
                }
            }
        }
    }
}

/// What the manager hears of a file that is there.
pub(crate) fn came(outcome: Outcome) -> Retrieved {
    match outcome {
        Outcome::Verified(VerifiedFile {
            file,
            signer,
            provisional,
        }) => {
            let RetrievedFile {
                bytes, sha256, etag, ..
            } = file;
            let key = hexadecimal(&signer.key_sha256);
            let ca = hexadecimal(&signer.ca);
            Retrieved::Verified {
                bytes,
                sha256,
                signer: signer.subject,
                key,
                ca,
                provisional,
                etag,
            }
        }
        Outcome::Unverified(unverified) => {
            let doubt = match &unverified.doubt {
                Doubt::Signature(SignatureRefusal::SignerExpired { .. }) => manager::Doubt::SignerExpired,
                Doubt::Unsigned
                | Doubt::SignatureUrl(_)
                | Doubt::SignatureUnavailable(_)
                | Doubt::SignatureNotBrought
                | Doubt::Signature(_) => manager::Doubt::Unverified,
            };
            let RetrievedFile {
                bytes, sha256, etag, ..
            } = unverified.file;
            Retrieved::Unverified {
                bytes,
                sha256,
                doubt,
                reason: unverified.doubt.to_string(),
                etag,
            }
        }
        Outcome::Unchanged => Retrieved::Unchanged,
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use mudguard_fetch::{
        Doubt, Place, Refusal, Resource, Signer, TransientCause, UntrustedCause, UnverifiedFile,
    };
    use mudguard_mud::MudUrl;

    use super::*;

    fn url() -> MudUrl {
        MudUrl::parse("https://maker.example/lamp").unwrap()
    }

    fn place() -> Place {
        Place {
            resource: Resource::File,
            url: url(),
        }
    }

    fn file() -> RetrievedFile {
        RetrievedFile {
            url: url(),
            bytes: Arc::from(&b"{}"[..]),
            sha256: [7; 32],
            etag: Some("\"1\"".to_owned()),
            last_modified: None,
            retrieved: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_verified_file_names_its_signer_and_key() {
        let signer = Signer {
            subject: "CN=Maker".to_owned(),
            key_sha256: [0xab; 32],
            ca: [0xca; 32],
            issuer: String::new(),
            anchor: String::new(),
            not_after: Timestamp::UNIX_EPOCH,
        };
        let verified = VerifiedFile {
            file: file(),
            signer,
            provisional: true,
        };
        let Retrieved::Verified {
            signer,
            key,
            ca,
            provisional,
            etag,
            ..
        } = retrieved(Ok(Outcome::Verified(verified)))
        else {
            panic!("not verified");
        };
        assert_eq!(
            (signer.as_str(), provisional, etag.as_deref()),
            ("CN=Maker", true, Some("\"1\""))
        );
        assert_eq!((key, ca), ("ab".repeat(32), "ca".repeat(32)));
    }

    /// SIG-11: the maker's duty is over, not proven wrong; the manager keeps the old policy and asks about a new file.
    #[test]
    fn a_signer_whose_time_is_over_is_told_from_a_signature_that_proves_nothing() {
        let doubt = |refusal| {
            let unverified = UnverifiedFile {
                file: file(),
                doubt: Doubt::Signature(refusal),
            };
            let Retrieved::Unverified { doubt, .. } = retrieved(Ok(Outcome::Unverified(unverified))) else {
                panic!("not unverified");
            };
            doubt
        };
        let expired = SignatureRefusal::SignerExpired {
            subject: "CN=Maker".to_owned(),
            not_after: Timestamp::UNIX_EPOCH,
        };
        let authority_expired = SignatureRefusal::AuthorityExpired {
            subject: "CN=Trust".to_owned(),
            not_after: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(doubt(expired), manager::Doubt::SignerExpired);
        assert_eq!(doubt(authority_expired), manager::Doubt::Unverified);
        assert_eq!(doubt(SignatureRefusal::NoKeyUsage), manager::Doubt::Unverified);
    }

    #[test]
    fn an_unsigned_file_is_the_owners_to_decide() {
        let unverified = UnverifiedFile {
            file: file(),
            doubt: Doubt::Unsigned,
        };
        let Retrieved::Unverified { reason, sha256, .. } = retrieved(Ok(Outcome::Unverified(unverified)))
        else {
            panic!("not unverified");
        };
        assert_eq!((reason.as_str(), sha256), ("the file is not signed", [7; 32]));
    }

    #[test]
    fn what_may_work_later_has_failed_and_what_is_wrong_is_refused() {
        let failed = [
            FetchError::Transient {
                place: place(),
                cause: TransientCause::Broken,
            },
            FetchError::Absent {
                place: place(),
                status: 404,
            },
            FetchError::InFlight(url()),
        ];
        for error in failed {
            let text = error.to_string();
            assert!(matches!(retrieved(Err(error)), Retrieved::Failed { reason } if reason == text));
        }
        let refused = [
            FetchError::TooLarge {
                place: place(),
                limit: 1,
            },
            FetchError::Untrusted {
                place: place(),
                cause: UntrustedCause::WrongName,
            },
            FetchError::Refused {
                place: place(),
                reason: Refusal::RedirectNowhere,
            },
        ];
        for error in refused {
            assert!(matches!(retrieved(Err(error)), Retrieved::Refused { .. }));
        }
    }

    #[test]
    fn a_name_without_an_answer_is_told_from_a_name_without_addresses() {
        use mudguard_resolver::LookupError as Error;
        assert_eq!(
            lookup_error(&Error::Unavailable(String::new())),
            LookupError::NoAnswer
        );
        assert_eq!(
            lookup_error(&Error::OnlySpecialPurpose(String::new())),
            LookupError::NoAddresses
        );
    }
}
