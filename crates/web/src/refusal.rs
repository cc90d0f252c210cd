//! What is refused: as RFC 9457 problem details for programs, and as a page for people.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use mudguard_explain::Phrase;
use mudguard_manager::CommandError;
use mudguard_policy::MacAddress;
use serde::Serialize;
use thiserror::Error;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Refusal {
    #[error("there is nothing at this path")]
    NoSuchPath,
    #[error(
        "no Thing is called \"{0}\"; give its MAC address or its whole name, as `mudguard things` lists them"
    )]
    NoSuchThing(String),
    #[error(
        "several Things are called \"{name}\"; give the MAC address of one: {}",
        list(candidates)
    )]
    Ambiguous {
        name: String,
        candidates: Vec<MacAddress>,
    },
    #[error("nothing of {0} waits for a decision; `mudguard things` shows what does")]
    NothingWaits(MacAddress),
    #[error("{0}")]
    Impossible(CommandError),
    #[error("this path does not take this method")]
    Method,
    #[error(
        "this gateway is not called by this name; call it by its address, or list the name in the setting `page.names`"
    )]
    WrongHost,
    #[error("the request comes from another web site")]
    OtherSite,
    #[error("the form was made before the gateway started; load the page again")]
    OldForm,
    #[error("another question came up since the page was made; read it first")]
    OtherQuestion,
    #[error("decisions are taken on the router itself: `mudguard approve` and `mudguard reject`")]
    NotHere,
    #[error("the request is too large")]
    TooLarge,
    #[error("the request cannot be read")]
    Malformed,
    #[error("the request cannot be used: {0}")]
    Unusable(String),
    /// What was brought is not taken; why.
    #[error("{0}")]
    NotTaken(String),
    #[error("the gateway did not take the decision in time; look at its state before trying again")]
    NoAnswer,
}

fn list(candidates: &[MacAddress]) -> String {
    let texts: Vec<String> = candidates.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// RFC 9457 section 3.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<&'a [MacAddress]>,
}

impl Refusal {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchPath | Self::NoSuchThing(_) => StatusCode::NOT_FOUND,
            Self::Ambiguous { .. } | Self::NothingWaits(_) | Self::OtherQuestion | Self::Impossible(_) => {
                StatusCode::CONFLICT
            }
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::WrongHost => StatusCode::MISDIRECTED_REQUEST,
            Self::OtherSite | Self::OldForm | Self::NotHere => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Malformed | Self::Unusable(_) => StatusCode::BAD_REQUEST,
            Self::NotTaken(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NoAnswer => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::NoSuchPath => "Not found",
            Self::NoSuchThing(_) => "No such Thing",
            Self::Ambiguous { .. } => "Several Things have this name",
            Self::NothingWaits(_) => "Nothing waits",
            Self::OtherQuestion => "Another question waits",
            Self::Impossible(_) => "Not possible",
            Self::Method => "Method not allowed",
            Self::WrongHost => "Misdirected request",
            Self::OtherSite | Self::OldForm | Self::NotHere => "Forbidden",
            Self::TooLarge => "Request too large",
            Self::Malformed | Self::Unusable(_) => "Bad request",
            Self::NotTaken(_) => "Not taken",
            Self::NoAnswer => "No answer in time",
        }
    }

    /// What a person at the page reads.
    pub(crate) fn phrase(&self) -> Phrase {
        match self {
            Self::NoSuchPath
            | Self::Method
            | Self::Malformed
            | Self::Unusable(_)
            | Self::TooLarge
            | Self::NotTaken(_) => Phrase::REFUSED_NO_SUCH_PAGE,
            Self::NoSuchThing(_) | Self::Ambiguous { .. } => Phrase::REFUSED_NO_SUCH_DEVICE,
            // Only programs ask for what is impossible; a person reads that nothing was decided.
            Self::NothingWaits(_) | Self::Impossible(_) => Phrase::REFUSED_NOTHING_WAITS,
            Self::OtherQuestion => Phrase::REFUSED_OTHER_QUESTION,
            Self::WrongHost => Phrase::REFUSED_WRONG_HOST,
            Self::OtherSite => Phrase::REFUSED_OTHER_SITE,
            Self::OldForm => Phrase::REFUSED_OLD_FORM,
            Self::NotHere => Phrase::REFUSED_NOT_HERE,
            Self::NoAnswer => Phrase::REFUSED_NO_ANSWER,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = Problem {
            r#type: "about:blank",
            title: self.title(),
            status: self.status().as_u16(),
            detail: self.to_string(),
            candidates: if let Self::Ambiguous { candidates, .. } = &self {
                Some(candidates)
            } else {
                None
            },
        };
        // Text, numbers and addresses always serialise.
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
        (self.status(), content_type, body).into_response()
    }
}
