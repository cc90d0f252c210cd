//! Retrieval of a MUD file: the file, its signature, and the verdict over both (RFC 8520 sections 1.6, 3.2 and 13.2).
//!
//! What it is not: it keeps nothing and decides nothing. When a file is retrieved, and whether it takes hold, is for the MUD manager.

mod error;
mod failure;
mod flights;
mod headers;
mod limits;
mod lookup;
mod tls;
mod transfer;
mod wire;

use std::sync::Arc;

use jiff::Timestamp;
use mudguard_mud::{MudUrl, MudUrlError, outline};
use mudguard_policy::SpecialPurpose;
use tokio::time::timeout;
use tracing::{debug, warn};

pub use self::{
    error::{FetchError, Place, Refusal, Resource, TransientCause, UntrustedCause},
    limits::Limits,
    lookup::{Lookup, LookupError, NameLookup},
    tls::{TlsRoots, TlsRootsError},
};
use self::{
    flights::Flights,
    headers::Conditions,
    transfer::{Body, Session},
    wire::Meter,
};
use crate::{
    Clock, SignatureRefusal, Signer, SignerSubject, TrustAnchors, Verified, signature::sha256, verify,
};

/// Retrieves MUD files. It is cheap to clone, and all clones share their limits.
#[derive(Clone)]
pub struct Retriever {
    shared: Arc<Shared>,
}

struct Shared {
    roots: TlsRoots,
    lookup: Box<dyn NameLookup>,
    special_purpose: SpecialPurpose,
    limits: Limits,
    flights: Flights,
}

/// A file that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The MUD URL.
    pub url: MudUrl,
    /// The entity tag of the file that is known already.
    pub etag: Option<String>,
    /// The modification time of the file that is known already, as its server wrote it.
    pub last_modified: Option<String>,
    /// Who must have signed it, if the Thing's certificate says so (id-pe-mudsigner).
    pub signer: Option<SignerSubject>,
}

/// What came of a retrieval.
#[derive(Debug)]
pub enum Outcome {
    /// A file with a good signature.
    Verified(VerifiedFile),
    /// A file of which nobody whom we know says that it is right: a person decides (RFC 8520 section 13.2).
    Unverified(UnverifiedFile),
    /// The server has no other file than the one that is known already.
    Unchanged,
}

/// A MUD file with a good signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedFile {
    /// The file.
    pub file: RetrievedFile,
    /// Who signed it.
    pub signer: Signer,
    /// Whether dates could not be judged, so that it must be retrieved again when the clock is right.
    pub provisional: bool,
}

/// A MUD file that is not verified.
#[derive(Debug)]
pub struct UnverifiedFile {
    /// The file.
    pub file: RetrievedFile,
    /// Why it is not verified.
    pub doubt: Doubt,
}

/// The octets of a MUD file, and where they came from. Nothing but `mud-url` and `mud-signature` was read from them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrievedFile {
    /// The MUD URL asked for, which the file names as its own.
    pub url: MudUrl,
    /// The octets, as they are signed.
    pub bytes: Arc<[u8]>,
    /// SHA-256 of the octets.
    pub sha256: [u8; 32],
    /// The entity tag, for the next retrieval.
    pub etag: Option<String>,
    /// The modification time as the server wrote it, for the next retrieval.
    pub last_modified: Option<String>,
    /// When it was retrieved, as far as the clock is known.
    pub retrieved: Timestamp,
}

/// Why a file is not verified although nothing speaks against it.
#[derive(Debug, thiserror::Error)]
pub enum Doubt {
    /// The file names no signature.
    #[error("the file is not signed")]
    Unsigned,
    /// The file names a signature, and was brought by hand without it.
    #[error("the file is signed, and its signature was not brought with it")]
    SignatureNotBrought,
    /// The signature is at a URL that is refused.
    #[error("the URL of the signature is refused: {0}")]
    SignatureUrl(MudUrlError),
    /// The signature cannot be had.
    #[error("{0}")]
    SignatureUnavailable(FetchError),
    /// The signature does not prove who made the file.
    #[error("{0}")]
    Signature(SignatureRefusal),
}

impl Retriever {
    /// Makes a retriever that believes file servers under `roots`, finds them by `lookup` and dials no address that is special.
    #[must_use]
    pub fn new(
        roots: TlsRoots,
        lookup: Box<dyn NameLookup>,
        special_purpose: SpecialPurpose,
        limits: Limits,
    ) -> Self {
        if !special_purpose.treat_as_global().is_empty() {
            let prefixes: Vec<_> = special_purpose
                .treat_as_global()
                .iter()
                .map(ToString::to_string)
                .collect();
            warn!(
                prefixes = prefixes.join(", "),
                "LABORATORY: MUD files may come from these special-purpose addresses"
            );
        }
        let flights = Flights::new(limits.at_once, limits.at_once_from_host);
        Self {
            shared: Arc::new(Shared {
                roots,
                lookup,
                special_purpose,
                limits,
                flights,
            }),
        }
    }

