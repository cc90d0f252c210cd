//! What the manager is told.

use std::{net::IpAddr, sync::Arc, time::Duration};

use jiff::Timestamp;
use mudguard_mud::{DomainName, MudUrl, MudUrlError};
use mudguard_policy::{Initiator, MacAddress};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Channel, ClockState, Doubt, Flows, Home, Mode, Notice};

/// The time at which an event is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock, which may jump when it is set.
    pub wall: Timestamp,
    /// The time since the daemon started, which never jumps.
    pub uptime: Duration,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A Thing was seen, and said what it says about itself.
    Announced(Announcement),
    /// The DHCP server of this router gave or renewed a lease.
    Leased {
        /// To whom.
        mac: MacAddress,
        /// On which bridge port.
        port: String,
        /// The address.
        address: IpAddr,
        /// For how long.
        lifetime: Duration,
    },
    /// A Thing gave up an address, or its lease was refused.
    Released {
        /// Who.
        mac: MacAddress,
        /// The address.
        address: IpAddr,
    },
    /// What a Thing said no longer holds: it said that it shuts down, or was silent for longer than it had said.
    Departed {
        /// Who.
        mac: MacAddress,
        /// The bridge port on which it was.
        port: String,
    },
    /// A frame on this port named a Thing as its sender that was not the frame's source (a DHCP `chaddr`).
    Forged {
        /// The Thing that was named.
        mac: MacAddress,
        /// The bridge port on which it was named.
        port: String,
    },
    /// A Thing is at this port now, and its old one has heard nothing of it for long enough.
    Moved {
        /// Who.
        mac: MacAddress,
        /// The bridge port.
        port: String,
    },
    /// The kernel's neighbour table says that this address is at this MAC address.
    Neighbour {
        /// Who.
        mac: MacAddress,
        /// The address.
        address: IpAddr,
    },
    /// A retrieval ended.
    Fetched(Fetched),
    /// The owner brought a file, which is no retrieval: what is refused of it changes nothing, and one under way goes on.
    Brought(Fetched),
    /// The resolver told a Thing addresses.
    Answered(Answer),
    /// The kernel refused to let something pass.
    Denied(Denial),
    /// The home's networks changed.
    HomeChanged(Home),
    /// What is known of the clock changed.
    ClockChanged(ClockState),
    /// The daemon has something to say about itself.
    Noticed(Notice),
    /// The store says why it cannot write; `None` once it writes again.
    Stored(Option<String>),
    /// The kernel took the rules of a snapshot.
    Applied {
        /// The snapshot's version.
        version: u32,
    },
    /// Time has passed.
    Tick,
}

/// What a Thing said about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Who.
    pub mac: MacAddress,
    /// The bridge port.
    pub port: String,
    /// How.
    pub channel: Channel,
    /// The MUD URL.
    pub url: Announced,
    /// The host name; foreign text.
    pub host_name: Option<String>,
}

/// The MUD URL of an announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announced {
    /// A MUD URL.
    Url(MudUrl),
    /// A text that is refused, clipped, with the reason.
    Refused(String, MudUrlError),
    /// The Thing says nothing about it.
    Nothing,
}

/// The end of a retrieval.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The MUD URL asked for.
    pub url: MudUrl,
    /// How it ended.
    pub retrieved: Retrieved,
}

/// How a retrieval ended.
#[derive(Clone, Debug)]
pub enum Retrieved {
    /// A file with a good signature.
    Verified {
        /// The octets.
        bytes: Arc<[u8]>,
        /// SHA-256 of the octets.
        sha256: [u8; 32],
        /// The subject of the signer's certificate.
        signer: String,
        /// SHA-256 of the signer's public key, in hexadecimal.
        key: String,
        /// SHA-256 of the public key of the authority that issued the signer's certificate, in hexadecimal; empty if it is not known.
        ca: String,
        /// Whether dates could not be judged.
        provisional: bool,
        /// The entity tag.
        etag: Option<String>,
    },
    /// A file without a signature that this router can verify: the owner decides.
    Unverified {
        /// The octets.
        bytes: Arc<[u8]>,
        /// SHA-256 of the octets.
        sha256: [u8; 32],
        /// What stands in the way.
        doubt: Doubt,
        /// Why, in words.
        reason: String,
        /// The entity tag.
        etag: Option<String>,
    },
    /// The file server says that the file has not changed.
    Unchanged,
    /// The file, its signature or its server is wrong: not used, and nobody is asked.
    Refused {
        /// Why, in words.
        reason: String,
    },
    /// The file could not be had; it is tried again.
    Failed {
        /// Why, in words.
        reason: String,
    },
}

/// Addresses that the resolver told a Thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whom.
    pub mac: MacAddress,
    /// The name asked for.
    pub name: DomainName,
    /// The addresses.
    pub addresses: Vec<IpAddr>,
}

