//! The nodes of `ietf-mud:mud` and of the extensions that augment it (RFC 8520 section 3, RFC 9472, RFC 9761, ol).

use super::{
    Container, Known,
    Module::{Mud, MudTls, Ol, Transparency},
    acl::ACCESS_LISTS,
};

/// `ietf-mud:mud`.
pub(crate) static MUD: Container = Container {
    module: Some(Mud),
    members: &[
        Known::read(
            Mud,
            "mud-version",
            "must be 1; a file of another version is refused",
        ),
        Known::read(
            Mud,
            "mud-url",
            "must be an absolute https URL whose host is a fully qualified name",
        ),
        Known::read(
            Mud,
            "last-update",
            "a date and time with an offset; community takes a missing one as the oldest",
        ),
        Known::read(
            Mud,
            "mud-signature",
            "a URI reference, resolved against mud-url; absent means approval by the owner",
        ),
        Known::read(
            Mud,
            "cache-validity",
            "1 to 168 hours, 48 if absent; community takes the nearest of them",
        ),
        Known::read(
            Mud,
            "is-supported",
            "shown to the owner; community takes a missing one as true",
        ),
        Known::read(
            Mud,
            "systeminfo",
            "shown to the owner; a finding beyond 60 characters",
        ),
        Known::read(Mud, "mfg-name", "shown to the owner"),
        Known::read(Mud, "model-name", "shown to the owner"),
        Known::read(Mud, "firmware-rev", "shown to the owner"),
        Known::read(Mud, "software-rev", "shown to the owner"),
        Known::read(
            Mud,
            "documentation",
            "kept if it is an http or https URL; shown, never fetched",
        ),
        Known::read(
            Mud,
            "extensions",
            "1 to 40 characters each; an unknown one is reported and its nodes are ignored",
        ),
        Known::inner(Mud, "from-device-policy", &POLICY),
        Known::inner(Mud, "to-device-policy", &POLICY),
        Known::inner(Transparency, "transparency", &TRANSPARENCY),
        Known::read(MudTls, "is-tls-dtls-profile-supported", "shown to the owner"),
        Known::inner(Ol, "ol", &OL),
    ],
};

/// `from-device-policy` and `to-device-policy`.
pub(crate) static POLICY: Container = Container {
    module: Some(Mud),
    members: &[Known::inner(Mud, "access-lists", &ACCESS_LISTS).was(&["acls"])],
};

/// `transparency`.
pub(crate) static TRANSPARENCY: Container = Container {
    module: Some(Transparency),
    members: &[
        Known::inner(Transparency, "sboms", &SBOM),
        Known::read(
            Transparency,
            "sbom-local-well-known",
            "shown; http and coap are reported as unprotected",
        ),
        Known::read(
            Transparency,
            "sbom-contact-uri",
            "shown if it is tel, mailto, http or https",
        )
        .was(&["contact-info"]),
        Known::read(Transparency, "sbom-archive-list", "shown if it is a URI"),
        Known::read(Transparency, "vuln-url", "shown if it is a URI"),
        Known::read(
            Transparency,
            "vuln-contact-uri",
            "shown if it is tel, mailto, http or https",
        ),
    ],
};

/// An entry of `sboms`.
pub(crate) static SBOM: Container = Container {
    module: Some(Transparency),
    members: &[
        Known::read(Transparency, "version-info", "shown"),
        Known::read(
            Transparency,
            "sbom-url",
            "shown if it is coap, coaps, http or https",
        ),
    ],
};

/// `ol`.
pub(crate) static OL: Container = Container {
    module: Some(Ol),
    members: &[Known::inner(Ol, "license", &LICENSE)],
};

/// An entry of `license`.
pub(crate) static LICENSE: Container = Container {
    module: Some(Ol),
    members: &[
        Known::read(Ol, "owner-name", "shown"),
        Known::read(Ol, "spdx-tag", "shown"),
        // The draft's examples write the plural.
        Known::read(Ol, "spdx-tags", "the same as spdx-tag"),
        Known::read(Ol, "license-info", "shown"),
    ],
};
