//! A running server, and a client that sends what it is given and reads to the end.

use std::{net::SocketAddr, sync::Arc};

use jiff::Timestamp;
use mudguard_manager::Snapshot;
use mudguard_web::{CommandRequest, Web, serve_control, serve_page};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    sync::{mpsc, watch},
};

/// A moment for what is compared octet by octet.
pub(crate) fn noon() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

/// A gateway whose manager is the test itself.
pub(crate) struct Gateway {
    web: Web,
    pub(crate) pictures: watch::Sender<Arc<Snapshot>>,
    pub(crate) requests: mpsc::Receiver<CommandRequest>,
}

impl Gateway {
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        let (pictures, seen) = watch::channel(Arc::new(snapshot));
        let (commands, requests) = mpsc::channel(8);
        let names = vec!["Mudguard.example.".to_owned()];
        let web = Web::new(seen, commands, names).unwrap();
        Self {
            web,
            pictures,
            requests,
        }
    }

    /// The same, with what the kernel has taken.
    pub(crate) fn with_applied(self, applied: watch::Receiver<Arc<Snapshot>>) -> Self {
        Self {
            web: self.web.with_applied(applied),
            ..self
        }
    }

    /// Serves the page; it ends with the runtime of the test.
    pub(crate) async fn page(&self) -> Page {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve_page(listener, self.web.clone()));
        Page { address }
    }

    /// Serves the control socket; it ends with the runtime of the test.
    pub(crate) fn control(&self) -> Control {
        let folder = TempDir::new().unwrap();
        let listener = UnixListener::bind(folder.path().join("control.sock")).unwrap();
        tokio::spawn(serve_control(listener, self.web.clone()));
        Control { folder }
    }
}

/// The page.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    pub(crate) address: SocketAddr,
}

impl Page {
    pub(crate) async fn connect(self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends octets as they are.
    pub(crate) async fn send(self, request: &str) -> Reply {
        exchange(self.connect().await, request).await
    }

    pub(crate) async fn get(self, path: &str) -> Reply {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address))
            .await
    }

    /// Sends a form with these header fields.
    pub(crate) async fn post(self, path: &str, fields: &str, form: &str) -> Reply {
        let length = form.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n{fields}\r\n{form}",
            self.address
        );
        self.send(&request).await
    }
}

/// The control socket.
pub(crate) struct Control {
    folder: TempDir,
}

impl Control {
    pub(crate) async fn send(&self, method: &str, path: &str) -> Reply {
        let stream = UnixStream::connect(self.folder.path().join("control.sock"))
            .await
            .unwrap();
        exchange(
            stream,
            &format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"),
        )
        .await
    }

    /// Sends JSON, or what should be JSON.
    pub(crate) async fn post(&self, path: &str, content: &str) -> Reply {
        let stream = UnixStream::connect(self.folder.path().join("control.sock"))
            .await
            .unwrap();
        let length = content.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{content}"
        );
        exchange(stream, &request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path).await
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    /// A header field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (field, value) = line.split_once(": ")?;
            (field == name).then_some(value)
        })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The value of a hidden field.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.body.split_once(&start).expect("the field");
        rest.split('"').next().unwrap().to_owned()
    }
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> Reply {
    // A server that refuses a long request may close before it has read all of it.
    let _ = stream.write_all(request.as_bytes()).await;
    read(&mut stream).await
}

/// Reads an answer to its end.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Reply {
    let mut octets = Vec::new();
    let _ = stream.read_to_end(&mut octets).await;
    let text = String::from_utf8(octets).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Reply {
        status: status.unwrap_or(0),
        head: head.replace("\r\n", "\n"),
        body: body.to_owned(),
    }
}
