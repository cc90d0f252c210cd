//! Sources: a packet is from whom it says it is (BCP 38, BCP 84, RFC 7039), or it is counted and dropped.
//!
//! Within a bridge each frame of a managed Thing is looked at as it arrives, before the bridge itself learns anything from it: port, MAC
//! address, IP address, and the sender in ARP and neighbour discovery. Where packets are routed, those of other hosts are looked at too.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use mudguard_policy::{Family, Initiator};
use nftables::{
    expr::{Expression, FibFlag, FibResult, MetaKey},
    schema::SetType,
};

use super::{GUARDED, LINK_LOCAL, bound, denied_chain};
use crate::{
    expression::{
        Expr, FAMILIES, ICMPV6, IGMP, Stmt, accept, at_most, concatenation, count, destination,
        destination_mac, digit, drop_packet, field, go_back, goto, header, icmp_types, incoming, is, is_not,
        is_protocol, jump, meta, number, of_family, one_of, outgoing, prefix, protocol, route, sample, set,
        source, source_mac, word,
    },
    kernel::Kernel,
    sets::{Plane, address_type},
    table::{Rule, SetKind, Table},
};

/// The ports of Things: a MAC address with the port of the bridge at which it is.
pub(crate) const PORTS: &str = "ports";
/// The MAC addresses of Things that stand in [`PORTS`].
pub(crate) const PLACED: &str = "placed";
/// The name of the set of guarded Things that stand at their port with their address: a MAC address, a port and an address.
pub(crate) fn placed(family: Family) -> String {
    format!("placed{}", digit(family))
}

/// The LAN interfaces.
pub(crate) const LANS: &str = "lans";
/// The chain that judges the target of a neighbour advertisement. nft before 1.0.9 has no word for it: its rules go in over netlink.
pub(crate) const TARGETS: &str = "guard_targets";
/// The same for the addresses of this router, whoever sends.
pub(crate) const OWN_TARGETS: &str = "guard_own_targets";
/// The chain for packets that open a flow, of all hosts.
pub(super) const SOURCES: &str = "guard_sources";

/// The prefix of samples of frames at another port than the Thing's.
pub(crate) const PORT_SAMPLE: &str = "mudguard port";
/// The prefix of samples of packets from an address that is bound to nobody.
pub(crate) const SOURCE_SAMPLE: &str = "mudguard source";
/// The prefix of samples of duplicate address detection: somebody is about to use an address.
pub(crate) const ADDRESS_SAMPLE: &str = "mudguard address";

pub(super) const ARP: u32 = 0x0806;

/// The name of the set of addresses that are bound to any Thing or are this router's.
pub(crate) fn taken(family: Family) -> String {
    format!("taken{}", digit(family))
}

/// The name of the set of addresses of this router on the LAN.
pub(crate) fn own(family: Family) -> String {
    format!("own{}", digit(family))
}

/// The name of the set of prefixes of the LAN. A set of ranges has two parts at least, so each prefix stands with all protocols.
pub(crate) fn prefixes(family: Family) -> String {
    format!("prefixes{}", digit(family))
}

fn counter(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "spoofed_ipv4",
        Family::Ipv6 => "spoofed_ipv6",
    }
}

fn spoofed(matches: impl IntoIterator<Item = Stmt>, counter: &'static str) -> Rule {
    Rule::new(matches.into_iter().chain([count(counter), drop_packet()]))
}

fn ports(from: u32, to: u32) -> [Stmt; 2] {
    [
        is(field("udp", "sport"), number(from)),
        is(field("udp", "dport"), number(to)),
    ]
}

/// Goes back if the packet is this.
fn passes(matches: impl IntoIterator<Item = Stmt>) -> Rule {
    Rule::new(matches.into_iter().chain([go_back()]))
}

fn is_bound(mac: Expr, address: Expr, family: Family) -> Stmt {
    is(concatenation(vec![mac, address]), set(&bound(family)))
}

fn is_not_bound(mac: Expr, address: Expr, family: Family) -> Stmt {
    is_not(concatenation(vec![mac, address]), set(&bound(family)))
}

/// The chain `guard`, through which go the packets of guarded Things, and what it needs.
pub(super) fn guard(table: &mut Table, plane: Plane, kernel: &Kernel) {
    table
        .counters
        .extend(["spoofed_ipv4", "spoofed_ipv6", "spoofed_router"]);
    for family in FAMILIES {
        table.declare(taken(family), SetKind::Exact, &[address_type(family)]);
    }
    match plane {
        Plane::Routed => routed(table),
        Plane::Bridged => bridged(table, kernel),
    }
    unbound(table, plane, kernel);
}

