//! A Thing as it is told: its name, where it stands, its sentences, its question. JSON and HTML both read it here.

mod blocked;

use ipnet::IpNet;
use jiff::Timestamp;
use mudguard_explain::{
    Context, FileDoubt, Language, NoticeLabel, QuestionLabel, Sentence, Shape, Standing, TroubleLabel,
    TrustLabel, UrlChannel, device_name, sentences,
};
use mudguard_manager::{
    Channel, ClockState, Doubt, Enforcement, MY_CONTROLLER, Notice, Question, Snapshot, Thing, Trust, Waiting,
};
use mudguard_mud::MudFile;
use mudguard_policy::{MacAddress, Site, ThingPolicy, compile};

pub(crate) use blocked::Blocked;

/// A Thing of a snapshot, in a language.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) thing: &'a Thing,
    pub(crate) language: &'a Language,
}

/// How urgent a Thing is, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// It waits for the owner.
    Waits,
    /// Something of it was blocked.
    Blocked,
    /// Nothing is to be done.
    Calm,
}

/// All Things, the most urgent first.
pub(crate) fn by_urgency<'a>(snapshot: &'a Snapshot, language: &'a Language) -> Vec<View<'a>> {
    let mut views: Vec<View<'a>> = snapshot
        .things
        .values()
        .map(|thing| View {
            snapshot,
            thing,
            language,
        })
        .collect();
    views.sort_by_cached_key(|view| {
        let raised = view.thing.question.as_ref().map(|question| question.raised);
        let is_loose = view.thing.enforcement == Enforcement::None;
        (
            view.urgency(),
            raised,
            is_loose,
            view.name().to_lowercase(),
            view.thing.mac,
        )
    });
    views
}

impl View<'_> {
    pub(crate) fn name(&self) -> String {
        name(self.thing, self.language)
    }

    pub(crate) fn urgency(&self) -> Urgency {
        if self.thing.question.is_some() {
            Urgency::Waits
        } else if self.thing.blocked.is_empty() {
            Urgency::Calm
        } else {
            Urgency::Blocked
        }
    }

    /// Where it stands, with its question.
    pub(crate) fn standing(&self) -> Standing {
        if self.thing.question.is_some() {
            Standing::Waits
        } else {
            self.standing_meanwhile()
        }
    }

    /// Where it stands, whatever is asked.
    pub(crate) fn standing_meanwhile(&self) -> Standing {
        match (self.thing.enforcement, &self.thing.file) {
            (Enforcement::None, _) => Standing::NotLimited,
            (Enforcement::Observe, _) => Standing::Watched,
            (Enforcement::Enforce, Some(_)) => Standing::Limited,
            (Enforcement::Enforce, None) => Standing::Restricted,
        }
    }

    pub(crate) fn trust(&self) -> TrustLabel {
        match (&self.thing.file, &self.thing.question) {
            (Some(file), _) => trust(&file.trust),
            (
                None,
                Some(Question {
                    waiting: Waiting::File(file),
                    ..
                }),
            ) => TrustLabel::Waits {
                reason: file.reason.clone(),
            },
            (None, _) if self.thing.url.is_some() || self.thing.refused_url.is_some() => TrustLabel::None,
            (None, _) => TrustLabel::NoUrl,
        }
    }

    /// What is wrong with its rules.
    pub(crate) fn troubles(&self) -> Vec<TroubleLabel> {
        let refused = self.thing.refused_url.as_ref();
        let refused = refused.map(|(_, reason)| TroubleLabel::RefusedUrl(reason.to_string()));
        let problem = self.thing.problem.clone().map(|problem| {
            if self.thing.file.is_some() {
                TroubleLabel::NotRenewed(problem)
            } else {
                TroubleLabel::NoFile(problem)
            }
        });
        refused.into_iter().chain(problem).collect()
    }

    pub(crate) fn channel(&self) -> Option<UrlChannel> {
        self.thing.channel.map(channel)
    }

    pub(crate) fn question(&self) -> Option<QuestionLabel> {
        let question = self.thing.question.as_ref()?;
        Some(match &question.waiting {
            Waiting::File(file) => QuestionLabel::File {
                doubt: doubt(file.doubt),
                reason: file.reason.clone(),
                replaces: self.thing.file.is_some(),
            },
            Waiting::Addresses => QuestionLabel::Addresses,
            Waiting::Url(url, _) => QuestionLabel::Url {
                new: url.as_str().to_owned(),
                other_maker: self
                    .thing
                    .url
                    .as_ref()
                    .is_some_and(|old| old.host() != url.host()),
            },
            Waiting::NewThing => QuestionLabel::NewDevice {
                has_url: self.thing.url.is_some(),
                has_random_address: self.thing.has_random_address(),
            },
            Waiting::Controllers(class) if class == MY_CONTROLLER => QuestionLabel::Controllers(None),
            Waiting::Controllers(class) => QuestionLabel::Controllers(Some(class.clone())),
            Waiting::Group => QuestionLabel::Group,
            Waiting::Place(port) => QuestionLabel::Place(port.clone()),
        })
    }

    /// Whether a file waits that would bring its first rules.
    pub(crate) fn asks_for_first_rules(&self) -> bool {
        self.thing.file.is_none()
            && self.thing.question.as_ref().is_some_and(|question| {
                matches!(question.waiting, Waiting::File(_)) && self.thing.enforcement == Enforcement::Enforce
            })
    }

    /// What it may do; nothing to be told if it is not managed.
    pub(crate) fn sentences(&self) -> Vec<Sentence> {
        if self.thing.enforcement == Enforcement::None {
            return Vec::new();
        }
        let file = self.thing.file.as_ref().map(|in_force| &in_force.file);
        self.sentences_of(&self.thing.policy, file)
    }

    /// What a yes to the question would permit, as far as it is known beforehand.
    pub(crate) fn sentences_if_approved(&self) -> Vec<Sentence> {
        match self.thing.question.as_ref().map(|question| &question.waiting) {
            Some(Waiting::File(waiting)) => self.sentences_of(&waiting.policy, Some(&waiting.file.file)),
            Some(Waiting::Addresses) => self.address_sentences(),
            Some(
                Waiting::Url(..)
                | Waiting::NewThing
                | Waiting::Controllers(_)
                | Waiting::Group
                | Waiting::Place(_),
            )
            | None => Vec::new(),
        }
    }

    /// What the addresses in the file in force would permit beyond what holds.
    fn address_sentences(&self) -> Vec<Sentence> {
        let Some(in_force) = &self.thing.file else {
            return Vec::new();
        };
        let lans = &self.snapshot.home.lans;
        let site = Site {
            gateway: lans
                .iter()
                .flat_map(|lan| lan.addresses.iter().copied())
                .collect(),
            local_networks: self.local_networks(),
            addresses_approved: true,
            ..Site::default()
        };
        let approved = compile(&in_force.file, &site);
        let mut sentences = self.sentences_of(&approved, Some(&in_force.file));
        let now = self.sentences();
        sentences.retain(|sentence| {
            let is_about_addresses = matches!(
                sentence.shape,
                Shape::Addresses | Shape::OtherNameService | Shape::TimeServers
            );
            is_about_addresses && !now.contains(sentence)
        });
        sentences
    }

    fn sentences_of(&self, policy: &ThingPolicy, file: Option<&MudFile>) -> Vec<Sentence> {
        let local_networks = self.local_networks();
        let name_of = |mac: MacAddress| match self.snapshot.things.get(&mac) {
            Some(thing) => name(thing, self.language),
            None => device_name(None, None, mac, self.language),
        };
        sentences(&Context {
            policy,
            file,
            url: self.thing.url.as_ref(),
            local_networks: &local_networks,
            name_of: &name_of,
        })
    }

    fn local_networks(&self) -> Vec<IpNet> {
        self.snapshot
            .home
            .lans
            .iter()
            .flat_map(|lan| lan.prefixes.iter().copied())
            .collect()
    }

    /// What was blocked, the latest first.
    pub(crate) fn blocked(&self) -> Vec<Blocked<'_>> {
        blocked::of(self.thing, &self.local_networks())
    }
}

