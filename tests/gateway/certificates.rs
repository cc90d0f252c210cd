//! MUD URLs in certificates (RFC 8520 section 11): a real EAP-TLS login by wpa_supplicant at hostapd and FreeRADIUS, configured as
//! docs/certificates.md says, and what the gateway makes of it.

use std::{fs, path::Path};

use mudguard_tests::{
    home::{Authority, Home, Identity, Thing, ThingPlan, gateway::Answer, until},
    left_out_without, left_out_without_root,
};
use serde_json::Value;

use super::{LAMP_CLOUD, LAMP_TCP, LAMP_URL, Lab, SOON, wait_until_reached};

/// Whether the programs are missing; it says so.
fn left_out() -> bool {
    left_out_without_root()
        || ["freeradius", "hostapd", "wpasupplicant"]
            .into_iter()
            .any(left_out_without)
}

/// The block of the document that begins with this line.
fn documented(first: &str) -> String {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/certificates.md");
    let document = fs::read_to_string(document).unwrap();
    let mut blocks = document.split("```\n");
    blocks.find(|block| block.starts_with(first)).unwrap().to_owned()
}

/// Lets a Thing log in at its port of the router, as anybody would who read the document; returns when the port lets it in.
fn log_in(lab: &Lab, thing: &Thing, makers: &Authority, identity: &Identity) {
    let folder = lab.home.folder().join("eap");
    fs::create_dir(&folder).unwrap();
    fs::create_dir(folder.join("tmp")).unwrap();
    let path = |name: &str| folder.join(name).display().to_string();
    let write = |name: &str, text: String| fs::write(folder.join(name), text).unwrap();
    let server = makers.server(&["radius.home.example".to_owned()]).unwrap();
    let (program, socket) = lab.gateway.program();
    let ours = |text: String| {
        text.replace(
            "/usr/bin/mudguard certificate --announce",
            &format!(
                "{} certificate --control {} --announce",
                program.display(),
                socket.display()
            ),
        )
        .replace("/usr/bin/mudguard", &program.display().to_string())
        .replace("/run/mudguard-certificates", &path("kept"))
        .replace("/run/freeradius", &path("tmp"))
    };
    write(
        "dictionary",
        "$INCLUDE /usr/share/freeradius/dictionary\n".to_owned(),
    );
    let (verify, module) = (ours(documented("verify {")), ours(documented("exec mudguard {")));
    write(
        "radiusd.conf",
        format!(
            "libdir = /usr/lib/freeradius\nlogdir = {folder}\nraddbdir = {folder}\nconfdir = {folder}\nradacctdir = {folder}\n\
         run_dir = {folder}\ndb_dir = {folder}\nlocalstatedir = {folder}\nname = radiusd\npidfile = {folder}/pid\n\
         log {{\ndestination = stdout\n}}\nsecurity {{\nallow_vulnerable_openssl = yes\n}}\nproxy_requests = no\n\
         client localhost {{\nipaddr = 127.0.0.1\nsecret = laboratory\n}}\n\
         thread pool {{\nstart_servers = 1\nmax_servers = 2\nmin_spare_servers = 1\nmax_spare_servers = 2\n}}\n\
         modules {{\neap {{\ndefault_eap_type = tls\ntls-config tls-common {{\nprivate_key_file = {key}\ncertificate_file = {certificate}\n\
         ca_file = {authority}\n{verify}\n}}\ntls {{\ntls = tls-common\n}}\n}}\n{module}\n}}\n\
         server default {{\nlisten {{\ntype = auth\nipaddr = 127.0.0.1\nport = 1812\n}}\nauthorize {{\neap\n}}\nauthenticate {{\neap\n}}\n\
         post-auth {{\n{post}\n}}\n}}\n",
            folder = folder.display(),
            key = server.key.display(),
            certificate = server.certificate.display(),
            authority = makers.certificate().display(),
            post = documented("if (&TLS-Client-Cert-Serial)"),
        ),
    );
    write(
        "hostapd.conf",
        format!(
            "interface={}\ndriver=wired\nieee8021x=1\nuse_pae_group_addr=1\nown_ip_addr=127.0.0.1\nnas_identifier=router\n\
         auth_server_addr=127.0.0.1\nauth_server_port=1812\nauth_server_shared_secret=laboratory\n",
            thing.port()
        ),
    );
    write(
        "supplicant.conf",
        format!(
            "ap_scan=0\nnetwork={{\nkey_mgmt=IEEE8021X\neap=TLS\nidentity=\"lamp\"\neapol_flags=0\nca_cert=\"{}\"\nclient_cert=\"{}\"\n\
         private_key=\"{}\"\n}}\n",
            makers.certificate().display(),
            identity.certificate.display(),
            identity.key.display(),
        ),
    );
    let router = lab.home.router();
    let radius = router
        .spawn("freeradius", ["-X", "-f", "-d", &folder.display().to_string()])
        .unwrap();
    let is_ready = |log: &str| log.contains("Ready to process requests").then_some(());
    radius.wait_for(SOON, is_ready).unwrap();
    let _hostapd = router.spawn("hostapd", [path("hostapd.conf")]).unwrap();
    let supplicant = thing
        .spawn(
            "wpa_supplicant",
            ["-D", "wired", "-i", "eth0", "-c", &path("supplicant.conf")],
        )
        .unwrap();
    let is_in = |log: &str| log.contains("CTRL-EVENT-CONNECTED").then_some(());
    if let Err(error) = supplicant.wait_for(SOON, is_in) {
        panic!("{error:#}; the log of FreeRADIUS:\n{}", radius.log());
    }
    // The announcement runs beside it.
    let by_certificate = |thing: &Value| (thing["channel"] == "certificate").then_some(());
    if let Err(error) = lab.gateway.wait_for_thing(thing.name(), SOON, by_certificate) {
        panic!("{error:#}; the log of FreeRADIUS:\n{}", radius.log());
    }
    // It goes a moment after the gateway knows.
    let is_gone = || Ok((fs::read_dir(folder.join("kept"))?.count() == 0).then_some(()));
    until(SOON, is_gone).unwrap();
}

