//! The little that is read from a file before its signature is verified: `mud-url` and `mud-signature` (RFC 8520 section 13.2).

use mudguard_mud::MudUrl;
use serde_json::Value;

/// What an unverified file says of itself.
pub(super) struct Outline {
    pub(super) mud_url: MudUrl,
    /// A URI reference.
    pub(super) mud_signature: Option<String>,
}

/// Reads the outline of a file, or says in words why there is none.
pub(super) fn outline(octets: &[u8]) -> Result<Outline, String> {
    let file: Value = serde_json::from_slice(octets).map_err(|error| format!("it is not JSON: {error}"))?;
    let leaf = |name| file.get("ietf-mud:mud").and_then(|mud| mud.get(name));
    let mud_url = leaf("mud-url")
        .and_then(Value::as_str)
        .ok_or("it has no mud-url")?;
    let mud_url = MudUrl::parse(mud_url).map_err(|error| format!("its mud-url is refused: {error}"))?;
    let mud_signature = match leaf("mud-signature") {
        None => None,
        Some(Value::String(reference)) => Some(reference.clone()),
        Some(_) => return Err("its mud-signature is not a text".to_owned()),
    };
    Ok(Outline {
        mud_url,
        mud_signature,
    })
}
