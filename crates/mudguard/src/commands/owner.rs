//! The commands by which the owner decides about a Thing of the running gateway beside its questions.
//!
//! What it is not: a judge. The gateway says what may be; here the content of the request is put together.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::things::{self, Words};
use crate::cli::{
    ThingArgs,
    answers::ControllersArgs,
    owner::{EndArgs, FlowsArgs, InitiatorName, LiftArgs, ModeArgs, ModeName, RenameArgs},
};

pub(super) fn rename(args: &RenameArgs) -> anyhow::Result<ExitCode> {
    let content = json!({ "name": args.name });
    things::send(&args.client, &args.thing, "rename", &content, Words::Standing)
}

pub(super) fn lift(args: &LiftArgs) -> anyhow::Result<ExitCode> {
    let ThingArgs { thing, client } = &args.thing;
    let content = json!({ "seconds": args.seconds });
    things::send(client, thing, "lift", &content, Words::Standing)
}

/// `decision` is `allow` or `block`.
pub(super) fn flows(args: &FlowsArgs, decision: &str) -> anyhow::Result<ExitCode> {
    things::send(
        &args.client,
        &args.thing,
        decision,
        &flows_content(args),
        Words::Standing,
    )
}

fn flows_content(args: &FlowsArgs) -> Value {
    json!({
        "peer": args.peer,
        "initiator": match args.initiator {
            InitiatorName::Thing => "thing",
            InitiatorName::Peer => "peer",
        },
        "protocol": args.port.and_then(|port| port.protocol),
        "port": args.port.and_then(|port| port.port),
        "seconds": (!args.always).then_some(args.seconds),
    })
}

pub(super) fn end(args: &EndArgs) -> anyhow::Result<ExitCode> {
    let content = json!({ "id": args.id });
    things::send(&args.client, &args.thing, "end", &content, Words::Standing)
}

pub(super) fn mode(args: &ModeArgs) -> anyhow::Result<ExitCode> {
    let mode = match args.mode {
        ModeName::Watch => Some("watch"),
        ModeName::Ask => Some("ask"),
        ModeName::Protect => Some("protect"),
        ModeName::Home => None,
    };
    let content = json!({ "mode": mode });
    things::send(&args.client, &args.thing, "mode", &content, Words::Standing)
}

pub(super) fn controllers(args: &ControllersArgs) -> anyhow::Result<ExitCode> {
    let content = json!({ "class": args.class, "members": args.members });
    things::send(
        &args.client,
        &args.thing,
        "controllers",
        &content,
        Words::Standing,
    )
}

pub(super) fn forget(args: &ThingArgs) -> anyhow::Result<ExitCode> {
    things::send(&args.client, &args.thing, "forget", &json!({}), Words::Forgotten)
}
