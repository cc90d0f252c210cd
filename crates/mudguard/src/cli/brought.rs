//! The arguments of the commands that bring something to the running gateway: a MUD file, a certificate, the text of a QR code.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use mudguard_policy::MacAddress;

use super::ClientArgs;

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 its rules hold, or are kept for a Thing that will name its URL; 1 it is refused; 2 a file cannot be \
                  read; 3 it waits for your answer (mudguard inbox)."
)]
pub(crate) struct ImportArgs {
    /// The MUD file, 256 KiB at most; - is standard input. Its own mud-url says which Things it is for
    pub(crate) file: String,
    /// The detached signature over exactly its octets, in DER form, 64 KiB at most. A file without it waits for your answer
    pub(crate) signature: Option<String>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Arguments of `certificate`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("mac-is-for").args(["announce", "keep"]))]
pub(crate) struct CertificateArgs {
    /// The certificate, in PEM or DER form; - is standard input
    #[arg(required_unless_present = "serial")]
    pub(crate) file: Option<String>,
    /// Tell the running gateway that a Thing has proved that it holds the key of this certificate; only who has authenticated it, such as
    /// a RADIUS server by EAP-TLS, knows that (see docs/certificates.md)
    #[arg(long, requires = "mac", conflicts_with = "keep")]
    pub(crate) announce: bool,
    /// Keep the certificate in a folder until the Thing has proved that it holds its key
    #[arg(long, value_name = "FOLDER", requires = "mac", conflicts_with = "serial")]
    pub(crate) keep: Option<PathBuf>,
    /// The MAC address of the Thing, such as 02:00:00:00:00:01 or 02-00-00-00-00-01
    #[arg(long, value_name = "MAC", requires = "mac-is-for")]
    pub(crate) mac: Option<MacAddress>,
    /// The serial number of a certificate that was kept, instead of a file
    #[arg(long, value_name = "DIGITS", requires_all = ["announce", "kept"], conflicts_with = "file")]
    pub(crate) serial: Option<String>,
    /// The folder in which it was kept
    #[arg(long, value_name = "FOLDER", requires = "serial")]
    pub(crate) kept: Option<PathBuf>,
    /// The bridge port or WLAN interface at which the Thing is; where it was last seen, if it is left out
    #[arg(long, value_name = "INTERFACE", requires = "announce")]
    pub(crate) port: Option<String>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Arguments of `set-url`.
#[derive(Debug, Args)]
pub(crate) struct SetUrlArgs {
    /// The Thing: its MAC address, which need not have been seen yet, or a name that only one has. It may be left out if the code names
    /// its MAC address
    #[arg(value_name = "THING", required_unless_present_any = ["code", "code_file"])]
    pub(crate) thing: Option<String>,
    /// The MUD URL
    #[arg(
        value_name = "URL",
        required_unless_present_any = ["code", "code_file"],
        conflicts_with_all = ["code", "code_file"]
    )]
    pub(crate) url: Option<String>,
    /// The text of the QR code on the Thing (RFC 9238) instead of a URL, as a reader of such codes gives it. Its control characters may be
    /// written as \x1e, \x1d, \x1f and \x04
    #[arg(long, value_name = "TEXT", conflicts_with = "code_file")]
    pub(crate) code: Option<String>,
    /// A file with the text of the QR code, octet by octet; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) code_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// The same as the commands without `thing` before them.
#[derive(Debug, Subcommand)]
pub(crate) enum ThingCommand {
    /// Say which MUD URL a Thing has; the same as `mudguard set-url`
    SetUrl(SetUrlArgs),
}
