//! What `docs/security.md` says of a packet, by the judgement of the policy crate: written from its words, and sharing nothing with the
//! lowering.

use std::net::IpAddr;

use mudguard_manager::Enforcement;
use mudguard_mud::MudFile;
use mudguard_policy::{
    Action, HeaderCondition, IcmpType, Initiator, OtherEnd, Packet, Protocol, Rule, Site, ThingPolicy,
    Transport, UdpHeader, oracle::may_open, testing::Exactness,
};

use super::{
    draw::{Crossing, Told},
    frame::{Form, protocol},
    wires::Place,
};

/// A Thing with a policy.
#[derive(Debug)]
pub(super) struct Limited {
    pub(super) place: Place,
    pub(super) enforcement: Enforcement,
    pub(super) file: MudFile,
    pub(super) site: Site,
    pub(super) policy: ThingPolicy,
}

/// The home in a state.
pub(super) struct State<'a> {
    pub(super) things: &'a [Limited],
    pub(super) told: &'a Told,
    /// Whether the kernel follows connections within bridges.
    pub(super) is_stateful: bool,
    /// Whether it shows frames of a bridge to the rules for routed packets.
    pub(super) br_netfilter: bool,
}

/// How a packet is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// As what opens a flow.
    Flow,
    /// Frame by frame: as what opens a flow, or what may answer one.
    Frame,
    /// A fragment that is not the first, frame by frame.
    Rest,
}

