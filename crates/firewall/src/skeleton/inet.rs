//! The table for what this router routes and receives.

use mudguard_policy::Family;
use nftables::{
    expr::{Expression, FibFlag, FibResult},
    types::{NfFamily, NfHook},
};

use super::{GUARDED, common, in_map, infrastructure, observed_addresses};
use crate::{
    expression::{
        FAMILIES, accept, connection_is, count, destination, drop_packet, is, jump, lookup_chain, of_family,
        route, set, source_mac,
    },
    kernel::Kernel,
    sets::{Plane, address_type},
    table::{Rule, SetKind, Table},
};

/// Before the filter chains of others.
const PRIORITY: i32 = -10;

/// The table without policies.
pub(crate) fn inet(kernel: &Kernel) -> Table {
    let mut table = Table::new(NfFamily::INet);
    for family in FAMILIES {
        table.declare(in_map(family), SetKind::Verdicts, &[address_type(family)]);
        table.declare(
            observed_addresses(family),
            SetKind::Exact,
            &[address_type(family)],
        );
    }
    common(&mut table, Plane::Routed, kernel);
    table.chain(
        "inbound",
        FAMILIES.map(|family| Rule::new([lookup_chain(destination(family), &in_map(family))])),
    );
    let guarded = || Rule::new([is(source_mac(), set(GUARDED)), jump("guard")]);
    // Errors of ICMP, path MTU discovery among them, are related to their flow.
    let known = || Rule::new([connection_is(&["established", "related"]), accept()]);
    table.base_chain(
        "forward",
        NfHook::Forward,
        PRIORITY,
        [
            guarded(),
            known(),
            Rule::new([jump("outbound")]),
            Rule::new([jump("inbound")]),
        ],
    );
    let mut input = infrastructure(Plane::Routed);
    input.extend([guarded(), known(), Rule::new([jump("outbound")])]);
    table.base_chain("input", NfHook::Input, PRIORITY, input);
    table
}

/// An IPv6 source for which the way back does not lead where the packet came from. Link-local ones are on every link.
pub(super) fn wrong_prefix() -> Rule {
    let way_back = route(FibResult::Oif, &[FibFlag::Saddr, FibFlag::Iif]);
    Rule::new([
        of_family(Family::Ipv6),
        is(way_back, Expression::Boolean(false)),
        count("spoofed"),
        drop_packet(),
    ])
}
