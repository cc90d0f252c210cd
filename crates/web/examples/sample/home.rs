//! A home made by hand, with a Thing in each state: for tests, and to look at the page while working on it.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use mudguard_manager::{
    Binding, BlockedFlow, Channel, ClockState, Doubt, Enforcement, FileInForce, Home, Lan, Mode, Notice,
    Question, Snapshot, Thing, Trust, Waiting, WaitingFile,
};
use mudguard_mud::{DomainName, MudUrl, MudUrlError};
use mudguard_policy::{Initiator, MacAddress, Site, ThingPolicy, compile};

use super::files::{self, Entry, Service};

/// The signer of the sample's signed files.
const SIGNER: &str = "CN=Acme MUD signing, O=Acme Lighting GmbH";

/// The MAC address of the Thing with this number.
pub(crate) fn mac(number: u8) -> MacAddress {
    MacAddress([0x02, 0, 0x5e, 0x10, 0, number])
}

/// A home with a Thing in each state, as it is at `now`.
pub(crate) fn home(now: Timestamp) -> Snapshot {
    snapshot(
        vec![
            lamp(now),
            camera(now),
            thermostat(now),
            vacuum(now),
            television(now),
            scale(now),
            plug(8, now),
            plug(9, now),
            phone(now),
            stranger(now),
        ],
        Vec::new(),
    )
}

/// A home without Things.
pub(crate) fn empty() -> Snapshot {
    snapshot(Vec::new(), Vec::new())
}

/// A home with many Things and everything that the gateway can say of itself.
pub(crate) fn many(now: Timestamp) -> Snapshot {
    let mut things: Vec<Thing> = home(now).things.values().map(|thing| (**thing).clone()).collect();
    things.extend((20..=210).map(|number| plug(number, now)));
    let notices = vec![
        Notice::Laboratory(vec!["192.0.2.0/24".to_owned(), "2001:db8::/32".to_owned()]),
        Notice::FirewallRefused("Could not process rule: No space left on device".to_owned()),
        Notice::DatabaseSetAside("/var/lib/mudguard/mudguard.db.unreadable-2026-11-25".to_owned()),
        Notice::Limitation("frames between two ports of the switch chip do not pass this router".to_owned()),
    ];
    snapshot(things, notices)
}

/// A home whose one Thing, with its file, says what could harm a careless page.
pub(crate) fn hostile(now: Timestamp) -> Snapshot {
    const MARKUP: &str =
        "</bdi></a><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}txt.\u{0}\u{1b}[31m\u{200b}";
    let url =
        MudUrl::parse("https://mud.example.com/%3Cscript%3E/'onmouseover='alert(3)").expect("a MUD URL");
    let entries = vec![
        files::to_name(
            "\"><svg onload=alert(4)>\u{2066}",
            "a.example.net",
            Service::Tcp(443),
        ),
        files::to_controller("'><b>x", "urn:<script>alert(5)</script>\u{202e}", Service::Udp(1)),
    ];
    let file = files::file(&url, MARKUP, MARKUP, "<i>list</i>\u{202e}", entries);
    let signed = signed("CN=<script>alert(6)</script>\u{202e}");
    let mut thing = managed(1, "port<script>", files::in_force(file.clone(), signed), now);
    thing.host_name = Some(MARKUP.to_owned());
    thing.url = Some(url);
    thing.problem = Some(MARKUP.to_owned());
    thing.refused_url = Some((MARKUP.to_owned(), MudUrlError::NotAscii));
    let waiting = files::in_force(file, signed_by_nobody());
    thing.question = Some(waits_for(&waiting, MARKUP, now));
    snapshot(vec![thing], vec![Notice::FirewallRefused(MARKUP.to_owned())])
}

fn snapshot(things: Vec<Thing>, notices: Vec<Notice>) -> Snapshot {
    let lan = Lan {
        interface: "br-lan".to_owned(),
        addresses: vec![IpAddr::from([192, 168, 1, 1])],
        prefixes: vec!["192.168.1.0/24".parse().expect("a prefix")],
        ..Lan::default()
    };
    let things: BTreeMap<MacAddress, Arc<Thing>> = things
        .into_iter()
        .map(|thing| (thing.mac, Arc::new(thing)))
        .collect();
    Snapshot {
        version: 7,
        mode: Mode::Ask,
        home: Home { lans: vec![lan] },
        clock: ClockState::Valid,
        notices,
        things,
        ..Snapshot::default()
    }
}

