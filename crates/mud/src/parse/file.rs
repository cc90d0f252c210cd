//! The whole file: `ietf-mud:mud`, the lists, and the policies that join the two (RFC 8520 section 3).

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{Reader, Weight, acls::Acls, members::Members, place::Place, policy::Named};
use crate::{
    Acl, Action, Code, Extension, MudFile, MudUrl, OwnerLicense, Transparency,
    json::Value,
    schema::{MUD, ROOT},
};

/// `cache-validity` if the file says nothing, in hours.
const CACHE_VALIDITY: u8 = 48;

/// How many characters of `systeminfo` RFC 8520 section 3.7 advises.
const SYSTEMINFO: usize = 60;

/// What `ietf-mud:mud` says.
#[derive(Default)]
struct Container {
    mud_version: Option<u8>,
    mud_url: Option<MudUrl>,
    last_update: Option<Timestamp>,
    mud_signature: Option<String>,
    cache_validity: Option<u8>,
    is_supported: Option<bool>,
    systeminfo: Option<String>,
    mfg_name: Option<String>,
    model_name: Option<String>,
    firmware_rev: Option<String>,
    software_rev: Option<String>,
    documentation: Option<String>,
    extensions: Vec<Extension>,
    transparency: Option<Transparency>,
    licenses: Vec<OwnerLicense>,
    is_tls_dtls_profile_supported: bool,
    from_device: Vec<Named>,
    to_device: Vec<Named>,
}

