//! How the arguments are read.

use clap::Parser;

use super::*;
use crate::cli::{Cli, Command};

fn read(words: &[&str]) -> Result<Command, String> {
    let words = std::iter::once("mudguard").chain(words.iter().copied());
    Cli::try_parse_from(words)
        .map(|cli| cli.command)
        .map_err(|error| error.to_string())
}

fn flows(words: &[&str]) -> FlowsArgs {
    match read(words) {
        Ok(Command::Allow(args) | Command::Block(args)) => args,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_time_is_a_number_with_its_unit_or_tomorrow() {
    for (text, expected) in [("90s", 90), ("15m", 900), ("1h", 3600), ("2d", 172_800)] {
        assert_eq!(seconds(text), Ok(expected), "{text}");
    }
    for text in [
        "",
        "1",
        "h",
        "0m",
        "-1h",
        "+1h",
        "1.5h",
        "1 h",
        "1w",
        "99999999999999999999h",
        "18446744073709551615d",
        "é",
    ] {
        assert!(seconds(text).is_err(), "{text}");
    }
}

#[test]
fn tomorrow_is_within_a_day() {
    assert!(matches!(seconds("tomorrow"), Ok(1..=90_000)));
}

#[test]
fn a_port_names_its_protocol_or_is_of_tcp_and_udp() {
    for (text, protocol, number) in [
        ("tcp/443", Some(6), Some(443)),
        ("udp/53", Some(17), Some(53)),
        ("443", None, Some(443)),
        ("tcp", Some(6), None),
        ("icmp", Some(1), None),
        ("icmpv6", Some(58), None),
    ] {
        let expected = Port {
            protocol,
            port: number,
        };
        assert_eq!(port(text), Ok(expected), "{text}");
    }
    for text in [
        "", "/", "tcp/", "tcp/0", "0", "65536", "icmp/8", "sctp/1", "443/tcp",
    ] {
        assert!(port(text).is_err(), "{text}");
    }
}

#[test]
fn flows_are_allowed_for_an_hour_unless_something_else_is_said() {
    let args = flows(&["allow", "lamp", "cloud.example", "--port", "tcp/443"]);
    assert_eq!((args.seconds, args.always), (3600, false));
    let args = flows(&["block", "lamp", "192.0.2.1", "--for", "2d"]);
    assert_eq!((args.seconds, args.always), (172_800, false));
    assert!(flows(&["allow", "lamp", "cloud.example", "--always"]).always);
    assert!(read(&["allow", "lamp", "cloud.example", "--always", "--for", "1h"]).is_err());
    assert!(read(&["allow", "lamp"]).is_err());
}

#[test]
fn a_time_that_is_none_is_told_with_what_may_be_written() {
    let complaint = read(&["lift", "lamp", "--for", "soon"]).unwrap_err();
    assert!(complaint.contains("write 15m, 1h, 2d or tomorrow"), "{complaint}");
    assert!(
        read(&["lift", "lamp"]).is_err(),
        "limits are never lifted for good"
    );
}

#[test]
fn a_name_is_given_or_taken_away() {
    assert!(matches!(
        read(&["rename", "lamp", "Desk lamp"]),
        Ok(Command::Rename(RenameArgs { name: Some(_), .. }))
    ));
    assert!(matches!(
        read(&["rename", "lamp", "--none"]),
        Ok(Command::Rename(RenameArgs { name: None, .. }))
    ));
    assert!(read(&["rename", "lamp"]).is_err());
    assert!(read(&["rename", "lamp", "Desk lamp", "--none"]).is_err());
}
