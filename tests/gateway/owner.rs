//! What waits for the owner, what the owner's answers do, and what is refused without asking (RFC 8520 sections 13.2 and 16).

use std::net::SocketAddr;

use mudguard_tests::{
    home::{
        Authority, DhcpClient, Home, Protocol, Reply, Thing, ThingPlan,
        addresses::server,
        mud::{MudFile, Peer},
        until,
    },
    left_out_without_root,
};
use serde_json::Value;

use super::{
    CAMERA_CLOUD, CAMERA_URL, LAMP_CLOUD, LAMP_TCP, LAMP_URL, Lab, NEVER, SOON, lamp_file, look_up,
    reaches_no, reaches_tcp, wait_until_reached,
};

#[test]
fn an_unsigned_file_waits_and_holds_once_it_is_approved() {
    if left_out_without_root() {
        return;
    }
    let lab = with_camera();
    lab.home
        .internet()
        .files()
        .reply(CAMERA_URL, Reply::mud_file(camera_file().json().as_bytes()));
    let camera = lab.join("camera", "waiting");
    reaches_no(camera, CAMERA_CLOUD);
    let shown = lab.wait_for_state("camera", "waiting");
    assert_eq!(shown["question"]["kind"], "file");
    assert_eq!(shown["file"], Value::Null);

    let approved = lab.gateway.ask(&["approve", "camera"]).unwrap();
    assert_eq!(approved.code, 0, "{}", approved.complaint);
    let shown = lab.wait_for_state("camera", "limited");
    assert_eq!(shown["question"], Value::Null);
    wait_until_reached(camera, CAMERA_CLOUD, LAMP_TCP);
    reaches_no(camera, LAMP_CLOUD);
    // There is nothing left to answer.
    let again = lab.gateway.ask(&["approve", "camera"]).unwrap();
    assert_eq!(again.code, 1);
    assert!(
        again.complaint.contains("waits for a decision"),
        "{}",
        again.complaint
    );
}

#[test]
fn a_rejected_file_leaves_the_narrow_policy_and_is_not_asked_about_again() {
    if left_out_without_root() {
        return;
    }
    let mut lab = with_camera();
    lab.home
        .internet()
        .files()
        .reply(CAMERA_URL, Reply::mud_file(camera_file().json().as_bytes()));
    lab.join("camera", "waiting");
    let rejected = lab.gateway.ask(&["reject", "camera"]).unwrap();
    assert_eq!(rejected.code, 0, "{}", rejected.complaint);
    lab.wait_for_state("camera", "restricted");
    reaches_no(lab.home.thing("camera"), CAMERA_CLOUD);

    // Neither when it joins again nor after a restart.
    lab.gateway.kill().unwrap();
    lab.gateway.restart(&lab.configuration()).unwrap();
    lab.home.thing("camera").unplug().unwrap();
    lab.join("camera", "restricted");
    lab.home
        .internet()
        .files()
        .wait_for_requests(CAMERA_URL, 2, SOON)
        .unwrap();
    let shown = lab.wait_for_state("camera", "restricted");
    assert_eq!(shown["question"], Value::Null);
}

#[test]
fn a_file_signed_under_an_authority_that_nobody_trusts_here_waits() {
    if left_out_without_root() {
        return;
    }
    let lab = with_camera();
    let file = camera_file();
    let stranger = Authority::new(lab.home.folder().join("stranger"), "A stranger").unwrap();
    let signature = stranger
        .mud_signer("Camera Maker")
        .unwrap()
        .sign(file.json().as_bytes())
        .unwrap();
    let files = lab.home.internet().files();
    files.reply(CAMERA_URL, Reply::mud_file(file.json().as_bytes()));
    files.reply(
        &file.signature_url(),
        Reply::content("application/pkcs7-signature", &signature),
    );
    let camera = lab.join("camera", "waiting");
    reaches_no(camera, CAMERA_CLOUD);
    assert_eq!(
        lab.wait_for_state("camera", "waiting")["question"]["kind"],
        "file"
    );
}

#[test]
fn a_tampered_file_is_refused_and_the_last_good_rules_stay() {
    if left_out_without_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.join("lamp", "limited");
    wait_until_reached(lab.home.thing("lamp"), LAMP_CLOUD, LAMP_TCP);

    let more = lamp_file().permit(Peer::Name("elsewhere.example"), Protocol::Tcp, LAMP_TCP);
    lab.home
        .internet()
        .files()
        .reply(LAMP_URL, Reply::mud_file(more.json().as_bytes()));
    lab.restart_and_retrieve();
    let problem = |thing: &Value| thing["problem"].as_str().map(str::to_owned);
    let problem = lab.gateway.wait_for_thing("lamp", SOON, problem).unwrap();
    assert!(problem.contains("not the one that was signed"), "{problem}");
    let shown = lab.wait_for_state("lamp", "limited");
    assert_eq!(
        shown["question"],
        Value::Null,
        "nobody is asked about a forged file"
    );
    let lamp = lab.home.thing("lamp");
    wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);
    reaches_no(lamp, "elsewhere.example");
}

