//! Serves the page with a home made by hand: `cargo run -p mudguard-web --example sample [home|empty|many|hostile] [ADDRESS]`.
//!
//! What it is not: a gateway. Decisions are taken and forgotten: the question goes, and nothing else changes.

mod files;
mod home;

use std::{env, error::Error, sync::Arc};

use jiff::Timestamp;
use mudguard_manager::{Command, CommandError, Snapshot};
use mudguard_web::{CommandRequest, Web, serve_page};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let now = Timestamp::now();
    let snapshot = match arguments.next().as_deref() {
        None | Some("home") => home::home(now),
        Some("empty") => home::empty(),
        Some("many") => home::many(now),
        Some("hostile") => home::hostile(now),
        Some(other) => return Err(format!("{other}: give home, empty, many or hostile").into()),
    };
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8520".to_owned());
    let listener = TcpListener::bind(&address).await?;
    eprintln!("http://{}", listener.local_addr()?);
    let (pictures, snapshot) = watch::channel(Arc::new(snapshot));
    let (commands, requests) = mpsc::channel(8);
    tokio::spawn(forget_questions(pictures, requests));
    serve_page(listener, Web::new(snapshot, commands, Vec::new())?).await?;
    Ok(())
}

async fn forget_questions(
    pictures: watch::Sender<Arc<Snapshot>>,
    mut requests: mpsc::Receiver<CommandRequest>,
) {
    while let Some(CommandRequest { command, reply, .. }) = requests.recv().await {
        let (Command::Approve { thing, .. } | Command::Reject { thing, .. }) = command else {
            continue;
        };
        let mut answer = Err(CommandError::UnknownThing(thing));
        pictures.send_modify(|picture| {
            if let Some(thing) = Arc::make_mut(picture).things.get_mut(&thing) {
                Arc::make_mut(thing).question = None;
                answer = Ok(());
            }
        });
        // Whoever asked may have gone.
        let _ = reply.send(answer);
    }
}
