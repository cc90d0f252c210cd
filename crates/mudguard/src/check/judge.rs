//! The findings, from the facts alone. What passes is specified in `docs/security.md`.

mod network;
#[cfg(test)]
mod tests;

use mudguard_firewall::{Bridge, TABLE};
use mudguard_manager::ClockState;

use super::{Facts, Finding, Severity};
use crate::print::plain;

/// Less room than this on the disk of the database is told, in octets.
const ROOM: u64 = 4 * 1024 * 1024;

/// When our chains are asked.
const OUR_PRIORITY: i64 = -10;

/// What is wrong first, then what cannot be seen, what is good to know, and what is enforced.
pub(crate) fn judge(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    tables(facts, &mut findings);
    bridges(facts, &mut findings);
    samples(facts, &mut findings);
    network::ports(facts, &mut findings);
    network::radios(facts, &mut findings);
    shortcuts(facts, &mut findings);
    foreign(facts, &mut findings);
    network::others(facts, &mut findings);
    network::names(facts, &mut findings);
    network::routing(facts, &mut findings);
    own(facts, &mut findings);
    findings.sort_by_key(|finding| finding.severity);
    findings
}

impl Finding {
    fn fault(topic: &'static str, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            mend: Some(mend.into()),
            ..Self::said(topic, Severity::Fault, text)
        }
    }

    fn said(topic: &'static str, severity: Severity, text: impl Into<String>) -> Self {
        Self {
            topic,
            severity,
            text: text.into(),
            mend: None,
        }
    }
}

/// Our tables, and whether they are those of the running gateway.
fn tables(facts: &Facts, findings: &mut Vec<Finding>) {
    let (survey, topic) = (&facts.survey, "tables");
    let Some(gateway) = &facts.gateway else {
        let text = if survey.inet {
            "No gateway answers. The rules of its last run stand in the kernel and hold; nobody follows changes, and names are not resolved."
        } else {
            "No gateway answers, and no rules of Mudguard stand in the kernel: nothing is limited."
        };
        let start = "systemctl start mudguard    # OpenWrt: /etc/init.d/mudguard start";
        findings.push(Finding::fault("gateway", text, start));
        return;
    };
    let again = "systemctl restart mudguard    # OpenWrt: /etc/init.d/mudguard restart";
    if !survey.inet {
        let text = format!(
            "The gateway runs, but the table inet {TABLE} is not in the kernel: nothing is limited. It was turned off (mudguard off), or \
             the kernel refuses it; `mudguard status` says which."
        );
        findings.push(Finding::fault(topic, text, again));
        return;
    }
    let missing: Vec<_> = (gateway.limited.iter())
        .filter(|(mac, _)| !survey.limited.contains(mac))
        .map(|(mac, _)| mac.to_string())
        .collect();
    let behind = gateway.limited.iter().filter(|(_, applied)| !applied).count();
    if !missing.is_empty() {
        let text = format!(
            "The gateway limits {}, but the kernel has no rules for it: somebody changed the table inet {TABLE}.",
            missing.join(", ")
        );
        findings.push(Finding::fault(topic, text, again));
    } else if behind > 0 {
        let text = format!(
            "The kernel has not taken the newest rules of {behind} devices; `mudguard status` says why."
        );
        findings.push(Finding::fault(topic, text, again));
    } else {
        let text = format!(
            "What limited devices ({} now) send to the internet, to other networks and to this router, and what is opened to them from there.",
            gateway.limited.len()
        );
        findings.push(Finding::said(topic, Severity::Enforced, text));
    }
}

/// Between two ports of one bridge.
fn bridges(facts: &Facts, findings: &mut Vec<Finding>) {
    let topic = "bridge";
    let (kernel, calls) = (
        facts.survey.kernel.used_as(facts.bridge_setting),
        facts.bridge_calls,
    );
    if kernel.bridge != facts.survey.kernel.bridge {
        let (used, can) = (kernel.bridge.word(), facts.survey.kernel.bridge.word());
        findings.push(Finding::fault(
            topic,
            format!("Frames between two ports of one bridge are filtered less than this kernel can: {used} instead of {can}, as firewall.bridge in the configuration says."),
            "[firewall]\nbridge = \"auto\"    # in the configuration; then restart the gateway",
        ));
        return;
    }
    let on = "modprobe br_netfilter\nsysctl -w net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1";
    let by_connection = match calls {
        Some([true, true]) => true,
        Some([false, true] | [true, false]) => {
            let text = "Only one of IPv4 and IPv6 is judged by the rules for routed packets within a bridge, so the other is less protected.";
            findings.push(Finding::fault("bridge-nf-call", text, on));
            false
        }
        Some([false, false]) | None => false,
    };
    match (kernel.bridge, by_connection) {
        (Bridge::Stateful, _) | (Bridge::Stateless, true) => findings.push(Finding::said(
            topic,
            Severity::Enforced,
            "What devices send to each other between two ports of one bridge, by connection.",
        )),
        (Bridge::Stateless, false) => findings.push(Finding::fault(
            topic,
            "Between two ports of one bridge frames are judged one by one: this kernel does not follow connections there (no \
             nf_conntrack_bridge, and bridge-nf-call is off). A device can reach another from the port of a service that this one uses.",
            format!("modprobe nf_conntrack_bridge    # OpenWrt: opkg install kmod-nft-bridge\n{on}    # if there is no such module"),
        )),
        (Bridge::Absent, true) => findings.push(Finding::said(
            topic,
            Severity::Enforced,
            "IP packets between two ports of one bridge, by connection (br_netfilter). Other protocols there are not judged.",
        )),
        (Bridge::Absent, false) => findings.push(Finding::fault(
            topic,
            "Nothing is limited between two ports of one bridge: this kernel has no nf_tables for bridges.",
            format!("opkg install kmod-nft-bridge    # OpenWrt\n{on}    # elsewhere"),
        )),
    }
    if facts.gateway.is_some() && facts.survey.inet && !facts.survey.bridge && kernel.bridge != Bridge::Absent
    {
        findings.push(Finding::fault(
            topic,
            format!("The table bridge {TABLE} is not in the kernel: nothing is limited between two ports of one bridge."),
            "systemctl restart mudguard    # OpenWrt: /etc/init.d/mudguard restart",
        ));
    }
}

