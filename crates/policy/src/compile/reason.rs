//! Why an ACE is narrowed or refused: a closed list, and its words.
//!
//! What a file says itself (names of nodes, URIs) is foreign text: it is cut and cleaned before it stands in a reason.

use std::fmt;

use ipnet::IpNet;
use mudguard_mud::{MudUrl, NotUnderstood};

use crate::Verdict;

/// Why an ACE does not hold as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason<'a> {
    /// Some of it was not understood.
    NotUnderstood(&'a [NotUnderstood]),
    /// A field, by its name in RFC 8519, that no rule can test.
    Field(&'static str),
    /// `ingress-interface` or `egress-interface`.
    Interface,
    /// `client-profiles`.
    TlsProfile,
    /// A MAC address of one station or of a group that is not told by its IP address.
    HardwareAddress,
    /// Frames of this EtherType, which Mudguard does not judge.
    Ethertype(u16),
    /// `src-dnsname` in a list for what the Thing sends, or `dst-dnsname` in one for what it receives.
    DnsnameDirection,
    /// Two descriptions of the other end that only both together are right.
    Together,
    /// These addresses wait for the owner.
    Approval(Vec<IpNet>),
    /// Its conditions exclude each other.
    Contradiction,
    /// None of the addresses it means is of this home.
    NotOfThisHome,
    /// The protocol is an IPv6 extension header.
    ExtensionHeader(u8),
    /// Its class has no member.
    NoMember(Class<'a>),
    /// It tests fields of replies, which are not known when a flow opens.
    Replies,
}

/// A class of RFC 8520 section 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class<'a> {
    /// `local-networks`.
    LocalNetworks,
    /// `controller`.
    Controller(&'a str),
    /// `my-controller`.
    MyController,
    /// `manufacturer` or `same-manufacturer`, with its host.
    Manufacturer(&'a str),
    /// `model`.
    Model(&'a MudUrl),
}

impl Reason<'_> {
    /// The verdict on an ACE of which for this reason no rule is made.
    pub(super) fn verdict(&self) -> Verdict {
        if matches!(self, Self::NoMember(_) | Self::ExtensionHeader(_)) {
            Verdict::Narrowed(self.to_string())
        } else {
            Verdict::Refused(self.to_string())
        }
    }
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUnderstood(parts) => {
                f.write_str("parts of it were not understood: ")?;
                list(f, parts.iter().map(|part| Foreign(&part.name)))
            }
            Self::Field(name) => write!(f, "it tests {name}, which cannot be enforced"),
            Self::Interface => f.write_str("it names a network interface, and no home has one of that name"),
            Self::TlsProfile => {
                f.write_str("it asks for a TLS profile, which does not show before the flow has been opened")
            }
            Self::HardwareAddress => {
                f.write_str("it names a hardware address, which a maker cannot know of this home")
            }
            Self::Ethertype(number) => {
                write!(f, "it is about frames of EtherType 0x{number:04x}; Mudguard judges IP alone")
            }
            Self::DnsnameDirection => {
                f.write_str("it names the Thing's own end by a DNS name, which RFC 8520 section 8.2 forbids")
            }
            Self::Together => {
                f.write_str("it describes the other end in two ways that cannot be enforced together")
            }
            Self::Approval(networks) => {
                f.write_str("waits for approval, as it names addresses outside of this home: ")?;
                list(f, networks)
            }
            Self::Contradiction => f.write_str("no packet meets it, as its conditions exclude each other"),
            Self::NotOfThisHome => f.write_str("the addresses it means are not of this home"),
            Self::ExtensionHeader(number) => write!(
                f,
                "IPv6 protocol {number} is an extension header; packets are judged by what follows it, and reports of \
                 multicast listeners always pass"
            ),
            Self::NoMember(class) => class.fmt(f),
            Self::Replies => {
                f.write_str("fields of replies are not known beforehand, so flows whose replies it may drop are not opened")
            }
        }
    }
}

impl fmt::Display for Class<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LocalNetworks => f.write_str("this home has no such local network"),
            Self::Controller(uri) => {
                write!(
                    f,
                    "no controller of the class {} was chosen in this home yet",
                    Foreign(uri)
                )
            }
            Self::MyController => f.write_str("no controller was chosen for it in this home yet"),
            Self::Manufacturer(host) => write!(f, "there is no other Thing of {host} in this home yet"),
            Self::Model(url) => {
                write!(
                    f,
                    "there is no other Thing of the model {} in this home yet",
                    Foreign(url.as_str())
                )
            }
        }
    }
}

/// Text from a file, shortened, with everything but visible ASCII replaced.
struct Foreign<'a>(&'a str);

/// Longer texts say no more to a reader.
const FOREIGN_CHARACTERS: usize = 80;

impl fmt::Display for Foreign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        for character in characters.by_ref().take(FOREIGN_CHARACTERS) {
            let shown = if character.is_ascii_graphic() {
                character
            } else {
                '\u{fffd}'
            };
            write!(f, "{shown}")?;
        }
        if characters.next().is_some() {
            f.write_str("...")
        } else {
            Ok(())
        }
    }
}

/// How many entries of a list are told.
const FEW: usize = 3;

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, entries: impl IntoIterator<Item = T>) -> fmt::Result {
    let mut entries = entries.into_iter();
    for (place, entry) in entries.by_ref().take(FEW).enumerate() {
        let separator = if place == 0 { "" } else { ", " };
        write!(f, "{separator}{entry}")?;
    }
    match entries.count() {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_cut_and_cleaned() {
        let reason = Reason::NoMember(Class::Controller("https://hub.example/\u{1b}[2J\u{202e}x"));
        let text = reason.to_string();
        assert!(
            text.contains("https://hub.example/\u{fffd}[2J\u{fffd}x was chosen"),
            "{text}"
        );
        let long = "a".repeat(81);
        let text = Reason::NoMember(Class::Controller(&long)).to_string();
        assert!(text.contains(&format!("{}... was", "a".repeat(80))), "{text}");
    }

    #[test]
    fn long_lists_are_counted() {
        let networks = ["192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32", "192.0.2.4/32"];
        let networks = networks.iter().map(|text| text.parse().unwrap()).collect();
        let text = Reason::Approval(networks).to_string();
        assert!(
            text.ends_with("192.0.2.1/32, 192.0.2.2/32, 192.0.2.3/32 and 1 more"),
            "{text}"
        );
    }
}
