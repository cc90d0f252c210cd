//! The commands that speak to the running gateway over its Unix socket: HTTP/1.1 and the same JSON that the page serves.

use std::{path::Path, time::Duration};

use anyhow::{Context, bail};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, StatusCode, body::Bytes};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

/// The longest answer that is read, in octets: 512 Things with what was blocked.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// How long the gateway may take to answer.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Asks the running gateway; `content` is what a decision says, if it says anything.
///
/// # Errors
/// If no gateway runs, it does not answer, or it refuses; the text says which and what to do.
pub(crate) async fn ask(
    socket: &Path,
    method: Method,
    path: &str,
    content: Option<&Value>,
) -> anyhow::Result<Value> {
    let content = content.map(serde_json::to_vec).transpose()?.unwrap_or_default();
    request(socket, method, path, "application/json", content).await
}

/// Brings octets to the running gateway.
///
/// # Errors
/// As [`ask`].
pub(crate) async fn bring(socket: &Path, path: &str, octets: Vec<u8>) -> anyhow::Result<Value> {
    request(socket, Method::POST, path, "application/octet-stream", octets).await
}

async fn request(
    socket: &Path,
    method: Method,
    path: &str,
    kind: &'static str,
    content: Vec<u8>,
) -> anyhow::Result<Value> {
    let stream = UnixStream::connect(socket).await.with_context(|| {
        format!(
            "no gateway answers at {}; start it with `mudguard run`, or name its socket with --control",
            socket.display()
        )
    })?;
    tokio::time::timeout(TIME_LIMIT, exchange(stream, method, path, kind, content))
        .await
        .context("the gateway did not answer within 10 s; see its log")?
}

async fn exchange(
    stream: UnixStream,
    method: Method,
    path: &str,
    kind: &'static str,
    content: Vec<u8>,
) -> anyhow::Result<Value> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("content-type", kind)
        .body(Full::new(Bytes::from(content)))?;
    let (answer, ended) = tokio::join!(
        async {
            let response = sender.send_request(request).await?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MAX_ANSWER)
                .collect()
                .await
                .map_err(|error| anyhow::anyhow!("the gateway's answer cannot be read: {error}"))?;
            drop(sender);
            anyhow::Ok((status, body.to_bytes()))
        },
        connection
    );
    let (status, body) = answer?;
    ended.context("the gateway ended the connection early; see its log")?;
    let value: Value = serde_json::from_slice(&body).context("the gateway's answer is not JSON")?;
    if status != StatusCode::OK {
        let title = value
            .get("title")
            .and_then(Value::as_str)
            .unwrap_or("it was refused");
        match value.get("detail").and_then(Value::as_str) {
            Some(detail) => bail!("{title}: {detail}"),
            None => bail!("{title} ({status})"),
        }
    }
    Ok(value)
}