/// What is blocked is shown only where the kernel tells it.
fn samples(facts: &Facts, findings: &mut Vec<Finding>) {
    if !facts.survey.kernel.samples {
        findings.push(Finding::fault(
            "samples",
            "What is blocked is counted but not shown: this kernel has no nfnetlink_log.",
            "modprobe nfnetlink_log    # OpenWrt: opkg install kmod-nfnetlink-log",
        ));
    }
}

/// Flows that pass by the rules.
fn shortcuts(facts: &Facts, findings: &mut Vec<Finding>) {
    let [software, hardware] = facts.offloading;
    if software || hardware {
        findings.push(Finding::fault(
            "offloading",
            format!(
                "OpenWrt's firewall is told to offload flows{}. Flows that were permitted once then pass by all rules: a right that is \
                 taken away does not end them.",
                if hardware { " to the hardware" } else { "" }
            ),
            "uci set firewall.@defaults[0].flow_offloading='0'\nuci set firewall.@defaults[0].flow_offloading_hw='0'\n\
             uci commit firewall\n/etc/init.d/firewall restart",
        ));
    }
    for flowtable in &facts.survey.flowtables {
        findings.push(Finding::fault(
            "flowtable",
            format!(
                "The table {} has the flowtable {}. Flows in it pass by all rules: a right that is taken away does not end them.",
                plain(&flowtable.table),
                plain(&flowtable.name)
            ),
            format!(
                "nft -a list table {}    # delete its rules with 'flow add @{1}', then: nft delete flowtable {0} {1}",
                plain(&flowtable.table),
                plain(&flowtable.name)
            ),
        ));
    }
}

/// Chains of others that judge a packet before ours.
fn foreign(facts: &Facts, findings: &mut Vec<Finding>) {
    let mut said: Vec<&str> = Vec::new();
    for chain in &facts.survey.chains {
        let before = chain.kind == "filter" && (chain.priority < OUR_PRIORITY || chain.hook == "ingress");
        if !before || said.contains(&&*chain.table) {
            continue;
        }
        said.push(&chain.table);
        findings.push(Finding::said(
            "foreign-table",
            Severity::Note,
            format!(
                "The table {} judges packets before Mudguard (chain {}, {} at {}). What it drops does not appear among what Mudguard \
                 blocked; what it accepts Mudguard judges all the same.",
                plain(&chain.table),
                plain(&chain.name),
                plain(&chain.hook),
                chain.priority
            ),
        ));
    }
}

/// What the gateway itself needs.
fn own(facts: &Facts, findings: &mut Vec<Finding>) {
    if facts.clock != ClockState::Valid {
        findings.push(Finding::fault(
            "clock",
            "The clock is not set: dates of certificates and of DNSSEC cannot be judged, so what is believed is provisional.",
            "timedatectl set-ntp true    # OpenWrt: /etc/init.d/sysntpd restart",
        ));
    }
    let state = &facts.state;
    if let Some(fault) = &state.fault {
        findings.push(Finding::fault(
            "state",
            format!(
                "The state folder {} cannot be written: {fault}. Decisions would be lost with a restart.",
                state.path
            ),
            format!(
                "mkdir -p {0} && chmod 0700 {0}    # or name another: paths.state",
                state.path
            ),
        ));
    } else if let Some(free) = state.free.filter(|free| *free < ROOM) {
        findings.push(Finding::fault(
            "state",
            format!(
                "Only {} KiB are free where the state is kept ({}).",
                free / 1024,
                state.path
            ),
            format!("df -h {}    # then make room there", state.path),
        ));
    }
    let folder = &facts.anchors_folder;
    let add = format!("mudguard anchors add --folder {folder} AUTHORITY.pem");
    match &facts.anchors {
        Ok(0) => findings.push(Finding::fault(
            "anchors",
            format!("There is no trust anchor in {folder}: no signature of a MUD file can be verified, and every file waits for you."),
            add,
        )),
        Ok(_) => {}
        Err(error) => findings.push(Finding::fault(
            "anchors",
            format!("The trust anchors in {folder} cannot be read: {}", plain(error)),
            add,
        )),
    }
}
