//! Handing a decision of the owner to the task that owns the manager.

use std::time::Duration;

use mudguard_manager::{Author, Command, CommandError};
use mudguard_policy::MacAddress;
use tokio::{sync::oneshot, time::timeout};

use crate::{CommandRequest, Web, refusal::Refusal};

/// How long the answer may take; less than a connection may last, so that the caller is told.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(8);

/// Yes or no, as it stands in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Approve,
    Reject,
}

impl Decision {
    /// Reads the last segment of a path.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "approve" => Some(Self::Approve),
            "reject" => Some(Self::Reject),
            _ => None,
        }
    }

    fn about(self, thing: MacAddress, question: Option<String>) -> Command {
        match self {
            Self::Approve => Command::Approve { thing, question },
            Self::Reject => Command::Reject { thing, question },
        }
    }
}

/// Takes a decision about the question that was read (`None`: whichever waits), and returns once it holds and the newest snapshot shows it.
///
/// # Errors
/// If there is nothing to decide, or the answer does not come.
pub(crate) async fn decide(
    web: &Web,
    mac: MacAddress,
    decision: Decision,
    question: Option<String>,
    by: Author,
) -> Result<(), Refusal> {
    command(web, decision.about(mac, question), by).await
}

/// Takes any decision, and returns as [`decide`] does.
///
/// # Errors
/// If the manager refuses it, or the answer does not come.
pub(crate) async fn command(web: &Web, command: Command, by: Author) -> Result<(), Refusal> {
    let (reply, answer) = oneshot::channel();
    let request = CommandRequest { command, by, reply };
    let exchange = async {
        web.commands.send(request).await.ok()?;
        answer.await.ok()
    };
    let answer = timeout(TIME_LIMIT, exchange)
        .await
        .ok()
        .flatten()
        .ok_or(Refusal::NoAnswer)?;
    answer.map_err(|error| match error {
        CommandError::UnknownThing(mac) => Refusal::NoSuchThing(mac.to_string()),
        CommandError::NothingWaits(mac) => Refusal::NothingWaits(mac),
        CommandError::OtherQuestion(_) => Refusal::OtherQuestion,
        CommandError::NotLimited(_)
        | CommandError::TooManyOverrides(_)
        | CommandError::NoSuchOverride(..)
        | CommandError::TooLong
        | CommandError::BadName
        | CommandError::NothingToUndo(_)
        | CommandError::CannotUndo(_)
        | CommandError::ChooseFirst(_)
        | CommandError::BadController => Refusal::Impossible(error),
    })
}
