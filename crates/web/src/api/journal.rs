//! The journal: what happened, who did it, and what can be taken back.

use axum::{
    Json, Router,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    routing::{get, post},
};
use jiff::Timestamp;
use mudguard_explain::{AuthorLabel, RowLabel, device_name, foreign_passage, foreign_text};
use mudguard_manager::{Author, Command, JournalEntry, JournalKind};
use mudguard_policy::MacAddress;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::errand::ask;
use crate::{Errand, JournalPage, Web, decide::command, find::find, refusal::Refusal};

/// How many rows are told if nothing else is asked for, and how many at most.
const ROWS: usize = 50;
const MOST_ROWS: usize = 500;

pub(super) fn reading() -> Router<Web> {
    Router::new().route("/api/v1/journal", get(journal))
}

pub(super) fn undoing() -> Router<Web> {
    Router::new().route("/api/v1/journal/{row}/undo", post(undo))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    thing: Option<String>,
    since: Option<Timestamp>,
    before: Option<u64>,
    limit: Option<usize>,
}

#[derive(Serialize)]
struct Rows {
    rows: Vec<Row>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Row {
    /// By which it is taken back.
    id: u64,
    at: Timestamp,
    by: String,
    /// The same in words.
    by_words: String,
    thing: Option<MacAddress>,
    /// The name that the Thing has now.
    name: Option<String>,
    kind: JournalKind,
    /// The same in words.
    words: String,
    detail: String,
    /// Whether it can be taken back now.
    undoable: bool,
}

async fn journal(
    State(web): State<Web>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Rows>, Refusal> {
    let Query(asked) = asked.map_err(|error| Refusal::Unusable(foreign_passage(&error.body_text())))?;
    let thing = match &asked.thing {
        None => None,
        // A Thing that is forgotten has rows, too.
        Some(name) => Some(match name.parse::<MacAddress>() {
            Ok(mac) => mac,
            Err(_) => find(&web.now(), name, &web.words.plain)?.mac,
        }),
    };
    let (reply, answer) = oneshot::channel();
    let page = JournalPage {
        before: asked.before,
        thing,
        since: asked.since,
        limit: asked.limit.unwrap_or(ROWS).clamp(1, MOST_ROWS),
    };
    let entries = ask(&web, Errand::Journal { page, reply }, answer).await?;
    let rows = entries.into_iter().map(|entry| Row::of(entry, &web)).collect();
    Ok(Json(Rows { rows }))
}

#[derive(Serialize)]
struct Undone {
    undone: u64,
}

async fn undo(
    State(web): State<Web>,
    row: Result<Path<u64>, PathRejection>,
) -> Result<Json<Undone>, Refusal> {
    let Path(id) = row.map_err(|_| Refusal::Malformed)?;
    command(&web, Command::UndoEntry { id }, Author::CommandLine).await?;
    Ok(Json(Undone { undone: id }))
}

impl Row {
    fn of(entry: JournalEntry, web: &Web) -> Self {
        let snapshot = web.now();
        let name = entry.thing.map(|mac| {
            let thing = snapshot.things.get(&mac);
            device_name(
                thing.and_then(|thing| thing.name.as_deref()),
                thing.and_then(|thing| thing.host_name.as_deref()),
                mac,
                &web.words.plain,
            )
        });
        let language = &web.words.plain;
        Self {
            by_words: author(&entry.by).text(language),
            words: label(entry.kind).text(language),
            id: entry.id,
            at: entry.at,
            by: match entry.by {
                Author::Page => "page".to_owned(),
                Author::CommandLine => "command-line".to_owned(),
                Author::Token(name) => format!("token {}", foreign_text(&name)),
                Author::Maker => "maker".to_owned(),
                Author::Thing => "thing".to_owned(),
                Author::Mudguard => "mudguard".to_owned(),
            },
            thing: entry.thing,
            name,
            kind: entry.kind,
            detail: foreign_passage(&entry.detail),
            undoable: snapshot.undoable.contains(&entry.id),
        }
    }
}

fn author(author: &Author) -> AuthorLabel {
    match author {
        Author::Page => AuthorLabel::Page,
        Author::CommandLine => AuthorLabel::CommandLine,
        Author::Token(name) => AuthorLabel::Token(name.clone()),
        Author::Maker => AuthorLabel::Maker,
        Author::Thing => AuthorLabel::Device,
        Author::Mudguard => AuthorLabel::Mudguard,
    }
}

fn label(kind: JournalKind) -> RowLabel {
    match kind {
        JournalKind::UrlLearnt => RowLabel::UrlLearnt,
        JournalKind::FileInForce => RowLabel::FileInForce,
        JournalKind::FileRefused => RowLabel::FileRefused,
        JournalKind::QuestionRaised => RowLabel::QuestionRaised,
        JournalKind::QuestionEnded => RowLabel::QuestionEnded,
        JournalKind::Approved => RowLabel::Approved,
        JournalKind::Rejected => RowLabel::Rejected,
        JournalKind::UrlsIgnored => RowLabel::UrlsIgnored,
        JournalKind::Allowed => RowLabel::Allowed,
        JournalKind::Blocked => RowLabel::Blocked,
        JournalKind::Lifted => RowLabel::Lifted,
        JournalKind::OverrideEnded => RowLabel::OverrideEnded,
        JournalKind::ModeSet => RowLabel::ModeSet,
        JournalKind::ControllersSet => RowLabel::ControllersSet,
        JournalKind::Renamed => RowLabel::Renamed,
        JournalKind::Forgotten => RowLabel::Forgotten,
        JournalKind::Undone => RowLabel::Undone,
    }
}
