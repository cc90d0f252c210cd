//! Elements as the kernel keeps them, so that they can be compared with what it has and sent over netlink.

use std::{fmt, net::IpAddr, sync::Arc};

use mudguard_policy::MacAddress;
use nftables::{
    expr::{Expression, NamedExpression, Prefix, Verdict},
    schema::SetType,
};

use crate::{
    expression::Expr,
    key::Key,
    netlink::batch::{At, Lead, Said},
    sets::Plane,
    table::{Element, Set, SetKind},
};

/// Where an element stands.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Spot {
    pub(crate) plane: Plane,
    pub(crate) set: Arc<str>,
    pub(crate) key: Vec<u8>,
    /// The last key, in a set with ranges.
    pub(crate) end: Option<Vec<u8>>,
}

/// What it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) chain: Option<(Lead, String)>,
    pub(crate) comment: Option<Arc<str>>,
}

impl fmt::Debug for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} {:02x?}", self.plane, self.set, self.key)?;
        self.end
            .as_ref()
            .map_or(Ok(()), |end| write!(f, " to {end:02x?}"))
    }
}

impl Spot {
    /// For netlink.
    pub(crate) fn at(&self) -> At<'_> {
        At {
            plane: self.plane,
            set: &self.set,
            key: &self.key,
            end: self.end.as_deref(),
        }
    }
}

impl From<&Key> for Spot {
    fn from(key: &Key) -> Self {
        Self {
            plane: key.plane,
            set: Arc::clone(&key.set),
            key: key.octets(),
            end: None,
        }
    }
}

impl Content {
    /// For netlink.
    pub(crate) fn said(&self) -> Said<'_> {
        Said {
            chain: self.chain.as_ref().map(|(lead, chain)| (*lead, &**chain)),
            comment: self.comment.as_deref(),
            lifetime: None,
        }
    }
}

/// The last octets of an address or a name.
const PART: usize = 16;

/// A part of a key: its first and last value, and how many octets of them count.
struct Part {
    first: [u8; PART],
    last: [u8; PART],
    length: usize,
}

/// An element of a set as the kernel keeps it. `None` if this is not known of its kind: there is no such set in our tables.
pub(crate) fn encode(plane: Plane, set: &Set, name: &Arc<str>, element: &Element) -> Option<(Spot, Content)> {
    if element.key.len() != set.key.len() {
        return None;
    }
    let (mut key, mut end) = (Vec::with_capacity(32), Vec::with_capacity(32));
    for (kind, expression) in set.key.iter().zip(&element.key) {
        let part = part(*kind, expression)?;
        for (octets, value) in [(&mut key, part.first), (&mut end, part.last)] {
            octets.extend(&value[..part.length]);
            if set.key.len() > 1 {
                octets.resize(octets.len().next_multiple_of(4), 0);
            }
        }
    }
    let has_ranges = set.kind == SetKind::Intervals;
    // Ranges of a single part are kept in another way.
    if has_ranges && set.key.len() == 1 || !has_ranges && key != end {
        return None;
    }
    let chain = match &element.verdict {
        None => None,
        Some(Expression::Verdict(Verdict::Goto(to))) => Some((Lead::Goto, to.target.clone().into_owned())),
        Some(Expression::Verdict(Verdict::Jump(to))) => Some((Lead::Jump, to.target.clone().into_owned())),
        Some(_) => return None,
    };
    let spot = Spot {
        plane,
        set: Arc::clone(name),
        key,
        end: has_ranges.then_some(end),
    };
    let comment = element.comment.clone();
    Some((spot, Content { chain, comment }))
}

fn part(kind: SetType, expression: &Expr) -> Option<Part> {
    if let Expression::Range(range) = expression {
        let [first, last] = &range.range;
        let (first, last) = (part(kind, first)?, part(kind, last)?);
        return Some(Part {
            first: first.first,
            last: last.last,
            length: first.length,
        });
    }
    match (kind, expression) {
        (SetType::EtherAddr, Expression::String(text)) => text.parse().ok().map(|MacAddress(mac)| same(&mac)),
        (SetType::Ipv4Addr | SetType::Ipv6Addr, Expression::String(text)) => {
            address(text).map(|at| same(&at))
        }
        (
            SetType::Ipv4Addr | SetType::Ipv6Addr,
            Expression::Named(NamedExpression::Prefix(Prefix { addr, len })),
        ) => {
            let Expression::String(text) = &**addr else {
                return None;
            };
            let mut part = same(&address(text)?);
            for (at, octet) in part.last[..part.length].iter_mut().enumerate() {
                let fixed = usize::try_from(*len).ok()?.saturating_sub(at * 8).min(8);
                *octet |= u8::try_from(0xff_u16 >> fixed).unwrap_or(u8::MAX);
            }
            Some(part)
        }
        (SetType::InetProto, Expression::Number(number)) => {
            u8::try_from(*number).ok().map(|protocol| same(&[protocol]))
        }
        (SetType::InetService, Expression::Number(number)) => {
            u16::try_from(*number).ok().map(|port| same(&port.to_be_bytes()))
        }
        (SetType::Ifname, Expression::String(name)) if name.len() < PART => {
            let mut part = same(name.as_bytes());
            part.length = PART;
            Some(part)
        }
        _ => None,
    }
}

fn same(octets: &[u8]) -> Part {
    let mut value = [0; PART];
    value[..octets.len()].copy_from_slice(octets);
    Part {
        first: value,
        last: value,
        length: octets.len(),
    }
}

fn address(text: &str) -> Option<Vec<u8>> {
    Some(match text.parse().ok()? {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    })
}
