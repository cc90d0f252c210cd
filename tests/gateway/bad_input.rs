//! What comes from outside and is wrong: MUD URLs, file servers, frames, the configuration file.

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use mudguard_tests::{
    home::{
        Certificate, Home, HomeBuilder, Protocol, Reply, ThingPlan,
        addresses::server,
        gateway::{Gateway, binary},
        mud::{MudFile, Peer},
    },
    left_out_without_root,
};
use serde_json::Value;

use super::{LAMP_CLOUD, LAMP_TCP, LAMP_URL, Lab, NEVER, SOON, wait_until_reached};

/// In this time a retrieval ends, whatever the server does.
const RETRIEVAL: Duration = Duration::from_secs(30);

#[test]
fn a_bad_mud_url_is_refused_and_shown_with_its_reason() {
    if left_out_without_root() {
        return;
    }
    let inwards = "https://mud.lamp-maker.example/inwards.json";
    let to_address = "https://mud.lamp-maker.example/to-address.json";
    let downgraded = "https://mud.lamp-maker.example/downgraded.json";
    // Each with the member of the JSON that says why, and a word of the reason.
    let things = [
        (
            "plain",
            "http://mud.lamp-maker.example/lamp.json",
            "refused-url",
            "https",
        ),
        (
            "userinfo",
            "https://me@mud.lamp-maker.example/lamp.json",
            "refused-url",
            "user",
        ),
        (
            "literal",
            "https://198.51.100.10/lamp.json",
            "refused-url",
            "address",
        ),
        (
            "special",
            "https://inward.example/lamp.json",
            "problem",
            "inward.example",
        ),
        ("redirected", inwards, "problem", "inward.example"),
        ("addressed", to_address, "problem", "redirect"),
        ("downgraded", downgraded, "problem", "redirect"),
    ];
    let plan = |home: HomeBuilder, (name, url, ..): &(&str, &str, &str, &str)| {
        home.thing(ThingPlan::new(name).mud_url(url))
    };
    let plan = things.iter().fold(Home::builder(), plan);
    let lab = Lab::with(plan.records("inward A 192.168.77.1\ninward AAAA fd00::1"));
    let files = lab.home.internet().files();
    files.reply(inwards, Reply::redirect("https://inward.example/lamp.json"));
    files.reply(to_address, Reply::redirect("https://192.168.77.1/lamp.json"));
    files.reply(
        downgraded,
        Reply::redirect("http://mud.lamp-maker.example/lamp.json"),
    );
    lab.home.join_all().unwrap();
    for (name, _, member, word) in things {
        let told = |thing: &Value| (!thing[member].is_null()).then(|| thing[member].to_string());
        let reason = lab.gateway.wait_for_thing(name, RETRIEVAL, told).unwrap();
        assert!(reason.contains(word), "{name}: {reason}");
    }
    let requests = files.requests();
    let plain = |request: &&mudguard_tests::home::Request| request.url.starts_with("http://");
    assert_eq!(requests.iter().filter(plain).count(), 0);
}

