//! The kernel agrees with the oracle: random files, homes and packets through a real router, and the verdict of each compared with what
//! the policy crate and `docs/security.md` say.
//!
//! `MUDGUARD_SEED` repeats a run, `MUDGUARD_PACKETS` makes it longer.

mod draw;
mod expected;
mod frame;
mod wires;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use jiff::Timestamp;
use mudguard_manager::{Binding, Enforcement, Home, Lan, Snapshot, Thing};
use mudguard_policy::{
    Packet, compile,
    testing::{file, plans, site},
};
use nix::{
    sched::{CpuSet, sched_setaffinity},
    unistd::Pid,
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use self::{
    draw::{Crossing, Told, adapt},
    expected::{Limited, State},
    wires::{Place, Wires},
};
use crate::{Bridge, Elements, Firewall, netlink::conntrack};

/// So many packets at least, in each of the two ways in which a bridge can be.
const PACKETS: usize = 2_500;
/// So many plans for one home, on average.
const PLANS: usize = 90;
/// So many homes follow one another in one run of the firewall.
const HOMES: usize = 6;

#[test]
fn the_kernel_agrees_with_the_oracle() {
    agrees(false);
}

#[test]
fn it_does_where_the_kernel_shows_frames_of_a_bridge_to_the_rules_for_routed_packets() {
    agrees(true);
}

fn agrees(br_netfilter: bool) {
    let Some(wires) = Wires::build(br_netfilter) else {
        super::net::left_out();
        return;
    };
    let number = |name| {
        std::env::var(name)
            .ok()
            .map(|text| text.parse::<u64>().expect(name))
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let first_seed = number("MUDGUARD_SEED").unwrap_or(now * 1000);
    let wanted = number("MUDGUARD_PACKETS").map_or(PACKETS, |packets| packets.try_into().unwrap());
    wires.router.apart(|| {
        // Packets keep their order where one processor carries them all.
        let mut one = CpuSet::new();
        one.set(usize::from(br_netfilter) % std::thread::available_parallelism().map_or(1, usize::from))
            .unwrap();
        sched_setaffinity(Pid::from_raw(0), &one).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut seen = Seen::default();
            let mut seed = first_seed;
            while seen.packets < wanted {
                run(seed, &wires, br_netfilter, &mut seen).await;
                seed += 1;
            }
            println!("seeds {first_seed} to {}: {seen:?}", seed - 1);
            seen.is_telling();
        });
    });
}

/// What there was: a test whose packets all pass, or never, shows nothing.
#[derive(Debug, Default)]
struct Seen {
    packets: usize,
    passed: usize,
    kinds: BTreeMap<String, [usize; 2]>,
}

impl Seen {
    fn count(&mut self, crossing: &Crossing, passes: bool) {
        self.packets += 1;
        self.passed += usize::from(passes);
        let way = match (crossing.from, crossing.to) {
            (Place::Router, _) => "from the router",
            (_, Place::Router) => "to the router",
            (Place::Wan, _) => "from the WAN",
            (_, Place::Wan) => "to the WAN",
            _ if crossing.group.is_some() => "to a group",
            _ if crossing.is_bridged() => "within a bridge",
            _ => "between bridges",
        };
        let family = if crossing.source.is_ipv4() { "IPv4" } else { "IPv6" };
        let protocol = format!("protocol {}", frame::protocol(&crossing.transport));
        let form = format!("{:?}", crossing.form);
        let answer = crossing.answers.map_or("opens", |_| "answers");
        for kind in [way, family, &protocol, &form, answer] {
            self.kinds.entry(kind.to_owned()).or_default()[usize::from(passes)] += 1;
        }
    }

    fn is_telling(&self) {
        assert!(
            self.passed * 5 > self.packets && self.passed * 5 < self.packets * 4,
            "{self:?}"
        );
        for (kind, counts) in &self.kinds {
            assert!(
                kind == "from the router" || counts.iter().all(|count| *count > 0),
                "{kind}: {self:?}"
            );
        }
        for kind in [
            "from the router",
            "to the router",
            "from the WAN",
            "to the WAN",
            "to a group",
            "within a bridge",
            "between bridges",
        ] {
            assert!(self.kinds.contains_key(kind), "{kind}: {self:?}");
        }
    }
}

/// A few homes, one after the other, with packets in each.
async fn run(seed: u64, wires: &Wires, br_netfilter: bool, seen: &mut Seen) {
    let mut octets = [0; 32];
    octets[..8].copy_from_slice(&seed.to_be_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &octets);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut firewall, elements, _denials) = Firewall::start().await.unwrap();
    let is_stateful = firewall.kernel().bridge == Bridge::Stateful;
    let mut told = Told::new();
    for _ in 0..HOMES {
        let enforcement = || prop_oneof![8 => Just(Enforcement::Enforce), 1 => Just(Enforcement::Observe), 1 => Just(Enforcement::None)];
        let case = (
            (file(), file(), site()),
            (plans(PLANS), prop::collection::vec(any::<u64>(), 2 * PLANS)),
            (any::<bool>(), enforcement(), enforcement()),
        );
        let ((file, other, site), (plans, chances), (is_near, one, two)) =
            case.new_tree(&mut runner).unwrap().current();
        let second = if is_near { Place::First } else { Place::Third };
        let things =
            [(Place::Thing, file, one), (second, other, two)].map(|(place, mut file, enforcement)| {
                adapt(&mut file);
                let mut site = site.clone();
                site.thing = Some(place.mac());
                let policy = compile(&file, &site);
                Limited {
                    place,
                    enforcement,
                    file,
                    site,
                    policy,
                }
            });
        firewall.apply(&snapshot(&things)).await.unwrap();
        conntrack::delete(&conntrack::connections(|_, _| true).unwrap()).unwrap();
        let drawn = plans.iter().zip(&chances).map(|(plan, chance)| {
            let thing = &things[usize::from(chance >> 60 == 0 || chance >> 60 == 1)];
            (thing, plan.packet(&thing.file, &thing.site), *chance)
        });
        let drawn: Vec<(&Limited, Packet, u64)> = drawn.collect();
        tell(&drawn, &elements, &mut told).await;
        let mut flows = BTreeSet::new();
        let crossings = drawn.iter().filter_map(|(thing, packet, chance)| {
            let crossing = Crossing::of(packet, thing.place, *chance)?;
            // What was sent before may have opened the flow.
            crossing
                .flow()
                .into_iter()
                .all(|flow| flows.insert(flow) || flow.2 == 0 && flow.4 == 0 && flow.0 % 57 == 1)
                .then_some(crossing)
        });
        let crossings: Vec<Crossing> = crossings.collect();
        let state = State {
            things: &things,
            told: &told,
            is_stateful,
            br_netfilter,
        };
        let answers = batch(seed, 1, wires, &state, &crossings, seen);
        let _ = batch(seed, 1_000, wires, &state, &answers, seen);
    }
    drop(firewall);
    crate::remove().unwrap();
}

