//! The order rule, measured: an address is reachable before it is told.
//!
//! Things ask for names that nobody has asked for before and open a connection the moment the answer is there. The first SYN must pass:
//! one that is dropped comes again after a second, which counts as refused here.
//!
//! What it is not: a judgement. The test demands zero; the benchmark prints the figures.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use hickory_proto::rr::RecordType;

use crate::home::{
    Home, Protocol, Thing, ThingPlan,
    addresses::{ROUTER_IPV4, fresh},
    dns::{Question, addresses, look_up},
    fresh_name,
    gateway::Gateway,
    mud::{MudFile, Peer},
    probe, until,
};

/// Limited Things. A MUD file names so many hosts at most, so a thousand names need several.
const THINGS: u16 = 5;
/// The names in the file of each.
const NAMES: u16 = 200;
/// How many names a Thing asks for before it is another's turn.
const TURN: u16 = 20;
/// To which port the names are permitted.
const PORT: u16 = 8883;
/// A further name in each file: what it permits shows that the file is in the kernel.
const WARM_UP: &str = "cloud.lamp-maker.example";
/// Less than the second after which a SYN comes again.
const FIRST_SYN: Duration = Duration::from_millis(800);
/// So many refusals are enough to know; each costs a second and a half.
const ENOUGH: usize = 10;
/// For a Thing to be limited.
const SOON: Duration = Duration::from_secs(15);

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// How many fresh names limited Things asked for; each is a lookup of an address that was never told before.
    pub lookups: usize,
    /// How many of the first SYNs did not arrive, each in words.
    pub refused: Vec<String>,
    /// How many attempts the gateway says were blocked meanwhile.
    pub blocked: u64,
    /// Lookups of fresh names by limited Things: what binds an address is on the way.
    pub fresh_limited: Times,
    /// The same by a Thing that nothing limits.
    pub fresh_free: Times,
    /// Lookups that the gateway answers from its cache, by limited Things.
    pub cached_limited: Times,
    /// The same by a Thing that nothing limits.
    pub cached_free: Times,
}

/// How long lookups took.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// The time that so many of a hundred did not exceed.
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut times = self.0.clone();
        times.sort_unstable();
        let last = times.len().saturating_sub(1);
        times
            .get((times.len() * percent / 100).min(last))
            .copied()
            .unwrap_or_default()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// Builds a home with this gateway and measures. `progress` is told what happens.
///
/// # Errors
/// If the home does not work; refused connections are no error.
pub fn measure(binary: &std::path::Path, progress: impl Fn(&str)) -> anyhow::Result<Figures> {
    let mut plan = Home::builder().fresh_names(2 * THINGS * NAMES);
    for thing in 0..THINGS {
        plan = plan.thing(ThingPlan::new(&format!("limited{thing}")).mud_url(&url(thing)));
    }
    let home = plan.thing(ThingPlan::new("free")).build()?;
    for thing in 0..THINGS {
        let (url, names) = (url(thing), names(thing));
        let names: Vec<_> = names.map(fresh_name).collect();
        let file = MudFile::new(&url).permit(Peer::Name(WARM_UP), Protocol::Tcp, PORT);
        let file = names.iter().fold(file, |file, name| {
            file.permit(Peer::Name(name), Protocol::Tcp, PORT)
        });
        home.publish(&file)?;
    }
    // A Thing asks here as fast as it is answered, which no device of a home does.
    let configuration =
        Gateway::configuration(&home).replace("[resolver]\n", "[resolver]\nqueries-per-second = 100000\n");
    let gateway = Gateway::start(&home, binary, &configuration)?;
    progress("a home with five limited Things stands");
    home.join_all()?;
    for thing in 0..THINGS {
        let name = format!("limited{thing}");
        let limited = |thing: &serde_json::Value| (thing["state"] == "limited").then_some(());
        gateway.wait_for_thing(&name, SOON, limited)?;
        // The page shows what is decided; the kernel has it some milliseconds later.
        let forbidden = SocketAddr::new(crate::home::addresses::server(40).0, PORT);
        let thing = home.thing(&name);
        until(SOON, || {
            Ok(thing.connect(forbidden, FIRST_SYN / 4).is_err().then_some(()))
        })?;
        for address in look_up(thing, WARM_UP)? {
            let permitted = || Ok(thing.connect(SocketAddr::new(address, PORT), FIRST_SYN).ok());
            until(SOON, permitted)?;
        }
    }

    let mut figures = Figures::default();
    let before = blocked(&gateway)?;
    let free = home.thing("free");
    for thing in 0..THINGS {
        progress(&format!(
            "Thing {} of {THINGS} asks for {NAMES} fresh names, A and AAAA",
            thing + 1
        ));
        let asking = home.thing(&format!("limited{thing}"));
        // In turns, so that whatever else this machine does slows both.
        for start in names(thing).step_by(usize::from(TURN)) {
            let (own, of_free) = (
                start..start + TURN,
                start + THINGS * NAMES..start + TURN + THINGS * NAMES,
            );
            let (times, refused) = ask_and_connect(asking, own.clone())?;
            figures.lookups += times.0.len();
            figures.fresh_limited.0.extend(times.0);
            figures.refused.extend(refused);
            if figures.refused.len() >= ENOUGH {
                return Ok(figures);
            }
            figures
                .fresh_free
                .0
                .extend(free.enter(|| ask(of_free.clone()))??.0);
            figures.cached_limited.0.extend(asking.enter(|| ask(own))??.0);
            figures.cached_free.0.extend(free.enter(|| ask(of_free))??.0);
        }
    }
    figures.blocked = blocked(&gateway)? - before;
    Ok(figures)
}

