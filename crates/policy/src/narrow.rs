//! What every managed Thing may do: name and time service at this router (RFC 8520 section 5 and appendix A).

use crate::{Action, Initiator, Origin, Peer, PortSet, Ports, Protocol, Rule, ThingPolicy};

/// The policy of a Thing of which no file is in force: the implicit rules alone.
#[must_use]
pub fn narrow() -> ThingPolicy {
    ThingPolicy {
        permits: implicit_rules().into(),
        ..ThingPolicy::default()
    }
}

/// The rules that follow the explicit ACEs, so that an explicit drop overrides them. Appendix A has UDP only; a truncated DNS
/// answer needs TCP too (RFC 7766).
pub(crate) fn implicit_rules() -> [Rule; 3] {
    let ports = |port| Ports {
        source: PortSet::all(),
        destination: PortSet::one(port),
    };
    let rule = |origin, protocol| Rule {
        origin,
        initiator: Initiator::Thing,
        family: None,
        peer: Peer::Gateway,
        protocol,
        conditions: Vec::new(),
        action: Action::Accept,
    };
    [
        rule(Origin::ImplicitDns, Protocol::Udp(ports(53))),
        rule(Origin::ImplicitDns, Protocol::Tcp(ports(53))),
        rule(Origin::ImplicitNtp, Protocol::Udp(ports(123))),
    ]
}
