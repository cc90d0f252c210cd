//! Names that are answered here and never sent upstream (RFC 6761, 6762, 7686, 8375, 9462).
//!
//! Names of the home's own Things will live under `home.arpa`; until there are any, nothing exists there.

use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::rr::RecordType;

use super::Question;

/// What is known of a special name without asking anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpecialAnswer {
    /// An IPv4 address.
    Ipv4(Ipv4Addr),
    /// An IPv6 address.
    Ipv6(Ipv6Addr),
    /// The name exists without records of this type.
    NoData,
    /// There is no such name.
    NoSuchName,
}

/// Answers a special name; `None` for every other. With `forward_test`, `test` is none.
pub(crate) fn special_answer(question: &Question, forward_test: bool) -> Option<SpecialAnswer> {
    let mut from_the_top = question.name.iter().rev();
    match (from_the_top.next()?, from_the_top.next(), from_the_top.next()) {
        (b"localhost", ..) if question.record_type == RecordType::A => {
            Some(SpecialAnswer::Ipv4(Ipv4Addr::LOCALHOST))
        }
        (b"localhost", ..) if question.record_type == RecordType::AAAA => {
            Some(SpecialAnswer::Ipv6(Ipv6Addr::LOCALHOST))
        }
        (b"localhost", ..) => Some(SpecialAnswer::NoData),
        (b"test", ..) if forward_test => None,
        (b"invalid" | b"test" | b"onion" | b"local", ..) => Some(SpecialAnswer::NoSuchName),
        // RFC 8375 section 4: the insecure delegation is proven by the DS answer of arpa, which must pass.
        (b"arpa", Some(b"home"), None) if question.record_type == RecordType::DS => None,
        (b"arpa", Some(b"home"), None) => Some(SpecialAnswer::NoData),
        (b"arpa", Some(b"home"), Some(_)) => Some(SpecialAnswer::NoSuchName),
        // RFC 9462 section 6.4: a resolver that designates none answers NODATA.
        (b"arpa", Some(b"resolver"), _) => Some(SpecialAnswer::NoData),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::Name;

    use super::*;

    fn answer(name: &str, record_type: RecordType) -> Option<SpecialAnswer> {
        special_answer(
            &Question::new(&Name::from_ascii(name).unwrap(), record_type),
            false,
        )
    }

    #[test]
    fn localhost_is_the_asking_host_itself() {
        assert_eq!(
            answer("localhost.", RecordType::A),
            Some(SpecialAnswer::Ipv4(Ipv4Addr::LOCALHOST))
        );
        assert_eq!(
            answer("a.LocalHost.", RecordType::AAAA),
            Some(SpecialAnswer::Ipv6(Ipv6Addr::LOCALHOST))
        );
        assert_eq!(answer("localhost.", RecordType::MX), Some(SpecialAnswer::NoData));
    }

    #[test]
    fn names_that_must_not_be_asked_upstream_do_not_exist() {
        for name in [
            "invalid.",
            "a.test.",
            "x.onion.",
            "printer.local.",
            "lamp.home.arpa.",
            "a.b.home.arpa.",
        ] {
            assert_eq!(
                answer(name, RecordType::A),
                Some(SpecialAnswer::NoSuchName),
                "{name}"
            );
        }
    }

    #[test]
    fn the_apex_of_home_arpa_exists_and_its_ds_is_asked_upstream() {
        assert_eq!(answer("home.arpa.", RecordType::A), Some(SpecialAnswer::NoData));
        assert_eq!(answer("home.arpa.", RecordType::DS), None);
        assert_eq!(
            answer("a.home.arpa.", RecordType::DS),
            Some(SpecialAnswer::NoSuchName)
        );
    }

    #[test]
    fn no_resolver_is_designated() {
        assert_eq!(
            answer("_dns.resolver.arpa.", RecordType::SVCB),
            Some(SpecialAnswer::NoData)
        );
        assert_eq!(
            answer("resolver.arpa.", RecordType::SOA),
            Some(SpecialAnswer::NoData)
        );
    }

    #[test]
    fn other_names_are_left_alone() {
        for name in [
            ".",
            "arpa.",
            "com.",
            "localhost.example.",
            "home.example.arpa.",
            "use-application-dns.net.",
            "1.0.0.127.in-addr.arpa.",
        ] {
            assert_eq!(answer(name, RecordType::A), None, "{name}");
        }
    }

    #[test]
    fn a_laboratory_sends_test_upstream_and_nothing_else() {
        let ask = |name: &str| {
            special_answer(
                &Question::new(&Name::from_ascii(name).unwrap(), RecordType::A),
                true,
            )
        };
        assert_eq!(ask("a.test."), None);
        assert_eq!(ask("a.invalid."), Some(SpecialAnswer::NoSuchName));
    }
}
