//! Records as scenario files and zone files write them, made records of the validator (RFC 1035 section 5.1, RFC 4034, RFC 5155).
//!
//! What it is not: complete. A type that it does not know is an error, so that the scenario is left out and says why.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::validate::{CLASS_IN, Name, Question, Record, RecordType};

/// The TTL of records that have none.
const TTL: u32 = 3600;

/// Types by their names.
const TYPES: [(&str, u16); 25] = [
    ("A", 1),
    ("NS", 2),
    ("CNAME", 5),
    ("SOA", 6),
    ("PTR", 12),
    ("MX", 15),
    ("TXT", 16),
    ("AAAA", 28),
    ("LOC", 29),
    ("SRV", 33),
    ("NAPTR", 35),
    ("DNAME", 39),
    ("DS", 43),
    ("SSHFP", 44),
    ("RRSIG", 46),
    ("NSEC", 47),
    ("DNSKEY", 48),
    ("NSEC3", 50),
    ("NSEC3PARAM", 51),
    ("TLSA", 52),
    ("SPF", 99),
    ("HINFO", 13),
    ("CAA", 257),
    ("HTTPS", 65),
    ("ANY", 255),
];

/// Splits a line into words; a quoted text is one word, and a comment ends the line.
pub(super) fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted, mut is_word) = (Vec::new(), String::new(), false, false);
    for letter in line.chars() {
        match letter {
            '"' => {
                is_quoted = !is_quoted;
                is_word = true;
            }
            ';' if !is_quoted => break,
            ' ' | '\t' | '\r' | '(' | ')' if !is_quoted => {
                if is_word {
                    words.push(std::mem::take(&mut word));
                }
                is_word = false;
            }
            other => {
                word.push(other);
                is_word = true;
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}

/// Reads a name; all names are absolute.
pub(super) fn name(text: &str) -> Result<Name, String> {
    if text == "." {
        return Ok(Name::root());
    }
    text.parse().map_err(|error| format!("{text}: {error}"))
}

/// Reads a type.
pub(super) fn record_type(text: &str) -> Result<RecordType, String> {
    let known = TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(text));
    let number = known.map(|(_, number)| *number);
    let number = number.or_else(|| text.strip_prefix("TYPE")?.parse().ok());
    number.map(RecordType).ok_or_else(|| format!("no type {text}"))
}

/// Reads a line of a question section.
pub(super) fn question(words: &[String]) -> Result<Question, String> {
    let [owner, rest @ ..] = words else {
        return Err("no question".to_owned());
    };
    let last = rest.last().ok_or("no type")?;
    Ok(Question::new(name(owner)?, record_type(last)?))
}

/// Reads a record. One without an owner has that of the record before.
pub(super) fn record(words: &[String], before: Option<&Name>, is_indented: bool) -> Result<Record, String> {
    let mut words = words.iter().map(String::as_str).peekable();
    let is_mark = |word: &str| word.eq_ignore_ascii_case("IN") || is_number(word);
    let first = *words.peek().ok_or("no record")?;
    let inherits = is_indented && before.is_some() && (is_mark(first) || record_type(first).is_ok());
    let owner = match before {
        Some(before) if inherits => before.clone(),
        _ => name(words.next().unwrap_or_default())?,
    };
    let mut ttl = TTL;
    while let Some(word) = words.next_if(|word| is_mark(word)) {
        if is_number(word) {
            ttl = word.parse().map_err(|_| format!("{word}: no TTL"))?;
        }
    }
    let record_type = record_type(words.next().ok_or("no type")?)?;
    let data: Vec<&str> = words.collect();
    let octets = data_of(record_type, &data).map_err(|error| format!("{owner} {record_type}: {error}"))?;
    Ok(Record {
        owner,
        record_type,
        class: CLASS_IN,
        ttl,
        data: octets.into(),
    })
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|octet| octet.is_ascii_digit())
}

fn data_of(record_type: RecordType, words: &[&str]) -> Result<Vec<u8>, String> {
    if let ["\\#", _, digits @ ..] = words {
        return from_hex(&digits.concat());
    }
    let mut octets = Vec::new();
    let mut rest = words.iter().copied();
    let mut next = || rest.next().ok_or_else(|| "data is missing".to_owned());
    match record_type.0 {
        1 => octets.extend(parsed::<Ipv4Addr>(next()?)?.octets()),
        28 => octets.extend(parsed::<Ipv6Addr>(next()?)?.octets()),
        2 | 5 | 12 | 39 => octets.extend(name(next()?)?.as_wire()),
        6 => {
            octets.extend(name(next()?)?.as_wire());
            octets.extend(name(next()?)?.as_wire());
            for _ in 0..5 {
                octets.extend(parsed::<u32>(next()?)?.to_be_bytes());
            }
        }
        15 => {
            octets.extend(parsed::<u16>(next()?)?.to_be_bytes());
            octets.extend(name(next()?)?.as_wire());
        }
        33 => {
            for _ in 0..3 {
                octets.extend(parsed::<u16>(next()?)?.to_be_bytes());
            }
            octets.extend(name(next()?)?.as_wire());
        }
        13 | 16 | 99 => {
            for text in words {
                octets.push(u8::try_from(text.len()).map_err(|_| "a text is too long")?);
                octets.extend(text.as_bytes());
            }
        }
        43 => {
            octets.extend(parsed::<u16>(next()?)?.to_be_bytes());
            octets.push(algorithm(next()?)?);
            octets.push(parsed(next()?)?);
            octets.extend(from_hex(&rest.collect::<String>())?);
        }
        48 => {
            octets.extend(parsed::<u16>(next()?)?.to_be_bytes());
            octets.push(parsed(next()?)?);
            octets.push(algorithm(next()?)?);
            octets.extend(from_base64(&rest.collect::<String>())?);
        }
        46 => {
            octets.extend(self::record_type(next()?)?.0.to_be_bytes());
            octets.push(algorithm(next()?)?);
            octets.push(parsed(next()?)?);
            octets.extend(parsed::<u32>(next()?)?.to_be_bytes());
            octets.extend(low(date(next()?)?).to_be_bytes());
            octets.extend(low(date(next()?)?).to_be_bytes());
            octets.extend(parsed::<u16>(next()?)?.to_be_bytes());
            octets.extend(name(next()?)?.as_wire());
            octets.extend(from_base64(&rest.collect::<String>())?);
        }
        47 => {
            octets.extend(name(next()?)?.as_wire());
            octets.extend(bitmap(rest)?);
        }
        50 | 51 => {
            octets.push(parsed(next()?)?);
            octets.push(parsed(next()?)?);
            octets.extend(parsed::<u16>(next()?)?.to_be_bytes());
            let salt = next()?;
            let salt = if salt == "-" { Vec::new() } else { from_hex(salt)? };
            octets.push(u8::try_from(salt.len()).map_err(|_| "the salt is too long")?);
            octets.extend(salt);
            if record_type == RecordType::NSEC3 {
                let hash = from_base32(next()?)?;
                octets.push(u8::try_from(hash.len()).map_err(|_| "the hash is too long")?);
                octets.extend(hash);
                octets.extend(bitmap(rest)?);
            }
        }
        _ => return Err("this type is not read".to_owned()),
    }
    Ok(octets)
}

