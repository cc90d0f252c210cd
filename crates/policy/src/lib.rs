//! What MUD files mean for one home: a policy per Thing, each rule with its origin and each ACE with its verdict. Pure.

mod compile;
mod judge;
mod mac;
mod narrow;
pub mod oracle;
mod packet;
mod rights;
mod rule;
mod site;
mod special_purpose;
#[cfg(feature = "testing")]
pub mod testing;
mod thing_policy;

pub use compile::compile;
pub use mac::{MacAddress, MacAddressError};
pub use narrow::narrow;
pub use packet::{IcmpHeader, IpHeader, Judgement, OtherEnd, Packet, TcpHeader, Transport, UdpHeader};
pub use rights::Right;
pub use rule::{
    AceName, Action, Family, HeaderCondition, IcmpType, Initiator, Origin, Peer, PortSet, Ports, Protocol,
    Rule,
};
pub use site::{Identity, LOCAL_GROUPS, Member, Neighbour, Site};
pub use special_purpose::SpecialPurpose;
pub use thing_policy::{AceVerdict, Sum, ThingPolicy, Verdict};
