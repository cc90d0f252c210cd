//! The other end of the flows that an ACE is about: unions of what a rule can name, and their intersections.

use std::{borrow::Cow, net::IpAddr};

use ipnet::IpNet;
use mudguard_mud::DomainName;

use crate::{Family, Initiator, MacAddress, Peer, Site};

/// One member of a union of descriptions of the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End<'a> {
    /// Every address.
    Anything,
    /// The addresses told for a name.
    Name(&'a DomainName),
    /// Addresses within these prefixes.
    Addresses(Cow<'a, [IpNet]>),
    /// Groups of local scope, for what the Thing sends.
    Groups(Vec<IpNet>),
    /// These Things, sorted.
    Things(Vec<MacAddress>),
    /// This router.
    Gateway,
}

impl<'a> End<'a> {
    /// Whether it can be the other end of a flow that this side opens: a group opens none.
    pub(super) fn is_peer_when_opened_by(&self, initiator: Initiator) -> bool {
        initiator == Initiator::Thing || !matches!(self, Self::Groups(_))
    }

    /// Whether anything of this family is in it.
    pub(super) fn holds(&self, family: Option<Family>) -> bool {
        match self {
            Self::Anything | Self::Name(_) | Self::Gateway => true,
            Self::Addresses(networks) => networks.iter().any(|network| is_of(family, network)),
            Self::Groups(groups) => groups.iter().any(|group| is_of(family, group)),
            Self::Things(things) => !things.is_empty(),
        }
    }

    /// What of it is of this family, as a rule names it; `None` if nothing is.
    pub(super) fn peer(&self, family: Option<Family>) -> Option<Peer> {
        let of_family = |networks: &[IpNet]| {
            let networks: Vec<_> = networks
                .iter()
                .filter(|network| is_of(family, network))
                .copied()
                .collect();
            (!networks.is_empty()).then_some(Peer::Networks(networks))
        };
        match self {
            Self::Anything => Some(Peer::Anything),
            Self::Name(name) => Some(Peer::Name((*name).clone())),
            Self::Addresses(networks) => of_family(networks),
            Self::Groups(groups) => of_family(groups),
            Self::Things(things) => (!things.is_empty()).then(|| Peer::Things(things.clone())),
            Self::Gateway => Some(Peer::Gateway),
        }
    }

    /// What is in both; `None` if no rule can name that.
    fn intersection(&self, other: &Self, site: &Site) -> Option<Self> {
        Some(match (self, other) {
            (Self::Anything, end) | (end, Self::Anything) => end.clone(),
            (Self::Name(name), Self::Name(other)) if name == other => Self::Name(name),
            (Self::Addresses(networks), Self::Addresses(others)) => {
                Self::Addresses(common_networks(networks, others).into())
            }
            (Self::Groups(groups), Self::Addresses(networks))
            | (Self::Addresses(networks), Self::Groups(groups)) => {
                Self::Groups(common_networks(networks, groups))
            }
            (Self::Groups(groups), Self::Groups(others)) => Self::Groups(common_networks(groups, others)),
            (Self::Things(things), Self::Things(others)) => Self::Things(
                things
                    .iter()
                    .filter(|mac| others.contains(mac))
                    .copied()
                    .collect(),
            ),
            (Self::Gateway, Self::Gateway) => Self::Gateway,
            (Self::Gateway, Self::Addresses(networks)) | (Self::Addresses(networks), Self::Gateway) => {
                gateway_within(networks, site)
            }
            // No station has the address of a group.
            (Self::Groups(_), Self::Gateway | Self::Things(_))
            | (Self::Gateway | Self::Things(_), Self::Groups(_)) => Self::Groups(Vec::new()),
            _ => return None,
        })
    }
}

/// What is in both unions. Where no rule can name that, `Err` holds the first union, which covers it.
pub(super) fn intersection<'a>(
    ends: Vec<End<'a>>,
    others: &[End<'a>],
    site: &Site,
) -> Result<Vec<End<'a>>, Vec<End<'a>>> {
    let common: Option<Vec<_>> = ends
        .iter()
        .flat_map(|end| others.iter().map(|other| end.intersection(other, site)))
        .collect();
    common.ok_or(ends)
}

fn gateway_within<'a>(networks: &[IpNet], site: &Site) -> End<'a> {
    let is_within = |address: &&IpAddr| networks.iter().any(|network| network.contains(*address));
    let within: Vec<_> = site
        .gateway
        .iter()
        .filter(is_within)
        .map(|address| IpNet::from(*address))
        .collect();
    if !within.is_empty() && within.len() == site.gateway.len() {
        End::Gateway
    } else {
        End::Addresses(within.into())
    }
}

/// Two prefixes are either disjoint or one holds the other.
fn common_networks(networks: &[IpNet], others: &[IpNet]) -> Vec<IpNet> {
    let common = |a: &IpNet, b: &IpNet| {
        if a.contains(b) {
            Some(*b)
        } else {
            b.contains(a).then_some(*a)
        }
    };
    let mut all = Vec::new();
    for network in networks
        .iter()
        .flat_map(|a| others.iter().filter_map(move |b| common(a, b)))
    {
        if !all.contains(&network) {
            all.push(network);
        }
    }
    all
}

fn is_of(family: Option<Family>, network: &IpNet) -> bool {
    family.is_none_or(|family| family == Family::of(network.addr()))
}
