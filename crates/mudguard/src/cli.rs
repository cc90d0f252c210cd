//! The command line: one definition, from which help, completions and man pages are made.

pub(crate) mod answers;
pub(crate) mod brought;
pub(crate) mod check;
pub(crate) mod owner;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use mudguard_mud::MudUrl;
use mudguard_policy::MacAddress;

use answers::{AnswerArgs, ControllersArgs, JournalArgs, UndoArgs};
use brought::{CertificateArgs, ImportArgs, SetUrlArgs, ThingCommand};
use check::CheckArgs;
use owner::{EndArgs, FlowsArgs, LiftArgs, ModeArgs, RenameArgs};

/// Enforces what each device of a home may do, as its maker says in its MUD file (RFC 8520).
///
/// Exit codes: 0 done; 1 it failed, or the answer is no; 2 wrong use, wrong configuration or unreadable input;
/// 3 rights are added (diff), or the kernel does not take the rules (run).
#[derive(Debug, Parser)]
#[command(name = "mudguard", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the gateway until it is told to stop
    Run(RunArgs),
    /// Run only the validating resolver: no Things, no firewall
    Resolver(ResolverArgs),
    /// Look a name up, and show how far the answer was checked, why, and which Things may reach it
    Query(QueryArgs),
    /// Remove Mudguard's rules from the kernel; needs no running gateway
    Off(OffArgs),
    /// Load the last good rules if none are in the kernel, without the gateway
    Restore(RestoreArgs),
    /// Show the state of the gateway
    Status(ClientArgs),
    /// List the Things of the home, what waits first
    Things(ClientArgs),
    /// Show what a Thing may do, what was blocked, and why
    Why(ThingArgs),
    /// Answer the question about a Thing with yes
    Approve(AnswerArgs),
    /// Answer the question about a Thing with no
    Reject(AnswerArgs),
    /// List only the Things that wait for an answer, each with its question
    Inbox(ClientArgs),
    /// Show what happened, who did it, and what can be taken back
    Journal(JournalArgs),
    /// Say which Things control a Thing (RFC 8520 section 3.13)
    Controllers(ControllersArgs),
    /// Give a Thing a name
    Rename(RenameArgs),
    /// Lift all limits of a Thing for a while
    Lift(LiftArgs),
    /// Allow a Thing another end beside its file, for an hour if nothing else is said
    Allow(FlowsArgs),
    /// Block another end that the file may permit, for an hour if nothing else is said
    Block(FlowsArgs),
    /// End what was allowed, blocked or lifted
    End(EndArgs),
    /// Take back a row of the journal, or what was decided last about a Thing
    Undo(UndoArgs),
    /// Say which MUD URL a Thing has, or read it from the code on the Thing
    SetUrl(SetUrlArgs),
    /// The same commands, spelled with the Thing first
    #[command(subcommand, hide = true)]
    Thing(ThingCommand),
    /// Bring a MUD file and its signature to the running gateway, which needs no internet for it
    Import(ImportArgs),
    /// Choose another mode for one Thing than the home's
    Mode(ModeArgs),
    /// Forget a Thing with all that was decided about it
    Forget(ThingArgs),
    /// Read MUD files and say what is wrong with them
    Lint(LintArgs),
    /// Show what a MUD file means for a home, ACE by ACE
    Compile(CompileArgs),
    /// Say in plain sentences what a MUD file permits
    Explain(ExplainArgs),
    /// Say whether a packet may pass under a MUD file, and by which ACE
    Test(TestArgs),
    /// Show which rights a new version of a MUD file adds and removes
    Diff(DiffArgs),
    /// Say what each frame of a capture file, or of a network interface, announces
    Observe(ObserveArgs),
    /// Say whether a signature over a MUD file is good, and who made it
    Verify(VerifyArgs),
    /// List, add and remove those who are believed to say who signed a MUD file
    #[command(subcommand)]
    Anchors(AnchorsCommand),
    /// Show the MUD URL and the signer that the certificate of a Thing names, or announce them
    Certificate(CertificateArgs),
    /// Look at this router, and say what is enforced, what cannot be seen, and the command that mends each fault
    ///
    /// Exit codes: 0 nothing to mend; 1 something to mend; 2 it cannot look.
    Check(CheckArgs),
    /// Read a configuration file and say what is wrong with it
    CheckConfig(CheckConfigArgs),
    /// Write the completions of a shell
    Completions(CompletionsArgs),
    /// Write the man pages into a folder
    Man(ManArgs),
}