fn name(thing: &Thing, language: &Language) -> String {
    device_name(
        thing.name.as_deref(),
        thing.host_name.as_deref(),
        thing.mac,
        language,
    )
}

/// Why a file is believed.
pub(crate) fn trust(trust: &Trust) -> TrustLabel {
    match trust {
        Trust::Signed {
            signer, provisional, ..
        } => TrustLabel::Signed {
            signer: signer.clone(),
            provisional: *provisional,
        },
        Trust::Approved { at } => TrustLabel::Approved { day: day(*at) },
    }
}

fn channel(channel: Channel) -> UrlChannel {
    match channel {
        Channel::Dhcpv4 | Channel::Dhcpv6 => UrlChannel::Dhcp,
        Channel::Lldp => UrlChannel::Lldp,
        Channel::Certificate => UrlChannel::Certificate,
        Channel::Code | Channel::Owner => UrlChannel::Owner,
    }
}

fn doubt(doubt: Doubt) -> FileDoubt {
    match doubt {
        Doubt::Unverified | Doubt::NotAsSpecified => FileDoubt::Unverified,
        Doubt::SignerExpired => FileDoubt::SignerExpired,
        Doubt::OtherSigner => FileDoubt::OtherSigner,
        Doubt::Wider => FileDoubt::Wider,
    }
}

/// A day, such as 2026-01-31.
pub(crate) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// What the household should know about the gateway, the gravest first; each with its kind.
pub(crate) fn notices(snapshot: &Snapshot) -> Vec<(&'static str, NoticeLabel)> {
    let mut notices: Vec<(u8, &'static str, NoticeLabel)> = snapshot
        .notices
        .iter()
        .map(|notice| match notice {
            Notice::FirewallRefused(reason) => (
                0,
                "firewall-refused",
                NoticeLabel::FirewallRefused(reason.clone()),
            ),
            Notice::DatabaseSetAside(path) => (
                1,
                "database-set-aside",
                NoticeLabel::DatabaseSetAside(path.clone()),
            ),
            Notice::NotStored(reason) => (1, "not-stored", NoticeLabel::NotStored(reason.clone())),
            Notice::Laboratory(prefixes) => (2, "laboratory", NoticeLabel::Laboratory(prefixes.clone())),
            Notice::Limitation(what) => (4, "limitation", NoticeLabel::Limitation(what.clone())),
            Notice::LeftOut(rules) => (4, "left-out", NoticeLabel::Limitation(rules.clone())),
        })
        .collect();
    if snapshot.clock != ClockState::Valid {
        notices.push((3, "clock-not-set", NoticeLabel::ClockNotSet));
    }
    notices.sort_by_key(|(gravity, ..)| *gravity);
    notices
        .into_iter()
        .map(|(_, kind, label)| (kind, label))
        .collect()
}
