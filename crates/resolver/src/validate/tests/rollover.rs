//! Keys of the root over simulated years (RFC 5011).

use super::{
    super::{
        BogusReason, Name, Record, RecordType, Reply, TrustAnchors,
        rollover::{Rollover, Rollovers, Seen},
    },
    signer::{Key, NOW, SignatureFields},
};

const DAY: u64 = 86_400;

/// A root whose keys change, and who follows it.
struct Root {
    now: u64,
    followed: Rollover,
    configured: TrustAnchors,
}

fn record(data: Vec<u8>) -> Record {
    Record {
        owner: Name::root(),
        record_type: RecordType::DNSKEY,
        class: 1,
        ttl: 172_800,
        data: data.into(),
    }
}

/// The DNSKEY records of these keys, signed by those.
fn keys(present: &[&Key], signers: &[&Key], now: u64) -> Reply {
    let records: Vec<_> = present.iter().map(|key| record(key.data())).collect();
    let now = u32::try_from(now).unwrap();
    let fields = SignatureFields {
        signer: Name::root(),
        dates: (now - 100_000, now + 1_000_000),
        original_ttl: 172_800,
        labels: None,
    };
    let signatures = signers.iter().map(|key| key.sign(&records, &fields));
    Reply {
        answers: records.iter().cloned().chain(signatures).collect(),
        ..Reply::default()
    }
}

impl Root {
    fn new(first: &Key) -> Self {
        let ds = first.ds(&Name::root(), 2);
        let digest: String = ds[4..].iter().map(|octet| format!("{octet:02x}")).collect();
        Self {
            now: NOW,
            followed: Rollover::new(Name::root()),
            configured: format!(". DS {} {} 2 {digest}", first.tag(), ds[2])
                .parse()
                .unwrap(),
        }
    }

    /// Looks at the keys so many days later; it is stored and read again in between.
    fn see(&mut self, days: u64, present: &[&Key], signers: &[&Key]) -> Result<Seen, BogusReason> {
        self.now += days * DAY;
        let text = self.followed.to_string();
        let Rollovers(read) = text.parse().unwrap();
        let read = read.into_iter().next();
        self.followed = read.unwrap_or_else(|| Rollover::new(Name::root()));
        let reply = keys(present, signers, self.now);
        self.followed.see(&reply, &self.configured, self.now)
    }

    /// Whether a zone that this key alone signs is believed.
    fn believes(&self, key: &Key) -> bool {
        let mut trial = self.followed.clone();
        trial
            .see(&keys(&[key], &[key], self.now), &self.configured, self.now)
            .is_ok()
    }
}

#[test]
fn a_new_key_is_believed_after_thirty_days_and_not_before() {
    let (old, new) = (Key::new(13), Key::new(13));
    let mut root = Root::new(&old);
    assert!(root.see(0, &[&old, &new], &[&old]).unwrap().is_changed);
    for _ in 0..29 {
        root.see(1, &[&old, &new], &[&old]).unwrap();
        assert!(!root.believes(&new));
    }
    assert!(root.see(1, &[&old, &new], &[&old]).unwrap().is_changed);
    assert!(root.believes(&new) && root.believes(&old));
}

#[test]
fn a_whole_roll_takes_from_the_old_key_to_the_new_one() {
    let (mut old, new, newest) = (Key::new(13), Key::new(13), Key::new(13));
    let mut root = Root::new(&old);
    root.see(0, &[&old], &[&old]).unwrap();
    root.see(300, &[&old, &new], &[&old]).unwrap();
    root.see(40, &[&old, &new], &[&old]).unwrap();
    root.see(60, &[&old, &new], &[&new]).unwrap();
    old.flags |= 0x80;
    root.see(30, &[&old, &new], &[&old, &new]).unwrap();
    root.see(60, &[&new], &[&new]).unwrap();
    old.flags &= !0x80;
    assert!(root.believes(&new) && !root.believes(&old));
    // Years later, once more.
    root.see(1500, &[&new, &newest], &[&new]).unwrap();
    root.see(31, &[&new, &newest], &[&new]).unwrap();
    root.see(1, &[&newest], &[&newest]).unwrap();
    assert!(root.believes(&newest));
}

