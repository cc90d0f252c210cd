//! Whether a Thing is still at its port, as the bridge tells it (RFC 6620: first come, first served).
//!
//! The kernel drops the frames of a managed Thing at any port but its own, before the bridge learns from them. So the bridge's table says when
//! the Thing was last heard at its own port, whatever another station sends. That it has moved is believed if its port is down, or if the
//! bridge has heard nothing of it there for a while although it was asked.

use std::{fs, path::Path, time::Duration};

use mudguard_manager::{Enforcement, Event, Snapshot};
use mudguard_observe::solicit;
use mudguard_policy::MacAddress;
use nix::net::if_::{if_indextoname, if_nametoindex};
use tracing::debug;

/// Who is asked answers within a second; a Thing that sleeps longer than this is where it is heard.
const SILENCE: Duration = Duration::from_secs(15);

/// The clock of the bridge's table (`USER_HZ`).
const TICKS: u64 = 100;
/// A row of it: the MAC address, the port, whether it is a port's own, and the age.
const ROW: usize = 16;

/// What follows when a Thing was heard at the port of this number, which is not its own.
pub(crate) fn heard(mac: MacAddress, port: u32, snapshot: &Snapshot) -> Option<Event> {
    let port = if_indextoname(port).ok()?.into_string().ok()?;
    moved(Path::new("/sys/class/net"), mac, &port, snapshot)
}

/// The same by the port's name.
pub(crate) fn moved(interfaces: &Path, mac: MacAddress, port: &str, snapshot: &Snapshot) -> Option<Event> {
    let thing = snapshot.things.get(&mac)?;
    let known = thing.port.as_deref().filter(|known| *known != port)?;
    if is_gone(&interfaces.join(known), mac) {
        return Some(Event::Moved {
            mac,
            port: port.to_owned(),
        });
    }
    // If it is there, its answer says so.
    let master = fs::read_link(interfaces.join(known).join("master")).ok()?;
    let bridge = if_nametoindex(master.file_name()?).ok()?;
    for binding in &thing.bindings {
        if let Err(error) = solicit(binding.address, bridge, Some(mac)) {
            debug!(%mac, %error, "the link cannot be asked");
        }
    }
    None
}

/// Whether the bridge has not heard of a MAC address at this port for a while.
fn is_gone(port: &Path, mac: MacAddress) -> bool {
    let carrier = fs::read_to_string(port.join("carrier"));
    if carrier.map_or(true, |carrier| carrier.trim() != "1") {
        return true;
    }
    let number = fs::read_to_string(port.join("brport/port_no")).ok();
    let Some(number) =
        number.and_then(|text| u8::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok())
    else {
        return true;
    };
    // The kernel's word is bounded by the size of the bridge's table.
    let Ok(table) = fs::read(port.join("master/brforward")) else {
        return true;
    };
    age(&table, mac, number).is_none_or(|age| age > SILENCE)
}

/// How long ago a MAC address was heard at a port.
fn age(table: &[u8], mac: MacAddress, port: u8) -> Option<Duration> {
    let rows = table.chunks_exact(ROW);
    let mut rows = rows.filter(|row| row[..6] == mac.0 && row[6] == port);
    let row = rows.next()?;
    let ticks = u32::from_ne_bytes([row[8], row[9], row[10], row[11]]);
    Some(Duration::from_millis(u64::from(ticks) * 1000 / TICKS))
}

/// What is to be believed of the port of a sighting.
pub(crate) enum Place {
    /// It is the Thing's own, or nobody says which that is.
    Own,
    /// The Thing has moved there; that is to be told first.
    Moved(Event),
    /// The Thing is heard at its own port, too: somebody else may have sent it. That is to be told instead.
    Doubtful(Event),
}

/// Of a sighting.
pub(crate) fn of(event: &Event, snapshot: &Snapshot) -> Place {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only these name a port")]
    let (mac, port) = match event {
        Event::Announced(announcement) => (announcement.mac, &announcement.port),
        Event::Leased { mac, port, .. } => (*mac, port),
        _ => return Place::Own,
    };
    let is_of_a_bridge = |port: &String| snapshot.home.lans.iter().any(|lan| lan.ports.contains(port));
    let Some(thing) = snapshot.things.get(&mac) else {
        return Place::Own;
    };
    let is_guarded = thing.enforcement == Enforcement::Enforce;
    let known = (thing.port.as_ref()).filter(|known| *known != port && is_of_a_bridge(known));
    if !is_guarded || known.is_none() || !is_of_a_bridge(port) {
        return Place::Own;
    }
    match moved(Path::new("/sys/class/net"), mac, port, snapshot) {
        Some(event) => Place::Moved(event),
        None => Place::Doubtful(Event::Forged {
            mac,
            port: port.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAMP: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);

    fn row(mac: MacAddress, port: u8, ticks: u32) -> Vec<u8> {
        [&mac.0[..], &[port, 0], &ticks.to_ne_bytes(), &[0; 4]].concat()
    }

    #[test]
    fn the_bridge_says_when_it_heard_a_thing_at_its_own_port() {
        let table = [row(MacAddress([6; 6]), 1, 0), row(LAMP, 2, 1500)].concat();
        assert_eq!(age(&table, LAMP, 2), Some(SILENCE));
        assert_eq!(age(&table, LAMP, 1), None);
        assert_eq!(age(&[1; 7], LAMP, 1), None);
    }

    #[test]
    fn a_port_that_is_not_there_or_is_down_has_nobody() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_gone(folder.path(), LAMP));
        let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
        for part in ["brport", "master"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        write("carrier", b"1\n");
        write("brport/port_no", b"0x2\n");
        write("master/brforward", &row(LAMP, 2, 10));
        assert!(!is_gone(folder.path(), LAMP));
        write("master/brforward", &row(LAMP, 2, 1501));
        assert!(is_gone(folder.path(), LAMP));
        write("master/brforward", &row(LAMP, 2, 10));
        write("carrier", b"0\n");
        assert!(is_gone(folder.path(), LAMP));
    }
}
