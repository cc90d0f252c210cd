//! An attacker on the path to the upstream resolver, who has the real records of every zone but no keys.

use mudguard_resolver::validate::{Name, Overall, Question, Record, RecordType, Reply};

use crate::{Laboratory, client};

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn record(owner: &str, record_type: RecordType, data: &[u8]) -> Record {
    Record {
        owner: name(owner),
        record_type,
        class: 1,
        ttl: 300,
        data: data.into(),
    }
}

/// A change of the reply to a question for `www.good13.nsec.`, given what the real internet says.
pub(crate) type Forge = fn(&dyn Fn(&str, RecordType) -> Reply, &mut Reply);

pub(crate) const VICTIM: &str = "www.good13.nsec.";
pub(crate) const EVIL: [u8; 4] = [6, 6, 6, 6];

pub(crate) const FORGERIES: [(&str, Forge); 31] = [
    ("no such name, SOA of an insecure zone", |real, reply| {
        absent(reply, 3, real("insecure.nsec.", RecordType::SOA).answers)
    }),
    ("no data, SOA of an insecure zone", |real, reply| {
        absent(reply, 0, real("insecure.nsec.", RecordType::SOA).answers)
    }),
    ("no such name, SOA of an insecure child", |real, reply| {
        absent(reply, 3, real("unsub.good13.nsec.", RecordType::SOA).answers)
    }),
    ("no data, SOA of an insecure child", |real, reply| {
        absent(reply, 0, real("unsub.good13.nsec.", RecordType::SOA).answers)
    }),
    (
        "no such name, SOA of an unsigned top-level domain",
        |real, reply| absent(reply, 3, real("plain.", RecordType::SOA).answers),
    ),
    ("no such name, unsigned SOA of the root", |real, reply| {
        absent(reply, 3, bare(real(".", RecordType::SOA).answers))
    }),
    ("no such name, unsigned SOA of its own zone", |real, reply| {
        absent(reply, 3, bare(real("good13.nsec.", RecordType::SOA).answers))
    }),
    ("no such name, signed SOA of its own zone", |real, reply| {
        absent(reply, 3, real("good13.nsec.", RecordType::SOA).answers)
    }),
    ("no such name, nothing else", |_, reply| absent(reply, 3, vec![])),
    ("no data, nothing else", |_, reply| absent(reply, 0, vec![])),
    ("no such name, NS of an insecure zone", |real, reply| {
        absent(reply, 3, real("insecure.nsec.", RecordType::NS).answers)
    }),
    ("no such name, NSEC3 of another zone", |real, reply| {
        absent(reply, 3, real("nothing.good15.hash.", RecordType::A).authorities)
    }),
    ("no such name, NSEC of another name", |real, reply| {
        absent(reply, 3, real("zzz.good13.nsec.", RecordType::A).authorities)
    }),
    ("no such name, NSEC of the parent", |real, reply| {
        absent(reply, 3, real("nothing.nsec.", RecordType::A).authorities)
    }),
    ("no data, NSEC of the name for a type it lacks", |real, reply| {
        absent(reply, 0, real(VICTIM, RecordType::TXT).authorities)
    }),
    ("no data, NSEC of the delegation", |real, reply| {
        absent(reply, 0, real("good13.nsec.", RecordType::DS).authorities)
    }),
    ("an unsigned address", |_, reply| {
        present(reply, vec![record(VICTIM, RecordType::A, &EVIL)])
    }),
    (
        "an unsigned address and the SOA of an insecure zone",
        |real, reply| {
            present(reply, vec![record(VICTIM, RecordType::A, &EVIL)]);
            reply.authorities = real("insecure.nsec.", RecordType::SOA).answers;
        },
    ),
    ("an address with the signature of another", |real, reply| {
        present(reply, real(VICTIM, RecordType::A).answers);
        reply.answers[0].data = EVIL.into();
    }),
    ("an alias to an insecure zone", |real, reply| {
        present(
            reply,
            vec![record(
                VICTIM,
                RecordType::CNAME,
                name("www.insecure.nsec.").as_wire(),
            )],
        );
        reply
            .answers
            .extend(real("www.insecure.nsec.", RecordType::A).answers);
    }),
    ("an alias to an insecure zone, left open", |real, reply| {
        present(
            reply,
            vec![record(
                VICTIM,
                RecordType::CNAME,
                name("www.insecure.nsec.").as_wire(),
            )],
        );
        reply.authorities = real("insecure.nsec.", RecordType::SOA).answers;
    }),
    ("an address of another name only", |_, reply| {
        present(reply, vec![record("www.insecure.nsec.", RecordType::A, &EVIL)])
    }),
    ("a DNAME to an insecure zone", |_, reply| {
        present(
            reply,
            vec![
                record(
                    "good13.nsec.",
                    RecordType::DNAME,
                    name("insecure.nsec.").as_wire(),
                ),
                record(VICTIM, RecordType::CNAME, name("www.insecure.nsec.").as_wire()),
                record("www.insecure.nsec.", RecordType::A, &EVIL),
            ],
        );
    }),
    ("a wildcard of the zone under another name", |real, reply| {
        let wild = real("x.wild.good13.nsec.", RecordType::A);
        present(
            reply,
            wild.answers
                .into_iter()
                .map(|record| Record {
                    owner: name(VICTIM),
                    ..record
                })
                .collect(),
        );
        reply.authorities = wild.authorities;
    }),
    ("the address of another secure name", |real, reply| {
        let other = real("www.good14.nsec.", RecordType::A).answers;
        present(
            reply,
            other
                .into_iter()
                .map(|record| Record {
                    owner: name(VICTIM),
                    ..record
                })
                .collect(),
        );
    }),
    ("an address signed by an insecure zone", |_, reply| {
        signed_by(reply, "insecure.nsec.")
    }),
    ("an address signed by an insecure child", |_, reply| {
        signed_by(reply, "unsub.good13.nsec.")
    }),
    ("an address signed by an unsigned top-level domain", |_, reply| {
        signed_by(reply, "plain.")
    }),
    ("an address signed by its own name", |_, reply| {
        signed_by(reply, VICTIM)
    }),
    ("an address signed by its zone, with nonsense", |_, reply| {
        signed_by(reply, "good13.nsec.")
    }),
    (
        "the address of an insecure child under its name",
        |real, reply| {
            let other = real("www.unsub.good13.nsec.", RecordType::A).answers;
            present(
                reply,
                other
                    .into_iter()
                    .map(|record| Record {
                        owner: name(VICTIM),
                        ..record
                    })
                    .collect(),
            );
        },
    ),
];

