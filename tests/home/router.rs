//! The router of a home, as it is without Mudguard: a bridge, forwarding, NAT, DHCP and router advertisements.

use std::{ffi::OsStr, fs, ops::Deref, path::Path, time::Duration};

use super::{
    addresses::{
        LAN_IPV4, LAN_IPV6, PROVIDER_IPV4, PROVIDER_IPV6, ROUTER_IPV4, ROUTER_IPV6, ROUTER_LINK_LOCAL,
        WAN_IPV4, WAN_IPV6,
    },
    namespace::Namespace,
    running::Running,
};

/// The router's own firewall. Mudguard's tables must work with it and without it.
pub const FIREWALL: &str = "\
table inet home_router {
    chain srcnat {
        type nat hook postrouting priority srcnat;
        oifname \"wan0\" meta nfproto ipv4 masquerade
    }
}
";

/// The router: a namespace with the bridge `br-lan`, a port `lanN` for each Thing, and `wan0`.
#[derive(Debug)]
pub struct Router {
    namespace: Namespace,
    dhcp_server: Running,
    _short_lease_server: Option<Running>,
}

/// What dnsmasq lends for at least.
const SHORTEST_LEASE: Duration = Duration::from_secs(120);

impl Router {
    /// Sets the router up in its namespace. `things` are the namespaces of the Things in the order of their ports, with their MAC
    /// addresses; each of them gets an `eth0`. The ports are down.
    pub(super) fn build(
        namespace: Namespace,
        internet: &Namespace,
        things: &[(&Namespace, String)],
        folder: &Path,
        lease_time: Duration,
    ) -> anyhow::Result<Self> {
        namespace.sysctl(&SETTINGS)?;
        // A new namespace may start with these on, and then traffic between ports of the bridge meets rules it should not meet.
        namespace.sysctl_where_present(&BRIDGE_SETTINGS)?;
        namespace.ip(&links(internet, things))?;
        namespace.nft(FIREWALL)?;
        let dhcp_server = dhcp_server(&namespace, folder, lease_time)?;
        let short_lease_server = short_lease_server(&namespace, folder, lease_time)?;
        Ok(Self {
            namespace,
            dhcp_server,
            _short_lease_server: short_lease_server,
        })
    }

    /// What the DHCP server has logged.
    pub fn dhcp_log(&self) -> String {
        self.dhcp_server.log()
    }
}

impl Deref for Router {
    type Target = Namespace;

    fn deref(&self) -> &Namespace {
        &self.namespace
    }
}

const SETTINGS: [(&str, &str); 12] = [
    ("net/ipv4/ip_forward", "1"),
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
    ("net/ipv6/conf/all/disable_ipv6", "0"),
    ("net/ipv6/conf/default/disable_ipv6", "0"),
    ("net/ipv6/conf/all/forwarding", "1"),
    ("net/ipv6/conf/default/forwarding", "1"),
    ("net/ipv6/conf/all/accept_ra", "0"),
    ("net/ipv6/conf/default/accept_ra", "0"),
    // No other router has these addresses, and waiting for a second to learn that costs every test a second.
    ("net/ipv6/conf/default/accept_dad", "0"),
];

const BRIDGE_SETTINGS: [(&str, &str); 3] = [
    ("net/bridge/bridge-nf-call-iptables", "0"),
    ("net/bridge/bridge-nf-call-ip6tables", "0"),
    ("net/bridge/bridge-nf-call-arptables", "0"),
];

