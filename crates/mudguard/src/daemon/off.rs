//! Turned off: `mudguard off` tells a running gateway, which then leaves the kernel alone until it is started again.
//!
//! Without this the gateway would bring its rules back at once. The way is a socket in the abstract namespace: like the tables it belongs
//! to one network namespace, so that it is found whatever the configuration says. Only the user of the gateway, or root, is heard.

use std::{
    io::{self, Read},
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixListener, UnixStream},
    },
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use nix::unistd::geteuid;
use tokio::{
    io::AsyncWriteExt,
    sync::{mpsc, oneshot},
};
use tracing::{debug, warn};

/// The name of the socket.
const NAME: &str = "mudguard-off";

/// How long the gateway may take to hear.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the gateway says when it has heard.
const HEARD: u8 = b'.';

/// Whether the gateway is turned off. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Off(Arc<AtomicBool>);

impl Off {
    /// Whether it is turned off.
    pub(crate) fn is_off(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Binds the socket.
    ///
    /// # Errors
    /// If another gateway runs in this network namespace, or the system refuses.
    pub(crate) fn bind() -> anyhow::Result<UnixListener> {
        let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(NAME)?);
        let listener =
            listener.context("another gateway runs in this network namespace, or the system refuses")?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }

    /// Hears for as long as the gateway runs. `owner` is the owner of the firewall, who says when the kernel is left alone.
    pub(crate) async fn hear(
        self,
        listener: UnixListener,
        owner: mpsc::Sender<oneshot::Sender<()>>,
    ) -> anyhow::Result<()> {
        let listener = tokio::net::UnixListener::from_std(listener)?;
        loop {
            let (mut stream, _) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    debug!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let user = stream.peer_cred().map(|peer| peer.uid()).ok();
            if user != Some(0) && user != Some(geteuid().as_raw()) {
                warn!(?user, "a user who may not tried to turn Mudguard off");
                continue;
            }
            self.0.store(true, Ordering::Release);
            let (reply, heard) = oneshot::channel();
            owner
                .send(reply)
                .await
                .context("the owner of the firewall has ended")?;
            let _ = heard.await;
            // If the other end has gone, it is off all the same.
            let _ = stream.write_all(&[HEARD]).await;
        }
    }
}

/// Tells the gateway of this network namespace; `false` if none runs.
///
/// # Errors
/// If one runs and does not hear.
pub(crate) fn tell() -> io::Result<bool> {
    tell_at(&SocketAddr::from_abstract_name(NAME)?)
}

fn tell_at(name: &SocketAddr) -> io::Result<bool> {
    let mut stream = match UnixStream::connect_addr(name) {
        Ok(stream) => stream,
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return Ok(false),
        Err(error) => return Err(error),
    };
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut heard = [0];
    stream.read_exact(&mut heard)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_gateway_is_told_and_says_when_it_has_heard() {
        let name = SocketAddr::from_abstract_name(format!("mudguard-test-{}", std::process::id())).unwrap();
        let listener = UnixListener::bind_addr(&name).unwrap();
        listener.set_nonblocking(true).unwrap();
        let (owner, mut requests) = mpsc::channel(1);
        let off = Off::default();
        tokio::spawn(off.clone().hear(listener, owner));
        let told = tokio::task::spawn_blocking(move || tell_at(&name));
        let heard: oneshot::Sender<()> = requests.recv().await.unwrap();
        assert!(off.is_off());
        heard.send(()).unwrap();
        assert!(told.await.unwrap().unwrap());
    }

    #[test]
    fn where_no_gateway_runs_nobody_is_told() {
        let name = SocketAddr::from_abstract_name(format!("mudguard-none-{}", std::process::id())).unwrap();
        assert!(!tell_at(&name).unwrap());
    }
}
