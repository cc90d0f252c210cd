//! The codes of findings. A number or a name, once released, keeps its meaning and is never given to another.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $number:literal $name:literal;)+) => {
        /// What kind of finding it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable number, such as `MUD012`.
            #[must_use]
            pub fn number(self) -> &'static str {
                match self { $(Self::$variant => $number),+ }
            }

            /// The stable name, such as `duplicate-member`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What the code stands for, in a sentence.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii()),+ }
            }
        }
    };
}

codes! {
    /// The file has more octets than the limit allows.
    FileTooLarge = "MUD001" "file-too-large";
    /// The file is not UTF-8 text.
    NotUtf8 = "MUD002" "not-utf-8";
    /// The file starts with a byte order mark, which JSON does not allow.
    ByteOrderMark = "MUD003" "byte-order-mark";
    /// The file is not JSON.
    NotJson = "MUD004" "not-json";
    /// The file nests objects and arrays deeper than the limit allows.
    NestedTooDeeply = "MUD005" "nested-too-deeply";
    /// A member name is longer than any name that a module could define.
    MemberNameTooLong = "MUD006" "member-name-too-long";
    /// A member name occurs twice in one object, so readers may disagree on what the file says.
    DuplicateMember = "MUD007" "duplicate-member";
    /// There is more to say about the file than the limit allows.
    TooManyFindings = "MUD008" "too-many-findings";
    /// The file has more ACEs than the limit allows.
    TooManyAces = "MUD009" "too-many-aces";
    /// The file names more different domain names than the limit allows.
    TooManyNames = "MUD010" "too-many-names";

    /// A node that must be there is missing.
    MissingNode = "MUD020" "missing-node";
    /// No module defines this node, and no declared extension could.
    UnknownNode = "MUD021" "unknown-node";
    /// A node of an extension that Mudguard does not know; it is ignored.
    ExtensionNode = "MUD022" "extension-node";
    /// The value is of another JSON type than the leaf.
    WrongType = "MUD023" "wrong-type";
    /// The number is outside the range of the leaf.
    OutOfRange = "MUD024" "out-of-range";
    /// The leaf does not know this value.
    UnknownValue = "MUD025" "unknown-value";
    /// The text is shorter or longer than the leaf allows.
    TextLength = "MUD026" "text-length";
    /// The text holds a character that no YANG string may hold.
    TextCharacter = "MUD027" "text-character";
    /// The module name before the member name is wrong, missing or superfluous.
    WrongNamespace = "MUD028" "wrong-namespace";
    /// A leaf of type empty is not written as `[null]`.
    EmptyLeafForm = "MUD029" "empty-leaf-form";
    /// A number is written as text.
    NumberAsText = "MUD030" "number-as-text";
    /// A boolean is written as text.
    BooleanAsText = "MUD031" "boolean-as-text";
    /// A name or value from a draft that came before the RFC.
    PreRfcName = "MUD032" "pre-rfc-name";
    /// A list is written as its single entry.
    SingleForList = "MUD033" "single-for-list";
    /// Two entries of a list have the same key, or a value occurs twice.
    DuplicateEntry = "MUD034" "duplicate-entry";
    /// Two nodes exclude each other.
    ExclusiveNodes = "MUD035" "exclusive-nodes";
    /// A node that RFC 8519 defines for routers and that says nothing in a MUD file.
    NodeWithoutEffect = "MUD036" "node-without-effect";

    /// The file follows another version of the MUD specification than 1.
    MudVersion = "MUD040" "mud-version";
    /// The `mud-url` is no MUD URL.
    MudUrlRefused = "MUD041" "mud-url-refused";
    /// The text is not a date and time with an offset.
    NotADate = "MUD042" "not-a-date";
    /// The date and time has no offset; it was read as UTC.
    DateWithoutOffset = "MUD043" "date-without-offset";
    /// The text is not a URI of the kind that the leaf asks for.
    NotAUri = "MUD044" "not-a-uri";
    /// `systeminfo` is longer than the 60 characters that RFC 8520 advises.
    LongSysteminfo = "MUD045" "long-systeminfo";
    /// The file names no signature, so the owner must approve it (RFC 8520 section 13.2).
    NoSignature = "MUD046" "no-signature";
    /// The extension is not known to Mudguard.
    UnknownExtension = "MUD047" "unknown-extension";
    /// Nodes of an extension are used that `extensions` does not name.
    UndeclaredExtension = "MUD048" "undeclared-extension";
    /// Software information is given over a channel without protection (RFC 9472 section 3).
    UnprotectedSbom = "MUD049" "unprotected-sbom";
    /// The TLS profile holds a weak parameter (RFC 9761 section 6).
    WeakTlsParameter = "MUD050" "weak-tls-parameter";
    /// The TLS profile holds a GREASE value, which says nothing (RFC 9761 section 5).
    TlsGrease = "MUD051" "tls-grease";

    /// A policy names an access list that the file does not hold.
    NoSuchAcl = "MUD060" "no-such-acl";
    /// No policy names this access list, so it has no effect.
    UnusedAcl = "MUD061" "unused-acl";
    /// The access list does not say its type.
    AclWithoutType = "MUD062" "acl-without-type";
    /// The ACE matches on a header that the type of its access list excludes.
    OutsideAclType = "MUD063" "outside-acl-type";
    /// The file permits nothing beyond DNS and NTP.
    NothingPermitted = "MUD064" "nothing-permitted";

    /// The ACE has no conditions and so matches every packet (RFC 8519).
    MatchesEverything = "MUD070" "matches-everything";
    /// Two conditions of the ACE exclude each other, so it matches nothing.
    MatchesNothing = "MUD071" "matches-nothing";
    /// `src-dnsname` stands in a list for what the Thing sends, or `dst-dnsname` in one for what it receives (RFC 8520 section 8.2).
    DnsnameDirection = "MUD072" "dnsname-direction";
    /// The text is not a domain name.
    NotADomainName = "MUD073" "not-a-domain-name";
    /// An IP address stands in place of a name.
    AddressForName = "MUD074" "address-for-name";
    /// The ACE holds an IP address; such rules wait for the owner (RFC 8520 section 2).
    AddressInMatches = "MUD075" "address-in-matches";
    /// The text is not an address prefix.
    NotAPrefix = "MUD076" "not-a-prefix";
    /// An address without a prefix length; it was read as that one address.
    PrefixWithoutLength = "MUD077" "prefix-without-length";
    /// The prefix has bits set beyond its length; they were cleared.
    HostBitsSet = "MUD078" "host-bits-set";
    /// `lower-port` is above `upper-port`.
    PortRangeReversed = "MUD079" "port-range-reversed";
    /// A port is given as a range and with an operator at once.
    PortFormsMixed = "MUD080" "port-forms-mixed";
    /// A port is given without `operator`, which means `eq`.
    OperatorAbsent = "MUD081" "operator-absent";
    /// The text is not a MAC address.
    NotAMacAddress = "MUD082" "not-a-mac-address";
    /// A MAC address mask stands without its address.
    MaskWithoutAddress = "MUD083" "mask-without-address";
    /// An EtherType is written as text.
    EthertypeAsText = "MUD084" "ethertype-as-text";
    /// The controller class is in the IETF's name space but is not registered.
    UnregisteredController = "MUD085" "unregistered-controller";
    /// The class can have no members, for no MUD URL is like this.
    ClassWithoutMembers = "MUD086" "class-without-members";
    /// The text is not base64, or not as long as the leaf asks.
    NotBinary = "MUD087" "not-binary";
    /// No packet can carry this value in this field.
    NeverOnTheWire = "MUD088" "never-on-the-wire";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.number())
    }
}

/// As the number.
impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.number())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn numbers_and_names_are_unique_and_well_formed() {
        let numbers: BTreeSet<_> = Code::ALL.iter().map(|code| code.number()).collect();
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(numbers.len(), Code::ALL.len());
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.is_sorted_by_key(|code| code.number()));
        for code in Code::ALL {
            let digits = code.number().strip_prefix("MUD").unwrap();
            assert!(
                digits.len() == 3 && digits.bytes().all(|octet| octet.is_ascii_digit()),
                "{code}"
            );
            assert!(
                code.name()
                    .bytes()
                    .all(|octet| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-')),
                "{code}"
            );
            assert!(
                code.about().ends_with('.') || code.about().ends_with(")."),
                "{code}"
            );
        }
    }
}
