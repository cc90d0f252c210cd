//! The arguments of the commands about what waits for the owner and what was done: questions, the journal, steps back.

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use mudguard_policy::MacAddress;

use super::{ClientArgs, owner::seconds};

/// Arguments of `approve` and `reject`. On a terminal the question is shown and the answer confirmed.
#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    /// The Thing: its MAC address, or a name that only one has
    #[arg(value_name = "THING")]
    pub(crate) thing: String,
    /// Ask for no confirmation; where there is no terminal, none is asked for anyway
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
    /// Answer this question alone, by its key as `mudguard inbox --json` tells it; the one that waits now, if it is left out
    #[arg(long, value_name = "KEY")]
    pub(crate) question: Option<String>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Arguments of `journal`.
#[derive(Debug, Args)]
pub(crate) struct JournalArgs {
    /// Only what is about this Thing: its MAC address, or a name that only one has
    #[arg(long, value_name = "THING")]
    pub(crate) thing: Option<String>,
    /// Only what is not older: 1h, 2d, or a time such as 2026-06-01T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(crate) since: Option<Timestamp>,
    /// How many rows at most
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub(crate) limit: u16,
    /// Only rows with lesser numbers: what comes before the rows that were shown
    #[arg(long, value_name = "ROW")]
    pub(crate) before: Option<u64>,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Arguments of `undo`.
#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// The number of a row of the journal, or a Thing: its MAC address, or a name that only one has and that is no number
    #[arg(value_name = "ROW|THING")]
    pub(crate) what: String,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// Arguments of `controllers`.
#[derive(Debug, Args)]
pub(crate) struct ControllersArgs {
    /// The Thing: its MAC address, or a name that only one has
    #[arg(value_name = "THING")]
    pub(crate) thing: String,
    /// The MAC addresses of the Things that control it
    #[arg(value_name = "MAC", required_unless_present = "none", conflicts_with = "none")]
    pub(crate) members: Vec<MacAddress>,
    /// No Thing controls it
    #[arg(long)]
    pub(crate) none: bool,
    /// The class of controllers, as the MUD file names it; if it is left out, its own controller (my-controller)
    #[arg(long, value_name = "URI", default_value = "my-controller")]
    pub(crate) class: String,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

fn since(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let unknown = || format!("\"{text}\" is no time; write 1h, 2d or 2026-06-01T12:00:00Z");
    let seconds = seconds(text).map_err(|_| unknown())?;
    let ago = i64::try_from(seconds).map_err(|_| unknown())?;
    Timestamp::now()
        .checked_sub(SignedDuration::from_secs(ago))
        .map_err(|_| unknown())
}
