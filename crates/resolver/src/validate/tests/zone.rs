//! A zone for tests, which answers as an authoritative server does: with signatures and the proofs of what does not exist.

use std::collections::{BTreeMap, BTreeSet};

use ring::digest;

use super::{
    super::{Name, Question, Record, RecordType, Reply},
    signer::{DATES, Key, SignatureFields},
};

/// How long records hold, in seconds.
pub(super) const TTL: u32 = 600;

/// How long negative answers hold, in seconds.
pub(super) const NEGATIVE_TTL: u32 = 300;

/// How a zone shows what it does not have.
#[derive(Clone, Copy)]
pub(super) enum Denial {
    Nsec,
    Nsec3 { iterations: u16, opt_out: bool },
}

/// A zone.
pub(super) struct Zone {
    pub(super) apex: Name,
    /// The first one signs; without any the zone is not signed.
    pub(super) keys: Vec<Key>,
    pub(super) denial: Denial,
    pub(super) dates: (u32, u32),
    pub(super) sets: BTreeMap<(Name, RecordType), Vec<Record>>,
}

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

impl Zone {
    pub(super) fn new(apex: &str, keys: Vec<Key>, denial: Denial) -> Self {
        let apex = name(apex);
        let mut zone = Self {
            apex: apex.clone(),
            keys,
            denial,
            dates: DATES,
            sets: BTreeMap::new(),
        };
        let mut soa = [apex.as_wire(), apex.as_wire()].concat();
        soa.extend(
            [1_u32, 2, 3, 4, NEGATIVE_TTL]
                .into_iter()
                .flat_map(u32::to_be_bytes),
        );
        zone.add("@", RecordType::SOA, &soa);
        zone.add("@", RecordType::NS, name("ns.elsewhere.").as_wire());
        for key in zone.keys.iter().map(Key::data).collect::<Vec<_>>() {
            zone.add("@", RecordType::DNSKEY, &key);
        }
        zone
    }

    /// Adds a record; `@` is the apex, other owners are relative to it.
    pub(super) fn add(&mut self, owner: &str, record_type: RecordType, data: &[u8]) {
        let owner = match (owner, self.apex.label_count()) {
            ("@", _) => self.apex.clone(),
            (owner, 0) => name(owner),
            (owner, _) => name(&format!("{owner}.{}", self.apex)),
        };
        let record = Record {
            owner: owner.clone(),
            record_type,
            class: 1,
            ttl: TTL,
            data: data.into(),
        };
        self.sets.entry((owner, record_type)).or_default().push(record);
    }

    pub(super) fn a(&mut self, owner: &str) -> &mut Self {
        self.add(owner, RecordType::A, &[9, 9, 9, 9]);
        self
    }

    /// A CNAME, DNAME or NS record.
    pub(super) fn pointer(&mut self, owner: &str, record_type: RecordType, target: &str) -> &mut Self {
        self.add(owner, record_type, name(target).as_wire());
        self
    }

    /// The records of an RRset with its signature.
    pub(super) fn signed(&self, records: &[Record]) -> Vec<Record> {
        self.signed_by(&self.keys, records)
    }

    pub(super) fn signed_by(&self, keys: &[Key], records: &[Record]) -> Vec<Record> {
        let mut signed = records.to_vec();
        let fields = SignatureFields {
            signer: self.apex.clone(),
            dates: self.dates,
            original_ttl: records[0].ttl,
            labels: None,
        };
        signed.extend(keys.first().map(|key| key.sign(records, &fields)));
        signed
    }

    fn types_at(&self, owner: &Name) -> BTreeSet<RecordType> {
        self.sets
            .keys()
            .filter(|(name, _)| name == owner)
            .map(|(_, record_type)| *record_type)
            .collect()
    }

    fn is_cut(&self, owner: &Name) -> bool {
        *owner != self.apex && self.types_at(owner).contains(&RecordType::NS)
    }

