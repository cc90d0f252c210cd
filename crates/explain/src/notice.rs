//! What the household should know about the gateway itself.

use fluent_bundle::FluentValue;

use crate::{Language, foreign_passage, keys};

/// Something to be told at the top of every page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeLabel {
    /// A laboratory setting is on; the prefixes that count as global.
    Laboratory(Vec<String>),
    /// The database was unreadable and lies at this path now.
    DatabaseSetAside(String),
    /// The kernel did not take the rules; its answer.
    FirewallRefused(String),
    /// Something that cannot be enforced here, in words.
    Limitation(String),
    /// The clock is not set, so that dates are not judged.
    ClockNotSet,
}

impl NoticeLabel {
    /// In words.
    #[must_use]
    pub fn text(&self, language: &Language) -> String {
        let passage = |text: &str| FluentValue::from(foreign_passage(text));
        match self {
            Self::Laboratory(prefixes) => {
                let list = language.list(prefixes);
                language.text(keys::NOTICE_LABORATORY, &[("list", list.into())])
            }
            Self::DatabaseSetAside(path) => language.text(keys::NOTICE_DATABASE, &[("path", passage(path))]),
            Self::FirewallRefused(reason) => {
                language.text(keys::NOTICE_FIREWALL, &[("reason", passage(reason))])
            }
            Self::Limitation(what) => language.text(keys::NOTICE_LIMITATION, &[("what", passage(what))]),
            Self::ClockNotSet => language.text(keys::NOTICE_CLOCK, &[]),
        }
    }
}
