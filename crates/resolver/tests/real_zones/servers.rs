//! Debian's name servers and resolvers for these zones, on loopback, each on a port of its own.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use mudguard_tests::loopback::free_address;

use crate::zones::{PLANS, Zones, level_of};

/// A program that is ended with the test.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// The name server of all zones.
    pub(crate) fn nsd(folder: &Path, zones: &Zones) -> Self {
        Self::nsd_at(folder, zones, free_address(), None)
    }

    /// The name server of the zones of a level, or of all, at an address.
    pub(crate) fn nsd_at(folder: &Path, zones: &Zones, address: SocketAddr, level: Option<u8>) -> Self {
        let own = folder.join(format!("nsd-{}-{}", address.ip(), address.port()));
        fs::create_dir(&own).unwrap();
        let folder = own.as_path();
        let mut text = format!(
            "server:\n  ip-address: {}@{}\n  username: \"\"\n  chroot: \"\"\n  zonesdir: \"{folder}\"\n  \
             pidfile: \"{folder}/nsd.pid\"\n  logfile: \"{folder}/nsd.log\"\n  database: \"\"\n  \
             xfrdfile: \"{folder}/nsd.xfrd\"\n  zonelistfile: \"{folder}/nsd.list\"\n  rrl-ratelimit: 0\n  \
             server-count: 1\nremote-control:\n  control-enable: no\n",
            address.ip(),
            address.port(),
            folder = folder.display(),
        );
        for plan in PLANS
            .iter()
            .filter(|plan| level.is_none_or(|level| level == level_of(plan.apex)))
        {
            let file = zones.file(plan.apex);
            text.push_str(&format!(
                "zone:\n  name: \"{}\"\n  zonefile: \"{}\"\n",
                plan.apex,
                file.display()
            ));
        }
        let file = folder.join("nsd.conf");
        fs::write(&file, text).unwrap();
        Self::start(Command::new("nsd").arg("-d").arg("-c").arg(&file), address)
    }

    /// A resolver that asks the name server; it validates if there is an anchor.
    pub(crate) fn unbound(folder: &Path, name_server: SocketAddr, anchor: Option<&str>) -> Self {
        let address = free_address();
        let modules = if anchor.is_some() {
            "validator iterator"
        } else {
            "iterator"
        };
        let mut text = format!(
            "server:\n  interface: 127.0.0.1\n  port: {}\n  access-control: 127.0.0.0/8 allow\n  username: \"\"\n  \
             chroot: \"\"\n  directory: \"{}\"\n  pidfile: \"\"\n  use-syslog: no\n  do-daemonize: no\n  \
             do-ip6: no\n  do-not-query-localhost: no\n  module-config: \"{modules}\"\n  \
             trust-anchor-signaling: no\n",
            address.port(),
            folder.display(),
        );
        if let Some(anchor) = anchor {
            text.push_str(&format!("  trust-anchor: \"{}\"\n", anchor.trim()));
        }
        text.push_str(&format!(
            "remote-control:\n  control-enable: no\nforward-zone:\n  name: \".\"\n  forward-addr: 127.0.0.1@{}\n",
            name_server.port()
        ));
        let file = folder.join(format!("unbound-{}.conf", address.port()));
        fs::write(&file, text).unwrap();
        Self::start(Command::new("unbound").arg("-d").arg("-c").arg(&file), address)
    }

    pub(crate) fn start(command: &mut Command, address: SocketAddr) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self { child, address };
        let begin = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none(), "{command:?} ended: {ended:?}");
            assert!(
                begin.elapsed() < Duration::from_secs(20),
                "{command:?} does not listen"
            );
            thread::sleep(Duration::from_millis(20));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
