//! The arguments of the commands by which the owner decides about a Thing beside its questions.

use std::fs;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::{ClientArgs, ThingArgs};

/// Arguments of `rename`.
#[derive(Debug, Args)]
pub(crate) struct RenameArgs {
    /// The Thing: its MAC address, or a name that only one has
    #[arg(value_name = "THING")]
    pub(crate) thing: String,
    /// The name
    #[arg(
        value_name = "NAME",
        required_unless_present = "none",
        conflicts_with = "none"
    )]
    pub(crate) name: Option<String>,
    /// Take its name away
    #[arg(long)]
    pub(crate) none: bool,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Arguments of `lift`.
#[derive(Debug, Args)]
pub(crate) struct LiftArgs {
    #[command(flatten)]
    pub(crate) thing: ThingArgs,
    /// For how long: 15m, 1h, 2d, or tomorrow: until four in the morning here; 48 hours at most
    #[arg(long = "for", value_name = "TIME", value_parser = seconds)]
    pub(crate) seconds: u64,
}

/// Arguments of `allow` and `block`.
#[derive(Debug, Args)]
pub(crate) struct FlowsArgs {
    /// The Thing: its MAC address, or a name that only one has
    #[arg(value_name = "THING")]
    pub(crate) thing: String,
    /// The other end: a domain name, an address, or a prefix such as 192.0.2.0/24
    #[arg(value_name = "PEER")]
    pub(crate) peer: String,
    /// Only this: tcp/443, udp/53, a port of both such as 443, or tcp, udp, icmp, icmpv6; everything, if it is left out
    #[arg(long, value_name = "PORT", value_parser = port)]
    pub(crate) port: Option<Port>,
    /// Who opens the flows; a block holds for both
    #[arg(long, value_enum, default_value = "thing")]
    pub(crate) initiator: InitiatorName,
    /// For how long: 15m, 1h, 2d, or tomorrow: until four in the morning here
    #[arg(long = "for", value_name = "TIME", value_parser = seconds, default_value = "1h")]
    pub(crate) seconds: u64,
    /// Until it is ended
    #[arg(long, conflicts_with = "seconds")]
    pub(crate) always: bool,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Arguments of `end`.
#[derive(Debug, Args)]
pub(crate) struct EndArgs {
    /// The Thing: its MAC address, or a name that only one has
    #[arg(value_name = "THING")]
    pub(crate) thing: String,
    /// The number of the decision, as `mudguard why` shows it
    #[arg(value_name = "NUMBER")]
    pub(crate) id: u32,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Arguments of `mode`.
#[derive(Debug, Args)]
pub(crate) struct ModeArgs {
    /// The Thing: its MAC address, or a name that only one has
    #[arg(value_name = "THING")]
    pub(crate) thing: String,
    /// The mode
    #[arg(value_enum)]
    pub(crate) mode: ModeName,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// The mode of one Thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeName {
    /// Nothing is blocked; what would be is recorded
    Watch,
    /// It is limited by its rules, if it has any
    Ask,
    /// Without rules it reaches only this router
    Protect,
    /// The mode of the home
    Home,
}

/// Who opens flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InitiatorName {
    /// The Thing
    Thing,
    /// The other end
    Peer,
}

/// Which protocol and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    /// The number of the IP protocol; `None` is TCP and UDP.
    pub(crate) protocol: Option<u8>,
    /// The port; `None` is every one.
    pub(crate) port: Option<u16>,
}

/// A time in seconds.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    const DAY: u64 = 24 * 3600;
    if text == "tomorrow" {
        return Ok(until_tomorrow());
    }
    let unknown = || format!("\"{text}\" is no time; write 15m, 1h, 2d or tomorrow");
    let (unit, each) = [("s", 1), ("m", 60), ("h", 3600), ("d", DAY)]
        .into_iter()
        .find(|(unit, _)| text.ends_with(unit))
        .ok_or_else(unknown)?;
    let digits = text.strip_suffix(unit).unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(unknown());
    }
    let number: u64 = digits.parse().map_err(|_| format!("{text} is too long"))?;
    match number.checked_mul(each) {
        Some(0) => Err("it must last a second at least".to_owned()),
        Some(seconds) => Ok(seconds),
        None => Err(format!("{text} is too long")),
    }
}

/// How many seconds it is until tomorrow where this machine is.
fn until_tomorrow() -> u64 {
    let posix = fs::read_to_string("/etc/TZ").ok();
    let tzif = fs::read("/etc/localtime").ok();
    let zone = mudguard_manager::zone(posix.as_deref(), tzif.as_deref());
    mudguard_manager::until_tomorrow(Timestamp::now(), &zone)
        .as_secs()
        .max(1)
}

/// A port, a protocol, or both.
fn port(text: &str) -> Result<Port, String> {
    let unknown = || format!("\"{text}\" is no port; write tcp/443, udp/53, 443, tcp, udp, icmp or icmpv6");
    let (protocol, port) = match text.split_once('/') {
        Some((protocol, port)) => (Some(protocol), Some(port)),
        None if text.bytes().all(|octet| octet.is_ascii_digit()) => (None, Some(text)),
        None => (Some(text), None),
    };
    let port = match port.map(str::parse::<u16>) {
        None => None,
        Some(Ok(port)) if port > 0 => Some(port),
        Some(_) => return Err(unknown()),
    };
    let protocol = match protocol {
        None => None,
        Some("tcp") => Some(6),
        Some("udp") => Some(17),
        Some("icmp") if port.is_none() => Some(1),
        Some("icmpv6") if port.is_none() => Some(58),
        Some(_) => return Err(unknown()),
    };
    Ok(Port { protocol, port })
}

#[cfg(test)]
mod tests;
