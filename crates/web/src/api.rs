//! The JSON API, version 1: what it holds is in [`shape`]; keys are in kebab case; errors are RFC 9457 problem details.

mod errand;
mod journal;
mod owner;
mod shape;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{
        DefaultBodyLimit, Path, State,
        rejection::{BytesRejection, PathRejection},
    },
    middleware::from_fn,
    routing::{get, post},
};

use mudguard_manager::Author;
use mudguard_policy::MacAddress;
use serde::Deserialize;

use crate::{
    Web,
    decide::{Decision, decide},
    find::find,
    guard::{self, MOST_BODY_OCTETS},
    refusal::Refusal,
    view::{View, by_urgency},
};
use shape::{Detail, Status, Summary, Things};

/// The API of the control socket: reading and deciding.
pub(crate) fn control(web: Web) -> Router {
    reading()
        .route("/api/v1/things/{thing}/approve", post(approve))
        .route("/api/v1/things/{thing}/reject", post(reject))
        .merge(owner::deciding())
        .merge(errand::errands())
        .merge(journal::undoing())
        .fallback(nothing_here)
        .method_not_allowed_fallback(other_method)
        .with_state(web)
        .layer(DefaultBodyLimit::max(MOST_BODY_OCTETS))
        .layer(from_fn(guard::everywhere))
}

/// The part of the API that reads.
pub(crate) fn reading() -> Router<Web> {
    Router::new()
        .route("/api/v1/status", get(status))
        .route("/api/v1/things", get(things))
        .route("/api/v1/things/{thing}", get(thing))
        .merge(journal::reading())
}

async fn status(State(web): State<Web>) -> Json<Status> {
    Json(Status::of(&web))
}

async fn things(State(web): State<Web>) -> Json<Things> {
    let snapshot = web.now();
    let things = by_urgency(&snapshot, &web.words.plain)
        .iter()
        .map(|view| Summary::of(view, &web))
        .collect();
    Json(Things { things })
}

async fn thing(
    State(web): State<Web>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<Detail>, Refusal> {
    let snapshot = web.now();
    let Path(name) = name.map_err(|_| Refusal::Malformed)?;
    let thing = find(&snapshot, &name, &web.words.plain)?;
    let view = View {
        snapshot: &snapshot,
        thing,
        language: &web.words.plain,
    };
    Ok(Json(Detail::of(&view, &web)))
}

async fn approve(
    State(web): State<Web>,
    name: Result<Path<String>, PathRejection>,
    content: Result<Bytes, BytesRejection>,
) -> Result<Json<Summary>, Refusal> {
    answer(&web, name, content, Decision::Approve).await
}

async fn reject(
    State(web): State<Web>,
    name: Result<Path<String>, PathRejection>,
    content: Result<Bytes, BytesRejection>,
) -> Result<Json<Summary>, Refusal> {
    answer(&web, name, content, Decision::Reject).await
}

/// Which question was read; whichever waits, if it is not said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuestionContent {
    question: Option<String>,
}

/// Decides, and tells how the Thing stands then.
async fn answer(
    web: &Web,
    name: Result<Path<String>, PathRejection>,
    content: Result<Bytes, BytesRejection>,
    decision: Decision,
) -> Result<Json<Summary>, Refusal> {
    let Path(name) = name.map_err(|_| Refusal::Malformed)?;
    let mac = find(&web.now(), &name, &web.words.plain)?.mac;
    let QuestionContent { question } = owner::read(&errand::octets(content)?)?;
    decide(web, mac, decision, question, Author::CommandLine).await?;
    shown(web, mac)
}

/// How a Thing stands now.
fn shown(web: &Web, mac: MacAddress) -> Result<Json<Summary>, Refusal> {
    let snapshot = web.now();
    let thing = snapshot
        .things
        .get(&mac)
        .ok_or_else(|| Refusal::NoSuchThing(mac.to_string()))?;
    let view = View {
        snapshot: &snapshot,
        thing,
        language: &web.words.plain,
    };
    Ok(Json(Summary::of(&view, web)))
}

pub(crate) async fn nothing_here() -> Refusal {
    Refusal::NoSuchPath
}

pub(crate) async fn other_method() -> Refusal {
    Refusal::Method
}
