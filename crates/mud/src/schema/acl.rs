//! The nodes of `ietf-access-control-list:acls` and of the modules that augment it (RFC 8519 section 4, RFC 8520, RFC 9761).

use super::{
    Container, Known,
    Module::{Acl, AclDns, AclTls, Mud},
    Treatment::{Checked, Reported},
};

/// `access-lists` of a policy: which lists apply.
pub(crate) static ACCESS_LISTS: Container = Container {
    module: Some(Mud),
    members: &[Known::inner(Mud, "access-list", &ACCESS_LIST)],
};

/// An entry of `access-list`.
pub(crate) static ACCESS_LIST: Container = Container {
    module: Some(Mud),
    members: &[
        Known::read(Mud, "name", "must name a list of the file; the order is kept").was(&["acl-name"]),
        // Drafts repeated the type here.
        Known::draft(Mud, "acl-type"),
        Known::draft(Mud, "type"),
    ],
};

/// `acls`.
pub(crate) static ACLS: Container = Container {
    module: Some(Acl),
    members: &[
        Known::inner(Acl, "acl", &ACL),
        Known::leaf(
            Acl,
            "attachment-points",
            Reported,
            "where a router applies its lists; says nothing in a MUD file",
        ),
    ],
};

/// An access list.
pub(crate) static ACL: Container = Container {
    module: Some(Acl),
    members: &[
        Known::read(Acl, "name", "1 to 64 characters, unique").was(&["acl-name"]),
        Known::condition(
            Acl,
            "type",
            "the headers that entries may match on; may be absent",
        )
        .was(&["acl-type"]),
        Known::inner(Acl, "aces", &ACES).was(&["access-list-entries"]),
    ],
};

/// `aces`.
pub(crate) static ACES: Container = Container {
    module: Some(Acl),
    members: &[Known::inner(Acl, "ace", &ACE)],
};

/// An access control entry.
pub(crate) static ACE: Container = Container {
    module: Some(Acl),
    members: &[
        Known::read(
            Acl,
            "name",
            "1 to 64 characters, unique in its list; the order of entries is kept",
        )
        .was(&["rule-name"]),
        Known::inner(Acl, "matches", &MATCHES),
        Known::inner(Acl, "actions", &ACTIONS),
        Known::leaf(
            Acl,
            "statistics",
            Reported,
            "counters of a router; says nothing in a MUD file",
        ),
    ],
};

/// `actions`.
pub(crate) static ACTIONS: Container = Container {
    module: Some(Acl),
    members: &[
        Known::condition(
            Acl,
            "forwarding",
            "accept, drop or reject; another action counts as drop",
        ),
        Known::leaf(
            Acl,
            "logging",
            Checked,
            "Mudguard decides itself what is logged (RFC 8520 section 2)",
        ),
    ],
};

/// `matches`. The choices l2, l3 and l4 are no nodes, but drafts wrote them as containers.
pub(crate) static MATCHES: Container = Container {
    module: Some(Acl),
    members: &[
        Known::inner(Acl, "eth", &ETH).was(&["eth-acl"]),
        Known::inner(Acl, "ipv4", &IPV4).was(&["ipv4-acl"]),
        Known::inner(Acl, "ipv6", &IPV6).was(&["ipv6-acl"]),
        Known::inner(Acl, "tcp", &TCP).was(&["tcp-acl"]),
        Known::inner(Acl, "udp", &UDP).was(&["udp-acl"]),
        Known::inner(Acl, "icmp", &ICMP).was(&["icmp-acl"]),
        Known::beyond_rules(
            Acl,
            "egress-interface",
            "no home has the interface that the maker thought of",
        ),
        Known::beyond_rules(
            Acl,
            "ingress-interface",
            "no home has the interface that the maker thought of",
        ),
        Known::inner(Mud, "mud", &MUD_MATCHES).was(&["mud-acl"]),
        Known::inner(AclTls, "client-profiles", &CLIENT_PROFILES).was(&["client-profile"]),
        Known::draft_inner(Acl, "l2", &MATCHES),
        Known::draft_inner(Acl, "l3", &MATCHES),
        Known::draft_inner(Acl, "l4", &MATCHES),
    ],
};

