//! How a retrieval fails, in plain words and with the place. Text from servers in it is foreign.

use std::{fmt, io, net::IpAddr, time::Duration};

use mudguard_mud::{MudUrl, MudUrlError};
use thiserror::Error;

use super::LookupError;
use crate::SignatureRefusal;

/// Why no file came of a retrieval. The last good file stays in force in every case (RFC 8520 section 1.6).
#[derive(Debug, Error)]
pub enum FetchError {
    /// It may work the next time.
    #[error("{place}: {cause}")]
    Transient {
        /// Of what.
        place: Place,
        /// What happened.
        cause: TransientCause,
    },
    /// The server answers, and says that it does not have it or does not give it.
    #[error("{place}: the server does not give it (HTTP status {status})")]
    Absent {
        /// Of what.
        place: Place,
        /// The HTTP status.
        status: u16,
    },
    /// It has more octets than any MUD file or signature needs.
    #[error("{place}: it is longer than {limit} octets")]
    TooLarge {
        /// Of what.
        place: Place,
        /// The most octets that are read.
        limit: usize,
    },
    /// The server cannot show that it is the one that the URL names (RFC 8520 section 1.6, RFC 6125, RFC 5280).
    #[error("{place}: {cause}")]
    Untrusted {
        /// Of what.
        place: Place,
        /// What is wrong with its certificate.
        cause: UntrustedCause,
    },
    /// What came, or where it would have come from, is refused.
    #[error("{place}: {reason}")]
    Refused {
        /// Of what.
        place: Place,
        /// Why.
        reason: Refusal,
    },
    /// This URL is being retrieved already.
    #[error("{0} is being retrieved already")]
    InFlight(MudUrl),
    /// A defect or a shortage on this router.
    #[error("no HTTPS client could be made")]
    Client(#[source] reqwest::Error),
    /// A shortage on this router.
    #[error("no socket could be made for the HTTPS client")]
    Socket(#[source] io::Error),
}

/// What was being retrieved, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What.
    pub resource: Resource,
    /// The URL, after redirects.
    pub url: MudUrl,
}

/// One of the two things that make up a retrieval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The MUD file.
    File,
    /// Its detached signature.
    Signature,
}

/// What may be different the next time.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TransientCause {
    /// The name of the server has no addresses now.
    #[error(transparent)]
    Lookup(LookupError),
    /// Nobody listens there, or the way is closed.
    #[error("no connection to the server ({0})")]
    NoConnection(io::ErrorKind),
    /// The server speaks no TLS that is accepted (1.2 or 1.3).
    #[error("the server did not agree to a TLS connection")]
    Handshake,
    /// Nothing came for so long.
    #[error("the server said nothing for {} s", .0.as_secs_f32())]
    Stalled(Duration),
    /// Something came, but not all of it in time.
    #[error("it did not arrive within {} s", .0.as_secs_f32())]
    TooSlow(Duration),
    /// The connection ended in the middle, or what came was no HTTP.
    #[error("the connection broke")]
    Broken,
    /// The server has a problem of its own, or too much to do.
    #[error("the server has a problem (HTTP status {0})")]
    Status(u16),
}

/// What is wrong with the certificate of a file server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UntrustedCause {
    /// It is that of another server.
    #[error("the server's certificate is not for this name")]
    WrongName,
    /// Nobody whom the web trusts issued it.
    #[error("the server's certificate was issued by an authority that is not trusted")]
    UnknownIssuer,
    /// Its time is over.
    #[error("the server's certificate has expired")]
    Expired,
    /// Its time has not come.
    #[error("the server's certificate is not valid yet")]
    NotYetValid,
    /// It is malformed, revoked, for another purpose, or signed with a weak algorithm.
    #[error("the server's certificate is not valid")]
    Invalid,
}

/// What is refused, whatever the reason for it may be at the other end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The name leads into the home, or to another address at which no server of the internet can be.
    #[error("the name of the server leads to {address}, which is no address of the internet ({kind})")]
    SpecialPurpose {
        /// The first such address.
        address: IpAddr,
        /// Its entry in the registry of special-purpose addresses.
        kind: &'static str,
    },
    /// Who is asked for a file of one host must not send us to another.
    #[error("redirect to another host, {0}")]
    RedirectToOtherHost(String),
    /// The URL of a redirect is refused as a MUD URL would be.
    #[error("redirect to a URL that is refused: {0}")]
    RedirectUrl(MudUrlError),
    /// A redirect without a target, or with one that is no text.
    #[error("redirect without a target")]
    RedirectNowhere,
    /// More redirects than are followed.
    #[error("more than {0} redirects")]
    TooManyRedirects(usize),
    /// More octets than a retrieval takes, whatever they are: headers, redirects, interim answers and framing count.
    #[error("the server sent more than {0} octets in all")]
    TooMuch(usize),
    /// Compressed, although that was not asked for.
    #[error("it is encoded as {0}, which was not asked for")]
    Encoded(String),
    /// The file cannot be read far enough to find its signature.
    #[error("it is not a MUD file: {0}")]
    NotAMudFile(String),
    /// A file, perhaps rightly signed, that is not the one asked for (RFC 8520 section 3.2).
    #[error("it says that it is the file of {0}")]
    OtherMudUrl(MudUrl),
    /// The file was tampered with, or the server mixes versions of file and signature.
    #[error(transparent)]
    Forged(SignatureRefusal),
}

impl Place {
    pub(super) fn new(resource: Resource, url: &MudUrl) -> Self {
        Self {
            resource,
            url: url.clone(),
        }
    }

    pub(super) fn transient(&self, cause: TransientCause) -> FetchError {
        FetchError::Transient {
            place: self.clone(),
            cause,
        }
    }

    pub(super) fn refused(&self, reason: Refusal) -> FetchError {
        FetchError::Refused {
            place: self.clone(),
            reason,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.resource {
            Resource::File => write!(f, "the MUD file at {}", self.url),
            Resource::Signature => write!(f, "the signature at {}", self.url),
        }
    }
}
