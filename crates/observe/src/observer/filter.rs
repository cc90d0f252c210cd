//! The socket filter (classic BPF): the kernel hands over DHCP and LLDP and nothing else, so that forwarded traffic costs nothing here.
//!
//! What it is not: a check. What it lets through is read as if there were no filter.

use socket2::SockFilter;

use crate::wire::{dhcpv4, dhcpv6, ethernet, lldp, udp};

/// Which way frames go that a socket gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    /// Into the router through this interface.
    Incoming,
    /// Out of the router through this interface.
    Outgoing,
}

/// Where a comparison goes on.
#[derive(Clone, Copy, Debug)]
enum To {
    Next,
    Accept,
    Reject,
    /// The instruction of this number.
    Step(usize),
}

/// An instruction; `yes` and `no` are for comparisons only.
#[derive(Clone, Copy, Debug)]
struct Step {
    code: u16,
    k: u32,
    yes: To,
    no: To,
}

/// `ldb [k]`, `ldh [k]`, `ld [k]`.
const LOAD_OCTET: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
const LOAD_WORD: u16 = 0x20;
/// `ldxb 4*([k]&0xf)`: the length of an IPv4 header.
const LOAD_HEADER_LENGTH: u16 = 0xb1;
/// `ldh [x + k]`.
const LOAD_HALF_INDEXED: u16 = 0x48;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_SET: u16 = 0x45;
const RETURN: u16 = 0x06;

/// Where the kernel keeps which way a frame goes (SKF_AD_OFF + SKF_AD_PKTTYPE), and what stands there for outgoing ones (PACKET_OUTGOING).
const PACKET_TYPE: u32 = 0xffff_f000 + 4;
const PACKET_OUTGOING: u32 = 4;

/// The program for a socket.
pub(super) fn program(direction: Direction) -> Vec<SockFilter> {
    let steps = steps(direction);
    let (accept, reject) = (steps.len(), steps.len() + 1);
    let filters = steps.iter().enumerate().map(|(at, step)| {
        let distance = |to| {
            let target = match to {
                To::Next => at + 1,
                To::Accept => accept,
                To::Reject => reject,
                To::Step(step) => step,
            };
            // A program is far shorter than 256 instructions; a test holds it to that.
            u8::try_from(target.saturating_sub(at + 1)).unwrap_or(u8::MAX)
        };
        SockFilter::new(step.code, distance(step.yes), distance(step.no), step.k)
    });
    // Accepted frames are handed over whole.
    filters
        .chain([
            SockFilter::new(RETURN, 0, 0, u32::MAX),
            SockFilter::new(RETURN, 0, 0, 0),
        ])
        .collect()
}

fn steps(direction: Direction) -> Vec<Step> {
    let mut steps = vec![load(LOAD_WORD, PACKET_TYPE)];
    steps.push(match direction {
        Direction::Incoming => compare(PACKET_OUTGOING, To::Reject, To::Next),
        Direction::Outgoing => compare(PACKET_OUTGOING, To::Next, To::Reject),
    });
    steps.push(load(LOAD_HALF, 12));
    let untagged = content(direction, 0, steps.len() + 2);
    let tagged = To::Step(steps.len() + 2 + untagged.len());
    // The kernel has taken the outer tag away; what is here is an inner one.
    steps.push(compare(ethernet::VLAN.into(), tagged, To::Next));
    steps.push(compare(ethernet::SERVICE_VLAN.into(), tagged, To::Next));
    steps.extend(untagged);
    steps.push(load(LOAD_HALF, 16));
    steps.extend(content(direction, 4, steps.len()));
    steps
}

/// What follows the EtherType, which is loaded; `shift` is the length of the tags before it, `at` the number of the first instruction.
fn content(direction: Direction, shift: u32, at: usize) -> Vec<Step> {
    let (ports_v4, ports_v6, lldp): (&[u16], &[u16], _) = match direction {
        // Messages of servers are counted when they come from a Thing.
        Direction::Incoming => (
            &[dhcpv4::SERVER_PORT, dhcpv4::CLIENT_PORT],
            &[dhcpv6::SERVER_PORT, dhcpv6::CLIENT_PORT],
            To::Accept,
        ),
        Direction::Outgoing => (&[dhcpv4::CLIENT_PORT], &[dhcpv6::CLIENT_PORT], To::Reject),
    };
    let mut ipv4 = vec![
        load(LOAD_OCTET, 23 + shift),
        compare(udp::PROTOCOL.into(), To::Next, To::Reject),
        load(LOAD_HALF, 20 + shift),
        // Later fragments hold no ports; the first comes through and is counted.
        Step {
            code: JUMP_IF_SET,
            k: 0x1fff,
            yes: To::Reject,
            no: To::Next,
        },
        load(LOAD_HEADER_LENGTH, 14 + shift),
        load(LOAD_HALF_INDEXED, 16 + shift),
    ];
    ipv4.extend(any_of(ports_v4));
    let not_ipv4 = To::Step(at + 2 + ipv4.len());
    let mut steps = vec![
        compare(lldp::ETHER_TYPE.into(), lldp, To::Next),
        compare(ethernet::IPV4.into(), To::Next, not_ipv4),
    ];
    steps.extend(ipv4);
    steps.extend([
        compare(ethernet::IPV6.into(), To::Next, To::Reject),
        load(LOAD_OCTET, 20 + shift),
        compare(udp::PROTOCOL.into(), To::Next, To::Reject),
        load(LOAD_HALF, 56 + shift),
    ]);
    steps.extend(any_of(ports_v6));
    steps
}

/// Accepts if what is loaded is one of these.
fn any_of(ports: &[u16]) -> impl Iterator<Item = Step> {
    let last = ports.len().saturating_sub(1);
    ports.iter().enumerate().map(move |(number, &port)| {
        let no = if number == last { To::Reject } else { To::Next };
        compare(port.into(), To::Accept, no)
    })
}

fn load(code: u16, k: u32) -> Step {
    Step {
        code,
        k,
        yes: To::Next,
        no: To::Next,
    }
}

fn compare(k: u32, yes: To, no: To) -> Step {
    Step {
        code: JUMP_IF_EQUAL,
        k,
        yes,
        no,
    }
}