/// The folder of trust anchors, if nothing else is said.
const ANCHORS: &str = "/etc/mudguard/anchors";

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "/etc/mudguard/mudguard.toml")]
    pub(crate) config: PathBuf,
}

/// Arguments of `resolver`.
#[derive(Debug, Args)]
pub(crate) struct ResolverArgs {
    /// The configuration file; of its settings only those of the resolver count
    #[arg(long, value_name = "FILE", default_value = "/etc/mudguard/mudguard.toml")]
    pub(crate) config: PathBuf,
}

/// Arguments of `query`.
#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// The name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The type of the records, such as A, AAAA, HTTPS or TYPE65
    #[arg(value_name = "TYPE", default_value = "A")]
    pub(crate) record_type: String,
    /// Show each link of the answer and each zone cut on the way
    #[arg(long)]
    pub(crate) trace: bool,
    /// Ask by a resolver of this command's own with the settings of this file, instead of the running gateway
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Arguments of `off`.
#[derive(Debug, Args)]
pub(crate) struct OffArgs {
    /// The socket by which a running gateway is recognised, besides the one that it is told by
    #[arg(long, value_name = "SOCKET", default_value = "/run/mudguard/control.sock")]
    pub(crate) control: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The configuration file, which names the state folder
    #[arg(long, value_name = "FILE", default_value = "/etc/mudguard/mudguard.toml")]
    pub(crate) config: PathBuf,
    /// The state folder, so that no configuration need be read
    #[arg(long, value_name = "FOLDER")]
    pub(crate) state: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of commands that speak to the running gateway.
#[derive(Debug, Args)]
pub(crate) struct ClientArgs {
    /// The socket of the running gateway
    #[arg(long, value_name = "SOCKET", default_value = "/run/mudguard/control.sock")]
    pub(crate) control: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of commands about one Thing of the running gateway.
#[derive(Debug, Args)]
pub(crate) struct ThingArgs {
    /// The Thing: its MAC address, or a name that only one has
    #[arg(value_name = "THING")]
    pub(crate) thing: String,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Which files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DialectName {
    /// As RFC 8520 and its YANG modules say
    Strict,
    /// Also as files are found in the wild, each deviation being a finding
    Community,
}

/// Arguments of `lint`.
#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// Files or https URLs; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<String>,
    /// How the files are read
    #[arg(long, value_enum, default_value = "strict")]
    pub(crate) dialect: DialectName,
    /// Print JSON
    #[arg(long, conflicts_with = "sarif")]
    pub(crate) json: bool,
    /// Print SARIF 2.1.0, which code hosts read
    #[arg(long)]
    pub(crate) sarif: bool,
    /// The certificates of the web's certification authorities, in PEM form, for https URLs
    #[arg(
        long,
        value_name = "PEM",
        default_value = "/etc/ssl/certs/ca-certificates.crt"
    )]
    pub(crate) tls_roots: PathBuf,
}

