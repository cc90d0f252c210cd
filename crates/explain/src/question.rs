//! What the owner is asked: what happened, what holds until it is answered, and the words on the two buttons.

use fluent_bundle::FluentValue;

use crate::{
    Language, foreign_passage,
    keys::{self, Key},
};

/// A question to the owner (RFC 8520 sections 13.2 and 16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuestionLabel {
    /// A file was found that is not believed on its own.
    File {
        /// Why, in words.
        reason: String,
        /// Whether it would replace rules that hold.
        replaces: bool,
    },
    /// The rules that hold name addresses, and those parts are held back.
    Addresses,
    /// The device names another MUD URL than the one it is known by.
    Url {
        /// The one it names now.
        new: String,
    },
    /// A device without rules has joined, and devices without rules wait.
    NewDevice,
}

impl QuestionLabel {
    /// What happened.
    #[must_use]
    pub fn text(&self, language: &Language) -> String {
        match self {
            Self::File { reason, .. } => {
                let reason = FluentValue::from(foreign_passage(reason));
                language.text(keys::QUESTION_FILE, &[("reason", reason)])
            }
            Self::Addresses => language.text(keys::QUESTION_ADDRESSES, &[]),
            Self::Url { new } => {
                let new = FluentValue::from(language.name(&foreign_passage(new)));
                language.text(keys::QUESTION_URL, &[("new", new)])
            }
            Self::NewDevice => language.text(keys::QUESTION_NEW_DEVICE, &[]),
        }
    }

    /// What holds until it is answered, or if it is answered with no: always the narrower policy.
    #[must_use]
    pub fn meanwhile(&self, language: &Language) -> String {
        let key = match self {
            Self::File { replaces: false, .. } | Self::NewDevice => keys::QUESTION_MEANWHILE_RESTRICTED,
            Self::File { replaces: true, .. } | Self::Url { .. } => keys::QUESTION_MEANWHILE_OLD_RULES,
            Self::Addresses => keys::QUESTION_MEANWHILE_NO_ADDRESSES,
        };
        language.text(key, &[])
    }

    /// The word for yes.
    #[must_use]
    pub fn approve(&self, language: &Language) -> String {
        language.text(self.answers().0, &[])
    }

    /// The word for no.
    #[must_use]
    pub fn reject(&self, language: &Language) -> String {
        language.text(self.answers().1, &[])
    }

    fn answers(&self) -> (Key, Key) {
        match self {
            Self::File { replaces: false, .. } => (keys::QUESTION_FILE_YES, keys::QUESTION_FILE_NO),
            Self::File { replaces: true, .. } | Self::Url { .. } => {
                (keys::QUESTION_NEW_RULES_YES, keys::QUESTION_NEW_RULES_NO)
            }
            Self::Addresses => (keys::QUESTION_ADDRESSES_YES, keys::QUESTION_ADDRESSES_NO),
            Self::NewDevice => (keys::QUESTION_NEW_DEVICE_YES, keys::QUESTION_NEW_DEVICE_NO),
        }
    }
}
