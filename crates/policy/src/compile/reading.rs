//! What one ACE says about flows in a home: who the other end is, over which protocols, on which further conditions.
//!
//! Whatever no rule can say exactly stops an accept. A drop goes on without it, for that drops more.

use std::net::IpAddr;

use ipnet::IpNet;
use mudguard_mud::{Action, Direction, EthMatch, Host, L3Match, L4Match, MacMatch};

use super::{
    Context, Side,
    classes::{Members, classes},
    ends::{End, intersection},
    protocols::{conditions, fields_beyond_rules, is_for_tcp_alone, protocols},
    reason::Reason,
};
use crate::{Family, HeaderCondition, LOCAL_GROUPS, Protocol, Site, Verdict};

/// What an ACE says about flows.
pub(super) struct Reading<'a> {
    /// The other end: any of these.
    pub(super) ends: Vec<End<'a>>,
    /// The protocol: any of these, each in its family.
    pub(super) protocols: Vec<(Option<Family>, Protocol)>,
    /// Further conditions, all of which must hold.
    pub(super) conditions: Vec<HeaderCondition>,
    /// Who opened the flow, if the ACE says so.
    pub(super) direction: Option<Direction>,
    /// Why it drops more than it says; empty for an accept.
    wider: Vec<Reason<'a>>,
}

impl Reading<'_> {
    /// The verdict on an ACE of which rules were made.
    pub(super) fn verdict(&self) -> Verdict {
        if self.wider.is_empty() {
            return Verdict::Enforced;
        }
        let reasons: Vec<_> = self.wider.iter().map(Reason::to_string).collect();
        Verdict::Narrowed(format!("drops more than it says: {}", reasons.join("; ")))
    }
}

/// Reads an ACE.
///
/// # Errors
/// The verdict on an ACE of which no rule is made.
pub(super) fn read<'a>(context: &Context<'a>) -> Result<Reading<'a>, Verdict> {
    let is_drop = context.ace.action != Action::Accept;
    Reader {
        context: *context,
        is_drop,
        wider: Vec::new(),
    }
    .read()
}

struct Reader<'a> {
    context: Context<'a>,
    is_drop: bool,
    wider: Vec<Reason<'a>>,
}

