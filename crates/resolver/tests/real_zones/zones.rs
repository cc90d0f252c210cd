//! Zones that BIND's tools sign: a root, top-level domains and zones below them, good ones and broken ones.

use std::{
    collections::BTreeMap,
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
};

/// How a zone is signed.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) apex: &'static str,
    /// An algorithm as dnssec-keygen calls it, with bits after a colon; empty for a zone that is not signed.
    algorithm: &'static str,
    /// More arguments for dnssec-signzone.
    arguments: &'static [&'static str],
    /// What the parent says.
    ds: ParentSays,
    /// What is broken after it was signed.
    damage: Damage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ParentSays {
    Nothing,
    Digest(&'static str),
    KeyOf(&'static str),
    UnknownAlgorithm,
}

#[derive(Clone, Copy)]
enum Damage {
    None,
    /// Takes records of a type and their signatures.
    Strip(&'static str),
    /// Takes the signatures of a type, at this owner or everywhere.
    StripSignatures(&'static str, Option<&'static str>),
    /// Changes text in the records of a type.
    Change(&'static str, &'static str, &'static str),
}

const NSEC3: &[&str] = &["-3", "-", "-H", "0"];
const SHA256: ParentSays = ParentSays::Digest("SHA-256");

const fn signed(apex: &'static str, algorithm: &'static str, arguments: &'static [&'static str]) -> Plan {
    Plan {
        apex,
        algorithm,
        arguments,
        ds: SHA256,
        damage: Damage::None,
    }
}

const fn unsigned(apex: &'static str) -> Plan {
    Plan {
        apex,
        algorithm: "",
        arguments: &[],
        ds: ParentSays::Nothing,
        damage: Damage::None,
    }
}

const fn damaged(apex: &'static str, arguments: &'static [&'static str], damage: Damage) -> Plan {
    Plan {
        damage,
        ..signed(apex, P256, arguments)
    }
}

const P256: &str = "ECDSAP256SHA256";

/// Children stand before their parents.
pub(crate) const PLANS: [Plan; 34] = [
    signed("sub.good13.nsec.", P256, &[]),
    unsigned("unsub.good13.nsec."),
    signed("good13.nsec.", P256, &[]),
    signed("good14.nsec.", "ECDSAP384SHA384", &[]),
    signed("good16.nsec.", "ED448", &[]),
    signed("good8.nsec.", "RSASHA256:2048", &[]),
    signed("short8.nsec.", "RSASHA256:1024", &[]),
    signed("sha1.nsec.", "RSASHA1:2048", &[]),
    Plan {
        ds: ParentSays::Digest("SHA-1"),
        ..signed("dssha1.nsec.", P256, &[])
    },
    Plan {
        ds: ParentSays::Digest("SHA-384"),
        ..signed("dssha384.nsec.", P256, &[])
    },
    Plan {
        ds: ParentSays::UnknownAlgorithm,
        ..signed("dsunknown.nsec.", P256, &[])
    },
    Plan {
        ds: ParentSays::KeyOf("good13.nsec."),
        ..signed("wrongds.nsec.", P256, &[])
    },
    unsigned("insecure.nsec."),
    signed(
        "expired.nsec.",
        P256,
        &["-s", "20250101000000", "-e", "20250201000000"],
    ),
    signed(
        "future.nsec.",
        P256,
        &["-s", "20350101000000", "-e", "20360201000000"],
    ),
    Plan {
        ds: ParentSays::KeyOf("good13.nsec."),
        ..unsigned("dsonly.nsec.")
    },
    damaged(
        "missingsig.nsec.",
        &[],
        Damage::StripSignatures("A", Some("www.missingsig.nsec.")),
    ),
    damaged(
        "badsig.nsec.",
        &[],
        Damage::Change("A", "192.0.2.80", "192.0.2.66"),
    ),
    damaged("nodnskey.nsec.", &[], Damage::Strip("DNSKEY")),
    damaged("nonsec.nsec.", &[], Damage::Strip("NSEC")),
    signed("nsec.", P256, &[]),
    signed("good15.hash.", "ED25519", NSEC3),
    signed("good10.hash.", "RSASHA512:2048", NSEC3),
    signed("salted.hash.", P256, &["-3", "abcd", "-H", "10"]),
    signed("most.hash.", P256, &["-3", "abcd", "-H", "150"]),
    signed("optout.hash.", P256, &["-3", "-", "-H", "0", "-A"]),
    unsigned("insecure.hash."),
    damaged("nonsec3.hash.", NSEC3, Damage::Strip("NSEC3")),
    damaged("n3nosig.hash.", NSEC3, Damage::StripSignatures("NSEC3", None)),
    damaged(
        "badn3.hash.",
        NSEC3,
        Damage::Change("NSEC3", " 1 0 0 - ", " 1 1 0 - "),
    ),
    signed("hash.", P256, &["-3", "-", "-H", "0", "-A"]),
    unsigned("www.plain."),
    unsigned("plain."),
    signed(".", "RSASHA256:2048", &[]),
];

/// The zones as files for a name server.
pub(crate) struct Zones {
    folder: PathBuf,
    /// The base names of the key files of each zone.
    keys: BTreeMap<&'static str, String>,
}

impl Zones {
    /// Makes all of them in a folder.
    pub(crate) fn make(folder: &Path) -> Self {
        let mut zones = Self {
            folder: folder.to_owned(),
            keys: BTreeMap::new(),
        };
        for plan in &PLANS {
            zones.make_one(plan);
        }
        zones
    }

    /// The file of a zone.
    pub(crate) fn file(&self, apex: &str) -> PathBuf {
        self.folder.join(format!("{apex}zone"))
    }

    /// The DS record of the root.
    pub(crate) fn anchor(&self) -> String {
        self.ds(".", "SHA-256")
    }

    fn make_one(&mut self, plan: &Plan) {
        let apex = plan.apex;
        let children: String = PLANS
            .iter()
            .filter(|child| is_child(child.apex, apex))
            .map(|child| self.delegation(child))
            .collect();
        let body = format!("{}{children}", contents(apex));
        let file = self.file(apex);
        if plan.algorithm.is_empty() {
            fs::write(file, body).unwrap();
            return;
        }
        let unsigned = self.folder.join(format!("{apex}unsigned"));
        fs::write(&unsigned, body).unwrap();
        let (algorithm, bits) = plan.algorithm.split_once(':').unwrap_or((plan.algorithm, ""));
        let bits = if bits.is_empty() { vec![] } else { vec!["-b", bits] };
        let arguments = [
            &["-q", "-a", algorithm],
            &bits[..],
            &["-f", "KSK", "-L", "3600", apex],
        ]
        .concat();
        let key = self.run("dnssec-keygen", &arguments).trim().to_owned();
        let (signed, unsigned) = (file.to_str().unwrap(), unsigned.to_str().unwrap());
        let first = ["-q", "-P", "-z", "-S", "-O", "full", "-o", apex];
        self.run(
            "dnssec-signzone",
            &[&first[..], plan.arguments, &["-f", signed, unsigned, &key]].concat(),
        );
        self.keys.insert(apex, key);
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, plan.damage.to(&text)).unwrap();
    }

    fn delegation(&self, child: &Plan) -> String {
        let apex = child.apex;
        let ds = match child.ds {
            ParentSays::Nothing => String::new(),
            ParentSays::Digest(digest) => self.ds(apex, digest),
            ParentSays::KeyOf(other) => self.ds(other, "SHA-256").replacen(other, apex, 1),
            ParentSays::UnknownAlgorithm => format!("{apex} DS 4711 253 2 {}\n", "ab".repeat(32)),
        };
        format!("{apex} NS ns.{apex}\nns.{apex} A {}\n{ds}", server_of(apex)).replace("ns..", "ns.")
    }

    fn ds(&self, apex: &str, digest: &str) -> String {
        self.run("dnssec-dsfromkey", &["-a", digest, &self.keys[apex]])
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(&self.folder)
            .output()
            .unwrap();
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {problem}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Damage {
    fn to(self, text: &str) -> String {
        let field = |line: &str, place: usize| line.split_whitespace().nth(place).unwrap_or("").to_owned();
        let covers = |line: &str, kind: &str| field(line, 3) == "RRSIG" && field(line, 4) == kind;
        let lines = text.lines().filter(|line| match self {
            Self::None | Self::Change(..) => true,
            Self::Strip(kind) => field(line, 3) != kind && !covers(line, kind),
            Self::StripSignatures(kind, owner) => {
                !covers(line, kind) || owner.is_some_and(|owner| field(line, 0) != owner)
            }
        });
        let changed = lines.map(|line| match self {
            Self::Change(kind, from, to) if field(line, 3) == kind => {
                let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
                line.replace(from, to) + "\n"
            }
            Self::None | Self::Change(..) | Self::Strip(_) | Self::StripSignatures(..) => format!("{line}\n"),
        });
        changed.collect()
    }
}

/// The server of a zone where there is one for each level.
pub(crate) fn server_of(apex: &str) -> Ipv4Addr {
    Ipv4Addr::new(10, 53, 0, level_of(apex))
}

/// 1 for the root, and so on.
pub(crate) fn level_of(apex: &str) -> u8 {
    let labels = apex.split('.').filter(|label| !label.is_empty()).count();
    u8::try_from(labels).unwrap() + 1
}

fn is_child(child: &str, parent: &str) -> bool {
    let above = child.split_once('.').map_or("", |(_, above)| above);
    let above = if above.is_empty() { "." } else { above };
    child != "." && above == parent
}

/// What every zone holds.
fn contents(apex: &str) -> String {
    let dot = if apex == "." { "" } else { apex };
    let server = server_of(apex);
    let soa = format!(
        "$TTL 3600\n$ORIGIN {apex}\n@ SOA ns.{dot} host.{dot} 1 3600 900 604800 300\n@ NS ns.{dot}\n"
    );
    if dot.matches('.').count() < 2 {
        return format!("{soa}ns.{dot} A {server}\n");
    }
    let mut body = format!(
        "{soa}@ A 192.0.2.10\nns A {server}\nwww A 192.0.2.80\nwww AAAA 2001:db8::80\ntxt TXT \"hello\"\n\
         *.wild A 192.0.2.99\na.b.ent A 192.0.2.7\nmail MX 10 WWW.{apex}\nservice SRV 1 2 3 Www.{apex}\n\
         svc HTTPS 1 Www.{apex} alpn=h2 ipv4hint=192.0.2.7\nloop1 CNAME loop2\nloop2 CNAME loop1\n\
         to-nothing CNAME nothing\nto-good CNAME www.good13.nsec.\nto-hash CNAME www.good15.hash.\n\
         to-hash-nothing CNAME nothing.good15.hash.\nto-hash-txt CNAME txt.good15.hash.\n\
         to-hash-wild CNAME q.wild.good15.hash.\nto-insecure CNAME www.insecure.nsec.\n\
         to-insecure-nothing CNAME nothing.insecure.nsec.\nto-expired CNAME www.expired.nsec.\n\
         *.wild-alias CNAME www.good15.hash.\nmoved DNAME good15.hash.\n"
    );
    body.push_str(&format!(
        "big TXT {}\n",
        format!("\"{}\" ", "x".repeat(200)).repeat(12)
    ));
    for step in 1..8 {
        body.push_str(&format!("step{step} CNAME step{}\n", step + 1));
    }
    body + "step8 A 192.0.2.8\n"
}
