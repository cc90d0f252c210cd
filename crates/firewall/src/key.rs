//! The keys of learned elements.

use std::{net::IpAddr, sync::Arc};

use mudguard_policy::{Family, Initiator, MacAddress};

use crate::sets::{Plane, Tail};

/// The key of a learned element, and the set where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) plane: Plane,
    pub(crate) set: Arc<str>,
    pub(crate) parts: Vec<Part>,
}

/// A part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Part {
    Mac(MacAddress),
    Address(IpAddr),
    Protocol(u8),
    Port(u16),
}

impl Part {
    /// As the kernel keeps it: in network order, filled up to four octets if another part may follow.
    pub(crate) fn write(self, key: &mut Vec<u8>) {
        match self {
            Self::Mac(part) => key.extend(part.0),
            Self::Address(IpAddr::V4(part)) => key.extend(part.octets()),
            Self::Address(IpAddr::V6(part)) => key.extend(part.octets()),
            Self::Protocol(part) => key.push(part),
            Self::Port(part) => key.extend(part.to_be_bytes()),
        }
    }
}

impl Key {
    /// The key in the kernel's form.
    pub(crate) fn octets(&self) -> Vec<u8> {
        let mut key = Vec::with_capacity(48);
        for part in &self.parts {
            part.write(&mut key);
            if self.parts.len() > 1 {
                key.resize(key.len().next_multiple_of(4), 0);
            }
        }
        key
    }
}

/// What an answer for a name opens, before the address is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) place: Place,
    pub(crate) comment: Arc<str>,
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a set that all Things share.
    Shared {
        initiator: Initiator,
        family: Family,
        tail: Tail,
        /// The name of the set.
        set: Arc<str>,
    },
    /// In a set of this name in the chains of the Thing.
    Own {
        plane: Plane,
        family: Family,
        set: Arc<str>,
    },
}

impl Opening {
    /// The keys for an address; none if it is of another family. `addresses` are those of the Thing.
    pub(crate) fn keys(&self, thing: MacAddress, addresses: &[IpAddr], told: IpAddr) -> Vec<Key> {
        match &self.place {
            Place::Own { plane, family, set } if *family == Family::of(told) => vec![Key {
                plane: *plane,
                set: Arc::clone(set),
                parts: vec![Part::Address(told)],
            }],
            Place::Shared {
                initiator,
                family,
                tail,
                set,
            } if *family == Family::of(told) => {
                let things = match initiator {
                    Initiator::Thing => vec![Part::Mac(thing)],
                    Initiator::Peer => {
                        let same = addresses
                            .iter()
                            .filter(|address| Family::of(**address) == *family);
                        same.map(|address| Part::Address(*address)).collect()
                    }
                };
                let key = |first| Key {
                    plane: Plane::Routed,
                    set: Arc::clone(set),
                    parts: [first, Part::Address(told)]
                        .into_iter()
                        .chain(tail.parts())
                        .collect(),
                };
                things.into_iter().map(key).collect()
            }
            Place::Own { .. } | Place::Shared { .. } => Vec::new(),
        }
    }
}

impl Tail {
    fn parts(self) -> Vec<Part> {
        match self {
            Self::Any => Vec::new(),
            Self::Protocol(protocol) => vec![Part::Protocol(protocol)],
            Self::Source(protocol, port) | Self::Destination(protocol, port) => {
                vec![Part::Protocol(protocol), Part::Port(port)]
            }
        }
    }
}