#[test]
fn a_bad_file_server_ends_in_a_stated_state_within_half_a_minute_and_the_last_good_rules_stay() {
    if left_out_without_root() {
        return;
    }
    type Spoil = fn(&Home, &MudFile<'_>);
    let things: [(&str, &str, Spoil); 6] = [
        (
            "stalls",
            "https://mud.lamp-maker.example/stalls.json",
            |home, file| {
                home.internet().files().reply(file.url(), Reply::nothing());
            },
        ),
        (
            "endless",
            "https://mud.lamp-maker.example/endless.json",
            |home, file| {
                home.internet().files().reply(file.url(), Reply::endless());
            },
        ),
        (
            "huge",
            "https://mud.lamp-maker.example/huge.json",
            |home, file| {
                home.internet()
                    .files()
                    .reply(file.url(), Reply::claims(10_000_000_000));
            },
        ),
        (
            "certificate",
            "https://mud.camera-maker.example/certificate.json",
            |home, _| {
                let files = home.internet().files();
                files
                    .certificate("mud.camera-maker.example", Certificate::OtherAuthority)
                    .unwrap();
            },
        ),
        (
            "signature",
            "https://mud.lamp-maker.example/signature.json",
            |home, file| {
                let other = home.mud().sign(b"another file").unwrap();
                home.internet().files().reply(
                    &file.signature_url(),
                    Reply::content("application/pkcs7-signature", &other),
                );
                let changed = file
                    .clone()
                    .permit(Peer::Name("elsewhere.example"), Protocol::Tcp, LAMP_TCP);
                home.internet()
                    .files()
                    .reply(file.url(), Reply::mud_file(changed.json().as_bytes()));
            },
        ),
        (
            "bomb",
            "https://mud.lamp-maker.example/bomb.json",
            |home, file| {
                home.internet()
                    .files()
                    .reply(file.url(), Reply::encoded("gzip", &[0x1f; 1 << 10]));
            },
        ),
    ];
    let plan = things.iter().fold(Home::builder(), |home, (name, url, _)| {
        home.thing(ThingPlan::new(name).mud_url(url))
    });
    let mut lab = Lab::with(plan);
    let file = |url| {
        MudFile::new(url)
            .permit_dns_and_ntp()
            .permit(Peer::Name(LAMP_CLOUD), Protocol::Tcp, LAMP_TCP)
    };
    for (_, url, _) in things {
        lab.home.publish(&file(url)).unwrap();
    }
    lab.home.join_all().unwrap();
    for (name, ..) in things {
        lab.wait_for_state(name, "limited");
    }
    for (_, url, spoil) in things {
        spoil(&lab.home, &file(url));
    }
    let start = Instant::now();
    lab.restart_and_retrieve();
    for (name, ..) in things {
        let left = RETRIEVAL.saturating_sub(start.elapsed());
        let problem = |thing: &Value| thing["problem"].as_str().map(str::to_owned);
        lab.gateway.wait_for_thing(name, left, problem).unwrap();
    }
    for (name, ..) in things {
        let shown = lab.wait_for_state(name, "limited");
        assert_eq!(shown["question"], Value::Null, "{name}");
        let thing = lab.home.thing(name);
        wait_until_reached(thing, LAMP_CLOUD, LAMP_TCP);
        let elsewhere = SocketAddr::new(server(40).0, LAMP_TCP);
        assert!(thing.connect(elsewhere, NEVER).is_err(), "{name}");
    }
}

#[test]
fn a_malformed_dhcp_message_changes_nothing() {
    if left_out_without_root() {
        return;
    }
    let lab = Lab::with(
        Home::builder()
            .thing(ThingPlan::new("lamp").mud_url(LAMP_URL))
            .thing(ThingPlan::new("laptop")),
    );
    lab.home.thing("laptop").join().unwrap();
    lab.join("lamp", "limited");
    wait_until_reached(lab.home.thing("lamp"), LAMP_CLOUD, LAMP_TCP);
    let things = || lab.gateway.get("/api/v1/things").unwrap()["things"].clone();
    let before = things();
    let messages = [
        vec![],
        vec![0; 20],
        vec![0xff; 300],
        // A hardware address of 255 octets, and an option that is longer than the message.
        [
            vec![1, 1, 255, 0],
            vec![0; 232],
            vec![99, 130, 83, 99, 53, 1, 1, 161, 255, b'h'],
        ]
        .concat(),
    ];
    lab.home
        .thing("laptop")
        .enter(|| {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 68)).unwrap();
            socket.set_broadcast(true).unwrap();
            for message in &messages {
                socket.send_to(message, (Ipv4Addr::BROADCAST, 67)).unwrap();
            }
        })
        .unwrap();
    // What the laptop says after them has been heard, so they have been too.
    lab.home.thing("laptop").unplug().unwrap();
    lab.home
        .thing("laptop")
        .announce(Some("https://mud.camera-maker.example/late.json"));
    lab.home.thing("laptop").join().unwrap();
    let has_url = |thing: &Value| (!thing["mud-url"].is_null()).then_some(());
    lab.gateway.wait_for_thing("laptop", SOON, has_url).unwrap();
    let after = things();
    assert_eq!(before.as_array().unwrap().len(), after.as_array().unwrap().len());
    let lamp = |things: &Value| {
        let lamp = things
            .as_array()
            .unwrap()
            .iter()
            .find(|thing| thing["name"] == "lamp")
            .cloned();
        let mut lamp = lamp.unwrap();
        // Both change with time.
        for member in ["last-seen", "blocked-count"] {
            lamp[member] = Value::Null;
        }
        lamp
    };
    assert_eq!(lamp(&before), lamp(&after));
}

#[test]
fn a_wrong_configuration_ends_with_2_and_names_the_line_and_the_key() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().build().unwrap();
    let binary = binary().unwrap();
    let good = Gateway::configuration(&home);
    let cases = [
        (good.replace("\"ask\"", "\"maybe\""), ":1:", "mode", "`protect`"),
        (
            good.replace("interfaces", "interface"),
            ":4:",
            "interface",
            "`interfaces`",
        ),
        (
            good.replace("[\"192.0.2.53\"]", "[\"x\"]"),
            ":13:",
            "upstreams",
            "address",
        ),
        (good.replace("[\"br-lan\"]", "[]"), ":4:", "interfaces", "br-lan"),
    ];
    for (configuration, line, key, right) in cases {
        let file = home.folder().join("wrong.toml");
        std::fs::write(&file, &configuration).unwrap();
        let mut command = home.router().command(&binary);
        let output = command.args(["run", "--config"]).arg(&file).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        for said in [line, key, right] {
            assert!(complaint.contains(said), "{said} is not in: {complaint}");
        }
    }
}
