//! The messages of the LAN side in wire form (RFC 1035 section 4, RFC 6891): as little as it takes to read a query and to write a
//! reply, so that a cached answer costs no more than its octets.
//!
//! What it is not: replies of upstream resolvers are read by the DNS library.

mod query;
mod reply;

pub(crate) use self::{
    query::{Query, Read, read},
    reply::{Reply, TO_QUESTION, header_only},
};

/// The length of a message's header, and so where the name of its question begins.
pub(crate) const HEADER: usize = 12;

/// The flags and codes of the header (RFC 1035 section 4.1.1, RFC 4035 section 3).
pub(crate) mod flag {
    pub(crate) const RESPONSE: u16 = 0x8000;
    pub(crate) const OPCODE: u16 = 0x7800;
    pub(crate) const TRUNCATED: u16 = 0x0200;
    pub(crate) const RECURSION_DESIRED: u16 = 0x0100;
    pub(crate) const RECURSION_AVAILABLE: u16 = 0x0080;
    pub(crate) const AUTHENTIC_DATA: u16 = 0x0020;
    pub(crate) const CHECKING_DISABLED: u16 = 0x0010;
}

/// Response codes (RFC 1035 section 4.1.1, RFC 6891 section 9).
pub(crate) mod code {
    pub(crate) const NO_ERROR: u16 = 0;
    pub(crate) const FORMAT_ERROR: u16 = 1;
    pub(crate) const SERVER_FAILURE: u16 = 2;
    pub(crate) const NO_SUCH_NAME: u16 = 3;
    pub(crate) const NOT_IMPLEMENTED: u16 = 4;
    pub(crate) const REFUSED: u16 = 5;
    pub(crate) const BAD_VERSION: u16 = 16;
}
