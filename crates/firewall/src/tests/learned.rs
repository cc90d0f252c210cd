//! Addresses that were told.

use std::{net::IpAddr, time::Duration};

use mudguard_manager::Enforcement;
use mudguard_policy::{PortSet, Ports, Protocol};

use super::{
    bench,
    net::Net,
    probe::{self, tcp_connects, udp_arrives, udp_is_dropped, udp_is_dropped_from, udp_passes},
};
use crate::{ElementError, testing::*};

/// An internet host by both families.
const HOST: [(IpAddr, u32); 2] = [
    (IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 1)), 30),
    (
        IpAddr::V6(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0xf, 0, 0, 0, 0, 1)),
        30,
    ),
];
const ENDS: [(&str, &str); 2] = [("192.0.2.11", "198.51.100.1"), ("2001:db8::11", "2001:db8:f::1")];

#[test]
fn an_address_is_reachable_when_the_answer_may_be_told() {
    let ports = Ports {
        source: PortSet::all(),
        destination: PortSet::from_ranges([2000..=2009]).unwrap(),
    };
    let rules = [
        rule("cloud", name("cloud.example.com"), tcp(1001)),
        rule("cloud", name("cloud.example.com"), udp(1001)),
        rule("range", name("cloud.example.com"), Protocol::Udp(ports)),
        from_peer(rule("push", name("cloud.example.com"), Protocol::Udp(from(3000)))),
    ];
    let home = home([thing(1, Enforcement::Enforce, rules)]);
    bench(1, &home, async |bench, net: &Net| {
        let (thing, internet) = (net.thing(1), &net.internet);
        for (own, host) in ENDS {
            assert!(udp_is_dropped(thing, internet, own, host, 1001), "{host}");
        }
        let told = bench
            .elements
            .answered(thing_mac(1), &["Cloud.Example.COM."], &HOST)
            .await
            .unwrap();
        assert!(
            told.managed && told.opened == 2 && told.ttl_at_most >= 60,
            "{told:?}"
        );
        for (own, host) in ENDS {
            assert!(udp_arrives(thing, internet, own, host, 1001), "{host}");
            assert!(tcp_connects(thing, internet, host, 1001), "{host}");
            assert!(
                udp_arrives(thing, internet, own, host, 2005),
                "by a chain: {host}"
            );
            assert!(
                udp_passes(internet, thing, (host, 3000), (own, 999)),
                "opened by the peer: {host}"
            );
            assert!(udp_is_dropped(thing, internet, own, host, 1002), "{host}");
            assert!(
                udp_is_dropped_from(internet, thing, (host, 3001), (own, 999)),
                "{host}"
            );
        }
    });
}

#[test]
fn an_alias_opens_what_its_own_name_opens_and_other_names_open_nothing() {
    let home = home([thing(
        1,
        Enforcement::Enforce,
        [rule("cloud", name("cloud.example.com"), tcp(443))],
    )]);
    bench(1, &home, async |bench, net: &Net| {
        let told = bench
            .elements
            .answered(thing_mac(1), &["other.example.com"], &HOST)
            .await
            .unwrap();
        assert_eq!((told.managed, told.opened), (true, 0));
        let told = bench
            .elements
            .answered(thing_mac(2), &["cloud.example.com"], &HOST)
            .await
            .unwrap();
        assert_eq!((told.managed, told.opened), (false, 0));
        assert!(!net.router.nft(&["list", "ruleset"]).contains("198.51.100.1"));
        let names = ["other.example.com", "cloud.example.com"];
        let told = bench
            .elements
            .answered(thing_mac(1), &names, &HOST)
            .await
            .unwrap();
        assert_eq!((told.managed, told.opened), (true, 2));
    });
}

