//! Random policies: nft and the kernel must take every one, for a ruleset that is refused leaves the home with old rules.

use mudguard_manager::Enforcement;
use mudguard_policy::{Action, HeaderCondition, IcmpType, Initiator, Peer, PortSet, Ports, Protocol, Rule};
use proptest::{prelude::*, test_runner::TestRunner};

use super::{STATELESS, lower, taken};
use crate::testing::*;

fn ports() -> impl Strategy<Value = PortSet> {
    let range = (0..40u16, 0..12u16).prop_map(|(low, length)| low..=low + length);
    prop_oneof![
        2 => Just(PortSet::all()),
        2 => (0..40u16).prop_map(PortSet::one),
        1 => (0..3u16).prop_map(|down| PortSet::one(u16::MAX - down)),
        2 => prop::collection::vec(range, 1..4).prop_map(|ranges| PortSet::from_ranges(ranges).unwrap()),
    ]
}

fn protocol() -> impl Strategy<Value = Protocol> {
    let both = || (ports(), ports()).prop_map(|(source, destination)| Ports { source, destination });
    let icmp = || {
        prop::option::of((0..4u8, prop::option::of(0..2u8)).prop_map(|(kind, code)| IcmpType { kind, code }))
    };
    prop_oneof![
        1 => Just(Protocol::Any),
        1 => any::<u8>().prop_map(Protocol::Number),
        4 => both().prop_map(Protocol::Tcp),
        4 => both().prop_map(Protocol::Udp),
        1 => icmp().prop_map(Protocol::Icmp),
        1 => icmp().prop_map(Protocol::Icmpv6),
    ]
}

fn peer() -> impl Strategy<Value = Peer> {
    let ipv4 = (0..4u8, 0..4u8, 0..=32u8).prop_map(|(a, b, length)| format!("10.{a}.0.{b}/{length}"));
    let ipv6 = (0..4u8, 0..4u8, 0..=128u8).prop_map(|(a, b, length)| format!("2001:db8:{a}::{b}/{length}"));
    let network = prop_oneof![ipv4, ipv6].prop_map(|text| text.parse().unwrap());
    prop_oneof![
        1 => Just(Peer::Anything),
        1 => Just(Peer::Gateway),
        2 => (0..5u8).prop_map(|number| name(&format!("{number}.example.com"))),
        1 => prop::collection::vec((1..5u8).prop_map(thing_mac), 1..3).prop_map(Peer::Things),
        6 => prop::collection::vec(network, 1..4).prop_map(Peer::Networks),
    ]
}

fn conditions() -> impl Strategy<Value = Vec<HeaderCondition>> {
    let condition = prop_oneof![
        (0..64u8).prop_map(HeaderCondition::Dscp),
        (0..4u8).prop_map(HeaderCondition::Ecn),
        any::<u8>().prop_map(HeaderCondition::Ttl),
        any::<u16>().prop_map(HeaderCondition::Length),
        (0..1u32 << 20).prop_map(HeaderCondition::FlowLabel),
        any::<u8>().prop_map(HeaderCondition::TcpFlags),
        (0..=32u8)
            .prop_map(|length| HeaderCondition::ThingAddress(format!("192.0.2.0/{length}").parse().unwrap())),
    ];
    prop_oneof![9 => Just(Vec::new()), 1 => prop::collection::vec(condition, 1..3)]
}

pub(crate) fn rules(with_drops: bool) -> impl Strategy<Value = Vec<Rule>> {
    let action = prop_oneof![9 => Just(Action::Accept), 1 => Just(Action::Drop)];
    let one = (peer(), protocol(), conditions(), any::<bool>(), action);
    let one = one.prop_map(move |(peer, protocol, conditions, from_peer, action)| Rule {
        initiator: if from_peer {
            Initiator::Peer
        } else {
            Initiator::Thing
        },
        action: if with_drops { action } else { Action::Accept },
        ..with(rule("random", peer, protocol), conditions)
    });
    prop::collection::vec(one, 0..40)
}

#[test]
fn nft_and_the_kernel_take_random_policies() {
    let config = ProptestConfig {
        cases: 40,
        failure_persistence: None,
        max_shrink_iters: 100,
        ..ProptestConfig::default()
    };
    let policies = (rules(false), rules(true), rules(true));
    TestRunner::new(config)
        .run(&policies, |(unordered, ordered, vetoes)| {
            let mut second = thing(2, Enforcement::Observe, ordered);
            let mut policy = (*second.policy).clone();
            policy.vetoes = vetoes;
            second.policy = policy.into();
            let home = home([
                thing(1, Enforcement::Enforce, unordered),
                second,
                thing(3, Enforcement::None, []),
            ]);
            taken(&lower(&home, &STATELESS).commands(), &STATELESS);
            Ok(())
        })
        .unwrap();
}