fn url(thing: u16) -> String {
    format!("https://mud.lamp-maker.example/limited{thing}.json")
}

/// The numbers of the names in the file of a Thing.
fn names(thing: u16) -> std::ops::Range<u16> {
    thing * NAMES..(thing + 1) * NAMES
}

/// Asks for each name and family, and connects as soon as the answer is there.
fn ask_and_connect(thing: &Thing, numbers: std::ops::Range<u16>) -> anyhow::Result<(Times, Vec<String>)> {
    thing.enter(|| {
        let (mut times, mut refused) = (Times::default(), Vec::new());
        for number in numbers {
            if refused.len() >= ENOUGH {
                break;
            }
            let name = fresh_name(number);
            for kind in [RecordType::A, RecordType::AAAA] {
                let (address, time) = time_look_up(&name, kind, number)?;
                let to = SocketAddr::new(address, PORT);
                let start = Instant::now();
                let opened = probe::connect(to, FIRST_SYN);
                times.0.push(time);
                if let Err(error) = opened {
                    let took = start.elapsed();
                    let again = probe::connect(to, FIRST_SYN).map(drop);
                    refused.push(format!(
                        "{name} {kind} {to}: {error} after {took:?}; once more: {again:?}"
                    ));
                }
            }
        }
        Ok((times, refused))
    })?
}

/// Asks for each name and family.
fn ask(numbers: std::ops::Range<u16>) -> anyhow::Result<Times> {
    let mut times = Times::default();
    for number in numbers {
        for kind in [RecordType::A, RecordType::AAAA] {
            times.0.push(time_look_up(&fresh_name(number), kind, number)?.1);
        }
    }
    Ok(times)
}

fn time_look_up(name: &str, kind: RecordType, number: u16) -> anyhow::Result<(IpAddr, Duration)> {
    let question = Question::new(ROUTER_IPV4, name, kind);
    let start = Instant::now();
    let answer = question.ask()?;
    let time = start.elapsed();
    let told = addresses(&answer);
    let (v4, v6) = fresh(number);
    let expected = if kind == RecordType::A { v4 } else { v6 };
    ensure!(
        told == [expected],
        "{name} {kind}: {told:?} instead of {expected}"
    );
    Ok((expected, time))
}

/// How many attempts of Things the gateway says were blocked.
fn blocked(gateway: &Gateway) -> anyhow::Result<u64> {
    let status = gateway.get("/api/v1/status")?;
    status["blocked"]
        .as_u64()
        .context("the status does not say how much was blocked")
}
