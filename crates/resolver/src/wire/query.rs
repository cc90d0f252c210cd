//! Reads a query: header, question, EDNS, and nothing else. Pure; nothing is copied but a MAC address.

use super::{HEADER, code, flag};
use crate::validate::{CLASS_IN, RecordType};

/// The type OPT (RFC 6891).
const OPT: u16 = 41;

/// The EDNS option in which dnsmasq names the client (`add-mac`; RFC 6891 section 9 leaves the number for local use).
const CLIENT_MAC: u16 = 65001;

/// A query that can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Query<'a> {
    /// Its number.
    pub(crate) id: u16,
    /// Its flags.
    pub(crate) flags: u16,
    /// The name as the client wrote it: labels with lengths, no pointer.
    pub(crate) name: &'a [u8],
    /// The type asked for.
    pub(crate) record_type: RecordType,
    /// The class asked for.
    pub(crate) class: u16,
    /// What its OPT record says, if there is one.
    pub(crate) edns: Option<Edns>,
}

/// What an OPT record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edns {
    /// The largest datagram that the client takes.
    pub(crate) payload: u16,
    /// The version.
    pub(crate) version: u8,
    /// Whether signatures are wanted.
    pub(crate) dnssec_ok: bool,
    /// The client behind a forwarder of this house.
    pub(crate) client: Option<[u8; 6]>,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read<'a> {
    /// It is not answered at all.
    Drop,
    /// It is answered with its number and flags and this response code, which is never longer than the message.
    Reject {
        /// Its number.
        id: u16,
        /// Its flags.
        flags: u16,
        /// Why.
        code: u16,
    },
    /// It is a query.
    Query(Query<'a>),
}

impl Query<'_> {
    pub(crate) fn is_set(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    pub(crate) fn dnssec_ok(&self) -> bool {
        self.edns.is_some_and(|edns| edns.dnssec_ok)
    }

    pub(crate) fn is_in(&self) -> bool {
        self.class == CLASS_IN
    }
}

/// Reads a message.
pub(crate) fn read(message: &[u8]) -> Read<'_> {
    let Some((&[i0, i1, f0, f1, counts @ ..], mut rest)) = message.split_first_chunk::<HEADER>() else {
        return Read::Drop;
    };
    let (id, flags) = (u16::from_be_bytes([i0, i1]), u16::from_be_bytes([f0, f1]));
    // To answer an answer would let two servers talk to each other for ever.
    if flags & flag::RESPONSE != 0 {
        return Read::Drop;
    }
    let reject = |code| Read::Reject { id, flags, code };
    if flags & flag::OPCODE != 0 {
        return reject(code::NOT_IMPLEMENTED);
    }
    // RFC 9619: a query has one question. The other sections hold nothing but an OPT and a signature record.
    let [0, 1, 0, 0, 0, 0, 0, additionals @ 0..=2] = counts else {
        return reject(code::FORMAT_ERROR);
    };
    let Some((name, record_type, class)) = question(&mut rest) else {
        return reject(code::FORMAT_ERROR);
    };
    let mut edns = None;
    for _ in 0..additionals {
        match additional(&mut rest) {
            // RFC 6891 section 6.1.1: two are an error.
            Some(Some(_)) if edns.is_some() => return reject(code::FORMAT_ERROR),
            Some(found) => edns = edns.or(found),
            None => return reject(code::FORMAT_ERROR),
        }
    }
    Read::Query(Query {
        id,
        flags,
        name,
        record_type: RecordType(record_type),
        class,
        edns,
    })
}

fn question<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8], u16, u16)> {
    let name = take_name(rest)?;
    let [t0, t1, c0, c1] = *take(rest, 4)? else {
        return None;
    };
    Some((name, u16::from_be_bytes([t0, t1]), u16::from_be_bytes([c0, c1])))
}

