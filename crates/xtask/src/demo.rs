//! `cargo xtask demo`: a home, the gateway in its router, and a story with real packets; then the page, until Ctrl-C.
//!
//! What it is not: the test suite. Each step checks one promise of the README and says what was sent, seen and measured.

mod page;
mod scene;
mod steps;
mod tell;

use std::process::ExitCode;

use anyhow::{Context, bail};
use mudguard_tests::{home::gateway, packages::PACKAGES};

use self::{scene::Scene, tell::Teller};
use crate::packages::{self, Counts};

/// Arguments of `demo`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Walk the story and end, with an exit code that says whether every step passed
    #[arg(long)]
    check: bool,
}

/// Runs the demo.
///
/// # Errors
/// If there is no root, the daemon does not build or the home does not stand.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.check {
        return Ok(check()?.close());
    }
    let (mut scene, teller) = story()?;
    let code = teller.sum_up().close();
    scene.run_again()?;
    let address = page::forward(scene.home.router())?;
    packages::say(&format!(
        "\nThe page of this home: http://{address}\n\
         The gateway runs in the namespace {}; look around with `ip netns exec`. Ctrl-C removes everything.",
        scene.home.router().netns()
    ));
    wait_for_interrupt()?;
    drop(scene);
    packages::say("\nThe home is gone.");
    Ok(code)
}

/// Walks the story without the closing line.
///
/// # Errors
/// As [`run`].
pub(crate) fn check() -> anyhow::Result<Counts> {
    let (scene, teller) = story()?;
    drop(scene);
    Ok(teller.sum_up())
}

fn story() -> anyhow::Result<(Scene, Teller)> {
    if !packages::is_root() {
        bail!(
            "the demo makes network namespaces and needs root: run `sudo cargo xtask demo`. It changes nothing on this \
             machine but to install missing Debian packages, and says which."
        );
    }
    packages::install_missing(&PACKAGES)?;
    let binary = match std::env::var_os(gateway::BINARY_VARIABLE) {
        Some(binary) => binary.into(),
        None => {
            packages::say("Building the gateway (some minutes the first time) ...");
            gateway::build(false)?
        }
    };
    let mut teller = Teller::new();
    let mut scene = teller.prologue("A home and its internet", |notes| Scene::build(&binary, notes))?;
    for (title, step) in steps::STORY {
        teller.step(title, |notes| step(&mut scene, notes));
    }
    Ok((scene, teller))
}

/// Ctrl-C ends this process in any case; a signal that is waited for lets the home go in good order first.
fn wait_for_interrupt() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    runtime.block_on(async {
        let kind = tokio::signal::unix::SignalKind::terminate();
        let mut terminate = tokio::signal::unix::signal(kind)?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result?,
            _ = terminate.recv() => {}
        }
        anyhow::Ok(())
    })
}
