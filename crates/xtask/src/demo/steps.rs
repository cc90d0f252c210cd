//! The steps of the story. Each ends with an error if what the README promises is not what is seen.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use mudguard_tests::home::{
    Capture, ECHO_TCP_PORTS, Flow, Packet, Reply, Thing,
    addresses::{ROUTER_IPV4, ROUTER_IPV6, server},
    dns::look_up,
    gateway::Gateway,
    until,
};
use serde_json::Value;

use super::{
    page::PAGE,
    scene::{
        CAMERA_CLOUD, CAMERA_URL, CLOUD_PORT, LAMP_CLOUD, LAMP_URL, NEVER, SOON, Scene, lamp_file, talk,
    },
    tell::Notes,
};

type Step = fn(&mut Scene, &Notes) -> anyhow::Result<()>;

/// The story.
pub(crate) const STORY: [(&str, Step); 9] = [
    (
        "A lamp joins, and its signed file becomes rules in the kernel",
        lamp_joins,
    ),
    (
        "The lamp reaches its cloud by name, over IPv4 and IPv6",
        lamp_reaches_its_cloud,
    ),
    ("The lamp reaches nothing else", lamp_reaches_nothing_else),
    ("A camera with an unsigned file waits for the owner", camera_waits),
    ("The owner approves the camera", camera_is_approved),
    ("A tampered file is refused", tampered_file_is_refused),
    (
        "The gateway is killed, and no forbidden packet passes",
        gateway_is_killed,
    ),
    (
        "The page and the commands say what was blocked and why",
        page_explains,
    ),
    ("`mudguard off` leaves the router as it was", off),
];

fn lamp_joins(scene: &mut Scene, notes: &Notes) -> anyhow::Result<()> {
    let start = Instant::now();
    let own = scene.home.thing("lamp").join()?;
    let joined = start.elapsed();
    notes.sent(format!("DHCP from the lamp (udhcpc), option 161: {LAMP_URL}"));
    notes.seen(format!(
        "the router lent {}; by IPv6 the lamp is {}",
        own.ipv4, own.ipv6
    ));
    let shown = scene.wait_for_state("lamp", "limited")?;
    let limited = start.elapsed();
    for file in [LAMP_URL, &lamp_file().signature_url()] {
        scene.home.internet().files().wait_for_requests(file, 1, SOON)?;
        notes.seen(format!("GET {file} over TLS"));
    }
    let signer = shown["file"]["trust"].to_string();
    ensure!(
        signer.contains("Lamp Maker"),
        "the signer is not shown: {shown:#}"
    );
    let sum = &shown["sum"];
    notes.seen(format!(
        "signed by O=Lamp Maker under the authority that this router trusts; ACEs: {} enforced, {} narrowed, {} refused",
        sum["enforced"], sum["narrowed"], sum["refused"]
    ));
    notes.measured(format!(
        "{} ms from plugging in to an address, {} ms to rules in the kernel",
        joined.as_millis(),
        limited.as_millis()
    ));
    Ok(())
}

fn lamp_reaches_its_cloud(scene: &mut Scene, notes: &Notes) -> anyhow::Result<()> {
    let lamp = scene.home.thing("lamp");
    let start = Instant::now();
    let told = look_up(lamp, LAMP_CLOUD)?;
    notes.sent(format!("DNS to the router: {LAMP_CLOUD} A, AAAA"));
    ensure!(
        told == <[IpAddr; 2]>::from(server(11)),
        "the lamp was told {told:?}"
    );
    notes.seen(format!("told {} and {}", told[0], told[1]));
    notes.measured(format!(
        "{:.1} ms for both answers",
        milliseconds(start.elapsed())
    ));
    for address in told {
        let time = reach(lamp, SocketAddr::new(address, CLOUD_PORT))?;
        notes.seen(format!(
            "TCP to {address} port {CLOUD_PORT}: data went both ways in {:.1} ms",
            milliseconds(time)
        ));
    }
    Ok(())
}

