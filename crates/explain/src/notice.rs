//! What the household should know about the gateway itself, and what is wrong with the rules of one device.

use fluent_bundle::FluentValue;

use crate::{Language, foreign_passage, keys};

/// Something to be told at the top of every page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeLabel {
    /// A laboratory setting is on; the prefixes that count as global.
    Laboratory(Vec<String>),
    /// The database was unreadable and lies at this path now.
    DatabaseSetAside(String),
    /// The database cannot be written; why.
    NotStored(String),
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
            Self::NotStored(reason) => language.text(keys::NOTICE_NOT_STORED, &[("reason", passage(reason))]),
            Self::FirewallRefused(reason) => {
                language.text(keys::NOTICE_FIREWALL, &[("reason", passage(reason))])
            }
            Self::Limitation(what) => language.text(keys::NOTICE_LIMITATION, &[("what", passage(what))]),
            Self::ClockNotSet => language.text(keys::NOTICE_CLOCK, &[]),
        }
    }
}

/// What is wrong with the rules of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TroubleLabel {
    /// It named a MUD URL that is refused; why.
    RefusedUrl(String),
    /// There is no file yet; why.
    NoFile(String),
    /// The file in force could not be renewed; why.
    NotRenewed(String),
}

impl TroubleLabel {
    /// In words.
    #[must_use]
    pub fn text(&self, language: &Language) -> String {
        let (key, reason) = match self {
            Self::RefusedUrl(reason) => (keys::TROUBLE_REFUSED_URL, reason),
            Self::NoFile(reason) => (keys::TROUBLE_NO_FILE, reason),
            Self::NotRenewed(reason) => (keys::TROUBLE_NOT_RENEWED, reason),
        };
        language.text(key, &[("reason", FluentValue::from(foreign_passage(reason)))])
    }

    /// In a few words, for a list.
    #[must_use]
    pub fn short(&self, language: &Language) -> String {
        let key = match self {
            Self::RefusedUrl(_) => keys::TROUBLE_REFUSED_URL_SHORT,
            Self::NoFile(_) => keys::TROUBLE_NO_FILE_SHORT,
            Self::NotRenewed(_) => keys::TROUBLE_NOT_RENEWED_SHORT,
        };
        language.text(key, &[])
    }
}
