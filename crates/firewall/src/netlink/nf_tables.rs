//! The numbers of nf_tables' messages and attributes (`linux/netfilter/nf_tables.h`).
//!
//! What it is not: the numbers of expressions stand where rules are written.

/// The subsystem: the upper octet of the type of each message.
pub(crate) const NFTABLES: u16 = 10;

pub(crate) const BATCH_BEGIN: u16 = 16;
pub(crate) const BATCH_END: u16 = 17;
pub(crate) const NEW_TABLE: u16 = NFTABLES << 8;
pub(crate) const GET_TABLE: u16 = NFTABLES << 8 | 1;
pub(crate) const NEW_CHAIN: u16 = NFTABLES << 8 | 3;
pub(crate) const GET_CHAINS: u16 = NFTABLES << 8 | 4;
pub(crate) const DELETE_CHAIN: u16 = NFTABLES << 8 | 5;
pub(crate) const NEW_RULE: u16 = NFTABLES << 8 | 6;
pub(crate) const DELETE_RULES: u16 = NFTABLES << 8 | 8;
pub(crate) const NEW_SET: u16 = NFTABLES << 8 | 9;
pub(crate) const GET_SETS: u16 = NFTABLES << 8 | 10;
pub(crate) const DELETE_SET: u16 = NFTABLES << 8 | 11;
pub(crate) const NEW_ELEMENTS: u16 = NFTABLES << 8 | 12;
pub(crate) const GET_ELEMENTS: u16 = NFTABLES << 8 | 13;
pub(crate) const DELETE_ELEMENTS: u16 = NFTABLES << 8 | 14;
pub(crate) const NEW_GENERATION: u16 = NFTABLES << 8 | 15;
pub(crate) const GET_GENERATION: u16 = NFTABLES << 8 | 16;
pub(crate) const NEW_OBJECT: u16 = NFTABLES << 8 | 18;
pub(crate) const GET_OBJECTS: u16 = NFTABLES << 8 | 19;

/// The table, in every message but those about generations.
pub(crate) const OF_TABLE: u16 = 1;
pub(crate) const TABLE_HANDLE: u16 = 4;
pub(crate) const CHAIN_NAME: u16 = 3;
pub(crate) const RULE_CHAIN: u16 = 2;
pub(crate) const SET_NAME: u16 = 2;
pub(crate) const LIST_SET: u16 = 2;
pub(crate) const LIST_ELEMENTS: u16 = 3;
pub(crate) const LIST_ELEMENT: u16 = 1;
pub(crate) const ELEMENT_KEY: u16 = 1;
pub(crate) const ELEMENT_DATA: u16 = 2;
pub(crate) const ELEMENT_TIMEOUT: u16 = 4;
pub(crate) const ELEMENT_EXPIRATION: u16 = 5;
pub(crate) const ELEMENT_USER_DATA: u16 = 6;
pub(crate) const ELEMENT_KEY_END: u16 = 10;
pub(crate) const DATA_VALUE: u16 = 1;
pub(crate) const DATA_VERDICT: u16 = 2;
pub(crate) const VERDICT_CODE: u16 = 1;
pub(crate) const VERDICT_CHAIN: u16 = 2;
pub(crate) const GENERATION: u16 = 1;
