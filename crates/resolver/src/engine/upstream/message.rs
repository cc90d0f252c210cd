//! A question to an authoritative server or a resolver, and what it says, in wire form (RFC 1035, RFC 6891).
//!
//! A reply belongs to a question only if it has its identifier and its name, letter by letter: the case of the letters is drawn, so that
//! somebody who does not see the question has more to guess (draft-vixie-dnsext-dns0x20).
//!
//! What it is not: replies are read by the DNS library.

use hickory_proto::op::{Message, MessageType, OpCode};
use ring::rand::{SecureRandom, SystemRandom};

use crate::{
    engine::records::record_for_validator,
    validate::{CLASS_IN, Question, Record},
};

/// Where the question begins.
const HEADER: usize = 12;

/// The largest UDP reply that is asked for, in octets: what passes every path unfragmented (RFC 9715).
const EDNS_PAYLOAD: u16 = 1232;

/// The octets before the data of an EDNS option.
const OPTION_HEADER: usize = 4;

/// Questions that travel encrypted have a multiple of this length (RFC 8467 section 4.1).
const BLOCK: usize = 128;

/// A question in wire form.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    octets: Vec<u8>,
    /// Where the question ends.
    end: usize,
}

/// How a message that arrives fits a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It is a reply to it.
    Reply,
    /// It would be, but the letters of the name have another case.
    OtherCase,
    /// It is none.
    No,
}

/// What a server says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) response_code: u16,
    pub(super) is_authoritative: bool,
    pub(super) is_truncated: bool,
    pub(super) has_edns: bool,
    pub(super) answers: Vec<Record>,
    pub(super) authorities: Vec<Record>,
    pub(super) additionals: Vec<Record>,
}

impl Query {
    /// A question without recursion. With EDNS it asks for signatures (DO); it never asks for an opinion about them.
    pub(super) fn new(question: &Question, with_edns: bool) -> Self {
        // Two octets for the identifier, then a bit for each octet of the longest name.
        let mut random = [0; 2 + 32];
        // Without randomness of the system nothing else of this process would work either.
        let _ = SystemRandom::new().fill(&mut random);
        let (identifier, cases) = random.split_at(2);
        let mut octets = Vec::with_capacity(HEADER + question.name.as_wire().len() + 15);
        octets.extend_from_slice(identifier);
        octets.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(with_edns)]);
        for (place, &octet) in question.name.as_wire().iter().enumerate() {
            let bits = cases.get(place / 8).copied().unwrap_or(0);
            let is_upper = bits >> (place % 8) & 1 == 1;
            // A length octet is no letter.
            octets.push(if is_upper {
                octet.to_ascii_uppercase()
            } else {
                octet
            });
        }
        octets.extend(question.record_type.0.to_be_bytes());
        octets.extend(CLASS_IN.to_be_bytes());
        let end = octets.len();
        if with_edns {
            octets.extend([0, 0, 41]);
            octets.extend(EDNS_PAYLOAD.to_be_bytes());
            octets.extend([0, 0, 0x80, 0, 0, 0]);
        }
        Self { octets, end }
    }

    /// A question to a resolver: with recursion, signatures (DO) and no opinion about them (CD, RFC 6840 section 5.9). One that travels
    /// encrypted is filled up, so that its length does not tell the name (RFC 8467 section 4.1).
    pub(super) fn for_resolver(question: &Question, is_encrypted: bool) -> Self {
        let mut query = Self::new(question, true);
        if let Some(flags) = query.octets.get_mut(2..4) {
            flags.copy_from_slice(&[0x01, 0x10]);
        }
        if is_encrypted {
            let length = query.octets.len();
            let filling = (length + OPTION_HEADER).next_multiple_of(BLOCK) - length - OPTION_HEADER;
            // One block is shorter than an octet counts: a name has 255 octets, and only the last block is filled.
            let filling = u8::try_from(filling).unwrap_or_default();
            query.octets.truncate(length - 2);
            query.octets.extend([0, filling + 4, 0, 12, 0, filling]);
            query
                .octets
                .resize(length + OPTION_HEADER + usize::from(filling), 0);
        }
        query
    }

    /// The same with the letters as they are, for a server that does not keep their case.
    pub(super) fn in_lower_case(mut self) -> Self {
        let end = self.end;
        if let Some(name) = self.octets.get_mut(HEADER..end.saturating_sub(4)) {
            name.make_ascii_lowercase();
        }
        self
    }

    /// Draws another identifier.
    pub(super) fn draw_identifier(&mut self) {
        if let Some(identifier) = self.octets.get_mut(..2) {
            let _ = SystemRandom::new().fill(identifier);
        }
    }

    /// Its identifier.
    pub(super) fn identifier(&self) -> u16 {
        match self.octets.get(..2) {
            Some(&[high, low]) => u16::from_be_bytes([high, low]),
            _ => 0,
        }
    }

    /// What is sent.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// What is sent over a connection: behind its length.
    pub(super) fn framed(&self) -> Vec<u8> {
        let length = u16::try_from(self.octets.len()).unwrap_or_default();
        [&length.to_be_bytes()[..], &self.octets].concat()
    }

    /// How a message fits.
    pub(super) fn fit(&self, message: &[u8]) -> Fit {
        let identifier = |octets: &[u8]| octets.get(..2).map(<[u8]>::to_vec);
        let counts_one = message.get(4..6) == Some(&[0, 1]);
        let is_response = message.get(2).is_some_and(|flags| flags & 0xf8 == 0x80);
        if !is_response || !counts_one || identifier(message) != identifier(&self.octets) {
            return Fit::No;
        }
        match (message.get(HEADER..self.end), self.octets.get(HEADER..self.end)) {
            (Some(theirs), Some(ours)) if theirs == ours => Fit::Reply,
            (Some(theirs), Some(ours)) if theirs.eq_ignore_ascii_case(ours) => Fit::OtherCase,
            _ => Fit::No,
        }
    }
}

