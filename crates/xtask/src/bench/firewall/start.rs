//! How long after the start of the gateway 500 known Things are limited, on a router that has no rules yet.

use std::{
    fmt,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use jiff::Timestamp;
use mudguard_manager::Binding;
use mudguard_policy::MacAddress;
use mudguard_store::Store;
use mudguard_tests::home::{
    Home, Protocol, ThingPlan,
    gateway::{self, Gateway},
    mud::{MudFile, Peer},
    until,
};
use serde_json::{Value, json};

const THINGS: u16 = 500;
const ACES: u16 = 20;
const STARTS: usize = 5;
const SOON: Duration = Duration::from_secs(20);
const URL: &str = "https://mud.lamp-maker.example/bench";

/// How long each start took, in order.
pub(super) struct Starts(Vec<Duration>);

impl Starts {
    pub(super) fn json(&self) -> Value {
        let millis = |time: &Duration| time.as_secs_f64() * 1e3;
        json!({ "things": THINGS, "min_ms": self.0.first().map(millis), "max_ms": self.0.last().map(millis) })
    }
}

impl fmt::Display for Starts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |time: Option<&Duration>| time.map_or(0, Duration::as_millis);
        write!(
            f,
            "All of {THINGS} known Things limited {} to {} ms after the start, in {} starts without rules in the kernel; looking takes up \
             to 30 ms of it.",
            millis(self.0.first()),
            millis(self.0.last()),
            self.0.len()
        )
    }
}

/// Starts the gateway again and again on a database of many Things.
///
/// # Errors
/// If the home or the gateway does not work.
pub(super) fn measure() -> anyhow::Result<Starts> {
    let binary = match std::env::var_os(gateway::BINARY_VARIABLE) {
        Some(binary) => binary.into(),
        None => gateway::build(true)?,
    };
    let home = Home::builder()
        .thing(ThingPlan::new("lamp").mud_url(URL))
        .build()?;
    let names: Vec<_> = (1..ACES).map(|ace| format!("host-{ace}.example")).collect();
    let file = MudFile::new(URL).permit(Peer::Name("cloud.lamp-maker.example"), Protocol::Tcp, 8883);
    let file = names.iter().fold(file, |file, name| {
        file.permit(Peer::Name(name), Protocol::Tcp, 443)
    });
    home.publish(&file)?;
    let configuration = Gateway::configuration(&home);
    let mut gateway = Gateway::start(&home, &binary, &configuration)?;
    home.join_all()?;
    gateway.wait_for_thing("lamp", SOON, |thing| (thing["state"] == "limited").then_some(()))?;
    gateway.stop()?;
    multiply(&gateway.state().join("mudguard.db"))?;

    let mut starts = Vec::new();
    for _ in 0..STARTS {
        gateway.off()?;
        let start = Instant::now();
        gateway.launch(&configuration)?;
        until(SOON, || {
            let set = ["list", "set", "inet", "mudguard", "guarded"];
            let listed = home.router().run("nft", set).unwrap_or_default();
            Ok((listed.matches("02:77:").count() + 1 == usize::from(THINGS)).then_some(()))
        })?;
        starts.push(start.elapsed());
        gateway.wait_until_ready()?;
        gateway.stop()?;
    }
    starts.sort_unstable();
    Ok(Starts(starts))
}

/// Makes many Things of the one that is stored.
fn multiply(database: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let opened = Store::open(database, Timestamp::now()).await?;
        let writer = tokio::spawn(opened.writer.run());
        let things = opened.restored.things;
        let lamp = things
            .iter()
            .find(|thing| thing.url.is_some())
            .context("the lamp is not stored")?;
        ensure!(lamp.url.as_ref().is_some_and(|(url, _)| url.to_string() == URL));
        for number in 1..THINGS {
            let [high, low] = number.to_be_bytes();
            let mut thing = lamp.clone();
            thing.mac = MacAddress([2, 0x77, 0, 0, high, low]);
            thing.bindings = vec![Binding {
                address: [10, 77, high, low].into(),
                expires: None,
            }];
            opened.store.save_thing(thing)?;
        }
        opened.store.flush().await?;
        drop(opened.store);
        writer.await?;
        anyhow::Ok(())
    })
}
