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
        /// What stands in the way.
        doubt: FileDoubt,
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
        /// Whether that is another maker's.
        other_maker: bool,
    },
    /// A device has joined, and new devices wait.
    NewDevice {
        /// Whether it says which rules are for it.
        has_url: bool,
        /// Whether it made its address up, as phones and computers do.
        has_random_address: bool,
    },
    /// The rules name devices that control it, and nobody has said which those are; the name of the class, if it has one.
    Controllers(Option<String>),
    /// The rules name the devices of its maker, and nothing proves that it is one.
    Group,
    /// It was seen on this port while it was on another.
    Place(String),
}

/// Why a file is not believed on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileDoubt {
    /// It is unsigned, or its signature proves nothing.
    Unverified,
    /// The certificate of its signer has expired.
    SignerExpired,
    /// Another than before has signed it.
    OtherSigner,
    /// It permits more than the rules that hold.
    Wider,
}

impl QuestionLabel {
    /// What happened.
    #[must_use]
    pub fn text(&self, language: &Language) -> String {
        match self {
            Self::File { doubt, reason, .. } => {
                let key = match doubt {
                    FileDoubt::Unverified => keys::QUESTION_FILE,
                    FileDoubt::SignerExpired => keys::QUESTION_FILE_EXPIRED,
                    FileDoubt::OtherSigner => keys::QUESTION_FILE_OTHER_SIGNER,
                    FileDoubt::Wider => keys::QUESTION_FILE_WIDER,
                };
                let reason = FluentValue::from(foreign_passage(reason));
                language.text(key, &[("reason", reason)])
            }
            Self::Addresses => language.text(keys::QUESTION_ADDRESSES, &[]),
            Self::Url { new, other_maker } => {
                let new = FluentValue::from(language.name(&foreign_passage(new)));
                let key = if *other_maker {
                    keys::QUESTION_OTHER_MAKER
                } else {
                    keys::QUESTION_URL
                };
                language.text(key, &[("new", new)])
            }
            Self::NewDevice { has_url: true, .. } => language.text(keys::QUESTION_NEW_DEVICE_WITH_RULES, &[]),
            Self::NewDevice {
                has_random_address: true,
                ..
            } => language.text(keys::QUESTION_NEW_DEVICE_RANDOM, &[]),
            Self::NewDevice { .. } => language.text(keys::QUESTION_NEW_DEVICE, &[]),
            Self::Controllers(None) => language.text(keys::QUESTION_MY_CONTROLLER, &[]),
            Self::Controllers(Some(class)) => {
                let class = FluentValue::from(language.name(&foreign_passage(class)));
                language.text(keys::QUESTION_CONTROLLER, &[("class", class)])
            }
            Self::Group => language.text(keys::QUESTION_GROUP, &[]),
            Self::Place(port) => {
                let port = FluentValue::from(language.name(&foreign_passage(port)));
                language.text(keys::QUESTION_PLACE, &[("port", port)])
            }
        }
    }

    /// What holds until it is answered, or if it is answered with no: always the narrower policy.
    #[must_use]
    pub fn meanwhile(&self, language: &Language) -> String {
        let key = match self {
            Self::File { replaces: false, .. } | Self::NewDevice { .. } => {
                keys::QUESTION_MEANWHILE_RESTRICTED
            }
            Self::File { replaces: true, .. } | Self::Url { .. } => keys::QUESTION_MEANWHILE_OLD_RULES,
            Self::Addresses => keys::QUESTION_MEANWHILE_NO_ADDRESSES,
            Self::Controllers(_) | Self::Group => keys::QUESTION_MEANWHILE_NO_MEMBERS,
            Self::Place(_) => keys::QUESTION_MEANWHILE_OLD_PLACE,
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
            Self::NewDevice { has_url: true, .. } => (keys::QUESTION_FILE_YES, keys::QUESTION_NEW_DEVICE_NO),
            Self::NewDevice { .. } => (keys::QUESTION_NEW_DEVICE_YES, keys::QUESTION_NEW_DEVICE_NO),
            Self::Controllers(_) => (keys::QUESTION_CONTROLLERS_YES, keys::QUESTION_CONTROLLERS_NO),
            Self::Group => (keys::QUESTION_GROUP_YES, keys::QUESTION_GROUP_NO),
            Self::Place(_) => (keys::QUESTION_PLACE_YES, keys::QUESTION_PLACE_NO),
        }
    }
}
