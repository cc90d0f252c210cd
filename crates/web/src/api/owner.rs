//! What the owner decides of himself, beside the questions: names, flows, limits lifted, the MUD URL, the mode.
//!
//! What it is not: a judge. It reads what is asked for and hands it to the manager, which decides whether it may be (RFC 8520 section
//! 1.6). Only the control socket has these paths.

use std::{net::IpAddr, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection, rejection::PathRejection},
    response::{IntoResponse, Response},
    routing::post,
};
use ipnet::IpNet;
use mudguard_explain::foreign_passage;
use mudguard_manager::{Author, Channel, Command, Flows, MY_CONTROLLER, Mode, OverridePeer};
use mudguard_mud::{DomainName, MudUrl};
use mudguard_policy::{Initiator, MacAddress};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::shown;
use crate::{Web, decide::command, find::find, refusal::Refusal};

/// Makes a command about a Thing of the content of a request.
type Reader = fn(MacAddress, &[u8]) -> Result<Command, Refusal>;

/// The last segments of the paths, and what reads the content for each.
const READERS: [(&str, Reader); 10] = [
    ("rename", rename),
    ("allow", allow),
    ("block", block),
    ("lift", lift),
    ("end", end),
    ("set-url", set_url),
    ("mode", mode),
    ("forget", forget),
    ("undo", undo),
    ("controllers", controllers),
];

/// One path for each of them.
pub(super) fn deciding() -> Router<Web> {
    READERS.iter().fold(Router::new(), |router, (word, reader)| {
        let reader = *reader;
        let handler = move |State(web): State<Web>,
                            name: Result<Path<String>, PathRejection>,
                            content: Result<Bytes, BytesRejection>| async move {
            take(&web, name, content, reader).await
        };
        router.route(&format!("/api/v1/things/{{thing}}/{word}"), post(handler))
    })
}

async fn take(
    web: &Web,
    name: Result<Path<String>, PathRejection>,
    content: Result<Bytes, BytesRejection>,
    reader: Reader,
) -> Result<Response, Refusal> {
    let Path(name) = name.map_err(|_| Refusal::Malformed)?;
    let content = content.map_err(|error| {
        if error.status() == Refusal::TooLarge.status() {
            Refusal::TooLarge
        } else {
            Refusal::Malformed
        }
    })?;
    // A MAC address need not have been seen yet: the manager says whether it matters.
    let mac = match name.parse::<MacAddress>() {
        Ok(mac) => mac,
        Err(_) => find(&web.now(), &name, &web.words.plain)?.mac,
    };
    let decided = reader(mac, &content)?;
    let is_forgotten = matches!(decided, Command::Forget { .. });
    command(web, decided, Author::CommandLine).await?;
    if is_forgotten {
        Ok(Json(Forgotten { forgotten: mac }).into_response())
    } else {
        Ok(shown(web, mac)?.into_response())
    }
}

