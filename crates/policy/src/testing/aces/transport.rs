//! Random containers of the transport layer.

use mudguard_mud::{Direction, IcmpMatch, L4Match, PortMatch, PortOperator, TcpFlags, TcpMatch, UdpMatch};
use proptest::{collection::vec, prelude::*};

use super::{
    super::pools::{ICMP_TYPES, PORTS, one_of, sometimes},
    Taste,
};

pub(super) fn l4(taste: Taste) -> BoxedStrategy<L4Match> {
    let odd_u32 = || sometimes(taste.odd, 0..=2u32);
    let odd_u16 = || sometimes(taste.odd, 0..=2u16);
    let odd_u8 = || sometimes(taste.odd, 0..=2u8);
    let odd_bytes = || sometimes(taste.odd, vec(0..=1u8, 1..=2));
    let direction = prop_oneof![
        Just(None),
        Just(Some(Direction::FromDevice)),
        Just(Some(Direction::ToDevice))
    ];
    let flags = prop_oneof![
        12 => Just(None),
        taste.headers => one_of(&[2, 16, 18]).prop_map(|flags| Some(TcpFlags(flags))),
        taste.odd => Just(Some(TcpFlags(0))),
    ];
    let tcp = (
        (port(), port(), direction, flags),
        (odd_u32(), odd_u32(), odd_u8(), odd_u8()),
        (odd_u16(), odd_u16(), odd_bytes()),
    )
        .prop_map(
            |((source_port, destination_port, direction_initiated, flags), numbers, rest)| {
                L4Match::Tcp(TcpMatch {
                    source_port,
                    destination_port,
                    direction_initiated,
                    flags,
                    sequence_number: numbers.0,
                    acknowledgement_number: numbers.1,
                    data_offset: numbers.2,
                    reserved: numbers.3,
                    window_size: rest.0,
                    urgent_pointer: rest.1,
                    options: rest.2,
                })
            },
        );
    let udp = (port(), port(), odd_u16()).prop_map(|(source_port, destination_port, length)| {
        L4Match::Udp(UdpMatch {
            source_port,
            destination_port,
            length,
        })
    });
    let icmp = (
        sometimes(10, (one_of(&ICMP_TYPES), sometimes(5, 0..=1u8))),
        odd_u8(),
        odd_bytes(),
    )
        .prop_map(|(kind, lone_code, rest_of_header)| {
            let code = kind.map_or(lone_code, |(_, code)| code);
            L4Match::Icmp(IcmpMatch {
                icmp_type: kind.map(|(kind, _)| kind),
                code,
                rest_of_header,
            })
        });
    prop_oneof![4 => tcp.boxed(), 3 => udp.boxed(), 2 => icmp.boxed()].boxed()
}

fn port() -> impl Strategy<Value = Option<PortMatch>> {
    let operator = one_of(&[
        PortOperator::Eq,
        PortOperator::Eq,
        PortOperator::Lte,
        PortOperator::Gte,
        PortOperator::Neq,
    ]);
    let condition = prop_oneof![
        3 => (operator, one_of(&PORTS)).prop_map(|(operator, port)| PortMatch::Operator { operator, port }),
        1 => (one_of(&PORTS), one_of(&PORTS)).prop_map(|(a, b)| PortMatch::Range { lower: a.min(b), upper: a.max(b) }),
    ];
    sometimes(10, condition)
}