impl State<'_> {
    /// For each part of the packet whether it passes.
    pub(super) fn expected(&self, crossing: &Crossing) -> Vec<bool> {
        if crossing.from == Place::Router {
            return vec![true];
        }
        if !crossing.is_bridged() {
            return vec![self.is_routed(crossing)];
        }
        let by_connection = !self.br_netfilter || self.shown(crossing);
        if self.is_stateful {
            return vec![self.is_bridged_by_connection(crossing) && by_connection];
        }
        // Where the rules for routed packets see the frames, fragments are put together before.
        if crossing.form != Form::Fragments || self.br_netfilter {
            return vec![self.is_bridged(crossing, By::Frame) && by_connection];
        }
        let mut first = crossing.clone();
        first.header.length = if crossing.source.is_ipv4() {
            20 + 48
        } else {
            8 + 48
        };
        vec![
            self.is_bridged(&first, By::Frame),
            self.is_bridged(crossing, By::Rest),
        ]
    }

    fn is_routed(&self, crossing: &Crossing) -> bool {
        if crossing.header.ttl < 2 && crossing.to != Place::Router {
            return false;
        }
        if crossing.answers == Some(true) {
            return true;
        }
        if crossing.to == Place::Router && needs_network(crossing, false) {
            return true;
        }
        self.both(crossing, By::Flow)
    }

    fn is_bridged(&self, crossing: &Crossing, by: By) -> bool {
        let whole = by != By::Rest;
        whole && (needs_network(crossing, true) || is_error(crossing)) || self.both(crossing, by)
    }

    fn is_bridged_by_connection(&self, crossing: &Crossing) -> bool {
        needs_network(crossing, true) || crossing.answers == Some(true) || self.both(crossing, By::Flow)
    }

    /// By the rules for routed packets, in a bridge.
    fn shown(&self, crossing: &Crossing) -> bool {
        let hops = crossing.header.ttl;
        let to_group = crossing.destination.is_multicast();
        let ports = crossing_ports(crossing);
        let destination = crossing.destination.to_string();
        let is_needed = match (&crossing.transport, crossing.source.is_ipv4()) {
            (Transport::Icmpv6(icmp), false) => {
                matches!(icmp.kind, 133 | 135 | 136) && hops == 255
                    || matches!(icmp.kind, 130 | 131 | 132 | 143) && hops == 1 && to_group
            }
            (Transport::Other(2), true) => hops == 1 && to_group,
            (Transport::Udp(_), true) => ports == (68, 67) && destination == "255.255.255.255",
            (Transport::Udp(_), false) => ports == (546, 547) && destination == "ff02::1:2",
            _ => false,
        };
        // Where they think that a packet goes on, they think that a hop was taken.
        let mut taken = crossing.clone();
        if crossing.group.is_none() {
            taken.header.ttl = hops.saturating_add(1);
        }
        is_needed || crossing.answers == Some(true) || self.both(&taken, By::Flow)
    }

    /// Both ends permit it, as far as they are limited.
    fn both(&self, crossing: &Crossing, by: By) -> bool {
        self.ends(crossing).all(|(thing, initiator)| {
            thing.enforcement != Enforcement::Enforce || self.permits(thing, initiator, crossing, by)
        })
    }

    fn ends(&self, crossing: &Crossing) -> impl Iterator<Item = (&Limited, Initiator)> {
        let is_to_one = crossing.group.is_none();
        let (from, to) = (crossing.from, crossing.to);
        self.things.iter().filter_map(move |thing| match thing.place {
            place if place == from => Some((thing, Initiator::Thing)),
            place if place == to && is_to_one => Some((thing, Initiator::Peer)),
            _ => None,
        })
    }

    fn permits(&self, thing: &Limited, sender: Initiator, crossing: &Crossing, by: By) -> bool {
        let packet = self.packet(thing, sender, crossing);
        let judge = |policy: &ThingPolicy, packet: &Packet| policy.judge(packet, &thing.site.gateway).allowed;
        if by == By::Flow {
            return judge(&thing.policy, &packet);
        }
        if by == By::Rest {
            return is_open_to_fragments(&thing.policy, &packet, &thing.site.gateway)
                || is_open_to_fragments(&thing.policy, &exchanged(&packet).0, &thing.site.gateway);
        }
        let has_fields = |rule: &Rule| {
            rule.conditions
                .iter()
                .any(|field| !matches!(field, HeaderCondition::ThingAddress(_)))
        };
        let opening = only(&thing.policy, |rule| {
            rule.action == Action::Drop || !has_fields(rule)
        });
        if judge(&opening, &packet) {
            return true;
        }
        if is_opening_segment(&packet.transport) {
            return false;
        }
        let (question, kind) = exchanged(&packet);
        let replies = only(&thing.policy, |rule| {
            !has_fields(rule) && (kind.is_some() || !is_typed(rule) || rule.action == Action::Drop)
        });
        judge(&replies, &question)
    }

    fn packet(&self, thing: &Limited, sender: Initiator, crossing: &Crossing) -> Packet {
        let (own, peer) = match sender {
            Initiator::Thing => (crossing.source, crossing.destination),
            Initiator::Peer => (crossing.destination, crossing.source),
        };
        let place = if sender == Initiator::Thing {
            crossing.to
        } else {
            crossing.from
        };
        let is_far = matches!(place, Place::Wan | Place::Router);
        let mac = crossing.group.or_else(|| (!is_far).then(|| place.mac()));
        let names = self.told.get(&(thing.place.mac(), peer));
        Packet {
            initiator: sender,
            thing: own,
            peer: OtherEnd {
                address: peer,
                mac,
                names: names.into_iter().flatten().cloned().collect(),
            },
            transport: crossing.transport.clone(),
            header: crossing.header,
        }
    }

    /// What is wrong with the kernel's verdict by the files themselves, without the compiler: nothing may pass that a file does not
    /// permit, and what is enforced as written passes.
    pub(super) fn complaint(&self, crossing: &Crossing, passes: bool) -> Option<String> {
        let is_needed = crossing.from == Place::Router
            || crossing.answers == Some(true)
            || needs_network(crossing, crossing.is_bridged())
            || crossing.is_bridged() && (is_error(crossing) || protocol(&crossing.transport) == 2);
        let is_by_flow = !crossing.is_bridged() || self.is_stateful;
        if is_needed || crossing.header.ttl < 3 && crossing.to != Place::Router {
            return None;
        }
        let mut all = true;
        let mut is_exact = true;
        for (thing, sender) in self.ends(crossing) {
            if thing.enforcement != Enforcement::Enforce {
                continue;
            }
            let packet = self.packet(thing, sender, crossing);
            let mut allowed = may_open(&thing.file, &thing.site, &packet);
            let exactness = Exactness::of(&thing.file, &thing.policy);
            is_exact &= is_by_flow && exactness.binds(&packet, &allowed);
            if !is_by_flow {
                if thing
                    .policy
                    .permits
                    .iter()
                    .chain(&thing.policy.vetoes)
                    .any(|rule| !rule.conditions.is_empty())
                {
                    return None;
                }
                let (question, _) = exchanged(&packet);
                let is_answer = !is_opening_segment(&packet.transport);
                allowed.allowed |= is_answer && may_open(&thing.file, &thing.site, &question).allowed;
            }
            all &= allowed.allowed;
        }
        match (passes, all) {
            (true, false) => Some("a file does not permit what passes".to_owned()),
            (false, true) if is_exact => Some("a file permits what does not pass".to_owned()),
            _ => None,
        }
    }
}

