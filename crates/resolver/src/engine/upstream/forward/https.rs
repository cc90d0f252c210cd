//! DNS over HTTPS (RFC 8484), as a client: POST over HTTP/2, many questions over one connection.
//!
//! What it is not: it follows no redirection and keeps no cookie; whoever says anything but "here is a DNS message" gave no answer.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;
use h2::client::{SendRequest, handshake};
use http::{
    Method, Request, StatusCode, Uri, Version,
    header::{ACCEPT, CONTENT_TYPE, HeaderValue},
};
use tokio::sync::Mutex;

use super::{
    super::message::{Fit, Query},
    tls::Tls,
};

const DNS_MESSAGE: HeaderValue = HeaderValue::from_static("application/dns-message");

/// The longest DNS message.
const MAX_MESSAGE: usize = 65_535;

/// A resolver that is asked over HTTPS.
pub(super) struct Https {
    tls: Tls,
    uri: Uri,
    open: Mutex<Option<SendRequest<Bytes>>>,
    /// The other side is to be judged anew.
    is_outdated: AtomicBool,
}

impl Https {
    /// Prepares to ask; nothing is sent yet.
    ///
    /// # Errors
    /// Authority or path are none.
    pub(super) fn new(tls: Tls, authority: &str, path: &str) -> io::Result<Self> {
        let uri = Uri::builder()
            .scheme("https")
            .authority(authority)
            .path_and_query(path);
        Ok(Self {
            tls,
            uri: uri.build().map_err(io::Error::other)?,
            open: Mutex::default(),
            is_outdated: AtomicBool::new(false),
        })
    }

    /// Asks, over the connection that is open or a new one.
    pub(super) async fn exchange(&self, query: &Query) -> io::Result<Vec<u8>> {
        let (sender, is_new) = self.sender().await?;
        match self.post(sender, query).await {
            Err(error) if !is_new => {
                tracing::debug!(%error, "an HTTPS connection is opened anew");
                self.forget();
                let (sender, _) = self.sender().await?;
                self.post(sender, query).await
            }
            reply => reply,
        }
    }

    /// Has the other side judged anew before anything else is asked.
    pub(super) fn forget(&self) {
        self.is_outdated.store(true, Ordering::Relaxed);
    }

    async fn sender(&self) -> io::Result<(SendRequest<Bytes>, bool)> {
        let mut open = self.open.lock().await;
        if self.is_outdated.swap(false, Ordering::Relaxed) {
            *open = None;
        }
        if let Some(sender) = &*open {
            return Ok((sender.clone(), false));
        }
        let stream = self.tls.connect().await?;
        let (sender, connection) = handshake(stream).await.map_err(io::Error::other)?;
        tokio::spawn(async move {
            let why = connection.await;
            tracing::debug!(?why, "an HTTPS connection to an upstream resolver ends");
        });
        *open = Some(sender.clone());
        Ok((sender, true))
    }

    async fn post(&self, sender: SendRequest<Bytes>, query: &Query) -> io::Result<Vec<u8>> {
        let mut sender = sender.ready().await.map_err(io::Error::other)?;
        let request = Request::builder()
            .method(Method::POST)
            .version(Version::HTTP_2)
            .uri(self.uri.clone())
            .header(CONTENT_TYPE, DNS_MESSAGE)
            .header(ACCEPT, DNS_MESSAGE)
            .body(())
            .map_err(io::Error::other)?;
        let (response, mut body) = sender.send_request(request, false).map_err(io::Error::other)?;
        body.send_data(Bytes::copy_from_slice(query.octets()), true)
            .map_err(io::Error::other)?;
        let response = response.await.map_err(io::Error::other)?;
        let status = response.status();
        if status != StatusCode::OK || response.headers().get(CONTENT_TYPE) != Some(&DNS_MESSAGE) {
            return Err(io::Error::other(format!(
                "HTTP status {status} without a DNS message"
            )));
        }
        let mut stream = response.into_body();
        let mut reply = Vec::new();
        while let Some(part) = stream.data().await {
            let part = part.map_err(io::Error::other)?;
            if reply.len() + part.len() > MAX_MESSAGE {
                return Err(io::Error::other("a reply that is longer than a DNS message"));
            }
            reply.extend_from_slice(&part);
            stream
                .flow_control()
                .release_capacity(part.len())
                .map_err(io::Error::other)?;
        }
        match query.fit(&reply) {
            Fit::Reply | Fit::OtherCase => Ok(reply),
            Fit::No => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}