fn absent(reply: &mut Reply, response_code: u16, authorities: Vec<Record>) {
    *reply = Reply {
        response_code,
        answers: Vec::new(),
        authorities,
    };
}

fn present(reply: &mut Reply, answers: Vec<Record>) {
    *reply = Reply {
        response_code: 0,
        answers,
        authorities: Vec::new(),
    };
}

/// An address with a signature that names this signer.
fn signed_by(reply: &mut Reply, signer: &str) {
    let mut signature = vec![0, 1, 13, 3, 0, 0, 1, 44];
    // From 2020 to 2038.
    signature.extend(2_145_916_800_u32.to_be_bytes());
    signature.extend(1_577_836_800_u32.to_be_bytes());
    signature.extend([18, 103]);
    signature.extend(name(signer).as_wire());
    signature.extend([7; 64]);
    present(
        reply,
        vec![
            record(VICTIM, RecordType::A, &EVIL),
            record(VICTIM, RecordType::RRSIG, &signature),
        ],
    );
}

fn bare(mut records: Vec<Record>) -> Vec<Record> {
    records.retain(|record| record.record_type != RecordType::RRSIG);
    records
}

/// Every forgery is bogus, whatever the upstream says to the questions of the validator.
pub(crate) fn all_are_refused(laboratory: &Laboratory) {
    let upstream = laboratory.plain.address;
    let real = |text: &str, record_type: RecordType| {
        let question = Question::new(name(text), record_type);
        client::reply(&client::ask(upstream, &question, true)).unwrap()
    };
    let victim = Question::new(name(VICTIM), RecordType::A);
    let judge = |forge: &dyn Fn(&Question, &mut Reply)| {
        client::judge(upstream, &victim, &laboratory.anchors, laboratory.clock, forge)
    };
    assert_eq!(judge(&|_, _| {}).overall(), Overall::Secure);
    let mut accepted = Vec::new();
    for (what, forge) in FORGERIES {
        let verdict = judge(&|question, reply| {
            if *question == victim {
                forge(&real, reply);
            }
        });
        if verdict.overall() != Overall::Bogus {
            accepted.push((what, verdict.overall()));
        }
    }
    // The same at each delegation on the way down: its DS records vanish with the proof of somebody else.
    for cut in ["nsec.", "good13.nsec."] {
        for (what, proof_of) in [
            ("an unsigned sibling", "insecure.nsec."),
            ("an unsigned child", "unsub.good13.nsec."),
            ("an unsigned top-level domain", "plain."),
            ("an opted-out delegation", "insecure.hash."),
        ] {
            let proof = real(proof_of, RecordType::DS);
            let verdict = judge(&|question, reply| {
                if *question == Question::new(name(cut), RecordType::DS) {
                    reply.clone_from(&proof);
                } else if *question == victim {
                    reply.answers = vec![record(VICTIM, RecordType::A, &EVIL)];
                }
            });
            if verdict.overall() != Overall::Bogus {
                accepted.push((what, verdict.overall()));
            }
        }
    }
    assert!(accepted.is_empty(), "{accepted:?}");
}
