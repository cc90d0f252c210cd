//! Takes special-purpose addresses from answers of the internet: protection against DNS rebinding.
//!
//! An outside name with an address of the home would let a web page or a MUD file reach into the home under that name. The hints
//! of HTTPS and SVCB records (RFC 9460 section 7.3) are addresses like any other.

use std::net::IpAddr;

use hickory_proto::rr::{
    RData, Record,
    rdata::{
        SVCB,
        svcb::{SvcParamKey, SvcParamValue},
    },
};
use mudguard_policy::SpecialPurpose;

/// Takes what must not be told from `records`; whether there was anything.
pub(crate) fn strip_special_purpose(records: &mut Vec<Record>, special: &SpecialPurpose) -> bool {
    let is_global = |address: IpAddr| special.reason(address).is_none();
    let mut stripped = false;
    records.retain_mut(|record| {
        let kept = if let Some(service) = service_mut(&mut record.data) {
            strip_hints(service, is_global, &mut stripped)
        } else {
            record.data.ip_addr().is_none_or(is_global)
        };
        stripped |= !kept;
        kept
    });
    stripped
}

/// The addresses that a record tells.
pub(crate) fn addresses_of(record: &Record) -> Vec<IpAddr> {
    let service = if let RData::HTTPS(https) = &record.data {
        &https.0
    } else if let RData::SVCB(service) = &record.data {
        service
    } else {
        return record.data.ip_addr().into_iter().collect();
    };
    let mut addresses = Vec::new();
    for (_, value) in &service.svc_params {
        if let SvcParamValue::Ipv4Hint(hint) = value {
            addresses.extend(hint.0.iter().map(|address| IpAddr::V4(address.0)));
        } else if let SvcParamValue::Ipv6Hint(hint) = value {
            addresses.extend(hint.0.iter().map(|address| IpAddr::V6(address.0)));
        }
    }
    addresses
}

fn service_mut(data: &mut RData) -> Option<&mut SVCB> {
    if let RData::HTTPS(https) = data {
        Some(&mut https.0)
    } else if let RData::SVCB(service) = data {
        Some(service)
    } else {
        None
    }
}

/// Takes hints from a service binding; whether it still is one.
fn strip_hints(service: &mut SVCB, is_global: impl Fn(IpAddr) -> bool, stripped: &mut bool) -> bool {
    let mut emptied = Vec::new();
    for (key, value) in &mut service.svc_params {
        let (before, after) = if let SvcParamValue::Ipv4Hint(hint) = value {
            let before = hint.0.len();
            hint.0.retain(|address| is_global(IpAddr::V4(address.0)));
            (before, hint.0.len())
        } else if let SvcParamValue::Ipv6Hint(hint) = value {
            let before = hint.0.len();
            hint.0.retain(|address| is_global(IpAddr::V6(address.0)));
            (before, hint.0.len())
        } else {
            continue;
        };
        *stripped |= after < before;
        if after == 0 {
            emptied.push(*key);
        }
    }
    // RFC 9460 section 8: without a key that it calls mandatory, the record would be malformed.
    if service
        .svc_params
        .iter()
        .any(|(_, value)| demands_one_of(value, &emptied))
    {
        return false;
    }
    service.svc_params.retain(|(key, _)| !emptied.contains(key));
    true
}

fn demands_one_of(value: &SvcParamValue, keys: &[SvcParamKey]) -> bool {
    matches!(value, SvcParamValue::Mandatory(mandatory) if mandatory.0.iter().any(|key| keys.contains(key)))
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::{
        Name,
        rdata::{
            A, AAAA, HTTPS,
            svcb::{IpHint, Mandatory},
        },
    };

    use super::*;

    fn record(data: RData) -> Record {
        Record::from_rdata(Name::from_ascii("a.example.").unwrap(), 60, data)
    }

    fn a(address: &str) -> Record {
        record(RData::A(A(address.parse().unwrap())))
    }

    fn aaaa(address: &str) -> Record {
        record(RData::AAAA(AAAA(address.parse().unwrap())))
    }

    fn ipv4_hint(addresses: &[&str]) -> (SvcParamKey, SvcParamValue) {
        let hint = addresses.iter().map(|text| A(text.parse().unwrap())).collect();
        (SvcParamKey::Ipv4Hint, SvcParamValue::Ipv4Hint(IpHint(hint)))
    }

    fn ipv6_hint(addresses: &[&str]) -> (SvcParamKey, SvcParamValue) {
        let hint = addresses.iter().map(|text| AAAA(text.parse().unwrap())).collect();
        (SvcParamKey::Ipv6Hint, SvcParamValue::Ipv6Hint(IpHint(hint)))
    }

    fn https(parameters: Vec<(SvcParamKey, SvcParamValue)>) -> Record {
        record(RData::HTTPS(HTTPS(SVCB::new(1, Name::root(), parameters))))
    }

    fn strip(records: &[Record]) -> (Vec<Record>, bool) {
        let mut records = records.to_vec();
        let stripped = strip_special_purpose(&mut records, &SpecialPurpose::default());
        (records, stripped)
    }

    #[test]
    fn addresses_of_the_home_are_taken_and_others_stay() {
        let records = [
            a("192.168.1.1"),
            a("9.9.9.9"),
            aaaa("fd00::1"),
            aaaa("2620:fe::9"),
            aaaa("::ffff:127.0.0.1"),
        ];
        assert_eq!(strip(&records), (vec![a("9.9.9.9"), aaaa("2620:fe::9")], true));
    }

    #[test]
    fn an_answer_without_such_addresses_is_left_as_it_is() {
        let records = [a("9.9.9.9"), https(vec![ipv4_hint(&["9.9.9.9"])])];
        assert_eq!(strip(&records), (records.to_vec(), false));
    }

    #[test]
    fn hints_are_taken_like_addresses_and_an_empty_hint_is_left_out() {
        let records = [https(vec![
            ipv4_hint(&["10.0.0.1", "9.9.9.9"]),
            ipv6_hint(&["fe80::1"]),
        ])];
        assert_eq!(
            strip(&records),
            (vec![https(vec![ipv4_hint(&["9.9.9.9"])])], true)
        );
    }

    #[test]
    fn a_record_that_demands_an_emptied_hint_is_taken_whole() {
        let mandatory = (
            SvcParamKey::Mandatory,
            SvcParamValue::Mandatory(Mandatory(vec![SvcParamKey::Ipv4Hint])),
        );
        let records = [https(vec![mandatory, ipv4_hint(&["127.0.0.1"])])];
        assert_eq!(strip(&records), (vec![], true));
    }

    #[test]
    fn the_addresses_of_an_answer_include_its_hints() {
        let service = https(vec![ipv4_hint(&["9.9.9.9"]), ipv6_hint(&["2620:fe::9"])]);
        let expected: Vec<IpAddr> = vec!["9.9.9.9".parse().unwrap(), "2620:fe::9".parse().unwrap()];
        assert_eq!(addresses_of(&service), expected);
        assert_eq!(addresses_of(&a("9.9.9.9")), expected[..1]);
    }
}
