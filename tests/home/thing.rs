//! A Thing: a namespace behind one port of the bridge, with a real DHCP client and the kernel's own IPv6 address configuration.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    ops::Deref,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail};
use nix::sys::signal::Signal;

use super::{
    namespace::Namespace,
    plan::ThingPlan,
    running::{Running, run},
    wait::until,
};

/// How long a Thing may take to get its addresses.
const JOIN_LIMIT: Duration = Duration::from_secs(15);

/// A DHCP client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DhcpClient {
    /// busybox `udhcpc -x`.
    Udhcpc,
    /// isc `dhclient` with a custom option.
    Dhclient,
}

/// A Thing.
#[derive(Debug)]
pub struct Thing {
    namespace: Namespace,
    /// Where its cable ends.
    router: Namespace,
    name: String,
    port: String,
    mac: String,
    client: DhcpClient,
    folder: PathBuf,
    state: Mutex<State>,
}

/// What may change.
#[derive(Debug)]
struct State {
    mud_url: Option<String>,
    running: Option<Running>,
}

/// The addresses of a Thing that has joined the LAN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// The address that it was lent.
    pub ipv4: Ipv4Addr,
    /// The address that it made of the router's prefix.
    pub ipv6: Ipv6Addr,
    /// Its address on the link.
    pub link_local: Ipv6Addr,
    /// For how long the IPv4 address is lent.
    pub lease_time: Duration,
    /// The resolvers that DHCP named.
    pub resolvers: Vec<IpAddr>,
}

/// The MAC address of the Thing on the port of this number, from 1.
pub(super) fn mac(number: u16) -> String {
    let [high, low] = number.to_be_bytes();
    format!("02:00:00:00:{high:02x}:{low:02x}")
}

impl Thing {
    /// Sets the Thing up; it is not on the LAN until it joins.
    pub(super) fn build(
        namespace: Namespace,
        router: &Namespace,
        number: u16,
        plan: &ThingPlan,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        namespace.sysctl(&SETTINGS)?;
        namespace.ip("link set lo up\nlink set eth0 up\n")?;
        let state = State {
            mud_url: plan.mud_url.clone(),
            running: None,
        };
        Ok(Self {
            namespace,
            router: router.clone(),
            name: plan.name.clone(),
            port: format!("lan{number}"),
            mac: mac(number),
            client: plan.client,
            folder: folder.to_owned(),
            state: Mutex::new(state),
        })
    }

    /// Its name in the home.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its MAC address, in lower case with colons.
    pub fn mac(&self) -> &str {
        &self.mac
    }

    /// The port of the bridge behind which it is.
    pub fn port(&self) -> &str {
        &self.port
    }

    /// Its IPv4 address and its global IPv6 address.
    ///
    /// # Errors
    /// If it has not joined.
    pub fn ip_addresses(&self) -> anyhow::Result<(IpAddr, IpAddr)> {
        let output =
            run(Command::new("ip").args(["-n", self.netns(), "-4", "-oneline", "address", "show", "eth0"]))?;
        let text = String::from_utf8_lossy(&output);
        let mut words = text
            .split_ascii_whitespace()
            .skip_while(|word| *word != "inet")
            .skip(1);
        let v4: Ipv4Addr = words
            .next()
            .and_then(|word| word.split('/').next()?.parse().ok())
            .with_context(|| format!("{} has no IPv4 address", self.name))?;
        let global = |address: &Ipv6Addr| !address.is_unicast_link_local();
        let v6 = self.ipv6_addresses()?.into_iter().find(global);
        Ok((
            v4.into(),
            v6.with_context(|| format!("{} has no IPv6 address", self.name))?
                .into(),
        ))
    }

    /// From the next time it joins, it sends this MUD URL, or none.
    pub fn announce(&self, mud_url: Option<&str>) {
        self.state().mud_url = mud_url.map(str::to_owned);
    }

