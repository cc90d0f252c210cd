//! What a server is told beside the URL, and which of its headers are kept (RFC 9110, RFC 8520 section 1.6).

use reqwest::{
    Response,
    header::{
        ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue,
        IF_MODIFIED_SINCE, IF_NONE_MATCH,
    },
};

use super::Resource;

/// How many characters of a header are kept.
const MAX_HEADER_LENGTH: usize = 256;

/// What makes a request conditional.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Conditions<'a> {
    pub(super) etag: Option<&'a str>,
    pub(super) last_modified: Option<&'a str>,
    /// Caches on the way must ask the server again.
    pub(super) fresh: bool,
}

impl Conditions<'_> {
    /// Whether the server may answer that nothing has changed.
    pub(super) fn are_any(self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}

/// The headers of a request, apart from those that every HTTP client sends.
pub(super) fn request_headers(resource: Resource, conditions: Conditions<'_>) -> HeaderMap {
    let accepted = match resource {
        Resource::File => "application/mud+json",
        Resource::Signature => "application/pkcs7-signature",
    };
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(accepted));
    // One language for all: the household's own would tell the maker something about it.
    headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if conditions.fresh {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    let validators = [
        (IF_NONE_MATCH, conditions.etag),
        (IF_MODIFIED_SINCE, conditions.last_modified),
    ];
    for (name, value) in validators {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// A header by which a later request can ask whether something has changed. One that is too long is as good as none.
pub(super) fn validator(response: &Response, name: HeaderName) -> Option<String> {
    let text = response.headers().get(name)?.to_str().ok()?;
    (text.len() <= MAX_HEADER_LENGTH).then(|| text.to_owned())
}

/// A header of a server as it may be shown.
pub(super) fn shown(octets: &[u8]) -> String {
    octets
        .escape_ascii()
        .to_string()
        .chars()
        .take(MAX_HEADER_LENGTH)
        .collect()
}
