//! Writes a reply: the question as the client wrote it, records with their names compressed, EDNS; cut to what the client can take.

use super::{HEADER, Query, flag};
use crate::ExtendedError;

/// The largest datagram that is sent, in octets: it passes every path unfragmented (RFC 9715).
const MAX_UDP: u16 = 1232;

/// The largest datagram for a client without EDNS, in octets (RFC 1035 section 4.2.1).
const MAX_UDP_WITHOUT_EDNS: u16 = 512;

/// The most octets of the text of an extended error that are sent, so that it fits beside any question.
const MAX_TEXT: usize = 200;

/// The number of the EDNS option "Extended DNS Error" (RFC 8914 section 2).
const EXTENDED_ERROR: u16 = 15;

/// Where a pointer may lead at most (RFC 1035 section 4.1.4).
const MAX_POINTER: usize = 0x3fff;

/// The pointer to the name of the question.
pub(crate) const TO_QUESTION: [u8; 2] = [0xc0, HEADER as u8];

/// A reply that is being written.
#[derive(Debug)]
pub(crate) struct Reply {
    octets: Vec<u8>,
    counts: Counts,
    /// Where the target of the last CNAME record stands.
    last_target: Option<(usize, usize)>,
}

/// How many records there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    answers: u16,
    authorities: u16,
}

/// The reply that is its header alone.
pub(crate) fn header_only(id: u16, flags: u16, code: u16) -> Vec<u8> {
    let kept = flags & (flag::OPCODE | flag::RECURSION_DESIRED | flag::CHECKING_DISABLED);
    let flags = kept | flag::RESPONSE | flag::RECURSION_AVAILABLE | code;
    let mut octets = Vec::with_capacity(HEADER);
    octets.extend(id.to_be_bytes());
    octets.extend(flags.to_be_bytes());
    octets.resize(HEADER, 0);
    octets
}

impl Reply {
    /// Begins the reply to a query.
    pub(crate) fn new(query: &Query<'_>) -> Self {
        let mut octets = Vec::with_capacity(512);
        octets.extend(query.id.to_be_bytes());
        octets.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(query.edns.is_some())]);
        octets.extend(query.name);
        octets.extend(query.record_type.0.to_be_bytes());
        octets.extend(query.class.to_be_bytes());
        Self {
            octets,
            counts: Counts::default(),
            last_target: None,
        }
    }

    /// Adds the owner of a record: labels that may end with a pointer to the question; nothing stands for the target of the last CNAME
    /// record.
    pub(crate) fn owner(&mut self, owner: &[u8]) {
        match self.last_target {
            Some((start, _)) if owner.is_empty() && start <= MAX_POINTER => {
                // The highest two bits make it a pointer.
                let pointer = u16::try_from(start).unwrap_or(0) | 0xc000;
                self.octets.extend(pointer.to_be_bytes());
            }
            Some((start, end)) if owner.is_empty() => self.octets.extend_from_within(start..end),
            _ => self.octets.extend(owner),
        }
    }

    /// Adds the rest of a record: type and class, then how long it holds, then its data with their length.
    pub(crate) fn rest(&mut self, type_and_class: &[u8], ttl: u32, data_with_length: &[u8]) {
        self.octets.extend(type_and_class);
        self.octets.extend(ttl.to_be_bytes());
        self.octets.extend(data_with_length);
        // CNAME is 5.
        if type_and_class.starts_with(&[0, 5]) {
            let end = self.octets.len();
            self.last_target = Some((end + 2 - data_with_length.len(), end));
        }
    }

    /// Counts a record.
    pub(crate) fn count(&mut self, is_authority: bool) {
        let count = if is_authority {
            &mut self.counts.authorities
        } else {
            &mut self.counts.answers
        };
        *count = count.saturating_add(1);
    }

    /// Ends it. What is too long for the client is cut: first the text of the error, then all records, and the client is told to come
    /// by TCP.
    pub(crate) fn finish(
        mut self,
        query: &Query<'_>,
        code: u16,
        is_authentic: bool,
        error: Option<&ExtendedError>,
        is_udp: bool,
    ) -> Vec<u8> {
        let limit = limit(query, is_udp);
        let mut flags = query.flags & (flag::RECURSION_DESIRED | flag::CHECKING_DISABLED);
        flags |= flag::RESPONSE | flag::RECURSION_AVAILABLE | (code & 0xf);
        if is_authentic {
            flags |= flag::AUTHENTIC_DATA;
        }
        let records = self.octets.len();
        self.edns(query, code, error, MAX_TEXT);
        if self.octets.len() > limit {
            self.octets.truncate(records);
            self.edns(query, code, None, 0);
        }
        if self.octets.len() > limit {
            flags |= flag::TRUNCATED;
            self.octets.truncate(HEADER + query.name.len() + 4);
            self.counts = Counts::default();
            self.edns(query, code, error, 0);
        }
        let counts = [self.counts.answers, self.counts.authorities].map(u16::to_be_bytes);
        let header = [&flags.to_be_bytes()[..], &[0, 1], &counts.concat()].concat();
        for (place, octet) in self.octets.iter_mut().skip(2).zip(header) {
            *place = octet;
        }
        self.octets
    }

    fn edns(&mut self, query: &Query<'_>, code: u16, error: Option<&ExtendedError>, most: usize) {
        let Some(asked) = query.edns else {
            return;
        };
        // The root, and the number of OPT.
        self.octets.extend([0, 0, 41]);
        self.octets.extend(MAX_UDP.to_be_bytes());
        let upper_code = u8::try_from(code >> 4).unwrap_or(0);
        let flags = if asked.dnssec_ok { 0x80 } else { 0 };
        self.octets.extend([upper_code, 0, flags, 0]);
        let Some(ExtendedError { code, text }) = error else {
            self.octets.extend([0, 0]);
            return;
        };
        let end = (0..=most.min(text.len()))
            .rev()
            .find(|&end| text.is_char_boundary(end))
            .unwrap_or(0);
        // It is 200 at most.
        let length = u16::try_from(end).unwrap_or(0) + 2;
        for number in [length + 4, EXTENDED_ERROR, length, *code] {
            self.octets.extend(number.to_be_bytes());
        }
        self.octets.extend(text.bytes().take(end));
    }
}

