//! What a home shall be, said before it is built.

use std::time::Duration;

use super::{Home, internet::Zones, thing::DhcpClient};

/// What a home shall be.
#[derive(Clone, Debug)]
pub struct HomeBuilder {
    pub(super) things: Vec<ThingPlan>,
    pub(super) lease_time: Duration,
    pub(super) zones: Zones,
}

/// What a Thing shall be.
#[derive(Clone, Debug)]
pub struct ThingPlan {
    pub(super) name: String,
    pub(super) mud_url: Option<String>,
    pub(super) client: DhcpClient,
}

impl Default for HomeBuilder {
    fn default() -> Self {
        Self {
            things: Vec::new(),
            lease_time: Duration::from_secs(600),
            zones: Zones::default(),
        }
    }
}

impl HomeBuilder {
    /// Adds a Thing. The first is on port `lan1` and has the MAC address 02:00:00:00:00:01, and so on.
    #[must_use]
    pub fn thing(mut self, thing: ThingPlan) -> Self {
        self.things.push(thing);
        self
    }

    /// Adds Things without a MUD URL, named `thing1` and so on.
    #[must_use]
    pub fn plain_things(mut self, count: usize) -> Self {
        self.things
            .extend((1..=count).map(|number| ThingPlan::new(&format!("thing{number}"))));
        self
    }

    /// How long the router lends addresses. For less than two minutes, the shortest time that dnsmasq knows, busybox `udhcpd` lends them.
    #[must_use]
    pub fn lease_time(mut self, time: Duration) -> Self {
        self.lease_time = time;
        self
    }

    /// Adds a server to the internet: a name under `example`, and the number that gives its addresses
    /// ([`server`](super::addresses::server)).
    #[must_use]
    pub fn host(mut self, name: &str, number: u8) -> Self {
        self.zones.hosts.push((name.to_owned(), number));
        self
    }

    /// Adds lines to the zone `example.` (RFC 1035 section 5), such as `short 2 A 198.51.100.11`.
    #[must_use]
    pub fn records(mut self, lines: &str) -> Self {
        self.zones.records += lines;
        self.zones.records += "\n";
        self
    }

    /// Adds so many names that nobody has asked for ([`fresh_name`](super::fresh_name)), each with addresses of its own
    /// ([`fresh`](super::addresses::fresh)).
    #[must_use]
    pub fn fresh_names(mut self, count: u16) -> Self {
        self.zones.fresh = count;
        self
    }

    /// Builds the home; it is removed when the result is dropped, or when this process ends in any other way.
    ///
    /// # Errors
    /// Without root, without the programs of [`crate::packages`], if two Things have one name, or if a step fails.
    pub fn build(self) -> anyhow::Result<Home> {
        Home::build(&self)
    }
}

impl ThingPlan {
    /// A Thing of this name, without a MUD URL, with busybox's DHCP client.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            mud_url: None,
            client: DhcpClient::Udhcpc,
        }
    }

    /// The MUD URL that it sends by DHCP (RFC 8520 section 10).
    #[must_use]
    pub fn mud_url(mut self, url: &str) -> Self {
        self.mud_url = Some(url.to_owned());
        self
    }

    /// Which DHCP client it runs.
    #[must_use]
    pub fn client(mut self, client: DhcpClient) -> Self {
        self.client = client;
        self
    }
}
