//! `mudguard set-url`, also spelled `mudguard thing set-url`: which MUD URL a Thing has, by hand or by the text of its QR code (RFC 9238).
//!
//! What it is not: a reader of pictures; whatever reads QR codes gives the text.

use std::process::ExitCode;

use anyhow::{Context, bail};
use mudguard_mud::QrCode;
use mudguard_policy::MacAddress;
use serde_json::json;

use super::{
    source::{Unreadable, octets_up_to},
    things::{self, Words},
};
use crate::cli::brought::SetUrlArgs;

/// No QR code holds more octets.
const LONGEST_CODE: usize = 4296;

pub(super) fn run(args: &SetUrlArgs) -> anyhow::Result<ExitCode> {
    let octets = match (&args.code, &args.code_file) {
        (Some(text), _) => Some(unescaped(text)),
        (None, Some(file)) => Some(octets_up_to(&file.to_string_lossy(), LONGEST_CODE)?),
        (None, None) => None,
    };
    let (thing, url, channel) = match octets {
        Some(octets) => {
            let code = QrCode::parse(&octets).map_err(|error| Unreadable {
                name: "the code".to_owned(),
                reason: error.to_string(),
            })?;
            let thing = thing(args.thing.as_deref(), code.mac_address.as_deref())?;
            (thing, String::from(code.url), "code")
        }
        None => {
            let thing = args.thing.clone().context("no Thing is named")?;
            (thing, args.url.clone().unwrap_or_default(), "owner")
        }
    };
    let content = json!({ "url": url, "channel": channel });
    things::send(&args.client, &thing, "set-url", &content, Words::Standing)
}

/// Which Thing the code is of: the one that is named, unless its code says that it is that of another.
fn thing(named: Option<&str>, in_code: Option<&[u8]>) -> anyhow::Result<String> {
    let in_code = in_code.and_then(|octets| <[u8; 6]>::try_from(octets).ok().map(MacAddress));
    match (named, in_code) {
        (Some(named), Some(mac)) => match named.parse::<MacAddress>() {
            Ok(other) if other != mac => bail!(
                "the code is that of {mac}, not of {other}; if the Thing has both addresses, set its URL by hand"
            ),
            Ok(_) => Ok(named.to_owned()),
            // A name may be that of any Thing; the address in the code is surer, and the gateway shows the name.
            Err(_) => Ok(named.to_owned()),
        },
        (Some(named), None) => Ok(named.to_owned()),
        (None, Some(mac)) => Ok(mac.to_string()),
        (None, None) => bail!("the code names no MAC address; say which Thing it is of"),
    }
}

/// The octets of a text in which control characters may be written as `\x1e`.
fn unescaped(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let hexadecimal = rest.strip_prefix("\\x").and_then(|digits| digits.get(..2));
        let control = hexadecimal.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match control.filter(u8::is_ascii_control) {
            Some(octet) => {
                octets.push(octet);
                rest = rest.get(4..).unwrap_or_default();
            }
            None => {
                octets.extend(first.to_string().bytes());
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAMP: &str = "02:00:00:00:00:01";

    #[test]
    fn control_characters_may_be_written_in_digits() {
        assert_eq!(
            unescaped(r"[)>\x1e06\x1D12Né\x41\x"),
            "[)>\u{1e}06\u{1d}12Né\\x41\\x".as_bytes()
        );
    }

    #[test]
    fn the_address_in_the_code_says_which_thing_it_is_or_must_agree() {
        let code: &[u8] = &[2, 0, 0, 0, 0, 1];
        assert_eq!(thing(None, Some(code)).unwrap(), LAMP);
        assert_eq!(
            thing(Some("02-00-00-00-00-01"), Some(code)).unwrap(),
            "02-00-00-00-00-01"
        );
        assert_eq!(thing(Some("lamp"), None).unwrap(), "lamp");
        assert!(thing(Some("02:00:00:00:00:02"), Some(code)).is_err());
        assert!(thing(None, None).is_err());
        assert!(thing(None, Some(&[0; 8])).is_err());
    }
}