/// The end of packets from an address that is not the Thing's.
fn unbound(table: &mut Table, plane: Plane, kernel: &Kernel) {
    let mut rules = Vec::new();
    if plane == Plane::Routed {
        rules.push(Rule::new([jump(LINK_LOCAL)]));
        rules.extend(FAMILIES.map(|family| {
            let another = is(source(family), set(&taken(family)));
            spoofed([another], counter(family))
        }));
    }
    if kernel.samples {
        // The daemon asks the link who has this address; a Thing that answers gets it bound.
        rules.extend(FAMILIES.map(|family| Rule::new([of_family(family), count(counter(family))])));
        rules.push(Rule::new([at_most(10, 20), sample(SOURCE_SAMPLE)]));
        rules.push(Rule::new([drop_packet()]));
    } else {
        // Nobody would hear of an address that a Thing has made for itself, so one that is nobody's passes.
        rules.push(spoofed([of_family(Family::Ipv4)], "spoofed_ipv4"));
    }
    table.chain("unbound", rules);
}

fn routed(table: &mut Table) {
    table.counters.extend(["spoofed_prefix", "spoofed_wan"]);
    table.declare(LANS, SetKind::Exact, &[SetType::Ifname]);
    for family in FAMILIES {
        let key = [address_type(family), SetType::InetProto];
        table.declare(prefixes(family), SetKind::Intervals, &key);
    }
    let is_ours = is(route(FibResult::Type, &[FibFlag::Saddr]), word("local"));
    let from_lan = || is(incoming(), set(LANS));
    let mut rules = vec![
        Rule::new([jump(LINK_LOCAL)]),
        passes([is(incoming(), word("lo"))]),
        // The kernel itself refuses these of IPv4 alone.
        spoofed([from_lan(), is_ours], "spoofed_router"),
        spoofed(
            [from_lan(), is_not(outgoing(), set(LANS)), is_astray()],
            "spoofed_prefix",
        ),
    ];
    rules.extend(FAMILIES.map(|family| {
        let of_the_lan = is(
            concatenation(vec![source(family), protocol()]),
            set(&prefixes(family)),
        );
        // A prefix of the LAN may reach beyond it, to the far end of a tunnel: the routing table knows.
        spoofed(
            [is_not(incoming(), set(LANS)), of_the_lan, is_astray()],
            "spoofed_wan",
        )
    }));
    table.chain(SOURCES, rules);
}

/// The way back to the source of a packet does not lead to the link it came from. It leads nowhere if the source is this router's.
fn is_astray() -> Stmt {
    let way_back = route(FibResult::Oif, &[FibFlag::Saddr, FibFlag::Iif]);
    is(way_back, Expression::Boolean(false))
}

/// Where packets are routed: those of guarded Things from an address that is not theirs.
pub(super) fn of_things() -> Vec<Rule> {
    let rule = |family| {
        let guarded = is(source_mac(), set(GUARDED));
        let foreign = is_not_bound(source_mac(), source(family), family);
        Rule::new([of_family(family), guarded, foreign, jump("unbound")])
    };
    FAMILIES.map(rule).into()
}

/// What is forwarded is looked at more closely only if its way back leads elsewhere: nothing that [`SOURCES`] drops there has another.
pub(super) fn astray() -> Rule {
    Rule::new([is_astray(), jump(SOURCES)])
}

fn bridged(table: &mut Table, kernel: &Kernel) {
    table
        .counters
        .extend(["spoofed_port", "spoofed_arp", "spoofed_nd"]);
    table.declare(PORTS, SetKind::Exact, &[SetType::EtherAddr, SetType::Ifname]);
    table.declare(PLACED, SetKind::Exact, &[SetType::EtherAddr]);
    for family in FAMILIES {
        let place = [SetType::EtherAddr, SetType::Ifname, address_type(family)];
        table.declare(placed(family), SetKind::Exact, &place);
        table.declare(own(family), SetKind::Exact, &[address_type(family)]);
    }
    table.chain(TARGETS, []);
    table.chain(OWN_TARGETS, []);
    let at_port = is(concatenation(vec![source_mac(), incoming()]), set(PORTS));
    let elsewhere = vec![is(source_mac(), set(PLACED)), goto("misplaced")];
    table.chain(
        "guard",
        [
            Rule::new([at_port, goto("guard_addresses")]),
            Rule::new(elsewhere),
            Rule::new([goto("guard_addresses")]),
        ],
    );
    let mut misplaced = vec![Rule::new([count("spoofed_port")])];
    if kernel.samples {
        // A Thing that has moved is known by it.
        misplaced.push(Rule::new([at_most(5, 10), sample(PORT_SAMPLE)]));
    }
    misplaced.push(Rule::new([drop_packet()]));
    table.chain("misplaced", misplaced);
    table.chain("guard_addresses", addresses(kernel));
    let sender = || field("arp", "saddr ip");
    let taken4 = || is(sender(), set(&taken(Family::Ipv4)));
    table.chain(
        "guard_arp",
        [source_mac(), field("arp", "saddr ether")].map(|mac| {
            let another = is_not_bound(mac, sender(), Family::Ipv4);
            spoofed([taken4(), another], "spoofed_arp")
        }),
    );
    table.chain("guard_destination", destinations());
}

