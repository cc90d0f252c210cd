//! A router, Things on its bridge and an internet: each a network namespace that lives as long as its thread.

use std::{
    io::Write,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
};

use nix::sched::{CloneFlags, setns, unshare};

/// Says that a test is left out.
pub(super) fn left_out() {
    let _ = writeln!(
        std::io::stderr(),
        "LEFT OUT: this test makes network namespaces and needs root"
    );
}

type Work = Box<dyn FnOnce() + Send>;

/// A network namespace.
#[derive(Debug)]
pub(super) struct Namespace {
    thread: i32,
    work: mpsc::Sender<Work>,
}

impl Namespace {
    /// A new one; `None` without root.
    pub(super) fn new() -> Option<Self> {
        let (work, queue) = mpsc::channel::<Work>();
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            let made = unshare(CloneFlags::CLONE_NEWNET).is_ok();
            let _ = tell.send(made.then(nix::unistd::gettid));
            queue.into_iter().for_each(|work| work());
        });
        let thread = told.recv().ok()??.as_raw();
        Some(Self { thread, work })
    }

    /// The thread by which `ip` names it.
    pub(super) fn thread(&self) -> i32 {
        self.thread
    }

    /// Runs this within the namespace and waits for its end.
    pub(super) fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (tell, told) = mpsc::channel();
        self.work
            .send(Box::new(move || {
                let _ = tell.send(work());
            }))
            .unwrap();
        told.recv().expect("the work in the namespace failed")
    }

    /// Runs this on a thread of its own within the namespace: it may use [`run`](Self::run).
    pub(super) fn apart<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let path = format!("/proc/self/task/{}/ns/net", self.thread);
        thread::scope(|scope| {
            let apart = scope.spawn(|| {
                let namespace = std::fs::File::open(path).unwrap();
                setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
                work()
            });
            apart
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// What nft says.
    pub(super) fn nft(&self, arguments: &[&str]) -> String {
        let output = self.apart(|| Command::new("nft").args(arguments).output().unwrap());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs commands of ip, one a line.
    pub(super) fn ip(&self, commands: String) {
        self.run(move || {
            let mut ip = Command::new("ip")
                .args(["-batch", "-"])
                .stdin(Stdio::piped())
                .spawn()
                .unwrap();
            ip.stdin.take().unwrap().write_all(commands.as_bytes()).unwrap();
            assert!(ip.wait().unwrap().success(), "{commands}");
        });
    }

    /// Sets these.
    pub(super) fn sysctl(&self, settings: &'static [(&'static str, &'static str)]) {
        self.run(move || {
            for (name, value) in settings {
                // This tree shows the namespace of the thread that opens it.
                let path = format!("/proc/sys/net/{name}");
                std::fs::write(&path, value).unwrap_or_else(|error| panic!("{path}: {error}"));
            }
        });
    }
}

/// The wires of a home. The router is 192.0.2.1 and 2001:db8::1, Things are as in [`crate::testing::thing`], and the internet is
/// 198.51.100.1 to 198.51.100.9 and 2001:db8:f::1 to ::9.
#[derive(Debug)]
pub(super) struct Net {
    pub(super) router: Namespace,
    pub(super) internet: Namespace,
    things: Vec<Namespace>,
}

impl Net {
    /// Builds it with Things 1 to `things`; `None`, said loudly, without root.
    pub(super) fn build(things: u8) -> Option<Self> {
        let Some(router) = Namespace::new() else {
            left_out();
            return None;
        };
        let internet = Namespace::new()?;
        router.sysctl(&[
            ("ipv4/ip_forward", "1"),
            ("ipv6/conf/all/forwarding", "1"),
            ("ipv6/conf/default/accept_dad", "0"),
            ("ipv6/conf/all/accept_dad", "0"),
        ]);
        let mut net = Self {
            router,
            internet,
            things: Vec::new(),
        };
        let end = net.internet.thread;
        net.router.ip(format!(
            "link add br-lan address 02:00:00:00:00:fe type bridge\n\
             link set br-lan up\n\
             addr add 192.0.2.1/24 dev br-lan\naddr add 2001:db8::1/64 dev br-lan\naddr add fe80::1/64 dev br-lan\n\
             link add wan type veth peer name eth0 netns {end}\n\
             link set wan up\n\
             addr add 198.51.100.254/24 dev wan\naddr add 2001:db8:f::fe/64 dev wan\n"
        ));
        // In a new namespace they may be on, and rules for routed packets then see frames within the bridge too.
        net.router.sysctl(&[
            ("bridge/bridge-nf-call-iptables", "0"),
            ("bridge/bridge-nf-call-ip6tables", "0"),
            ("bridge/bridge-nf-call-arptables", "0"),
        ]);
        net.internet.sysctl(&[("ipv6/conf/eth0/accept_dad", "0")]);
        let mut addresses = String::from("link set eth0 up\n");
        for number in 1..10 {
            addresses += &format!(
                "addr add 198.51.100.{number}/24 dev eth0\naddr add 2001:db8:f::{number}/64 dev eth0\n"
            );
        }
        addresses += "route add default via 198.51.100.254\nroute add ::/0 via 2001:db8:f::fe\n";
        net.internet.ip(addresses);
        for number in 1..=things {
            let thing = Namespace::new()?;
            let (end, host) = (thing.thread, 10 + number);
            net.router.ip(format!(
                "link add port{number} type veth peer name eth0 address 02:00:00:00:00:0{number} netns {end}\n\
                 link set port{number} master br-lan up\n"
            ));
            thing.sysctl(&[
                ("ipv6/conf/eth0/accept_dad", "0"),
                ("ipv6/conf/eth0/addr_gen_mode", "1"),
            ]);
            thing.ip(format!(
                "link set eth0 up\n\
                 addr add 192.0.2.{host}/24 dev eth0\naddr add 2001:db8::{host}/64 dev eth0\n\
                 addr add fe80::ff:fe00:{number:x}/64 dev eth0\n\
                 route add default via 192.0.2.1\nroute add ::/0 via 2001:db8::1\n"
            ));
            net.things.push(thing);
        }
        net.await_ports();
        Some(net)
    }

    /// A port of a bridge forwards a moment after its link is up.
    fn await_ports(&self) {
        let forwarding = || {
            let mut ip = Command::new("ip");
            let listed = ip.args(["-d", "link", "show", "master", "br-lan"]).output();
            let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
            listed.matches("state forwarding").count()
        };
        for _ in 0..100 {
            if self.router.apart(forwarding) == self.things.len() {
                return;
            }
            thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("the ports of the bridge do not forward");
    }

    /// How many packets a counter of our table counted.
    pub(super) fn counter(&self, family: &str, name: &str) -> u64 {
        let listed = self
            .router
            .nft(&["-j", "list", "counter", family, crate::TABLE, name]);
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        let objects = listed["nftables"].as_array().unwrap();
        objects
            .iter()
            .find_map(|object| object["counter"]["packets"].as_u64())
            .unwrap()
    }

    /// The Thing with this number.
    pub(super) fn thing(&self, number: u8) -> &Namespace {
        &self.things[usize::from(number) - 1]
    }
}
