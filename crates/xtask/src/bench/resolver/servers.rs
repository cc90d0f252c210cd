//! The resolvers that are measured, each on loopback, with one thread, on one processor; and the name server that all of them ask.
//!
//! All forward to the same name server, which has all zones, and validate from the root of these zones.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use mudguard_tests::loopback::free_address;

use super::zones::Zones;

/// How long a server may take until it listens; the name server reads a large zone.
const STARTS: Duration = Duration::from_secs(60);

/// A resolver by whose side ours is measured, or ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Mudguard,
    Unbound,
    Knot,
    Dnsmasq,
}

impl Kind {
    /// Ours first.
    pub(super) const ALL: [Self; 4] = [Self::Mudguard, Self::Unbound, Self::Knot, Self::Dnsmasq];

    /// As the tables name it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Mudguard => "mudguard",
            Self::Unbound => "unbound",
            Self::Knot => "knot-resolver",
            Self::Dnsmasq => "dnsmasq",
        }
    }
}

/// What a resolver needs to start.
pub(super) struct House<'a> {
    /// The zones whose root it trusts.
    pub(super) zones: &'a Zones,
    /// A folder for configurations.
    pub(super) folder: &'a Path,
    /// The name server.
    pub(super) name_server: SocketAddr,
    /// Our binary.
    pub(super) mudguard: &'a Path,
}

