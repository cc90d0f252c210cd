//! The commands about the Things of the running gateway: `status`, `things`, `why`, `approve`, `reject`.
//!
//! The words come from the gateway, which has them from `explain`; here they are only put in order. `--json` prints what the gateway
//! sends.

mod text;

use std::process::ExitCode;

use hyper::Method;
use serde_json::Value;

use super::{block_on, client::ask};
use crate::{
    cli::{ClientArgs, ThingArgs},
    print,
};

pub(super) fn status(args: &ClientArgs) -> anyhow::Result<ExitCode> {
    show(args, Method::GET, "/api/v1/status", text::status)
}

pub(super) fn list(args: &ClientArgs) -> anyhow::Result<ExitCode> {
    show(args, Method::GET, "/api/v1/things", text::things)
}

pub(super) fn why(args: &ThingArgs) -> anyhow::Result<ExitCode> {
    show(&args.client, Method::GET, &path(&args.thing, ""), text::thing)
}

/// `decision` is `approve` or `reject`.
pub(super) fn decide(args: &ThingArgs, decision: &str) -> anyhow::Result<ExitCode> {
    show(
        &args.client,
        Method::POST,
        &path(&args.thing, &format!("/{decision}")),
        text::decided,
    )
}

fn show(
    args: &ClientArgs,
    method: Method,
    path: &str,
    text: impl Fn(&Value) -> Vec<String>,
) -> anyhow::Result<ExitCode> {
    let value = block_on(ask(&args.control, method, path))?;
    if args.json {
        print::json(&value)?;
    } else {
        for line in text(&value) {
            print::line(line)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The path of a Thing. Its name is one segment, whatever stands in it (RFC 3986 section 2.1).
fn path(thing: &str, end: &str) -> String {
    let mut path = "/api/v1/things/".to_owned();
    for octet in thing.bytes() {
        if octet.is_ascii_alphanumeric() || b"-_~:".contains(&octet) {
            path.push(char::from(octet));
        } else {
            path += &format!("%{octet:02X}");
        }
    }
    path + end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_segment_of_the_path() {
        assert_eq!(path("02:00:00:00:00:01", ""), "/api/v1/things/02:00:00:00:00:01");
        assert_eq!(path("my lamp", "/approve"), "/api/v1/things/my%20lamp/approve");
        assert_eq!(path("../status?x", ""), "/api/v1/things/%2E%2E%2Fstatus%3Fx");
    }
}