fn certificate(lab: &Lab, mac: &str, arguments: &[&str]) -> Answer {
    let arguments = [&["certificate", "--mac", mac], arguments].concat();
    lab.gateway.ask(&arguments).unwrap()
}

#[test]
fn the_certificate_by_which_a_thing_logs_in_says_its_mud_url() {
    if left_out() {
        return;
    }
    let lab = Lab::with(
        Home::builder()
            .thing(ThingPlan::new("lamp"))
            .thing(ThingPlan::new("liar").mud_url(LAMP_URL)),
    );
    let makers = Authority::new(lab.home.folder().join("makers"), "Makers of Things").unwrap();
    let identity = makers.thing("Lamp 4711", LAMP_URL).unwrap();
    let lamp = lab.join("lamp", "not-limited");
    log_in(&lab, lamp, &makers, &identity);
    let shown = lab.wait_for_state("lamp", "limited");
    assert_eq!(
        (&shown["mud-url"], &shown["channel"]),
        (&LAMP_URL.into(), &"certificate".into())
    );
    wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);

    // Who only says the same is not of that class until the owner agrees.
    let liar = lab.home.thing("liar");
    liar.join().unwrap();
    let shown = lab.wait_for_state("liar", "waiting");
    assert_eq!(
        (&shown["mud-url"], &shown["file"]),
        (&Value::Null, &Value::Null),
        "{shown:#}"
    );
}

