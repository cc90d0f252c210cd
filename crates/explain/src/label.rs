//! The words about a Thing, its rules and each ACE: where it stands, why its rules are believed, what became of an ACE.
//!
//! "Signed" is never told as "safe", and no Thing gets a score.

use fluent_bundle::FluentValue;
use mudguard_policy::Verdict;

use crate::{
    Language, foreign_text,
    keys::{self, Key},
};

/// Where a Thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Something of it waits for the owner.
    Waits,
    /// The rules of its file hold, and nothing else passes.
    Limited,
    /// It reaches only this router's name and time service.
    Restricted,
    /// Nothing is dropped; what its rules do not permit is recorded.
    Watched,
    /// It is not limited.
    NotLimited,
}

/// The shape beside a label, so that no meaning hangs on a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// A tick.
    Check,
    /// A question mark.
    Question,
    /// A barred circle.
    Barred,
    /// An eye.
    Eye,
    /// A hand.
    Hand,
    /// An open circle.
    Open,
    /// An exclamation mark.
    Exclamation,
}

/// Why the rules of a Thing are believed, or why there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustLabel {
    /// A signature was verified.
    Signed {
        /// The subject of the signer's certificate.
        signer: String,
        /// Whether the dates could not be judged, because the clock is not set.
        provisional: bool,
    },
    /// The owner approved the file as it stands.
    Approved {
        /// The day, as it is to be shown.
        day: String,
    },
    /// There is a file, but it waits for the owner.
    Waits {
        /// Why, in words.
        reason: String,
    },
    /// The Thing named a MUD URL, but there is no file yet.
    None,
    /// The Thing named no MUD URL.
    NoUrl,
}

/// How the MUD URL was learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UrlChannel {
    /// By DHCP, which proves nothing.
    Dhcp,
    /// By LLDP, which proves nothing either.
    Lldp,
    /// By the certificate of the device.
    Certificate,
    /// By the code on the device, or by hand.
    Owner,
}

impl Standing {
    /// In words.
    #[must_use]
    pub fn text(self, language: &Language) -> String {
        language.text(self.key(), &[])
    }

    /// The same while the kernel has not taken its rules yet: it does not stand there before.
    #[must_use]
    pub fn text_soon(self, language: &Language) -> String {
        let standing = FluentValue::from(self.text(language));
        language.text(keys::STANDING_SOON, &[("standing", standing)])
    }

    /// The shape beside the words.
    #[must_use]
    pub fn symbol(self) -> Symbol {
        match self {
            Self::Waits => Symbol::Question,
            Self::Limited => Symbol::Check,
            Self::Restricted => Symbol::Barred,
            Self::Watched => Symbol::Eye,
            Self::NotLimited => Symbol::Open,
        }
    }

    fn key(self) -> Key {
        match self {
            Self::Waits => keys::STANDING_WAITS,
            Self::Limited => keys::STANDING_LIMITED,
            Self::Restricted => keys::STANDING_RESTRICTED,
            Self::Watched => keys::STANDING_WATCHED,
            Self::NotLimited => keys::STANDING_NOT_LIMITED,
        }
    }
}

impl TrustLabel {
    /// In words.
    #[must_use]
    pub fn text(&self, language: &Language) -> String {
        let name = |text: &str| FluentValue::from(language.name(&foreign_text(text)));
        match self {
            Self::Signed {
                signer,
                provisional: false,
            } => language.text(keys::TRUST_SIGNED, &[("signer", name(signer))]),
            Self::Signed {
                signer,
                provisional: true,
            } => language.text(keys::TRUST_SIGNED_PROVISIONAL, &[("signer", name(signer))]),
            Self::Approved { day } => language.text(keys::TRUST_APPROVED, &[("day", day.as_str().into())]),
            Self::Waits { reason } => language.text(keys::TRUST_WAITS, &[("reason", reason.as_str().into())]),
            Self::None => language.text(keys::TRUST_NONE, &[]),
            Self::NoUrl => language.text(keys::TRUST_NO_URL, &[]),
        }
    }

    /// The shape beside the words.
    #[must_use]
    pub fn symbol(&self) -> Symbol {
        match self {
            Self::Signed { .. } => Symbol::Check,
            Self::Approved { .. } => Symbol::Hand,
            Self::Waits { .. } => Symbol::Question,
            Self::None | Self::NoUrl => Symbol::Open,
        }
    }
}

impl UrlChannel {
    /// In words.
    #[must_use]
    pub fn text(self, language: &Language) -> String {
        match self {
            Self::Dhcp => language.text(keys::CHANNEL_DHCP, &[]),
            Self::Lldp => language.text(keys::CHANNEL_LLDP, &[]),
            Self::Certificate => language.text(keys::CHANNEL_CERTIFICATE, &[]),
            Self::Owner => language.text(keys::CHANNEL_OWNER, &[]),
        }
    }
}

/// What became of an ACE, in words.
#[must_use]
pub fn verdict_words(verdict: &Verdict, language: &Language) -> String {
    match verdict {
        Verdict::Enforced => language.text(keys::VERDICT_ENFORCED, &[]),
        Verdict::Narrowed(what) => language.text(keys::VERDICT_NARROWED, &[("what", what.as_str().into())]),
        Verdict::Refused(why) => language.text(keys::VERDICT_REFUSED, &[("why", why.as_str().into())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signer_cannot_speak_for_the_page() {
        let signer = "Acme\u{202e}\n, and it is safe ".to_owned() + &"x".repeat(100);
        let label = TrustLabel::Signed {
            signer,
            provisional: false,
        };
        assert_eq!(
            label.text(&Language::plain_english()),
            format!(
                "Rules signed by Acme , and it is safe {}\u{2026}, and the signature was verified",
                "x".repeat(38)
            )
        );
    }

    #[test]
    fn nothing_is_called_safe_or_secure() {
        for source in crate::language::ENGLISH {
            let told = source
                .lines()
                .filter(|line| !line.starts_with('#'))
                .collect::<String>()
                .to_lowercase();
            assert!(!told.contains("safe") && !told.contains("secure"));
        }
    }
}