fn lamp_reaches_nothing_else(scene: &mut Scene, notes: &Notes) -> anyhow::Result<()> {
    let home = &scene.home;
    let (lamp, laptop) = (home.thing("lamp"), home.thing("laptop"));
    let own = laptop.ip_addresses()?;
    let cloud = server(11);
    let wan = Capture::start(home.internet(), "eth0")?;
    let neighbour = Capture::start(laptop, "eth0")?;
    // A name that its file does not hold is answered like any other; that alone opens nothing.
    look_up(lamp, "elsewhere.example")?;
    let (elsewhere, never_told) = (server(40), server(12));
    let targets = [
        ("another host", elsewhere, CLOUD_PORT),
        ("another port of its cloud", cloud, 22),
        ("an address that it was never told", never_told, CLOUD_PORT),
        ("its neighbour on the LAN", own, 80),
        (
            "the router's other ports",
            (ROUTER_IPV4.into(), ROUTER_IPV6.into()),
            PAGE.port(),
        ),
    ];
    let mut tries = 0;
    for (whom, (v4, v6), port) in targets {
        for address in [v4, v6] {
            let to = SocketAddr::new(address, port);
            ensure!(lamp.connect(to, NEVER).is_err(), "the lamp reaches {whom}: {to}");
            ensure!(
                lamp.exchange(to, b"hello", NEVER).is_err(),
                "the lamp reaches {whom}: {to} over UDP"
            );
            tries += 2;
        }
        notes.sent(format!(
            "TCP and UDP to {whom}: {v4} and {v6}, port {port}: no answer"
        ));
    }
    let to_others = |packet: &&Packet| {
        let others = [elsewhere.0, elsewhere.1, never_told.0, never_told.1];
        others.contains(&packet.destination)
            || ([cloud.0, cloud.1].contains(&packet.destination) && packet.ports[1] == 22)
    };
    let passed = wan.packets()?.iter().filter(to_others).count();
    let from_lamp = lamp.ip_addresses()?;
    let arrived = neighbour
        .packets()?
        .iter()
        .filter(|packet| arrives(packet, from_lamp, own))
        .count();
    notes.measured(format!(
        "{tries} attempts; {passed} packets of them on the WAN, {arrived} at the neighbour"
    ));
    ensure!(passed == 0 && arrived == 0, "forbidden packets passed");
    Ok(())
}

/// Whether a packet went from one to the other; neighbour discovery, which every link needs, does not count.
fn arrives(packet: &Packet, from: (IpAddr, IpAddr), to: (IpAddr, IpAddr)) -> bool {
    const ICMPV6: u8 = 58;
    [from.0, from.1].contains(&packet.source)
        && [to.0, to.1].contains(&packet.destination)
        && packet.protocol != ICMPV6
}

fn camera_waits(scene: &mut Scene, notes: &Notes) -> anyhow::Result<()> {
    let camera = scene.home.thing("camera");
    camera.join()?;
    notes.sent(format!(
        "DHCP from the camera (dhclient), option 161: {CAMERA_URL}"
    ));
    let shown = scene.wait_for_state("camera", "waiting")?;
    notes.seen(format!("asked: {}", text(&shown["question"]["text"])));
    notes.seen(format!("meanwhile: {}", text(&shown["question"]["meanwhile"])));
    for address in look_up(camera, CAMERA_CLOUD)? {
        let to = SocketAddr::new(address, CLOUD_PORT);
        ensure!(
            camera.connect(to, NEVER).is_err(),
            "the camera reaches {to} without approval"
        );
    }
    notes.seen("its cloud is told by name, and not reached");
    Ok(())
}

fn camera_is_approved(scene: &mut Scene, notes: &Notes) -> anyhow::Result<()> {
    let start = Instant::now();
    let answer = scene.gateway.ask(&["approve", "camera"])?;
    notes.sent("mudguard approve camera");
    ensure!(answer.code == 0, "{}", answer.complaint);
    scene.wait_for_state("camera", "limited")?;
    notes.measured(format!(
        "{} ms from the command to rules in the kernel",
        start.elapsed().as_millis()
    ));
    let camera = scene.home.thing("camera");
    for address in look_up(camera, CAMERA_CLOUD)? {
        reach(camera, SocketAddr::new(address, CLOUD_PORT))?;
        notes.seen(format!("the camera reaches {address} port {CLOUD_PORT}"));
    }
    for address in look_up(camera, LAMP_CLOUD)? {
        let to = SocketAddr::new(address, CLOUD_PORT);
        ensure!(
            camera.connect(to, NEVER).is_err(),
            "the camera reaches the lamp's cloud: {to}"
        );
    }
    notes.seen("and not the lamp's cloud");
    Ok(())
}

fn tampered_file_is_refused(scene: &mut Scene, notes: &Notes) -> anyhow::Result<()> {
    let plug = scene.home.thing("plug");
    plug.join()?;
    notes.sent("a plug joins; on the way from its maker, a host was added to its signed file");
    let has_problem = |thing: &Value| thing["problem"].as_str().map(str::to_owned);
    let problem = scene.gateway.wait_for_thing("plug", SOON, has_problem)?;
    notes.seen(format!("refused: {problem}"));
    scene.wait_for_state("plug", "restricted")?;
    for address in look_up(plug, "elsewhere.example")? {
        let to = SocketAddr::new(address, CLOUD_PORT);
        ensure!(
            plug.connect(to, NEVER).is_err(),
            "the plug reaches the added host: {to}"
        );
    }
    notes.seen("the plug reaches this router's DNS and NTP, and not the added host");
    Ok(())
}

