//! Rights that come and go.

use std::net::TcpStream;

use mudguard_manager::{Enforcement, Snapshot};
use mudguard_policy::{Peer, PortSet, Ports, Protocol};

use super::{
    bench,
    net::Net,
    probe::{connection, echo, is_silent, udp_arrives, udp_is_dropped},
};
use crate::{Removal, Restored, remove, restore, testing::*};

/// Two TCP connections of Thing 1 to an internet host, to the ports 1001 and 1002, and one from it to port 1003.
struct Connections([(TcpStream, TcpStream); 3]);

impl Connections {
    fn open(net: &Net, own: &str, host: &str) -> Self {
        let (thing, internet) = (net.thing(1), &net.internet);
        Self([
            connection(thing, internet, host, 1001),
            connection(thing, internet, host, 1002),
            connection(internet, thing, own, 1003),
        ])
    }

    /// Whether these and no others still carry octets.
    fn are_alive(&mut self, expected: [bool; 3]) -> bool {
        let mut both = self.0.iter_mut().zip(expected);
        both.all(|((client, server), alive)| {
            if alive {
                echo(client, server)
            } else {
                is_silent(client, server)
            }
        })
    }
}

/// Looks at those of both families.
#[track_caller]
fn assert_alive(connections: &mut [Connections; 2], expected: [bool; 3]) {
    for of_family in connections {
        assert!(of_family.are_alive(expected), "{expected:?}");
    }
}

const ENDS: [(&str, &str); 2] = [("192.0.2.11", "198.51.100.1"), ("2001:db8::11", "2001:db8:f::1")];

fn home_with(enforcement: Enforcement, ports: &[u16], served: &[u16]) -> Snapshot {
    let out = ports
        .iter()
        .map(|port| rule("out", name("cloud.example.com"), tcp(*port)));
    let into = served
        .iter()
        .map(|port| from_peer(rule("in", Peer::Anything, tcp(*port))));
    home([thing(1, enforcement, out.chain(into))])
}

#[test]
fn a_flow_ends_with_its_right_and_others_go_on() {
    let before = home_with(Enforcement::Enforce, &[1001, 1002], &[1003]);
    bench(1, &before, async |mut bench, net: &Net| {
        let addresses = ENDS.map(|(_, host)| (host.parse().unwrap(), 300));
        bench
            .elements
            .answered(thing_mac(1), &["cloud.example.com"], &addresses)
            .await
            .unwrap();
        let mut connections = ENDS.map(|(own, host)| Connections::open(net, own, host));
        bench.firewall.apply(&before).await.unwrap();
        assert_alive(&mut connections, [true; 3]);
        bench
            .firewall
            .apply(&home_with(Enforcement::Enforce, &[1001], &[1003]))
            .await
            .unwrap();
        assert_alive(&mut connections, [true, false, true]);
        bench
            .firewall
            .apply(&home_with(Enforcement::Enforce, &[1001], &[]))
            .await
            .unwrap();
        assert_alive(&mut connections, [true, false, false]);
    });
}

#[test]
fn a_thing_that_becomes_managed_keeps_what_its_policy_permits_and_no_more() {
    let before = home_with(Enforcement::None, &[], &[]);
    bench(1, &before, async |mut bench, net: &Net| {
        let addresses = ENDS.map(|(_, host)| (host.parse().unwrap(), 300));
        bench
            .elements
            .answered(thing_mac(1), &["cloud.example.com"], &addresses)
            .await
            .unwrap();
        let mut connections = ENDS.map(|(own, host)| Connections::open(net, own, host));
        bench
            .firewall
            .apply(&home_with(Enforcement::Observe, &[1001], &[]))
            .await
            .unwrap();
        assert_alive(&mut connections, [true; 3]);
        bench
            .firewall
            .apply(&home_with(Enforcement::Enforce, &[1001], &[]))
            .await
            .unwrap();
        assert_alive(&mut connections, [true, false, false]);
    });
}

