//! The files that are measured.
//!
//! Two are made here: one as large as the median of the profiles recorded from real devices, and one as large as the largest file known.
//! The recorded profiles themselves are measured too where they lie beside the repository, in `shared/mudfiles/learned`.

use std::{fs, path::Path};

use mudguard_mud::{Dialect, Limits, MudFile, Parsed, parse};
use mudguard_policy::{Site, ThingPolicy, compile};

/// One file, with the home in which it is compiled.
pub(crate) struct Measured {
    pub(crate) bytes: Vec<u8>,
    pub(crate) file: MudFile,
    site: Site,
}

impl Measured {
    /// `None` if it is no MUD file that can be used.
    fn new(bytes: Vec<u8>) -> Option<Self> {
        let file = read(&bytes).file?;
        let mut site = Site::with_a_member_of_each_class(&[&file]);
        site.thing = Some("02:00:00:00:00:07".parse().unwrap());
        Some(Self { bytes, file, site })
    }

    pub(crate) fn read(&self) -> Parsed {
        read(&self.bytes)
    }

    pub(crate) fn compile(&self, file: &MudFile) -> ThingPolicy {
        compile(file, &self.site)
    }

    pub(crate) fn aces(&self) -> usize {
        let lists = self.file.from_device.iter().chain(&self.file.to_device);
        lists.map(|list| list.aces.len()).sum()
    }
}

fn read(bytes: &[u8]) -> Parsed {
    parse(bytes, &Limits::default(), Dialect::Community)
}

/// The files that are made, with what they stand for.
pub(crate) fn all_made() -> [(&'static str, Measured); 2] {
    [
        ("made, as large as the median profile", 15),
        ("made, as large as the largest file", 796),
    ]
    .map(|(name, aces)| (name, Measured::new(made(aces).into_bytes()).unwrap()))
}

/// The recorded profiles; none if they are not there.
pub(crate) fn recorded() -> Vec<Measured> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let folder = repository.parent().unwrap().join("shared/mudfiles/learned");
    let Ok(entries) = fs::read_dir(folder) else {
        eprintln!("LEFT OUT: the recorded profiles, for there is no ../shared/mudfiles/learned");
        return Vec::new();
    };
    entries
        .filter_map(|entry| Measured::new(fs::read(entry.unwrap().path()).unwrap()))
        .collect()
}

/// A file with as many ACEs, half of them for each direction, of the kinds that recorded profiles have.
fn made(aces: usize) -> String {
    let from: Vec<_> = (0..aces.div_ceil(2)).map(|number| ace(number, true)).collect();
    let to: Vec<_> = (0..aces / 2).map(|number| ace(number, false)).collect();
    let list = |name: &str, aces: &[String]| {
        format!(
            r#"{{"name": "{name}", "type": "ipv4-acl-type", "aces": {{"ace": [{}]}}}}"#,
            aces.join(",\n")
        )
    };
    format!(
        r#"{{"ietf-mud:mud": {{
  "mud-version": 1, "mud-url": "https://maker.example/device", "mud-signature": "https://maker.example/device.p7s",
  "last-update": "2026-01-15T09:00:00+00:00", "cache-validity": 48, "is-supported": true, "systeminfo": "A device",
  "from-device-policy": {{"access-lists": {{"access-list": [{{"name": "from"}}]}}}},
  "to-device-policy": {{"access-lists": {{"access-list": [{{"name": "to"}}]}}}}
}}, "ietf-access-control-list:acls": {{"acl": [{}, {}]}}}}"#,
        list("from", &from),
        list("to", &to)
    )
}

fn ace(number: usize, from_device: bool) -> String {
    let (side, name, network, port) = if from_device {
        (
            "from",
            "dst-dnsname",
            "destination-ipv4-network",
            "destination-port",
        )
    } else {
        ("to", "src-dnsname", "source-ipv4-network", "source-port")
    };
    let port = |number: usize| format!(r#""{port}": {{"operator": "eq", "port": {number}}}"#);
    let matches = match number % 8 {
        0..=4 => format!(
            r#""ipv4": {{"ietf-acldns:{name}": "host-{}.service-{}.example", "protocol": 6}},
              "tcp": {{"ietf-mud:direction-initiated": "from-device", {}}}"#,
            number % 300,
            number % 40,
            port(443)
        ),
        5 => format!(
            r#""ietf-mud:mud": {{"local-networks": [null]}}, "ipv4": {{"protocol": 17}}, "udp": {{{}}}"#,
            port(5353)
        ),
        6 => format!(
            r#""ietf-mud:mud": {{"controller": "urn:ietf:params:mud:dns"}}, "ipv4": {{"protocol": 17}}, "udp": {{{}}}"#,
            port(53)
        ),
        _ => format!(
            r#""ipv4": {{"{network}": "198.51.{}.{}/32", "protocol": 17}}, "udp": {{{}}}"#,
            number / 250,
            number % 250,
            port(10_000 + number)
        ),
    };
    format!(
        r#"{{"name": "{side}-{number}", "matches": {{{matches}}}, "actions": {{"forwarding": "accept"}}}}"#
    )
}
