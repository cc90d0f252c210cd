//! The words of the page around sentences and labels: headings, counts, hints, how long ago.
//!
//! They stand here and not in the page, because the command line and notifications say the same things, in as many languages.

use fluent_bundle::FluentValue;
use jiff::Timestamp;

use crate::{
    Language,
    keys::{self, Key},
};

/// A phrase without arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phrase(Key);

macro_rules! phrases {
    ($($(#[$meta:meta])* $name:ident,)*) => {
        impl Phrase {
            $($(#[$meta])* pub const $name: Self = Self(keys::phrase::$name);)*
        }
    };
}

phrases! {
    /// The heading of the list of devices.
    DEVICES,
    /// The link past the head of a page, for keyboards.
    SKIP,
    /// The heading over what waits for the owner.
    WAITING,
    /// The way to a question.
    DECIDE,
    /// The heading over devices of which something was blocked.
    BLOCKED_DEVICES,
    /// The heading over the rest.
    OTHER_DEVICES,
    /// There is no device.
    NO_DEVICES,
    /// How devices come to be there.
    NO_DEVICES_HINT,
    /// The heading over the sentences.
    MAY_DO,
    /// The heading over the sentences that a yes would bring.
    MAY_DO_IF_APPROVED,
    /// The heading over the sentences that hold until then.
    MAY_DO_MEANWHILE,
    /// What holds beyond the sentences.
    ELSE_BLOCKED,
    /// The same for a device that is only watched.
    ELSE_RECORDED,
    /// Instead of sentences, for a device that is not limited.
    NOT_LIMITED,
    /// The heading over what was blocked.
    BLOCKED,
    /// The same for a device that is only watched.
    WOULD_BE_BLOCKED,
    /// Nothing was.
    NOTHING_BLOCKED,
    /// Nothing would have been.
    NOTHING_RECORDED,
    /// Where the list of what was blocked is kept.
    BLOCKED_IS_KEPT,
    /// The heading over the facts about a device.
    ABOUT,
    /// The heading over what became of each ACE.
    TECHNICAL_RULES,
    /// The column with the name of an ACE.
    RULE,
    /// The column with what became of it.
    OUTCOME,
    /// Where decisions are taken when this page does not offer them; a command follows.
    DECIDE_ELSEWHERE,
    /// Its name by DHCP.
    HOST_NAME,
    /// Its addresses.
    ADDRESSES,
    /// Its MAC address.
    MAC_ADDRESS,
    /// The port of the router.
    PORT,
    /// Where its rules come from.
    MUD_URL,
    /// What the file says it is.
    SYSTEM_INFO,
    /// The maker's name in the file.
    MANUFACTURER,
    /// The model's name in the file.
    MODEL,
    /// When the maker changed the rules.
    LAST_UPDATE,
    /// When the rules were retrieved or confirmed.
    RETRIEVED,
    /// The digest of the file.
    DIGEST,
    /// When it was first seen.
    FIRST_SEEN,
    /// The maker no longer updates it.
    NOT_SUPPORTED,
    /// The mode `watch`.
    MODE_WATCH,
    /// The mode `ask`.
    MODE_ASK,
    /// The mode `protect`.
    MODE_PROTECT,
    /// What the mode `watch` does.
    MODE_WATCH_MEANS,
    /// What the mode `ask` does.
    MODE_ASK_MEANS,
    /// What the mode `protect` does.
    MODE_PROTECT_MEANS,
    /// What the page is.
    FOOTER,
    /// The way back to all devices.
    ALL_DEVICES,
    /// There is no such page.
    REFUSED_NO_SUCH_PAGE,
    /// There is no such device.
    REFUSED_NO_SUCH_DEVICE,
    /// The question was answered meanwhile, or has gone.
    REFUSED_NOTHING_WAITS,
    /// Another question came up since the page was made.
    REFUSED_OTHER_QUESTION,
    /// The request is for another host.
    REFUSED_WRONG_HOST,
    /// A form of another site.
    REFUSED_OTHER_SITE,
    /// A form from before the start of the gateway.
    REFUSED_OLD_FORM,
    /// Decisions are not taken from there.
    REFUSED_NOT_HERE,
    /// The manager did not answer.
    REFUSED_NO_ANSWER,
}

impl Phrase {
    /// In words.
    #[must_use]
    pub fn text(self, language: &Language) -> String {
        language.text(self.0, &[])
    }
}

/// A phrase that tells how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Count {
    /// Devices that wait for the owner.
    Waiting(usize),
    /// Devices that are limited.
    Limited(usize),
    /// Devices that are watched.
    Watched(usize),
    /// Devices that are not limited.
    NotLimited(usize),
    /// Attempts that were blocked.
    Blocked(usize),
    /// Attempts that would have been blocked.
    WouldBeBlocked(usize),
    /// How often one thing was tried, at least.
    Times(usize),
    /// Packets that said to be of somebody else.
    Forged(usize),
    /// ACEs that hold as written.
    Enforced(usize),
    /// ACEs that hold in part.
    Narrowed(usize),
    /// ACEs that are left out.
    Refused(usize),
}

impl Count {
    /// In words.
    #[must_use]
    pub fn text(self, language: &Language) -> String {
        let (key, count) = match self {
            Self::Waiting(count) => (keys::COUNT_WAITING, count),
            Self::Limited(count) => (keys::COUNT_LIMITED, count),
            Self::Watched(count) => (keys::COUNT_WATCHED, count),
            Self::NotLimited(count) => (keys::COUNT_NOT_LIMITED, count),
            Self::Blocked(count) => (keys::COUNT_BLOCKED, count),
            Self::WouldBeBlocked(count) => (keys::COUNT_WOULD_BE_BLOCKED, count),
            Self::Times(count) => (keys::COUNT_TIMES, count),
            Self::Forged(count) => (keys::COUNT_FORGED, count),
            Self::Enforced(count) => (keys::COUNT_ENFORCED, count),
            Self::Narrowed(count) => (keys::COUNT_NARROWED, count),
            Self::Refused(count) => (keys::COUNT_REFUSED, count),
        };
        language.text(key, &[("count", FluentValue::from(count))])
    }
}

/// How long ago something was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ago {
    /// Less than a minute, or in the future because the clock was set meanwhile.
    Now,
    /// So many minutes.
    Minutes(i64),
    /// So many hours.
    Hours(i64),
    /// So many days.
    Days(i64),
}

impl Ago {
    /// The time between two moments, in the unit in which people would tell it.
    #[must_use]
    pub fn between(then: Timestamp, now: Timestamp) -> Self {
        let minutes = now.as_second().saturating_sub(then.as_second()) / 60;
        if minutes < 1 {
            Self::Now
        } else if minutes < 60 {
            Self::Minutes(minutes)
        } else if minutes < 48 * 60 {
            Self::Hours(minutes / 60)
        } else {
            Self::Days(minutes / (24 * 60))
        }
    }

    /// In words.
    #[must_use]
    pub fn text(self, language: &Language) -> String {
        let (key, count) = match self {
            Self::Now => (keys::AGO_NOW, 0),
            Self::Minutes(count) => (keys::AGO_MINUTES, count),
            Self::Hours(count) => (keys::AGO_HOURS, count),
            Self::Days(count) => (keys::AGO_DAYS, count),
        };
        language.text(key, &[("count", FluentValue::from(count))])
    }

    /// That something was last seen then.
    #[must_use]
    pub fn last_seen(self, language: &Language) -> String {
        language.text(keys::AGO_SEEN, &[("ago", FluentValue::from(self.text(language)))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_is_told_in_one_unit() {
        let language = Language::plain_english();
        let then = Timestamp::UNIX_EPOCH;
        for (seconds, text) in [
            (-10, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3_599, "59 minutes ago"),
            (3_600, "1 hour ago"),
            (48 * 3_600 - 1, "47 hours ago"),
            (48 * 3_600, "2 days ago"),
        ] {
            let now = Timestamp::from_second(seconds).expect("a time");
            assert_eq!(Ago::between(then, now).text(&language), text, "{seconds}");
        }
    }

    #[test]
    fn one_is_not_told_as_many() {
        let language = Language::plain_english();
        assert_eq!(Count::Waiting(1).text(&language), "1 device waits for you");
        assert_eq!(Count::Waiting(2).text(&language), "2 devices wait for you");
        assert_eq!(Count::Times(1).text(&language), "once");
    }
}