    /// Joins the LAN: connects the cable, runs the DHCP client until it has an address, and waits for an IPv6 address. The client goes on
    /// running and renews the lease.
    ///
    /// # Errors
    /// If it has no addresses within 15 seconds.
    pub fn join(&self) -> anyhow::Result<Addresses> {
        let mut state = self.state();
        if state.running.is_some() {
            bail!("{} has joined already", self.name);
        }
        self.router.ip(&format!("link set {} up\n", self.port))?;
        // The first frames of a Thing would be lost: the kernel takes a moment to notice that there is a carrier.
        until(JOIN_LIMIT, || self.link_is_up()).with_context(|| format!("{} gets no carrier", self.name))?;
        self.sysctl(&[(DISABLE_IPV6, "0")])?;
        let client = Running::start(self.client_command(state.mud_url.as_deref())?)?;
        let lease = client
            .wait_for(JOIN_LIMIT, |log| {
                log.lines()
                    .find_map(|line| line.strip_prefix("lease: ").map(str::to_owned))
            })
            .with_context(|| format!("{} gets no address by DHCP", self.name))?;
        state.running = Some(client);
        let (link_local, ipv6) = until(JOIN_LIMIT, || self.ipv6_configuration())
            .with_context(|| format!("{} gets no IPv6 address by router advertisements", self.name))?;
        let mut words = lease.split_ascii_whitespace();
        let (ipv4, _router, seconds) = (words.next(), words.next(), words.next());
        Ok(Addresses {
            ipv4: ipv4.context("no address in the lease")?.parse()?,
            ipv6,
            link_local,
            lease_time: Duration::from_secs(seconds.context("no lease time in the lease")?.parse()?),
            resolvers: words.map(str::parse).collect::<Result<_, _>>()?,
        })
    }

    /// Gives the lease back and ends the DHCP client. The cable stays connected.
    ///
    /// # Errors
    /// If the Thing has not joined, or the client does not end.
    pub fn release(&self) -> anyhow::Result<()> {
        let mut client = self
            .state()
            .running
            .take()
            .with_context(|| format!("{} has not joined", self.name))?;
        match self.client {
            DhcpClient::Udhcpc => client.signal(Signal::SIGTERM)?,
            DhcpClient::Dhclient => {
                run(self.dhclient_command().arg("-r").arg("eth0"))?;
            }
        }
        client.wait(JOIN_LIMIT).map(drop)
    }

    /// Disconnects the cable without a word to anybody, as when the plug is pulled.
    ///
    /// # Errors
    /// If the port cannot be set down.
    pub fn unplug(&self) -> anyhow::Result<()> {
        drop(self.state().running.take());
        self.router.ip(&format!("link set {} down\n", self.port))?;
        self.sysctl(&[(DISABLE_IPV6, "1")])?;
        self.ip("address flush dev eth0\n")
    }

