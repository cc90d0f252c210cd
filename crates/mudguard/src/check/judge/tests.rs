//! Facts of made-up routers, and what is said of them.

use std::net::IpAddr;

use expect_test::expect;
use mudguard_firewall::{BridgeSetting, Flowtable, ForeignChain, Kernel, Survey};
use mudguard_policy::MacAddress;

use super::*;
use crate::check::{Folder, Gateway, Lan, Listener, Others, Port, Radio};

const LAMP: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);

/// A router on which nothing is to be mended.
fn fine() -> Facts {
    Facts {
        gateway: Some(Gateway {
            limited: vec![(LAMP, true)],
        }),
        survey: Survey {
            kernel: Kernel::FULL,
            inet: true,
            bridge: true,
            limited: vec![LAMP],
            chains: Vec::new(),
            flowtables: Vec::new(),
        },
        bridge_setting: BridgeSetting::Auto,
        bridge_calls: None,
        lans: vec![Lan {
            interface: "br-lan".to_owned(),
            is_there: true,
            ports: Vec::new(),
            checks_sources: true,
        }],
        forwarding: [true, true],
        offloading: [false, false],
        radios: Vec::new(),
        resolver: Vec::new(),
        listeners: vec![listener("mudguard")],
        clock: ClockState::Valid,
        state: Folder {
            path: "/var/lib/mudguard".to_owned(),
            fault: None,
            free: Some(u64::MAX),
        },
        anchors: Ok(1),
        anchors_folder: "/etc/mudguard/anchors".to_owned(),
        others: Others::default(),
    }
}

fn listener(program: &str) -> Listener {
    Listener {
        address: IpAddr::from([192, 0, 2, 1]),
        program: Some(program.to_owned()),
    }
}

fn port(name: &str) -> Port {
    Port {
        name: name.to_owned(),
        switch: Some("00".to_owned()),
        ..Port::default()
    }
}

/// The topics of what is to be mended.
fn faults(facts: &Facts) -> Vec<&'static str> {
    let findings = judge(facts);
    let faults = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Fault);
    faults
        .map(|finding| {
            assert!(finding.mend.is_some(), "{finding:?} has no way out");
            finding.topic
        })
        .collect()
}

