//! IoT-1 to IoT-4 and IoT-10: the MUD file, its server, its signature, and how long it is kept.

use std::time::Duration;

use mudguard_tests::{
    home::{
        Certificate, Home, Identity, Protocol, Reply, ThingPlan,
        mud::{MudFile, Peer},
    },
    left_out_without, left_out_without_root,
};
use serde_json::Value;

use super::super::{
    CAMERA_CLOUD, CAMERA_URL, LAMP_CLOUD, LAMP_TCP, LAMP_URL, Lab, SOON, lamp_file, reaches_no,
    wait_until_reached,
};

/// How often a URL was asked for.
fn requests(lab: &Lab, url: &str) -> usize {
    let requests = lab.home.internet().files().requests();
    requests.iter().filter(|request| request.url == url).count()
}

/// Waits until the gateway shows a problem with the Thing's file, and returns it.
fn wait_for_problem(lab: &Lab, name: &str) -> String {
    let problem = |thing: &Value| thing["problem"].as_str().map(str::to_owned);
    lab.gateway.wait_for_thing(name, SOON, problem).unwrap()
}

/// A home with a lamp whose file is signed by somebody else than usual.
fn with_signer(signer: impl FnOnce(&Home) -> Identity) -> Lab {
    let lab = Lab::new();
    let file = lamp_file();
    let signature = signer(&lab.home).sign(file.json().as_bytes()).unwrap();
    lab.home.internet().files().reply(
        &file.signature_url(),
        Reply::content("application/pkcs7-signature", &signature),
    );
    lab
}

/// A Thing says its MUD URL; its file and the signature are retrieved and verified; its rules, and no others, hold.
#[test]
fn iot_1_a_mud_url_leads_to_a_verified_file_and_to_its_rules_in_the_kernel() {
    if left_out_without_root() {
        return;
    }
    let lab = Lab::new();
    let lamp = lab.join("lamp", "limited");
    for url in [LAMP_URL.to_owned(), lamp_file().signature_url()] {
        assert_eq!(requests(&lab, &url), 1, "{url}");
    }
    let shown = lab.wait_for_state("lamp", "limited");
    assert_eq!(
        (&shown["mud-url"], &shown["channel"]),
        (&LAMP_URL.into(), &"dhcpv4".into())
    );
    assert_eq!(shown["file"]["trust"]["kind"], "signed", "{shown:#}");
    wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);
    reaches_no(lamp, "elsewhere.example");
}

/// The file server's certificate is for another name, or has expired: nothing of that server is used, and the Thing has what a Thing
/// without a file has.
#[test]
fn iot_2_a_file_whose_server_shows_a_bad_certificate_is_not_used() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder()
        .thing(ThingPlan::new("lamp").mud_url(LAMP_URL))
        .thing(ThingPlan::new("camera").mud_url(CAMERA_URL));
    let lab = Lab::with(home);
    lab.home.publish(&lamp_file_at(CAMERA_URL, CAMERA_CLOUD)).unwrap();
    let files = lab.home.internet().files();
    let bad = [
        ("lamp", LAMP_CLOUD, Certificate::OtherName, "name"),
        ("camera", CAMERA_CLOUD, Certificate::Expired, "expired"),
    ];
    for (name, _, certificate, _) in bad {
        files
            .certificate(&format!("mud.{name}-maker.example"), certificate)
            .unwrap();
    }
    for (name, cloud, certificate, reason) in bad {
        let thing = lab.join(name, "restricted");
        let problem = wait_for_problem(&lab, name);
        assert!(problem.contains(reason), "{certificate:?}: {problem}");
        // DNS goes on: it is what is asked here.
        reaches_no(thing, cloud);
        assert_eq!(lab.wait_for_state(name, "restricted")["file"], Value::Null);
    }
    // Not a word was said to a server that could not prove its name.
    assert_eq!(files.requests().len(), 0);
}

