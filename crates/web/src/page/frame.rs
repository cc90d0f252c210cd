//! What every page has: its head, the notices at its top, its foot; and the page that says no.

use std::borrow::Borrow;

use askama::Template;
use jiff::Timestamp;
use mudguard_explain::{Ago, Language, NoticeLabel, Phrase, Symbol};
use mudguard_manager::{Mode, Snapshot};

use crate::view;

/// What the frame of a page tells.
pub(super) struct Frame<'a> {
    pub(super) language: &'a Language,
    /// What stands in the tab before the name of the product.
    pub(super) title: String,
    pub(super) notices: Vec<FrameNotice>,
    pub(super) mode: Phrase,
    pub(super) mode_means: Phrase,
}

/// A notice, as it is shown.
pub(super) struct FrameNotice {
    pub(super) text: String,
    /// Whether it is told loudly, on every page; the others stand on the first page.
    pub(super) is_loud: bool,
}

impl<'a> Frame<'a> {
    pub(super) fn new(snapshot: &Snapshot, language: &'a Language, title: String) -> Self {
        let notices = view::notices(snapshot)
            .into_iter()
            .map(|(_, label)| FrameNotice {
                text: label.text(language),
                is_loud: !matches!(label, NoticeLabel::Limitation(_) | NoticeLabel::ClockNotSet),
            })
            .collect();
        let (mode, mode_means) = match snapshot.mode {
            Mode::Watch => (Phrase::MODE_WATCH, Phrase::MODE_WATCH_MEANS),
            Mode::Ask => (Phrase::MODE_ASK, Phrase::MODE_ASK_MEANS),
            Mode::Protect => (Phrase::MODE_PROTECT, Phrase::MODE_PROTECT_MEANS),
        };
        Self {
            language,
            title,
            notices,
            mode,
            mode_means,
        }
    }

    /// A phrase in the language of the page.
    pub(super) fn say(&self, phrase: impl Borrow<Phrase>) -> String {
        phrase.borrow().text(self.language)
    }

    pub(super) fn direction(&self) -> &'static str {
        if self.language.is_right_to_left() {
            "rtl"
        } else {
            "ltr"
        }
    }
}

/// A moment: how long ago, and exactly.
pub(super) struct Moment {
    pub(super) ago: String,
    pub(super) at: Timestamp,
}

impl Moment {
    pub(super) fn new(at: Timestamp, language: &Language) -> Self {
        Self {
            ago: Ago::between(at, Timestamp::now()).text(language),
            at,
        }
    }

    /// The same, told as when something was last seen.
    pub(super) fn seen(at: Timestamp, language: &Language) -> Self {
        Self {
            ago: Ago::between(at, Timestamp::now()).last_seen(language),
            at,
        }
    }
}

/// The name of a shape among the symbols of the page.
pub(super) fn symbol(symbol: Symbol) -> &'static str {
    match symbol {
        Symbol::Check => "check",
        Symbol::Question => "question",
        Symbol::Barred => "barred",
        Symbol::Eye => "eye",
        Symbol::Hand => "hand",
        Symbol::Open => "open",
        Symbol::Exclamation => "exclamation",
    }
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    frame: Frame<'a>,
    phrase: Phrase,
}

/// The page that says no.
pub(super) fn refusal(snapshot: &Snapshot, language: &Language, phrase: Phrase) -> askama::Result<String> {
    RefusalPage {
        frame: Frame::new(snapshot, language, phrase.text(language)),
        phrase,
    }
    .render()
}
