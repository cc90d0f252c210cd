//! The words of the journal: what happened, and who did it.

use fluent_bundle::FluentValue;

use crate::{
    Language, foreign_text,
    keys::{self, Key},
};

/// What a row of the journal tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowLabel {
    /// A device named its MUD URL.
    UrlLearnt,
    /// The rules of a file took hold.
    FileInForce,
    /// A file was refused.
    FileRefused,
    /// Something waits for the owner.
    QuestionRaised,
    /// A question went away without an answer.
    QuestionEnded,
    /// The owner said yes.
    Approved,
    /// The owner said no.
    Rejected,
    /// A device named too many MUD URLs.
    UrlsIgnored,
    /// The owner allowed flows.
    Allowed,
    /// The owner blocked flows.
    Blocked,
    /// The owner lifted the limits of a device.
    Lifted,
    /// What the owner allowed, blocked or lifted ended.
    OverrideEnded,
    /// The owner chose a mode for a device.
    ModeSet,
    /// The owner chose controllers.
    ControllersSet,
    /// The owner named a device.
    Renamed,
    /// The owner had a device forgotten.
    Forgotten,
    /// The owner took a row back.
    Undone,
}

impl RowLabel {
    /// In words, the name of the device before them and the details after them.
    #[must_use]
    pub fn text(self, language: &Language) -> String {
        language.text(self.key(), &[])
    }

    fn key(self) -> Key {
        match self {
            Self::UrlLearnt => keys::JOURNAL_URL_LEARNT,
            Self::FileInForce => keys::JOURNAL_FILE_IN_FORCE,
            Self::FileRefused => keys::JOURNAL_FILE_REFUSED,
            Self::QuestionRaised => keys::JOURNAL_QUESTION_RAISED,
            Self::QuestionEnded => keys::JOURNAL_QUESTION_ENDED,
            Self::Approved => keys::JOURNAL_APPROVED,
            Self::Rejected => keys::JOURNAL_REJECTED,
            Self::UrlsIgnored => keys::JOURNAL_URLS_IGNORED,
            Self::Allowed => keys::JOURNAL_ALLOWED,
            Self::Blocked => keys::JOURNAL_BLOCKED,
            Self::Lifted => keys::JOURNAL_LIFTED,
            Self::OverrideEnded => keys::JOURNAL_OVERRIDE_ENDED,
            Self::ModeSet => keys::JOURNAL_MODE_SET,
            Self::ControllersSet => keys::JOURNAL_CONTROLLERS_SET,
            Self::Renamed => keys::JOURNAL_RENAMED,
            Self::Forgotten => keys::JOURNAL_FORGOTTEN,
            Self::Undone => keys::JOURNAL_UNDONE,
        }
    }
}

/// Who did what a row of the journal tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorLabel {
    /// Somebody of the household, on the page.
    Page,
    /// The operator.
    CommandLine,
    /// Whoever holds the API token of this name.
    Token(String),
    /// The maker of the device.
    Maker,
    /// The device.
    Device,
    /// The gateway itself.
    Mudguard,
}

impl AuthorLabel {
    /// In words.
    #[must_use]
    pub fn text(&self, language: &Language) -> String {
        let key = match self {
            Self::Page => keys::AUTHOR_PAGE,
            Self::CommandLine => keys::AUTHOR_COMMAND_LINE,
            Self::Token(name) => {
                let name = FluentValue::from(foreign_text(name));
                return language.text(keys::AUTHOR_TOKEN, &[("name", name)]);
            }
            Self::Maker => keys::AUTHOR_MAKER,
            Self::Device => keys::AUTHOR_DEVICE,
            Self::Mudguard => keys::AUTHOR_MUDGUARD,
        };
        language.text(key, &[])
    }
}