#[test]
fn a_file_whose_lists_are_renamed_means_the_same() {
    if left_out_without_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.join("lamp", "limited");
    let renamed = lamp_file()
        .json()
        .replace("from-ipv4", "a")
        .replace("from-ipv6", "b")
        .replace("to-ipv4", "c")
        .replace("to-ipv6", "d");
    let signature = lab.home.mud().sign(renamed.as_bytes()).unwrap();
    let files = lab.home.internet().files();
    files.reply(LAMP_URL, Reply::mud_file(renamed.as_bytes()));
    files.reply(
        &lamp_file().signature_url(),
        Reply::content("application/pkcs7-signature", &signature),
    );
    lab.restart_and_retrieve();
    let renamed = |thing: &Value| {
        let verdicts = thing["verdicts"].as_array()?;
        verdicts
            .iter()
            .any(|verdict| verdict["list"] == "a")
            .then(|| thing.clone())
    };
    let shown = lab.gateway.wait_for_thing("lamp", SOON, renamed).unwrap();
    assert_eq!(shown["sum"]["refused"], 0, "{shown:#}");
    assert_eq!(shown["question"], Value::Null, "{shown:#}");
    let lamp = lab.home.thing("lamp");
    wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);
    let elsewhere = SocketAddr::new(server(40).0, LAMP_TCP);
    assert!(lamp.connect(elsewhere, NEVER).is_err());
}

#[test]
fn what_the_owner_allows_and_lifts_holds_until_it_is_ended() {
    if left_out_without_root() {
        return;
    }
    let lab = Lab::new();
    let lamp = lab.join("lamp", "limited");
    reaches_no(lamp, "elsewhere.example");
    let decide = |arguments: &[&str]| {
        let decided = lab.gateway.ask(arguments).unwrap();
        assert_eq!(decided.code, 0, "{arguments:?}: {}", decided.complaint);
        decided.json
    };
    let allow = [
        "allow",
        "lamp",
        "elsewhere.example",
        "--port",
        "tcp/8883",
        "--for",
        "1h",
    ];

    let shown = decide(&allow);
    let decided = &shown["overrides"][0];
    assert_eq!(
        (&decided["kind"], &decided["peer"], &decided["port"]),
        (&"allow".into(), &"elsewhere.example".into(), &LAMP_TCP.into())
    );
    assert!(decided["until"].is_string(), "{shown:#}");
    wait_until_reached(lamp, "elsewhere.example", LAMP_TCP);
    decide(&["end", "lamp", &decided["id"].to_string()]);
    wait_until_not_reached(lamp, "elsewhere.example");

    decide(&allow);
    wait_until_reached(lamp, "elsewhere.example", LAMP_TCP);
    let shown = decide(&["undo", "lamp"]);
    assert_eq!(shown["overrides"], Value::Array(Vec::new()));
    wait_until_not_reached(lamp, "elsewhere.example");

    let shown = decide(&["lift", "lamp", "--for", "15m"]);
    assert!(shown["lifted-until"].is_string(), "{shown:#}");
    assert_eq!(decide(&["status"])["lifted"], 1);
    wait_until_reached(lamp, "elsewhere.example", LAMP_TCP);
    decide(&["undo", "lamp"]);
    wait_until_not_reached(lamp, "elsewhere.example");
    assert_eq!(decide(&["status"])["lifted"], 0);

    // What was ended before can be brought back, too; then there is nothing more.
    let shown = decide(&["undo", "lamp"]);
    assert_eq!(shown["overrides"][0]["kind"], "allow", "{shown:#}");
    wait_until_reached(lamp, "elsewhere.example", LAMP_TCP);
    let undo = || lab.gateway.ask(&["undo", "lamp"]).unwrap();
    let refused = (0..4).map(|_| undo()).find(|answer| answer.code != 0).unwrap();
    assert_eq!(refused.code, 1);
    assert!(
        refused.complaint.contains("can be taken back"),
        "{}",
        refused.complaint
    );
}

/// A home with a lamp and a camera; of the camera's file nothing is there yet.
fn with_camera() -> Lab {
    Lab::with(
        Home::builder()
            .thing(ThingPlan::new("lamp").mud_url(LAMP_URL))
            .thing(
                ThingPlan::new("camera")
                    .mud_url(CAMERA_URL)
                    .client(DhcpClient::Dhclient),
            ),
    )
}

fn camera_file() -> MudFile<'static> {
    MudFile::new(CAMERA_URL)
        .systeminfo("A camera of the laboratory")
        .permit_dns_and_ntp()
        .permit(Peer::Name(CAMERA_CLOUD), Protocol::Tcp, LAMP_TCP)
}

/// Waits until neither family of a name is reached: an end is shown some milliseconds before the kernel has it.
fn wait_until_not_reached(thing: &Thing, name: &str) {
    for address in look_up(thing, name) {
        let to = SocketAddr::new(address, LAMP_TCP);
        until(SOON, || Ok((!reaches_tcp(thing, to)).then_some(())))
            .unwrap_or_else(|_| panic!("{} still reaches {to}", thing.name()));
    }
}
