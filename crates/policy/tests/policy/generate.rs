//! Random files, homes and packets. All draw from the same few names, addresses and ports, so that they meet.

mod aces;
mod packets;
pub(crate) mod pools;
mod sites;

pub(crate) use self::{
    aces::file,
    packets::{Plan, plans},
    sites::site,
};