/// A sample of what the kernel refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The Thing.
    pub mac: MacAddress,
    /// The other end.
    pub peer: IpAddr,
    /// Who tried to open the flow.
    pub initiator: Initiator,
    /// The IP protocol number.
    pub protocol: u8,
    /// The destination port of TCP and UDP.
    pub port: Option<u16>,
}

/// A decision of the owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "command")]
pub enum Command {
    /// Answers the question of a Thing with yes.
    Approve {
        /// The Thing.
        thing: MacAddress,
        /// The [`key`](crate::Question::key) of the question that was read; `None` for whichever waits.
        question: Option<String>,
    },
    /// Answers it with no.
    Reject {
        /// The Thing.
        thing: MacAddress,
        /// The question that was read.
        question: Option<String>,
    },
    /// Allows flows beside the file.
    Allow {
        /// The Thing.
        thing: MacAddress,
        /// The flows.
        flows: Flows,
        /// For how long; `None` for good.
        lasting: Option<Duration>,
    },
    /// Blocks flows that the file may permit.
    Block {
        /// The Thing.
        thing: MacAddress,
        /// The flows.
        flows: Flows,
        /// For how long; `None` for good.
        lasting: Option<Duration>,
    },
    /// Lifts all limits for a while, 48 hours at most.
    Lift {
        /// The Thing.
        thing: MacAddress,
        /// For how long.
        lasting: Duration,
    },
    /// Ends what was allowed, blocked or lifted.
    EndOverride {
        /// The Thing.
        thing: MacAddress,
        /// The number of the decision.
        id: u32,
    },
    /// Gives a Thing a name, or none.
    Rename {
        /// The Thing.
        thing: MacAddress,
        /// The name.
        name: Option<String>,
    },
    /// Says which MUD URL a Thing has, by hand or from the code on it.
    SetUrl {
        /// The Thing, which need not have been seen yet.
        thing: MacAddress,
        /// The URL.
        url: MudUrl,
        /// [`Channel::Code`], or [`Channel::Owner`] for whatever else stands here.
        channel: Channel,
    },
    /// Chooses another mode for a Thing than the home's, or the home's again.
    SetMode {
        /// The Thing.
        thing: MacAddress,
        /// The mode.
        mode: Option<Mode>,
    },
    /// Chooses the Things that are a controller class for a Thing (RFC 8520 sections 3.12 and 3.13); none is a choice too.
    ChooseControllers {
        /// The Thing.
        thing: MacAddress,
        /// The URI of the class, or [`MY_CONTROLLER`](crate::MY_CONTROLLER).
        class: String,
        /// Its members.
        members: Vec<MacAddress>,
    },
    /// Forgets a Thing with all that was decided about it.
    Forget {
        /// The Thing.
        thing: MacAddress,
    },
    /// Takes back the newest row of the journal about a Thing that can be taken back.
    Undo {
        /// The Thing.
        thing: MacAddress,
    },
    /// Takes back one row of the journal.
    UndoEntry {
        /// The [`id`](crate::JournalEntry::id) of the row.
        id: u64,
    },
}

/// Why a decision could not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CommandError {
    /// There is no such Thing.
    #[error("no Thing has the MAC address {0}; `mudguard things` lists them")]
    UnknownThing(MacAddress),
    /// Nothing waits for a decision.
    #[error("nothing of {0} waits for a decision; `mudguard things` shows what does")]
    NothingWaits(MacAddress),
    /// Another question waits than the one that was read.
    #[error("another question about {0} came up meanwhile; read it first")]
    OtherQuestion(MacAddress),
    /// A block means something only for a Thing that is limited.
    #[error("{0} is not limited, so nothing of it can be blocked or lifted; it needs a MUD URL first")]
    NotLimited(MacAddress),
    /// So many decisions about one Thing are not kept.
    #[error("too much is decided about {0} already; end some of it first")]
    TooManyOverrides(MacAddress),
    /// There is no such decision.
    #[error("no decision about {0} has the number {1}")]
    NoSuchOverride(MacAddress, u32),
    /// So long a time is not taken.
    #[error(
        "limits are lifted for 48 hours at most, and flows are allowed or blocked for a year at most or for good"
    )]
    TooLong,
    /// The name cannot be shown.
    #[error("a name has 1 to 60 characters that can be shown")]
    BadName,
    /// Nothing was decided, or it can no longer be taken back.
    #[error("nothing that was decided about {0} can be taken back")]
    NothingToUndo(MacAddress),
    /// The row of the journal is no decision, or is too old, or something came after it.
    #[error("row {0} of the journal cannot be taken back any more; `mudguard journal` shows which can")]
    CannotUndo(u64),
    /// Yes alone does not say which Things.
    #[error("choose which devices control {0}, or answer no")]
    ChooseFirst(MacAddress),
    /// So many members, or one that is no other Thing, make no class.
    #[error("a controller is another device of this home, and there are 16 at most")]
    BadController,
}