fn only(policy: &ThingPolicy, keeps: impl Fn(&Rule) -> bool) -> ThingPolicy {
    let some = |rules: &[Rule]| rules.iter().filter(|rule| keeps(rule)).cloned().collect();
    ThingPolicy {
        permits: some(&policy.permits),
        vetoes: some(&policy.vetoes),
        verdicts: Vec::new(),
    }
}

fn is_typed(rule: &Rule) -> bool {
    matches!(
        rule.protocol,
        Protocol::Icmp(Some(IcmpType { .. })) | Protocol::Icmpv6(Some(_))
    )
}

/// A fragment has no ports: it passes by a rule that says nothing of them, where the order of the policy does not matter.
fn is_open_to_fragments(policy: &ThingPolicy, packet: &Packet, gateway: &[IpAddr]) -> bool {
    let is_of_side = |rule: &&Rule| rule.initiator == packet.initiator;
    let permits: Vec<_> = policy.permits.iter().filter(is_of_side).collect();
    let last = permits.iter().rposition(|rule| rule.action == Action::Accept);
    let counted = &permits[..last.map_or(0, |last| last + 1)];
    let is_drop = |rule: &Rule| rule.action == Action::Drop;
    let is_ordered =
        counted.iter().any(|rule| is_drop(rule)) || policy.vetoes.iter().filter(is_of_side).any(is_drop);
    !is_ordered
        && counted.iter().any(|rule| {
            let is_of_ports = match &rule.protocol {
                Protocol::Tcp(ports) | Protocol::Udp(ports) => {
                    !ports.source.is_all() || !ports.destination.is_all()
                }
                Protocol::Any | Protocol::Number(_) | Protocol::Icmp(_) | Protocol::Icmpv6(_) => {
                    is_typed(rule)
                }
            };
            !is_of_ports && rule.conditions.is_empty() && rule.matches(packet, gateway)
        })
}

/// The first segment of a connection.
fn is_opening_segment(transport: &Transport) -> bool {
    matches!(transport, Transport::Tcp(tcp) if tcp.flags & 0x17 == 2)
}

/// The packet that this would answer, and the type of ICMP by which it does.
fn exchanged(packet: &Packet) -> (Packet, Option<u8>) {
    let mut question = packet.clone();
    question.initiator = packet.initiator.other();
    let mut kind = None;
    match &mut question.transport {
        Transport::Tcp(tcp) => std::mem::swap(&mut tcp.source, &mut tcp.destination),
        Transport::Udp(udp) => std::mem::swap(&mut udp.source, &mut udp.destination),
        Transport::Icmp(icmp) => {
            kind = match icmp.kind {
                0 => Some(8),
                14 | 16 | 18 => Some(icmp.kind - 1),
                _ => None,
            };
            icmp.kind = kind.unwrap_or(match icmp.kind {
                8 => 0,
                13 | 15 | 17 => icmp.kind + 1,
                other => other,
            });
        }
        Transport::Icmpv6(icmp) => {
            kind = matches!(icmp.kind, 129 | 140).then(|| icmp.kind - 1);
            icmp.kind = kind.unwrap_or(match icmp.kind {
                128 | 139 => icmp.kind + 1,
                other => other,
            });
        }
        Transport::Other(_) => {}
    }
    (question, kind)
}

fn crossing_ports(crossing: &Crossing) -> (u16, u16) {
    match &crossing.transport {
        Transport::Udp(UdpHeader {
            source, destination, ..
        }) => (*source, *destination),
        Transport::Tcp(_) | Transport::Icmp(_) | Transport::Icmpv6(_) | Transport::Other(_) => (0, 0),
    }
}

/// "What every network needs".
fn needs_network(crossing: &Crossing, is_bridged: bool) -> bool {
    match (&crossing.transport, crossing.source.is_ipv4()) {
        (Transport::Udp(_), _) => {
            let ports = crossing_ports(crossing);
            [(68, 67), (546, 547)].contains(&ports) || is_bridged && [(67, 68), (547, 546)].contains(&ports)
        }
        (Transport::Icmpv6(icmp), false) => matches!(icmp.kind, 130..=133 | 135 | 136 | 143),
        (Transport::Other(2), true) => true,
        _ => false,
    }
}

/// An error of ICMP.
fn is_error(crossing: &Crossing) -> bool {
    match &crossing.transport {
        Transport::Icmp(icmp) => matches!(icmp.kind, 3 | 11 | 12),
        Transport::Icmpv6(icmp) => matches!(icmp.kind, 1..=4),
        Transport::Tcp(_) | Transport::Udp(_) | Transport::Other(_) => false,
    }
}