/// The router's address on the link is given by hand: the kernel would make one only when the first Thing brings a carrier, and the answer to
/// that Thing's router solicitation would come from another address, which RFC 4861 section 6.1.2 forbids.
fn links(internet: &Namespace, things: &[(&Namespace, String)]) -> String {
    let mut lines = format!(
        "link set lo up
         link add wan0 type veth peer name eth0 netns {internet}
         link set wan0 up
         addr add {WAN_IPV4}/24 dev wan0
         addr add {WAN_IPV6}/64 dev wan0 nodad
         link add br-lan address 02:ff:00:00:00:01 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
         link set br-lan addrgenmode none
         addr add {ROUTER_LINK_LOCAL}/64 dev br-lan nodad
         addr add {ROUTER_IPV4}/24 dev br-lan
         addr add {ROUTER_IPV6}/64 dev br-lan nodad
         link set br-lan up
         route add default via {PROVIDER_IPV4}
         route add default via {PROVIDER_IPV6}
        ",
        internet = internet.netns()
    );
    for (number, (thing, mac)) in (1..).zip(things) {
        lines += &format!(
            "link add lan{number} type veth peer name eth0 address {mac} netns {thing}
             link set lan{number} master br-lan addrgenmode none
            ",
            thing = thing.netns()
        );
    }
    lines
}

/// DHCPv4 and router advertisements (addresses by SLAAC). The router names itself as the resolver in both, since a gateway will answer there.
fn dhcp_server(namespace: &Namespace, folder: &Path, lease_time: Duration) -> anyhow::Result<Running> {
    let (first, mask) = (LAN_IPV4.trim_end_matches("0/24"), "255.255.255.0");
    let prefix = LAN_IPV6.trim_end_matches("/64");
    let seconds = lease_time.as_secs();
    let lends = [
        format!("--dhcp-range={first}10,{first}250,{mask},{seconds}"),
        format!("--dhcp-option=option:dns-server,{ROUTER_IPV4}"),
    ];
    // What it does not lend, another server does.
    let lends = if lease_time < SHORTEST_LEASE {
        &[][..]
    } else {
        &lends
    };
    let server = namespace.spawn(
        "dnsmasq",
        [
            "--keep-in-foreground".to_owned(),
            "--conf-file=/dev/null".to_owned(),
            "--port=0".to_owned(),
            "--user=root".to_owned(),
            "--group=root".to_owned(),
            "--pid-file".to_owned(),
            "--interface=br-lan".to_owned(),
            "--bind-interfaces".to_owned(),
            "--dhcp-authoritative".to_owned(),
            // It would wait for an answer from each address before it offers it.
            "--no-ping".to_owned(),
            "--enable-ra".to_owned(),
            format!("--dhcp-range={prefix},ra-only,64,{seconds}"),
            format!("--dhcp-option=option6:dns-server,[{ROUTER_IPV6}]"),
            format!("--dhcp-leasefile={}", folder.join("dnsmasq.leases").display()),
            "--log-dhcp".to_owned(),
            "--log-facility=-".to_owned(),
        ]
        .iter()
        .chain(lends),
    )?;
    server.wait_for(Duration::from_secs(5), |log| {
        log.contains("started, version").then_some(())
    })?;
    Ok(server)
}

/// busybox `udhcpd`, which lends for as short a time as one likes.
fn short_lease_server(
    namespace: &Namespace,
    folder: &Path,
    lease_time: Duration,
) -> anyhow::Result<Option<Running>> {
    if lease_time >= SHORTEST_LEASE {
        return Ok(None);
    }
    let first = LAN_IPV4.trim_end_matches("0/24");
    let file = folder.join("udhcpd.conf");
    let configuration = format!(
        "interface br-lan\nstart {first}10\nend {first}250\nmin_lease 1\noption lease {seconds}\n\
         option subnet 255.255.255.0\noption router {ROUTER_IPV4}\noption dns {ROUTER_IPV4}\n\
         lease_file {leases}\npidfile {pid}\n",
        seconds = lease_time.as_secs(),
        leases = folder.join("udhcpd.leases").display(),
        pid = folder.join("udhcpd.pid").display(),
    );
    fs::write(&file, configuration)?;
    // It would wait for an answer from each address before it offers it.
    let arguments = ["udhcpd", "-f", "-a", "0"].map(OsStr::new);
    let server = namespace.spawn("busybox", arguments.into_iter().chain([file.as_os_str()]))?;
    server.wait_for(Duration::from_secs(5), |log| {
        log.contains("started").then_some(())
    })?;
    Ok(Some(server))
}
