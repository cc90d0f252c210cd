//! The program nft, which takes commands as JSON (libnftables-json(5)).
//!
//! The helper of the `nftables` crate leaves nft's standard error to this process, and its error says nothing: a ruleset that is
//! refused could not be explained. So nft is started here; the crate gives the types of the commands.

use std::{
    io::{self, Write},
    process::{Command, Output, Stdio},
};

use crate::FirewallError;

/// At most so many letters of nft's answer are kept.
const LENGTH: usize = 500;

/// Asks whether commands could be run. Nothing changes.
pub(crate) fn check(commands: &str) -> Result<(), FirewallError> {
    said(start(&["-c", "-j", "-f", "-"], commands, |_| {})).map(drop)
}

/// Runs commands as one transaction. Blocks for some milliseconds. `begins` hears nft's process number before anything changes.
pub(crate) fn run(commands: &str, begins: impl FnOnce(u32)) -> Result<(), FirewallError> {
    said(start(&["-j", "-f", "-"], commands, begins)).map(drop)
}

/// What nft says to a question.
pub(crate) fn ask(arguments: &[&str]) -> Result<String, FirewallError> {
    said(start(&[&["-j"], arguments].concat(), "", |_| {}))
}

fn start(arguments: &[&str], commands: &str, begins: impl FnOnce(u32)) -> io::Result<Output> {
    let mut nft = Command::new("nft")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    begins(nft.id());
    // nft reads all before it answers. If it ends before, its answer says more than the broken pipe.
    if let Some(mut stdin) = nft.stdin.take()
        && let Err(error) = stdin.write_all(commands.as_bytes())
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        return Err(error);
    }
    nft.wait_with_output()
}

fn said(output: io::Result<Output>) -> Result<String, FirewallError> {
    let output = output.map_err(FirewallError::NoNft)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(FirewallError::Refused(text.trim().chars().take(LENGTH).collect()))
}
