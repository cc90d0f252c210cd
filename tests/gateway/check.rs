//! `mudguard check` in a home with faults: each is found, and what it says mends it.

use std::net::IpAddr;

use mudguard_tests::{
    home::{Home, Namespace, ThingPlan},
    left_out_without_root,
};
use serde_json::Value;

use super::{LAMP_URL, Lab};

/// The topics of what is to be mended, in the order in which they are said.
fn faults(lab: &Lab) -> Vec<String> {
    let (program, _) = lab.gateway.program();
    let mut command = lab.home.router().command(program);
    command
        .args(["check", "--json", "--config"])
        .arg(lab.gateway.configuration_file());
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let findings = report["findings"].as_array().unwrap().iter();
    let faults: Vec<_> = findings
        .filter(|finding| finding["severity"] == "fault")
        .map(|finding| finding["topic"].as_str().unwrap().to_owned())
        .collect();
    let code = i32::from(!faults.is_empty());
    assert_eq!(output.status.code(), Some(code), "{report:#}");
    assert_eq!(report["fine"], faults.is_empty());
    faults
}

fn bridge_calls(lab: &Lab, on: &str) {
    let calls = ["iptables", "ip6tables"].map(|name| format!("net/bridge/bridge-nf-call-{name}"));
    let settings = calls.each_ref().map(|name| (name.as_str(), on));
    lab.home.router().sysctl(&settings).unwrap();
}

#[test]
fn each_fault_of_a_router_is_found_and_what_mends_it_removes_it() {
    if left_out_without_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.join("lamp", "limited");
    let router = Namespace::clone(lab.home.router());
    bridge_calls(&lab, "1");
    assert_eq!(faults(&lab), [""; 0]);

    // Where the kernel follows connections in bridges by itself there is nothing to mend.
    if probe(&router) {
        println!("LEFT OUT: this kernel has nf_conntrack_bridge, so br_netfilter is not missed");
    } else {
        bridge_calls(&lab, "0");
        assert_eq!(faults(&lab), ["bridge"]);
        bridge_calls(&lab, "1");
    }

    let flowtable = "table inet other { flowtable ft { hook ingress priority 0; devices = { wan0 }; } }";
    match router.nft(flowtable) {
        Ok(()) => {
            assert_eq!(faults(&lab), ["flowtable"]);
            router
                .run("nft", ["delete", "flowtable", "inet", "other", "ft"])
                .unwrap();
        }
        Err(error) => println!("LEFT OUT: this kernel has no flowtables: {error}"),
    }

    let anchors = lab.home.mud().anchors().to_owned();
    let away = anchors.with_extension("away");
    std::fs::rename(&anchors, &away).unwrap();
    assert_eq!(faults(&lab), ["anchors"]);
    std::fs::rename(&away, &anchors).unwrap();

    // The rules stay when the gateway ends, and nobody follows changes.
    lab.gateway.kill().unwrap();
    assert_eq!(faults(&lab), ["gateway"]);
    lab.gateway.restart(&lab.configuration()).unwrap();
    assert_eq!(faults(&lab), [""; 0]);
}

/// Whether the kernel follows connections in bridges.
fn probe(router: &Namespace) -> bool {
    router
        .nft("table bridge probe { chain c { ct state established accept; }; }; delete table bridge probe")
        .is_ok()
}

#[test]
fn a_second_dhcp_server_and_a_second_router_on_the_lan_are_found() {
    if left_out_without_root() {
        return;
    }
    let plan = Home::builder()
        .thing(ThingPlan::new("lamp").mud_url(LAMP_URL))
        .thing(ThingPlan::new("phone"));
    let lab = Lab::with(plan);
    lab.join("lamp", "limited");
    // A limited Thing could not answer the router as a server does.
    let phone = lab.join("phone", "not-limited");
    bridge_calls(&lab, "1");
    let (IpAddr::V4(address), _) = phone.ip_addresses().unwrap() else {
        panic!("no IPv4 address")
    };
    let network = address.octets();
    let range = format!(
        "{0}.{1}.{2}.251,{0}.{1}.{2}.252,120",
        network[0], network[1], network[2]
    );
    let leases = lab.home.folder().join("second.leases");
    let server = phone
        .spawn(
            "dnsmasq",
            [
                "--keep-in-foreground".to_owned(),
                "--conf-file=/dev/null".to_owned(),
                "--port=0".to_owned(),
                "--user=root".to_owned(),
                "--group=root".to_owned(),
                "--pid-file".to_owned(),
                "--interface=eth0".to_owned(),
                "--no-ping".to_owned(),
                "--dhcp-authoritative".to_owned(),
                "--log-facility=-".to_owned(),
                "--enable-ra".to_owned(),
                "--dhcp-range=::,constructor:eth0,ra-only".to_owned(),
                format!("--dhcp-range={range}"),
                format!("--dhcp-leasefile={}", leases.display()),
            ],
        )
        .unwrap();
    server
        .wait_for(super::SOON, |log| log.contains("started, version").then_some(()))
        .unwrap();
    assert_eq!(faults(&lab), ["other-dhcp-server", "other-router"]);
    drop(server);
    assert_eq!(faults(&lab), [""; 0]);
}