fn lamp(now: Timestamp) -> Thing {
    let url = MudUrl::parse("https://mud.acme.example/lamp2.json").expect("a MUD URL");
    let mut entries = vec![
        files::to_name("cloud-api", "api.acme.example", Service::Tcp(443)),
        files::to_name("cloud-mqtt", "mqtt.acme.example", Service::Tcp(8883)),
        files::to_name("updates", "ota.acme.example", Service::Tcp(443)),
        files::to_name("weather", "weather.example.net", Service::Tcp(80)),
        files::to_home("discovery", Service::Udp(5353)),
    ];
    entries.extend(files::usual());
    let file = files::file(
        &url,
        "Acme Lamp 2, warm white",
        "Acme Lighting GmbH",
        "from-lamp",
        entries,
    );
    let mut thing = managed(1, "lan1", files::in_force(file, signed(SIGNER)), now);
    thing.name = Some("Hallway lamp".to_owned());
    thing.host_name = Some("acme-lamp-2f".to_owned());
    thing.url = Some(url);
    let ads = DomainName::parse("stats.tracker.example").ok();
    thing.blocked = vec![
        blocked([203, 0, 113, 9], None, 6, 23, 2, ago(now, 9_000)),
        blocked([198, 51, 100, 20], ads, 6, 443, 12, ago(now, 1_500)),
    ];
    thing
}

fn camera(now: Timestamp) -> Thing {
    let url = MudUrl::parse("https://things.watchful.example/mud/doorcam-v3.json").expect("a MUD URL");
    let mut entries = vec![
        files::to_name("relay", "relay.watchful.example", Service::Tcp(443)),
        files::to_name("push", "push.watchful.example", Service::Tcp(8883)),
        files::to_name("bucket", "doorcam-eu.s3.amazonaws.com", Service::Tcp(443)),
        files::to_network("stun", "203.0.113.64/28", Service::Udp(3478)),
    ];
    entries.extend(files::usual());
    let file = files::file(
        &url,
        "Watchful Doorcam v3",
        "Watchful Things Ltd",
        "from-doorcam",
        entries,
    );
    let waiting = files::in_force(file, signed_by_nobody());
    let mut thing = seen(2, "lan2", now);
    thing.host_name = Some("doorcam".to_owned());
    thing.url = Some(url);
    thing.channel = Some(Channel::Dhcpv4);
    thing.enforcement = Enforcement::Enforce;
    thing.question = Some(waits_for(&waiting, "the file is not signed", ago(now, 240)));
    thing.blocked = vec![blocked(
        [198, 51, 100, 7],
        DomainName::parse("relay.watchful.example").ok(),
        6,
        443,
        31,
        ago(now, 30),
    )];
    thing
}

fn thermostat(now: Timestamp) -> Thing {
    let url = MudUrl::parse("https://mud.warm.example/thermostat").expect("a MUD URL");
    let mut entries = vec![
        files::to_name("cloud", "api.warm.example", Service::Tcp(443)),
        files::to_network("old-server", "203.0.113.20/32", Service::Tcp(1883)),
    ];
    entries.extend(files::usual());
    let file = files::file(&url, "Warm thermostat", "Warm", "from-thermostat", entries);
    let mut thing = managed(3, "lan1", files::in_force(file, signed("CN=Warm")), now);
    thing.name = Some("Thermostat".to_owned());
    thing.url = Some(url);
    thing.question = Some(Question {
        raised: ago(now, 90_000),
        waiting: Waiting::Addresses,
    });
    thing.blocked = vec![blocked([203, 0, 113, 20], None, 6, 1883, 4, ago(now, 600))];
    thing
}

fn vacuum(now: Timestamp) -> Thing {
    let mut thing = seen(4, "wlan0", now);
    thing.host_name = Some("robovac".to_owned());
    thing.refused_url = Some(("http://mud.vac.example/robo".to_owned(), MudUrlError::NotHttps));
    thing
}

fn television(now: Timestamp) -> Thing {
    let url = MudUrl::parse("https://mud.screens.example/tv").expect("a MUD URL");
    let mut entries: Vec<Entry> = ["one", "two", "three", "four", "five", "six"]
        .iter()
        .map(|name| files::to_name(name, &format!("{name}.films.example"), Service::Tcp(443)))
        .collect();
    entries.extend(files::usual());
    let file = files::file(&url, "Screen 55", "Screens", "from-tv", entries);
    let approved = Trust::Approved {
        at: files::moment("2026-11-02T19:40:00Z"),
    };
    let mut thing = managed(5, "lan3", files::in_force(file, approved), now);
    thing.name = Some("Kitchen TV".to_owned());
    thing.url = Some(url);
    thing.enforcement = Enforcement::Observe;
    thing.blocked = vec![
        blocked([8, 8, 8, 8], None, 17, 53, 40, ago(now, 100)),
        blocked([192, 168, 1, 20], None, 6, 445, 1, ago(now, 4_000)),
    ];
    thing
}

