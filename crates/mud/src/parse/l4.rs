//! `tcp`, `udp` and `icmp` within `matches`, and their ports (RFC 8519 section 4.2, RFC 8520 section 8.3).

use super::{Reader, members::Members, place::Place};
use crate::{
    Code, Direction, IcmpMatch, PortMatch, PortOperator, TcpFlags, TcpMatch, UdpMatch,
    schema::{ICMP, PORT, TCP, UDP},
};

const TCP_FLAGS: &[(&str, u8)] = &[
    ("cwr", 128),
    ("ece", 64),
    ("urg", 32),
    ("ack", 16),
    ("psh", 8),
    ("rst", 4),
    ("syn", 2),
    ("fin", 1),
];

impl Reader<'_> {
    /// `tcp` of an ACE.
    pub(super) fn tcp(&mut self, place: &Place<'_>) -> TcpMatch {
        let mut tcp = TcpMatch::default();
        let mut members = Members::of(&TCP);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "sequence-number" => tcp.sequence_number = self.uint32(&child),
                "acknowledgement-number" => tcp.acknowledgement_number = self.uint32(&child),
                "data-offset" => tcp.data_offset = self.number(&child, 5..=15),
                "reserved" => tcp.reserved = self.uint8(&child),
                "flags" => tcp.flags = self.bits(&child, TCP_FLAGS).map(TcpFlags),
                "window-size" => tcp.window_size = self.uint16(&child),
                "urgent-pointer" => tcp.urgent_pointer = self.uint16(&child),
                "options" => tcp.options = self.binary(&child, 1..=40),
                "source-port" => tcp.source_port = self.port(&child),
                "destination-port" => tcp.destination_port = self.port(&child),
                "direction-initiated" => tcp.direction_initiated = self.direction(&child),
                _ => {}
            }
        }
        tcp
    }

    /// `udp` of an ACE.
    pub(super) fn udp(&mut self, place: &Place<'_>) -> UdpMatch {
        let mut udp = UdpMatch::default();
        let mut members = Members::of(&UDP);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "length" => udp.length = self.uint16(&child),
                "source-port" => udp.source_port = self.port(&child),
                "destination-port" => udp.destination_port = self.port(&child),
                _ => {}
            }
        }
        udp
    }

    /// `icmp` of an ACE.
    pub(super) fn icmp(&mut self, place: &Place<'_>) -> IcmpMatch {
        let mut icmp = IcmpMatch::default();
        let mut members = Members::of(&ICMP);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "type" => icmp.icmp_type = self.uint8(&child),
                "code" => icmp.code = self.uint8(&child),
                "rest-of-header" => icmp.rest_of_header = self.binary(&child, 0..=usize::MAX),
                _ => {}
            }
        }
        icmp
    }

    fn direction(&mut self, place: &Place<'_>) -> Option<Direction> {
        match self.text(place)? {
            "from-device" => Some(Direction::FromDevice),
            "to-device" => Some(Direction::ToDevice),
            other => {
                self.unknown_value(place, other, "from-device, to-device");
                None
            }
        }
    }

    fn operator(&mut self, place: &Place<'_>) -> Option<PortOperator> {
        match self.text(place)? {
            "lte" => Some(PortOperator::Lte),
            "gte" => Some(PortOperator::Gte),
            "eq" => Some(PortOperator::Eq),
            "neq" => Some(PortOperator::Neq),
            other => {
                self.unknown_value(place, other, "lte, gte, eq, neq");
                None
            }
        }
    }

    /// `source-port` or `destination-port`: exactly one of the two forms.
    pub(super) fn port(&mut self, place: &Place<'_>) -> Option<PortMatch> {
        let parts_before = self.ace.as_ref().map_or(0, Vec::len);
        let mut leaves = PortLeaves::default();
        let mut members = Members::of(&PORT);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "lower-port" => leaves.lower = self.uint16(&child),
                "upper-port" => leaves.upper = self.uint16(&child),
                "operator" => leaves.operator = self.operator(&child),
                "port" => leaves.port = self.uint16(&child),
                _ => {}
            }
        }
        if self.ace.as_ref().map_or(0, Vec::len) != parts_before {
            // A part was refused, and told of: no half of a condition is a condition.
            return None;
        }
        match leaves {
            PortLeaves {
                lower: Some(lower),
                upper: Some(upper),
                operator: None,
                port: None,
            } if lower <= upper => Some(PortMatch::Range { lower, upper }),
            PortLeaves {
                lower: Some(lower),
                upper: Some(upper),
                operator: None,
                port: None,
            } => {
                let message = format!("`lower-port` {lower} is above `upper-port` {upper}");
                self.bad(
                    place,
                    Code::PortRangeReversed,
                    message,
                    "write the lower port first",
                );
                None
            }
            PortLeaves {
                lower: None,
                upper: None,
                operator: Some(operator),
                port: Some(port),
            } => Some(PortMatch::Operator { operator, port }),
            PortLeaves {
                lower: None,
                upper: None,
                operator: None,
                port: Some(port),
            } => {
                let message = "`operator` is absent, which means `eq`";
                self.note(
                    place,
                    Code::OperatorAbsent,
                    message,
                    "write `\"operator\": \"eq\"` for readers that need it",
                );
                Some(PortMatch::Operator {
                    operator: PortOperator::Eq,
                    port,
                })
            }
            PortLeaves {
                lower: None,
                upper: None,
                operator: None,
                port: None,
            } => {
                // A choice that is not mandatory: the empty container is allowed, and sets no condition.
                let message = format!("`{}` is empty and so sets no condition", place.name());
                self.advise(place, Code::MatchesEverything, message, "remove it");
                None
            }
            PortLeaves {
                lower,
                upper,
                operator,
                port,
            } => {
                let is_mixed = (lower.is_some() || upper.is_some()) && (operator.is_some() || port.is_some());
                let (code, message) = match is_mixed {
                    true => (
                        Code::PortFormsMixed,
                        "the port is given as a range and with an operator at once",
                    ),
                    false => (Code::MissingNode, "the port is given by halves"),
                };
                let hint = "write `lower-port` and `upper-port`, or `operator` and `port`";
                self.bad(place, code, message, hint);
                None
            }
        }
    }
}

/// A port condition, and on which port.
pub(super) enum Port {
    /// `source-port`.
    Source(PortMatch),
    /// `destination-port`.
    Destination(PortMatch),
}

#[derive(Default)]
struct PortLeaves {
    lower: Option<u16>,
    upper: Option<u16>,
    operator: Option<PortOperator>,
    port: Option<u16>,
}
