//! What `mudguard check` knows of this router, and what it says about it. [`judge()`] is pure: facts in, findings out.
//!
//! What it is not: it changes nothing, and it does not see other machines, but for those that answer when the LAN is asked.

mod judge;
pub(crate) mod machine;
pub(crate) mod others;

use std::net::{IpAddr, SocketAddr};

use mudguard_firewall::{BridgeSetting, Survey};
use mudguard_manager::ClockState;
use mudguard_policy::MacAddress;
use serde::Serialize;

pub(crate) use judge::judge;

/// What is known of the router.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// What the running gateway says; `None` if none answers.
    pub(crate) gateway: Option<Gateway>,
    pub(crate) survey: Survey,
    /// How frames within bridges are to be filtered.
    pub(crate) bridge_setting: BridgeSetting,
    /// Whether rules for routed packets judge frames within bridges, of IPv4 and of IPv6; `None` without br_netfilter.
    pub(crate) bridge_calls: Option<[bool; 2]>,
    pub(crate) lans: Vec<Lan>,
    /// Whether packets are routed, of IPv4 and of IPv6.
    pub(crate) forwarding: [bool; 2],
    /// Whether OpenWrt's firewall is told to let flows pass by the rules, in software and in hardware.
    pub(crate) offloading: [bool; 2],
    /// Radios of this machine that lend their stations to a network.
    pub(crate) radios: Vec<Radio>,
    /// Where the gateway's resolver is to listen; empty: on port 53 of the LAN.
    pub(crate) resolver: Vec<SocketAddr>,
    /// Who listens on port 53 of this machine.
    pub(crate) listeners: Vec<Listener>,
    pub(crate) clock: ClockState,
    pub(crate) state: Folder,
    /// How many trust anchors there are, or why they cannot be read.
    pub(crate) anchors: Result<usize, String>,
    pub(crate) anchors_folder: String,
    pub(crate) others: Others,
}

/// What the running gateway says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gateway {
    /// The Things that it limits, with whether it says that the kernel has their rules.
    pub(crate) limited: Vec<(MacAddress, bool)>,
}

/// A network of the LAN.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lan {
    pub(crate) interface: String,
    /// Whether the interface is there.
    pub(crate) is_there: bool,
    /// The ports, if it is a bridge.
    pub(crate) ports: Vec<Port>,
    /// Whether IPv4 sources are checked against the way back (rp_filter).
    pub(crate) checks_sources: bool,
}

/// A port of a bridge.
#[derive(Clone, Debug, Default)]
pub(crate) struct Port {
    pub(crate) name: String,
    /// The switch chip behind it, which forwards by itself.
    pub(crate) switch: Option<String>,
    pub(crate) is_wireless: bool,
    /// Whether it sends nothing to other such ports.
    pub(crate) is_isolated: bool,
}

/// A network of a radio.
#[derive(Clone, Debug)]
pub(crate) struct Radio {
    /// Its interface, or its section in the configuration of OpenWrt.
    pub(crate) name: String,
    /// Whether its stations reach each other only by way of this router.
    pub(crate) is_isolated: bool,
    /// Whether the name is a section of OpenWrt's configuration.
    pub(crate) is_section: bool,
}

/// Who listens on port 53.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    pub(crate) address: IpAddr,
    /// The program, if it can be told.
    pub(crate) program: Option<String>,
}

/// The folder of the database.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    pub(crate) path: String,
    /// Why it cannot be written.
    pub(crate) fault: Option<String>,
    /// How many octets are free on its disk.
    pub(crate) free: Option<u64>,
}

/// Other servers of the LAN.
#[derive(Clone, Debug, Default)]
pub(crate) struct Others {
    /// Those who answered a DHCP client, each with the interface.
    pub(crate) dhcp: Vec<(IpAddr, String)>,
    /// Those who say that they are IPv6 routers.
    pub(crate) routers: Vec<(IpAddr, String)>,
    /// Why the LAN was not asked.
    pub(crate) unasked: Vec<String>,
}

/// What is said about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Finding {
    /// What it is about; one topic may have several findings.
    pub(crate) topic: &'static str,
    pub(crate) severity: Severity,
    pub(crate) text: String,
    /// The commands that mend it, one a line.
    pub(crate) mend: Option<String>,
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    /// Something to mend.
    Fault,
    /// What cannot be seen from here.
    Unseen,
    /// Good to know.
    Note,
    /// What is enforced.
    Enforced,
}
