//! The journal, steps back by its rows, answers to the question that was read, and the modes of networks.

use std::net::SocketAddr;

use mudguard_tests::{
    home::{Home, Reply, Thing, ThingPlan, addresses::server, gateway::Gateway, until},
    left_out_without_root,
};
use serde_json::Value;

use super::{CAMERA_CLOUD, CAMERA_URL, LAMP_TCP, LAMP_URL, Lab, MudFile, Peer, Protocol, SOON, reaches_tcp};

impl Lab {
    fn decide(&self, arguments: &[&str]) -> Value {
        let decided = self.gateway.ask(arguments).unwrap();
        assert_eq!(decided.code, 0, "{arguments:?}: {}", decided.complaint);
        decided.json
    }

    fn rows(&self, arguments: &[&str]) -> Vec<Value> {
        let shown = self.decide(&[&["journal"], arguments].concat());
        shown["rows"].as_array().unwrap().clone()
    }

    /// The newest row of this kind about a Thing.
    fn row(&self, thing: &str, kind: &str) -> Value {
        let rows = self.rows(&["--thing", thing]);
        let row = rows.iter().find(|row| row["kind"] == kind);
        row.unwrap_or_else(|| panic!("{kind}: {rows:#?}")).clone()
    }
}

/// Whether the kernel lets a Thing open a connection to an address, at once: what was answered holds.
fn passes(thing: &Thing, number: u8) -> bool {
    reaches_tcp(thing, SocketAddr::new(server(number).0, LAMP_TCP))
}

#[test]
fn what_was_decided_is_in_the_journal_and_each_row_is_taken_back_by_its_number() {
    if left_out_without_root() {
        return;
    }
    let mut lab = Lab::new();
    let lamp = lab.join("lamp", "limited");
    // A prefix, and when the command ends the kernel has it.
    let shown = lab.decide(&["allow", "lamp", "198.51.100.0/24", "--port", "443", "--always"]);
    assert_eq!(
        (&shown["applied"], &shown["overrides"][0]["peer"]),
        (&true.into(), &"198.51.100.0/24".into())
    );
    let elsewhere = server(40).0.to_string();
    lab.decide(&["allow", "lamp", &format!("{elsewhere}/32"), "--for", "tomorrow"]);
    assert!(passes(lamp, 40), "the answer comes once the kernel has the rules");
    lab.decide(&["rename", "lamp", "Desk lamp"]);

    let allowed = lab.row("Desk lamp", "allowed");
    assert_eq!(
        (&allowed["by"], &allowed["undoable"], &allowed["name"]),
        (&"command-line".into(), &true.into(), &"Desk lamp".into())
    );
    let id = allowed["id"].to_string();
    let before = lab.rows(&["--before", &id, "--limit", "2"]);
    assert_eq!(before.len(), 2);
    assert!(
        before
            .iter()
            .all(|row| row["id"].as_u64() < allowed["id"].as_u64()),
        "{before:#?}"
    );
    assert!(lab.rows(&["--since", "2200-01-01T00:00:00Z"]).is_empty());

    let frames = || {
        Ok(lab.gateway.get("/api/v1/status")?["observed"]["frames"]
            .as_u64()
            .filter(|frames| *frames > 0))
    };
    until(SOON, frames).unwrap();

    // An earlier row than the last, after a restart.
    lab.gateway.kill().unwrap();
    lab.gateway.restart(&lab.configuration()).unwrap();
    let lamp = lab.home.thing("lamp");
    assert!(passes(lamp, 40));
    assert_eq!(lab.decide(&["undo", &id])["undone"], allowed["id"]);
    assert!(!passes(lamp, 40));
    let shown = lab.decide(&["why", "Desk lamp"]);
    assert_eq!(shown["overrides"].as_array().unwrap().len(), 1, "{shown:#}");
    let again = lab.gateway.ask(&["undo", &id]).unwrap();
    assert_eq!(again.code, 1);
    assert!(again.complaint.contains("cannot be taken back"), "{again:?}");
    assert_eq!(lab.row("Desk lamp", "undone")["detail"], id);
}

#[test]
fn an_answer_is_to_the_question_that_was_read() {
    if left_out_without_root() {
        return;
    }
    let lab = Lab::with(Home::builder().thing(ThingPlan::new("camera").mud_url(CAMERA_URL)));
    let file = MudFile::new(CAMERA_URL).permit_dns_and_ntp().permit(
        Peer::Name(CAMERA_CLOUD),
        Protocol::Tcp,
        LAMP_TCP,
    );
    let files = lab.home.internet().files();
    files.reply(CAMERA_URL, Reply::mud_file(file.json().as_bytes()));
    lab.join("camera", "waiting");
    let inbox = lab.decide(&["inbox"]);
    let key = inbox["things"][0]["question"]["key"].as_str().unwrap().to_owned();
    let other = lab
        .gateway
        .ask(&["approve", "camera", "--question", "another"])
        .unwrap();
    assert_eq!(other.code, 1);
    assert!(other.complaint.contains("question came up"), "{other:?}");
    lab.wait_for_state("camera", "waiting");
    let approved = lab.decide(&["approve", "camera", "--yes", "--question", &key]);
    assert_eq!(
        (&approved["state"], &approved["applied"]),
        (&"limited".into(), &true.into())
    );
    // Back again, by the row.
    let id = lab.row("camera", "approved")["id"].to_string();
    lab.decide(&["undo", &id]);
    let shown = lab.wait_for_state("camera", "waiting");
    assert_eq!(shown["question"]["kind"], "file", "{shown:#}");
}

#[test]
fn a_network_has_a_mode_of_its_own_and_a_thing_may_have_another() {
    if left_out_without_root() {
        return;
    }
    let mut lab = Lab::with(
        Home::builder()
            .thing(ThingPlan::new("tv"))
            .thing(ThingPlan::new("lamp").mud_url(LAMP_URL)),
    );
    let interfaces = "interfaces = [\"br-lan\"]\n";
    let configuration = Gateway::configuration(&lab.home).replace(
        interfaces,
        &format!("{interfaces}modes = {{ br-lan = \"protect\" }}\n"),
    );
    lab.gateway.kill().unwrap();
    lab.gateway.restart(&configuration).unwrap();
    assert_eq!(
        lab.decide(&["status"])["mode"],
        "ask",
        "that of the rest of the home"
    );
    let tv = lab.join("tv", "waiting");
    let shown = lab.wait_for_state("tv", "waiting");
    assert_eq!(
        (
            &shown["question"]["kind"],
            &shown["mode-in-force"],
            &shown["mode"]
        ),
        (&"new-thing".into(), &"protect".into(), &Value::Null)
    );
    assert!(!passes(tv, 40));
    let shown = lab.decide(&["mode", "tv", "ask"]);
    assert_eq!(
        (&shown["state"], &shown["mode-in-force"]),
        (&"not-limited".into(), &"ask".into())
    );
    assert!(passes(tv, 40));
    lab.decide(&["undo", &lab.row("tv", "mode-set")["id"].to_string()]);
    assert!(!passes(tv, 40));
    let lamp = lab.join("lamp", "waiting");
    assert!(!passes(lamp, 11));
}
