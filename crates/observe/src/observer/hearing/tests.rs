//! What a DHCP server's answers come to, and what clients give up.

use std::time::Duration;

use super::*;
use crate::wire::dhcpv6::Lease;

const LAMP: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);

fn port() -> Port {
    Port {
        index: 1,
        name: "lan1".to_owned(),
    }
}

fn v4(kind: dhcpv4::MessageType) -> dhcpv4::Message {
    dhcpv4::Message {
        kind,
        transaction: 7,
        client: LAMP,
        client_address: Ipv4Addr::UNSPECIFIED,
        your_address: Ipv4Addr::UNSPECIFIED,
        requested: None,
        lease_time: None,
        server: None,
        host_name: None,
        mud_string: MudString::Absent,
    }
}

fn v6(kind: dhcpv6::MessageType, addresses: &[(Ipv6Addr, u64)]) -> dhcpv6::Message {
    dhcpv6::Message {
        kind,
        transaction: 7,
        client_id: Some(vec![0, 3, 0, 1]),
        addresses: addresses
            .iter()
            .map(|&(address, seconds)| Lease {
                address,
                lifetime: Duration::from_secs(seconds),
            })
            .collect(),
        host_name: None,
        mud_string: MudString::Absent,
        relayed_for: None,
    }
}

/// What comes of an answer of the router to this question.
fn answered(question: Content, answer: Content) -> Vec<Heard> {
    let (mut hearing, now) = (Hearing::default(), Instant::now());
    let frame = Frame {
        source: LAMP,
        content: question,
    };
    hearing.thing_said(&port(), frame, now);
    hearing.router_said(&answer, now)
}

fn answered_v4(change: impl FnOnce(&mut dhcpv4::Message)) -> Vec<Heard> {
    let mut answer = v4(dhcpv4::MessageType::Ack);
    answer.your_address = Ipv4Addr::new(192, 168, 1, 9);
    answer.lease_time = Some(Duration::from_secs(600));
    change(&mut answer);
    let mut question = v4(dhcpv4::MessageType::Request);
    question.requested = Some(Ipv4Addr::new(192, 168, 1, 8));
    let content = |message| Content::Dhcpv4 {
        source: Ipv4Addr::UNSPECIFIED,
        message,
    };
    answered(content(question), content(answer))
}

fn answered_v6(answer: dhcpv6::Message) -> Vec<Heard> {
    let content = |message| Content::Dhcpv6 {
        source: Ipv6Addr::UNSPECIFIED,
        message,
    };
    answered(content(v6(dhcpv6::MessageType::Request, &[])), content(answer))
}

fn leased(address: impl Into<IpAddr>, seconds: u64) -> Heard {
    Heard::Sighting(Sighting::Leased {
        mac: LAMP,
        port: "lan1".to_owned(),
        address: address.into(),
        lifetime: Duration::from_secs(seconds),
    })
}

fn released(address: impl Into<IpAddr>) -> Heard {
    Heard::Sighting(Sighting::Released {
        mac: LAMP,
        address: address.into(),
    })
}

#[test]
fn an_ack_lends_an_address_and_a_nak_takes_the_one_asked_for() {
    use dhcpv4::MessageType as Type;
    assert_eq!(answered_v4(|_| ()), [leased(Ipv4Addr::new(192, 168, 1, 9), 600)]);
    assert_eq!(
        answered_v4(|answer| answer.kind = Type::Nak),
        [released(Ipv4Addr::new(192, 168, 1, 8))]
    );
    assert_eq!(answered_v4(|answer| answer.kind = Type::Offer), []);
    // To INFORM.
    assert_eq!(
        answered_v4(|answer| answer.your_address = Ipv4Addr::UNSPECIFIED),
        []
    );
}

#[test]
fn what_cannot_be_lent_is_refused() {
    for address in [[0, 0, 0, 1], [127, 0, 0, 1], [224, 0, 0, 1], [255, 255, 255, 255]] {
        assert_eq!(
            answered_v4(|answer| answer.your_address = address.into()),
            [Heard::Refused(Refusal::DhcpLeaseAddress)]
        );
    }
    assert_eq!(
        answered_v4(|answer| answer.lease_time = None),
        [Heard::Refused(Refusal::DhcpLeaseTime)]
    );
    for address in ["::", "::1", "fe80::1", "ff02::1", "::ffff:192.0.2.1"] {
        let answer = v6(dhcpv6::MessageType::Reply, &[(address.parse().unwrap(), 300)]);
        assert_eq!(
            answered_v6(answer),
            [Heard::Refused(Refusal::DhcpLeaseAddress)],
            "{address}"
        );
    }
}

#[test]
fn a_reply_lends_the_addresses_that_have_a_lifetime_and_takes_the_others() {
    let (first, second) = ("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap());
    assert_eq!(
        answered_v6(v6(dhcpv6::MessageType::Reply, &[(first, 300), (second, 0)])),
        [leased(first, 300), released(second)]
    );
    assert_eq!(
        answered_v6(v6(dhcpv6::MessageType::Advertise, &[(first, 300)])),
        []
    );
    let mut nameless = v6(dhcpv6::MessageType::Reply, &[(first, 300)]);
    nameless.client_id = None;
    assert_eq!(answered_v6(nameless), [Heard::Refused(Refusal::Dhcpv6Option)]);
}

#[test]
fn a_client_may_say_that_an_address_is_in_use() {
    let declined = |requested| {
        let mut message = v4(dhcpv4::MessageType::Decline);
        message.requested = requested;
        let frame = Frame {
            source: LAMP,
            content: Content::Dhcpv4 {
                source: Ipv4Addr::UNSPECIFIED,
                message,
            },
        };
        Hearing::default().thing_said(&port(), frame, Instant::now())
    };
    let address = Ipv4Addr::new(192, 168, 1, 8);
    assert_eq!(declined(Some(address)), [released(address)]);
    assert_eq!(declined(None), [Heard::Refused(Refusal::DhcpLeaseAddress)]);
}