/// Arguments of `compile`.
#[derive(Debug, Args)]
pub(crate) struct CompileArgs {
    /// The MUD file; - is standard input
    pub(crate) file: String,
    /// The home: its networks, controllers and other Things
    #[arg(long, value_name = "SITE.toml")]
    pub(crate) site: Option<PathBuf>,
    /// The Thing that the policy is for
    #[arg(long, value_name = "MAC")]
    pub(crate) thing: Option<MacAddress>,
    /// How the file is read
    #[arg(long, value_enum, default_value = "community")]
    pub(crate) dialect: DialectName,
    /// Print JSON
    #[arg(long, conflicts_with = "nft")]
    pub(crate) json: bool,
    /// Print the nftables ruleset, as the JSON that nft reads
    #[arg(long, requires = "thing")]
    pub(crate) nft: bool,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The MUD file; - is standard input
    pub(crate) file: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `test`.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The MUD file; - is standard input
    pub(crate) file: String,
    /// The packet that opens the flow, in one word: from-device or to-device; tcp, udp, icmp or the number of a protocol; the
    /// destination port, or SOURCE:DESTINATION; the other end, which is a name, an address, the MAC address of a Thing, or gateway.
    /// For icmp the port is left out, or is TYPE or TYPE/CODE
    #[arg(value_name = "PACKET")]
    pub(crate) packet: String,
    /// The home: its networks, controllers and other Things
    #[arg(long, value_name = "SITE.toml")]
    pub(crate) site: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The old MUD file
    pub(crate) old: String,
    /// The new MUD file
    pub(crate) new: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `observe`.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct ObserveArgs {
    /// The network interface; frames of DHCP and LLDP that come in are told until Ctrl-C. LLDP comes to the ports of a bridge, not to the
    /// bridge
    #[arg(
        long,
        value_name = "INTERFACE",
        required_unless_present = "pcap",
        conflicts_with = "pcap"
    )]
    pub(crate) interface: Option<String>,
    /// A capture file in the pcap format, as tcpdump -w writes it; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) pcap: Option<String>,
    /// Print one JSON object a line, for each frame
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The MUD file; - is standard input
    pub(crate) file: String,
    /// The detached signature over exactly its octets, in DER form
    pub(crate) signature: String,
    /// The folder of trust anchors
    #[arg(long, value_name = "FOLDER", default_value = ANCHORS)]
    pub(crate) anchors: PathBuf,
    /// The certificate of a Thing: if it names a signer (id-pe-mudsigner), that one must have signed
    #[arg(long, value_name = "CERTIFICATE")]
    pub(crate) thing: Option<String>,
    /// The MUD URL: the file must say that it is the file of this URL, as the gateway wants it
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<MudUrl>,
    /// The time at which certificates are judged, such as 2026-06-01T12:00:00Z; now, if it is left out
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<jiff::Timestamp>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to do with the trust anchors.
#[derive(Debug, Subcommand)]
pub(crate) enum AnchorsCommand {
    /// List them
    List(AnchorFolderArgs),
    /// Add the certificate of an authority
    Add(AnchorsAddArgs),
    /// Remove one; all others stay
    Remove(AnchorsRemoveArgs),
}

/// Arguments of `anchors list`, and of the others.
#[derive(Debug, Args)]
pub(crate) struct AnchorFolderArgs {
    /// The folder of trust anchors
    #[arg(long, value_name = "FOLDER", default_value = ANCHORS)]
    pub(crate) folder: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `anchors add`.
#[derive(Debug, Args)]
pub(crate) struct AnchorsAddArgs {
    /// The certificate, or several, in PEM or DER form
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) folder: AnchorFolderArgs,
}

/// Arguments of `anchors remove`.
#[derive(Debug, Args)]
pub(crate) struct AnchorsRemoveArgs {
    /// SHA-256 of the certificate, as the list shows it
    pub(crate) fingerprint: String,
    #[command(flatten)]
    pub(crate) folder: AnchorFolderArgs,
}

/// Arguments of `check-config`.
#[derive(Debug, Args)]
pub(crate) struct CheckConfigArgs {
    /// The configuration file
    #[arg(value_name = "FILE", default_value = "/etc/mudguard/mudguard.toml")]
    pub(crate) config: PathBuf,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder
    pub(crate) folder: PathBuf,
}