fn parsed<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word}: not understood"))
}

/// Algorithms by number, and those by name that scenarios name.
fn algorithm(word: &str) -> Result<u8, String> {
    match word {
        "DSA" => Ok(3),
        "RSASHA1" => Ok(5),
        "RSASHA256" => Ok(8),
        "ECDSAP256SHA256" => Ok(13),
        number => parsed(number),
    }
}

/// Dates of signatures are the low 32 bits.
fn low(seconds: u64) -> u32 {
    u32::try_from(seconds & u64::from(u32::MAX)).unwrap()
}

/// Seconds since 1970 of `YYYYMMDDHHMMSS`, or as they are.
pub(super) fn date(text: &str) -> Result<u64, String> {
    if text.len() != 14 || !is_number(text) {
        return parsed(text);
    }
    let part = |from: usize, to: usize| parsed::<u64>(&text[from..to]);
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    // The year begins in March, so that the leap day is its last one.
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719_468;
    Ok(days * 86_400 + part(8, 10)? * 3600 + part(10, 12)? * 60 + part(12, 14)?)
}

/// Types as NSEC records list them (RFC 4034 section 4.1.2).
fn bitmap<'a>(words: impl Iterator<Item = &'a str>) -> Result<Vec<u8>, String> {
    let mut types = words.map(record_type).collect::<Result<Vec<_>, _>>()?;
    types.sort_unstable();
    let mut octets = Vec::new();
    for window in types.chunk_by(|one, other| one.0 >> 8 == other.0 >> 8) {
        let mut bits = vec![0_u8; usize::from(window[window.len() - 1].0 & 255) / 8 + 1];
        for RecordType(number) in window {
            bits[usize::from(number & 255) / 8] |= 0x80 >> (number % 8);
        }
        octets.extend([
            u8::try_from(window[0].0 >> 8).unwrap(),
            u8::try_from(bits.len()).unwrap(),
        ]);
        octets.extend(bits);
    }
    Ok(octets)
}

fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    digits(text, 4, |octet| char::from(octet).to_digit(16))
}

fn from_base64(text: &str) -> Result<Vec<u8>, String> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    digits(text.trim_end_matches('='), 6, |octet| place(DIGITS, octet))
}

fn from_base32(text: &str) -> Result<Vec<u8>, String> {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUV";
    digits(text, 5, |octet| place(DIGITS, octet.to_ascii_uppercase()))
}

fn place(digits: &[u8], octet: u8) -> Option<u32> {
    let place = digits.iter().position(|&digit| digit == octet)?;
    u32::try_from(place).ok()
}

/// Octets of digits of so many bits each; what is left of the last digit is dropped.
fn digits(text: &str, bits: u32, value: impl Fn(u8) -> Option<u32>) -> Result<Vec<u8>, String> {
    let (mut octets, mut held, mut count) = (Vec::new(), 0_u32, 0);
    for octet in text.bytes() {
        held = (held << bits) | value(octet).ok_or_else(|| format!("{text}: no digits"))?;
        count += bits;
        if count >= 8 {
            count -= 8;
            octets.push(u8::try_from(held >> count & 0xff).unwrap());
            held &= (1 << count) - 1;
        }
    }
    Ok(octets)
}

#[test]
fn dates_are_seconds_since_1970() {
    assert_eq!(date("19700101000000"), Ok(0));
    assert_eq!(date("20070916134226"), Ok(1_189_950_146));
    assert_eq!(date("20240229235959"), Ok(1_709_251_199));
}

#[test]
fn data_is_read_as_bind_writes_it() {
    let read = |line: &str| record(&words(line), None, false).map(|record| from_data(&record.data));
    assert_eq!(read("a. 5 IN A 192.0.2.1 ; one"), Ok("c0000201".to_owned()));
    assert_eq!(
        read("a. NSEC b. A RRSIG NSEC TYPE257"),
        Ok("0162000006400000000003010140".to_owned())
    );
    assert_eq!(read("a. TXT \"a ;b\" c"), Ok("0461203b620163".to_owned()));
    assert!(read("a. WKS 1").is_err());
}

fn from_data(data: &[u8]) -> String {
    data.iter().map(|octet| format!("{octet:02x}")).collect()
}
