//! One GET over HTTPS: redirects by hand, every host checked, every octet counted (RFC 8520 section 1.6, RFC 9110).

use std::sync::Arc;

use mudguard_mud::{MudUrl, MudUrlError};
use mudguard_policy::SpecialPurpose;
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{CONTENT_ENCODING, ETAG, HeaderValue, LAST_MODIFIED, LOCATION},
    redirect, retry,
};
use tokio::time::timeout;

use super::{
    FetchError, Limits, NameLookup, Place, Refusal, Resource, TlsRoots, TransientCause,
    failure::failure,
    headers::{Conditions, request_headers, shown, validator},
    lookup::checked_addresses,
    wire::{Meter, Wire},
};
use crate::Clock;

/// It names the product and nothing of the home.
const USER_AGENT: &str = "Mudguard";

/// What belongs to one retrieval: its connections are closed when it is dropped.
pub(super) struct Session<'a> {
    pub(super) roots: &'a TlsRoots,
    pub(super) lookup: &'a dyn NameLookup,
    pub(super) special_purpose: &'a SpecialPurpose,
    pub(super) limits: &'a Limits,
    pub(super) clock: Clock,
    /// The client of the host and port that were asked last, and its way there.
    pub(super) client: Option<(String, u16, Client, Wire)>,
    /// How many octets may still be read, over all transfers.
    pub(super) meter: Arc<Meter>,
}

/// What was asked for.
pub(super) struct Body {
    pub(super) octets: Vec<u8>,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
}

impl Session<'_> {
    /// Gets a resource, in time; past caches if it must be fresh.
    pub(super) async fn get(&mut self, place: Place, fresh: bool) -> Result<Body, FetchError> {
        let conditions = Conditions {
            fresh,
            ..Conditions::default()
        };
        let unasked = not_given(&place, StatusCode::NOT_MODIFIED);
        self.get_if(place, conditions).await?.ok_or(unasked)
    }

    /// The same; `None` if it has not changed.
    pub(super) async fn get_if(
        &mut self,
        place: Place,
        conditions: Conditions<'_>,
    ) -> Result<Option<Body>, FetchError> {
        let limit = self.limits.transfer;
        let too_slow = place.transient(TransientCause::TooSlow(limit));
        timeout(limit, self.follow(place, conditions))
            .await
            .unwrap_or(Err(too_slow))
    }

    async fn follow(
        &mut self,
        mut place: Place,
        conditions: Conditions<'_>,
    ) -> Result<Option<Body>, FetchError> {
        for _ in 0..=self.limits.redirects {
            let client = self.client(&place).await?;
            let request = client
                .get(target(&place)?)
                .headers(request_headers(place.resource, conditions));
            let response = request
                .send()
                .await
                .map_err(|error| failure(&place, &error, self.limits, &self.meter))?;
            match response.status() {
                StatusCode::OK => return self.read(&place, response).await.map(Some),
                StatusCode::NOT_MODIFIED if conditions.are_any() => return Ok(None),
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => place.url = redirected(&place, &response)?,
                status => return Err(not_given(&place, status)),
            }
        }
        Err(place.refused(Refusal::TooManyRedirects(self.limits.redirects)))
    }

    /// The client for the host of a URL. Its addresses are looked up and checked once, and it can reach no others.
    async fn client(&mut self, place: &Place) -> Result<Client, FetchError> {
        let (host, port) = (place.url.host(), place.url.port());
        if let Some((of, at, client, _)) = &self.client
            && (of.as_str(), *at) == (host, port)
        {
            return Ok(client.clone());
        }
        let addresses = checked_addresses(place, self.lookup, self.special_purpose).await?;
        let wire = Wire::open(addresses, Arc::clone(&self.meter)).map_err(FetchError::Socket)?;
        let client = Client::builder()
            .tls_backend_preconfigured(self.roots.client(self.clock))
            .unix_socket(wire.name())
            .no_proxy()
            .https_only(true)
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .connect_timeout(self.limits.connect)
            .read_timeout(self.limits.idle)
            .user_agent(USER_AGENT)
            .build()
            .map_err(FetchError::Client)?;
        self.client = Some((host.to_owned(), port, client.clone(), wire));
        Ok(client)
    }

    async fn read(&mut self, place: &Place, mut response: Response) -> Result<Body, FetchError> {
        let encoding = response
            .headers()
            .get(CONTENT_ENCODING)
            .map(HeaderValue::as_bytes);
        if let Some(encoding) = encoding.filter(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
            return Err(place.refused(Refusal::Encoded(shown(encoding))));
        }
        let limit = match place.resource {
            Resource::File => self.limits.file_octets,
            Resource::Signature => self.limits.signature_octets,
        };
        let too_large = || FetchError::TooLarge {
            place: place.clone(),
            limit,
        };
        let fits = |claimed: u64| usize::try_from(claimed).is_ok_and(|claimed| claimed <= limit);
        if !response.content_length().is_none_or(fits) {
            return Err(too_large());
        }
        let (etag, last_modified) = (validator(&response, ETAG), validator(&response, LAST_MODIFIED));
        let mut octets = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| failure(place, &error, self.limits, &self.meter))?
        {
            if chunk.len() > limit - octets.len() {
                return Err(too_large());
            }
            octets.extend_from_slice(&chunk);
        }
        Ok(Body {
            octets,
            etag,
            last_modified,
        })
    }
}

/// The URL that is asked for. A final dot of the host would not be found in certificates.
fn target(place: &Place) -> Result<Url, FetchError> {
    let refused = |error| place.refused(Refusal::RedirectUrl(error));
    let mut url = Url::parse(place.url.as_str()).map_err(|_| refused(MudUrlError::NotAbsolute))?;
    url.set_host(Some(place.url.host()))
        .map_err(|_| refused(MudUrlError::NotQualified))?;
    Ok(url)
}

/// The URL to which a redirect leads, checked as a MUD URL is, and on the same host (draft-ietf-iotops-mud-acceptable-urls).
fn redirected(place: &Place, response: &Response) -> Result<MudUrl, FetchError> {
    let location = response
        .headers()
        .get(LOCATION)
        .and_then(|location| location.to_str().ok());
    let location = location.ok_or_else(|| place.refused(Refusal::RedirectNowhere))?;
    let url = place
        .url
        .join(location)
        .map_err(|error| place.refused(Refusal::RedirectUrl(error)))?;
    if url.host() == place.url.host() {
        Ok(url)
    } else {
        Err(place.refused(Refusal::RedirectToOtherHost(url.host().to_owned())))
    }
}

fn not_given(place: &Place, status: StatusCode) -> FetchError {
    let busy = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    if status.is_server_error() || busy.contains(&status) {
        place.transient(TransientCause::Status(status.as_u16()))
    } else {
        FetchError::Absent {
            place: place.clone(),
            status: status.as_u16(),
        }
    }
}