/// `eth`.
pub(crate) static ETH: Container = Container {
    module: Some(Acl),
    members: &[
        Known::condition(
            Acl,
            "destination-mac-address",
            "the broadcast address; an ACE with another permits nothing",
        ),
        Known::beyond_rules(
            Acl,
            "destination-mac-address-mask",
            "six octets; an ACE with a mask but no address is refused",
        ),
        Known::beyond_rules(Acl, "source-mac-address", "six octets"),
        Known::beyond_rules(
            Acl,
            "source-mac-address-mask",
            "six octets; an ACE with a mask but no address is refused",
        ),
        Known::condition(
            Acl,
            "ethertype",
            "IPv4 and IPv6; ARP and EAPOL always pass; an ACE with another permits nothing",
        ),
    ],
};

/// `ipv4`.
pub(crate) static IPV4: Container = Container {
    module: Some(Acl),
    members: &[
        DSCP,
        ECN,
        LENGTH,
        TTL,
        PROTOCOL,
        Known::beyond_rules(Acl, "ihl", "5 to 60; above 15 is reported"),
        Known::beyond_rules(Acl, "flags", "reserved, fragment, more"),
        Known::beyond_rules(Acl, "offset", "20 to 65535; above 8191 is reported"),
        Known::beyond_rules(Acl, "identification", ""),
        Known::condition(
            Acl,
            "destination-ipv4-network",
            "a prefix; a single address is reported, and waits for the owner",
        ),
        Known::condition(
            Acl,
            "source-ipv4-network",
            "a prefix; a single address is reported, and waits for the owner",
        ),
        SRC_DNSNAME,
        DST_DNSNAME,
        DRAFT_SOURCE_PORT,
        DRAFT_DESTINATION_PORT,
    ],
};

/// `ipv6`.
pub(crate) static IPV6: Container = Container {
    module: Some(Acl),
    members: &[
        DSCP,
        ECN,
        LENGTH,
        TTL,
        PROTOCOL,
        Known::condition(
            Acl,
            "destination-ipv6-network",
            "a prefix; a single address is reported, and waits for the owner",
        ),
        Known::condition(
            Acl,
            "source-ipv6-network",
            "a prefix; a single address is reported, and waits for the owner",
        ),
        Known::condition(Acl, "flow-label", "20 bits"),
        SRC_DNSNAME,
        DST_DNSNAME,
        DRAFT_SOURCE_PORT,
        DRAFT_DESTINATION_PORT,
    ],
};

const DSCP: Known = Known::condition(Acl, "dscp", "0 to 63");
const ECN: Known = Known::condition(Acl, "ecn", "0 to 3");
const LENGTH: Known = Known::condition(Acl, "length", "");
const TTL: Known = Known::condition(Acl, "ttl", "");
const PROTOCOL: Known = Known::condition(
    Acl,
    "protocol",
    "one that contradicts tcp, udp or icmp is reported",
);
const SRC_DNSNAME: Known = Known::condition(
    AclDns,
    "src-dnsname",
    "only in lists of to-device-policy; no wildcard; an IP address is kept as such and reported",
);
const DST_DNSNAME: Known = Known::condition(
    AclDns,
    "dst-dnsname",
    "only in lists of from-device-policy; no wildcard; an IP address is kept as such and reported",
);
const DRAFT_SOURCE_PORT: Known = Known::draft_inner(Acl, "source-port", &PORT)
    .was(&["source-port-range-or-operator", "source-port-range"]);
const DRAFT_DESTINATION_PORT: Known = Known::draft_inner(Acl, "destination-port", &PORT)
    .was(&["destination-port-range-or-operator", "destination-port-range"]);

/// `tcp`.
pub(crate) static TCP: Container = Container {
    module: Some(Acl),
    members: &[
        Known::beyond_rules(Acl, "sequence-number", ""),
        Known::beyond_rules(Acl, "acknowledgement-number", ""),
        Known::beyond_rules(Acl, "data-offset", "5 to 15"),
        Known::beyond_rules(Acl, "reserved", ""),
        Known::condition(Acl, "flags", "cwr, ece, urg, ack, psh, rst, syn, fin"),
        Known::beyond_rules(Acl, "window-size", ""),
        Known::beyond_rules(Acl, "urgent-pointer", ""),
        Known::beyond_rules(Acl, "options", "1 to 40 octets in base64"),
        SOURCE_PORT,
        DESTINATION_PORT,
        Known::condition(Mud, "direction-initiated", "from-device or to-device"),
    ],
};