    /// The names of which the zone may speak: not those below zone cuts or DNAME records.
    fn names(&self) -> BTreeSet<Name> {
        self.sets
            .keys()
            .map(|(owner, _)| owner)
            .filter(|owner| {
                !(self.apex.label_count()..owner.label_count()).any(|count| {
                    let above = owner.last_labels(count);
                    self.is_cut(&above) || self.types_at(&above).contains(&RecordType::DNAME)
                })
            })
            .cloned()
            .collect()
    }

    /// The same with the empty non-terminals above them.
    fn names_and_empty(&self, names: &BTreeSet<Name>) -> BTreeSet<Name> {
        let apex = self.apex.label_count();
        let above = |owner: &Name| {
            (apex..=owner.label_count())
                .map(|count| owner.last_labels(count))
                .collect::<Vec<_>>()
        };
        names.iter().flat_map(above).collect()
    }

    fn bitmap(&self, owner: &Name, own: Option<RecordType>) -> Vec<u8> {
        let mut types = self.types_at(owner);
        let is_signed = !types.is_empty() && (!self.is_cut(owner) || types.contains(&RecordType::DS));
        if is_signed || own == Some(RecordType::NSEC) {
            types.insert(RecordType::RRSIG);
        }
        types.extend(own.filter(|own| *own == RecordType::NSEC));
        let mut bits = [0_u8; 32];
        for RecordType(number) in &types {
            bits[usize::from(number / 8)] |= 0x80 >> (number % 8);
        }
        let length = bits
            .iter()
            .rposition(|octet| *octet != 0)
            .map_or(0, |last| last + 1);
        if length == 0 {
            return Vec::new();
        }
        [&[0, length as u8], &bits[..length]].concat()
    }

    fn denial_record(&self, owner: Name, record_type: RecordType, data: Vec<u8>) -> Vec<Record> {
        self.signed(&[Record {
            owner,
            record_type,
            class: 1,
            ttl: NEGATIVE_TTL,
            data: data.into(),
        }])
    }

    /// The NSEC record that matches or covers a name.
    pub(super) fn nsec_for(&self, wanted: &Name) -> Vec<Record> {
        let names = self.names();
        let owner = names.range(..=wanted.clone()).next_back().unwrap_or(&self.apex);
        let next = names
            .range((
                std::ops::Bound::Excluded(owner.clone()),
                std::ops::Bound::Unbounded,
            ))
            .next()
            .unwrap_or(&self.apex);
        let data = [next.as_wire(), &self.bitmap(owner, Some(RecordType::NSEC))].concat();
        self.denial_record(owner.clone(), RecordType::NSEC, data)
    }

