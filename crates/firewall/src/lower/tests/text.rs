//! Commands of nft in nft's own words, so that people can read golden rulesets.

use serde_json::Value;

/// The commands, one a line; those of `without` are left out.
pub(crate) fn text(commands: &Value, without: &Value) -> String {
    let known: std::collections::BTreeSet<_> = lines(without).collect();
    let mut lines: Vec<_> = lines(commands).filter(|line| !known.contains(line)).collect();
    lines.push(String::new());
    without_digests(&lines.join("\n"))
}

/// Chains of a Thing have a digest in their names, which says nothing to people.
fn without_digests(text: &str) -> String {
    let mut parts = text.split('.');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_digest = part.len() >= 16 && part.bytes().take(16).all(|octet| octet.is_ascii_hexdigit());
        if is_digest {
            whole += &part[16..];
        } else {
            whole = whole + "." + part;
        }
    }
    whole
}

fn lines(commands: &Value) -> impl Iterator<Item = String> {
    let commands = commands["nftables"].as_array().into_iter().flatten();
    commands
        .flat_map(|command| {
            let (verb, object) = command.as_object().unwrap().iter().next().unwrap();
            let (kind, object) = object.as_object().unwrap().iter().next().unwrap();
            let name = |key: &str| object[key].as_str().unwrap_or_default();
            let start = format!("{} {kind} {}", name("family"), name("name"));
            match kind.as_str() {
                "element" => {
                    let elements = object["elem"].as_array().unwrap().iter();
                    elements
                        .map(|one| format!("{} {} {}", name("family"), name("name"), element(one)))
                        .collect()
                }
                "rule" => {
                    let words: Vec<_> = object["expr"].as_array().unwrap().iter().map(statement).collect();
                    let comment = match name("comment") {
                        "" => String::new(),
                        comment => format!(" # {comment}"),
                    };
                    vec![format!(
                        "{} {}: {}{comment}",
                        name("family"),
                        name("chain"),
                        words.join(" ")
                    )]
                }
                "set" | "map" => {
                    let flags = object
                        .get("flags")
                        .map_or_else(String::new, |flags| format!(" {}", list(flags)));
                    vec![format!(
                        "{start} {}{flags}",
                        list(&object["type"]).replace(", ", " . ")
                    )]
                }
                "chain" if !object["hook"].is_null() => {
                    vec![format!(
                        "{start} hook {} priority {} policy {}",
                        name("hook"),
                        object["prio"],
                        name("policy")
                    )]
                }
                _ if verb == "delete" => vec![format!("delete {start}")],
                _ => vec![start],
            }
        })
        .collect::<Vec<_>>()
        .into_iter()
}

fn list(value: &Value) -> String {
    value.as_array().map_or_else(
        || word(value),
        |all| all.iter().map(word).collect::<Vec<_>>().join(", "),
    )
}

fn element(value: &Value) -> String {
    let (key, verdict) = match value.as_array() {
        Some(pair) => (&pair[0], format!(" : {}", statement(&pair[1]))),
        None => (value, String::new()),
    };
    let Some(inner) = key.get("elem") else {
        return word(key) + &verdict;
    };
    let timeout = inner["timeout"]
        .as_u64()
        .map_or_else(String::new, |seconds| format!(" timeout {seconds}s"));
    let comment = inner["comment"]
        .as_str()
        .map_or_else(String::new, |comment| format!(" # {comment}"));
    format!("{}{timeout}{verdict}{comment}", word(&inner["val"]))
}

fn statement(value: &Value) -> String {
    let Some((kind, inner)) = value.as_object().and_then(|object| object.iter().next()) else {
        return word(value);
    };
    match kind.as_str() {
        "match" => {
            let operator = match inner["op"].as_str().unwrap() {
                "==" | "in" => " ",
                "!=" => " != ",
                other => other,
            };
            format!("{}{operator}{}", word(&inner["left"]), word(&inner["right"]))
        }
        "vmap" => format!("{} vmap {}", word(&inner["key"]), word(&inner["data"])),
        "jump" | "goto" => format!("{kind} {}", inner["target"].as_str().unwrap()),
        "counter" => format!("counter {}", word(inner)),
        "limit" => format!(
            "limit {}/{} burst {}",
            inner["rate"],
            word(&inner["per"]),
            inner["burst"]
        ),
        "log" => format!(
            "log {} group {} snaplen {}",
            inner["prefix"], inner["group"], inner["snaplen"]
        ),
        "accept" | "drop" | "return" => kind.clone(),
        _ => value.to_string(),
    }
}

fn word(value: &Value) -> String {
    let Some((kind, inner)) = value.as_object().and_then(|object| object.iter().next()) else {
        return match value.as_str() {
            Some(text) => text.to_owned(),
            None if value.is_array() => list(value),
            None => value.to_string(),
        };
    };
    match kind.as_str() {
        "payload" => format!("{} {}", word(&inner["protocol"]), word(&inner["field"])),
        "meta" | "ct" => format!("{kind} {}", word(&inner["key"])),
        "fib" => format!("fib {} {}", list(&inner["flags"]), word(&inner["result"])),
        "concat" => inner
            .as_array()
            .unwrap()
            .iter()
            .map(word)
            .collect::<Vec<_>>()
            .join(" . "),
        "prefix" => format!("{}/{}", word(&inner["addr"]), inner["len"]),
        "range" => format!("{}-{}", inner[0], inner[1]),
        "set" => format!("{{ {} }}", list(inner)),
        "&" => format!("{} & {}", word(&inner[0]), inner[1]),
        _ => value.to_string(),
    }
}
