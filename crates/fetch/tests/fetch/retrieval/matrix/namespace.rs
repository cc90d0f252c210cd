//! The same table in a network namespace whose kernel counts what leaves for special-purpose addresses.

use std::{
    io::Write,
    net::{IpAddr, SocketAddr},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use mudguard_policy::SpecialPurpose;
use mudguard_tests::left_out_without_root;
use nix::sched::{CloneFlags, unshare};
use tokio::{net::TcpStream, runtime::Builder, time::timeout};

use super::all;

/// An address of the internet, which only this namespace has for its own.
const SERVER: &str = "93.184.215.14";

/// Every address leads out of the namespace, so that what is dialled is sent, and counted.
const LINKS: &str = "link set lo up
address add 93.184.215.14/32 dev lo
route add default dev lo
route add ::/0 dev lo
";

/// Beside neighbour discovery, which the kernel does by itself.
const COUNTER: &str = "table inet count {
  counter special {}
  chain output {
    type filter hook output priority 0;
    ip daddr { 0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.0.0.0/24, 192.0.2.0/24, 192.88.99.0/24, 192.168.0.0/16, 198.18.0.0/15, 198.51.100.0/24, 203.0.113.0/24, 224.0.0.0/3 } counter name special
    meta l4proto { tcp, udp } ip6 daddr { ::/8, 64:ff9b::/96, 64:ff9b:1::/48, 100::/64, 2001::/23, 2001:db8::/32, 2002::/16, 3fff::/20, 5f00::/16, fc00::/7, fe80::/10, fec0::/10, ff00::/8 } counter name special
  }
}
";

fn feed(program: &str, arguments: &[&str], text: &str) -> String {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} failed");
    String::from_utf8(output.stdout).unwrap()
}

/// How many packets left for special-purpose addresses.
fn counted() -> u64 {
    let text = feed("nft", &["-j", "list", "counter", "inet", "count", "special"], "");
    let listed: serde_json::Value = serde_json::from_str(&text).unwrap();
    listed["nftables"][1]["counter"]["packets"].as_u64().unwrap()
}

#[test]
fn no_hostile_file_server_makes_the_home_dial_a_special_purpose_address() {
    if left_out_without_root() {
        return;
    }
    let in_namespace = || {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        feed("ip", &["-batch", "-"], LINKS);
        feed("nft", &["-f", "-"], COUNTER);
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(all(SERVER.parse().unwrap(), SpecialPurpose::default()));
        assert_eq!(counted(), 0, "packets left for special-purpose addresses");
        // The counter does count: each of these is one SYN at least.
        let mut before = 0;
        for address in [
            "10.0.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "64:ff9b::a00:1",
            "fd00::1",
            "2002:a00:1::1",
        ] {
            let address = SocketAddr::new(address.parse::<IpAddr>().unwrap(), 443);
            // Nobody answers; the first packet is enough.
            let dial = async { timeout(Duration::from_millis(50), TcpStream::connect(address)).await };
            drop(runtime.block_on(dial));
            assert!(counted() > before, "{address} was not counted");
            before = counted();
        }
    };
    // A thread cannot leave the namespace, but it ends with it.
    thread::scope(|scope| scope.spawn(in_namespace).join().unwrap());
}
