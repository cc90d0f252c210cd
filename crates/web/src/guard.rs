//! Who may ask for what: the host that a request is for, the site that a form comes from, the size of a request; and the header
//! fields that tell a browser to be careful.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use ring::rand::{SecureRandom, SystemRandom};

use crate::{Web, WebError, page, refusal::Refusal};

/// The most octets of a request's body.
pub(crate) const MOST_BODY_OCTETS: usize = 64 * 1024;

/// The most octets of what is brought to the control socket: a MUD file and its signature.
pub(crate) const MOST_BROUGHT_OCTETS: usize = (256 + 64) * 1024;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Nothing from elsewhere, no script, no frame, no base: markup that slipped through could do nothing.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Header fields of every answer.
const CAREFUL: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// At the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Somebody who may open the control socket.
    Control,
    /// A browser.
    Tcp {
        /// The address that was called.
        local: IpAddr,
        /// The port that was called.
        port: u16,
        /// The address of the browser.
        peer: IpAddr,
    },
}

impl Caller {
    /// Whether decisions may be taken from there. Without a log-in, only on the router itself.
    pub(crate) fn may_decide(self) -> bool {
        match self {
            Self::Control => true,
            Self::Tcp { peer, .. } => peer.is_loopback(),
        }
    }
}

/// A token that other sites cannot know, the same for one run of the gateway.
pub(crate) fn new_token() -> Result<Arc<str>, WebError> {
    let mut octets = [0_u8; 32];
    SystemRandom::new()
        .fill(&mut octets)
        .map_err(|_| WebError::NoRandom)?;
    let token: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    Ok(token.into())
}

/// Whether a token is the right one, in a time that does not tell where it differs.
pub(crate) fn is_token(web: &Web, given: &str) -> bool {
    given.len() == web.token.len()
        && given
            .bytes()
            .zip(web.token.bytes())
            .fold(0, |differences, (one, two)| differences | (one ^ two))
            == 0
}

/// A host name as it is compared: in lower case, without a final dot.
pub(crate) fn plain_host(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Refuses what is too large, and adds the careful header fields to every answer.
pub(crate) async fn everywhere(request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let most = match request.extensions().get::<Caller>() {
        // Each of its paths has a limit of its own.
        Some(Caller::Control) => MOST_BROUGHT_OCTETS,
        Some(Caller::Tcp { .. }) | None => MOST_BODY_OCTETS,
    };
    let is_too_large = length.is_some_and(|length| {
        let length = length.to_str().ok().and_then(|text| text.parse::<usize>().ok());
        length.is_none_or(|length| length > most)
    });
    let mut response = if is_too_large {
        Refusal::TooLarge.into_response()
    } else {
        next.run(request).await
    };
    for (name, value) in CAREFUL {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Refuses requests for another host: a name of somebody else's that was pointed at this router (DNS rebinding).
pub(crate) async fn right_host(State(web): State<Web>, request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Caller>().copied();
    let is_right =
        caller.is_some_and(|caller| host(&request).is_some_and(|host| is_ours(&host, caller, &web)));
    if is_right {
        next.run(request).await
    } else {
        page::answer(&web, request.uri().path(), Refusal::WrongHost)
    }
}

/// The host that a request is for (RFC 9112 section 3.2): one `Host` field, and no other host in the request line.
fn host(request: &Request) -> Option<Authority> {
    let mut fields = request.headers().get_all(header::HOST).iter();
    let host: Authority = fields.next()?.to_str().ok()?.parse().ok()?;
    let is_only = fields.next().is_none();
    let is_same = request
        .uri()
        .authority()
        .is_none_or(|authority| *authority == host);
    (is_only && is_same && !host.as_str().contains('@')).then_some(host)
}

fn is_ours(host: &Authority, caller: Caller, web: &Web) -> bool {
    let Caller::Tcp { local, port, .. } = caller else {
        return true;
    };
    if host.port_u16().unwrap_or(80) != port {
        return false;
    }
    let name = plain_host(host.host());
    let address = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(&name)
        .parse::<IpAddr>();
    match address {
        Ok(address) => address.to_canonical() == local,
        Err(_) => (name == "localhost" && local.is_loopback()) || web.names.contains(&name),
    }
}

/// Whether a form was sent from a page of ours. Browsers let no script set these fields; where a browser sends both, both must hold,
/// except that `Origin` is "null" because our pages send no referrer (Fetch, section 3.2).
///
/// # Errors
/// If it was not, or the browser does not say.
pub(crate) fn same_site(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(&header::HOST).unwrap_or_default();
    let origin_is_ours = text(&header::ORIGIN).map(|origin| origin.strip_prefix("http://") == Some(host));
    let is_same = match text(&SEC_FETCH_SITE) {
        Some(site) => {
            site == "same-origin" && (origin_is_ours != Some(false) || text(&header::ORIGIN) == Some("null"))
        }
        None => origin_is_ours == Some(true),
    };
    if is_same { Ok(()) } else { Err(Refusal::OtherSite) }
}
