//! The little that is read from a file before its signature is verified (RFC 8520 section 13.2): its URL and where its signature is.
//!
//! It reads with the same JSON reader and the same names as [`parse`](crate::parse()), so that the two never disagree on what a file
//! says. What it does not look at may be anything: that is told once the signature holds.

use thiserror::Error;

use crate::{
    MudUrl, MudUrlError,
    json::{self, DEEPEST, Node, Value},
    parse::find,
    schema::{Container, MUD, ROOT},
};

/// What an unverified file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// `mud-url`.
    pub mud_url: MudUrl,
    /// `mud-signature`, a URI reference: see [`MudUrl::join`]. Foreign text.
    pub mud_signature: Option<String>,
}

/// Why a file has no outline.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OutlineError {
    /// The octets are not UTF-8.
    #[error("octet {0} is no part of a UTF-8 character")]
    NotUtf8(usize),
    /// The text is not JSON, or holds a member twice.
    #[error("line {line}: {message}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// What was found.
        message: &'static str,
    },
    /// There is no `mud-url`.
    #[error("it has no mud-url")]
    NoMudUrl,
    /// The `mud-url` is refused.
    #[error("its mud-url is refused: {0}")]
    MudUrl(#[from] MudUrlError),
    /// The `mud-signature` is not a text.
    #[error("its mud-signature is not a text")]
    MudSignature,
}

/// Reads the outline of a file. It takes as many octets as it is given: whoever retrieves them limits them.
///
/// # Errors
/// Why there is none.
pub fn outline(bytes: &[u8]) -> Result<Outline, OutlineError> {
    let text = std::str::from_utf8(bytes).map_err(|error| OutlineError::NotUtf8(error.valid_up_to()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = json::read(text, DEEPEST).map_err(|error| OutlineError::NotJson {
        line: 1 + text
            .bytes()
            .take(error.at)
            .filter(|octet| *octet == b'\n')
            .count(),
        message: error.message,
    })?;
    let mud = member(&root, &ROOT, "mud").ok_or(OutlineError::NoMudUrl)?;
    let leaf = |name| member(mud, &MUD, name).map(|node| &node.value);
    let Some(Value::Text(mud_url)) = leaf("mud-url") else {
        return Err(OutlineError::NoMudUrl);
    };
    let mud_url = MudUrl::parse(mud_url)?;
    let mud_signature = match leaf("mud-signature") {
        None => None,
        Some(Value::Text(reference)) => Some(reference.clone().into_owned()),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            return Err(OutlineError::MudSignature);
        }
    };
    Ok(Outline {
        mud_url,
        mud_signature,
    })
}

fn member<'a>(node: &'a Node<'a>, container: &'static Container, name: &str) -> Option<&'a Node<'a>> {
    let Value::Object(members) = &node.value else {
        return None;
    };
    let is_meant = |written: &str| find(container, written).is_some_and(|(_, known, _)| known.name == name);
    members
        .iter()
        .find(|member| is_meant(&member.name))
        .map(|member| &member.node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_and_signature_are_found_and_the_rest_may_be_anything() {
        let outline = outline(
            br#"{"x": [[{}]], "ietf-mud:mud": {"mud-version": "?", "mud-signature": "a.p7s", "mud-url": "https://a.example/b"}}"#,
        )
        .unwrap();
        assert_eq!(outline.mud_url.as_str(), "https://a.example/b");
        assert_eq!(outline.mud_signature.as_deref(), Some("a.p7s"));
    }

    #[test]
    fn each_refusal_names_its_reason() {
        use OutlineError as E;
        for (bytes, error) in [
            (&b"\xff"[..], E::NotUtf8(0)),
            (
                b"\n{",
                E::NotJson {
                    line: 2,
                    message: "no member name in quotes stands here",
                },
            ),
            (b"[]", E::NoMudUrl),
            (br#"{"ietf-mud:mud": {"mud-url": 1}}"#, E::NoMudUrl),
            (
                br#"{"ietf-mud:mud": {"mud-url": "http://a.example/b"}}"#,
                E::MudUrl(MudUrlError::NotHttps),
            ),
            (
                br#"{"ietf-mud:mud": {"mud-url": "https://a.example/b", "mud-signature": null}}"#,
                E::MudSignature,
            ),
            (
                br#"{"ietf-mud:mud": {"mud-url": "https://a.example/b", "mud-url": "https://a.example/c"}}"#,
                E::NotJson {
                    line: 1,
                    message: "a member of this name stands in this object already",
                },
            ),
        ] {
            assert_eq!(outline(bytes), Err(error), "{}", String::from_utf8_lossy(bytes));
        }
    }
}
