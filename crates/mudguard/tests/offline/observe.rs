//! `mudguard observe`, with capture files that the tests write.

use expect_test::expect;

use crate::{
    frames::{Dhcpv4, Dhcpv6, LAMP, URL, lldp, mud_value, option_v6},
    mudguard, with_octets,
};

/// A capture file with these frames.
fn capture(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0002_0004, 0, 0, 65_535, 1] {
        file.extend(word.to_be_bytes());
    }
    for frame in frames {
        let length = u32::try_from(frame.len()).unwrap();
        for word in [0, 0, length, length] {
            file.extend(word.to_be_bytes());
        }
        file.extend(frame);
    }
    file
}

fn frames() -> Vec<Vec<u8>> {
    vec![
        Dhcpv4::discover().option(161, URL).end().frame(),
        Dhcpv6::client(1)
            .option(112, "http://mud.lamp-maker.example/\u{1b}[31m")
            .frame(),
        lldp(LAMP, 120, &mud_value(format!("{URL} reserved"))),
        Dhcpv4::discover().end().frame(),
        Dhcpv4::discover()
            .option(161, URL)
            .end()
            .with(|dhcp| dhcp.frame_from = [2, 0, 0, 0, 0, 9])
            .frame(),
        vec![0; 3],
        option_v6(112, [0; 60]),
    ]
}

#[test]
fn each_frame_is_told_in_order() {
    with_octets(&["observe", "--pcap", "-"], &capture(&frames())).prints(
        0,
        &expect![[r#"
        1: 02:00:00:00:00:01, dhcpv4: MUD URL https://mud.lamp-maker.example/lamp.json
        2: 02:00:00:00:00:01, dhcpv6: no MUD URL that is used (not-ascii): http://mud.lamp-maker.example/[31m
        3: 02:00:00:00:00:01, lldp: MUD URL https://mud.lamp-maker.example/lamp.json
        4: 02:00:00:00:00:01, dhcpv4: announces nothing
        5: 02:00:00:00:00:09: malformed (dhcp-client-address)
        6: no sender: malformed (frame-truncated)
        7: no sender: malformed (source-not-a-station)
    "#]],
    );
}

#[test]
fn json_has_one_object_a_line_for_each_frame() {
    with_octets(&["observe", "--json", "--pcap", "-"], &capture(&frames())).prints(0, &expect![[r#"
        {"verdict":"url","mac":"02:00:00:00:00:01","url":"https://mud.lamp-maker.example/lamp.json","via":"dhcpv4","reason":null}
        {"verdict":"bad-url","mac":"02:00:00:00:00:01","url":"http://mud.lamp-maker.example/\u001b[31m","via":"dhcpv6","reason":"not-ascii"}
        {"verdict":"url","mac":"02:00:00:00:00:01","url":"https://mud.lamp-maker.example/lamp.json","via":"lldp","reason":null}
        {"verdict":"none","mac":"02:00:00:00:00:01","url":null,"via":"dhcpv4","reason":null}
        {"verdict":"drop","mac":"02:00:00:00:00:09","url":null,"via":null,"reason":"dhcp-client-address"}
        {"verdict":"drop","mac":null,"url":null,"via":null,"reason":"frame-truncated"}
        {"verdict":"drop","mac":null,"url":null,"via":null,"reason":"source-not-a-station"}
    "#]]);
}

#[test]
fn a_broken_file_is_told_up_to_the_octet_at_which_it_breaks() {
    let whole = capture(&frames()[..2]);
    let cut = with_octets(&["observe", "--pcap", "-"], &whole[..whole.len() - 1]);
    assert_eq!(cut.code, Some(2));
    assert_eq!(cut.out.lines().count(), 1, "{}", cut.out);
    expect![[r#"
        mudguard: -: the capture file ends within frame 2, at octet 502
    "#]]
    .assert_eq(&cut.err);
    let mut lying = capture(&frames()[..1]);
    lying.extend([0xff; 16]);
    let lying = with_octets(&["observe", "--json", "--pcap", "-"], &lying);
    assert_eq!((lying.code, lying.out.lines().count()), (Some(2), 1));
    expect![[r#"
        mudguard: -: frame 2 of the capture file, at octet 368, says that it has 4294967295 octets, more than any frame
    "#]].assert_eq(&lying.err);
}

#[test]
fn what_is_no_capture_file_is_refused() {
    mudguard(&["observe", "--pcap", "lamp.json"]).fails(
        2,
        &expect![[r#"
        mudguard: lamp.json: this is no capture file in the pcap format
    "#]],
    );
    mudguard(&["observe", "--json", "--pcap", "nowhere.pcap"]).fails(
        2,
        &expect![[r#"
        mudguard: nowhere.pcap: No such file or directory (os error 2)
    "#]],
    );
    with_octets(&["observe", "--pcap", "-"], &[]).fails(
        2,
        &expect![[r#"
        mudguard: -: this is no capture file in the pcap format
    "#]],
    );
}

#[test]
fn an_empty_capture_file_is_no_failure() {
    with_octets(&["observe", "--pcap", "-"], &capture(&[])).prints(0, &expect![[""]]);
}

#[test]
fn an_interface_that_is_not_there_is_wrong() {
    mudguard(&["observe", "--interface", "nowhere0"]).fails(
        1,
        &expect![[r#"
        mudguard: there is no network interface nowhere0
    "#]],
    );
}

#[test]
fn one_source_must_be_named_and_only_one() {
    assert_eq!(mudguard(&["observe"]).code, Some(2));
    let both = ["observe", "--interface", "lan1", "--pcap", "a.pcap"];
    assert_eq!(mudguard(&both).code, Some(2));
}
