//! What a forwarded packet costs under each ruleset, in runs that take turns.

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use mudguard_firewall::Firewall;
use serde_json::{Value, json};

use crate::{
    homes::{ACES, PORT, by_address, home, mac},
    net::Net,
    stream::Ends,
};

/// How often each ruleset gets its turn.
const TURNS: usize = 40;
/// On a busy machine.
const TURNS_AT_MOST: usize = 4 * TURNS;
/// How long a turn lasts.
const TURN: Duration = Duration::from_millis(50);

/// A ruleset, in namespaces of its own.
struct Case {
    name: String,
    ends: Ends,
    costs: Vec<f64>,
    _net: Net,
}

impl Case {
    fn new(name: &str, load: impl FnOnce(&Net)) -> Self {
        let net = Net::build(1).expect("this needs root");
        load(&net);
        Self {
            name: name.to_owned(),
            ends: Ends::open(&net),
            costs: Vec::new(),
            _net: net,
        }
    }

    fn minimum(&self) -> f64 {
        self.costs[0]
    }
}

/// Prints two tables, and returns their figures: of a flow that nobody answers, each packet of which is judged anew, and of an
/// established one.
pub(crate) fn measure() -> [Value; 2] {
    let conntrack = "table inet other {\n chain forward {\n type filter hook forward priority -10;\n \
                     ct state established,related accept\n }\n}\n";
    let mut cases = vec![
        Case::new("no-rules", |_| {}),
        Case::new("conntrack-only", |net| load(net, conntrack)),
    ];
    for things in [10, 200, 500] {
        cases.push(Case::new(&format!("things-{things}"), |net| {
            mudguard(net, things)
        }));
    }
    for things in [10, 200] {
        cases.push(Case::new(&format!("linear-{things}"), |net| {
            load(net, &linear(things))
        }));
    }
    println!("Each packet opens a flow:\n");
    let opening = take_turns(&mut cases);
    cases.retain(|case| !case.name.starts_with("linear"));
    cases.iter().for_each(|case| case.ends.establish());
    println!("\nThe flow is established:\n");
    [opening, take_turns(&mut cases)]
}

fn take_turns(cases: &mut [Case]) -> Value {
    cases.iter_mut().for_each(|case| case.costs.clear());
    for turn in 0..TURNS_AT_MOST {
        // On a busy machine a turn may be lost to another thread.
        if turn >= TURNS && cases.iter().all(|case| case.costs.len() >= TURNS / 2) {
            break;
        }
        for case in &mut *cases {
            case.costs.extend(case.ends.cost(TURN));
        }
    }
    for case in &mut *cases {
        assert!(
            !case.costs.is_empty(),
            "{}: no packet arrived while it was sent",
            case.name
        );
        case.costs.sort_unstable_by(f64::total_cmp);
    }
    let conntrack = cases[1].minimum();
    println!("| case | ns a packet (minimum) | tenth percentile | median | against conntrack alone |");
    println!("|---|---|---|---|---|");
    for case in &*cases {
        println!(
            "| {} | {:.0} | {:.0} | {:.0} | {:+.1} % |",
            case.name,
            case.minimum(),
            case.costs[case.costs.len() / 10],
            case.costs[case.costs.len() / 2],
            (case.minimum() / conntrack - 1.0) * 100.0
        );
    }
    let figures = cases
        .iter()
        .map(|case| json!({ "case": case.name, "ns_per_packet": case.minimum() }));
    figures.collect()
}

/// Our rules for so many Things, the last of whose ACEs the packets need.
fn mudguard(net: &Net, things: u16) {
    net.router.apart(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let (mut firewall, _, _) = Firewall::start().await.unwrap();
            let home = home(things, |number| by_address(number, 0));
            firewall.apply(&home).await.unwrap();
        });
    });
}

/// One rule for each ACE in a row, as earlier MUD managers generate them; those of the sender are the last.
fn linear(things: u16) -> String {
    let mut text =
        "table inet linear {\n chain forward {\n type filter hook forward priority -10;\n".to_owned();
    for number in (1..=things).rev() {
        let mac = mac(number);
        let [high, low] = number.to_be_bytes();
        for index in 0..ACES {
            let (host, port) = if index + 1 == ACES {
                ("198.51.100.1".to_owned(), PORT)
            } else {
                (format!("203.{index}.{high}.{low}"), 443)
            };
            text += &format!("  ether saddr {mac} ip daddr {host} udp dport {port} accept\n");
        }
        text += &format!("  ether saddr {mac} drop\n");
    }
    text + " }\n}\n"
}

fn load(net: &Net, text: &str) {
    let text = text.to_owned();
    net.router.run(move || {
        let mut nft = Command::new("nft")
            .args(["-f", "-"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        nft.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(nft.wait().unwrap().success());
    });
}
