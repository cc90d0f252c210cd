//! Rights that are gone end running flows too: the kernel would let an established one pass without asking the rules again.
//!
//! Each flow of a Thing whose policy changed is judged by the new one, as the packet that opened it would be; of a Thing that left the home
//! all end. Header fields of that packet are not known any more: a flow that was permitted by one of them alone ends, and is opened anew.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    net::IpAddr,
    sync::Arc,
};

use mudguard_manager::{Enforcement, Snapshot};
use mudguard_mud::DomainName;
use mudguard_policy::{
    Action, IcmpHeader, Initiator, IpHeader, MacAddress, OtherEnd, Packet, TcpHeader, ThingPolicy, Transport,
    UdpHeader,
};

use crate::{
    answers::Answers,
    expression::{ICMP, ICMPV6, TCP, UDP},
    lower::Ground,
    netlink::conntrack::{self, Connection, Tuple},
};

/// Which policies hold, and for whom.
#[derive(Clone, Debug, Default)]
pub(crate) struct InForce {
    /// Of the Things of which something is dropped.
    policies: BTreeMap<MacAddress, Arc<ThingPolicy>>,
    owner: HashMap<IpAddr, MacAddress>,
    gateway: Vec<IpAddr>,
    things: Vec<MacAddress>,
}

/// What may be forbidden now.
#[derive(Debug)]
pub(crate) struct Revoked {
    now: InForce,
    /// The Things whose flows are judged, by address; `None` is one that left.
    judged: HashMap<IpAddr, Option<MacAddress>>,
    /// The names of the addresses that they were told.
    names: HashMap<(MacAddress, IpAddr), Vec<DomainName>>,
}

impl InForce {
    /// Of a snapshot.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let ground = Ground::of(snapshot);
        let enforced = ground
            .managed
            .iter()
            .filter(|thing| thing.enforcement == Enforcement::Enforce);
        Self {
            policies: enforced
                .map(|thing| (thing.mac, Arc::clone(&thing.policy)))
                .collect(),
            owner: ground.owner,
            gateway: ground.gateway,
            things: snapshot.things.keys().copied().collect(),
        }
    }

    /// What to look at after `before`; `None` if nothing can be forbidden that was permitted.
    pub(crate) fn revoked_since(&self, before: &Self, answers: &Answers) -> Option<Revoked> {
        let changed = |thing: &MacAddress| {
            let policy = self.policies.get(thing);
            policy.is_some_and(|policy| {
                let known = before.policies.get(thing);
                known.is_none_or(|known| known != policy && !permits_as_much(policy, known))
            })
        };
        let mut judged = HashMap::new();
        for (address, thing) in self.owner.iter().filter(|(_, thing)| changed(thing)) {
            judged.insert(*address, Some(*thing));
        }
        for (address, thing) in &before.owner {
            if self.things.binary_search(thing).is_err() && before.policies.contains_key(thing) {
                judged.entry(*address).or_insert(None);
            }
        }
        (!judged.is_empty()).then(|| {
            let mut revoked = Revoked {
                now: self.clone(),
                judged,
                names: HashMap::new(),
            };
            revoked.learn_names(answers);
            revoked
        })
    }
}

/// Whether a policy is another one with rules added, and neither forbids anything by order.
fn permits_as_much(policy: &ThingPolicy, other: &ThingPolicy) -> bool {
    let has_no_order = |policy: &ThingPolicy| {
        policy.vetoes.is_empty() && policy.permits.iter().all(|rule| rule.action == Action::Accept)
    };
    has_no_order(policy)
        && has_no_order(other)
        && other.permits.iter().all(|rule| policy.permits.contains(rule))
}

impl Revoked {
    /// The flows that are forbidden, as far as the names are known.
    ///
    /// # Errors
    /// The kernel does not tell its connections.
    pub(crate) fn forbidden(&self) -> io::Result<Vec<Connection>> {
        conntrack::connections(|original, reply| self.forbids(original, reply))
    }

