//! MUD files for tests (RFC 8520), and who signs them (section 13).
//!
//! What it is not: it writes only good files, and not with the product's own code. Tests of bad files write their own text.

use std::{
    fs,
    net::{Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    internet::Protocol,
    pki::{Authority, Identity},
};

/// The authority of MUD files of a home, and a signer under it.
#[derive(Debug)]
pub struct MudSigning {
    authority: Authority,
    signer: Identity,
    anchors: PathBuf,
}

impl MudSigning {
    pub(super) fn new(folder: &Path) -> anyhow::Result<Self> {
        let authority = Authority::new(folder.join("mud"), "MUD authority")?;
        let signer = authority.mud_signer("Lamp Maker")?;
        let anchors = folder.join("anchors");
        fs::create_dir(&anchors)?;
        fs::copy(authority.certificate(), anchors.join("authority.pem"))?;
        Ok(Self {
            authority,
            signer,
            anchors,
        })
    }

    /// The authority, for further signers.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// A folder with nothing in it but the authority's certificate: the trust anchors of a gateway.
    pub fn anchors(&self) -> &Path {
        &self.anchors
    }

    /// Signs with the usual signer; see [`Identity::sign`].
    ///
    /// # Errors
    /// If openssl fails.
    pub fn sign(&self, content: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.signer.sign(content)
    }
}

/// Whom a Thing may speak with.
#[derive(Clone, Copy, Debug)]
pub enum Peer<'a> {
    /// A host of the internet, by its name.
    Name(&'a str),
    /// Those who serve this class, such as `urn:ietf:params:mud:dns`.
    Controller(&'a str),
    /// Those whom the owner chose for Things of this MUD URL.
    MyController,
    /// Other Things whose MUD URLs have the same authority.
    SameManufacturer,
    /// Everybody on the LAN.
    LocalNetworks,
    /// This group of each family, such as that of mDNS; the Thing sends to it, and nothing comes from it.
    Group(Ipv4Addr, Ipv6Addr),
}

/// A MUD file that is being written.
#[derive(Clone, Debug)]
pub struct MudFile<'a> {
    url: &'a str,
    systeminfo: &'a str,
    cache_validity: u8,
    permits: Vec<Permit<'a>>,
}

#[derive(Clone, Copy, Debug)]
struct Permit<'a> {
    peer: Peer<'a>,
    protocol: Protocol,
    port: u16,
}

impl<'a> MudFile<'a> {
    /// A file that permits nothing.
    pub fn new(url: &'a str) -> Self {
        Self {
            url,
            systeminfo: "A Thing of the laboratory",
            cache_validity: 48,
            permits: Vec::new(),
        }
    }

    /// What the Thing is, for people.
    #[must_use]
    pub fn systeminfo(mut self, text: &'a str) -> Self {
        self.systeminfo = text;
        self
    }

    /// After how many hours it is to be retrieved again.
    #[must_use]
    pub fn cache_validity(mut self, hours: u8) -> Self {
        self.cache_validity = hours;
        self
    }

    /// Permits to speak with this peer's port, in both families; over TCP, only connections that the Thing opens.
    #[must_use]
    pub fn permit(mut self, peer: Peer<'a>, protocol: Protocol, port: u16) -> Self {
        self.permits.push(Permit { peer, protocol, port });
        self
    }

    /// Permits what nearly every Thing needs: the resolver and the time servers of the network.
    #[must_use]
    pub fn permit_dns_and_ntp(self) -> Self {
        self.permit(Peer::Controller("urn:ietf:params:mud:dns"), Protocol::Udp, 53)
            .permit(Peer::Controller("urn:ietf:params:mud:dns"), Protocol::Tcp, 53)
            .permit(Peer::Controller("urn:ietf:params:mud:ntp"), Protocol::Udp, 123)
    }

    /// Where the file is.
    pub fn url(&self) -> &str {
        self.url
    }

    /// Where its signature is.
    pub fn signature_url(&self) -> String {
        format!("{}.p7s", self.url.trim_end_matches(".json"))
    }

    /// The file.
    pub fn json(&self) -> String {
        let mut lists = Vec::new();
        let mut policy = |direction: Direction, end: &str| {
            let names = ["ipv4", "ipv6"].map(|family| {
                let name = format!("{end}-{family}");
                lists.push(self.access_list(direction, family, &name));
                json!({ "name": name })
            });
            json!({ "access-lists": { "access-list": names } })
        };
        let from = policy(Direction::From, "from");
        let to = policy(Direction::To, "to");
        let file = json!({
            "ietf-mud:mud": {
                "mud-version": 1,
                "mud-url": self.url,
                "mud-signature": self.signature_url(),
                "last-update": "2026-01-01T00:00:00+00:00",
                "cache-validity": self.cache_validity,
                "is-supported": true,
                "systeminfo": self.systeminfo,
                "from-device-policy": from,
                "to-device-policy": to,
            },
            "ietf-access-control-list:acls": { "acl": lists },
        });
        format!("{file}\n")
    }

    fn access_list(&self, direction: Direction, family: &str, name: &str) -> Value {
        let are_sent = |permit: &&Permit<'_>| {
            matches!(direction, Direction::From) || !matches!(permit.peer, Peer::Group(..))
        };
        let entries = (1..)
            .zip(self.permits.iter().filter(are_sent))
            .map(|(number, permit)| {
                json!({
                    "name": format!("{name}-{number}"),
                    "matches": permit.matches(direction, family),
                    "actions": { "forwarding": "accept" },
                })
            });
        let entries: Vec<_> = entries.collect();
        json!({ "name": name, "type": format!("{family}-acl-type"), "aces": { "ace": entries } })
    }
}

/// Which way the frames of an access list go, seen from the Thing.
#[derive(Clone, Copy)]
enum Direction {
    From,
    To,
}

impl Permit<'_> {
    fn matches(&self, direction: Direction, family: &str) -> Value {
        let (name, end) = match direction {
            Direction::From => ("ietf-acldns:dst-dnsname", "destination-port"),
            Direction::To => ("ietf-acldns:src-dnsname", "source-port"),
        };
        let (layer, number) = match self.protocol {
            Protocol::Tcp => ("tcp", 6),
            Protocol::Udp => ("udp", 17),
        };
        let mut matches = json!({
            family: { "protocol": number },
            layer: { end: { "operator": "eq", "port": self.port } },
        });
        match self.peer {
            Peer::Name(host) => matches[family][name] = json!(host),
            Peer::Controller(class) => matches["ietf-mud:mud"] = json!({ "controller": class }),
            Peer::MyController => matches["ietf-mud:mud"] = json!({ "my-controller": [null] }),
            Peer::SameManufacturer => matches["ietf-mud:mud"] = json!({ "same-manufacturer": [null] }),
            Peer::LocalNetworks => matches["ietf-mud:mud"] = json!({ "local-networks": [null] }),
            Peer::Group(v4, v6) => {
                let group = match family {
                    "ipv4" => format!("{v4}/32"),
                    _ => format!("{v6}/128"),
                };
                matches[family][format!("destination-{family}-network")] = json!(group);
            }
        }
        if self.protocol == Protocol::Tcp {
            matches[layer]["ietf-mud:direction-initiated"] = json!("from-device");
        }
        matches
    }
}