/// Of a frame at the right port.
fn addresses(kernel: &Kernel) -> Vec<Rule> {
    let mut rules = vec![
        passes([is_bound(source_mac(), source(Family::Ipv4), Family::Ipv4)]),
        Rule::new([is_arp(), goto("guard_arp")]),
        Rule::new([icmp_types(Family::Ipv6, &[136]), jump(TARGETS)]),
        passes([is_bound(source_mac(), source(Family::Ipv6), Family::Ipv6)]),
    ];
    if kernel.samples {
        let detection = icmp_types(Family::Ipv6, &[135]);
        rules.push(Rule::new([
            is(source(Family::Ipv6), word("::")),
            detection,
            at_most(5, 10),
            sample(ADDRESS_SAMPLE),
        ]));
    }
    rules.extend([
        // By these an address that is nobody's yet becomes known, or is asked for.
        spoofed(
            [is(source(Family::Ipv4), set(&taken(Family::Ipv4)))],
            "spoofed_ipv4",
        ),
        spoofed(
            [is(source(Family::Ipv6), set(&taken(Family::Ipv6)))],
            "spoofed_ipv6",
        ),
        passes(ports(68, 67)),
        passes(ports(546, 547)),
        passes([icmp_types(Family::Ipv6, &[130, 131, 132, 133, 135, 136, 143])]),
        passes([of_family(Family::Ipv4), is_protocol(IGMP)]),
    ]);
    rules.extend(FAMILIES.map(|family| Rule::new([of_family(family), goto("unbound")])));
    rules
}

fn is_arp() -> Stmt {
    is(meta(MetaKey::Protocol), number(ARP))
}

/// The base chain for frames that arrive at a port.
pub(super) fn arriving() -> Vec<Rule> {
    // What most frames are is looked up at once. Neighbour discovery says more than its source.
    let mut rules = Vec::from(FAMILIES.map(|family| {
        let key = concatenation(vec![source_mac(), incoming(), source(family)]);
        let is_placed = is(key, set(&placed(family)));
        let not_icmpv6 = (family == Family::Ipv6).then(|| is_not(protocol(), number(ICMPV6)));
        Rule::new(not_icmpv6.into_iter().chain([is_placed, accept()]))
    }));
    rules.extend(FAMILIES.map(|family| {
        let ours = is(source(family), set(&own(family)));
        spoofed([ours], "spoofed_router")
    }));
    let sender = is(field("arp", "saddr ip"), set(&own(Family::Ipv4)));
    rules.extend([
        spoofed([sender], "spoofed_router"),
        Rule::new([icmp_types(Family::Ipv6, &[136]), jump(OWN_TARGETS)]),
        Rule::new([is(source_mac(), set(GUARDED)), jump("guard")]),
    ]);
    rules
}

/// The base chain for frames that this router sends into a bridge. Here the MAC address of a packet that was routed is known: it reaches a
/// guarded Thing at an address of which the rules know whose it is, or not at all.
pub(super) fn leaving() -> Vec<Rule> {
    vec![Rule::new([
        is(destination_mac(), set(GUARDED)),
        jump("guard_destination"),
    ])]
}

fn destinations() -> Vec<Rule> {
    let mut rules =
        Vec::from(FAMILIES.map(|family| passes([is_bound(destination_mac(), destination(family), family)])));
    // Some ports make one frame for each listener of a group.
    let groups = [
        IpNet::from(Ipv4Net::new_assert([224, 0, 0, 0].into(), 4)),
        Ipv6Net::new_assert(0xff00_u128.wrapping_shl(112).into(), 8).into(),
    ];
    rules.extend(groups.map(|groups| passes([is(destination(Family::of(groups.addr())), prefix(groups))])));
    rules.extend([
        passes([is(destination(Family::Ipv4), word("255.255.255.255"))]),
        passes(ports(67, 68)),
        passes(ports(547, 546)),
        passes([icmp_types(
            Family::Ipv6,
            &[1, 2, 3, 4, 130, 133, 134, 135, 136, 137],
        )]),
    ]);
    let both = FAMILIES.map(|family| word(header(family)));
    rules.push(Rule::new([
        is(meta(MetaKey::Protocol), one_of(both.into())),
        goto(denied_chain(Initiator::Peer)),
    ]));
    rules
}