fn scale(now: Timestamp) -> Thing {
    let url = MudUrl::parse("https://mud.scales.example/bathroom").expect("a MUD URL");
    let mut thing = seen(6, "wlan0", now);
    thing.name = Some(
        "Bathroom scale that Grandmother gave us for Christmas, upstairs beside the large window".to_owned(),
    );
    thing.url = Some(url);
    thing.channel = Some(Channel::Dhcpv4);
    thing.enforcement = Enforcement::Enforce;
    thing.problem = Some("the file: no connection to the server (connection refused)".to_owned());
    thing
}

/// One of several plugs with one host name.
fn plug(number: u8, now: Timestamp) -> Thing {
    let url = MudUrl::parse("https://mud.acme.example/plug.json").expect("a MUD URL");
    let mut entries = vec![files::to_name("cloud", "api.acme.example", Service::Tcp(443))];
    entries.extend(files::usual());
    let file = files::file(&url, "Acme Plug", "Acme Lighting GmbH", "from-plug", entries);
    let mut thing = managed(number, "wlan0", files::in_force(file, signed(SIGNER)), now);
    thing.host_name = Some("plug".to_owned());
    thing.url = Some(url);
    thing
}

fn phone(now: Timestamp) -> Thing {
    let mut thing = seen(10, "wlan1", now);
    thing.name = Some("\u{5d8}\u{5dc}\u{5e4}\u{5d5}\u{5df} (Anna)".to_owned());
    thing
}

fn stranger(now: Timestamp) -> Thing {
    Thing {
        last_seen: ago(now, 5 * 86_400),
        ..seen(11, "wlan1", now)
    }
}

fn seen(number: u8, port: &str, now: Timestamp) -> Thing {
    let mut thing = Thing::stranger(mac(number), ago(now, 40 * 86_400));
    thing.last_seen = ago(now, 60 * i64::from(number));
    thing.port = Some(port.to_owned());
    thing.bindings = vec![Binding {
        address: IpAddr::from([192, 168, 1, number]),
        expires: None,
    }];
    thing
}

fn managed(number: u8, port: &str, in_force: FileInForce, now: Timestamp) -> Thing {
    let mut thing = seen(number, port, now);
    thing.channel = Some(Channel::Dhcpv4);
    thing.enforcement = Enforcement::Enforce;
    thing.policy = Arc::new(policy(&in_force, false));
    thing.file = Some(Arc::new(in_force));
    thing
}

fn policy(in_force: &FileInForce, addresses_approved: bool) -> ThingPolicy {
    let site = Site {
        gateway: vec![IpAddr::from([192, 168, 1, 1])],
        local_networks: vec!["192.168.1.0/24".parse().expect("a prefix")],
        addresses_approved,
        ..Site::default()
    };
    compile(&in_force.file, &site)
}

fn waits_for(file: &FileInForce, reason: &str, raised: Timestamp) -> Question {
    let waiting = WaitingFile {
        policy: policy(file, true),
        gained: Vec::new(),
        lost: Vec::new(),
        doubt: Doubt::Unverified,
        file: file.clone(),
        reason: reason.to_owned(),
    };
    Question {
        raised,
        waiting: Waiting::File(Arc::new(waiting)),
    }
}

fn signed(signer: &str) -> Trust {
    Trust::Signed {
        signer: signer.to_owned(),
        key: "ab".repeat(32),
        ca: String::new(),
        provisional: false,
    }
}

fn signed_by_nobody() -> Trust {
    Trust::Approved {
        at: Timestamp::UNIX_EPOCH,
    }
}

fn blocked(
    peer: [u8; 4],
    name: Option<DomainName>,
    protocol: u8,
    port: u16,
    count: u32,
    last: Timestamp,
) -> BlockedFlow {
    BlockedFlow {
        peer: IpAddr::from(peer),
        initiator: Initiator::Thing,
        protocol,
        port: Some(port),
        name,
        count,
        last,
    }
}

fn ago(now: Timestamp, seconds: i64) -> Timestamp {
    now - SignedDuration::from_secs(seconds)
}
