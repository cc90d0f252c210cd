//! What the owner brings by hand: MUD files without the internet (`mudguard import`), and the text of a QR code (RFC 9238).

use std::{fs, net::SocketAddr, path::PathBuf};

use mudguard_tests::{
    home::{
        Home, Protocol, Reply, ThingPlan,
        addresses::server,
        gateway::Answer,
        mud::{MudFile, Peer},
    },
    left_out_without_root,
};
use serde_json::Value;

use super::{LAMP_CLOUD, LAMP_TCP, LAMP_URL, Lab, lamp_file, reaches_tcp, wait_until_reached};

/// A home with a lamp whose file server is not there.
fn without_file_server() -> Lab {
    let lab = Lab::with(Home::builder().thing(ThingPlan::new("lamp").mud_url(LAMP_URL)));
    lab.home
        .internet()
        .files()
        .reply(LAMP_URL, Reply::status("503 Service Unavailable"));
    lab
}

impl Lab {
    fn write(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.home.folder().join(name);
        fs::write(&path, octets).unwrap();
        path
    }

    /// Brings a file, and its signature by the maker if that is wanted.
    fn import(&self, file: &MudFile<'_>, signed: bool) -> Answer {
        self.import_text(&file.json(), signed)
    }

    fn import_text(&self, octets: &str, signed: bool) -> Answer {
        let path = self.write("brought.json", octets.as_bytes());
        let mut arguments = vec!["import", path.to_str().unwrap()];
        let signature = self.write("brought.p7s", &self.home.mud().sign(octets.as_bytes()).unwrap());
        if signed {
            arguments.push(signature.to_str().unwrap());
        }
        self.gateway.ask(&arguments).unwrap()
    }
}

#[test]
fn a_signed_file_that_is_brought_holds_like_a_retrieved_one() {
    if left_out_without_root() {
        return;
    }
    let lab = without_file_server();
    let lamp = lab.join("lamp", "restricted");
    let brought = lab.import(&lamp_file(), true);
    assert_eq!(brought.code, 0, "{brought:?}");
    assert_eq!(
        (&brought.json["outcome"], &brought.json["mud-url"]),
        (&"in-force".into(), &LAMP_URL.into())
    );
    assert!(
        brought.json["signer"].as_str().unwrap().contains("Lamp Maker"),
        "{brought:?}"
    );
    let shown = lab.wait_for_state("lamp", "limited");
    assert_eq!(shown["problem"], Value::Null);
    wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);
    assert!(!reaches_tcp(lamp, SocketAddr::new(server(40).0, LAMP_TCP)));

    assert_eq!(lab.import(&lamp_file(), true).json["outcome"], "unchanged");
    // The rules of a retrieved file: none is replaced by an older one, and none by one that nobody signed.
    let mut older: Value = serde_json::from_str(&lamp_file().json()).unwrap();
    older["ietf-mud:mud"]["last-update"] = "2020-01-01T00:00:00Z".into();
    let refused = lab.import_text(&older.to_string(), true);
    assert_eq!(
        (refused.code, &refused.json["outcome"]),
        (1, &"refused".into()),
        "{refused:?}"
    );
    assert!(
        refused.json["reason"].as_str().unwrap().contains("older"),
        "{refused:?}"
    );
    let unsigned = lab.import(&lamp_file().systeminfo("Another lamp"), false);
    assert_eq!(
        (unsigned.code, &unsigned.json["outcome"]),
        (3, &"waits".into()),
        "{unsigned:?}"
    );
    assert_eq!(
        lab.wait_for_state("lamp", "waiting")["file"]["systeminfo"],
        "A lamp of the laboratory"
    );
}

