//! The findings about what surrounds the gateway: ports, radios, other servers, who answers names, and routing.

use super::{Facts, Finding, Severity};
use crate::print::plain;

/// Switch chips forward between their ports by themselves.
pub(super) fn ports(facts: &Facts, findings: &mut Vec<Finding>) {
    for lan in &facts.lans {
        if !lan.is_there {
            let name = &lan.interface;
            findings.push(Finding::fault(
                "interface",
                format!("There is no interface {name} (lan.interfaces): its devices are not seen."),
                "ip link    # lists this machine's; name the LAN's in lan.interfaces",
            ));
        }
        let switched: Vec<_> = (lan.ports.iter())
            .filter(|port| port.switch.is_some() && !port.is_isolated)
            .collect();
        let mut chips: Vec<_> = switched
            .iter()
            .filter_map(|port| port.switch.as_deref())
            .collect();
        chips.sort_unstable();
        chips.dedup();
        for chip in chips {
            let of_chip = || {
                switched
                    .iter()
                    .filter(|port| port.switch.as_deref() == Some(chip))
            };
            let names: Vec<_> = of_chip().map(|port| &*port.name).collect();
            if names.len() < 2 {
                continue;
            }
            let isolate: Vec<_> = names
                .iter()
                .map(|name| format!("bridge link set dev {name} isolated on"))
                .collect();
            findings.push(Finding::fault(
                "switch",
                format!(
                    "The switch chip behind {} of {} forwards between these ports by itself: such frames never come here, and nothing \
                     is limited between them. Isolated ports do not reach each other at all.",
                    names.join(", "),
                    lan.interface
                ),
                isolate.join("\n"),
            ));
        }
    }
    findings.push(Finding::said(
        "beyond",
        Severity::Unseen,
        "What passes between two devices behind the same switch, access point or radio elsewhere in the house never comes to this \
         router, and nothing here can tell whether there is one.",
    ));
}

/// A radio forwards between its stations by itself.
pub(super) fn radios(facts: &Facts, findings: &mut Vec<Finding>) {
    for radio in facts.radios.iter().filter(|radio| !radio.is_isolated) {
        let name = plain(&radio.name);
        let mend = if radio.is_section {
            format!("uci set wireless.{name}.isolate='1'\nuci commit wireless\nwifi reload")
        } else {
            "ap_isolate=1    # in the configuration of hostapd for this interface, then restart it".to_owned()
        };
        findings.push(Finding::fault(
            "wifi",
            format!("The radio network {name} forwards between its stations by itself: nothing is limited between them."),
            mend,
        ));
    }
    let unknown = (facts.lans.iter()).flat_map(|lan| &lan.ports).filter(|port| {
        port.is_wireless
            && !facts
                .radios
                .iter()
                .any(|radio| radio.is_section || radio.name == port.name)
    });
    for port in unknown {
        findings.push(Finding::said(
            "wifi",
            Severity::Unseen,
            format!(
                "Whether the radio {} forwards between its stations by itself: no configuration of hostapd or OpenWrt says it. It does \
                 unless ap_isolate (OpenWrt: isolate) is on.",
                port.name
            ),
        ));
    }
}

/// Other DHCP servers and routers.
pub(super) fn others(facts: &Facts, findings: &mut Vec<Finding>) {
    for (address, interface) in &facts.others.dhcp {
        findings.push(Finding::fault(
            "other-dhcp-server",
            format!(
                "Another DHCP server, {address}, answers on {interface}. Devices that take its lease may use another router and another \
                 resolver, and Mudguard sees nothing of that."
            ),
            format!("ip neigh show {address}    # its MAC address; turn DHCP off there, or use it as an access point only"),
        ));
    }
    for (address, interface) in &facts.others.routers {
        findings.push(Finding::fault(
            "other-router",
            format!("{address} says on {interface} that it is an IPv6 router. What devices send by way of it is not limited."),
            format!("ip -6 neigh show {address}    # its MAC address; turn router advertisements off there"),
        ));
    }
    for reason in &facts.others.unasked {
        let text = format!("Whether there is another router or DHCP server on the LAN: {reason}.");
        findings.push(Finding::said("other-router", Severity::Unseen, text));
    }
    if facts.others.unasked.is_empty() {
        findings.push(Finding::said(
            "other-router",
            Severity::Unseen,
            "A router that answers neither a DHCP client nor a router solicitation; a device that was set up by hand may use it.",
        ));
    }
}