#[test]
fn an_element_in_the_kernel_is_what_nft_would_have_made_and_lives_longer_than_the_answer() {
    let home = home([thing(
        1,
        Enforcement::Enforce,
        [rule("cloud", name("cloud.example.com"), tcp(443))],
    )]);
    bench(1, &home, async |mut bench, net: &Net| {
        bench
            .elements
            .answered(thing_mac(1), &["cloud.example.com"], &HOST)
            .await
            .unwrap();
        let listed = |set| net.router.nft(&["list", "set", "inet", "mudguard", set]);
        let written = ["out4_learned_port", "out6_learned_port"].map(listed);
        assert!(
            written[0].contains("02:00:00:00:00:01 . 198.51.100.1 . tcp . 443 timeout 2m expires "),
            "{written:?}"
        );
        assert!(
            written[1].contains("02:00:00:00:00:01 . 2001:db8:f::1 . tcp . 443 timeout 2m"),
            "{written:?}"
        );
        assert!(
            written[0].contains(r#"comment "cloud.example.com 0 list cloud""#),
            "{written:?}"
        );
        // The same through nft, when the policy is loaded again.
        bench.firewall.apply(&home).await.unwrap();
        let again = ["out4_learned_port", "out6_learned_port"].map(listed);
        let place = |text: &str| text.split(" timeout ").next().unwrap().to_owned();
        assert_eq!(
            again.each_ref().map(|text| place(text)),
            written.each_ref().map(|text| place(text))
        );
        // A later answer refreshes.
        let longer = HOST.map(|(address, _)| (address, 3600));
        bench
            .elements
            .answered(thing_mac(1), &["cloud.example.com"], &longer)
            .await
            .unwrap();
        assert!(
            listed("out4_learned_port").contains("timeout 1h1m expires 1h"),
            "{}",
            listed("out4_learned_port")
        );
        // A shorter one takes nothing away.
        bench
            .elements
            .answered(thing_mac(1), &["cloud.example.com"], &HOST)
            .await
            .unwrap();
        assert!(
            listed("out4_learned_port").contains("expires 1h"),
            "{}",
            listed("out4_learned_port")
        );
    });
}

#[test]
fn of_a_name_with_too_many_addresses_the_oldest_leave() {
    let home = home([thing(
        1,
        Enforcement::Enforce,
        [rule("cloud", name("cloud.example.com"), tcp(443))],
    )]);
    bench(1, &home, async |bench, net: &Net| {
        for host in 0..40u8 {
            let address = [(IpAddr::from([203, 0, 113, host]), 300)];
            bench
                .elements
                .answered(thing_mac(1), &["cloud.example.com"], &address)
                .await
                .unwrap();
        }
        let listed = net
            .router
            .nft(&["list", "set", "inet", "mudguard", "out4_learned_port"]);
        assert_eq!(listed.matches("443").count(), 32, "{listed}");
        assert!(
            listed.contains("203.0.113.39 ") && !listed.contains("203.0.113.7 "),
            "{listed}"
        );
    });
}

#[test]
fn an_answer_with_more_addresses_than_are_kept_is_not_told_to_whom_it_would_open_them() {
    let home = home([thing(
        1,
        Enforcement::Enforce,
        [rule("cloud", name("cloud.example.com"), tcp(443))],
    )]);
    bench(1, &home, async |bench, _| {
        let many: Vec<_> = (0..33u8)
            .map(|host| (IpAddr::from([203, 0, 113, host]), 300))
            .collect();
        let answer = |name| bench.elements.answered(thing_mac(1), name, &many);
        assert!(matches!(
            answer(&["cloud.example.com"]).await,
            Err(ElementError::TooManyAddresses(33))
        ));
        assert_eq!(answer(&["other.example.com"]).await.unwrap().opened, 0);
    });
}

#[test]
fn without_tables_nothing_may_be_told_and_applying_again_opens_it() {
    let home = home([thing(
        1,
        Enforcement::Enforce,
        [rule("cloud", name("cloud.example.com"), udp(1001))],
    )]);
    bench(1, &home, async |mut bench, net: &Net| {
        net.router.nft(&["flush", "ruleset"]);
        let refused = bench
            .elements
            .answered(thing_mac(1), &["cloud.example.com"], &HOST)
            .await;
        assert!(matches!(refused, Err(ElementError::TablesGone)), "{refused:?}");
        bench.firewall.apply(&home).await.unwrap();
        for (own, host) in ENDS {
            assert!(
                udp_arrives(net.thing(1), &net.internet, own, host, 1001),
                "{host}"
            );
            assert!(
                udp_is_dropped(net.thing(1), &net.internet, own, host, 1002),
                "{host}"
            );
        }
    });
}

#[test]
fn what_was_told_before_a_policy_came_is_open_when_it_comes() {
    let nobody = home([thing(1, Enforcement::None, [])]);
    let rules = [rule("cloud", name("cloud.example.com"), udp(1001))];
    let managed = home([thing(1, Enforcement::Enforce, rules)]);
    bench(1, &nobody, async |mut bench, net: &Net| {
        let told = bench
            .elements
            .answered(thing_mac(1), &["cloud.example.com"], &HOST)
            .await
            .unwrap();
        assert!(!told.managed);
        bench.firewall.apply(&managed).await.unwrap();
        for (own, host) in ENDS {
            assert!(
                udp_arrives(net.thing(1), &net.internet, own, host, 1001),
                "{host}"
            );
        }
        // And what is no longer permitted is gone.
        let other = home([thing(
            1,
            Enforcement::Enforce,
            [rule("other", name("other.example.com"), udp(1001))],
        )]);
        bench.firewall.apply(&other).await.unwrap();
        assert!(!net.router.nft(&["list", "ruleset"]).contains("198.51.100.1"));
        assert!(udp_is_dropped(
            net.thing(1),
            &net.internet,
            ENDS[0].0,
            ENDS[0].1,
            1001
        ));
    });
}

#[test]
fn answers_during_a_policy_change_are_in_the_next_ruleset() {
    let home = home([thing(
        1,
        Enforcement::Enforce,
        [rule("cloud", name("cloud.example.com"), tcp(443))],
    )]);
    bench(1, &home, async |mut bench, net: &Net| {
        let elements = bench.elements.clone();
        let answers = tokio::spawn(async move {
            let mut told = 0;
            for host in 0..32u8 {
                let address = [(IpAddr::from([203, 0, 113, host]), 300)];
                told += elements
                    .answered(thing_mac(1), &["cloud.example.com"], &address)
                    .await
                    .unwrap()
                    .opened;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            told
        });
        while !answers.is_finished() {
            bench.firewall.apply(&home).await.unwrap();
        }
        assert_eq!(answers.await.unwrap(), 32);
        let listed = net
            .router
            .nft(&["list", "set", "inet", "mudguard", "out4_learned_port"]);
        assert_eq!(listed.matches("443").count(), 32, "{listed}");
    });
}

#[test]
fn an_address_that_was_just_lent_is_bound_before_the_next_ruleset() {
    let mut lamp = thing(
        1,
        Enforcement::Enforce,
        [rule("any", networks(["198.51.100.0/24"]), udp(1000))],
    );
    lamp.bindings.clear();
    bench(1, &home([lamp]), async |bench, net: &Net| {
        let (thing, internet) = (net.thing(1), &net.internet);
        let (own, host) = ENDS[0];
        assert!(udp_is_dropped(thing, internet, own, host, 1000));
        bench
            .elements
            .bind(thing_mac(1), own.parse().unwrap())
            .await
            .unwrap();
        assert!(udp_arrives(thing, internet, own, host, 1000));
        for family in ["inet", "bridge"] {
            let bound = net.router.nft(&["list", "set", family, "mudguard", "bound4"]);
            assert!(bound.contains("02:00:00:00:00:01 . 192.0.2.11"), "{bound}");
        }
    });
}

#[test]
fn a_daemon_that_starts_again_knows_what_things_were_told_and_their_flows_go_on() {
    let ports = Ports {
        source: PortSet::all(),
        destination: PortSet::from_ranges([2000..=2009]).unwrap(),
    };
    let rules = [
        rule("cloud", name("cloud.example.com"), tcp(1001)),
        rule("cloud", name("cloud.example.com"), udp(1001)),
        rule("range", name("range.example.com"), Protocol::Udp(ports)),
        from_peer(rule("push", name("push.example.com"), Protocol::Udp(from(3000)))),
    ];
    let home = home([thing(1, Enforcement::Enforce, rules)]);
    bench(1, &home, async |bench, net: &Net| {
        let names = ["cloud.example.com", "range.example.com", "push.example.com"];
        bench
            .elements
            .answered(thing_mac(1), &names, &HOST)
            .await
            .unwrap();
        let (thing, internet) = (net.thing(1), &net.internet);
        let mut flows = ENDS.map(|(_, host)| probe::connection(thing, internet, host, 1001));
        drop(bench);
        let (mut firewall, _elements, _denials) = crate::Firewall::start().await.unwrap();
        firewall.apply(&home).await.unwrap();
        for (own, host) in ENDS {
            assert!(udp_arrives(thing, internet, own, host, 1001), "{host}");
            assert!(udp_arrives(thing, internet, own, host, 2005), "{host}");
            assert!(udp_passes(internet, thing, (host, 3000), (own, 999)), "{host}");
        }
        for (client, server) in &mut flows {
            assert!(probe::echo(client, server));
        }
        let listed = net
            .router
            .nft(&["list", "set", "inet", "mudguard", "out4_learned_port"]);
        assert!(
            listed.contains("timeout 2m expires") || listed.contains("timeout 1m5"),
            "{listed}"
        );
    });
}
