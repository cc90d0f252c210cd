//! MUD URLs, MUD files and their access lists: bytes to types (RFC 8520, RFC 8519).
//!
//! What it is not: it does no IO, has no clock, and gives no meaning to a file for a home (that is `policy`).

mod url;

pub use crate::url::{MudUrl, MudUrlError};
