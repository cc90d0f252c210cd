//! What an earlier daemon had told Things: read from the elements that the kernel still has, so that a restart takes no way from a
//! Thing. The name stands in the comment of each learned element.

use std::{
    collections::HashMap,
    io,
    net::IpAddr,
    time::{Duration, Instant},
};

use mudguard_policy::MacAddress;

use crate::{
    answers::{Answers, canonical},
    netlink::{
        array,
        listing::{self, Listed},
    },
};

/// Reads what the kernel has into the memory of answers.
pub(crate) fn restore(
    answers: &mut Answers,
    owner: &HashMap<IpAddr, MacAddress>,
    now: Instant,
) -> io::Result<()> {
    for set in listing::sets()? {
        let Some(form) = Form::of(&set) else { continue };
        for element in listing::elements(&set)? {
            if let Some((thing, name, address, left)) = told(&form, &element, owner) {
                answers.restore(thing, &canonical(name), address, now, now + left);
            }
        }
    }
    Ok(())
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
    element: &'a Listed,
    owner: &HashMap<IpAddr, MacAddress>,
) -> Option<(MacAddress, &'a str, IpAddr, Duration)> {
    let key = &element.key;
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
    let name = element
        .comment
        .split(' ')
        .next()
        .filter(|name| !name.is_empty())?;
    Some((thing, name, address, element.left))
}

fn address(key: &[u8], at: usize, is_ipv6: bool) -> Option<IpAddr> {
    if is_ipv6 {
        array::<16>(key, at).map(IpAddr::from)
    } else {
        array::<4>(key, at).map(IpAddr::from)
    }
}
