//! Hears of the loss of our tables: `nft flush ruleset`, a restarted firewall service. The kernel tells it, so that no Thing stays
//! without rules until the next change.

use std::{fmt, future::poll_fn, io};

use netlink_sys::{AsyncSocket, SocketAddr, TokioSocket, protocols::NETLINK_NETFILTER};
use serde_json::Value;

use crate::{
    FirewallError, Removal, TABLE,
    netlink::{Message, find, messages},
    nft,
};

/// The group of changes of the ruleset (`NFNLGRP_NFTABLES`).
const CHANGES: u32 = 7;

const NEW_TABLE: u16 = 10 << 8;
const DELETED_TABLE: u16 = 10 << 8 | 2;
const TABLE_NAME: u16 = 1;

/// `ENOBUFS`: more changes than the socket holds, so that some were not told.
const NO_BUFFERS: i32 = 105;

const BUFFER: usize = 65_536;

/// Hears of the loss of our tables.
pub struct Tables {
    socket: TokioSocket,
    buffer: Vec<u8>,
    /// Something changed that was not looked at yet.
    changed: bool,
    there: Removal,
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tables")
            .field("there", &self.there)
            .finish_non_exhaustive()
    }
}

impl Tables {
    /// Begins to listen; to be called from within a runtime. It expects that a ruleset was loaded before [`gone`](Self::gone) is awaited.
    ///
    /// # Errors
    /// The kernel tells this process nothing.
    pub fn watch() -> Result<Self, FirewallError> {
        let socket = || {
            let mut socket = TokioSocket::new(NETLINK_NETFILTER)?;
            socket.socket_mut().bind_auto()?;
            socket.socket_ref().connect(&SocketAddr::new(0, 0))?;
            socket.socket_ref().add_membership(CHANGES)?;
            Ok(socket)
        };
        Ok(Self {
            socket: socket().map_err(netlink)?,
            buffer: Vec::with_capacity(BUFFER),
            changed: true,
            there: Removal {
                inet: true,
                bridge: false,
            },
        })
    }

    /// Waits until a table of ours that was there is there no more. Our own replacement of a table is none: it is one transaction.
    /// May be cancelled without loss.
    ///
    /// # Errors
    /// The socket failed for good, or nft does not say which tables there are.
    pub async fn gone(&mut self) -> Result<(), FirewallError> {
        loop {
            while !self.changed {
                self.buffer.clear();
                match poll_fn(|context| self.socket.poll_recv(context, &mut self.buffer)).await {
                    Ok(()) => self.changed = concerns_us(&self.buffer),
                    Err(error) if error.raw_os_error() == Some(NO_BUFFERS) => self.changed = true,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(netlink(error)),
                }
            }
            let now = tokio::task::spawn_blocking(there)
                .await
                .map_err(|error| FirewallError::Refused(error.to_string()))??;
            self.changed = false;
            let before = std::mem::replace(&mut self.there, now);
            if before.inet && !now.inet || before.bridge && !now.bridge {
                return Ok(());
            }
        }
    }
}

fn netlink(error: io::Error) -> FirewallError {
    FirewallError::Netlink {
        doing: "waiting for changes of the ruleset",
        error,
    }
}

/// Whether one of our tables came or went.
fn concerns_us(octets: &[u8]) -> bool {
    messages(octets).any(|message| match message {
        Message::Other {
            kind: NEW_TABLE | DELETED_TABLE,
            attributes,
        } => find(attributes, TABLE_NAME).and_then(|name| name.strip_suffix(&[0])) == Some(TABLE.as_bytes()),
        Message::Other { .. } | Message::Done | Message::Answer { .. } => false,
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

    fn told(kind: u16, name: &str) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.begin(kind, 0, 0, 1, 0);
        writer.text(TABLE_NAME, name);
        writer.end();
        writer.octets().to_vec()
    }

    #[test]
    fn only_the_coming_and_going_of_our_tables_concerns_us() {
        assert!(concerns_us(&told(DELETED_TABLE, TABLE)));
        assert!(concerns_us(&told(NEW_TABLE, TABLE)));
        assert!(!concerns_us(&told(DELETED_TABLE, "fw4")));
        assert!(!concerns_us(&told(10 << 8 | 12, TABLE)));
        assert!(!concerns_us(&[0; 7]));
    }
}
