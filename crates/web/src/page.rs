//! The page, for browsers: the list of devices, one device, and the form with which the owner decides.
//!
//! What it is not: it has no script. Every function is a link or a form, and a page is whole when it arrives.

mod device;
mod frame;
mod home;

use axum::{
    Extension, Form, Router,
    extract::{DefaultBodyLimit, Path, Request, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use mudguard_manager::Author;
use mudguard_policy::MacAddress;
use serde::Deserialize;

use crate::{
    Web, api,
    decide::{Decision, decide},
    guard::{self, Caller, MOST_BODY_OCTETS},
    refusal::Refusal,
    view::View,
};

const STYLE: &str = include_str!("../assets/style.css");
const ICON: &str = include_str!("../assets/favicon.svg");

/// The page, and the API for reading.
pub(crate) fn router(web: Web) -> Router {
    api::reading()
        .route("/", get(home))
        .route("/devices/{mac}", get(device))
        .route("/devices/{mac}/{decision}", post(decided))
        .route("/style.css", get(style))
        .route("/favicon.svg", get(icon))
        .fallback(nothing_here)
        .method_not_allowed_fallback(other_method)
        .with_state(web.clone())
        .layer(DefaultBodyLimit::max(MOST_BODY_OCTETS))
        .layer(from_fn_with_state(web, guard::right_host))
        .layer(from_fn(guard::everywhere))
}

async fn home(State(web): State<Web>) -> Response {
    html(home::render(&web, &web.now()))
}

async fn device(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    Path(mac): Path<String>,
) -> Response {
    let snapshot = web.now();
    let found = mac
        .parse()
        .ok()
        .and_then(|mac: MacAddress| snapshot.things.get(&mac));
    let Some(thing) = found else {
        return refused(&web, Refusal::NoSuchThing(mac));
    };
    let view = View {
        snapshot: &snapshot,
        thing,
        language: &web.words.page,
    };
    let token = caller.may_decide().then_some(&*web.token);
    html(device::render(&web, &view, token))
}

/// What the form of a question sends.
#[derive(Deserialize)]
struct Answer {
    /// Our own pages alone know it.
    token: String,
    /// Which question was on the page.
    question: String,
}

async fn decided(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    Path((mac, decision)): Path<(String, String)>,
    headers: HeaderMap,
    form: Result<Form<Answer>, FormRejection>,
) -> Response {
    match decide_by_form(&web, caller, &mac, &decision, &headers, form).await {
        Ok(mac) => Redirect::to(&device::path(mac)).into_response(),
        Err(refusal) => refused(&web, refusal),
    }
}

async fn decide_by_form(
    web: &Web,
    caller: Caller,
    mac: &str,
    decision: &str,
    headers: &HeaderMap,
    form: Result<Form<Answer>, FormRejection>,
) -> Result<MacAddress, Refusal> {
    guard::same_site(headers)?;
    if !caller.may_decide() {
        return Err(Refusal::NotHere);
    }
    let Form(answer) = form.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Refusal::TooLarge
        } else {
            Refusal::Malformed
        }
    })?;
    if !guard::is_token(web, &answer.token) {
        return Err(Refusal::OldForm);
    }
    let decision = Decision::parse(decision).ok_or(Refusal::NoSuchPath)?;
    let no_such_thing = || Refusal::NoSuchThing(mac.to_owned());
    let mac: MacAddress = mac.parse().map_err(|_| no_such_thing())?;
    let snapshot = web.now();
    let thing = snapshot.things.get(&mac).ok_or_else(no_such_thing)?;
    // Another question may have come up since the page was made, and nobody has read it.
    match &thing.question {
        Some(question) if question.key() == answer.question => {}
        Some(_) => return Err(Refusal::OtherQuestion),
        None => return Err(Refusal::NothingWaits(mac)),
    }
    decide(web, mac, decision, Some(answer.question), Author::Page).await?;
    Ok(mac)
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

async fn icon() -> Response {
    ([(header::CONTENT_TYPE, "image/svg+xml")], ICON).into_response()
}

async fn nothing_here(State(web): State<Web>, request: Request) -> Response {
    answer(&web, request.uri().path(), Refusal::NoSuchPath)
}

async fn other_method(State(web): State<Web>, request: Request) -> Response {
    answer(&web, request.uri().path(), Refusal::Method)
}

/// A refusal, as whoever asked for that path can read it.
pub(crate) fn answer(web: &Web, path: &str, refusal: Refusal) -> Response {
    if path.starts_with("/api/") {
        refusal.into_response()
    } else {
        refused(web, refusal)
    }
}

fn refused(web: &Web, refusal: Refusal) -> Response {
    let status = refusal.status();
    let page = frame::refusal(&web.now(), &web.words.page, refusal.phrase());
    (status, html(page)).into_response()
}

fn html(page: askama::Result<String>) -> Response {
    match page {
        Ok(page) => Html(page).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