#[test]
fn a_router_without_faults() {
    let said: Vec<_> = (judge(&fine()).into_iter())
        .map(|finding| format!("{:?} {}: {}", finding.severity, finding.topic, finding.text))
        .collect();
    expect![[r#"
        Unseen beyond: What passes between two devices behind the same switch, access point or radio elsewhere in the house never comes to this router, and nothing here can tell whether there is one.
        Unseen other-router: A router that answers neither a DHCP client nor a router solicitation; a device that was set up by hand may use it.
        Enforced tables: What limited devices (1 now) send to the internet, to other networks and to this router, and what is opened to them from there.
        Enforced bridge: What devices send to each other between two ports of one bridge, by connection.
        Enforced names: An address is reachable for a device only after the resolver here has told it that address.
    "#]]
    .assert_eq(&(said.join("\n") + "\n"));
}

/// One thing is wrong with a router, and that is said.
type Case = (&'static str, fn(&mut Facts));

#[test]
fn each_fault_is_found_alone() {
    let cases: &[Case] = &[
        ("gateway", |facts| facts.gateway = None),
        ("tables", |facts| facts.survey.inet = false),
        ("tables", |facts| facts.survey.limited.clear()),
        ("tables", |facts| {
            facts.gateway = Some(Gateway {
                limited: vec![(LAMP, false)],
            });
        }),
        ("bridge", |facts| facts.survey.bridge = false),
        ("bridge", |facts| facts.survey.kernel.bridge = Bridge::Absent),
        ("bridge", |facts| facts.survey.kernel.bridge = Bridge::Stateless),
        ("bridge", |facts| facts.bridge_setting = BridgeSetting::Off),
        ("bridge-nf-call", |facts| facts.bridge_calls = Some([true, false])),
        ("samples", |facts| facts.survey.kernel.samples = false),
        ("offloading", |facts| facts.offloading = [true, false]),
        ("flowtable", |facts| {
            facts.survey.flowtables.push(Flowtable {
                table: "inet fw4".to_owned(),
                name: "ft".to_owned(),
            });
        }),
        ("interface", |facts| facts.lans[0].is_there = false),
        ("switch", |facts| {
            facts.lans[0].ports = vec![port("lan1"), port("lan2")]
        }),
        ("wifi", |facts| {
            facts.radios.push(Radio {
                name: "home".to_owned(),
                is_isolated: false,
                is_section: true,
            });
        }),
        ("other-dhcp-server", |facts| {
            facts
                .others
                .dhcp
                .push((IpAddr::from([192, 0, 2, 9]), "br-lan".to_owned()));
        }),
        ("other-router", |facts| {
            facts
                .others
                .routers
                .push((IpAddr::from([192, 0, 2, 9]), "br-lan".to_owned()));
        }),
        ("names", |facts| facts.listeners = vec![listener("dnsmasq")]),
        ("names", |facts| facts.listeners.clear()),
        ("names", |facts| {
            facts.resolver = vec!["127.0.0.1:5453".parse().unwrap()];
            facts.listeners = vec![listener("dnsmasq")];
        }),
        ("forwarding", |facts| facts.forwarding[0] = false),
        ("clock", |facts| facts.clock = ClockState::Floor),
        ("state", |facts| {
            facts.state.fault = Some("Read-only file system".to_owned())
        }),
        ("state", |facts| facts.state.free = Some(1024)),
        ("anchors", |facts| facts.anchors = Ok(0)),
        ("anchors", |facts| {
            facts.anchors = Err("no such folder".to_owned())
        }),
    ];
    assert_eq!(faults(&fine()), [""; 0]);
    for (number, (topic, change)) in cases.iter().enumerate() {
        let mut facts = fine();
        change(&mut facts);
        assert_eq!(faults(&facts), [*topic], "case {number}");
    }
}

#[test]
fn br_netfilter_does_for_a_kernel_that_does_not_follow_connections_in_bridges() {
    let mut facts = fine();
    facts.survey.kernel.bridge = Bridge::Stateless;
    facts.bridge_calls = Some([false, false]);
    assert_eq!(faults(&facts), ["bridge"]);
    facts.bridge_calls = Some([true, true]);
    assert_eq!(faults(&facts), [""; 0]);
}

#[test]
fn isolated_ports_and_a_single_port_of_a_chip_are_no_fault() {
    let mut facts = fine();
    facts.lans[0].ports = vec![port("lan1")];
    assert_eq!(faults(&facts), [""; 0]);
    facts.lans[0].ports.push(Port {
        is_isolated: true,
        ..port("lan2")
    });
    assert_eq!(faults(&facts), [""; 0]);
    facts.lans[0].ports.push(port("lan3"));
    let findings = judge(&facts);
    assert_eq!(
        findings[0].mend.as_deref(),
        Some("bridge link set dev lan1 isolated on\nbridge link set dev lan3 isolated on")
    );
}

#[test]
fn a_radio_of_which_nothing_is_known_is_said_not_to_be_seen() {
    let mut facts = fine();
    facts.lans[0].ports.push(Port {
        name: "wlan0".to_owned(),
        is_wireless: true,
        ..Port::default()
    });
    let findings = judge(&facts);
    let unseen = |finding: &&Finding| finding.topic == "wifi" && finding.severity == Severity::Unseen;
    assert_eq!(findings.iter().filter(unseen).count(), 1);
}

#[test]
fn a_table_of_others_is_said_once_and_only_if_it_judges_before_ours() {
    let chain = |table: &str, hook: &str, priority| ForeignChain {
        table: table.to_owned(),
        name: "c".to_owned(),
        kind: "filter".to_owned(),
        hook: hook.to_owned(),
        priority,
    };
    let mut facts = fine();
    facts.survey.chains = vec![
        chain("inet banIP", "prerouting", -175),
        chain("inet banIP", "input", -100),
        chain("inet fw4", "forward", 0),
    ];
    let findings = judge(&facts);
    let said: Vec<_> = (findings.iter())
        .filter(|finding| finding.topic == "foreign-table")
        .collect();
    assert!(said.len() == 1 && said[0].text.contains("inet banIP"), "{said:?}");
}
