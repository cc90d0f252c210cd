//! Hears of the loss of our tables and of what others change in them: `nft flush ruleset`, a restarted firewall service. The kernel tells it,
//! so that no Thing stays without rules until the next change.

use std::{fmt, future::poll_fn, io, sync::Arc};

use netlink_sys::{AsyncSocket, SocketAddr, TokioSocket, protocols::NETLINK_NETFILTER};
use serde_json::Value;

use crate::{
    FirewallError, Removal, TABLE,
    elements::{Shared, Waits},
    netlink::{Message, find, listing::Listing, messages},
    nft,
};

/// The group of changes of the ruleset (`NFNLGRP_NFTABLES`).
const CHANGES: u32 = 7;

/// nf_tables, in the upper half of a message's kind.
const NFTABLES: u16 = 10;
/// The end of a transaction. All other messages name their table in their first attribute.
const NEW_GENERATION: u16 = NFTABLES << 8 | 15;
const OF_TABLE: u16 = 1;

/// `ENOBUFS`: more changes than the socket holds, so that some were not told.
const NO_BUFFERS: i32 = 105;

const BUFFER: usize = 65_536;

/// Hears of the loss of our tables, and of what others change in them.
pub struct Tables {
    socket: TokioSocket,
    shared: Arc<Shared>,
    listing: Listing,
    buffer: Vec<u8>,
    /// The generation of the ruleset and the count of our own transactions, when the two were last compared.
    compared: (u32, u32),
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
            Ok(socket)
        };
        let listing = Listing::open().map_err(netlink)?;
        Ok(Self {
            socket: socket().map_err(netlink)?,
            compared: (listing.generation().map_err(netlink)?, shared.own.transactions()),
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
                Ok(()) => is_by_others(&self.buffer, |port| self.shared.own.is(port)),
                Err(error) if error.raw_os_error() == Some(NO_BUFFERS) => self.may_be_by_others().await?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => false,
                Err(error) => return Err(netlink(error)),
            };
            if is_by_others {
                self.shared.state.lock().await.standing = None;
                return Ok(());
            }
        }
    }

    /// Changes were missed: our own can be as many. Whether all of them were ours is told by their number.
    async fn may_be_by_others(&mut self) -> Result<bool, FirewallError> {
        let now = loop {
            let changed = self.shared.changed.notified();
            let state = self.shared.state.lock().await;
            if state.waits == Waits::None {
                break (
                    self.listing.generation().map_err(netlink)?,
                    self.shared.own.transactions(),
                );
            }
            // nft is at work for us.
            drop(state);
            changed.await;
        };
        let before = std::mem::replace(&mut self.compared, now);
        Ok(now.0.wrapping_sub(before.0) != now.1.wrapping_sub(before.1))
    }
}

fn netlink(error: io::Error) -> FirewallError {
    FirewallError::Netlink {
        doing: "waiting for changes of the ruleset",
        error,
    }
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
    use crate::netlink::Writer;

    const DELETED_TABLE: u16 = NFTABLES << 8 | 2;
    const NEW_RULE: u16 = NFTABLES << 8 | 6;

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