/// Nothing is left to show of it.
#[derive(Serialize)]
struct Forgotten {
    forgotten: MacAddress,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameContent {
    #[serde(deserialize_with = "Option::deserialize")]
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct FlowsContent {
    peer: String,
    #[serde(default = "by_the_thing")]
    initiator: Initiator,
    protocol: Option<u8>,
    port: Option<u16>,
    /// Must be there: what was forgotten must not mean for good.
    #[serde(deserialize_with = "Option::deserialize")]
    seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LiftContent {
    seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndContent {
    id: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UrlContent {
    url: String,
    #[serde(default = "by_hand")]
    channel: Channel,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModeContent {
    #[serde(deserialize_with = "Option::deserialize")]
    mode: Option<Mode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ControllersContent {
    #[serde(default = "my_controller")]
    class: String,
    members: Vec<MacAddress>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoContent {}

fn by_the_thing() -> Initiator {
    Initiator::Thing
}

fn my_controller() -> String {
    MY_CONTROLLER.to_owned()
}

fn by_hand() -> Channel {
    Channel::Owner
}

fn unusable(why: impl ToString) -> Refusal {
    // It may quote what was sent.
    Refusal::Unusable(foreign_passage(&why.to_string()))
}

pub(super) fn read<T: DeserializeOwned>(content: &[u8]) -> Result<T, Refusal> {
    let content = if content.is_empty() { b"{}" } else { content };
    serde_json::from_slice(content).map_err(unusable)
}

fn lasting(seconds: u64) -> Result<Duration, Refusal> {
    if seconds == 0 {
        return Err(unusable("a decision lasts a second at least"));
    }
    Ok(Duration::from_secs(seconds))
}

fn flows(content: &[u8]) -> Result<(Flows, Option<Duration>), Refusal> {
    let asked: FlowsContent = read(content)?;
    // The manager takes the port of TCP and UDP alone; it must not become a decision about all of another protocol.
    if asked.port.is_some() && !matches!(asked.protocol, None | Some(6 | 17)) {
        return Err(unusable("only TCP and UDP, protocols 6 and 17, have ports"));
    }
    let flows = Flows {
        peer: peer(&asked.peer)?,
        initiator: asked.initiator,
        protocol: asked.protocol,
        port: asked.port,
    };
    Ok((flows, asked.seconds.map(lasting).transpose()?))
}

fn peer(text: &str) -> Result<OverridePeer, Refusal> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(OverridePeer::Address(address.to_canonical()));
    }
    if text.contains('/') {
        return network(text).map(OverridePeer::Network).map_err(unusable);
    }
    DomainName::parse(text).map(OverridePeer::Name).map_err(|error| {
        unusable(format!(
            "the other end is a domain name, an address or a prefix, and \"{text}\" is none of them: {error}"
        ))
    })
}

/// A prefix that is not nearly everything: for that, limits are lifted, which ends by itself.
fn network(text: &str) -> Result<IpNet, String> {
    let network: IpNet = text
        .parse()
        .map_err(|_| format!("\"{text}\" is no prefix; write 192.0.2.0/24 or 2001:db8::/32"))?;
    let (shortest, network) = match network {
        IpNet::V4(_) => (8, network.trunc()),
        IpNet::V6(_) => (16, network.trunc()),
    };
    if network.prefix_len() < shortest {
        return Err(format!(
            "{network} is nearly everything; lift the limits for a while instead"
        ));
    }
    Ok(network)
}

fn rename(thing: MacAddress, content: &[u8]) -> Result<Command, Refusal> {
    let NameContent { name } = read(content)?;
    Ok(Command::Rename { thing, name })
}

fn allow(thing: MacAddress, content: &[u8]) -> Result<Command, Refusal> {
    let (flows, lasting) = flows(content)?;
    Ok(Command::Allow {
        thing,
        flows,
        lasting,
    })
}

fn block(thing: MacAddress, content: &[u8]) -> Result<Command, Refusal> {
    let (flows, lasting) = flows(content)?;
    Ok(Command::Block {
        thing,
        flows,
        lasting,
    })
}

fn lift(thing: MacAddress, content: &[u8]) -> Result<Command, Refusal> {
    let LiftContent { seconds } = read(content)?;
    let lasting = lasting(seconds)?;
    Ok(Command::Lift { thing, lasting })
}

fn end(thing: MacAddress, content: &[u8]) -> Result<Command, Refusal> {
    let EndContent { id } = read(content)?;
    Ok(Command::EndOverride { thing, id })
}

fn set_url(thing: MacAddress, content: &[u8]) -> Result<Command, Refusal> {
    let UrlContent { url, channel } = read(content)?;
    if !matches!(channel, Channel::Owner | Channel::Code) {
        return Err(unusable("a MUD URL is set by the channel owner or code"));
    }
    let url = MudUrl::parse(&url).map_err(unusable)?;
    Ok(Command::SetUrl { thing, url, channel })
}

fn mode(thing: MacAddress, content: &[u8]) -> Result<Command, Refusal> {
    let ModeContent { mode } = read(content)?;
    Ok(Command::SetMode { thing, mode })
}

fn controllers(thing: MacAddress, content: &[u8]) -> Result<Command, Refusal> {
    let ControllersContent { class, members } = read(content)?;
    Ok(Command::ChooseControllers {
        thing,
        class,
        members,
    })
}

fn forget(thing: MacAddress, content: &[u8]) -> Result<Command, Refusal> {
    let NoContent {} = read(content)?;
    Ok(Command::Forget { thing })
}

fn undo(thing: MacAddress, content: &[u8]) -> Result<Command, Refusal> {
    let NoContent {} = read(content)?;
    Ok(Command::Undo { thing })
}
