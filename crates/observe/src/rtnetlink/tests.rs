//! Messages of the kernel, whole, partial and cut.

use proptest::prelude::*;

use super::*;

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut octets = u16::try_from(value.len() + 4).unwrap().to_ne_bytes().to_vec();
    octets.extend(kind.to_ne_bytes());
    octets.extend(value);
    octets.resize(octets.len().next_multiple_of(4), 0);
    octets
}

fn link_message(family: u8, attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut body = vec![family, 0];
    body.extend(ETHERNET.to_ne_bytes());
    body.extend(7_u32.to_ne_bytes());
    body.extend(0x40_u32.to_ne_bytes());
    body.extend([0; 4]);
    body.extend(attributes.concat());
    request(NEW_LINK, 0, &body)
}

fn port() -> [Vec<u8>; 3] {
    [
        attribute(3, b"lan1\0"),
        attribute(10, &3_u32.to_ne_bytes()),
        attribute(1, &[2, 0, 0, 0, 0, 1]),
    ]
}

#[test]
fn a_link_is_read_from_the_message_that_says_all_of_it() {
    let link = Link {
        index: 7,
        name: "lan1".to_owned(),
        master: Some(3),
        mac: Some(MacAddress([2, 0, 0, 0, 0, 1])),
        bridge: false,
        ethernet: true,
        running: true,
    };
    assert_eq!(read(&link_message(0, &port())), [News::Link(link)]);
}

#[test]
fn a_message_that_says_only_a_part_of_a_link_is_passed_over() {
    // Of a bridge about its port, and of a Wi-Fi driver about an event.
    assert_eq!(read(&link_message(7, &port())), []);
    assert_eq!(
        read(&link_message(
            0,
            &[attribute(3, b"lan1\0"), attribute(11, &[0; 8])]
        )),
        []
    );
}

#[test]
fn a_message_that_is_cut_says_nothing() {
    let message = link_message(0, &port());
    for length in 0..message.len() {
        assert_eq!(read(&message[..length]), [], "{length}");
    }
}

proptest! {
    #[test]
    fn noise_does_not_panic(kind in 0..40_u16, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&request(kind, 0, &body));
        let _ = read(&body);
    }
}