/// Who answers the names that devices ask for.
pub(super) fn names(facts: &Facts, findings: &mut Vec<Finding>) {
    let topic = "names";
    let is_ours = |program: &Option<String>| {
        program
            .as_deref()
            .is_some_and(|name| name.starts_with("mudguard"))
    };
    let on_lan = |address: &std::net::IpAddr| !address.is_loopback();
    let mut foreign: Vec<_> = (facts.listeners.iter())
        .filter(|listener| on_lan(&listener.address) && !is_ours(&listener.program))
        .map(|listener| {
            plain(
                listener
                    .program
                    .as_deref()
                    .unwrap_or("a program that cannot be told"),
            )
        })
        .collect();
    foreign.sort_unstable();
    foreign.dedup();
    let ours = facts.listeners.iter().any(|listener| is_ours(&listener.program));
    let elsewhere = !facts.resolver.is_empty() && facts.resolver.iter().all(|at| at.port() != 53);
    let stop = |name: &str| {
        if name == "dnsmasq" {
            "uci set dhcp.@dnsmasq[0].port='0'\nuci commit dhcp\n/etc/init.d/dnsmasq restart    # elsewhere: port=0 in dnsmasq.conf"
                .to_owned()
        } else {
            "ss -lunp 'sport = :53'    # says which program it is; stop it, or move it to another port"
                .to_owned()
        }
    };
    for name in &foreign {
        let text = if elsewhere {
            format!(
                "{name} answers on port 53 in front of Mudguard's resolver: all questions come from this router itself, so no answer \
                 makes an address reachable for the device that asked."
            )
        } else {
            format!(
                "{name} listens on port 53 beside Mudguard: the addresses that it tells devices are not made reachable for them."
            )
        };
        findings.push(Finding::fault(topic, text, stop(name)));
    }
    if facts.gateway.is_some() && foreign.is_empty() && !elsewhere {
        if ours {
            let text =
                "An address is reachable for a device only after the resolver here has told it that address.";
            findings.push(Finding::said(topic, Severity::Enforced, text));
        } else {
            findings.push(Finding::fault(
                topic,
                "The gateway runs, but nobody listens on port 53: devices get no names resolved.",
                "mudguard status    # says why; then restart the gateway",
            ));
        }
    }
}

/// What the kernel does with packets beside our rules.
pub(super) fn routing(facts: &Facts, findings: &mut Vec<Finding>) {
    let [ipv4, ipv6] = facts.forwarding;
    if !ipv4 {
        findings.push(Finding::fault(
            "forwarding",
            "This machine does not route IPv4: devices reach the internet by another router, where nothing is limited, or not at all.",
            "sysctl -w net.ipv4.ip_forward=1",
        ));
    }
    if !ipv6 {
        findings.push(Finding::said(
            "forwarding",
            Severity::Note,
            "This machine does not route IPv6. If devices have global IPv6 addresses, another router gave them.",
        ));
    }
    for lan in facts
        .lans
        .iter()
        .filter(|lan| lan.is_there && !lan.checks_sources)
    {
        let name = &lan.interface;
        findings.push(Finding::said(
            "sources",
            Severity::Note,
            format!(
                "IPv4 sources of devices on {name} that Mudguard does not limit are not checked (rp_filter is off). \
                 `sysctl -w net.ipv4.conf.{name}.rp_filter=1` turns it on."
            ),
        ));
    }
}
