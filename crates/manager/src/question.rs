//! What only the owner may decide (RFC 8520 sections 13.2 and 16). Until then the narrower policy holds.
//!
//! What it is not: the asking. When something is asked, and what an answer does, is the manager's.

use std::sync::Arc;

use jiff::Timestamp;
use mudguard_mud::MudUrl;
use mudguard_policy::{Rule, ThingPolicy};
use serde::{Deserialize, Serialize};

use crate::{Channel, FileInForce};

/// Something that only the owner may decide (RFC 8520 sections 13.2 and 16). Until then the narrower policy holds.
#[derive(Clone, Debug)]
pub struct Question {
    /// When it was raised.
    pub raised: Timestamp,
    /// What waits.
    pub waiting: Waiting,
}

/// What waits for the owner.
#[derive(Clone, Debug)]
pub enum Waiting {
    /// A file that does not hold by itself; its [`WaitingFile::doubt`] says why.
    File(Arc<WaitingFile>),
    /// The file in force names addresses, and those ACEs are held (RFC 8520 section 2).
    Addresses,
    /// The Thing announces another MUD URL than the one it is known by, or one that another Thing has proven to be its own.
    Url(MudUrl, Channel),
    /// In the mode `protect`, a Thing that was not admitted yet.
    NewThing,
    /// The file in force names a class of controllers, and nobody has said who they are: its URI, or
    /// [`MY_CONTROLLER`](crate::MY_CONTROLLER).
    Controllers(String),
    /// The file in force names the Things of a maker, and this Thing, which proves nothing, would be one of them.
    Group,
    /// The Thing was seen on this port while it was on another, or a frame there spoke in its name.
    Place(String),
}

/// A question as it is kept; what it is about is kept beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "about")]
pub enum Asked {
    /// [`Waiting::File`]: the file of the Thing's URL that waits.
    File,
    /// [`Waiting::Addresses`].
    Addresses,
    /// [`Waiting::Url`].
    Url {
        /// The URL.
        url: MudUrl,
        /// How it was learnt.
        channel: Channel,
    },
    /// [`Waiting::NewThing`].
    NewThing,
    /// [`Waiting::Controllers`].
    Controllers {
        /// The class.
        class: String,
    },
    /// [`Waiting::Group`].
    Group,
    /// [`Waiting::Place`].
    Place {
        /// The port.
        port: String,
    },
}

/// A file that waits for approval.
#[derive(Clone, Debug)]
pub struct WaitingFile {
    /// The file as it would hold.
    pub file: FileInForce,
    /// What it would permit.
    pub policy: ThingPolicy,
    /// What stands in the way.
    pub doubt: Doubt,
    /// Why it waits, in words.
    pub reason: String,
    /// The rules by which it would permit more than what holds now.
    pub gained: Vec<Rule>,
    /// The rules by which what holds now permits more than it would.
    pub lost: Vec<Rule>,
}

/// Why a file does not hold by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// It is unsigned, or nobody this router knows has signed it, or the signature is not good (RFC 8520 section 13.2).
    Unverified,
    /// All is well with its signature but that the signer's certificate has expired (RFC 8520 section 13.1).
    SignerExpired,
    /// Another than before has signed it (RFC 8520 section 16).
    OtherSigner,
    /// The same signer has signed it, and it permits more than before (RFC 8520 section 16).
    Wider,
    /// It is not written as RFC 8520 says.
    NotAsSpecified,
}

impl Question {
    /// Which question it is: another one has another key.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {}", self.raised, self.waiting.subject())
    }
}

impl Waiting {
    pub(crate) fn subject(&self) -> String {
        match self {
            Self::File(waiting) => hexadecimal(&waiting.file.sha256),
            Self::Addresses => "addresses".to_owned(),
            Self::Url(url, _) => url.to_string(),
            Self::NewThing => "new-thing".to_owned(),
            Self::Controllers(class) => format!("controllers {class}"),
            Self::Group => "group".to_owned(),
            Self::Place(port) => format!("place {port}"),
        }
    }

    pub(crate) fn asked(&self) -> Asked {
        match self {
            Self::File(_) => Asked::File,
            Self::Addresses => Asked::Addresses,
            Self::Url(url, channel) => Asked::Url {
                url: url.clone(),
                channel: *channel,
            },
            Self::NewThing => Asked::NewThing,
            Self::Controllers(class) => Asked::Controllers { class: class.clone() },
            Self::Group => Asked::Group,
            Self::Place(port) => Asked::Place { port: port.clone() },
        }
    }
}

pub(crate) fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
