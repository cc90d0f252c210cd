//! The options of a DHCPv6 message (RFC 8415 section 21).

use std::{net::Ipv6Addr, time::Duration};

use mudguard_policy::MacAddress;

use super::Lease;
use crate::{
    Refusal,
    wire::{
        mud_string::{self, MudString},
        reader::Reader,
    },
};

const CLIENT_ID: u16 = 1;
const IA_NA: u16 = 3;
const IA_TA: u16 = 4;
const IA_ADDRESS: u16 = 5;
const RELAY_MESSAGE: u16 = 9;
const CLIENT_NAME: u16 = 39;
/// The client's link-layer address, as the relay saw it (RFC 6939).
const CLIENT_LINK_LAYER_ADDRESS: u16 = 79;
const MUD_URL: u16 = 112;

/// The longest DUID (RFC 8415 section 11.1).
const LONGEST_CLIENT_ID: usize = 130;
/// The most addresses of one message that are kept.
const MOST_ADDRESSES: usize = 16;
/// The hardware type of Ethernet.
const ETHERNET: [u8; 2] = [0, 1];

/// The options that an observer needs.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) client_id: Option<Vec<u8>>,
    pub(super) addresses: Vec<Lease>,
    pub(super) host_name: Option<String>,
    pub(super) mud_string: MudString,
}

impl Options {
    pub(super) fn scan(octets: &[u8]) -> Result<Self, Refusal> {
        let mut options = Self::default();
        let mut reader = Reader(octets);
        while let Some((code, value)) = next(&mut reader)? {
            match code {
                CLIENT_ID => {
                    if options.client_id.is_some() {
                        return Err(Refusal::Dhcpv6Option);
                    }
                    if !(3..=LONGEST_CLIENT_ID).contains(&value.len()) {
                        return Err(Refusal::DhcpOptionLength);
                    }
                    options.client_id = Some(value.to_owned());
                }
                // The number of the association; and for IA_NA, two times.
                IA_NA => options.association(value, 12)?,
                IA_TA => options.association(value, 4)?,
                CLIENT_NAME => options.host_name = name(value),
                MUD_URL => options.mud_string.take(value),
                _ => {}
            }
        }
        Ok(options)
    }

    fn association(&mut self, value: &[u8], fixed: usize) -> Result<(), Refusal> {
        let mut reader = Reader(value);
        let _fixed = reader.take(fixed).ok_or(Refusal::DhcpOptionLength)?;
        while let Some((code, value)) = next(&mut reader)? {
            if code == IA_ADDRESS && self.addresses.len() < MOST_ADDRESSES {
                self.addresses
                    .push(lease(value).ok_or(Refusal::DhcpOptionLength)?);
            }
        }
        Ok(())
    }
}

/// What a relay handed on, and who the client is as far as the relay says.
pub(super) fn relayed(octets: &[u8]) -> Result<(&[u8], Option<MacAddress>), Refusal> {
    let mut reader = Reader(octets);
    let mut head = || {
        let _type_hops_and_link = reader.take(18)?;
        reader.array::<16>()
    };
    let peer = head().ok_or(Refusal::DhcpTruncated)?;
    let (mut message, mut client) = (None, from_interface_identifier(peer));
    while let Some((code, value)) = next(&mut reader)? {
        match code {
            RELAY_MESSAGE if message.is_some() => return Err(Refusal::Dhcpv6Option),
            RELAY_MESSAGE => message = Some(value),
            CLIENT_LINK_LAYER_ADDRESS => {
                client = value
                    .strip_prefix(&ETHERNET)
                    .and_then(|mac| mac.try_into().ok())
                    .map(MacAddress);
            }
            _ => {}
        }
    }
    let client = client.filter(|client| client.is_station());
    message
        .map(|message| (message, client))
        .ok_or(Refusal::Dhcpv6Option)
}

/// The MAC address from which an address on the link was made (RFC 4291 appendix A), if it was.
fn from_interface_identifier(address: [u8; 16]) -> Option<MacAddress> {
    let [0xfe, 0x80, .., a, b, c, 0xff, 0xfe, d, e, f] = address else {
        return None;
    };
    Some(MacAddress([a ^ 2, b, c, d, e, f]))
}

fn next<'a>(reader: &mut Reader<'a>) -> Result<Option<(u16, &'a [u8])>, Refusal> {
    if reader.0.is_empty() {
        return Ok(None);
    }
    let mut option = || {
        let code = reader.u16()?;
        let length = reader.u16()?;
        Some((code, reader.take(length.into())?))
    };
    option().map(Some).ok_or(Refusal::DhcpOptionTruncated)
}

fn lease(value: &[u8]) -> Option<Lease> {
    let mut reader = Reader(value);
    let address = Ipv6Addr::from(reader.array::<16>()?);
    let _preferred = reader.u32()?;
    let lifetime = Duration::from_secs(reader.u32()?.into());
    Some(Lease { address, lifetime })
}

/// The name in option 39 (RFC 4704): flags, and labels each after its length. A strange one is no name.
fn name(value: &[u8]) -> Option<String> {
    let mut reader = Reader(value);
    let _flags = reader.u8()?;
    let mut labels = Vec::new();
    while let Some(length) = reader.u8() {
        match length {
            0 => break,
            1..=63 => labels.push(reader.take(length.into())?),
            _ => return None,
        }
    }
    mud_string::clean(&labels.join(&b'.'))
}