/// How long a reply may be.
fn limit(query: &Query<'_>, is_udp: bool) -> usize {
    if !is_udp {
        return u16::MAX.into();
    }
    query
        .edns
        .map_or(MAX_UDP_WITHOUT_EDNS, |edns| {
            edns.payload.clamp(MAX_UDP_WITHOUT_EDNS, MAX_UDP)
        })
        .into()
}

#[cfg(test)]
mod tests {
    use hickory_proto::{op::Message, rr::RecordType};

    use super::{
        super::{code, query::Edns},
        *,
    };
    use crate::validate;

    fn query(edns: Option<Edns>) -> Query<'static> {
        Query {
            id: 0xabcd,
            flags: flag::RECURSION_DESIRED | flag::CHECKING_DISABLED,
            name: b"\x03wWw\x07example\x00",
            record_type: validate::RecordType::A,
            class: 1,
            edns,
        }
    }

    const EDNS: Edns = Edns {
        payload: 1232,
        version: 0,
        dnssec_ok: true,
        client: None,
    };

    fn chain(reply: &mut Reply, addresses: u8) {
        reply.count(false);
        reply.owner(&TO_QUESTION);
        reply.rest(&[0, 5, 0, 1], 60, b"\x00\x0d\x03cdn\x07example\x00");
        for last in 0..addresses {
            reply.count(false);
            reply.owner(&[]);
            reply.rest(&[0, 1, 0, 1], 30, &[0, 4, 192, 0, 2, last]);
        }
    }

    #[test]
    fn a_chain_is_written_as_the_library_reads_it() {
        let query = query(Some(EDNS));
        let mut reply = Reply::new(&query);
        chain(&mut reply, 2);
        let octets = reply.finish(&query, code::NO_ERROR, true, None, true);
        let message = Message::from_vec(&octets).unwrap();
        assert_eq!(message.queries[0].name().to_string(), "wWw.example.");
        let told: Vec<_> = message.answers.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "wWw.example. 60 IN CNAME cdn.example.",
                "cdn.example. 30 IN A 192.0.2.0",
                "cdn.example. 30 IN A 192.0.2.1"
            ]
        );
        let metadata = message.metadata;
        assert_eq!(metadata.id, 0xabcd);
        assert!(metadata.authentic_data && metadata.checking_disabled && metadata.recursion_available);
        assert!(message.edns.unwrap().flags().dnssec_ok);
    }

    #[test]
    fn what_a_client_cannot_take_is_cut_and_it_is_told() {
        let query = query(None);
        let mut reply = Reply::new(&query);
        chain(&mut reply, 40);
        let octets = reply.finish(&query, code::NO_ERROR, true, None, true);
        let message = Message::from_vec(&octets).unwrap();
        assert!(message.metadata.truncation && message.answers.is_empty());
        let mut reply = Reply::new(&query);
        chain(&mut reply, 40);
        let octets = reply.finish(&query, code::NO_ERROR, true, None, false);
        assert_eq!(Message::from_vec(&octets).unwrap().answers.len(), 41);
    }

    #[test]
    fn the_text_of_an_error_gives_way_to_records() {
        let small = Edns { payload: 512, ..EDNS };
        let query = query(Some(small));
        let error = ExtendedError::new(3, "a long text ".repeat(50));
        let mut reply = Reply::new(&query);
        chain(&mut reply, 24);
        let octets = reply.finish(&query, code::NO_ERROR, false, Some(&error), true);
        assert!(octets.len() <= 512);
        let message = Message::from_vec(&octets).unwrap();
        assert_eq!((message.answers.len(), message.metadata.truncation), (25, false));
    }

    #[test]
    fn codes_above_four_bits_are_told_in_edns() {
        let query = query(Some(EDNS));
        let octets = Reply::new(&query).finish(&query, code::BAD_VERSION, false, None, true);
        let message = Message::from_vec(&octets).unwrap();
        assert_eq!(u16::from(message.metadata.response_code), code::BAD_VERSION);
        assert_eq!(message.queries[0].query_type(), RecordType::A);
    }

    #[test]
    fn far_into_a_long_reply_names_are_written_out() {
        let query = query(None);
        let mut reply = Reply::new(&query);
        let data = [&[0xff, 0x00][..], &[7; 0xff00]].concat();
        reply.count(false);
        reply.owner(&TO_QUESTION);
        reply.rest(&[0, 16, 0, 1], 60, &data);
        chain(&mut reply, 1);
        let octets = reply.finish(&query, code::NO_ERROR, false, None, false);
        assert!(
            octets
                .ends_with(b"\x03cdn\x07example\x00\x00\x01\x00\x01\x00\x00\x00\x1e\x00\x04\xc0\x00\x02\x00")
        );
    }
}