impl Response {
    /// Reads a message that fits; `None` if it is none.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let message = Message::from_vec(octets).ok()?;
        if message.metadata.message_type != MessageType::Response || message.metadata.op_code != OpCode::Query
        {
            return None;
        }
        let records = |section: &[hickory_proto::rr::Record]| {
            section
                .iter()
                .filter_map(record_for_validator)
                .filter(|record| record.class == CLASS_IN)
                .collect()
        };
        Some(Self {
            response_code: message.metadata.response_code.into(),
            is_authoritative: message.metadata.authoritative,
            is_truncated: message.metadata.truncation,
            has_edns: message.edns.is_some(),
            answers: records(&message.answers),
            authorities: records(&message.authorities),
            additionals: records(&message.additionals),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::RecordType;

    fn query() -> Query {
        let question = Question::new(
            "a-name-with-many-letters.example.".parse().unwrap(),
            RecordType::A,
        );
        Query::new(&question, true)
    }

    fn reply_to(query: &Query) -> Vec<u8> {
        let mut reply = query.octets().to_vec();
        reply[2] = 0x84;
        reply
    }

    #[test]
    fn a_reply_has_the_identifier_and_the_question_of_the_query() {
        let query = query();
        let good = reply_to(&query);
        assert_eq!(query.fit(&good), Fit::Reply);
        for place in [0, 1, 2, 5, 12, 14, query.end - 4, query.end - 1] {
            let mut other = good.clone();
            // A bit that is no difference of case.
            other[place] ^= 0x81;
            assert_eq!(query.fit(&other), Fit::No, "octet {place}");
        }
        assert_eq!(query.fit(&good[..20]), Fit::No);
        assert_eq!(query.fit(&[]), Fit::No);
    }

    #[test]
    fn a_reply_with_the_letters_in_another_case_does_not_count() {
        let query = query();
        let mut reply = reply_to(&query);
        reply[HEADER + 1] ^= 0x20;
        assert_eq!(query.fit(&reply), Fit::OtherCase);
    }

    #[test]
    fn identifier_and_case_are_drawn_for_each_query() {
        let (one, other) = (query(), query());
        let name = |query: &Query| query.octets()[HEADER..query.end].to_vec();
        assert_ne!(one.octets()[..2], other.octets()[..2]);
        assert_ne!(name(&one), name(&other));
        assert!(name(&one).eq_ignore_ascii_case(&name(&other)));
    }

    #[test]
    fn a_question_to_a_resolver_that_travels_encrypted_does_not_tell_its_length() {
        for labels in 1..120 {
            let name = "a.".repeat(labels).parse().unwrap();
            let question = Question::new(name, RecordType::A);
            let query = Query::for_resolver(&question, true);
            assert_eq!(query.octets().len() % BLOCK, 0, "{labels} labels");
            let message = Message::from_vec(query.octets()).unwrap();
            assert!(message.metadata.recursion_desired && message.metadata.checking_disabled);
            assert!(message.edns.unwrap().flags().dnssec_ok);
            let plain = Query::for_resolver(&question, false);
            assert!(
                Message::from_vec(plain.octets())
                    .unwrap()
                    .metadata
                    .checking_disabled
            );
        }
    }

    #[test]
    fn the_library_reads_what_is_sent() {
        let message = Message::from_vec(query().octets()).unwrap();
        assert!(!message.metadata.recursion_desired);
        let edns = message.edns.unwrap();
        assert_eq!((edns.max_payload(), edns.flags().dnssec_ok), (EDNS_PAYLOAD, true));
    }
}