#[test]
fn an_unsigned_file_that_is_brought_waits_and_a_forged_one_is_not_taken() {
    if left_out_without_root() {
        return;
    }
    let lab = without_file_server();
    let lamp = lab.join("lamp", "restricted");
    let (file, other) = (
        lamp_file(),
        lamp_file().permit(Peer::Name("elsewhere.example"), Protocol::Tcp, LAMP_TCP),
    );
    let path = lab.write("forged.json", other.json().as_bytes());
    let signature = lab.write(
        "forged.p7s",
        &lab.home.mud().sign(file.json().as_bytes()).unwrap(),
    );
    let forged = lab
        .gateway
        .ask(&["import", path.to_str().unwrap(), signature.to_str().unwrap()])
        .unwrap();
    assert_eq!((forged.code, &forged.json), (1, &Value::Null));
    assert!(
        forged.complaint.contains("not the one that was signed"),
        "{forged:?}"
    );
    lab.wait_for_state("lamp", "restricted");

    let brought = lab.import(&file, false);
    assert_eq!(
        (brought.code, &brought.json["outcome"]),
        (3, &"waits".into()),
        "{brought:?}"
    );
    assert_eq!(lab.wait_for_state("lamp", "waiting")["question"]["kind"], "file");
    assert_eq!(lab.gateway.ask(&["approve", "lamp"]).unwrap().code, 0);
    wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);
    // No is no for these octets, however they come.
    let rejected = lamp_file().systeminfo("A third lamp");
    assert_eq!(lab.import(&rejected, false).json["outcome"], "waits");
    assert_eq!(lab.gateway.ask(&["reject", "lamp"]).unwrap().code, 0);
    let again = lab.import(&rejected, false);
    assert_eq!(
        (again.code, &again.json["outcome"]),
        (1, &"rejected-before".into()),
        "{again:?}"
    );
}

#[test]
fn a_file_that_is_brought_first_holds_for_the_thing_that_comes_later_and_after_a_restart() {
    if left_out_without_root() {
        return;
    }
    let mut lab = without_file_server();
    let brought = lab.import(&lamp_file(), true);
    assert_eq!(
        (brought.code, &brought.json["outcome"]),
        (0, &"kept".into()),
        "{brought:?}"
    );
    let unsigned = lab.import(&MudFile::new("https://mud.other.example/x.json"), false);
    assert_eq!(
        (unsigned.code, &unsigned.json["outcome"]),
        (3, &"waits-for-thing".into()),
        "{unsigned:?}"
    );
    lab.gateway.kill().unwrap();
    lab.gateway.restart(&lab.configuration()).unwrap();
    let lamp = lab.join("lamp", "limited");
    wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);
    assert!(lab.home.internet().files().requests().is_empty());
}

#[test]
fn the_code_on_a_thing_says_which_it_is_and_what_its_mud_url_is() {
    if left_out_without_root() {
        return;
    }
    let lab = Lab::with(Home::builder().thing(ThingPlan::new("lamp")));
    let lamp = lab.join("lamp", "not-limited");
    let digits = lamp.mac().replace(':', "");
    let code = format!(r"[)>\x1e06\x1d12NM180{LAMP_URL}?serial=1\x1fM06C{digits}\x1fB000Lamp Maker\x1e\x04");
    let other = lab
        .gateway
        .ask(&["set-url", "02:00:00:00:99:99", "--code", &code])
        .unwrap();
    assert_eq!((other.code, &other.json), (1, &Value::Null));
    assert!(
        other
            .complaint
            .contains(&format!("the code is that of {}", lamp.mac())),
        "{other:?}"
    );

    let set = lab.gateway.ask(&["set-url", "--code", &code]).unwrap();
    assert_eq!(set.code, 0, "{set:?}");
    assert_eq!(
        (&set.json["mud-url"], &set.json["channel"]),
        (&LAMP_URL.into(), &"code".into())
    );
    lab.wait_for_state("lamp", "limited");
    wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);
    // The other spelling is the same command.
    let by_hand = lab.gateway.ask(&["thing", "set-url", "lamp", LAMP_URL]).unwrap();
    assert_eq!(
        (by_hand.code, &by_hand.json["channel"]),
        (0, &"owner".into()),
        "{by_hand:?}"
    );
}