#[test]
fn all_flows_of_a_thing_that_departs_end() {
    let before = home_with(Enforcement::Enforce, &[1001, 1002], &[1003]);
    bench(1, &before, async |mut bench, net: &Net| {
        let addresses = ENDS.map(|(_, host)| (host.parse().unwrap(), 300));
        bench
            .elements
            .answered(thing_mac(1), &["cloud.example.com"], &addresses)
            .await
            .unwrap();
        let connections = ENDS.map(|(own, host)| Connections::open(net, own, host));
        assert_eq!(net.connections(), 6);
        bench.firewall.apply(&home([])).await.unwrap();
        assert_eq!(net.connections(), 0);
        drop(connections);
    });
}

#[test]
fn a_flow_from_before_the_start_ends_if_nothing_permits_it_and_else_goes_on() {
    let before = home_with(Enforcement::None, &[], &[]);
    bench(1, &before, async |bench, net: &Net| {
        let mut connections = ENDS.map(|(own, host)| Connections::open(net, own, host));
        drop(bench);
        remove().unwrap();
        // The daemon was not there, and its tables were not: what was opened meanwhile is nobody's right.
        let (mut second, _, _) = crate::Firewall::start().await.unwrap();
        let hosts = networks(["198.51.100.1/32", "2001:db8:f::1/128"]);
        let now = home([thing(1, Enforcement::Enforce, [rule("out", hosts, tcp(1002))])]);
        second.apply(&now).await.unwrap();
        assert_alive(&mut connections, [false, true, false]);
    });
}

#[test]
fn a_connection_between_two_ports_of_a_bridge_ends_with_its_right() {
    let other = || Peer::Things(vec![thing_mac(2)]);
    let with = |ports: &[u16]| {
        let rules = ports.iter().map(|port| rule("out", other(), tcp(*port)));
        home([
            thing(1, Enforcement::Enforce, rules),
            thing(2, Enforcement::None, []),
        ])
    };
    bench(2, &with(&[1001, 1002]), async move |mut bench, net: &Net| {
        let open = |address, port| connection(net.thing(1), net.thing(2), address, port);
        let mut connections =
            ["192.0.2.12", "2001:db8::12"].map(|address| [open(address, 1001), open(address, 1002)]);
        bench.firewall.apply(&with(&[1002])).await.unwrap();
        for [revoked, kept] in &mut connections {
            assert!(is_silent(&mut revoked.0, &mut revoked.1));
            assert!(echo(&mut kept.0, &mut kept.1));
        }
    });
}

#[test]
fn removal_leaves_the_router_as_it_was() {
    let home = home_with(Enforcement::Enforce, &[], &[]);
    bench(1, &home, async |_, net: &Net| {
        net.router.nft(&["add", "table", "inet", "other"]);
        let (thing, internet) = (net.thing(1), &net.internet);
        assert!(udp_is_dropped(thing, internet, ENDS[0].0, ENDS[0].1, 1000));
        let removed = Removal {
            inet: true,
            bridge: true,
        };
        assert_eq!(remove().unwrap(), removed);
        assert_eq!(net.router.nft(&["list", "ruleset"]), "table inet other {\n}\n");
        assert!(udp_arrives(thing, internet, ENDS[0].0, ENDS[0].1, 1000));
        assert_eq!(remove().unwrap(), Removal::default());
    });
}

#[test]
fn a_ruleset_can_be_applied_again_after_another_program_flushed_all() {
    let home = home_with(Enforcement::Enforce, &[], &[1000]);
    bench(1, &home, async |mut bench, net: &Net| {
        let before = net.router.nft(&["list", "ruleset"]);
        net.router.nft(&["flush", "ruleset"]);
        bench.firewall.apply(&home).await.unwrap();
        assert_eq!(net.router.nft(&["list", "ruleset"]), before);
    });
}

#[test]
fn rules_that_were_kept_come_back_without_a_daemon_and_only_if_none_are_there() {
    let home = home_with(Enforcement::Enforce, &[], &[1000]);
    bench(1, &home, async |bench, net: &Net| {
        let kept = crate::ruleset_text(&home, bench.firewall.kernel());
        let before = net.router.nft(&["list", "ruleset"]);
        assert_eq!(restore(&kept).unwrap(), Restored::AlreadyThere);
        net.router.nft(&["flush", "ruleset"]);
        assert_eq!(restore(&kept).unwrap(), Restored::Loaded);
        assert_eq!(net.router.nft(&["list", "ruleset"]), before);
    });
}