/// A program that is ended with the measurement.
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Server {
    /// NSD with all zones.
    ///
    /// # Errors
    /// If it does not start.
    pub(super) fn nsd(folder: &Path, zones: &Zones) -> anyhow::Result<Self> {
        let address = free_address();
        let mut text = format!(
            "server:\n  ip-address: 127.0.0.1@{}\n  username: \"\"\n  chroot: \"\"\n  zonesdir: \"{folder}\"\n  pidfile: \"\"\n  \
             logfile: \"{folder}/nsd.log\"\n  database: \"\"\n  xfrdfile: \"{folder}/nsd.xfrd\"\n  zonelistfile: \"{folder}/nsd.list\"\n  \
             rrl-ratelimit: 0\n  server-count: 1\nremote-control:\n  control-enable: no\n",
            address.port(),
            folder = folder.display(),
        );
        for (apex, file) in zones.files() {
            text.push_str(&format!(
                "zone:\n  name: \"{apex}\"\n  zonefile: \"{}\"\n",
                file.display()
            ));
        }
        let file = folder.join("nsd.conf");
        fs::write(&file, text)?;
        let mut command = Command::new("nsd");
        command.arg("-d").arg("-c").arg(&file);
        Self::start(command, folder, address)
    }

    /// A resolver with an empty cache.
    ///
    /// # Errors
    /// If it does not start.
    pub(super) fn resolver(kind: Kind, house: &House<'_>) -> anyhow::Result<Self> {
        let address = free_address();
        let folder = house.folder.join(kind.name());
        fs::create_dir_all(&folder)?;
        let command = match kind {
            Kind::Mudguard => mudguard(house, &folder, address)?,
            Kind::Unbound => unbound(house, &folder, address)?,
            Kind::Knot => knot(house, &folder, address)?,
            Kind::Dnsmasq => dnsmasq(house, address)?,
        };
        Self::start(command, &folder, address)
    }

    fn start(command: Command, folder: &Path, address: SocketAddr) -> anyhow::Result<Self> {
        // The load runs on the other processor.
        let mut pinned = Command::new("taskset");
        pinned.args(["-c", "0"]).arg(command.get_program());
        let log = fs::File::create(folder.join("output.log"))?;
        let child = pinned
            .args(command.get_args())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{command:?} cannot be started"))?;
        let mut server = Self { child, address };
        let begin = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(ended) = server.child.try_wait()? {
                bail!(
                    "{command:?} ended ({ended}); see {}",
                    folder.join("output.log").display()
                );
            }
            ensure!(begin.elapsed() < STARTS, "{command:?} does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// The processor time that it has had, threads that ended not counted.
    ///
    /// # Errors
    /// If it has ended.
    pub(super) fn processor_time(&self) -> anyhow::Result<Duration> {
        let tasks = PathBuf::from(format!("/proc/{}/task", self.child.id()));
        let mut nanoseconds = 0;
        for task in fs::read_dir(&tasks).context("the resolver has ended")? {
            let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else {
                continue;
            };
            let first = text.split_whitespace().next().context("schedstat is empty")?;
            nanoseconds += first.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// The memory that it has, in kilobytes.
    ///
    /// # Errors
    /// If it has ended.
    pub(super) fn resident_kilobytes(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("the resolver has ended")?;
        Ok(line.trim_end_matches("kB").trim().parse()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn mudguard(house: &House<'_>, folder: &Path, address: SocketAddr) -> anyhow::Result<Command> {
    let file = folder.join("mudguard.toml");
    let anchor = folder.join("root.ds");
    fs::write(&anchor, format!(". 86400 IN DS {}\n", house.zones.root_ds()?))?;
    fs::write(
        &file,
        format!(
            "[resolver]\nlisten = [\"{address}\"]\nmode = \"forward\"\nupstreams = [\"{}\"]\ntrust-anchors = [\"{}\"]\n\
             allow-special-purpose-servers = true\n",
            house.name_server,
            anchor.display()
        ),
    )?;
    let mut command = Command::new(house.mudguard);
    command.args(["resolver", "--config"]).arg(&file);
    Ok(command)
}

fn unbound(house: &House<'_>, folder: &Path, address: SocketAddr) -> anyhow::Result<Command> {
    let text = format!(
        "server:\n  interface: 127.0.0.1\n  port: {}\n  num-threads: 1\n  access-control: 127.0.0.0/8 allow\n  username: \"\"\n  \
         chroot: \"\"\n  directory: \"{}\"\n  pidfile: \"\"\n  use-syslog: no\n  do-daemonize: no\n  do-ip6: no\n  \
         do-not-query-localhost: no\n  module-config: \"validator iterator\"\n  trust-anchor-signaling: no\n  minimal-responses: yes\n  \
         msg-cache-size: 50m\n  rrset-cache-size: 100m\n  trust-anchor: \". DS {}\"\nremote-control:\n  control-enable: no\n\
         forward-zone:\n  name: \".\"\n  forward-addr: 127.0.0.1@{}\n",
        address.port(),
        folder.display(),
        house.zones.root_ds()?,
        house.name_server.port()
    );
    let file = folder.join("unbound.conf");
    fs::write(&file, text)?;
    let mut command = Command::new("unbound");
    command.arg("-d").arg("-c").arg(&file);
    Ok(command)
}

fn knot(house: &House<'_>, folder: &Path, address: SocketAddr) -> anyhow::Result<Command> {
    let text = format!(
        "net.listen('127.0.0.1', {}, {{ kind = 'dns' }})\nnet.ipv6 = false\ntrust_anchors.remove('.')\n\
         trust_anchors.add_file('{}', true)\ncache.size = 100 * MB\nlog_level('err')\n\
         policy.add(policy.all(policy.FORWARD({{'127.0.0.1@{}'}})))\n",
        address.port(),
        house.zones.root_key().display(),
        house.name_server.port()
    );
    let file = folder.join("kresd.conf");
    fs::write(&file, text)?;
    // Its cache is in this folder, and would outlive it.
    let cache = folder.join("cache");
    if cache.exists() {
        fs::remove_dir_all(&cache)?;
    }
    fs::create_dir_all(&cache)?;
    let mut command = Command::new("kresd");
    command.arg("-n").arg("-c").arg(&file).arg(&cache);
    Ok(command)
}

fn dnsmasq(house: &House<'_>, address: SocketAddr) -> anyhow::Result<Command> {
    let mut command = Command::new("dnsmasq");
    command.args([
        "--no-daemon".to_owned(),
        "--conf-file=/dev/null".to_owned(),
        "--no-resolv".to_owned(),
        "--no-hosts".to_owned(),
        "--user=root".to_owned(),
        format!("--port={}", address.port()),
        "--listen-address=127.0.0.1".to_owned(),
        "--bind-interfaces".to_owned(),
        format!("--server=127.0.0.1#{}", house.name_server.port()),
        "--cache-size=10000".to_owned(),
        "--dns-forward-max=1000".to_owned(),
        "--dnssec".to_owned(),
        format!("--trust-anchor=.,{}", house.zones.root_ds()?.replace(' ', ",")),
        "--pid-file=".to_owned(),
    ]);
    Ok(command)
}