/// A record of the additional section: what it says if it is an OPT record.
fn additional(rest: &mut &[u8]) -> Option<Option<Edns>> {
    let owner = take_name(rest)?;
    let [t0, t1, p0, p1, _, version, f0, _, l0, l1] = *take(rest, 10)? else {
        return None;
    };
    let mut options = take(rest, u16::from_be_bytes([l0, l1]).into())?;
    if u16::from_be_bytes([t0, t1]) != OPT {
        return Some(None);
    }
    if owner.len() != 1 {
        return None;
    }
    let mut client = None;
    while !options.is_empty() {
        let [n0, n1, l0, l1] = *take(&mut options, 4)? else {
            return None;
        };
        let data = take(&mut options, u16::from_be_bytes([l0, l1]).into())?;
        if u16::from_be_bytes([n0, n1]) == CLIENT_MAC {
            client = data.try_into().ok();
        }
    }
    Some(Some(Edns {
        payload: u16::from_be_bytes([p0, p1]),
        version,
        dnssec_ok: f0 & 0x80 != 0,
        client,
    }))
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

/// A name without pointers, of at most 255 octets.
fn take_name<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut end = 0;
    loop {
        let length = usize::from(*rest.get(end)?);
        end += length + 1;
        if length > 63 || end > 255 {
            return None;
        }
        if length == 0 {
            return take(rest, end);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{Reply, header_only},
        *,
    };
    use crate::ExtendedError;

    fn message(flags: u16, counts: [u16; 4], rest: &[u8]) -> Vec<u8> {
        let mut octets = vec![0xab, 0xcd];
        octets.extend(flags.to_be_bytes());
        octets.extend(counts.into_iter().flat_map(u16::to_be_bytes));
        octets.extend(rest);
        octets
    }

    const QUESTION: &[u8] = b"\x03wWw\x07example\x00\x00\x01\x00\x01";

    fn rejected(octets: &[u8]) -> Option<u16> {
        match read(octets) {
            Read::Reject { id, code, .. } => {
                assert_eq!(id, 0xabcd);
                Some(code)
            }
            Read::Drop | Read::Query(_) => None,
        }
    }

    fn with_opt(opt: &[u8], additionals: u16) -> Vec<u8> {
        message(0x0100, [1, 0, 0, additionals], &[QUESTION, opt].concat())
    }

    #[test]
    fn a_fragment_of_a_header_is_dropped() {
        let whole = message(0x0100, [1, 0, 0, 0], &[]);
        for length in 0..HEADER {
            assert_eq!(read(&whole[..length]), Read::Drop, "{length} octets");
        }
        assert_eq!(rejected(&whole), Some(code::FORMAT_ERROR));
    }

    #[test]
    fn an_answer_is_dropped_whatever_else_is_wrong_with_it() {
        assert_eq!(read(&message(0x8180, [1, 0, 0, 0], QUESTION)), Read::Drop);
        assert_eq!(read(&message(0xa800, [9, 9, 9, 9], &[])), Read::Drop);
    }

    #[test]
    fn other_opcodes_are_not_implemented() {
        for opcode in [1_u16, 2, 4, 5, 6] {
            let octets = message(opcode << 11, [1, 0, 0, 0], QUESTION);
            assert_eq!(rejected(&octets), Some(code::NOT_IMPLEMENTED), "opcode {opcode}");
        }
    }

    #[test]
    fn a_query_has_one_question_and_little_else() {
        for counts in [
            [0, 0, 0, 0],
            [2, 0, 0, 0],
            [u16::MAX, 0, 0, 0],
            [1, 1, 0, 0],
            [1, 0, 1, 0],
            [1, 0, 0, 3],
        ] {
            let octets = message(0x0100, counts, QUESTION);
            assert_eq!(rejected(&octets), Some(code::FORMAT_ERROR), "{counts:?}");
        }
    }

    #[test]
    fn a_question_is_read_as_it_is_written() {
        let octets = message(0x0110, [1, 0, 0, 0], QUESTION);
        let Read::Query(query) = read(&octets) else {
            panic!("no query");
        };
        assert_eq!(query.name, b"\x03wWw\x07example\x00");
        assert_eq!((query.record_type, query.class), (RecordType::A, CLASS_IN));
        assert!(query.is_set(flag::CHECKING_DISABLED) && query.edns.is_none());
    }

    #[test]
    fn a_name_with_a_pointer_or_without_an_end_is_no_question() {
        for name in [&b"\xc0\x0c\x00\x01\x00\x01"[..], b"\x03www", b"\x40", &[1; 300]] {
            let octets = message(0x0100, [1, 0, 0, 0], name);
            assert_eq!(rejected(&octets), Some(code::FORMAT_ERROR));
        }
    }

    #[test]
    fn edns_says_what_the_client_takes_and_who_it_is() {
        let opt = b"\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x0a\xfd\xe9\x00\x06\x02\x00\x00\x00\x00\x07";
        let octets = with_opt(opt, 1);
        let Read::Query(query) = read(&octets) else {
            panic!("no query");
        };
        let expected = Edns {
            payload: 1232,
            version: 0,
            dnssec_ok: true,
            client: Some([2, 0, 0, 0, 0, 7]),
        };
        assert_eq!(query.edns, Some(expected));
    }

    proptest! {
        /// Whatever comes: nothing breaks, and what is rejected is answered with no more than it brought.
        #[test]
        fn any_octets_are_read_without_harm(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Read::Reject { id, flags, code } = read(&octets) {
                prop_assert!(header_only(id, flags, code).len() <= octets.len());
            }
        }

        #[test]
        fn a_query_with_any_octet_changed_is_read_without_harm(place in 0_usize..60, octet in any::<u8>()) {
            let opt = b"\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x0a\xfd\xe9\x00\x06\x02\x00\x00\x00\x00\x07";
            let mut octets = with_opt(opt, 1);
            let place = place % octets.len();
            octets[place] = octet;
            if let Read::Query(query) = read(&octets) {
                let error = ExtendedError::new(0, "");
                for is_udp in [true, false] {
                    let reply = Reply::new(&query).finish(&query, code::SERVER_FAILURE, false, Some(&error), is_udp);
                    prop_assert!(reply.len() <= octets.len() + 17);
                }
            }
        }
    }

    #[test]
    fn edns_that_is_doubled_cut_off_or_owned_by_a_name_is_an_error() {
        let opt = b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00";
        assert_eq!(rejected(&with_opt(opt, 1)), None);
        assert_eq!(
            rejected(&with_opt(&[opt, &opt[..]].concat(), 2)),
            Some(code::FORMAT_ERROR)
        );
        assert_eq!(rejected(&with_opt(&opt[..10], 1)), Some(code::FORMAT_ERROR));
        let named = b"\x01a\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00";
        assert_eq!(rejected(&with_opt(named, 1)), Some(code::FORMAT_ERROR));
        let cut = b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x02\xfd\xe9";
        assert_eq!(rejected(&with_opt(cut, 1)), Some(code::FORMAT_ERROR));
    }
}