    /// The NSEC3 record that matches or covers a name.
    pub(super) fn nsec3_for(&self, wanted: &Name, iterations: u16, opt_out: bool) -> Vec<Record> {
        let is_unsigned_cut =
            |owner: &Name| self.is_cut(owner) && !self.types_at(owner).contains(&RecordType::DS);
        let mut names = self.names();
        if opt_out {
            names.retain(|owner| !is_unsigned_cut(owner));
        }
        let hash = |name: &Name| {
            let mut hash = name.as_wire().to_vec();
            for _ in 0..=iterations {
                let salted = [&hash[..], b"salt"].concat();
                hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &salted)
                    .as_ref()
                    .to_vec();
            }
            hash
        };
        let hashes: BTreeMap<_, _> = self
            .names_and_empty(&names)
            .into_iter()
            .map(|name| (hash(&name), name))
            .collect();
        let before = hashes.range(..=hash(wanted)).next_back();
        let (owner, original) = before.or_else(|| hashes.last_key_value()).unwrap();
        let after = hashes
            .range((
                std::ops::Bound::Excluded(owner.clone()),
                std::ops::Bound::Unbounded,
            ))
            .next();
        let (next, _) = after.or_else(|| hashes.first_key_value()).unwrap();
        let mut data = vec![1, u8::from(opt_out)];
        data.extend(iterations.to_be_bytes());
        data.extend(b"\x04salt\x14");
        data.extend(next);
        data.extend(self.bitmap(original, None));
        let owner = name(&format!("{}.{}", base32hex(owner), self.apex).replace("..", "."));
        self.denial_record(owner, RecordType::NSEC3, data)
    }

    fn denial_for(&self, wanted: &Name, authorities: &mut Vec<Record>) {
        if self.keys.is_empty() {
            return;
        }
        let records = match self.denial {
            Denial::Nsec => self.nsec_for(wanted),
            Denial::Nsec3 { iterations, opt_out } => self.nsec3_for(wanted, iterations, opt_out),
        };
        authorities.extend(records);
        let mut seen = BTreeSet::new();
        authorities.retain(|record| {
            record.record_type == RecordType::RRSIG
                || seen.insert((record.owner.clone(), record.record_type, record.data.clone()))
        });
    }

    fn deny_closer(&self, wanted: &Name, encloser: &Name, authorities: &mut Vec<Record>) {
        match self.denial {
            Denial::Nsec => self.denial_for(wanted, authorities),
            Denial::Nsec3 { .. } => {
                self.denial_for(&wanted.last_labels(encloser.label_count() + 1), authorities);
            }
        }
    }

    /// Answers as far as this zone goes.
    pub(super) fn answer(&self, question: &Question) -> Reply {
        let Question { name, record_type } = question;
        let mut reply = Reply::default();
        let dname = (self.apex.label_count()..name.label_count())
            .map(|count| name.last_labels(count))
            .find(|above| self.types_at(above).contains(&RecordType::DNAME));
        if let Some(above) = dname {
            let dname = &self.sets[&(above.clone(), RecordType::DNAME)];
            reply.answers = self.signed(dname);
            let (target, _) = Name::from_wire(&dname[0].data).unwrap();
            reply.answers.push(Record {
                owner: name.clone(),
                record_type: RecordType::CNAME,
                class: 1,
                ttl: TTL,
                data: name.substitute(&above, &target).unwrap().as_wire().into(),
            });
            return reply;
        }
        let everything = self.names_and_empty(&self.sets.keys().map(|(owner, _)| owner.clone()).collect());
        let encloser = (0..=name.label_count())
            .rev()
            .map(|count| name.last_labels(count))
            .find(|above| everything.contains(above))
            .unwrap();
        let wildcard = super::zone::name(&format!("*.{encloser}").replace("*..", "*."));
        let source = if encloser == *name { name } else { &wildcard };
        let of = |record_type| self.sets.get(&(source.clone(), record_type));
        if let Some(found) = of(*record_type).or_else(|| of(RecordType::CNAME)) {
            reply.answers = self.signed(found);
            for record in &mut reply.answers {
                record.owner = name.clone();
            }
            if source == &wildcard {
                self.deny_closer(name, &encloser, &mut reply.authorities);
            }
            return reply;
        }
        reply.authorities = self.signed(&self.sets[&(self.apex.clone(), RecordType::SOA)]);
        if encloser == *name {
            let types = self.types_at(name);
            let is_opted_out = matches!(self.denial, Denial::Nsec3 { opt_out: true, .. })
                && self.is_cut(name)
                && !types.contains(&RecordType::DS);
            if is_opted_out {
                self.denial_for(&name.parent().unwrap(), &mut reply.authorities);
            }
            self.denial_for(name, &mut reply.authorities);
            return reply;
        }
        if matches!(self.denial, Denial::Nsec3 { .. }) {
            self.denial_for(&encloser, &mut reply.authorities);
        }
        self.deny_closer(name, &encloser, &mut reply.authorities);
        self.denial_for(&wildcard, &mut reply.authorities);
        if !everything.contains(&wildcard) {
            reply.response_code = Reply::NO_SUCH_NAME;
        }
        reply
    }
}

fn base32hex(octets: &[u8]) -> String {
    let bits: String = octets.iter().map(|octet| format!("{octet:08b}")).collect();
    bits.as_bytes()
        .chunks(5)
        .map(|five| {
            let value = u32::from_str_radix(std::str::from_utf8(five).unwrap(), 2).unwrap();
            char::from_digit(value, 32).unwrap()
        })
        .collect()
}
