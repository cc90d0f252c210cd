//! Why a frame is refused: each reason has a counter and a name that stays.

use std::fmt;

use serde::{Serialize, Serializer};

/// Writes the enum, the list of all and the names from one table, so that none can be forgotten.
macro_rules! refusals {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Why a frame is refused. Such a frame moves one counter and nothing else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Refusal {
            $($(#[$doc])* $variant,)*
        }

        impl Refusal {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name of the reason; it stays as it is.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

refusals! {
    /// The frame ends within its Ethernet header or its VLAN tags.
    FrameTruncated = "frame-truncated",
    /// More VLAN tags than anything in a home has.
    TooManyTags = "too-many-tags",
    /// The source is a group address or all zeros.
    SourceNotStation = "source-not-a-station",
    /// The frame ends within the IP header.
    IpTruncated = "ip-truncated",
    /// The IP version is not the one of the EtherType.
    IpVersion = "ip-version",
    /// The length of the IPv4 header is impossible.
    IpHeaderLength = "ip-header-length",
    /// The length of the IP packet is impossible, or more than there is.
    IpLength = "ip-length",
    /// The checksum of the IPv4 header is wrong.
    IpChecksum = "ip-checksum",
    /// A fragment.
    IpFragment = "ip-fragment",
    /// IPv6 extension headers stand before UDP; no DHCPv6 client sends them.
    IpExtensionHeader = "ip-extension-header",
    /// The packet ends within the UDP header.
    UdpTruncated = "udp-truncated",
    /// The length of the UDP datagram is impossible, or more than there is.
    UdpLength = "udp-length",
    /// The checksum of the UDP datagram is wrong, or is missing where IPv6 demands one.
    UdpChecksum = "udp-checksum",
    /// The message is shorter than its fixed part.
    DhcpTruncated = "dhcp-truncated",
    /// The hardware address is not one of Ethernet (`htype` 1, `hlen` 6).
    DhcpHardware = "dhcp-hardware",
    /// The magic cookie is missing: BOOTP, or no DHCP at all.
    DhcpCookie = "dhcp-cookie",
    /// An option ends after the field in which it stands.
    DhcpOptionTruncated = "dhcp-option-truncated",
    /// An option has a length that it cannot have.
    DhcpOptionLength = "dhcp-option-length",
    /// Option overload (52) says something else than 1, 2 or 3.
    DhcpOverload = "dhcp-overload",
    /// The message has no type, or one that Mudguard does not know.
    DhcpMessageType = "dhcp-message-type",
    /// The operation or the UDP ports are not those of this type of message.
    DhcpDirection = "dhcp-direction",
    /// `chaddr` is not the source of the frame: relayed, or forged.
    DhcpClientAddress = "dhcp-client-address",
    /// An address that cannot be lent.
    DhcpLeaseAddress = "dhcp-lease-address",
    /// A lease without its time.
    DhcpLeaseTime = "dhcp-lease-time",
    /// A DHCP server's message came in from a Thing.
    ServerOnLan = "server-on-lan",
    /// A DHCP server's message went out, but not from this router's own address.
    ServerNotRouter = "server-not-router",
    /// The DHCP server answered what was not asked.
    AnswerNotAsked = "answer-not-asked",
    /// A Thing answered in the DHCP server's place, so that the server's own answer cannot be told from a forged one.
    AnswerForged = "answer-forged",
    /// Too much came in at once to be sure that the answer is not one that a Thing sent through the router.
    AnswerDoubtful = "answer-doubtful",
    /// An address was given up on another port than the one it was lent on.
    ReleasedElsewhere = "released-elsewhere",
    /// The message holds more than one MUD URL.
    MudUrlTwice = "mud-url-twice",
    /// The DHCPv6 message was relayed more often than anything in a home is.
    Dhcpv6Relays = "dhcpv6-relays",
    /// The DHCPv6 message holds an option where it may not be, or more than one where one may be.
    Dhcpv6Option = "dhcpv6-option",
    /// The LLDP frame ends within a TLV.
    LldpTruncated = "lldp-truncated",
    /// The LLDP frame does not begin with chassis, port and time to live, each once.
    LldpOrder = "lldp-order",
    /// A TLV of the LLDP frame has a length that it cannot have.
    LldpLength = "lldp-length",
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reason_has_a_name_of_its_own_in_kebab_case() {
        let names: BTreeSet<_> = Refusal::ALL.iter().map(|refusal| refusal.name()).collect();
        assert_eq!(names.len(), Refusal::ALL.len());
        for name in names {
            assert!(
                name.bytes()
                    .all(|octet| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-')),
                "{name}"
            );
        }
    }
}
