//! Short ways to write the nftables expressions and statements that the ruleset is made of.
//!
//! Numbers stand where nft would take names of protocols, ports or types: a router may lack `/etc/protocols` and `/etc/services`.

use std::net::IpAddr;

use ipnet::IpNet;
use mudguard_policy::{Family, MacAddress};
use nftables::{
    expr::{
        BinaryOperation, CT, Expression, Fib, FibFlag, FibResult, Meta, MetaKey, NamedExpression, Payload,
        PayloadField, Prefix, Range, SetItem, Verdict,
    },
    stmt::{Counter, JumpTarget, Limit, Log, Match, Operator, Statement, VerdictMap},
};

use crate::LOG_GROUP;

/// An expression that owns its text.
pub(crate) type Expr = Expression<'static>;
/// A statement that owns its text.
pub(crate) type Stmt = Statement<'static>;

/// The protocol number of ICMP.
pub(crate) const ICMP: u8 = 1;
/// The protocol number of IGMP.
pub(crate) const IGMP: u8 = 2;
/// The protocol number of TCP.
pub(crate) const TCP: u8 = 6;
/// The protocol number of UDP.
pub(crate) const UDP: u8 = 17;
/// The protocol number of ICMPv6.
pub(crate) const ICMPV6: u8 = 58;

/// Both families, in the order in which rules and sets are written.
pub(crate) const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

/// The digit by which sets of a family are told apart.
pub(crate) fn digit(family: Family) -> char {
    match family {
        Family::Ipv4 => '4',
        Family::Ipv6 => '6',
    }
}

/// The name of the IP header of a family in nft.
pub(crate) fn header(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "ip",
        Family::Ipv6 => "ip6",
    }
}

/// A field of a header.
pub(crate) fn field(protocol: &'static str, field: &'static str) -> Expr {
    Expression::Named(NamedExpression::Payload(Payload::PayloadField(PayloadField {
        protocol: protocol.into(),
        field: field.into(),
    })))
}

/// The source address of a family.
pub(crate) fn source(family: Family) -> Expr {
    field(header(family), "saddr")
}

/// The destination address of a family.
pub(crate) fn destination(family: Family) -> Expr {
    field(header(family), "daddr")
}

/// The source MAC address.
pub(crate) fn source_mac() -> Expr {
    field("ether", "saddr")
}

/// The destination MAC address.
pub(crate) fn destination_mac() -> Expr {
    field("ether", "daddr")
}

/// The source port; for ICMP and ICMPv6, whose header starts with them, the type and the code.
pub(crate) fn source_port() -> Expr {
    field("th", "sport")
}

/// The destination port.
pub(crate) fn destination_port() -> Expr {
    field("th", "dport")
}

/// The protocol number.
pub(crate) fn protocol() -> Expr {
    meta(MetaKey::L4proto)
}

/// Packet meta data.
pub(crate) fn meta(key: MetaKey) -> Expr {
    Expression::Named(NamedExpression::Meta(Meta { key }))
}

/// A concatenation; a single part stands for itself.
pub(crate) fn concatenation(mut parts: Vec<Expr>) -> Expr {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (Some(last), false) => {
            parts.push(last);
            Expression::Named(NamedExpression::Concat(parts))
        }
        (None, _) => Expression::Named(NamedExpression::Concat(parts)),
    }
}

/// A number.
pub(crate) fn number(value: impl Into<u32>) -> Expr {
    Expression::Number(value.into())
}

/// A word of nft's own, an address, or another text without foreign parts.
pub(crate) fn word(text: impl Into<String>) -> Expr {
    Expression::String(text.into().into())
}

/// A MAC address.
pub(crate) fn mac(mac: MacAddress) -> Expr {
    word(mac.to_string())
}

/// An IP address.
pub(crate) fn address(address: IpAddr) -> Expr {
    word(address.to_string())
}

/// The reference to a set or map.
pub(crate) fn set(name: &str) -> Expr {
    word(format!("@{name}"))
}

/// A prefix; one of a single address is that address.
pub(crate) fn prefix(network: IpNet) -> Expr {
    if network.prefix_len() == network.max_prefix_len() {
        return address(network.addr());
    }
    Expression::Named(NamedExpression::Prefix(Prefix {
        addr: Box::new(address(network.network())),
        len: u32::from(network.prefix_len()),
    }))
}

/// A range; a range of one value is that value.
pub(crate) fn range(low: Expr, high: Expr) -> Expr {
    if low == high {
        low
    } else {
        Expression::Range(Box::new(Range { range: [low, high] }))
    }
}

/// One of several values: an anonymous set, or the value itself if it is alone.
pub(crate) fn one_of(mut values: Vec<Expr>) -> Expr {
    if values.len() == 1
        && let Some(only) = values.pop()
    {
        return only;
    }
    Expression::Named(NamedExpression::Set(
        values.into_iter().map(SetItem::Element).collect(),
    ))
}

