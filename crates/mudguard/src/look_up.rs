//! What was found of a name, and which Things may reach it, as JSON: from the running gateway, or from a resolver of the command line.

use mudguard_manager::{Enforcement, Snapshot, Thing};
use mudguard_policy::{Action, Peer};
use mudguard_resolver::{Security, Trace};
use serde_json::{Value, json};

/// All that is known. Without a snapshot nothing is said of Things.
pub(crate) fn json(trace: &Trace, snapshot: Option<&Snapshot>) -> Value {
    let security = trace.security.map(|security| match security {
        Security::Secure => "secure",
        Security::Insecure => "insecure",
        Security::Unchecked => "unchecked",
        Security::Bogus => "bogus",
    });
    let cuts: Vec<_> = trace
        .cuts
        .iter()
        .map(|(name, what)| json!({ "name": name, "what": what }))
        .collect();
    let mut found = json!({
        "names": trace.names,
        "type": trace.record_type,
        "response-code": code(trace.response_code),
        "security": security,
        "error": trace.error.as_ref().map(|error| json!({ "code": error.code, "text": error.text })),
        "records": trace.records,
        "addresses": trace.addresses,
        "links": trace.links,
        "cuts": cuts,
    });
    if let (Some(snapshot), Some(object)) = (snapshot, found.as_object_mut()) {
        let things: Vec<_> = snapshot
            .things
            .values()
            .map(|thing| json!({ "mac": thing.mac, "reaches": reach(thing, trace) }))
            .collect();
        object.insert("things".to_owned(), Value::from(things));
    }
    found
}

/// What a Thing may reach of it: `anything`, because nothing limits it; `name`, by a rule for the name; `address`, by a rule for the
/// address; or `nothing`.
fn reach(thing: &Thing, trace: &Trace) -> &'static str {
    if thing.enforcement != Enforcement::Enforce {
        return "anything";
    }
    let permits = thing
        .policy
        .permits
        .iter()
        .filter(|rule| rule.action == Action::Accept);
    let mut reach = "nothing";
    for rule in permits {
        match &rule.peer {
            Peer::Name(name) if trace.names.iter().any(|known| known == name.as_str()) => return "name",
            Peer::Anything => reach = "address",
            Peer::Networks(networks)
                if trace
                    .addresses
                    .iter()
                    .any(|address| networks.iter().any(|network| network.contains(address))) =>
            {
                reach = "address";
            }
            Peer::Name(_) | Peer::Networks(_) | Peer::Things(_) | Peer::Gateway => {}
        }
    }
    reach
}

fn code(number: u16) -> String {
    match number {
        0 => "NOERROR".to_owned(),
        2 => "SERVFAIL".to_owned(),
        3 => "NXDOMAIN".to_owned(),
        other => format!("RCODE{other}"),
    }
}
