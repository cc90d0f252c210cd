//! Nothing of a home is left, whatever the end of its owner.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use mudguard_tests::{
    home::{Home, PREFIX, until},
    left_out_without_root,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{SOON, home};

/// Building and removing a home must not cost more than this.
const QUICK: Duration = Duration::from_secs(5);
/// Removing takes a moment when the machine is busy with other tests.
const REMOVAL: Duration = Duration::from_secs(20);

#[test]
fn a_home_that_is_dropped_leaves_nothing_behind() {
    if left_out_without_root() {
        return;
    }
    let resolv_conf = fs::read("/etc/resolv.conf").ok();
    let start = Instant::now();
    let home = home();
    let built = start.elapsed();
    home.join_all().unwrap();
    let name = home.folder().file_name().unwrap().to_str().unwrap().to_owned();
    let sleeper = home.thing("lamp").command("sleep").arg("1000").spawn().unwrap();
    let namespaces = namespaces(&name);
    assert_eq!(
        namespaces.len(),
        5,
        "router, internet, three Things: {namespaces:?}"
    );
    // nsd (two processes), unbound, dnsmasq, udhcpc (twice), dhclient, sleep.
    let processes = processes_in(&namespaces);
    assert!(processes.len() >= 8, "{processes:?}");
    assert!(home.folder().exists());

    let folder = home.folder().to_owned();
    let guardian = home.guardian();
    let start = Instant::now();
    drop(home);
    let removed = start.elapsed();
    assert!(
        built + removed < QUICK,
        "built in {built:.1?}, removed in {removed:.1?}"
    );

    assert_eq!(self::namespaces(&name), [""; 0]);
    assert!(!folder.exists());
    reap(sleeper);
    for process in processes.into_iter().chain([guardian]) {
        // One whose parent was killed with it is there until the machine's first process has noticed.
        let gone = || Ok((!Path::new(&format!("/proc/{process}")).exists()).then_some(()));
        until(SOON, gone).unwrap_or_else(|_| panic!("process {process} is left"));
    }
    assert!(
        !fs::read_to_string("/proc/self/mountinfo")
            .unwrap()
            .contains(&name)
    );
    assert_eq!(fs::read("/etc/resolv.conf").ok(), resolv_conf);
}

#[test]
fn a_home_goes_when_its_owner_is_killed() {
    if left_out_without_root() {
        return;
    }
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL] {
        let mut owner = Owner::start();
        owner.kill(signal);
        until(REMOVAL, || Ok(owner.is_gone().then_some(()))).unwrap();
    }
}

#[test]
fn a_home_that_lost_its_guardian_too_goes_when_the_next_is_built() {
    if left_out_without_root() {
        return;
    }
    let mut owner = Owner::start();
    kill(Pid::from_raw(owner.guardian), Signal::SIGKILL).unwrap();
    owner.kill(Signal::SIGKILL);
    // Its programs run on, in its namespaces, until somebody builds a home.
    let home = Home::builder().build().unwrap();
    until(REMOVAL, || Ok(owner.is_gone().then_some(()))).unwrap();
    drop(home);
}

#[test]
fn a_home_that_cannot_be_built_leaves_nothing_behind() {
    if left_out_without_root() {
        return;
    }
    // It cannot be signed, after most of the home stands.
    let error = Home::builder()
        .records("this is not a record")
        .build()
        .unwrap_err();
    let error = format!("{error:#}");
    assert!(error.contains("dnssec-signzone"), "{error}");
    let name = format!("{PREFIX}-{}-", std::process::id());
    let folder = error.split(&name).nth(1).and_then(|rest| rest.split(' ').next());
    let folder = format!("{name}{}", folder.expect("the error names the home"));
    assert_eq!(namespaces(&folder), [""; 0]);
    assert!(!std::env::temp_dir().join(folder).exists());
}

/// A process that owns a home.
struct Owner {
    process: Child,
    guardian: i32,
    home: String,
    namespaces: Vec<String>,
}

impl Owner {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_mudguard-home"))
            .arg("lamp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let lines: Vec<_> = output
            .lines()
            .map(Result::unwrap)
            .take_while(|line| line != "ready")
            .collect();
        let guardian = lines[0].strip_prefix("guardian ").unwrap().parse().unwrap();
        let namespaces = lines[1..].to_vec();
        let home = namespaces[0].strip_suffix("-router").unwrap().to_owned();
        assert_eq!(self::namespaces(&home).len(), 3);
        assert!(!processes_in(&namespaces).is_empty());
        Self {
            process,
            guardian,
            home,
            namespaces,
        }
    }

    fn kill(&mut self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().try_into().unwrap()), signal).unwrap();
        self.process.wait().unwrap();
    }

    fn is_gone(&self) -> bool {
        assert_eq!(self.namespaces.len(), 3);
        namespaces(&self.home).is_empty() && !std::env::temp_dir().join(&self.home).exists()
    }
}

/// The names of the home's namespaces.
fn namespaces(home: &str) -> Vec<String> {
    let list = Command::new("ip").args(["netns", "list"]).output().unwrap();
    assert!(list.status.success());
    let list = String::from_utf8(list.stdout).unwrap();
    let names = list.lines().filter_map(|line| line.split(' ').next());
    names
        .filter(|name| name.starts_with(home))
        .map(str::to_owned)
        .collect()
}

/// The processes in these namespaces.
fn processes_in(namespaces: &[String]) -> Vec<u32> {
    let inodes: Vec<_> = namespaces
        .iter()
        .map(|name| fs::metadata(format!("/run/netns/{name}")).unwrap().ino())
        .collect();
    let processes = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    processes
        .filter(|process: &u32| {
            fs::metadata(format!("/proc/{process}/ns/net")).is_ok_and(|netns| inodes.contains(&netns.ino()))
        })
        .collect()
}

/// Waits for a child that has been killed.
fn reap(mut child: Child) {
    until(SOON, || Ok(child.try_wait()?)).unwrap();
}