fn gateway_is_killed(scene: &mut Scene, notes: &Notes) -> anyhow::Result<()> {
    const PHASE: Duration = Duration::from_millis(1500);
    let (v4, v6) = server(40);
    let forbidden = [v4, v6].map(|address| SocketAddr::new(address, ECHO_TCP_PORTS[0]));
    // While it is down, the file server is of no use: the rules can come from the database only.
    scene.home.internet().files().reply(LAMP_URL, Reply::nothing());
    let told = look_up(scene.home.thing("lamp"), LAMP_CLOUD)?;
    let wan = Capture::start(scene.home.internet(), "eth0")?;
    let flow = Flow::start(scene.home.thing("lamp"), &forbidden)?;
    notes.sent(format!(
        "TCP and UDP from the lamp to {v4} and {v6}, without a pause"
    ));
    std::thread::sleep(PHASE);
    let mut passed = count(&wan, &forbidden)?;
    let mut sent = flow.sent();
    notes.measured(format!("running:   {sent} sent, {passed} passed"));
    scene.gateway.kill()?;
    notes.sent("kill -9 to the gateway");
    std::thread::sleep(PHASE);
    for address in &told {
        talk(scene.home.thing("lamp"), SocketAddr::new(*address, CLOUD_PORT))?;
    }
    let now = count(&wan, &forbidden)?;
    notes.measured(format!(
        "dead:      {} sent, {now} passed; the lamp still reaches its cloud",
        flow.sent() - sent
    ));
    (sent, passed) = (flow.sent(), passed + now);
    let start = Instant::now();
    scene.gateway.restart(&Gateway::configuration(&scene.home))?;
    let ready = start.elapsed();
    std::thread::sleep(PHASE);
    let now = count(&wan, &forbidden)?;
    notes.measured(format!(
        "restarted: {} sent, {now} passed; ready after {} ms",
        flow.sent() - sent,
        ready.as_millis()
    ));
    passed += now;
    ensure!(flow.sent() > 100, "too little was sent to prove anything");
    ensure!(passed == 0, "{passed} forbidden packets passed");
    let shown = scene.wait_for_state("lamp", "limited")?;
    ensure!(
        shown["file"]["systeminfo"] == "A lamp",
        "the last good file is not in force: {shown:#}"
    );
    notes.seen("the lamp's rules came back from the database; its file server gives no answer");
    Ok(())
}

/// How many packets to these addresses passed since the last look.
fn count(wan: &Capture, to: &[SocketAddr]) -> anyhow::Result<usize> {
    let is_one = |packet: &&Packet| to.contains(&SocketAddr::new(packet.destination, packet.ports[1]));
    Ok(wan.packets()?.iter().filter(is_one).count())
}

fn page_explains(scene: &mut Scene, notes: &Notes) -> anyhow::Result<()> {
    let blocked = |thing: &Value| {
        let flow = thing["blocked"].as_array()?.first()?;
        Some((
            flow["text"].as_str()?.to_owned(),
            flow["reason"].as_str()?.to_owned(),
        ))
    };
    let (what, why) = scene.gateway.wait_for_thing("lamp", SOON, blocked)?;
    let answer = scene.gateway.ask(&["why", "lamp"])?;
    ensure!(answer.code == 0, "{}", answer.complaint);
    notes.sent("mudguard why lamp");
    notes.seen(format!("{what}. {why}"));
    let sentences = answer.json["sentences"].as_array().context("no sentences")?;
    for sentence in sentences.iter().take(3) {
        notes.seen(text(sentence));
    }
    let page = scene.home.router().enter(|| get(PAGE))??;
    let (head, content) = page
        .split_once("\r\n\r\n")
        .context("the page is no HTTP response")?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "the page answers {head}");
    for name in ["lamp", "camera", "plug"] {
        ensure!(content.contains(name), "the page does not show the {name}");
    }
    notes.seen(format!("the page shows the devices ({} octets)", content.len()));
    Ok(())
}

fn get(from: SocketAddr) -> anyhow::Result<String> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect_timeout(&from, SOON)?;
    stream.set_read_timeout(Some(SOON))?;
    write!(
        stream,
        "GET / HTTP/1.1\r\nHost: {from}\r\nConnection: close\r\n\r\n"
    )?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    Ok(page)
}

fn off(scene: &mut Scene, notes: &Notes) -> anyhow::Result<()> {
    let (status, log) = scene.gateway.stop()?;
    if !status.success() {
        bail!("the gateway ended with {status}; its log:\n{log}");
    }
    let still_kept_in = SocketAddr::new(server(40).0, CLOUD_PORT);
    let lamp = scene.home.thing("lamp");
    ensure!(
        lamp.connect(still_kept_in, NEVER).is_err(),
        "the rules left with the gateway"
    );
    notes.sent("SIGTERM to the gateway: it ends, its rules stay");
    let answer = scene.gateway.off()?;
    ensure!(answer.code == 0, "{}", answer.complaint);
    notes.sent("mudguard off");
    notes.seen(format!("removed: {}", answer.json["removed"]));
    let ruleset = scene.home.router().run("nft", ["list", "ruleset"])?;
    ensure!(
        ruleset == scene.ruleset_before,
        "the router's ruleset is not what it was:\n{ruleset}"
    );
    notes.seen("`nft list ruleset` prints what it printed before the gateway ran");
    talk(lamp, still_kept_in)?;
    notes.seen("the lamp reaches every host again");
    Ok(())
}

/// As [`talk`], soon: a decision is shown some milliseconds before the kernel has it.
fn reach(thing: &Thing, to: SocketAddr) -> anyhow::Result<Duration> {
    until(SOON, || Ok(talk(thing, to).ok())).with_context(|| format!("{} does not reach {to}", thing.name()))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("(nothing)").to_owned()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