    /// Retrieves a file and verifies its signature under `anchors`. It waits for a free slot, and then ends within
    /// [`Limits::whole`], whatever the server does.
    ///
    /// # Errors
    /// Why there is no file.
    pub async fn retrieve(
        &self,
        request: &Request,
        anchors: &TrustAnchors,
        clock: Clock,
    ) -> Result<Outcome, FetchError> {
        let shared = &*self.shared;
        let _flight = shared.flights.begin(&request.url).await?;
        let session = Session {
            roots: &shared.roots,
            lookup: &*shared.lookup,
            special_purpose: &shared.special_purpose,
            limits: &shared.limits,
            clock,
            client: None,
            meter: Arc::new(Meter::new(shared.limits.octets)),
        };
        let limit = shared.limits.whole;
        let too_slow = request.place().transient(TransientCause::TooSlow(limit));
        let retrieval = Retrieval {
            session,
            request,
            anchors,
        };
        let result = timeout(limit, retrieval.run()).await.unwrap_or(Err(too_slow));
        match &result {
            Ok(Outcome::Verified(_)) => debug!(url = %request.url, "retrieved and verified"),
            Ok(Outcome::Unverified(file)) => debug!(url = %request.url, doubt = %file.doubt, "retrieved"),
            Ok(Outcome::Unchanged) => debug!(url = %request.url, "unchanged"),
            Err(error) => debug!(url = %request.url, %error, "not retrieved"),
        }
        result
    }
}

impl Request {
    fn place(&self) -> Place {
        Place::new(Resource::File, &self.url)
    }
}

/// One retrieval under way.
struct Retrieval<'a> {
    session: Session<'a>,
    request: &'a Request,
    anchors: &'a TrustAnchors,
}

impl Retrieval<'_> {
    async fn run(mut self) -> Result<Outcome, FetchError> {
        let place = self.request.place();
        let conditions = Conditions {
            etag: self.request.etag.as_deref(),
            last_modified: self.request.last_modified.as_deref(),
            fresh: false,
        };
        let Some(body) = self.session.get_if(place.clone(), conditions).await? else {
            return Ok(Outcome::Unchanged);
        };
        let result = self.judge(body, false).await;
        // A file and a signature of two versions, as a distribution network may give while it is updated: both once more, past the
        // caches.
        if matches!(
            &result,
            Err(FetchError::Refused {
                reason: Refusal::Forged(_),
                ..
            })
        ) && let Ok(body) = self.session.get(place, true).await
            && let Ok(outcome) = self.judge(body, true).await
        {
            return Ok(outcome);
        }
        result
    }

    /// Finds the signature of a file and judges both.
    async fn judge(&mut self, body: Body, fresh: bool) -> Result<Outcome, FetchError> {
        let request = self.request;
        let refused = |reason| request.place().refused(reason);
        let outline =
            outline(&body.octets).map_err(|error| refused(Refusal::NotAMudFile(error.to_string())))?;
        if outline.mud_url != request.url {
            return Err(refused(Refusal::OtherMudUrl(outline.mud_url)));
        }
        let file = RetrievedFile {
            url: request.url.clone(),
            sha256: sha256(&body.octets),
            bytes: body.octets.into(),
            etag: body.etag,
            last_modified: body.last_modified,
            retrieved: self.session.clock.now(),
        };
        let unverified = |file, doubt| Ok(Outcome::Unverified(UnverifiedFile { file, doubt }));
        let Some(reference) = outline.mud_signature else {
            return unverified(file, Doubt::Unsigned);
        };
        let place = match request.url.join(&reference) {
            Ok(url) => Place::new(Resource::Signature, &url),
            Err(error) => return unverified(file, Doubt::SignatureUrl(error)),
        };
        let signature = match self.session.get(place.clone(), fresh).await {
            Ok(signature) => signature.octets,
            Err(error @ (FetchError::Transient { .. } | FetchError::Client(_) | FetchError::Socket(_))) => {
                return Err(error);
            }
            Err(error) => return unverified(file, Doubt::SignatureUnavailable(error)),
        };
        match verify(
            &file.bytes,
            &signature,
            self.anchors,
            request.signer.as_ref(),
            self.session.clock,
        ) {
            Ok(Verified { signer, provisional }) => Ok(Outcome::Verified(VerifiedFile {
                file,
                signer,
                provisional,
            })),
            Err(refusal) if refusal.is_forged() => Err(place.refused(Refusal::Forged(refusal))),
            Err(refusal) => unverified(file, Doubt::Signature(refusal)),
        }
    }
}
