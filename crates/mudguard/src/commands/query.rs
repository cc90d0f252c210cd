//! `query`: a name looked up by the running gateway, or by a resolver of the command's own.

use std::{net::SocketAddr, path::Path, process::ExitCode, sync::Arc};

use hyper::Method;
use mudguard_resolver::Resolver;
use serde_json::Value;

use super::{block_on, client::ask};
use crate::{
    cli::QueryArgs,
    config::Config,
    daemon::alone::{NoFirewall, set_clock},
    look_up, print,
};

pub(super) fn run(args: &QueryArgs) -> anyhow::Result<ExitCode> {
    let record_type = args.record_type.to_ascii_uppercase();
    let found = block_on(async {
        if let Some(config) = &args.config {
            return alone(config, &args.name, &record_type).await;
        }
        let path = format!(
            "/api/v1/query?name={}&type={}",
            escaped(&args.name),
            escaped(&record_type)
        );
        ask(&args.client.control, Method::GET, &path, None).await
    })?;
    if args.client.json {
        print::json(&found)?;
    } else {
        for line in text(&found, args.trace) {
            print::line(line)?;
        }
    }
    let is_answered = found.get("response-code").and_then(Value::as_str) != Some("SERVFAIL")
        && found.get("security").and_then(Value::as_str) != Some("bogus");
    Ok(if is_answered {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Nobody else is answered by it.
async fn alone(config: &Path, name: &str, record_type: &str) -> anyhow::Result<Value> {
    let config = Config::read_resolver(config)?;
    let listen = vec![SocketAddr::from(([127, 0, 0, 1], 0))];
    let treat_as_global = config.laboratory.treat_as_global.clone();
    let lan = vec!["127.0.0.0/8".parse()?];
    let config = config
        .resolver
        .to_config(listen, lan, treat_as_global, config.fetch.tls_roots.get_ref())?;
    let (resolver, _front_end) = Resolver::start(config, Arc::new(NoFirewall)).await?;
    set_clock(&resolver);
    Ok(look_up::json(&resolver.trace(name, record_type).await?, None))
}

fn text(found: &Value, with_trace: bool) -> Vec<String> {
    let word = |key: &str| {
        found
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let list = |key: &str| {
        found
            .get(key)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let words = |key: &str| {
        list(key)
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let mut lines = words("records");
    let security = match word("security") {
        none if none.is_empty() => String::new(),
        security => format!(", {security}"),
    };
    lines.push(format!("{}{security}", word("response-code")));
    if let Some(error) = found.get("error").filter(|error| error.is_object()) {
        let text = error.get("text").and_then(Value::as_str).unwrap_or_default();
        lines.push(format!(
            "why: {text} (extended error {})",
            error.get("code").unwrap_or(&Value::Null)
        ));
    }
    if with_trace {
        lines.extend(words("links").into_iter().map(|link| format!("  {link}")));
        for cut in list("cuts") {
            let part = |key: &str| cut.get(key).and_then(Value::as_str).unwrap_or_default();
            lines.push(format!("  {}: {}", part("name"), part("what")));
        }
    }
    for thing in list("things") {
        let part = |key: &str| thing.get(key).and_then(Value::as_str).unwrap_or_default();
        let reach = match part("reaches") {
            "anything" => "reaches it: nothing limits it",
            "name" => "reaches it, by a rule for the name",
            "address" => "reaches it, by a rule for the address",
            _ => "does not reach it",
        };
        lines.push(format!("{} {reach}", part("mac")));
    }
    lines
}

/// Part of a query of a URL (RFC 3986 section 2.1).
fn escaped(text: &str) -> String {
    let escape = |octet: u8| {
        if octet.is_ascii_alphanumeric() || b"-_.~".contains(&octet) {
            char::from(octet).to_string()
        } else {
            format!("%{octet:02X}")
        }
    };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_answer_comes_first_then_how_far_it_was_checked_and_the_way_only_if_it_is_wanted() {
        let found = json!({
            "records": ["a.example. 60 IN A 9.9.9.9"],
            "response-code": "NOERROR",
            "security": "secure",
            "error": null,
            "links": ["a.example. A: what is there is secure"],
            "cuts": [{ "name": ".", "what": "a signed zone with the keys 1 (algorithm 13)" }],
            "things": [{ "mac": "02:00:00:00:00:01", "reaches": "name" }],
        });
        let short = [
            "a.example. 60 IN A 9.9.9.9",
            "NOERROR, secure",
            "02:00:00:00:00:01 reaches it, by a rule for the name",
        ];
        assert_eq!(text(&found, false), short);
        let long = text(&found, true);
        assert_eq!(long[2], "  a.example. A: what is there is secure");
        assert_eq!(long[3], "  .: a signed zone with the keys 1 (algorithm 13)");
    }

    #[test]
    fn a_name_is_one_value_of_the_query() {
        assert_eq!(escaped("a&b=c.example"), "a%26b%3Dc.example");
    }
}
