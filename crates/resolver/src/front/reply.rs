//! The reply to a query: shaped for the client that asked, no longer than it can take, nothing in it that was not asked for.

use hickory_proto::{
    op::{Edns, Metadata, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{HINFO, opt::EdnsOption},
    },
    serialize::binary::BinEncoder,
};
use hickory_resolver::net::{NetError, xfer::Protocol};
use hickory_server::{
    server::{Request, ResponseHandler, ResponseInfo},
    zone_handler::MessageResponseBuilder,
};

use crate::{ExtendedError, Security, engine::Resolved};

/// The largest datagram that is sent, in octets: it passes every path unfragmented (RFC 9715).
const MAX_UDP: u16 = 1232;

/// The largest datagram for a client without EDNS, in octets (RFC 1035 section 4.2.1).
const MAX_UDP_WITHOUT_EDNS: u16 = 512;

/// The most octets of the text of an extended error that are sent, so that it fits beside any question.
const MAX_TEXT: usize = 200;

/// The number of the EDNS option "Extended DNS Error" (RFC 8914 section 2).
const EXTENDED_ERROR: u16 = 15;

/// What a reply says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    response_code: ResponseCode,
    records: Vec<Record>,
    authorities: Vec<Record>,
    error: Option<ExtendedError>,
    /// Whether all of it is secure.
    is_secure: bool,
}

impl Reply {
    /// A reply that says only that there is no answer, and why.
    pub(crate) fn error(response_code: ResponseCode, error: Option<ExtendedError>) -> Self {
        Self {
            response_code,
            error,
            ..Self::default()
        }
    }

    /// The reply to a query for every type (RFC 8482 section 4.2).
    pub(crate) fn any(name: &Name) -> Self {
        let data = RData::HINFO(HINFO::new("RFC8482".to_owned(), String::new()));
        Self {
            records: vec![Record::from_rdata(name.clone(), 3600, data)],
            ..Self::default()
        }
    }

    /// The reply that tells an answer, as the client wrote its name.
    ///
    /// One that sets the DO bit also receives signatures and proofs, as far as they were checked here.
    pub(crate) fn answer(asked: &Name, resolved: &Resolved, ttl_at_most: u32, dnssec_ok: bool) -> Self {
        let answer = &resolved.answer;
        let signed = dnssec_ok
            .then(|| answer.signed_at(resolved.age, ttl_at_most))
            .flatten();
        let (mut records, authorities) = signed.map_or_else(
            || {
                let records = answer.records_at(resolved.age, ttl_at_most);
                (records, answer.soa_at(resolved.age).into_iter().collect())
            },
            |signed| (signed.answers, signed.authorities),
        );
        for record in records.iter_mut().filter(|record| record.name == *asked) {
            record.name = asked.clone();
        }
        let error = (answer.filtered && answer.is_negative()).then(|| {
            ExtendedError::new(
                ExtendedError::BLOCKED,
                "only addresses that no name of the internet may have (DNS rebinding)",
            )
        });
        let error = error.or_else(|| answer.note.clone());
        Self {
            response_code: answer.response_code,
            records,
            authorities,
            error,
            is_secure: answer.security() == Security::Secure,
        }
    }

    /// Sends it, cut to what the client can take: then it holds no records and tells the client to come by TCP.
    pub(crate) async fn send(
        &self,
        request: &Request,
        mut sender: impl ResponseHandler,
    ) -> Result<ResponseInfo, NetError> {
        let edns = request.edns.as_ref().map(|asked| self.edns(asked));
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.recursion_available = true;
        metadata.response_code = self.response_code;
        // RFC 6840 section 5.8: clients are told that understand it.
        let understands = request.metadata.authentic_data
            || request.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok);
        metadata.authentic_data = self.is_secure && understands;
        let (mut records, mut authorities) = (self.records.as_slice(), self.authorities.as_slice());
        if request.protocol() == Protocol::Udp {
            let limit = request
                .edns
                .as_ref()
                .map_or(MAX_UDP_WITHOUT_EDNS, |_| request.max_payload().min(MAX_UDP));
            let mut octets = Vec::with_capacity(limit.into());
            let mut encoder = BinEncoder::new(&mut octets);
            encoder.set_max_size(limit);
            let whole = MessageResponseBuilder::new(&request.queries, edns.as_ref());
            if whole
                .build(metadata, records, authorities, [], [])
                .destructive_emit(&mut encoder)?
                .truncation
            {
                metadata.truncation = true;
                (records, authorities) = (&[], &[]);
            }
        }
        let response = MessageResponseBuilder::new(&request.queries, edns.as_ref());
        sender
            .send_response(response.build(metadata, records, authorities, [], []))
            .await
    }

    fn edns(&self, asked: &Edns) -> Edns {
        let mut edns = Edns::new();
        edns.set_max_payload(MAX_UDP)
            .set_dnssec_ok(asked.flags().dnssec_ok);
        if let Some(ExtendedError { code, text }) = &self.error {
            let end = (0..=MAX_TEXT.min(text.len()))
                .rev()
                .find(|&end| text.is_char_boundary(end))
                .unwrap_or(0);
            let option = [&code.to_be_bytes(), &text.as_bytes()[..end]].concat();
            edns.options_mut()
                .insert(EdnsOption::Unknown(EXTENDED_ERROR, option));
        }
        edns
    }
}

/// Whether a type is no type of data (RFC 6895 section 3.1): transfers, transaction signatures and the like.
pub(crate) fn is_meta(record_type: RecordType) -> bool {
    let number = u16::from(record_type);
    number == 0 || record_type == RecordType::OPT || (128..=255).contains(&number)
}