    /// The home's folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn client_command(&self, mud_url: Option<&str>) -> anyhow::Result<Command> {
        match self.client {
            DhcpClient::Udhcpc => {
                let mut command = self.command("udhcpc");
                command
                    .args(["-f", "-R", "-i", "eth0", "-t", "20", "-T", "1", "-x"])
                    .arg(format!("hostname:{}", self.name));
                command
                    .arg("-s")
                    .arg(self.script())
                    .env("RESOLV_CONF", self.resolv_conf());
                if let Some(url) = mud_url {
                    let octets: String = url.bytes().map(|byte| format!("{byte:02x}")).collect();
                    command.args(["-x", &format!("161:{octets}")]);
                }
                Ok(command)
            }
            DhcpClient::Dhclient => {
                fs::write(self.file("conf"), dhclient_conf(&self.name, mud_url))?;
                let mut command = self.dhclient_command();
                command.args(["-d", "eth0"]);
                Ok(command)
            }
        }
    }

    /// dhclient with this Thing's files.
    fn dhclient_command(&self) -> Command {
        let mut command = self.command(self.folder.join("dhclient"));
        command
            .arg("-4")
            .arg("-cf")
            .arg(self.file("conf"))
            .arg("-lf")
            .arg(self.file("leases"));
        command
            .arg("-pf")
            .arg(self.file("pid"))
            .arg("-sf")
            .arg(self.script());
        command
            .arg("-e")
            .arg(format!("RESOLV_CONF={}", self.resolv_conf().display()));
        command
    }

    fn file(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("dhclient-{}.{extension}", self.name))
    }

    fn script(&self) -> PathBuf {
        self.folder.join(LEASE_SCRIPT_NAME)
    }

    /// Something, as soon as the port of the bridge and the interface of the Thing both let frames pass.
    fn link_is_up(&self) -> anyhow::Result<Option<()>> {
        let shows = |netns: &str, interface: &str, state: &str| {
            let output = run(Command::new("ip").args(["-n", netns, "-details", "link", "show", interface]))?;
            anyhow::Ok(String::from_utf8_lossy(&output).contains(state))
        };
        let up = shows(self.router.netns(), &self.port, "state forwarding")?
            && shows(self.netns(), "eth0", "state UP")?;
        Ok(up.then_some(()))
    }

    /// Its address on the link and its global address, when it has both and a default route.
    fn ipv6_configuration(&self) -> anyhow::Result<Option<(Ipv6Addr, Ipv6Addr)>> {
        let routes = self.enter(|| fs::read_to_string("/proc/thread-self/net/ipv6_route"))??;
        let default = "00000000000000000000000000000000 00 ";
        if !routes
            .lines()
            .any(|line| line.starts_with(default) && line.ends_with(" eth0"))
        {
            return Ok(None);
        }
        let (link_local, global): (Vec<_>, Vec<_>) = self
            .ipv6_addresses()?
            .into_iter()
            .partition(Ipv6Addr::is_unicast_link_local);
        Ok(link_local.first().copied().zip(global.first().copied()))
    }

    /// All its IPv6 addresses.
    fn ipv6_addresses(&self) -> anyhow::Result<Vec<Ipv6Addr>> {
        let text = self.enter(|| fs::read_to_string("/proc/thread-self/net/if_inet6"))??;
        let lines = text.lines().filter(|line| line.ends_with(" eth0"));
        lines
            .map(|line| Ok(u128::from_str_radix(line.get(..32).unwrap_or_default(), 16)?.into()))
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Thing {
    type Target = Namespace;

    fn deref(&self) -> &Namespace {
        &self.namespace
    }
}

/// What the DHCP clients call, and its name in the folder of the home.
pub(super) const LEASE_SCRIPT: &str = include_str!("lease.sh");
pub(super) const LEASE_SCRIPT_NAME: &str = "lease.sh";

/// Whether the Thing has IPv6. Switching it on makes it ask for a router.
const DISABLE_IPV6: &str = "net/ipv6/conf/eth0/disable_ipv6";

/// Things ask for a router as soon as the cable is connected, and use an address without first asking whether it is taken: each of these
/// would otherwise cost every test a second.
const SETTINGS: [(&str, &str); 8] = [
    (DISABLE_IPV6, "1"),
    ("net/ipv6/conf/eth0/accept_ra", "1"),
    ("net/ipv6/conf/eth0/autoconf", "1"),
    ("net/ipv6/conf/eth0/forwarding", "0"),
    ("net/ipv6/conf/eth0/addr_gen_mode", "0"),
    ("net/ipv6/conf/eth0/use_tempaddr", "0"),
    ("net/ipv6/conf/eth0/accept_dad", "0"),
    ("net/ipv6/conf/eth0/router_solicitation_delay", "0"),
];

fn dhclient_conf(name: &str, mud_url: Option<&str>) -> String {
    let mut text = format!(
        "option mud-url code 161 = text;
        send host-name \"{name}\";
        request subnet-mask, broadcast-address, routers, domain-name-servers;
        initial-interval 1;
        backoff-cutoff 2;
        "
    );
    if let Some(url) = mud_url {
        text += &format!(
            "send mud-url \"{}\";\n",
            url.replace('\\', "\\\\").replace('"', "\\\"")
        );
    }
    text
}
