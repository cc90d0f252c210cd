//! Further ways in which a Thing says its MUD URL, beside the DHCPv4 client with which it joins: DHCPv6 (RFC 8520 section 10) with
//! isc `dhclient`, and LLDP (section 12) with `lldpd`.
//!
//! What it is not: it makes no frames of its own; real programs do.

use std::{ffi::OsStr, fs, path::PathBuf, time::Duration};

use anyhow::Context;
use nix::sys::signal::Signal;

use super::{running::Running, thing::Thing, wait::until};
use crate::packages::installed;

/// How long a program may take to start or to end.
const LIMIT: Duration = Duration::from_secs(10);

/// `lldpd` in a Thing. It is killed when this is dropped, and then says nothing.
#[derive(Debug)]
pub struct Lldpd {
    running: Running,
    socket: PathBuf,
}

impl Thing {
    /// Starts to say a MUD URL by LLDP every second; each time, it is to hold for two seconds.
    ///
    /// # Errors
    /// If `lldpd` is not installed or does not start.
    pub fn announce_by_lldp(&self, mud_url: &str) -> anyhow::Result<Lldpd> {
        // Its own folder for privilege separation is bound to its package; the copy is not bound by AppArmor to the package's paths.
        let program = self.folder().join("lldpd");
        if !program.exists() {
            fs::copy(installed("lldpd").context("lldpd is not installed")?, &program)?;
        }
        let socket = self.folder().join(format!("lldpd-{}.socket", self.name()));
        let arguments = ["-d", "-I", "eth0", "-u"].map(OsStr::new);
        let running = self.spawn(&program, arguments.into_iter().chain([socket.as_os_str()]))?;
        let lldpd = Lldpd { running, socket };
        let said = until(LIMIT, || {
            Ok(lldpd.configure(self, &["show", "configuration"]).ok())
        });
        said.with_context(|| format!("lldpd does not answer; its log:\n{}", lldpd.running.log()))?;
        lldpd.configure(self, &["configure", "lldp", "tx-interval", "1"])?;
        lldpd.configure(self, &["configure", "lldp", "tx-hold", "2"])?;
        let octets: Vec<_> = mud_url.bytes().map(|octet| format!("{octet:02x}")).collect();
        let tlv = ["oui", "00,00,5e", "subtype", "1", "oui-info", &octets.join(",")];
        lldpd.configure(
            self,
            &[&["configure", "lldp", "custom-tlv", "add"], &tlv[..]].concat(),
        )?;
        lldpd.configure(self, &["update"])?;
        Ok(lldpd)
    }

    /// Starts isc `dhclient` for IPv6 on an interface, which sends a MUD URL; `arguments` say what for, such as `-S` for no address.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn announce_by_dhcpv6(
        &self,
        interface: &str,
        mud_url: &str,
        arguments: &[&str],
    ) -> anyhow::Result<Running> {
        let file = |extension| {
            let name = format!("dhclient6-{}-{interface}.{extension}", self.name());
            self.folder().join(name)
        };
        let configuration =
            format!("option dhcp6.mud-url code 112 = text;\nsend dhcp6.mud-url \"{mud_url}\";\n");
        fs::write(file("conf"), configuration)?;
        let mut command = self.command(self.folder().join("dhclient"));
        command.args(["-6", "-d", "-v", "-sf", "/bin/true"]);
        command.arg("-cf").arg(file("conf"));
        command.arg("-lf").arg(file("leases"));
        command.arg("-pf").arg(file("pid"));
        command.args(arguments).arg(interface);
        Running::start(command)
    }
}

impl Lldpd {
    /// Ends it; as it ends, it says that what it said no longer holds.
    ///
    /// # Errors
    /// If it does not end.
    pub fn shut_down(mut self) -> anyhow::Result<()> {
        self.running.signal(Signal::SIGTERM)?;
        self.running.wait(LIMIT).map(drop)
    }

    fn configure(&self, thing: &Thing, words: &[&str]) -> anyhow::Result<String> {
        let socket = [OsStr::new("-u"), self.socket.as_os_str()];
        thing.run("lldpcli", socket.into_iter().chain(words.iter().map(OsStr::new)))
    }
}
