//! A policy in plain words: sentences, labels and reasons, for the page and the command line alike. Pure.
//!
//! What it is not: it decides nothing and knows no HTML. Every word that the household reads about rules comes from
//! `locales/`, one Fluent message per shape, so that a language may order and inflect as it must.

mod attempt;
mod device;
mod foreign;
mod group;
mod journal;
mod keys;
mod label;
mod language;
mod notice;
mod phrase;
mod place;
mod question;
mod sentence;
mod service;

pub use attempt::{Attempt, BlockedReason};
pub use device::device_name;
pub use foreign::{foreign_passage, foreign_text};
pub use group::{Context, sentences};
pub use journal::{AuthorLabel, RowLabel};
pub use label::{Standing, Symbol, TrustLabel, UrlChannel, verdict_words};
pub use language::Language;
pub use notice::{NoticeLabel, TroubleLabel};
pub use phrase::{Ago, Count, Phrase};
pub use place::Place;
pub use question::{FileDoubt, QuestionLabel};
pub use sentence::{Caution, Class, Direction, Sentence, Shape};
pub use service::{Service, Services};
