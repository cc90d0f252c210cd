//! The whole way, on real packets: Mudguard in the router of a home.
//!
//! Each test has a home and a gateway of its own. What passes is seen on the WAN, not asked of the gateway.

#![allow(clippy::unwrap_used, reason = "a test ends with what is wrong")]

#[path = "gateway/bad_input.rs"]
mod bad_input;
#[path = "gateway/brought.rs"]
mod brought;
#[path = "gateway/certificates.rs"]
mod certificates;
#[path = "gateway/check.rs"]
mod check;
#[path = "gateway/coexistence.rs"]
mod coexistence;
#[path = "gateway/crash.rs"]
mod crash;
#[path = "gateway/discovery.rs"]
mod discovery;
#[path = "gateway/full_disk.rs"]
mod full_disk;
#[path = "gateway/iot.rs"]
mod iot;
#[path = "gateway/joins.rs"]
mod joins;
#[path = "gateway/journal.rs"]
mod journal;
#[path = "gateway/learning.rs"]
mod learning;
#[path = "gateway/names.rs"]
mod names;
#[path = "gateway/order.rs"]
mod order;
#[path = "gateway/owner.rs"]
mod owner;

use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use jiff::Timestamp;
use mudguard_manager::Trust;
use mudguard_store::Store;
use mudguard_tests::home::{
    Home, HomeBuilder, Protocol, Thing, ThingPlan,
    addresses::server,
    dns,
    gateway::{Gateway, binary},
    mud::{MudFile, Peer},
    until,
};
use serde_json::Value;
use tokio::runtime;

/// For what happens at once unless something is wrong.
const SOON: Duration = Duration::from_secs(10);
/// For what does not happen: how long to wait before believing it.
const NEVER: Duration = Duration::from_millis(400);

const LAMP_URL: &str = "https://mud.lamp-maker.example/lamp.json";
const CAMERA_URL: &str = "https://mud.camera-maker.example/camera.json";
const LAMP_CLOUD: &str = "cloud.lamp-maker.example";
const CAMERA_CLOUD: &str = "cloud.camera-maker.example";

/// What the lamp's file permits beside DNS and NTP.
const LAMP_TCP: u16 = 8883;
const LAMP_UDP: u16 = 5683;

/// A home with a gateway in its router.
struct Lab {
    // Dropped before the home, whose removal would kill it.
    gateway: Gateway,
    home: Home,
}

impl Lab {
    /// A home with a lamp, whose file is there and signed, and a gateway. Nobody has joined.
    fn new() -> Self {
        Self::with(Home::builder().thing(ThingPlan::new("lamp").mud_url(LAMP_URL)))
    }

    fn with(plan: HomeBuilder) -> Self {
        let home = plan.build().unwrap();
        home.publish(&lamp_file()).unwrap();
        let gateway = Gateway::start(&home, &binary().unwrap(), &Gateway::configuration(&home)).unwrap();
        Self { gateway, home }
    }

    /// The configuration under which the gateway was started.
    fn configuration(&self) -> String {
        Gateway::configuration(&self.home)
    }

    /// Kills the gateway and starts it again as if it had taken its files before the clock was set: it retrieves each of them again.
    fn restart_and_retrieve(&mut self) {
        self.gateway.kill().unwrap();
        let database = self.gateway.state().join("mudguard.db");
        runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(async {
                let opened = Store::open(&database, Timestamp::now()).await.unwrap();
                let writing = tokio::spawn(opened.writer.run());
                for mut file in opened.restored.files {
                    if let Trust::Signed { provisional, .. } = &mut file.trust {
                        *provisional = true;
                    }
                    opened.store.save_file(file).unwrap();
                }
                opened.store.flush().await.unwrap();
                drop(opened.store);
                writing.await.unwrap();
            });
        self.gateway.restart(&self.configuration()).unwrap();
    }

    /// Lets a Thing join, and waits until it is in this state.
    fn join(&self, name: &str, state: &str) -> &Thing {
        let thing = self.home.thing(name);
        thing.join().unwrap();
        self.wait_for_state(name, state);
        thing
    }

    /// Waits until the gateway shows a Thing in this state, and its rules are in the kernel.
    fn wait_for_state(&self, name: &str, state: &str) -> Value {
        let is_there = |thing: &Value| (thing["state"] == state).then(|| thing.clone());
        let shown = self.gateway.wait_for_thing(name, SOON, is_there).unwrap();
        // The page shows what is decided; the kernel has it some milliseconds later. A limited Thing has no way to this port.
        let never_permitted = SocketAddr::new(server(40).0, 22);
        let kept_in = || {
            Ok(self
                .home
                .thing(name)
                .connect(never_permitted, NEVER)
                .is_err()
                .then_some(()))
        };
        if state != "not-limited" {
            until(SOON, kept_in).unwrap();
        }
        shown
    }
}

/// The name is told, and not reached over either family.
fn reaches_no(thing: &Thing, name: &str) {
    let told = look_up(thing, name);
    assert_eq!(told.len(), 2, "{told:?}");
    for address in told {
        let to = SocketAddr::new(address, LAMP_TCP);
        assert!(!reaches_tcp(thing, to), "{} reaches {to}", thing.name());
    }
}

fn lamp_file() -> MudFile<'static> {
    MudFile::new(LAMP_URL)
        .systeminfo("A lamp of the laboratory")
        .permit_dns_and_ntp()
        .permit(Peer::Name(LAMP_CLOUD), Protocol::Tcp, LAMP_TCP)
        .permit(Peer::Name(LAMP_CLOUD), Protocol::Udp, LAMP_UDP)
}

/// What the router's resolver tells a Thing about a name, over each family.
fn look_up(thing: &Thing, name: &str) -> Vec<IpAddr> {
    dns::look_up(thing, name).unwrap()
}

/// Waits until both families of a name are reached: a decision is shown some milliseconds before the kernel has it.
fn wait_until_reached(thing: &Thing, name: &str, port: u16) {
    for address in look_up(thing, name) {
        let to = SocketAddr::new(address, port);
        until(SOON, || Ok(reaches_tcp(thing, to).then_some(())))
            .unwrap_or_else(|_| panic!("{} does not reach {to}", thing.name()));
    }
}

/// Whether a connection is opened and carries data both ways.
fn reaches_tcp(thing: &Thing, to: SocketAddr) -> bool {
    let Ok(mut stream) = thing.connect(to, NEVER) else {
        return false;
    };
    let mut echo = [0; 5];
    stream.write_all(b"hello").is_ok() && stream.read_exact(&mut echo).is_ok() && &echo == b"hello"
}

/// Whether a datagram arrives and its answer comes back.
fn reaches_udp(thing: &Thing, to: SocketAddr) -> bool {
    thing
        .exchange(to, b"hello", NEVER)
        .is_ok_and(|echo| echo == b"hello")
}
