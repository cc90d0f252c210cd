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

/// Runs commands as one transaction. Blocks for some milliseconds.
pub(crate) fn run(commands: &str, arguments: &[&str]) -> Result<(), FirewallError> {
    let arguments = [arguments, &["-j", "-f", "-"]].concat();
    said(start(&arguments, commands)).map(drop)
}

/// What nft says to a question.
pub(crate) fn ask(arguments: &[&str]) -> Result<String, FirewallError> {
    said(start(&[&["-j"], arguments].concat(), ""))
}

fn start(arguments: &[&str], commands: &str) -> io::Result<Output> {
    let mut nft = Command::new("nft")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
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
