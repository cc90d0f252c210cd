//! What can be said of a message from its header alone, before anything else of it is read (RFC 1035 section 4.1.1). Pure.

use hickory_proto::{
    op::{Header, MessageType, Metadata, OpCode, ResponseCode},
    serialize::binary::{BinDecodable, BinDecoder},
};

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inspected {
    /// It is not answered at all.
    Drop,
    /// It is answered with its header and this response code, which is never longer than the message.
    Reject(Metadata, ResponseCode),
    /// It looks like a query with one question; its header.
    Query(Metadata),
}

/// Looks at the header of a message.
pub(crate) fn inspect(message: &[u8]) -> Inspected {
    let Ok(header) = Header::read(&mut BinDecoder::new(message)) else {
        return Inspected::Drop;
    };
    // To answer an answer would let two servers talk to each other for ever.
    if header.metadata.message_type == MessageType::Response {
        return Inspected::Drop;
    }
    if header.metadata.op_code != OpCode::Query {
        return Inspected::Reject(header.metadata, ResponseCode::NotImp);
    }
    let counts = header.counts;
    // RFC 9619: a query has one question. The other sections hold nothing but an OPT and a signature record.
    if counts.queries != 1 || counts.answers != 0 || counts.authorities != 0 || counts.additionals > 2 {
        return Inspected::Reject(header.metadata, ResponseCode::FormErr);
    }
    Inspected::Query(header.metadata)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(flags: u16, counts: [u16; 4]) -> Vec<u8> {
        let mut octets = vec![0xab, 0xcd];
        octets.extend(flags.to_be_bytes());
        octets.extend(counts.into_iter().flat_map(u16::to_be_bytes));
        octets
    }

    fn rejected(octets: &[u8]) -> Option<ResponseCode> {
        match inspect(octets) {
            Inspected::Reject(metadata, code) => {
                assert_eq!(metadata.id, 0xabcd);
                Some(code)
            }
            Inspected::Drop | Inspected::Query(_) => None,
        }
    }

    #[test]
    fn a_fragment_of_a_header_is_dropped() {
        let whole = header(0x0100, [1, 0, 0, 0]);
        for length in 0..12 {
            assert_eq!(inspect(&whole[..length]), Inspected::Drop, "{length} octets");
        }
        assert!(matches!(inspect(&whole), Inspected::Query(metadata) if metadata.id == 0xabcd));
    }

    #[test]
    fn an_answer_is_dropped_whatever_else_is_wrong_with_it() {
        assert_eq!(inspect(&header(0x8180, [1, 0, 0, 0])), Inspected::Drop);
        assert_eq!(inspect(&header(0xa800, [9, 9, 9, 9])), Inspected::Drop);
    }

    #[test]
    fn other_opcodes_are_not_implemented() {
        for opcode in [1_u16, 2, 4, 5, 6] {
            assert_eq!(
                rejected(&header(opcode << 11, [1, 0, 0, 0])),
                Some(ResponseCode::NotImp),
                "opcode {opcode}"
            );
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
            assert_eq!(
                rejected(&header(0x0100, counts)),
                Some(ResponseCode::FormErr),
                "{counts:?}"
            );
        }
        assert_eq!(rejected(&header(0x0100, [1, 0, 0, 2])), None);
    }
}