impl Reader<'_> {
    /// The file; `None` if the parts are missing without which there is none.
    pub(super) fn file(&mut self, root: &Place<'_>) -> Option<MudFile> {
        self.declared = declared(root);
        let (mut mud, mut acls) = (None, None);
        let mut members = Members::of(&ROOT);
        while let Some((name, child)) = members.next(self, root) {
            match name {
                "mud" => mud = Some(child),
                "acls" => acls = Some(child),
                _ => {}
            }
        }
        let Some(mud) = mud else {
            self.fatal(
                root,
                Code::MissingNode,
                "`ietf-mud:mud` is missing",
                "a MUD file has it at its top",
            );
            return None;
        };
        let container = self.container(&mud);
        let mut acls = match acls {
            Some(acls) => self.acls(
                &acls,
                &names(&container.from_device),
                &names(&container.to_device),
            ),
            None => Acls::default(),
        };
        let mut namings = HashMap::new();
        for named in container.from_device.iter().chain(&container.to_device) {
            *namings.entry(named.name.as_str()).or_default() += 1;
        }
        let from_device = self.join(&container.from_device, &mut acls, &mut namings);
        let to_device = self.join(&container.to_device, &mut acls, &mut namings);
        let permits = |lists: &[Acl]| {
            lists
                .iter()
                .flat_map(|list| &list.aces)
                .any(|ace| ace.action == Action::Accept)
        };
        if !self.report.is_refused() && !permits(&from_device) && !permits(&to_device) {
            let message = "the file permits nothing beyond DNS and NTP";
            self.note(
                &mud,
                Code::NothingPermitted,
                message,
                "write policies if the Thing needs more",
            );
        }
        Some(MudFile {
            mud_url: container.mud_url?,
            last_update: container.last_update.unwrap_or(Timestamp::UNIX_EPOCH),
            mud_signature: container.mud_signature,
            cache_validity: container.cache_validity.unwrap_or(CACHE_VALIDITY),
            is_supported: container.is_supported.unwrap_or(true),
            systeminfo: container.systeminfo,
            mfg_name: container.mfg_name,
            model_name: container.model_name,
            firmware_rev: container.firmware_rev,
            software_rev: container.software_rev,
            documentation: container.documentation,
            extensions: container.extensions,
            transparency: container.transparency,
            licenses: container.licenses,
            is_tls_dtls_profile_supported: container.is_tls_dtls_profile_supported,
            unknown_nodes: std::mem::take(&mut self.unknown_nodes),
            from_device,
            to_device,
        })
    }

    fn container(&mut self, place: &Place<'_>) -> Container {
        let mut mud = Container::default();
        let mut members = Members::of(&MUD);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "mud-version" => mud.mud_version = self.mud_version(&child),
                "mud-url" => mud.mud_url = self.mud_url(&child),
                "last-update" => mud.last_update = self.date(&child),
                "mud-signature" => mud.mud_signature = self.uri_reference(&child),
                "cache-validity" => mud.cache_validity = self.cache_validity(&child),
                "is-supported" => mud.is_supported = self.boolean(&child),
                "systeminfo" => mud.systeminfo = self.systeminfo(&child),
                "mfg-name" => mud.mfg_name = self.owned(&child),
                "model-name" => mud.model_name = self.owned(&child),
                "firmware-rev" => mud.firmware_rev = self.owned(&child),
                "software-rev" => mud.software_rev = self.owned(&child),
                "documentation" => mud.documentation = self.documentation(&child),
                "extensions" => mud.extensions = self.extensions(&child),
                "from-device-policy" => mud.from_device = self.policy(&child),
                "to-device-policy" => mud.to_device = self.policy(&child),
                "transparency" => mud.transparency = Some(self.transparency(&child)),
                "ol" => mud.licenses = self.ol(&child),
                "is-tls-dtls-profile-supported" => {
                    self.undeclared(&child, &Extension::MudTls);
                    mud.is_tls_dtls_profile_supported = self.boolean(&child).unwrap_or_default();
                }
                _ => {}
            }
        }
        self.complete(place, &mud);
        mud
    }

    /// Tells of the nodes that must be there. A URL that was refused was told of already.
    fn complete(&mut self, place: &Place<'_>, mud: &Container) {
        let Value::Object(members) = place.value() else {
            return;
        };
        let stands = |name: &str| {
            members
                .iter()
                .any(|member| member.name.rsplit(':').next() == Some(name))
        };
        if !stands("mud-url") {
            self.fatal(
                place,
                Code::MissingNode,
                "`mud-url` is missing",
                "write the URL of this file",
            );
        }
        for (name, hint) in [
            ("mud-version", "write `\"mud-version\": 1`"),
            ("last-update", "write when the file was made"),
            (
                "is-supported",
                "write true, or false if the Thing gets no updates",
            ),
        ] {
            if !stands(name) {
                self.missing(place, name, hint);
            }
        }
        if mud.mud_signature.is_none() && !stands("mud-signature") {
            let message = "the file names no signature";
            self.advise(
                place,
                Code::NoSignature,
                message,
                "without one the owner must approve it (RFC 8520 section 13.2)",
            );
        }
    }

    fn mud_version(&mut self, place: &Place<'_>) -> Option<u8> {
        let version = self.uint8(place);
        if let Some(version) = version.filter(|version| *version != 1) {
            let message = format!("the file follows version {version} of the MUD specification");
            self.fatal(
                place,
                Code::MudVersion,
                message,
                "only version 1 is defined (RFC 8520 section 3.1)",
            );
        }
        version
    }

    fn mud_url(&mut self, place: &Place<'_>) -> Option<MudUrl> {
        let Some(text) = self.text(place) else {
            self.report.say(
                Weight::Fatal,
                place,
                Code::MudUrlRefused,
                "there is no MUD URL",
                "write an https URL",
            );
            return None;
        };
        match MudUrl::parse(text) {
            Ok(url) => Some(url),
            Err(error) => {
                let message = format!("{} is refused: {error}", super::quote(text));
                self.fatal(
                    place,
                    Code::MudUrlRefused,
                    message,
                    "write an absolute https URL with a host name",
                );
                None
            }
        }
    }

    fn cache_validity(&mut self, place: &Place<'_>) -> Option<u8> {
        let hours: Option<u8> = self.number(place, 1..=168);
        if hours.is_some() {
            return hours;
        }
        // The nearest value that is allowed; a file that asks for years is not asked for every two days.
        let Value::Number(number) = place.value() else {
            return None;
        };
        number
            .parse::<f64>()
            .ok()
            .map(|hours| if hours > 168.0 { 168 } else { 1 })
    }

    fn systeminfo(&mut self, place: &Place<'_>) -> Option<String> {
        let text = self.text(place)?;
        let length = text.chars().count();
        if length > SYSTEMINFO {
            let message = format!("`systeminfo` has {length} characters");
            self.advise(
                place,
                Code::LongSysteminfo,
                message,
                "write at most 60 (RFC 8520 section 3.7)",
            );
        }
        Some(text.to_owned())
    }

    /// Any URI is allowed here; one that is no web page is not shown as a link.
    fn documentation(&mut self, place: &Place<'_>) -> Option<String> {
        let text = self.uri_reference(place)?;
        let is_web = super::syntax::scheme(&text).is_some_and(|scheme| {
            scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
        });
        if !is_web {
            let message = format!("{} is no web page and is not shown", super::quote(&text));
            self.advise(place, Code::NotAUri, message, "write an https URL");
        }
        Some(text).filter(|_| is_web)
    }

    fn extensions(&mut self, place: &Place<'_>) -> Vec<Extension> {
        let mut extensions = Vec::new();
        for entry in self.values(place) {
            let Some(name) = self.text_of(&entry, 1..=40) else {
                continue;
            };
            let extension = Extension::from_name(name);
            if let Extension::Unknown(name) = &extension {
                let message = format!("the extension {} is not known", super::quote(name));
                self.advise(
                    &entry,
                    Code::UnknownExtension,
                    message,
                    "its nodes are ignored (RFC 8520 section 3.9)",
                );
            }
            extensions.push(extension);
        }
        extensions
    }

    /// Tells of a node of an extension that `extensions` does not name.
    pub(super) fn undeclared(&mut self, place: &Place<'_>, extension: &Extension) {
        if !self.declared.contains(extension) {
            let message = format!("`extensions` does not name `{extension}`, whose node this is");
            self.deviate(
                place,
                Code::UndeclaredExtension,
                message,
                format!("write `\"extensions\": [\"{extension}\"]`"),
            );
        }
    }
}

fn names(lists: &[Named]) -> HashSet<&str> {
    lists.iter().map(|list| list.name.as_str()).collect()
}

/// The extensions that the file names, looked up beforehand: the members of an object come in any order.
fn declared(root: &Place<'_>) -> HashSet<Extension> {
    let member = |value: &'_ Value<'_>, name: &str| match value {
        Value::Object(members) => members
            .iter()
            .position(|member| member.name.rsplit(':').next() == Some(name)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Array(_) => None,
    };
    let mut value = root.value();
    for name in ["mud", "extensions"] {
        let (Some(at), Value::Object(members)) = (member(value, name), value) else {
            return HashSet::new();
        };
        let Some(found) = members.get(at) else {
            return HashSet::new();
        };
        value = &found.node.value;
    }
    let entries = match value {
        Value::Array(entries) => entries.as_slice(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Object(_) => &[],
    };
    let texts = entries.iter().filter_map(|entry| match &entry.value {
        Value::Text(text) => Some(Extension::from_name(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    });
    texts.collect()
}
