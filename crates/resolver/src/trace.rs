//! What is found of a name, and on which way: for people who ask why.

use std::net::IpAddr;

use crate::{ExtendedError, Security};

/// A question with its answer, how far that was checked, and why. It was obtained anew: nothing of it comes from the cache of answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The name asked for, and those that it stands for, in order.
    pub names: Vec<String>,
    /// The type asked for.
    pub record_type: String,
    /// The response code; 2 if there is no answer.
    pub response_code: u16,
    /// How far it was checked; `None` if nobody gave an answer, or if it was made here.
    pub security: Option<Security>,
    /// What clients are told beside it.
    pub error: Option<ExtendedError>,
    /// The records as zone files write them.
    pub records: Vec<String>,
    /// The addresses among them.
    pub addresses: Vec<IpAddr>,
    /// What each link of the answer was found to be.
    pub links: Vec<String>,
    /// The names on the way down from the trust anchor, and what each is.
    pub cuts: Vec<(String, String)>,
}
