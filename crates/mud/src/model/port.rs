//! Port conditions (RFC 8519 section 4.2, `port-range-or-operator`).

use std::ops::RangeInclusive;

/// A condition on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortMatch {
    /// `lower-port` to `upper-port`, both included; the lower is not above the upper.
    Range {
        /// `lower-port`.
        lower: u16,
        /// `upper-port`.
        upper: u16,
    },
    /// `port`, compared by `operator`.
    Operator {
        /// `operator`; `eq` if the file says nothing.
        operator: PortOperator,
        /// `port`.
        port: u16,
    },
}

/// How a port is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PortOperator {
    /// `lte`: at most.
    Lte,
    /// `gte`: at least.
    Gte,
    /// `eq`: exactly.
    Eq,
    /// `neq`: any but this.
    Neq,
}

impl PortMatch {
    /// The ports that meet the condition, as sorted disjoint ranges: one, or two for `neq`.
    pub fn ranges(self) -> impl Iterator<Item = RangeInclusive<u16>> {
        let (first, second) = match self {
            Self::Range { lower, upper } => (Some(lower..=upper), None),
            Self::Operator {
                operator: PortOperator::Lte,
                port,
            } => (Some(0..=port), None),
            Self::Operator {
                operator: PortOperator::Gte,
                port,
            } => (Some(port..=u16::MAX), None),
            Self::Operator {
                operator: PortOperator::Eq,
                port,
            } => (Some(port..=port), None),
            Self::Operator {
                operator: PortOperator::Neq,
                port,
            } => (
                port.checked_sub(1).map(|below| 0..=below),
                port.checked_add(1).map(|above| above..=u16::MAX),
            ),
        };
        first.into_iter().chain(second)
    }

    /// Whether `port` meets the condition.
    #[must_use]
    pub fn holds(self, port: u16) -> bool {
        match self {
            Self::Range { lower, upper } => (lower..=upper).contains(&port),
            Self::Operator {
                operator: PortOperator::Lte,
                port: bound,
            } => port <= bound,
            Self::Operator {
                operator: PortOperator::Gte,
                port: bound,
            } => port >= bound,
            Self::Operator {
                operator: PortOperator::Eq,
                port: bound,
            } => port == bound,
            Self::Operator {
                operator: PortOperator::Neq,
                port: bound,
            } => port != bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_condition() -> impl Strategy<Value = PortMatch> {
        let edge = prop_oneof![Just(0), Just(1), Just(u16::MAX - 1), Just(u16::MAX), any::<u16>()];
        let operator = prop_oneof![
            Just(PortOperator::Lte),
            Just(PortOperator::Gte),
            Just(PortOperator::Eq),
            Just(PortOperator::Neq)
        ];
        prop_oneof![
            (edge.clone(), edge.clone()).prop_map(|(a, b)| PortMatch::Range {
                lower: a.min(b),
                upper: a.max(b)
            }),
            (operator, edge).prop_map(|(operator, port)| PortMatch::Operator { operator, port }),
        ]
    }

    proptest! {
        #[test]
        fn ranges_hold_exactly_the_ports_that_meet_the_condition(condition in any_condition(), near in -2i32..=2) {
            let around: Vec<u16> = condition.ranges()
                .flat_map(|range| [*range.start(), *range.end()])
                .filter_map(|edge| u16::try_from(i32::from(edge) + near).ok())
                .chain([0, u16::MAX])
                .collect();
            for port in around {
                let listed = condition.ranges().any(|range| range.contains(&port));
                prop_assert_eq!(listed, condition.holds(port), "port {}", port);
            }
        }
    }

    #[test]
    fn neq_at_the_ends_is_one_range() {
        let but = |port| {
            PortMatch::Operator {
                operator: PortOperator::Neq,
                port,
            }
            .ranges()
            .collect::<Vec<_>>()
        };
        assert_eq!(but(0), [1..=u16::MAX]);
        assert_eq!(but(u16::MAX), [0..=u16::MAX - 1]);
        assert_eq!(but(7), [0..=6, 8..=u16::MAX]);
    }
}