    /// Ends those of the flows that are still forbidden: a Thing may have been told a name and have opened a flow to its address since the
    /// names were learnt, so they must be learnt again after the flows were read.
    ///
    /// # Errors
    /// The kernel does not end one.
    pub(crate) fn end(&self, mut flows: Vec<Connection>) -> io::Result<usize> {
        flows.retain(|flow| self.forbids(&flow.original, &flow.reply));
        if flows.is_empty() {
            return Ok(0);
        }
        conntrack::delete(&flows)
    }

    /// Learns the names of the addresses that the judged Things were told until now.
    pub(crate) fn learn_names(&mut self, answers: &Answers) {
        self.names.clear();
        for thing in self.judged.values().flatten() {
            for (name, address) in answers.told(*thing) {
                if let Ok(name) = name.parse() {
                    let names = self.names.entry((*thing, address)).or_default();
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
        }
    }

    /// Whether a connection may not be opened any more. The rules see addresses after the destination was translated and before the
    /// source is: the source of the original direction, and the source of the replies.
    fn forbids(&self, original: &Tuple, reply: &Tuple) -> bool {
        let (from, to) = (original.source, reply.source);
        let mut opening = *original;
        opening.destination = to;
        if original.icmp.is_none() {
            opening.destination_port = reply.source_port;
        }
        self.is_forbidden(Initiator::Thing, from, to, &opening)
            || self.is_forbidden(Initiator::Peer, to, from, &opening)
    }

    fn is_forbidden(&self, initiator: Initiator, at: IpAddr, peer: IpAddr, opening: &Tuple) -> bool {
        let thing = match self.judged.get(&at) {
            None => return false,
            Some(None) => return true,
            Some(Some(thing)) => *thing,
        };
        // What this router opens itself is not limited.
        if initiator == Initiator::Peer && self.now.gateway.contains(&peer) {
            return false;
        }
        let Some(policy) = self.now.policies.get(&thing) else {
            return false;
        };
        let packet = Packet {
            initiator,
            thing: at,
            peer: OtherEnd {
                address: peer,
                mac: self.now.owner.get(&peer).copied(),
                names: self.names.get(&(thing, peer)).cloned().unwrap_or_default(),
            },
            transport: transport(opening),
            header: IpHeader::default(),
        };
        !policy.judge(&packet, &self.now.gateway).allowed
    }
}

fn transport(opening: &Tuple) -> Transport {
    const SYN: u8 = 2;
    let (source, destination) = (opening.source_port, opening.destination_port);
    let icmp = || {
        let (kind, code) = opening.icmp.unwrap_or_default();
        IcmpHeader {
            kind,
            code,
            rest: Vec::new(),
        }
    };
    match opening.protocol {
        TCP => Transport::Tcp(TcpHeader {
            source,
            destination,
            flags: SYN,
            ..TcpHeader::default()
        }),
        UDP => Transport::Udp(UdpHeader {
            source,
            destination,
            length: 0,
        }),
        ICMP => Transport::Icmp(icmp()),
        ICMPV6 => Transport::Icmpv6(icmp()),
        other => Transport::Other(other),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use mudguard_policy::{Peer, Protocol, Rule};

    use super::*;
    use crate::testing::*;

    fn tuple(source: (&str, u16), destination: (&str, u16)) -> Tuple {
        Tuple {
            source: source.0.parse().unwrap(),
            destination: destination.0.parse().unwrap(),
            protocol: TCP,
            source_port: source.1,
            destination_port: destination.1,
            icmp: None,
        }
    }

    fn revoked(rules: impl IntoIterator<Item = Rule>) -> Revoked {
        let now = InForce::of(&home([thing(1, Enforcement::Enforce, rules)]));
        now.revoked_since(&InForce::default(), &Answers::default())
            .unwrap()
    }

    #[test]
    fn addresses_are_those_that_the_rules_saw() {
        // Masqueraded by the router, whose address towards the internet is 198.51.100.254.
        let original = tuple(("192.0.2.11", 50_000), ("198.51.100.1", 443));
        let reply = tuple(("198.51.100.1", 443), ("198.51.100.254", 50_000));
        let to_host = rule("out", networks(["198.51.100.1/32"]), tcp(443));
        assert!(!revoked([to_host]).forbids(&original, &reply));
        assert!(revoked([]).forbids(&original, &reply));
        // Forwarded by the router from its port 8443 to the Thing's port 443.
        let original = tuple(("198.51.100.1", 50_000), ("198.51.100.254", 8443));
        let reply = tuple(("192.0.2.11", 443), ("198.51.100.1", 50_000));
        let to_thing = from_peer(rule("in", Peer::Anything, tcp(443)));
        assert!(!revoked([to_thing]).forbids(&original, &reply));
        assert!(revoked([from_peer(rule("in", Peer::Anything, tcp(8443)))]).forbids(&original, &reply));
    }

    #[test]
    fn flows_of_others_and_of_the_router_go_on() {
        let others = tuple(("192.0.2.12", 50_000), ("198.51.100.1", 443));
        let reply = tuple(("198.51.100.1", 443), ("192.0.2.12", 50_000));
        assert!(!revoked([]).forbids(&others, &reply));
        let routers = tuple(("192.0.2.1", 50_000), ("192.0.2.11", 80));
        let reply = tuple(("192.0.2.11", 80), ("192.0.2.1", 50_000));
        assert!(!revoked([]).forbids(&routers, &reply));
    }

    #[test]
    fn of_a_thing_that_left_all_flows_end() {
        let any = rule("any", Peer::Anything, Protocol::Any);
        let before = InForce::of(&home([thing(1, Enforcement::Enforce, [any])]));
        let revoked = InForce::of(&home([]))
            .revoked_since(&before, &Answers::default())
            .unwrap();
        let flow = tuple(("192.0.2.11", 50_000), ("198.51.100.1", 443));
        assert!(revoked.forbids(&flow, &tuple(("198.51.100.1", 443), ("192.0.2.11", 50_000))));
    }

    #[test]
    fn a_flow_to_an_address_told_meanwhile_goes_on() {
        let cloud = Peer::Name("cloud.example".parse().unwrap());
        let mut revoked = revoked([rule("out", cloud, tcp(443))]);
        let flow = tuple(("192.0.2.11", 50_000), ("198.51.100.1", 443));
        let reply = tuple(("198.51.100.1", 443), ("192.0.2.11", 50_000));
        assert!(revoked.forbids(&flow, &reply));
        let mut answers = Answers::default();
        let lamp = *revoked.now.policies.keys().next().unwrap();
        let told = [("198.51.100.1".parse().unwrap(), 60)];
        answers.remember(lamp, &["cloud.example".into()], &told, None, Instant::now());
        revoked.learn_names(&answers);
        assert!(!revoked.forbids(&flow, &reply));
    }

    #[test]
    fn nothing_is_looked_at_when_rights_come_and_none_goes() {
        let of = |ports: &[u16]| {
            let rules = ports.iter().map(|port| rule("out", Peer::Anything, tcp(*port)));
            InForce::of(&home([thing(1, Enforcement::Enforce, rules)]))
        };
        let after = |now: InForce, before: &InForce| now.revoked_since(before, &Answers::default());
        assert!(after(of(&[443, 80]), &of(&[443])).is_none());
        assert!(after(of(&[443]), &of(&[443, 80])).is_some());
        let drop = dropping(rule("not", Peer::Anything, tcp(22)));
        let with_drop = InForce::of(&home([thing(
            1,
            Enforcement::Enforce,
            [drop, rule("out", Peer::Anything, tcp(443))],
        )]));
        assert!(after(with_drop, &of(&[443])).is_some());
    }

    #[test]
    fn nothing_is_looked_at_when_nothing_changed() {
        let same = || InForce::of(&home([thing(1, Enforcement::Enforce, [])]));
        assert!(same().revoked_since(&same(), &Answers::default()).is_none());
    }
}
