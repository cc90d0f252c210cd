//! The text of a QR code on a Thing or its box (RFC 9238): MUD URL and MAC address, in the form of SQRL records.
//!
//! What it is not: it reads no pictures. A sticker proves nothing: whoever can print one can say anything with it.

use thiserror::Error;

use crate::{MudUrl, MudUrlError};

/// The most octets that a QR code holds.
const MAX_LENGTH: usize = 4296;
/// The most characters of a name that are kept.
const MAX_NAME_LENGTH: usize = 255;

const HEADER: &[u8] = b"[)>\x1e06\x1d12N";
const END: &[u8] = b"\x1e\x04";
const FIELD_SEPARATOR: u8 = 0x1c;
const RECORD_SEPARATOR: u8 = 0x1e;
const UNIT_SEPARATOR: u8 = 0x1f;

/// What a QR code says of a Thing. Names are foreign text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrCode {
    /// The MUD URL (M180), without a query: RFC 9238 wants it to be left out, since it may tell one Thing from all others.
    pub url: MudUrl,
    /// The MAC address of the Thing (M06C): six octets, or eight.
    pub mac_address: Option<Vec<u8>>,
    /// The name of the company (B000).
    pub company: Option<String>,
    /// The name of the product (B001).
    pub product: Option<String>,
    /// The model (B002).
    pub model: Option<String>,
}

/// Why a text is not that of a QR code with a MUD URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum QrCodeError {
    /// No QR code holds as much.
    #[error("the text is longer than a QR code can be")]
    TooLong,
    /// It is of another kind, such as a web page or the password of a WLAN.
    #[error("the QR code is not of the kind that holds MUD URLs (RFC 9238)")]
    OtherKind,
    /// Its end is missing.
    #[error("the text of the QR code is cut off")]
    CutOff,
    /// A record without its identifier.
    #[error("the QR code holds a record that has no identifier")]
    Record,
    /// Which of two to believe would be a guess.
    #[error("the QR code holds more than one record {0}")]
    Twice(&'static str),
    /// It describes a Thing, but not where its MUD file is.
    #[error("the QR code holds no MUD URL")]
    NoUrl,
    /// The MUD URL is refused.
    #[error(transparent)]
    Url(#[from] MudUrlError),
    /// Not twelve or sixteen hexadecimal digits.
    #[error("the MAC address in the QR code is none")]
    MacAddress,
}

/// The values of one unit of data, as they stand there.
#[derive(Default)]
struct Records<'a> {
    url: Option<&'a [u8]>,
    mac_address: Option<&'a [u8]>,
    company: Option<&'a [u8]>,
    product: Option<&'a [u8]>,
    model: Option<&'a [u8]>,
}

impl QrCode {
    /// Reads the text of a QR code.
    ///
    /// # Errors
    /// Why there is no MUD URL in it.
    pub fn parse(text: &[u8]) -> Result<Self, QrCodeError> {
        if text.len() > MAX_LENGTH {
            return Err(QrCodeError::TooLong);
        }
        let rest = text.strip_prefix(HEADER).ok_or(QrCodeError::OtherKind)?;
        // Cameras add line ends.
        let rest = rest
            .trim_ascii_end()
            .strip_suffix(END)
            .ok_or(QrCodeError::CutOff)?;
        // RFC 9238 section 3: what stands before a separator without the right information is forgotten.
        let units = rest.split(|octet| *octet == FIELD_SEPARATOR);
        for unit in units {
            let records = Records::read(unit.strip_prefix(HEADER).unwrap_or(unit))?;
            if let Some(url) = records.url {
                return records.understood(url);
            }
        }
        Err(QrCodeError::NoUrl)
    }
}

impl<'a> Records<'a> {
    fn read(unit: &'a [u8]) -> Result<Self, QrCodeError> {
        let mut records = Self::default();
        for record in unit.split(|octet| matches!(*octet, UNIT_SEPARATOR | RECORD_SEPARATOR)) {
            if record.is_empty() {
                continue;
            }
            let (identifier, value) = record.split_at_checked(4).ok_or(QrCodeError::Record)?;
            let (place, name) = match identifier {
                b"M180" => (&mut records.url, "M180"),
                b"M06C" => (&mut records.mac_address, "M06C"),
                b"B000" => (&mut records.company, "B000"),
                b"B001" => (&mut records.product, "B001"),
                b"B002" => (&mut records.model, "B002"),
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(QrCodeError::Twice(name));
            }
        }
        Ok(records)
    }

    fn understood(&self, url: &[u8]) -> Result<QrCode, QrCodeError> {
        let without_query = url.split(|octet| *octet == b'?').next().unwrap_or_default();
        Ok(QrCode {
            url: MudUrl::parse(&String::from_utf8_lossy(without_query))?,
            mac_address: self.mac_address.map(mac_address).transpose()?,
            company: self.company.and_then(name),
            product: self.product.and_then(name),
            model: self.model.and_then(name),
        })
    }
}

/// Digits in either case; what stands between them is left out.
fn mac_address(text: &[u8]) -> Result<Vec<u8>, QrCodeError> {
    let digits: Vec<u8> = text
        .iter()
        .filter(|octet| !matches!(octet, b':' | b'-' | b'.' | b' '))
        .map(|octet| {
            char::from(*octet)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect::<Option<_>>()
        .ok_or(QrCodeError::MacAddress)?;
    if !matches!(digits.len(), 12 | 16) {
        return Err(QrCodeError::MacAddress);
    }
    let octet = |pair: &[u8]| pair.iter().fold(0, |octet, digit| octet << 4 | digit);
    Ok(digits.chunks(2).map(octet).collect())
}

/// A name, of which only printable ASCII is kept: SQRL has nothing else.
fn name(text: &[u8]) -> Option<String> {
    let name: String = text
        .iter()
        .filter(|octet| octet.is_ascii_graphic() || **octet == b' ')
        .map(|octet| char::from(*octet))
        .take(MAX_NAME_LENGTH)
        .collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests;