/// Matches if both sides are equal, or the left is in the set on the right.
pub(crate) fn is(left: Expr, right: Expr) -> Stmt {
    Statement::Match(Match {
        left,
        right,
        op: Operator::EQ,
    })
}

/// Matches if [`is`] does not.
pub(crate) fn is_not(left: Expr, right: Expr) -> Stmt {
    Statement::Match(Match {
        left,
        right,
        op: Operator::NEQ,
    })
}

/// Matches the packets of one family.
pub(crate) fn of_family(family: Family) -> Stmt {
    is(meta(MetaKey::Protocol), word(header(family)))
}

/// Matches one protocol.
pub(crate) fn is_protocol(number_: u8) -> Stmt {
    is(protocol(), number(number_))
}

/// Matches ICMP or ICMPv6 messages of one of these types.
pub(crate) fn icmp_types(family: Family, types: &[u8]) -> Stmt {
    is(
        field(icmp_header(family), "type"),
        one_of(types.iter().map(|kind| number(*kind)).collect()),
    )
}

/// The name of the ICMP header of a family in nft.
pub(crate) fn icmp_header(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "icmp",
        Family::Ipv6 => "icmpv6",
    }
}

/// The bits of a field that are in a mask.
pub(crate) fn masked(field: Expr, mask: impl Into<u32>) -> Expr {
    Expression::BinaryOperation(Box::new(BinaryOperation::AND(field, number(mask))))
}

/// Matches TCP packets in which the flags of `mask` equal `value`.
pub(crate) fn tcp_flags(mask: u8, value: u8, negated: bool) -> Stmt {
    let masked = masked(field("tcp", "flags"), mask);
    if negated {
        is_not(masked, number(value))
    } else {
        is(masked, number(value))
    }
}

/// Matches if conntrack gives the packet one of these states.
pub(crate) fn connection_is(states: &[&'static str]) -> Stmt {
    let state = Expression::Named(NamedExpression::CT(CT {
        key: "state".into(),
        family: None,
        dir: None,
    }));
    Statement::Match(Match {
        left: state,
        right: Expression::List(states.iter().map(|state| word(*state)).collect()),
        op: Operator::IN,
    })
}

/// The interface through which a packet came; within a bridge the port.
pub(crate) fn incoming() -> Expr {
    meta(MetaKey::Iifname)
}

/// The interface through which a packet leaves.
pub(crate) fn outgoing() -> Expr {
    meta(MetaKey::Oifname)
}

/// What the routing table says of a packet.
pub(crate) fn route(result: FibResult, flags: &[FibFlag]) -> Expr {
    Expression::Named(NamedExpression::Fib(Fib {
        result,
        flags: flags.iter().copied().collect(),
    }))
}

/// Ends our chains; other tables still judge the packet.
pub(crate) fn accept() -> Stmt {
    Statement::Accept(None)
}

/// Drops the packet.
pub(crate) fn drop_packet() -> Stmt {
    Statement::Drop(None)
}

/// Goes back to the calling chain.
pub(crate) fn go_back() -> Stmt {
    Statement::Return(None)
}

/// Goes on in another chain and comes back.
pub(crate) fn jump(chain: impl Into<String>) -> Stmt {
    Statement::Jump(JumpTarget {
        target: chain.into().into(),
    })
}

/// Goes on in another chain for good.
pub(crate) fn goto(chain: impl Into<String>) -> Stmt {
    Statement::Goto(JumpTarget {
        target: chain.into().into(),
    })
}

/// Looks the chain up in a verdict map.
pub(crate) fn lookup_chain(key: Expr, map: &str) -> Stmt {
    Statement::VerdictMap(VerdictMap { key, data: set(map) })
}

/// The value of a verdict map's element: on in another chain, and back.
pub(crate) fn jump_verdict(chain: impl Into<String>) -> Expr {
    Expression::Verdict(Verdict::Jump(JumpTarget {
        target: chain.into().into(),
    }))
}

/// The same, and for good.
pub(crate) fn goto_verdict(chain: impl Into<String>) -> Expr {
    Expression::Verdict(Verdict::Goto(JumpTarget {
        target: chain.into().into(),
    }))
}

/// Counts.
pub(crate) fn count(counter: &'static str) -> Stmt {
    Statement::Counter(Counter::Named(counter.into()))
}

/// Lets so many packets a second through, and a burst.
pub(crate) fn at_most(rate: u32, burst: u32) -> Stmt {
    Statement::Limit(Limit {
        rate,
        rate_unit: None,
        per: Some("second".into()),
        burst: Some(burst),
        burst_unit: None,
        inv: None,
    })
}

/// Sends a sample to whoever listens to [`LOG_GROUP`]: 128 octets hold the longest chain of IPv6 extension headers that is read.
pub(crate) fn sample(prefix: &'static str) -> Stmt {
    Statement::Log(Some(Log {
        prefix: Some(prefix.into()),
        group: Some(u32::from(LOG_GROUP)),
        snaplen: Some(128),
        queue_threshold: Some(1),
        level: None,
        flags: None,
    }))
}