impl<'a> Reader<'a> {
    fn read(mut self) -> Result<Reading<'a>, Verdict> {
        let matches = &self.context.ace.matches;
        let (l3, l4) = (matches.l3.as_ref(), matches.l4.as_ref());
        let family = self.family(l3, matches.eth.as_ref())?;
        if let Some(number) = matches
            .eth
            .and_then(|eth| eth.ethertype)
            .filter(|number| !is_ip(*number))
        {
            return self.link_protocol(number);
        }
        self.beyond_rules(l3, l4)?;
        let protocols = protocols(l3, l4, family).map_err(|reason| reason.verdict())?;
        let classes = classes(&self.context, is_for_tcp_alone(l3, l4));
        let ends = self.ends(l3, &classes, family)?;
        let mut conditions = conditions(l3, l4);
        conditions.extend(self.own_address(l3)?);
        let direction = match l4 {
            Some(L4Match::Tcp(tcp)) => tcp.direction_initiated,
            _ => None,
        };
        self.note_replies(&conditions, direction);
        Ok(Reading {
            ends,
            protocols,
            conditions,
            direction,
            wider: self.wider,
        })
    }

    /// Goes on if the ACE is a drop, which then drops more.
    fn cannot(&mut self, reason: Reason<'a>) -> Result<(), Verdict> {
        if !self.is_drop {
            return Err(reason.verdict());
        }
        self.wider.push(reason);
        Ok(())
    }

    fn family(&mut self, l3: Option<&L3Match>, eth: Option<&EthMatch>) -> Result<Option<Family>, Verdict> {
        let container = l3.map(|l3| match l3 {
            L3Match::Ipv4(_) => Family::Ipv4,
            L3Match::Ipv6(_) => Family::Ipv6,
        });
        let ethertype = match eth.and_then(|eth| eth.ethertype) {
            Some(ethertype::IPV4) => Some(Family::Ipv4),
            Some(ethertype::IPV6) => Some(Family::Ipv6),
            Some(_) if container.is_some() => return Err(Reason::Contradiction.verdict()),
            Some(_) | None => None,
        };
        if container.is_some() && ethertype.is_some() && container != ethertype {
            return Err(Reason::Contradiction.verdict());
        }
        let stated = container.or(ethertype);
        let list = self
            .context
            .acl
            .acl_type
            .and_then(|kind| match (kind.holds_ipv4(), kind.holds_ipv6()) {
                (true, false) => Some(Family::Ipv4),
                (false, true) => Some(Family::Ipv6),
                _ => None,
            });
        // An entry on Ethernet headers is not limited by the IP family that a mixed list holds beside them.
        let list =
            list.filter(|_| eth.is_none() || !self.context.acl.acl_type.is_some_and(|kind| kind.holds_eth()));
        if stated.is_some() && list.is_some() && stated != list {
            self.cannot(Reason::Contradiction)?;
        }
        Ok(stated.or(list))
    }

    /// ARP and EAPOL pass whatever a file says; of other link protocols nothing is judged.
    fn link_protocol(self, number: u16) -> Result<Reading<'a>, Verdict> {
        let matches = &self.context.ace.matches;
        let is_plain = matches.l4.is_none()
            && matches
                .eth
                .is_some_and(|eth| eth.source.is_none() && eth.destination.is_none())
            && self.context.ace.not_understood.is_empty();
        let always_passes = matches!(number, ethertype::ARP | ethertype::EAPOL);
        if is_plain && always_passes && !self.is_drop {
            Err(Verdict::Enforced)
        } else {
            Err(Reason::Ethertype(number).verdict())
        }
    }

    /// Everything that no rule can test, but for what the other end is.
    fn beyond_rules(&mut self, l3: Option<&L3Match>, l4: Option<&L4Match>) -> Result<(), Verdict> {
        let ace = self.context.ace;
        if !ace.not_understood.is_empty() {
            self.cannot(Reason::NotUnderstood(&ace.not_understood))?;
        }
        if ace.matches.ingress_interface.is_some() || ace.matches.egress_interface.is_some() {
            self.cannot(Reason::Interface)?;
        }
        if ace.matches.client_profiles.is_some() {
            self.cannot(Reason::TlsProfile)?;
        }
        for field in fields_beyond_rules(l3, l4) {
            self.cannot(Reason::Field(field))?;
        }
        Ok(())
    }

    fn ends(
        &mut self,
        l3: Option<&'a L3Match>,
        classes: &[Members<'a>],
        family: Option<Family>,
    ) -> Result<Vec<End<'a>>, Verdict> {
        let mut ends = vec![End::Anything];
        for Members { ends: members, .. } in classes {
            ends = self.both(ends, members)?;
        }
        if let Some(l3) = l3 {
            ends = self.addresses(ends, l3, !classes.is_empty())?;
        }
        if let Some(eth) = &self.context.ace.matches.eth
            && let Some(broadcasts) = self.hardware_addresses(eth)?
        {
            ends = self.both(ends, &[broadcasts])?;
        }
        ends.retain(|end| end.holds(family));
        if !ends.is_empty() {
            return Ok(ends);
        }
        let is_empty = |class: &&Members<'_>| !class.ends.iter().any(|end| end.holds(family));
        let reason = classes
            .iter()
            .find(is_empty)
            .map(|class| Reason::NoMember(class.class));
        Err(reason.unwrap_or(Reason::NotOfThisHome).verdict())
    }

    /// The other end as the network layer tells it: a prefix, a name, or both.
    fn addresses(
        &mut self,
        mut ends: Vec<End<'a>>,
        l3: &'a L3Match,
        is_of_class: bool,
    ) -> Result<Vec<End<'a>>, Verdict> {
        let (network, name, wrong_name) = match self.context.side {
            Side::FromDevice => (
                l3.destination_network(),
                &l3.ip().dst_dnsname,
                &l3.ip().src_dnsname,
            ),
            Side::ToDevice => (l3.source_network(), &l3.ip().src_dnsname, &l3.ip().dst_dnsname),
        };
        if wrong_name.is_some() {
            self.cannot(Reason::DnsnameDirection)?;
        }
        let literal = match name {
            Some(Host::Address(address)) => Some(IpNet::from(*address)),
            Some(Host::Name(_)) | None => None,
        };
        let networks: Vec<_> = network.into_iter().chain(literal).filter(limits).collect();
        if !is_of_class {
            self.hold(&networks)?;
        }
        for network in networks {
            ends = self.both(ends, &[End::Addresses(vec![network].into())])?;
        }
        if let Some(Host::Name(name)) = name {
            ends = self.both(ends, &[End::Name(name)])?;
        }
        Ok(ends)
    }

    /// A broadcast destination is told by its IP address too (RFC 1122 section 3.3.6); other hardware addresses are refused.
    fn hardware_addresses(&mut self, eth: &EthMatch) -> Result<Option<End<'a>>, Verdict> {
        let limits = |mac: &MacMatch| mac.mask != Some([0; 6]);
        let source = eth.source.filter(limits);
        let destination = eth.destination.filter(limits);
        let is_broadcast = destination
            == Some(MacMatch {
                address: [0xff; 6],
                mask: None,
            })
            || destination
                == Some(MacMatch {
                    address: [0xff; 6],
                    mask: Some([0xff; 6]),
                });
        let is_broadcast = is_broadcast && self.context.side == Side::FromDevice;
        if source.is_some() || (destination.is_some() && !is_broadcast) {
            self.cannot(Reason::HardwareAddress)?;
        }
        Ok(is_broadcast.then(|| End::Addresses(broadcast_addresses(self.context.site).into())))
    }

    /// A condition on the Thing's own address.
    fn own_address(&mut self, l3: Option<&L3Match>) -> Result<Option<HeaderCondition>, Verdict> {
        let network = l3.and_then(|l3| match self.context.side {
            Side::FromDevice => l3.source_network(),
            Side::ToDevice => l3.destination_network(),
        });
        let network = network.filter(limits);
        self.hold(network.as_slice())?;
        Ok(network.map(HeaderCondition::ThingAddress))
    }

    /// Addresses outside of the home wait for the owner (RFC 8520 section 2). A drop gives no right and need not wait.
    fn hold(&mut self, networks: &[IpNet]) -> Result<(), Verdict> {
        let site = self.context.site;
        if self.is_drop || site.addresses_approved {
            return Ok(());
        }
        let is_of_home = |network: &IpNet| {
            site.local_networks
                .iter()
                .chain(&LOCAL_GROUPS)
                .any(|local| local.contains(network))
        };
        let foreign: Vec<_> = networks
            .iter()
            .filter(|network| !is_of_home(network))
            .copied()
            .collect();
        if foreign.is_empty() {
            Ok(())
        } else {
            Err(Reason::Approval(foreign).verdict())
        }
    }

    fn both(&mut self, ends: Vec<End<'a>>, others: &[End<'a>]) -> Result<Vec<End<'a>>, Verdict> {
        if let [End::Anything] = ends[..] {
            return Ok(others.to_vec());
        }
        match intersection(ends, others, self.context.site) {
            Ok(ends) => Ok(ends),
            Err(covering) => self.cannot(Reason::Together).map(|()| covering),
        }
    }

    /// Where a drop is about replies too, conditions that only a reply could tell are left out.
    fn note_replies(&mut self, conditions: &[HeaderCondition], direction: Option<Direction>) {
        let is_about_replies = match direction {
            None => true,
            Some(Direction::FromDevice) => self.context.side == Side::ToDevice,
            Some(Direction::ToDevice) => self.context.side == Side::FromDevice,
        };
        let is_known = |condition: &HeaderCondition| matches!(condition, HeaderCondition::ThingAddress(_));
        if self.is_drop && is_about_replies && !conditions.iter().all(is_known) {
            self.wider.push(Reason::Replies);
        }
    }
}

/// EtherTypes (IEEE 802).
mod ethertype {
    pub(super) const IPV4: u16 = 0x0800;
    pub(super) const ARP: u16 = 0x0806;
    pub(super) const IPV6: u16 = 0x86dd;
    pub(super) const EAPOL: u16 = 0x888e;
}

fn is_ip(number: u16) -> bool {
    matches!(number, ethertype::IPV4 | ethertype::IPV6)
}

/// A prefix of no length holds every address of its family.
fn limits(network: &IpNet) -> bool {
    network.prefix_len() > 0
}

/// The addresses that are sent to the broadcast address of the link.
fn broadcast_addresses(site: &Site) -> Vec<IpNet> {
    let directed = site.local_networks.iter().filter_map(|network| match network {
        IpNet::V4(network) if network.prefix_len() < 31 => Some(IpAddr::V4(network.broadcast())),
        IpNet::V4(_) | IpNet::V6(_) => None,
    });
    directed
        .chain([IpAddr::from([255; 4])])
        .map(IpNet::from)
        .collect()
}
