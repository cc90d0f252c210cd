//! One connection over which many questions are on their way at once, replies in any order (RFC 7766 section 6.2.1.1, RFC 7858).
//!
//! It is closed when nothing was asked for a while. What it is not: it knows no TLS; whoever opens it has judged the other side.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf},
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::super::message::{Fit, Query};

/// The most questions that are on their way over one connection.
const MAX_PENDING: usize = 512;

/// How long a connection without questions is kept.
const IDLE: Duration = Duration::from_secs(20);

type Waiting = (Query, oneshot::Sender<Vec<u8>>);
type Pending = Arc<Mutex<HashMap<u16, Waiting>>>;

/// The near end of a connection.
#[derive(Clone)]
pub(super) struct Pipe {
    questions: mpsc::Sender<Waiting>,
    /// How many messages arrived.
    heard: Arc<AtomicUsize>,
}

impl Pipe {
    /// Takes a connection over; it ends when this and its copies are dropped.
    pub(super) fn new(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        let (send, receive) = mpsc::channel(MAX_PENDING);
        let (reader, writer) = tokio::io::split(stream);
        let pending = Pending::default();
        let heard = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&heard);
        tokio::spawn(async move {
            // When either ends, nobody is answered any more: who waits sees that its sender is gone.
            let why = tokio::select! {
                result = read(reader, &pending, &counted) => result,
                result = write(writer, receive, &pending) => result,
            };
            tracing::debug!(?why, "a connection to an upstream resolver ends");
            lock(&pending).clear();
        });
        Self {
            questions: send,
            heard,
        }
    }

    /// Whether nothing can be asked over it any more.
    pub(super) fn is_closed(&self) -> bool {
        self.questions.is_closed()
    }

    /// How many messages arrived: a connection on which none does is dead, whatever TCP says.
    pub(super) fn heard(&self) -> usize {
        self.heard.load(Ordering::Relaxed)
    }

    /// Asks, and waits for the message that belongs to the question.
    pub(super) async fn exchange(&self, query: Query) -> io::Result<Vec<u8>> {
        let (send, receive) = oneshot::channel();
        let closed = |_| io::Error::from(io::ErrorKind::ConnectionAborted);
        self.questions
            .send((query, send))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::ConnectionAborted))?;
        receive.await.map_err(closed)
    }
}

async fn write<S: AsyncWrite>(
    mut writer: WriteHalf<S>,
    mut questions: mpsc::Receiver<Waiting>,
    pending: &Pending,
) -> io::Result<()> {
    loop {
        let next = match timeout(IDLE, questions.recv()).await {
            Ok(Some(next)) => next,
            Ok(None) => return Ok(()),
            Err(_) if drop_given_up(pending) => return Ok(()),
            Err(_) => continue,
        };
        let (mut query, answer) = next;
        let octets = {
            let mut pending = lock(pending);
            if pending.len() >= MAX_PENDING {
                pending.retain(|_, (_, answer)| !answer.is_closed());
            }
            if pending.len() >= MAX_PENDING {
                continue;
            }
            while pending.contains_key(&query.identifier()) {
                query.draw_identifier();
            }
            let octets = query.framed();
            pending.insert(query.identifier(), (query, answer));
            octets
        };
        writer.write_all(&octets).await?;
        writer.flush().await?;
    }
}

/// Forgets questions whose answer nobody waits for any more; whether none is left.
fn drop_given_up(pending: &Pending) -> bool {
    let mut pending = lock(pending);
    pending.retain(|_, (_, answer)| !answer.is_closed());
    pending.is_empty()
}

async fn read<S: AsyncRead>(
    mut reader: ReadHalf<S>,
    pending: &Pending,
    heard: &AtomicUsize,
) -> io::Result<()> {
    loop {
        let length = reader.read_u16().await?;
        let mut message = vec![0; length.into()];
        reader.read_exact(&mut message).await?;
        heard.fetch_add(1, Ordering::Relaxed);
        let Some(&[high, low]) = message.get(..2) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let identifier = u16::from_be_bytes([high, low]);
        let waiting = lock(pending).remove(&identifier);
        // One that came too late has nobody who waits for it.
        let Some((query, answer)) = waiting else {
            continue;
        };
        // Over a connection nobody guesses: the case of the letters does not count.
        if query.fit(&message) == Fit::No {
            return Err(io::ErrorKind::InvalidData.into());
        }
        // Whoever asked may have given up.
        let _ = answer.send(message);
    }
}

fn lock(pending: &Pending) -> std::sync::MutexGuard<'_, HashMap<u16, Waiting>> {
    pending.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::{Question, RecordType};

    fn query(name: &str) -> Query {
        Query::for_resolver(&Question::new(name.parse().unwrap(), RecordType::A), true)
    }

    async fn next(far: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
        let length = far.read_u16().await.unwrap();
        let mut message = vec![0; length.into()];
        far.read_exact(&mut message).await.unwrap();
        message[2] |= 0x80;
        message
    }

    async fn say(far: &mut (impl AsyncWrite + Unpin), message: &[u8]) {
        far.write_u16(message.len().try_into().unwrap()).await.unwrap();
        far.write_all(message).await.unwrap();
    }

    #[tokio::test]
    async fn replies_that_come_in_another_order_reach_who_asked() {
        let (near, mut far) = tokio::io::duplex(4096);
        let pipe = Pipe::new(near);
        let server = async {
            let (first, second) = (next(&mut far).await, next(&mut far).await);
            say(&mut far, &second).await;
            say(&mut far, &first).await;
        };
        let (one, two, ()) = tokio::join!(
            pipe.exchange(query("a.example.")),
            pipe.exchange(query("b.example.")),
            server
        );
        assert!(one.unwrap()[12..].to_ascii_lowercase().starts_with(b"\x01a"));
        assert!(two.unwrap()[12..].to_ascii_lowercase().starts_with(b"\x01b"));
    }

    #[tokio::test]
    async fn a_connection_that_ends_leaves_nobody_waiting() {
        let (near, mut far) = tokio::io::duplex(4096);
        let pipe = Pipe::new(near);
        let server = async {
            next(&mut far).await;
            drop(far);
        };
        let (reply, ()) = tokio::join!(pipe.exchange(query("a.example.")), server);
        reply.unwrap_err();
        assert!(pipe.exchange(query("a.example.")).await.is_err() && pipe.is_closed());
    }

    #[tokio::test]
    async fn a_reply_to_another_question_ends_the_connection() {
        let (near, mut far) = tokio::io::duplex(4096);
        let pipe = Pipe::new(near);
        let server = async {
            let mut message = next(&mut far).await;
            message[13] = b'z';
            say(&mut far, &message).await;
        };
        let (reply, ()) = tokio::join!(pipe.exchange(query("a.example.")), server);
        reply.unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_over_which_nothing_is_asked_is_closed() {
        let (near, mut far) = tokio::io::duplex(4096);
        let pipe = Pipe::new(near);
        let begin = tokio::time::Instant::now();
        let mut rest = Vec::new();
        far.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty() && begin.elapsed() >= IDLE && pipe.is_closed());
    }
}
