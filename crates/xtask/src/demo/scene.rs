//! Where the story happens: the home, the gateway in it, and what both were like before.

use std::{
    io::{Read, Write},
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use mudguard_tests::home::{
    Home, Protocol, Thing, ThingPlan,
    addresses::server,
    gateway::Gateway,
    mud::{MudFile, Peer},
    until,
};
use serde_json::Value;

use super::tell::Notes;

/// For what happens at once unless something is wrong.
pub(crate) const SOON: Duration = Duration::from_secs(15);
/// For what must not happen: how long to wait before believing it.
pub(crate) const NEVER: Duration = Duration::from_millis(400);

pub(crate) const LAMP_URL: &str = "https://mud.lamp-maker.example/lamp.json";
pub(crate) const CAMERA_URL: &str = "https://mud.camera-maker.example/camera.json";
pub(crate) const PLUG_URL: &str = "https://mud.lamp-maker.example/plug.json";
pub(crate) const LAMP_CLOUD: &str = "cloud.lamp-maker.example";
pub(crate) const CAMERA_CLOUD: &str = "cloud.camera-maker.example";
/// The port of its cloud to which each Thing may connect: MQTT over TLS.
pub(crate) const CLOUD_PORT: u16 = 8883;

/// The home and the gateway.
pub(crate) struct Scene {
    // Dropped before the home, whose removal would kill it.
    pub(crate) gateway: Gateway,
    pub(crate) home: Home,
    /// The router's ruleset before the gateway ran.
    pub(crate) ruleset_before: String,
}

impl Scene {
    /// Builds the home, puts the files on the web and starts the gateway.
    ///
    /// # Errors
    /// If the home does not stand or the gateway does not get ready.
    pub(crate) fn build(binary: &Path, notes: &Notes) -> anyhow::Result<Self> {
        let start = Instant::now();
        let home = Home::builder()
            .thing(ThingPlan::new("lamp").mud_url(LAMP_URL))
            .thing(
                ThingPlan::new("camera")
                    .mud_url(CAMERA_URL)
                    .client(mudguard_tests::home::DhcpClient::Dhclient),
            )
            .thing(ThingPlan::new("plug").mud_url(PLUG_URL))
            .thing(ThingPlan::new("laptop"))
            .build()?;
        notes.seen("a router with NAT and IPv6, four devices with DHCP clients, web servers, DNS, a file server with TLS");
        notes.measured(format!("built in {} ms", start.elapsed().as_millis()));
        publish(&home)?;
        let ruleset_before = home.router().run("nft", ["list", "ruleset"])?;
        let start = Instant::now();
        let gateway = Gateway::start(&home, binary, &Gateway::configuration(&home))?;
        notes.sent("mudguard run --config mudguard.toml, in the router");
        notes.measured(format!("ready in {} ms", start.elapsed().as_millis()));
        home.thing("laptop").join()?;
        notes.seen("a laptop joined; it names no MUD URL, so nothing limits it");
        Ok(Self {
            gateway,
            home,
            ruleset_before,
        })
    }

    /// Starts the gateway again if it does not run.
    ///
    /// # Errors
    /// If it does not get ready.
    pub(crate) fn run_again(&mut self) -> anyhow::Result<()> {
        if self.gateway.process().is_err() {
            self.gateway.restart(&Gateway::configuration(&self.home))?;
        }
        Ok(())
    }

    /// Waits until the gateway shows a Thing in this state, and its rules are in the kernel.
    ///
    /// # Errors
    /// If that does not happen.
    pub(crate) fn wait_for_state(&self, name: &str, state: &str) -> anyhow::Result<Value> {
        let is_there = |thing: &Value| (thing["state"] == state).then(|| thing.clone());
        let shown = self.gateway.wait_for_thing(name, SOON, is_there)?;
        // The page shows what is decided; the kernel has it some milliseconds later.
        let forbidden = SocketAddr::new(server(40).0, CLOUD_PORT);
        let thing = self.home.thing(name);
        until(SOON, || {
            Ok(thing.connect(forbidden, NEVER / 4).is_err().then_some(()))
        })
        .with_context(|| format!("{name} is shown as {state} but not kept in"))?;
        Ok(shown)
    }
}

fn publish(home: &Home) -> anyhow::Result<()> {
    home.publish(&lamp_file())?;
    let files = home.internet().files();
    let reply = mudguard_tests::home::Reply::mud_file;
    // Without a signature.
    let camera = MudFile::new(CAMERA_URL)
        .systeminfo("A camera")
        .permit_dns_and_ntp()
        .permit(Peer::Name(CAMERA_CLOUD), Protocol::Tcp, CLOUD_PORT);
    files.reply(CAMERA_URL, reply(camera.json().as_bytes()));
    // Signed, and changed on the way: another host was added.
    let plug = MudFile::new(PLUG_URL).systeminfo("A plug").permit_dns_and_ntp();
    home.publish(&plug)?;
    let tampered = plug.permit(Peer::Name("elsewhere.example"), Protocol::Tcp, CLOUD_PORT);
    files.reply(PLUG_URL, reply(tampered.json().as_bytes()));
    Ok(())
}

/// What the lamp's maker says.
pub(crate) fn lamp_file() -> MudFile<'static> {
    MudFile::new(LAMP_URL)
        .systeminfo("A lamp")
        .permit_dns_and_ntp()
        .permit(Peer::Name(LAMP_CLOUD), Protocol::Tcp, CLOUD_PORT)
}

/// Opens a connection and lets data go both ways; how long that took.
///
/// # Errors
/// If it does not work.
pub(crate) fn talk(thing: &Thing, to: SocketAddr) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let mut stream = thing
        .connect(to, Duration::from_millis(800))
        .with_context(|| format!("{to} is not reached"))?;
    stream.write_all(b"hello")?;
    let mut echo = [0; 5];
    stream.read_exact(&mut echo)?;
    ensure!(&echo == b"hello", "{to} sent back something else");
    Ok(start.elapsed())
}