/// The signer's certificate had expired before the file was retrieved for the first time: its rights wait.
#[test]
fn iot_3_a_file_whose_signer_has_expired_grants_nothing() {
    if left_out_without_root() {
        return;
    }
    let lab = with_signer(|home| home.mud().authority().expired_mud_signer("Lamp Maker").unwrap());
    let lamp = lab.home.thing("lamp");
    lamp.join().unwrap();
    let told = |thing: &Value| {
        let text = [&thing["problem"], &thing["question"]["text"]].map(Value::to_string);
        text.concat().contains("expired").then(|| thing.clone())
    };
    let shown = lab.gateway.wait_for_thing("lamp", SOON, told).unwrap();
    assert_eq!(shown["file"], Value::Null, "{shown:#}");
    assert_ne!(shown["state"], "limited");
    reaches_no(lamp, LAMP_CLOUD);
}

/// One octet of the file, or of the signature, is another one than was signed: refused, and nobody is asked.
#[test]
fn iot_4_a_file_that_its_signature_does_not_match_is_refused() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder()
        .thing(ThingPlan::new("lamp").mud_url(LAMP_URL))
        .thing(ThingPlan::new("camera").mud_url(CAMERA_URL));
    let lab = Lab::with(home);
    let camera_file = lamp_file_at(CAMERA_URL, CAMERA_CLOUD);
    lab.home.publish(&camera_file).unwrap();
    let files = lab.home.internet().files();
    let mut changed = lamp_file().json().into_bytes();
    // 8883 becomes 8882, and the file stays a good one.
    let port = changed.windows(4).position(|octets| octets == b"8883").unwrap();
    changed[port + 3] = b'2';
    files.reply(LAMP_URL, Reply::mud_file(&changed));
    let mut signature = lab.home.mud().sign(camera_file.json().as_bytes()).unwrap();
    *signature.last_mut().unwrap() ^= 1;
    files.reply(
        &camera_file.signature_url(),
        Reply::content("application/pkcs7-signature", &signature),
    );
    for (name, cloud) in [("lamp", LAMP_CLOUD), ("camera", CAMERA_CLOUD)] {
        let thing = lab.join(name, "restricted");
        wait_for_problem(&lab, name);
        let shown = lab.wait_for_state(name, "restricted");
        assert_eq!(
            (&shown["file"], &shown["question"]),
            (&Value::Null, &Value::Null),
            "{shown:#}"
        );
        reaches_no(thing, cloud);
    }
}

/// A file of this URL, which permits this peer.
fn lamp_file_at<'a>(url: &'a str, cloud: &'a str) -> MudFile<'a> {
    MudFile::new(url)
        .permit_dns_and_ntp()
        .permit(Peer::Name(cloud), Protocol::Tcp, LAMP_TCP)
}

/// Within the file's cache-validity nobody asks its server again, however often the Thing says its MUD URL; afterwards, somebody does.
#[test]
fn iot_10_a_file_is_asked_for_again_after_its_cache_validity_and_not_before() {
    if left_out_without_root() || left_out_without("faketime") {
        return;
    }
    let mut lab = Lab::new();
    let file = lamp_file().cache_validity(4);
    lab.home.publish(&file).unwrap();
    lab.gateway.stop().unwrap();
    let clock = lab.gateway.make_clock_movable().unwrap();
    lab.gateway.restart(&lab.configuration()).unwrap();
    let lamp = lab.join("lamp", "limited");
    let hours = |hours: u64| clock.set_ahead(Duration::from_secs(hours * 3600)).unwrap();
    let say_again = || {
        lamp.unplug().unwrap();
        lab.join("lamp", "limited");
    };
    let newer = file.permit(Peer::Name("elsewhere.example"), Protocol::Tcp, LAMP_TCP);
    lab.home.publish(&newer).unwrap();
    hours(3);
    say_again();
    assert_eq!(requests(&lab, LAMP_URL), 1);
    reaches_no(lamp, "elsewhere.example");
    // Up to a tenth later, so that not all homes ask at once.
    hours(5);
    lamp.unplug().unwrap();
    // What it adds waits for the owner.
    lab.join("lamp", "waiting");
    assert_eq!(requests(&lab, LAMP_URL), 2);
    let approved = lab.gateway.ask(&["approve", "lamp"]).unwrap();
    assert_eq!(approved.code, 0, "{}", approved.complaint);
    wait_until_reached(lamp, "elsewhere.example", LAMP_TCP);
}