#[test]
fn a_certificate_that_was_only_shown_says_nothing() {
    if left_out_without_root() {
        return;
    }
    let lab = Lab::with(Home::builder().thing(ThingPlan::new("lamp")));
    let makers = Authority::new(lab.home.folder().join("makers"), "Makers of Things").unwrap();
    let identity = makers.thing("Lamp 4711", LAMP_URL).unwrap();
    let lamp = lab.join("lamp", "not-limited");
    let (file, folder) = (
        identity.certificate.to_str().unwrap(),
        lab.home.folder().join("kept"),
    );
    let folder = folder.to_str().unwrap();
    assert_eq!(certificate(&lab, lamp.mac(), &["--keep", folder, file]).code, 0);
    assert_eq!(lab.wait_for_state("lamp", "not-limited")["mud-url"], Value::Null);
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
    // One of another Thing is not proved by this one.
    let serial = fs::read_dir(folder).unwrap().next().unwrap().unwrap().file_name();
    let serial = serial
        .to_str()
        .unwrap()
        .rsplit('-')
        .next()
        .unwrap()
        .trim_end_matches(".pem")
        .to_owned();
    let kept = ["--announce", "--kept", folder, "--serial", &serial];
    let other = certificate(&lab, "02:00:00:00:99:99", &kept);
    assert_eq!(other.code, 1);
    assert!(other.complaint.contains("was kept"), "{other:?}");
    assert_eq!(
        certificate(&lab, lamp.mac(), &kept).json["channel"],
        "certificate"
    );
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0);

    let nothing = makers.server(&["no-mud.example".to_owned()]).unwrap();
    let nothing = nothing.certificate.to_str().unwrap();
    let told = certificate(&lab, lamp.mac(), &["--announce", nothing]);
    assert_eq!(told.code, 1);
    assert!(told.complaint.contains("names no MUD URL"), "{told:?}");
    assert_eq!(
        certificate(&lab, lamp.mac(), &["--keep", folder, nothing]).code,
        0
    );
    assert_eq!(
        fs::read_dir(folder).unwrap().count(),
        0,
        "one without a MUD URL is not kept"
    );
}

#[test]
fn the_file_must_be_signed_by_whom_the_certificate_names_even_after_a_restart() {
    if left_out_without_root() {
        return;
    }
    let mut lab = Lab::with(
        Home::builder()
            .thing(ThingPlan::new("lamp"))
            .thing(ThingPlan::new("bulb")),
    );
    let makers = Authority::new(lab.home.folder().join("makers"), "Makers of Things").unwrap();
    let path = |identity: &Identity| identity.certificate.to_str().unwrap().to_owned();
    // The file of the lamp is signed by the maker of lamps.
    let other = makers.thing_with_signer("Lamp 1", LAMP_URL, "Somebody").unwrap();
    let right = makers
        .thing_with_signer("Lamp 2", LAMP_URL, "Lamp Maker")
        .unwrap();
    let (lamp, bulb) = (
        lab.home.thing("lamp").mac().to_owned(),
        lab.home.thing("bulb").mac().to_owned(),
    );
    lab.join("lamp", "not-limited");
    assert_eq!(certificate(&lab, &lamp, &["--announce", &path(&other)]).code, 0);
    let shown = lab.wait_for_state("lamp", "waiting");
    assert_eq!(
        (&shown["file"], &shown["question"]["kind"]),
        (&Value::Null, &"file".into()),
        "{shown:#}"
    );
    assert!(
        shown["question"]["text"].as_str().unwrap().contains("Somebody"),
        "{shown:#}"
    );
    // No second certificate makes another the signer.
    let second = certificate(&lab, &bulb, &["--announce", &path(&right)]);
    assert_eq!(second.code, 1);
    assert!(
        second.complaint.contains("not by CN=MUD signer,O=Lamp Maker"),
        "{second:?}"
    );
    lab.gateway.kill().unwrap();
    lab.gateway.restart(&lab.configuration()).unwrap();
    let file = super::lamp_file();
    let (octets, signature) = (lab.home.folder().join("f.json"), lab.home.folder().join("f.p7s"));
    fs::write(&octets, file.json()).unwrap();
    fs::write(&signature, lab.home.mud().sign(file.json().as_bytes()).unwrap()).unwrap();
    let brought = lab
        .gateway
        .ask(&["import", octets.to_str().unwrap(), signature.to_str().unwrap()])
        .unwrap();
    assert_eq!(
        (brought.code, &brought.json["verified"]),
        (3, &false.into()),
        "{brought:?}"
    );

    let mut lab = Lab::with(Home::builder().thing(ThingPlan::new("lamp")));
    let lamp = lab.join("lamp", "not-limited").mac().to_owned();
    assert_eq!(certificate(&lab, &lamp, &["--announce", &path(&right)]).code, 0);
    lab.wait_for_state("lamp", "limited");
    lab.gateway.kill().unwrap();
}
