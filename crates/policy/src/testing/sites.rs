//! Random homes.

use crate::{Identity, Member, Neighbour, Site};
use proptest::{collection::vec, prelude::*, sample::subsequence};

use super::pools::{CONTROLLERS, STATIONS, THING, URLS, address, network, one_of, url};

/// A home: now and then without IPv6, without a router or without any network.
pub fn site() -> impl Strategy<Value = Site> {
    let local = subsequence(vec!["192.168.1.0/24", "fd00:1::/64", "10.0.0.0/8"], 0..=3)
        .prop_map(|texts| texts.into_iter().map(network).collect());
    let gateway = subsequence(vec!["192.168.1.1", "fd00:1::1"], 0..=2)
        .prop_map(|texts| texts.into_iter().map(address).collect());
    let identity = || prop_oneof![3 => Just(Identity::Weak), 1 => Just(Identity::Strong)];
    let neighbour =
        (one_of(&STATIONS), one_of(&URLS), identity()).prop_map(|(mac, text, identity)| Neighbour {
            mac,
            url: url(text),
            identity,
        });
    let controllers = vec((one_of(&CONTROLLERS), vec(member(), 0..3)), 0..3).prop_map(|classes| {
        classes
            .into_iter()
            .map(|(uri, members)| (uri.to_owned(), members))
            .collect()
    });
    let own = Neighbour {
        mac: THING,
        url: url(URLS[0]),
        identity: Identity::Weak,
    };
    (
        (local, gateway, identity()),
        (controllers, vec(member(), 0..3), vec(neighbour, 0..4)),
        prop_oneof![1 => Just(false), 3 => Just(true)],
        any::<bool>(),
    )
        .prop_map(
            move |(
                (local_networks, gateway, identity),
                (controllers, my_controllers, mut things),
                addresses_approved,
                is_listed,
            )| {
                // A caller may well list the Thing itself among the Things of the home.
                if is_listed {
                    things.push(Neighbour {
                        identity,
                        ..own.clone()
                    });
                }
                Site {
                    thing: Some(THING),
                    identity,
                    gateway,
                    local_networks,
                    controllers,
                    my_controllers,
                    things,
                    addresses_approved,
                }
            },
        )
}

fn member() -> impl Strategy<Value = Member> {
    prop_oneof![
        Just(Member::Gateway),
        one_of(&STATIONS).prop_map(Member::Thing),
        Just(Member::Thing(THING)),
        one_of(&["192.168.1.20/32", "203.0.113.0/24", "fd00:1::20/128"])
            .prop_map(|text| Member::Network(network(text))),
    ]
}