#[test]
fn what_another_program_changes_in_our_tables_is_heard_and_undone_and_our_own_changes_are_not_heard() {
    let home = home_with(Enforcement::Enforce, &[1001], &[1000]);
    bench(1, &home, async |mut bench, net: &Net| {
        let before = net.router.nft(&["list", "ruleset"]);
        let mut tables = bench.firewall.tables().unwrap();
        let others: [&[&str]; 5] = [
            &["flush", "chain", "inet", "mudguard", "forward"],
            &["delete", "table", "bridge", "mudguard"],
            &[
                "add",
                "chain",
                "inet",
                "mudguard",
                "foreign",
                "{ type filter hook forward priority 9; }",
            ],
            &[
                "add",
                "element",
                "inet",
                "mudguard",
                "observed",
                "{ 02:00:00:00:00:09 }",
            ],
            &["flush", "ruleset"],
        ];
        for arguments in others {
            bench
                .firewall
                .apply(&home_with(Enforcement::Enforce, &[1001, 1002], &[]))
                .await
                .unwrap();
            bench.firewall.apply(&home).await.unwrap();
            net.router.nft(&["add", "table", "inet", "other"]);
            let heard = tokio::time::timeout(std::time::Duration::from_millis(100), tables.changed());
            assert!(
                heard.await.is_err(),
                "our own changes were taken for those of others"
            );
            net.router.nft(&["delete", "table", "inet", "other"]);
            net.router.nft(arguments);
            tables.changed().await.unwrap();
            bench.firewall.apply(&home).await.unwrap();
            assert_eq!(net.router.nft(&["list", "ruleset"]), before, "{arguments:?}");
        }
    });
}

#[test]
fn a_policy_change_and_a_restart_keep_the_tables_and_leave_nothing_behind() {
    let both_ports = Protocol::Tcp(Ports {
        source: PortSet::one(1000),
        destination: PortSet::one(443),
    });
    let ordered = home([thing(
        1,
        Enforcement::Enforce,
        [rule("out", name("cloud.example.com"), both_ports)],
    )]);
    let plain = home_with(Enforcement::Enforce, &[1001], &[]);
    bench(1, &ordered, async |mut bench, net: &Net| {
        let nft = |arguments: &[&str]| net.router.nft(arguments);
        // A table that is made anew has another handle, and so have its chains.
        let handles = || {
            let listed =
                ["inet", "bridge"].map(|family| nft(&["-a", "list", "chain", family, "mudguard", "forward"]));
            listed.map(|text| {
                let chain = text.lines().find(|line| line.contains("chain forward"));
                let (_, handle) = chain.unwrap().split_once("# handle ").unwrap();
                handle.to_owned()
            })
        };
        // What came later is listed later, and elements in any order.
        let ruleset = || {
            let text = nft(&["list", "ruleset"]).replace(',', " ");
            let mut words: Vec<_> = text.split_ascii_whitespace().map(str::to_owned).collect();
            words.sort();
            words
        };
        let (before, with_chain) = (handles(), ruleset());
        bench.firewall.apply(&plain).await.unwrap();
        let without = ruleset();
        assert!(with_chain.len() > without.len());
        assert!(!without.iter().any(|word| word.contains("names4_")));
        // Another daemon knows nothing of the first, which has ended: only one hears the samples.
        drop(bench);
        let (mut second, _, _) = crate::Firewall::start().await.unwrap();
        second.apply(&ordered).await.unwrap();
        assert!(ruleset() == with_chain, "the chain of a Thing did not come back");
        second.apply(&plain).await.unwrap();
        assert!(ruleset() == without, "something was left behind");
        assert_eq!(handles(), before, "a table was made anew");
    });
}

#[test]
fn rules_of_others_still_judge_what_passes_ours() {
    let any = [rule("any", Peer::Anything, Protocol::Any)];
    let home = home([thing(1, Enforcement::Enforce, any)]);
    bench(1, &home, async |_, net: &Net| {
        net.router.nft(&["add", "table", "inet", "other"]);
        net.router.nft(&[
            "add",
            "chain",
            "inet",
            "other",
            "f",
            "{ type filter hook forward priority 0; policy drop; }",
        ]);
        assert!(udp_is_dropped(
            net.thing(1),
            &net.internet,
            ENDS[0].0,
            ENDS[0].1,
            1000
        ));
    });
}
