//! Where this resolver is meant to end otherwise than unbound's scenarios say, and why.

/// Name servers are those that the zone above names; what a zone says of its own is not added.
const PARENT: &str = "known: only name servers that the zone above names are asked";

/// The scenarios, by the names of their files.
const KNOWN: [(&str, &str); 11] = [
    (
        "fetch_glue",
        "known: a zone whose only name servers are inside it and have no glue is lost",
    ),
    (
        "fetch_glue_cname",
        "known: a zone whose only name servers are inside it and have no glue is lost",
    ),
    ("iter_cycle_noh", "known: glue of other zones is never used"),
    ("iter_dname_insec", "known: a loop of aliases is a failure"),
    ("iter_dname_yx", "known: YXDOMAIN is told as a failure"),
    ("iter_pcdirect", PARENT),
    ("iter_pcnamech", PARENT),
    ("iter_pcnamechrec", PARENT),
    ("local_ds", "known: the SOA record of local zones is another"),
    (
        "root_key_sentinel",
        "known: the sentinel of the root's keys is not there (RFC 8509)",
    ),
    (
        "trust_cname_chain",
        "known: a server is believed about a whole chain inside its zone",
    ),
];

/// Why a scenario of this name may end otherwise.
pub(super) fn why(name: &str) -> Option<&'static str> {
    KNOWN
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, why)| *why)
}
