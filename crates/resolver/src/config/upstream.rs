//! The resolvers that are asked, and how: in cleartext, over TLS (RFC 7858), over HTTPS (RFC 8484).
//!
//! What it is not: it opens no connection.

use std::{fmt, net::SocketAddr};

/// A resolver that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// How it is asked there.
    pub transport: Transport,
}

/// How a resolver is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// By UDP, and by TCP where a reply is too long for it. It may designate a better way itself (RFC 9462), which is then taken.
    Cleartext,
    /// By TCP only, in cleartext.
    Tcp,
    /// Over TLS, and never otherwise (the strict profile of RFC 8310).
    Tls(Proof),
    /// Over HTTPS, and never otherwise.
    Https {
        /// How it proves who it is.
        proof: Proof,
        /// The authority of its URI: a name or an address, with a port if it is not 443.
        authority: String,
        /// The path of its URI.
        path: String,
    },
}

/// How a resolver proves who it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// Its certificate holds this name, or this address, and an authority that is trusted has signed it.
    Name(String),
    /// Its key has one of these SHA-256 digests (of the SubjectPublicKeyInfo, RFC 7858 section 4.2); what its certificate says does
    /// not count. The name, if there is one, is only sent for it to know which key is meant.
    Pins {
        /// The name that is sent.
        name: Option<String>,
        /// The digests.
        pins: Vec<[u8; 32]>,
    },
}

impl From<SocketAddr> for UpstreamServer {
    fn from(address: SocketAddr) -> Self {
        Self {
            address,
            transport: Transport::Cleartext,
        }
    }
}

impl fmt::Display for UpstreamServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.transport {
            Transport::Cleartext => write!(formatter, "{}", self.address),
            Transport::Tcp => write!(formatter, "tcp://{}", self.address),
            Transport::Tls(_) => write!(formatter, "tls://{}", self.address),
            Transport::Https { authority, path, .. } => {
                write!(formatter, "https://{authority}{path} ({})", self.address)
            }
        }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(formatter, "Name({name:?})"),
            Self::Pins { name, pins } => write!(formatter, "Pins({name:?}, {} pins)", pins.len()),
        }
    }
}
