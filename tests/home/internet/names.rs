//! The names of the internet, and who answers for them: nsd for a root zone and `example.` (RFC 6761 section 6.5), and unbound as the
//! provider's resolver, which starts at that root. Both zones are signed; the provider's resolver validates nothing.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use hickory_proto::rr::RecordType;

use super::signing::Keys;
use crate::home::{
    addresses::{AUTHORITATIVE_IPV4, AUTHORITATIVE_IPV6, RESOLVER_IPV4, RESOLVER_IPV6, fresh, server},
    dns::Question,
    namespace::Namespace,
    running::Running,
    wait::until,
};

/// A server of the internet by its name, and the number that gives its addresses (see [`server`]).
pub type Host = (&'static str, u8);

/// The servers that every home's internet has.
pub const HOSTS: [Host; 7] = [
    ("mud.lamp-maker.example", 10),
    ("cloud.lamp-maker.example", 11),
    ("update.lamp-maker.example", 12),
    ("mud.camera-maker.example", 20),
    ("cloud.camera-maker.example", 21),
    ("time.example", 30),
    ("elsewhere.example", 40),
];

/// A name with three addresses of each family, those of the servers 51 to 53.
pub const POOL: &str = "pool.lamp-maker.example";
/// A name that is an alias of an alias of `cloud.lamp-maker.example`.
pub const ALIAS: &str = "alias.lamp-maker.example";
/// A name that has an IPv4 address only, that of server 61.
pub const V4_ONLY: &str = "v4only.example";
/// A name that has an IPv6 address only, that of server 62.
pub const V6_ONLY: &str = "v6only.example";

/// A name that the zone holds without a signature, as if somebody on the path had put it there; its address is that of server 40.
pub const FORGED: &str = "forged.example";

/// The records that are more than a server and its addresses.
const MORE_RECORDS: &str = "\
alias.lamp-maker CNAME alias2.lamp-maker
alias2.lamp-maker CNAME cloud.lamp-maker
";
const MORE_SERVERS: [Host; 5] = [(POOL, 51), (POOL, 52), (POOL, 53), (V4_ONLY, 61), (V6_ONLY, 62)];

/// The n-th of the names that nobody has asked for; each has addresses of its own, see [`fresh`].
pub fn fresh_name(number: u16) -> String {
    format!("fresh{number}.example")
}

/// What the authoritative server knows.
#[derive(Clone, Debug, Default)]
pub(in crate::home) struct Zones {
    /// Further servers.
    pub(in crate::home) hosts: Vec<(String, u8)>,
    /// Further lines of the zone `example.`
    pub(in crate::home) records: String,
    /// How many fresh names there are.
    pub(in crate::home) fresh: u16,
}

impl Zones {
    fn servers(&self) -> impl Iterator<Item = (&str, u8)> {
        let further = self.hosts.iter().map(|(name, number)| (name.as_str(), *number));
        HOSTS.into_iter().chain(MORE_SERVERS).chain(further)
    }

    /// The names of all servers.
    pub(super) fn host_names(&self) -> Vec<String> {
        let mut names: Vec<_> = self
            .servers()
            .map(|(name, _)| name.to_owned())
            .chain([ALIAS.to_owned()])
            .collect();
        names.dedup();
        names
    }

    /// The addresses of all servers.
    pub(super) fn addresses(&self) -> Vec<IpAddr> {
        let mut numbers: Vec<_> = self.servers().map(|(_, number)| number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
            .into_iter()
            .flat_map(|number| <[IpAddr; 2]>::from(server(number)))
            .collect()
    }

    /// The zone `example.` as a text (RFC 1035 section 5).
    fn example(&self) -> String {
        let mut text = format!(
            "$ORIGIN example.\n$TTL 60\n@ SOA ns host 1 3600 900 604800 60\n@ NS ns\n\
             ns A {AUTHORITATIVE_IPV4}\nns AAAA {AUTHORITATIVE_IPV6}\n{MORE_RECORDS}{}\n",
            self.records
        );
        let mut record = |name: &str, address: IpAddr| {
            let kind = if address.is_ipv4() { "A" } else { "AAAA" };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name}. {kind} {address}");
        };
        for (name, number) in self.servers() {
            let (v4, v6) = server(number);
            if name != V6_ONLY {
                record(name, v4);
            }
            if name != V4_ONLY {
                record(name, v6);
            }
        }
        for number in 0..self.fresh {
            let (v4, v6) = fresh(number);
            record(&fresh_name(number), v4);
            record(&fresh_name(number), v6);
        }
        text
    }
}

/// The file with the DS record of the root, in the folder of the home.
pub(in crate::home) fn trust_anchor(folder: &Path) -> PathBuf {
    folder.join("root.ds")
}

/// Starts the authoritative server.
pub(super) fn authoritative(namespace: &Namespace, folder: &Path, zones: &Zones) -> anyhow::Result<Running> {
    let top = folder;
    let folder = folder.join("nsd");
    fs::create_dir(&folder)?;
    let path = folder.display();
    let keys = Keys::new(&folder)?;
    let ds = keys.sign("example.", &zones.example(), &folder.join("example.zone"))?;
    let (forged, _) = server(40);
    fs::OpenOptions::new()
        .append(true)
        .open(folder.join("example.zone"))?
        .write_all(format!("{FORGED}. 60 IN A {forged}\n").as_bytes())?;
    let anchor = keys.sign(".", &(root() + &ds), &folder.join("root.zone"))?;
    fs::write(trust_anchor(top), anchor)?;
    let configuration = format!(
        "server:
            server-count: 1
            username: \"\"
            database: \"\"
            zonesdir: \"{path}\"
            zonelistfile: \"{path}/zone.list\"
            xfrdfile: \"{path}/xfrd.state\"
            xfrdir: \"{path}\"
            pidfile: \"\"
            ip-address: {AUTHORITATIVE_IPV4}
            ip-address: {AUTHORITATIVE_IPV6}
         remote-control:
            control-enable: no
         zone:
            name: \".\"
            zonefile: root.zone
         zone:
            name: \"example.\"
            zonefile: example.zone
        "
    );
    let file = folder.join("nsd.conf");
    fs::write(&file, configuration)?;
    namespace.spawn("nsd", ["-d".as_ref(), "-c".as_ref(), file.as_os_str()])
}

/// Starts the provider's resolver.
pub(super) fn resolver(namespace: &Namespace, folder: &Path) -> anyhow::Result<Running> {
    let program = folder.join("unbound");
    let folder = folder.join("resolver");
    fs::create_dir(&folder)?;
    fs::write(folder.join("root.hints"), hints())?;
    let configuration = format!(
        "server:
            directory: \"{path}\"
            chroot: \"\"
            username: \"\"
            pidfile: \"\"
            use-syslog: no
            do-daemonize: no
            num-threads: 1
            interface: {RESOLVER_IPV4}
            interface: {RESOLVER_IPV6}
            access-control: 0.0.0.0/0 allow
            access-control: ::/0 allow
            root-hints: root.hints
            module-config: iterator
         remote-control:
            control-enable: no
        ",
        path = folder.display()
    );
    let file = folder.join("unbound.conf");
    fs::write(&file, configuration)?;
    namespace.spawn(program, ["-d".as_ref(), "-c".as_ref(), file.as_os_str()])
}

/// Waits until the provider's resolver gives the authoritative server's answers.
pub(super) fn wait_for_both(
    namespace: &Namespace,
    authoritative: &Running,
    resolver: &Running,
) -> anyhow::Result<()> {
    let mut question = Question::new(RESOLVER_IPV4, "time.example", RecordType::A);
    question.limit = Duration::from_millis(100);
    let answered = || {
        ensure!(!authoritative.log().contains("error:"), "a zone is wrong");
        Ok(question
            .ask()
            .ok()
            .filter(|answer| !answer.answers.is_empty())
            .map(drop))
    };
    namespace
        .enter(|| until(Duration::from_secs(10), answered))?
        .with_context(|| {
            format!(
                "the DNS of the internet does not answer; nsd: {}; unbound: {}",
                authoritative.log(),
                resolver.log()
            )
        })
}

/// The root zone: one delegation.
fn root() -> String {
    format!(
        "$TTL 3600\n. SOA ns.example. host.example. 1 3600 900 604800 60\nexample. NS ns.example.\n{}",
        hints()
    )
}

/// Where the root is served.
fn hints() -> String {
    format!(
        ". 3600 NS ns.example.\nns.example. 3600 A {AUTHORITATIVE_IPV4}\nns.example. 3600 AAAA {AUTHORITATIVE_IPV6}\n"
    )
}
