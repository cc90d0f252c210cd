//! The resolver of the LAN, which tells an [`AnswerSink`] every address before it tells the Thing.
//!
//! A question comes in over UDP or TCP ([`FrontEnd`]), is resolved through the cache or the upstream resolvers, and its answer is
//! handed to the sink; only when the sink has released it, the reply leaves. A cached answer takes the same way.
//!
//! Every answer is validated here ([`validate`]), whatever upstream resolvers say about it.
//!
//! What it is not: it knows neither Things nor policies (the sink does) and holds no zones. hickory reads messages.

mod answer;
mod config;
mod counters;
mod engine;
mod front;
mod resolver;
#[cfg(test)]
mod scenarios;
mod sink;
mod trace;
pub mod validate;
mod wire;

pub use answer::{AnswerAddress, ExtendedError, Security, Validated};
pub use config::{Config, Mode, Proof, StartError, TlsIdentity, Transport, UpstreamServer};
pub use counters::Counters;
pub use engine::{HintsError, check_root_hints};
pub use front::{FrontEnd, ListenError, MoreAddresses};
pub use resolver::{LookupError, Resolver};
pub use sink::{AnswerSink, Client, Release, SinkError};
pub use trace::Trace;
