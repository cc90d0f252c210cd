//! What is brought by hand to a gateway: a MUD file with its signature, and the certificate of a Thing. Only the control socket has these
//! paths.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{
        DefaultBodyLimit, Path, Query, State,
        rejection::{BytesRejection, PathRejection, QueryRejection},
    },
    routing::{get, post},
};
use mudguard_explain::{foreign_passage, foreign_text};
use mudguard_policy::MacAddress;
use serde::{Deserialize, Serialize};
use tokio::{sync::oneshot, time::timeout};

use super::shape::Summary;
use crate::{
    Became, Errand, Imported, Web, api::shown, decide::TIME_LIMIT, guard::MOST_BROUGHT_OCTETS,
    refusal::Refusal,
};

pub(super) fn errands() -> Router<Web> {
    Router::new()
        .route(
            "/api/v1/import",
            post(import).layer(DefaultBodyLimit::max(MOST_BROUGHT_OCTETS)),
        )
        .route("/api/v1/things/{thing}/certificate", post(certificate))
        .route("/api/v1/query", get(look_up))
}

/// A name to be looked up.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Asked {
    name: String,
    #[serde(rename = "type")]
    record_type: String,
}

async fn look_up(
    State(web): State<Web>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<serde_json::Value>, Refusal> {
    let Query(Asked { name, record_type }) = asked.map_err(|_| Refusal::Malformed)?;
    let (reply, answer) = oneshot::channel();
    let errand = Errand::LookUp {
        name,
        record_type,
        reply,
    };
    Ok(Json(ask(&web, errand, answer).await?))
}

/// The content of the request is the file, and behind it its signature.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parts {
    /// How many octets the file has.
    file_octets: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ImportedText {
    mud_url: String,
    sha256: String,
    verified: bool,
    signer: Option<String>,
    /// Why it is not verified, or why it is refused.
    reason: Option<String>,
    outcome: &'static str,
    things: Vec<ThingText>,
}

#[derive(Serialize)]
struct ThingText {
    mac: MacAddress,
    name: String,
}

async fn import(
    State(web): State<Web>,
    parts: Result<Query<Parts>, QueryRejection>,
    content: Result<Bytes, BytesRejection>,
) -> Result<Json<ImportedText>, Refusal> {
    let Query(parts) = parts.map_err(|_| Refusal::Malformed)?;
    let content = octets(content)?;
    let (file, signature) = content
        .split_at_checked(parts.file_octets)
        .ok_or(Refusal::Malformed)?;
    let (reply, answer) = oneshot::channel();
    let errand = Errand::Import {
        file: file.to_vec(),
        signature: (!signature.is_empty()).then(|| signature.to_vec()),
        reply,
    };
    let imported = ask(&web, errand, answer).await?;
    Ok(Json(ImportedText::of(imported, &web)))
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Place {
    port: Option<String>,
}

async fn certificate(
    State(web): State<Web>,
    name: Result<Path<MacAddress>, PathRejection>,
    place: Result<Query<Place>, QueryRejection>,
    content: Result<Bytes, BytesRejection>,
) -> Result<Json<Summary>, Refusal> {
    // By its MAC address alone: a name is what anyone may call itself.
    let Path(thing) = name.map_err(|_| Refusal::Malformed)?;
    let Query(place) = place.map_err(|_| Refusal::Malformed)?;
    let (reply, answer) = oneshot::channel();
    let errand = Errand::Certificate {
        thing,
        port: place.port,
        certificate: octets(content)?.to_vec(),
        reply,
    };
    ask(&web, errand, answer).await?;
    shown(&web, thing)
}

pub(super) fn octets(content: Result<Bytes, BytesRejection>) -> Result<Bytes, Refusal> {
    content.map_err(|error| {
        if error.status() == Refusal::TooLarge.status() {
            Refusal::TooLarge
        } else {
            Refusal::Malformed
        }
    })
}

/// Sends an errand and waits for what comes of it.
pub(super) async fn ask<T>(
    web: &Web,
    errand: Errand,
    answer: oneshot::Receiver<Result<T, String>>,
) -> Result<T, Refusal> {
    let errands = web.errands.as_ref().ok_or(Refusal::NoSuchPath)?;
    let exchange = async {
        errands.send(errand).await.ok()?;
        answer.await.ok()
    };
    timeout(TIME_LIMIT, exchange)
        .await
        .ok()
        .flatten()
        .ok_or(Refusal::NoAnswer)?
        .map_err(|why| Refusal::NotTaken(foreign_passage(&why)))
}

impl ImportedText {
    fn of(imported: Imported, web: &Web) -> Self {
        let snapshot = web.now();
        let Imported {
            url,
            sha256,
            signer,
            doubt,
            things,
            became,
        } = imported;
        let (outcome, refused) = match became {
            Became::InForce => ("in-force", None),
            Became::Unchanged => ("unchanged", None),
            Became::Kept => ("kept", None),
            Became::Waits => ("waits", None),
            Became::WaitsForThing => ("waits-for-thing", None),
            Became::RejectedBefore => ("rejected-before", None),
            Became::Refused(why) => ("refused", Some(why)),
        };
        let name = |mac| {
            let thing = snapshot.things.get(&mac);
            mudguard_explain::device_name(
                thing.and_then(|thing| thing.name.as_deref()),
                thing.and_then(|thing| thing.host_name.as_deref()),
                mac,
                &web.words.plain,
            )
        };
        Self {
            mud_url: url.as_str().to_owned(),
            sha256: sha256.iter().map(|octet| format!("{octet:02x}")).collect(),
            verified: doubt.is_none(),
            signer: signer.as_deref().map(foreign_text),
            reason: refused.or(doubt).as_deref().map(foreign_passage),
            outcome,
            things: things
                .into_iter()
                .map(|mac| ThingText { mac, name: name(mac) })
                .collect(),
        }
    }
}
