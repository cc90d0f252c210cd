//! Things ask for addresses with real clients, and say their MUD URL (RFC 8520 section 10).

use mudguard_tests::{
    home::{Capture, Home, addresses::ROUTER_IPV4, until},
    left_out_without_root,
};

use super::{CAMERA_URL, LAMP_URL, SOON, home};

const DISCOVER: u8 = 1;
const REQUEST: u8 = 3;
const RELEASE: u8 = 7;

#[test]
fn each_client_gets_a_lease_and_names_its_mud_url_in_every_message() {
    if left_out_without_root() {
        return;
    }
    let home = home();
    for (thing, url) in [
        ("lamp", Some(LAMP_URL)),
        ("camera", Some(CAMERA_URL)),
        ("laptop", None),
    ] {
        let (addresses, messages) = joins(&home, thing);
        assert_eq!(addresses.ipv4.octets()[..3], ROUTER_IPV4.octets()[..3], "{thing}");
        assert_eq!(addresses.resolvers, [ROUTER_IPV4], "{thing}");
        assert_eq!(addresses.lease_time.as_secs(), 600, "{thing}");
        for kind in [DISCOVER, REQUEST] {
            let of_kind: Vec<_> = messages.iter().filter(|message| message.kind == kind).collect();
            assert!(!of_kind.is_empty(), "{thing} sent no message of type {kind}");
            for message in of_kind {
                assert_eq!(
                    message.mud_url.as_deref(),
                    url.map(str::as_bytes),
                    "{thing}, type {kind}"
                );
            }
        }
    }
}

#[test]
fn a_thing_may_announce_another_mud_url_when_it_joins_again() {
    if left_out_without_root() {
        return;
    }
    let home = home();
    for thing in ["lamp", "camera"] {
        let (before, _) = joins(&home, thing);
        home.thing(thing).unplug().unwrap();
        home.thing(thing)
            .announce(Some("https://elsewhere.example/other.json"));
        let (after, messages) = joins(&home, thing);
        assert_eq!(before.ipv6, after.ipv6);
        assert!(!messages.is_empty());
        for message in messages {
            assert_eq!(
                message.mud_url.as_deref(),
                Some(&b"https://elsewhere.example/other.json"[..]),
                "{thing}"
            );
        }
    }
}

#[test]
fn a_lease_is_given_back() {
    if left_out_without_root() {
        return;
    }
    let home = home();
    for name in ["lamp", "camera"] {
        let thing = home.thing(name);
        thing.join().unwrap();
        let capture = Capture::start(home.router(), thing.port()).unwrap();
        thing.release().unwrap();
        let released = || {
            let frames = capture.frames()?;
            Ok(frames
                .iter()
                .filter_map(|frame| Message::parse(frame))
                .find(|message| message.kind == RELEASE))
        };
        until(SOON, released).unwrap();
    }
}

/// Lets a Thing join, and returns its addresses and the DHCP messages that it sent.
fn joins(home: &Home, thing: &str) -> (mudguard_tests::home::Addresses, Vec<Message>) {
    let thing = home.thing(thing);
    let capture = Capture::start(home.router(), thing.port()).unwrap();
    let addresses = thing.join().unwrap();
    let frames = capture.frames().unwrap();
    (
        addresses,
        frames.iter().filter_map(|frame| Message::parse(frame)).collect(),
    )
}

/// What a client said to the DHCP server.
struct Message {
    /// Option 53.
    kind: u8,
    /// Option 161.
    mud_url: Option<Vec<u8>>,
}

impl Message {
    /// Reads an Ethernet frame; none if it is not from a DHCP client. The frames come from real clients, without VLAN tags or IP options.
    fn parse(frame: &[u8]) -> Option<Self> {
        let (ethernet, ip) = frame.split_at_checked(14)?;
        let (header, udp) = ip.split_at_checked(20)?;
        if ethernet[12..] != [0x08, 0x00] || header[9] != 17 || udp.get(2..4)? != [0, 67] {
            return None;
        }
        // 8 octets of UDP, 236 of BOOTP, 4 of the magic cookie.
        let mut options = udp.get(248..)?;
        let (mut kind, mut mud_url) = (None, None);
        while let [code, rest @ ..] = options {
            options = match *code {
                0 => rest,
                255 => break,
                code => {
                    let (length, rest) = rest.split_first()?;
                    let (value, rest) = rest.split_at_checked(usize::from(*length))?;
                    match code {
                        53 => kind = value.first().copied(),
                        161 => mud_url = Some(value.to_vec()),
                        _ => {}
                    }
                    rest
                }
            };
        }
        Some(Self { kind: kind?, mud_url })
    }
}
