//! What MUD files mean for one home: a policy per Thing, each rule with its origin and each ACE with its verdict. Pure.

mod mac;

pub use mac::{MacAddress, MacAddressError};