/// `udp`.
pub(crate) static UDP: Container = Container {
    module: Some(Acl),
    members: &[
        Known::beyond_rules(Acl, "length", ""),
        SOURCE_PORT,
        DESTINATION_PORT,
    ],
};

const SOURCE_PORT: Known =
    Known::inner(Acl, "source-port", &PORT).was(&["source-port-range-or-operator", "source-port-range"]);
const DESTINATION_PORT: Known = Known::inner(Acl, "destination-port", &PORT)
    .was(&["destination-port-range-or-operator", "destination-port-range"]);

/// `source-port` and `destination-port`.
pub(crate) static PORT: Container = Container {
    module: Some(Acl),
    members: &[
        Known::condition(Acl, "lower-port", "not above upper-port"),
        Known::condition(Acl, "upper-port", "not below lower-port"),
        Known::condition(Acl, "operator", "lte, gte, eq, neq; eq if absent"),
        Known::condition(Acl, "port", ""),
    ],
};

/// `icmp`.
pub(crate) static ICMP: Container = Container {
    module: Some(Acl),
    members: &[
        Known::condition(Acl, "type", ""),
        Known::condition(Acl, "code", ""),
        Known::beyond_rules(Acl, "rest-of-header", "in base64"),
    ],
};

/// `ietf-mud:mud` within `matches`.
pub(crate) static MUD_MATCHES: Container = Container {
    module: Some(Mud),
    members: &[
        Known::condition(
            Mud,
            "manufacturer",
            "a domain name; with an IP address the ACE is refused, for no MUD URL has one",
        ),
        Known::condition(Mud, "same-manufacturer", "written as [null]"),
        Known::condition(Mud, "model", "a MUD URL"),
        Known::condition(Mud, "local-networks", "written as [null]"),
        Known::condition(Mud, "controller", "the name of a class; never fetched"),
        Known::condition(Mud, "my-controller", "written as [null]"),
    ],
};

/// `client-profiles`.
pub(crate) static CLIENT_PROFILES: Container = Container {
    module: Some(AclTls),
    members: &[Known::inner(AclTls, "tls-dtls-profile", &TLS_PROFILE).was(&["tls-dtls-profiles"])],
};

/// A (D)TLS profile.
pub(crate) static TLS_PROFILE: Container = Container {
    module: Some(AclTls),
    members: &[
        Known::beyond_rules(AclTls, "name", "1 to 64 characters"),
        Known::beyond_rules(AclTls, "supported-tls-version", "tls12, tls13").was(&["supported-tls-versions"]),
        Known::beyond_rules(AclTls, "supported-dtls-version", "dtls12, dtls13")
            .was(&["supported-dtls-versions"]),
        Known::beyond_rules(AclTls, "cipher-suite", "weak suites and GREASE are reported")
            .was(&["cipher-suites"]),
        Known::beyond_rules(AclTls, "extension-type", "GREASE is reported").was(&["extension-types"]),
        Known::beyond_rules(
            AclTls,
            "accept-list-ta-cert",
            "counted; the certificates are not kept",
        ),
        Known::beyond_rules(AclTls, "psk-key-exchange-mode", ""),
        Known::beyond_rules(AclTls, "supported-group", "weak groups and GREASE are reported")
            .was(&["supported-groups"]),
        Known::beyond_rules(
            AclTls,
            "signature-algorithm-cert",
            "MD5, SHA-1 and GREASE are reported",
        ),
        Known::beyond_rules(
            AclTls,
            "signature-algorithm",
            "MD5, SHA-1 and GREASE are reported",
        )
        .was(&["signature-algorithms"]),
        Known::beyond_rules(AclTls, "application-protocol", "").was(&["application-protocols"]),
        Known::beyond_rules(AclTls, "cert-compression-algorithm", ""),
        Known::beyond_rules(AclTls, "certificate-authorities", ""),
    ],
};
