//! The internet of a home: one namespace with the provider's side of the WAN, web servers, and DNS.
//!
//! The servers of names are real programs ([`names`]); the others are small servers of this crate on a thread in the namespace ([`servers`]).

mod contacts;
mod files;
mod names;
mod servers;
mod signing;

use std::{ops::Deref, path::Path, time::Duration};

pub(super) use self::names::{Zones, trust_anchor};
use self::servers::Servers;
pub use self::{
    contacts::{Contact, Protocol},
    files::{Certificate, FileServer, Reply, Request},
    names::{ALIAS, FORGED, HOSTS, Host, POOL, V4_ONLY, V6_ONLY, fresh_name},
    servers::{ECHO_TCP_PORTS, ECHO_UDP_PORTS},
};
use super::{
    addresses::{
        AUTHORITATIVE_IPV4, AUTHORITATIVE_IPV6, FRESH_IPV4, FRESH_IPV6, LAN_IPV6, PROVIDER_IPV4,
        PROVIDER_IPV6, RESOLVER_IPV4, RESOLVER_IPV6, WAN_IPV6,
    },
    namespace::Namespace,
    pki::Authority,
    running::Running,
};

/// The internet.
#[derive(Debug)]
pub struct Internet {
    servers: Servers,
    resolver: Running,
    authoritative: Running,
    namespace: Namespace,
}

impl Internet {
    /// Sets the internet up in its namespace, in which the router's WAN cable already ends. `web` certifies its servers.
    pub(super) fn build(
        namespace: Namespace,
        folder: &Path,
        zones: &Zones,
        web: Authority,
    ) -> anyhow::Result<Self> {
        namespace.sysctl(&SETTINGS)?;
        namespace.ip(&links(zones))?;
        let authoritative = names::authoritative(&namespace, folder, zones)?;
        let resolver = names::resolver(&namespace, folder)?;
        namespace.use_resolvers(&[RESOLVER_IPV4.into()])?;
        let servers = Servers::start(&namespace, zones, web)?;
        names::wait_for_both(&namespace, &authoritative, &resolver)?;
        Ok(Self {
            servers,
            resolver,
            authoritative,
            namespace,
        })
    }

    /// The HTTP and HTTPS server behind every address.
    pub fn files(&self) -> &FileServer {
        self.servers.files()
    }

    /// What reached any server but those of names, in the order of arrival.
    pub fn contacts(&self) -> Vec<Contact> {
        self.servers.contacts().all()
    }

    /// Waits for a contact like this, which may have come before.
    ///
    /// # Errors
    /// If none comes within the limit.
    pub fn wait_for_contact(
        &self,
        limit: Duration,
        like: impl Fn(&Contact) -> bool,
    ) -> anyhow::Result<Contact> {
        self.servers.contacts().wait_for(limit, like)
    }

    /// What the provider's resolver has logged.
    pub fn resolver_log(&self) -> String {
        self.resolver.log()
    }

    /// What the authoritative server has logged.
    pub fn authoritative_log(&self) -> String {
        self.authoritative.log()
    }
}

impl Deref for Internet {
    type Target = Namespace;

    fn deref(&self) -> &Namespace {
        &self.namespace
    }
}

const SETTINGS: [(&str, &str); 6] = [
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/eth0/rp_filter", "0"),
    ("net/ipv6/conf/lo/disable_ipv6", "0"),
    ("net/ipv6/conf/eth0/disable_ipv6", "0"),
    ("net/ipv6/conf/eth0/accept_ra", "0"),
    ("net/ipv6/conf/eth0/accept_dad", "0"),
];

fn links(zones: &Zones) -> String {
    let mut lines = format!(
        "link set lo up
         link set eth0 up
         addr add {PROVIDER_IPV4}/24 dev eth0
         addr add {PROVIDER_IPV6}/64 dev eth0 nodad
         route add {LAN_IPV6} via {WAN_IPV6}
         addr add {AUTHORITATIVE_IPV4}/32 dev lo
         addr add {AUTHORITATIVE_IPV6}/128 dev lo nodad
         addr add {RESOLVER_IPV4}/32 dev lo
         addr add {RESOLVER_IPV6}/128 dev lo nodad
         route add local {FRESH_IPV4} dev lo
         route add local {FRESH_IPV6} dev lo
        "
    );
    for address in zones.addresses() {
        let length = if address.is_ipv4() { 32 } else { 128 };
        // Even on loopback an IPv6 address is tentative until the kernel has time for it.
        let nodad = if address.is_ipv6() { " nodad" } else { "" };
        lines += &format!("addr add {address}/{length} dev lo{nodad}\n");
    }
    lines
}
