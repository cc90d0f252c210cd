//! Hears of the loss of our tables and of what others change in them: `nft flush ruleset`, a restarted firewall service. The kernel tells it,
//! so that no Thing stays without rules until the next change.

use std::{fmt, future::poll_fn, io, sync::Arc, task::Poll};

use netlink_sys::{AsyncSocket, SocketAddr, TokioSocket, protocols::NETLINK_NETFILTER};
use nix::sys::socket::{setsockopt, sockopt};
use serde_json::Value;

use crate::{
    FirewallError, Removal, TABLE,
    elements::{Shared, Waits},
    netlink::{
        Message, find,
        listing::Listing,
        messages,
        nf_tables::{NEW_GENERATION, NFTABLES, OF_TABLE},
    },
    nft,
};

/// The group of changes of the ruleset (`NFNLGRP_NFTABLES`).
const CHANGES: u32 = 7;

/// `ENOBUFS`: more changes than the socket holds, so that some were not told.
const NO_BUFFERS: i32 = 105;

const BUFFER: usize = 65_536;

/// As much as the socket holds, in octets: our own changes are told too.
const ROOM: usize = 1 << 20;

/// Hears of the loss of our tables, and of what others change in them.
pub struct Tables {
    socket: TokioSocket,
    shared: Arc<Shared>,
    listing: Listing,
    buffer: Vec<u8>,
    /// The transactions of others that were heard of.
    others: u32,
    /// When they were last compared.
    compared: Counts,
}

/// How many transactions there were.
#[derive(Clone, Copy, Debug)]
struct Counts {
    /// In all: the generation of the ruleset.
    all: u32,
    own: u32,
    others: u32,
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tables").finish_non_exhaustive()
    }
}

impl Tables {
    pub(crate) fn watch(shared: Arc<Shared>) -> Result<Self, FirewallError> {
        let socket = || {
            let mut socket = TokioSocket::new(NETLINK_NETFILTER)?;
            socket.socket_mut().bind_auto()?;
            socket.socket_ref().connect(&SocketAddr::new(0, 0))?;
            socket.socket_ref().add_membership(CHANGES)?;
            // Some containers may not: then more is missed, and counted.
            let _ = setsockopt(socket.socket_ref(), sockopt::RcvBufForce, &ROOM);
            Ok(socket)
        };
        let listing = Listing::open().map_err(netlink)?;
        Ok(Self {
            socket: socket().map_err(netlink)?,
            others: 0,
            compared: Counts {
                all: listing.generation().map_err(netlink)?,
                own: shared.own.transactions(),
                others: 0,
            },
            shared,
            listing,
            buffer: Vec::with_capacity(BUFFER),
        })
    }

    /// Waits until somebody else has changed our tables or removed one. The next snapshot is then applied as a whole.
    /// May be cancelled without loss.
    ///
    /// # Errors
    /// The socket failed for good.
    pub async fn changed(&mut self) -> Result<(), FirewallError> {
        loop {
            self.buffer.clear();
            let heard = poll_fn(|context| self.socket.poll_recv(context, &mut self.buffer)).await;
            let is_by_others = match heard {
                Ok(()) => {
                    let is_own = |port| self.shared.own.is(port);
                    self.others = self.others.wrapping_add(transactions(&self.buffer, is_own));
                    is_by_others(&self.buffer, is_own)
                }
                Err(error) if error.raw_os_error() == Some(NO_BUFFERS) => self.may_be_by_others().await?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => false,
                Err(error) => return Err(netlink(error)),
            };
            if is_by_others {
                self.hear_out().await;
                self.compared = self.count().await?;
                self.shared.state.lock().await.standing = None;
                return Ok(());
            }
        }
    }

    /// Takes the rest of what the kernel has told: whatever it was, everything is applied as a whole now.
    async fn hear_out(&mut self) {
        let mut is_more = true;
        while is_more {
            self.buffer.clear();
            let Self { socket, buffer, .. } = self;
            is_more = poll_fn(|context| Poll::Ready(socket.poll_recv(context, buffer).is_ready())).await;
        }
    }

    /// Changes were missed: our own can be as many. Whether all of them were ours is told by their number.
    async fn may_be_by_others(&mut self) -> Result<bool, FirewallError> {
        let now = self.count().await?;
        let before = std::mem::replace(&mut self.compared, now);
        let known = now.own.wrapping_sub(before.own);
        let known = known.wrapping_add(now.others.wrapping_sub(before.others));
        Ok(now.all.wrapping_sub(before.all) != known)
    }

    /// How many transactions there were, at a moment at which none of ours is under way.
    async fn count(&self) -> Result<Counts, FirewallError> {
        loop {
            let changed = self.shared.changed.notified();
            let state = self.shared.state.lock().await;
            if state.waits == Waits::None {
                return Ok(Counts {
                    all: self.listing.generation().map_err(netlink)?,
                    own: self.shared.own.transactions(),
                    others: self.others,
                });
            }
            // nft is at work for us.
            drop(state);
            changed.await;
        }
    }
}

fn netlink(error: io::Error) -> FirewallError {
    FirewallError::Netlink {
        doing: "waiting for changes of the ruleset",
        error,
    }
}

/// How many transactions of others end here.
fn transactions(octets: &[u8], is_own: impl Fn(u32) -> bool) -> u32 {
    let ends = messages(octets).filter(
        |message| matches!(message, Message::Other { kind: NEW_GENERATION, port, .. } if !is_own(*port)),
    );
    u32::try_from(ends.count()).unwrap_or(u32::MAX)
}

/// Whether somebody else changed one of our tables.
fn is_by_others(octets: &[u8], is_own: impl Fn(u32) -> bool) -> bool {
    messages(octets).any(|message| {
        let Message::Other {
            kind,
            port,
            attributes,
        } = message
        else {
            return false;
        };
        let table = find(attributes, OF_TABLE).and_then(|name| name.strip_suffix(&[0]));
        // The end of a transaction names no table; all others do.
        kind >> 8 == NFTABLES && kind != NEW_GENERATION && table == Some(TABLE.as_bytes()) && !is_own(port)
    })
}

/// Which of our tables are in the kernel.
pub(crate) fn there() -> Result<Removal, FirewallError> {
    let tables = nft::ask(&["list", "tables"])?;
    let tables: Value =
        serde_json::from_str(&tables).map_err(|error| FirewallError::Refused(error.to_string()))?;
    let has = |family: &str| {
        let objects = tables["nftables"].as_array().into_iter().flatten();
        let mut tables = objects.map(|object| &object["table"]);
        tables.any(|table| table["name"] == TABLE && table["family"] == family)
    };
    Ok(Removal {
        inet: has("inet"),
        bridge: has("bridge"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::{Writer, nf_tables::NEW_RULE};

    const DELETED_TABLE: u16 = NFTABLES << 8 | 2;

    fn told(kind: u16, name: &str) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.begin(kind, 0, 0, 1, 0);
        writer.text(OF_TABLE, name);
        writer.end();
        writer.octets().to_vec()
    }

    #[test]
    fn only_what_others_do_to_our_tables_concerns_us() {
        let (others, own) = (|_: u32| false, |_: u32| true);
        assert!(is_by_others(&told(DELETED_TABLE, TABLE), others));
        assert!(is_by_others(&told(NEW_RULE, TABLE), others));
        assert!(!is_by_others(&told(NEW_RULE, TABLE), own));
        assert!(!is_by_others(&told(DELETED_TABLE, "fw4"), others));
        assert!(!is_by_others(&told(NEW_GENERATION, TABLE), others));
        assert!(!is_by_others(&[0; 7], others));
    }
}