/// Sends these and compares; gives their answers.
fn batch(
    seed: u64,
    first: u32,
    wires: &Wires,
    state: &State<'_>,
    crossings: &[Crossing],
    seen: &mut Seen,
) -> Vec<Crossing> {
    for (number, crossing) in (first..).zip(crossings) {
        crossing.send(number, wires);
    }
    let arrived = wires.arrived();
    let mut answers = Vec::new();
    let mut differences = Vec::new();
    for (number, crossing) in (first..).zip(crossings) {
        let found = [0, 1].map(|part| arrived.contains(&(number, part, crossing.to)));
        let expected = state.expected(crossing);
        let expected = [expected[0], *expected.last().unwrap()];
        let passes = found == [true; 2];
        let by_file = (found[0] == found[1])
            .then(|| state.complaint(crossing, passes))
            .flatten();
        if found != expected || by_file.is_some() {
            let difference = format!(
                "seed {seed}: the kernel lets pass {found:?}, expected is {expected:?} {by_file:?}: {crossing:?}"
            );
            differences.push(difference);
        }
        seen.count(crossing, passes);
        answers.extend(crossing.answer(number, passes));
    }
    assert!(
        differences.is_empty(),
        "repeat with MUDGUARD_SEED={seed}\n{}\n{}",
        differences.join("\n"),
        state.things.iter().map(described).collect::<Vec<_>>().join("\n")
    );
    answers
}

fn described(thing: &Limited) -> String {
    let rules = |rules: &[mudguard_policy::Rule]| {
        rules
            .iter()
            .map(|rule| format!("  {rule:?}\n"))
            .collect::<String>()
    };
    format!(
        "{:?} {:?} permits\n{}vetoes\n{}",
        thing.place,
        thing.enforcement,
        rules(&thing.policy.permits),
        rules(&thing.policy.vetoes)
    )
}

/// Tells the Things the addresses that the packets go to.
async fn tell(drawn: &[(&Limited, Packet, u64)], elements: &Elements, told: &mut Told) {
    for (thing, packet, _) in drawn {
        let peer = &packet.peer;
        let is_known = |name| {
            told.get(&(thing.place.mac(), peer.address))
                .is_some_and(|names: &BTreeSet<_>| names.contains(name))
        };
        let new: Vec<_> = peer
            .names
            .iter()
            .filter(|name| !is_known(name))
            .cloned()
            .collect();
        let is_of_internet = matches!(Crossing::of(packet, thing.place, 15), Some(crossing)
            if [crossing.from, crossing.to].contains(&Place::Wan));
        if !is_of_internet || new.is_empty() {
            continue;
        }
        let texts: Vec<_> = new.iter().map(|name| name.as_str()).collect();
        let answered = elements
            .answered(thing.place.mac(), &texts, &[(peer.address, 3600)])
            .await
            .unwrap();
        // Who is not managed gets what it was told once it is.
        let _ = answered;
        told.entry((thing.place.mac(), peer.address))
            .or_default()
            .extend(new);
    }
}

/// The home of these Things, with neighbours that are not managed.
fn snapshot(things: &[Limited]) -> Snapshot {
    let at = |place: Place| {
        let mut thing = Thing::stranger(place.mac(), Timestamp::UNIX_EPOCH);
        thing.bindings = place
            .addresses()
            .iter()
            .map(|text| Binding {
                address: text.parse().unwrap(),
                expires: None,
            })
            .collect();
        if let Some(limited) = things.iter().find(|limited| limited.place == place) {
            thing.enforcement = limited.enforcement;
            thing.policy = Arc::new(limited.policy.clone());
        }
        (thing.mac, Arc::new(thing))
    };
    let prefixes = |number| [format!("192.168.{number}.0/24"), format!("fd00:{number}::/64")];
    let lan = |number: u8, addresses: Vec<IpAddr>| Lan {
        interface: format!("br{}", number - 1),
        addresses,
        prefixes: prefixes(number)
            .iter()
            .map(|text| text.parse().unwrap())
            .collect(),
        ..Lan::default()
    };
    Snapshot {
        version: 1,
        home: Home {
            lans: vec![lan(1, things[0].site.gateway.clone()), lan(2, Vec::new())],
        },
        things: [
            Place::Thing,
            Place::First,
            Place::Second,
            Place::Third,
            Place::Fourth,
        ]
        .map(at)
        .into(),
        ..Snapshot::default()
    }
}