#[test]
fn a_key_that_goes_away_before_its_time_begins_anew() {
    let (old, new) = (Key::new(13), Key::new(13));
    let mut root = Root::new(&old);
    root.see(0, &[&old, &new], &[&old]).unwrap();
    root.see(20, &[&old], &[&old]).unwrap();
    root.see(1, &[&old, &new], &[&old]).unwrap();
    root.see(20, &[&old, &new], &[&old]).unwrap();
    assert!(!root.believes(&new));
    root.see(10, &[&old, &new], &[&old]).unwrap();
    assert!(root.believes(&new));
}

#[test]
fn a_revoked_key_is_never_believed_again_even_if_it_is_configured() {
    let (mut old, new) = (Key::new(13), Key::new(13));
    let mut root = Root::new(&old);
    root.see(0, &[&old, &new], &[&old]).unwrap();
    root.see(31, &[&old, &new], &[&old]).unwrap();
    old.flags |= 0x80;
    // It needs no other signature than its own.
    root.see(1, &[&old], &[&old]).unwrap_err();
    old.flags &= !0x80;
    assert!(!root.believes(&old) && root.believes(&new));
    root.see(4000, &[&old, &new], &[&old]).unwrap_err();
    assert!(!root.believes(&old));
}

#[test]
fn a_key_is_not_revoked_by_others() {
    let (mut old, new) = (Key::new(13), Key::new(13));
    let mut root = Root::new(&old);
    root.see(0, &[&old, &new], &[&old]).unwrap();
    root.see(31, &[&old, &new], &[&old]).unwrap();
    old.flags |= 0x80;
    root.see(1, &[&old, &new], &[&new]).unwrap();
    old.flags &= !0x80;
    assert!(root.believes(&old));
}

#[test]
fn a_key_that_is_missing_is_believed_when_it_comes_back() {
    let (old, new) = (Key::new(13), Key::new(13));
    let mut root = Root::new(&old);
    root.see(0, &[&old, &new], &[&old]).unwrap();
    root.see(31, &[&old, &new], &[&old]).unwrap();
    root.see(1, &[&old], &[&old]).unwrap();
    root.see(900, &[&new], &[&new]).unwrap();
    assert!(root.believes(&new));
}

#[test]
fn who_has_no_key_adds_none() {
    let (old, evil) = (Key::new(13), Key::new(13));
    let mut root = Root::new(&old);
    root.see(0, &[&old], &[&old]).unwrap();
    for _ in 0..40 {
        assert_eq!(
            root.see(1, &[&old, &evil], &[&evil]),
            Err(BogusReason::KeyMissing)
        );
    }
    assert!(!root.believes(&evil));
    // A key that may not sign keys is none.
    let mut zone_key = Key::new(13);
    zone_key.flags = 256;
    root.see(1, &[&old, &zone_key], &[&old]).unwrap();
    root.see(40, &[&old, &zone_key], &[&old]).unwrap();
    assert!(!root.believes(&zone_key));
}

#[test]
fn keys_are_looked_at_again_within_half_of_their_ttl() {
    let old = Key::new(13);
    let mut root = Root::new(&old);
    assert_eq!(root.see(0, &[&old], &[&old]).unwrap().again, 86_400);
}

#[test]
fn a_text_that_is_no_state_is_refused_with_its_line() {
    for text in [
        "x",
        ". valid 1 0g",
        ". valid 1 01",
        ". other 1 0101030d01",
        ". valid x 0101030d01",
    ] {
        let text = format!(". valid 1 0101030d01\n{text}\n");
        assert_eq!(
            text.parse::<Rollovers>().unwrap_err().to_string(),
            "line 2: no key as it is followed"
        );
    }
}
