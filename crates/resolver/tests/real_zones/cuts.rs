//! What an attacker on the path does to more than the answer: to referrals, DS records, keys and glue, at each cut on the way down.

use mudguard_resolver::validate::{Question, Record, RecordType, Reply};

use crate::{
    forger::{Change, OWN, Said},
    forgeries::{EVIL, VICTIM, name, record},
};

/// What the attacker does to more than the answer, at each cut.
pub(crate) fn changes_of_cuts(real: impl Fn(&str, RecordType) -> Reply) -> Vec<(String, Change)> {
    let mut changes: Vec<(String, Change)> = Vec::new();
    let sibling = real("insecure.nsec.", RecordType::DS).authorities;
    for cut in ["nsec.", "good13.nsec."] {
        let of_ds = move |record: &Record| {
            record.owner == name(cut)
                && (record.record_type == RecordType::DS
                    || (record.record_type == RecordType::RRSIG && record.data[..2] == [0, 43]))
        };
        let strip = move |said: &mut Said| {
            said.answers.retain(|record| !of_ds(record));
            said.authorities.retain(|record| !of_ds(record));
        };
        changes.push((
            format!("{cut}: its DS records are gone"),
            Box::new(move |question, said| {
                strip(said);
                evil(question, said);
            }),
        ));
        let proof = sibling.clone();
        changes.push((
            format!("{cut}: its DS records are replaced by the proof of an unsigned sibling"),
            Box::new(move |question, said| {
                let had = said.answers.iter().chain(&said.authorities).any(of_ds);
                strip(said);
                if had {
                    said.authorities.extend(proof.iter().cloned());
                }
                evil(question, said);
            }),
        ));
        for (what, place, octet) in [
            ("another digest", 6, 7),
            ("an unknown algorithm", 2, 253),
            ("an unknown digest", 3, 99),
        ] {
            changes.push((
                format!("{cut}: its DS records have {what}"),
                Box::new(move |question, said| {
                    for record in said.answers.iter_mut().chain(&mut said.authorities) {
                        if record.owner == name(cut) && record.record_type == RecordType::DS {
                            record.data[place] = octet;
                        }
                    }
                    evil(question, said);
                }),
            ));
        }
        changes.push((
            format!("{cut}: its servers are those of the attacker"),
            Box::new(move |_, said| {
                for record in &mut said.additionals {
                    if record.record_type == RecordType::A && record.owner == name(&format!("ns.{cut}")) {
                        record.data = OWN.octets().into();
                    }
                }
            }),
        ));
        changes.push((
            format!("{cut}: the signatures of its keys have an unknown algorithm"),
            Box::new(move |question, said| {
                for record in &mut said.answers {
                    if record.owner == name(cut)
                        && record.record_type == RecordType::RRSIG
                        && record.data[..2] == [0, 48]
                    {
                        record.data[2] = 253;
                    }
                }
                evil(question, said);
            }),
        ));
        let keys = real("good14.nsec.", RecordType::DNSKEY).answers;
        changes.push((
            format!("{cut}: its keys are those of another zone"),
            Box::new(move |question, said| {
                if *question == Question::new(name(cut), RecordType::DNSKEY) {
                    let keys = keys.iter().cloned();
                    said.answers = keys
                        .map(|key| Record {
                            owner: name(cut),
                            ..key
                        })
                        .collect();
                }
                evil(question, said);
            }),
        ));
    }
    for cut in [VICTIM, "good13.nsec.", "nsec.", "insecure.nsec."] {
        changes.push((
            format!("the server refers on to {cut}, which is the attacker's"),
            Box::new(move |question, said| {
                if question.name == name(VICTIM) {
                    *said = Said {
                        authorities: vec![record(cut, RecordType::NS, name("ns.evil.plain.").as_wire())],
                        additionals: vec![record("ns.evil.plain.", RecordType::A, &OWN.octets())],
                        ..Said::default()
                    };
                }
            }),
        ));
    }
    changes
}

fn evil(question: &Question, said: &mut Said) {
    if *question == Question::new(name(VICTIM), RecordType::A) {
        *said = Said {
            is_authoritative: true,
            answers: vec![record(VICTIM, RecordType::A, &EVIL)],
            ..Said::default()
        };
    }
}
