//! LLDP frames (IEEE 802.1AB), and the MUD extension (RFC 8520 section 12).

use std::time::Duration;

use super::{
    mud_string::{self, MudString},
    reader::Reader,
};
use crate::Refusal;

/// The EtherType of LLDP.
pub const ETHER_TYPE: u16 = 0x88cc;
/// The group of stations that LLDP frames go to; no bridge forwards it.
pub const NEAREST_BRIDGE: [u8; 6] = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e];

const END: u16 = 0;
const CHASSIS: u16 = 1;
const PORT: u16 = 2;
const TIME_TO_LIVE: u16 = 3;
const SYSTEM_NAME: u16 = 5;
const ORGANISATIONALLY_SPECIFIC: u16 = 127;
/// The OUI of IANA, and the subtype of the MUD URL.
const MUD: [u8; 4] = [0x00, 0x00, 0x5e, 1];

/// What a neighbour says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// For how long it holds; zero if the neighbour shuts down.
    pub time_to_live: Duration,
    /// The system name; foreign text without control characters.
    pub system_name: Option<String>,
    /// The MUD string.
    pub mud_string: MudString,
}

impl Announcement {
    /// Reads what follows the EtherType. What stands after the end is padding.
    ///
    /// # Errors
    /// The first reason for which it is refused.
    pub fn parse(octets: &[u8]) -> Result<Self, Refusal> {
        let mut values = Values(Reader(octets));
        // These three come first, in this order, and never again.
        let mut mandatory = |kind| match values.next()? {
            Some((found, value)) if found == kind => Ok(value),
            _ => Err(Refusal::LldpOrder),
        };
        for kind in [CHASSIS, PORT] {
            // A subtype and at most 255 octets.
            if !(2..=256).contains(&mandatory(kind)?.len()) {
                return Err(Refusal::LldpLength);
            }
        }
        let seconds: [u8; 2] = mandatory(TIME_TO_LIVE)?
            .try_into()
            .map_err(|_| Refusal::LldpLength)?;
        let mut announcement = Self {
            time_to_live: Duration::from_secs(u16::from_be_bytes(seconds).into()),
            system_name: None,
            mud_string: MudString::Absent,
        };
        while let Some((kind, value)) = values.next()? {
            match kind {
                CHASSIS | PORT | TIME_TO_LIVE => return Err(Refusal::LldpOrder),
                SYSTEM_NAME => announcement.system_name = mud_string::clean(value),
                ORGANISATIONALLY_SPECIFIC => announcement.organisationally_specific(value)?,
                _ => {}
            }
        }
        Ok(announcement)
    }

    fn organisationally_specific(&mut self, value: &[u8]) -> Result<(), Refusal> {
        let (kind, string) = value.split_first_chunk().ok_or(Refusal::LldpLength)?;
        // A longer string is ignored (RFC 8520 section 12).
        if *kind == MUD && string.len() <= mud_string::MAX_LENGTH {
            self.mud_string.take(string);
        }
        Ok(())
    }
}

/// The types and values of a frame: 7 bits of type and 9 bits of length before each value.
struct Values<'a>(Reader<'a>);

impl<'a> Values<'a> {
    fn next(&mut self) -> Result<Option<(u16, &'a [u8])>, Refusal> {
        if self.0.0.is_empty() {
            return Ok(None);
        }
        let head = self.0.u16().ok_or(Refusal::LldpTruncated)?;
        let (kind, length) = (head >> 9, usize::from(head & 0x1ff));
        let value = self.0.take(length).ok_or(Refusal::LldpTruncated)?;
        match (kind, length) {
            (END, 0) => {
                self.0 = Reader(&[]);
                Ok(None)
            }
            (END, _) => Err(Refusal::LldpLength),
            _ => Ok(Some((kind, value))),
        }
    }
}
