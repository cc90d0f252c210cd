//! The options of a DHCPv4 message (RFC 2132): split ones (RFC 3396) and those in `file` and `sname` (option overload) included.

use crate::{
    Refusal,
    wire::{
        mud_string::{self, MudString, begins_as_url},
        reader::Reader,
    },
};

const PAD: u8 = 0;
const HOST_NAME: u8 = 12;
const REQUESTED_ADDRESS: u8 = 50;
const LEASE_TIME: u8 = 51;
const OVERLOAD: u8 = 52;
const MESSAGE_TYPE: u8 = 53;
const SERVER_IDENTIFIER: u8 = 54;
const MUD_URL: u8 = 161;
const END: u8 = 255;

/// The most octets of one option that are kept, its parts joined: one more than any may have, so that a longer one is recognised.
const KEPT: usize = mud_string::MAX_LENGTH + 1;

/// The value of an option, its parts joined; none if the option is missing.
type Value = Option<Vec<u8>>;

/// An option of one octet.
pub(super) fn octet(value: &Value) -> Result<Option<u8>, Refusal> {
    array(value).map(|octets| octets.map(u8::from_be_bytes))
}

/// An option of four octets.
pub(super) fn number(value: &Value) -> Result<Option<u32>, Refusal> {
    array(value).map(|octets| octets.map(u32::from_be_bytes))
}

fn array<const N: usize>(value: &Value) -> Result<Option<[u8; N]>, Refusal> {
    value
        .as_deref()
        .map(|octets| octets.try_into().map_err(|_| Refusal::DhcpOptionLength))
        .transpose()
}

/// The options that an observer needs.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) message_type: Value,
    pub(super) requested: Value,
    pub(super) lease_time: Value,
    pub(super) server: Value,
    host_name: Value,
    mud_url: Value,
    mud_url_twice: bool,
    overload: Value,
}

impl Options {
    /// Scans the field of options, then `file` and `sname` if option 52 says that they hold options (RFC 3396 section 5: in this order).
    pub(super) fn scan(field: &[u8], file: &[u8], server_name: &[u8]) -> Result<Self, Refusal> {
        let mut options = Self::default();
        options.scan_field(field)?;
        // Taken out now: what `file` and `sname` say about it is not followed, so there is no loop.
        let overload = match options.overload.take().as_deref() {
            None => 0,
            Some([value @ 1..=3]) => *value,
            Some(_) => return Err(Refusal::DhcpOverload),
        };
        if overload & 1 != 0 {
            options.scan_field(file)?;
        }
        if overload & 2 != 0 {
            options.scan_field(server_name)?;
        }
        Ok(options)
    }

    /// The host name.
    pub(super) fn host_name(&self) -> Option<String> {
        mud_string::clean(self.host_name.as_deref()?)
    }

    /// The MUD string, without the NULs at its end that a receiver must be prepared to delete (RFC 2132 section 2).
    pub(super) fn into_mud_string(self) -> MudString {
        match self.mud_url {
            None => MudString::Absent,
            Some(_) if self.mud_url_twice => MudString::Twice,
            Some(mut octets) => {
                let end = octets.iter().rposition(|octet| *octet != 0);
                octets.truncate(end.map_or(0, |last| last + 1));
                MudString::Once(octets)
            }
        }
    }

    fn scan_field(&mut self, field: &[u8]) -> Result<(), Refusal> {
        let mut reader = Reader(field);
        while let Some(code) = reader.u8() {
            match code {
                PAD => {}
                END => break,
                code => {
                    let length = reader.u8().ok_or(Refusal::DhcpOptionTruncated)?;
                    let value = reader.take(length.into()).ok_or(Refusal::DhcpOptionTruncated)?;
                    self.take(code, value);
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, code: u8, part: &[u8]) {
        let value = match code {
            HOST_NAME => &mut self.host_name,
            REQUESTED_ADDRESS => &mut self.requested,
            LEASE_TIME => &mut self.lease_time,
            OVERLOAD => &mut self.overload,
            MESSAGE_TYPE => &mut self.message_type,
            SERVER_IDENTIFIER => &mut self.server,
            MUD_URL => {
                // The parts of a split option are joined, but a part that begins as a whole URL is a second URL.
                self.mud_url_twice |= self.mud_url.is_some() && begins_as_url(part);
                &mut self.mud_url
            }
            _ => return,
        };
        let value = value.get_or_insert_default();
        let room = KEPT.saturating_sub(value.len());
        value.extend(part.iter().take(room));
    }
}
