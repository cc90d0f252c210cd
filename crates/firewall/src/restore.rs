//! What an earlier daemon had told Things: read from the elements that the kernel still has, so that a restart takes no way from a
//! Thing. The name stands in the comment of each learned element.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use mudguard_policy::MacAddress;

use crate::{
    answers::{Answers, canonical},
    encoded::{Content, Spot},
    netlink::array,
};

/// Takes what the kernel has into the memory of answers.
pub(crate) fn restore(
    answers: &mut Answers,
    there: &HashMap<Spot, (Content, Option<Duration>)>,
    owner: &HashMap<IpAddr, MacAddress>,
    now: Instant,
) {
    for (spot, (content, left)) in there {
        let (Some(form), Some(left), Some(comment)) = (Form::of(&spot.set), left, &content.comment) else {
            continue;
        };
        if let Some((thing, name, address)) = told(&form, &spot.key, comment, owner) {
            answers.restore(thing, &canonical(name), address, now, now + *left);
        }
    }
}

/// Where Thing and address stand in the key of a learned element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The MAC address of the Thing, two octets that fill up, the address.
    FromThing { is_ipv6: bool },
    /// The address of the Thing, the address.
    ToThing { is_ipv6: bool },
    /// The address; the set is this Thing's.
    Own { thing: MacAddress, is_ipv6: bool },
}

impl Form {
    /// `None` if the set holds nothing learned.
    fn of(set: &str) -> Option<Self> {
        let (start, rest) = set.split_once('_')?;
        let is_ipv6 = start.ends_with('6');
        match start {
            "out4" | "out6" if rest.starts_with("learned_") => Some(Self::FromThing { is_ipv6 }),
            "in4" | "in6" if rest.starts_with("learned_") => Some(Self::ToThing { is_ipv6 }),
            "names4" | "names6" => {
                let hexadecimal = rest.split_once('_')?.0;
                let value = u64::from_str_radix(hexadecimal, 16).ok()?;
                let [_, _, mac @ ..] = value.to_be_bytes();
                Some(Self::Own {
                    thing: MacAddress(mac),
                    is_ipv6,
                })
            }
            _ => None,
        }
    }
}

fn told<'a>(
    form: &Form,
    key: &[u8],
    comment: &'a str,
    owner: &HashMap<IpAddr, MacAddress>,
) -> Option<(MacAddress, &'a str, IpAddr)> {
    let (thing, address) = match *form {
        Form::FromThing { is_ipv6 } => (MacAddress(array(key, 0)?), address(key, 8, is_ipv6)?),
        Form::ToThing { is_ipv6 } => {
            let thing = address(key, 0, is_ipv6)?;
            (
                *owner.get(&thing)?,
                address(key, if is_ipv6 { 16 } else { 4 }, is_ipv6)?,
            )
        }
        Form::Own { thing, is_ipv6 } => (thing, address(key, 0, is_ipv6)?),
    };
    let name = comment.split(' ').next().filter(|name| !name.is_empty())?;
    Some((thing, name, address))
}

fn address(key: &[u8], at: usize, is_ipv6: bool) -> Option<IpAddr> {
    if is_ipv6 {
        array::<16>(key, at).map(IpAddr::from)
    } else {
        array::<4>(key, at).map(IpAddr::from)
    }
}
