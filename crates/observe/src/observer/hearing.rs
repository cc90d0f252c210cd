//! What frames mean: announcements of Things, and leases that the router's own DHCP server gives them.
//!
//! What it is not: it reads no sockets and no clock.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Instant,
};

use mudguard_policy::MacAddress;

use super::{
    neighbours::Neighbours,
    questions::{Client, Question, Questions},
};
use crate::{
    Refusal, SightedBy, SightedUrl, Sighting,
    wire::{Content, Frame, dhcpv4, dhcpv6, lldp, mud_string::MudString},
};

/// The most Things of which is remembered on which port an address was lent to them.
const MOST_LENT: usize = 4096;

/// A port of the LAN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Port {
    /// The number of the interface.
    pub(super) index: u32,
    /// Its name.
    pub(super) name: String,
}

/// What came of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Something was seen.
    Sighting(Sighting),
    /// An LLDP neighbour is there that was not, or had departed: its addresses, which the kernel may have known all the time, are its own
    /// again.
    Returned(MacAddress),
    /// It is refused, or a part of it.
    Refused(Refusal),
}

/// What is remembered of the frames before.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    questions: Questions,
    lent: BTreeMap<MacAddress, String>,
    neighbours: Neighbours,
}

impl Hearing {
    /// A port is gone.
    pub(super) fn forget_port(&mut self, index: u32) {
        self.questions.forget_port(index);
    }

    /// Understands what came in from a Thing.
    pub(super) fn thing_said(&mut self, port: &Port, frame: Frame, now: Instant) -> Vec<Heard> {
        match frame.content {
            Content::Dhcpv4 { message, .. } => heard(self.client_v4(port, message, now)),
            Content::Dhcpv6 { message, .. } => heard(self.client_v6(port, frame.source, message, now)),
            Content::Lldp(announcement) => self.neighbour_said(port, frame.source, announcement, now),
            Content::Other => Vec::new(),
        }
    }

    /// Understands what the router itself sent.
    pub(super) fn router_said(&mut self, content: &Content, now: Instant) -> Vec<Heard> {
        match content {
            Content::Dhcpv4 { message, .. } => heard(self.server_v4(message, now)),
            Content::Dhcpv6 { message, .. } => heard(self.server_v6(message, now)),
            Content::Lldp(_) | Content::Other => Vec::new(),
        }
    }

    /// Which LLDP neighbours have not been heard of for too long.
    pub(super) fn departed(&mut self, now: Instant) -> Vec<Sighting> {
        self.neighbours.departed(now)
    }

    /// When the next LLDP neighbour will have been silent for too long.
    pub(super) fn next_departure(&self) -> Option<Instant> {
        self.neighbours.next_departure()
    }

    fn client_v4(
        &mut self,
        port: &Port,
        message: dhcpv4::Message,
        now: Instant,
    ) -> Result<Vec<Heard>, Refusal> {
        use dhcpv4::MessageType as Type;
        let mac = message.client;
        let given_up = match message.kind {
            Type::Discover | Type::Request | Type::Inform => {
                let question = Question {
                    mac,
                    port: port.name.clone(),
                    transaction: message.transaction,
                    address: Some(message.requested.unwrap_or(message.client_address).into()),
                };
                self.questions.ask(port.index, Client::Dhcpv4(mac), question, now);
                return Ok(announced(
                    mac,
                    port,
                    SightedBy::Dhcpv4,
                    message.mud_string,
                    message.host_name,
                ));
            }
            Type::Release => message.client_address,
            Type::Decline => message.requested.ok_or(Refusal::DhcpLeaseAddress)?,
            Type::Offer | Type::Ack | Type::Nak => return Err(Refusal::ServerOnLan),
        };
        self.gives_up(mac, port, [lendable_v4(given_up)])
    }

    fn client_v6(
        &mut self,
        port: &Port,
        source: MacAddress,
        message: dhcpv6::Message,
        now: Instant,
    ) -> Result<Vec<Heard>, Refusal> {
        let mac = message.relayed_for.unwrap_or(source);
        let client = message.client_id.map(Client::Dhcpv6);
        if !message.kind.is_from_client() {
            // The kernel of a router lets a Thing send through it from the router's own address on the link (it does not for IPv4), and
            // the frame that then goes out is in no way different from one of the router's server.
            if let Some(client) = client {
                self.questions.forged(&client, message.transaction);
            }
            return Err(Refusal::ServerOnLan);
        }
        if !message.kind.announces() {
            let addresses = message.addresses.iter().map(|lease| lendable_v6(lease.address));
            return self.gives_up(mac, port, addresses);
        }
        if let Some(client) = client {
            let question = Question {
                mac,
                port: port.name.clone(),
                transaction: message.transaction,
                address: None,
            };
            self.questions.ask(port.index, client, question, now);
        }
        Ok(announced(
            mac,
            port,
            SightedBy::Dhcpv6,
            message.mud_string,
            message.host_name,
        ))
    }

    fn neighbour_said(
        &mut self,
        port: &Port,
        mac: MacAddress,
        announcement: lldp::Announcement,
        now: Instant,
    ) -> Vec<Heard> {
        let url = announcement.mud_string.url();
        if announcement.time_to_live.is_zero() || url == SightedUrl::Nothing {
            // It shuts down, or it no longer says what it said.
            let departed = self.neighbours.forget(mac, port).map(Heard::Sighting);
            if announcement.time_to_live.is_zero() {
                return departed.into_iter().collect();
            }
            let mut heard: Vec<_> = departed.into_iter().collect();
            heard.extend(announced(
                mac,
                port,
                SightedBy::Lldp,
                announcement.mud_string,
                announcement.system_name,
            ));
            return heard;
        }
        let new = self
            .neighbours
            .remember(mac, port, now + announcement.time_to_live);
        let mut heard = announced(
            mac,
            port,
            SightedBy::Lldp,
            announcement.mud_string,
            announcement.system_name,
        );
        heard.extend(new.then_some(Heard::Returned(mac)));
        heard
    }

    fn server_v4(&mut self, message: &dhcpv4::Message, now: Instant) -> Result<Vec<Heard>, Refusal> {
        use dhcpv4::MessageType as Type;
        let client = Client::Dhcpv4(message.client);
        match message.kind {
            // An offer binds nobody, and an answer to INFORM lends nothing.
            Type::Offer => Ok(Vec::new()),
            Type::Ack if message.your_address.is_unspecified() => Ok(Vec::new()),
            Type::Ack => {
                let question = self.questions.asked(&client, message.transaction, now)?;
                let (mac, port) = (question.mac, question.port.clone());
                let leased = Sighting::Leased {
                    mac,
                    port: port.clone(),
                    address: lendable_v4(message.your_address)?,
                    lifetime: message.lease_time.ok_or(Refusal::DhcpLeaseTime)?,
                };
                self.remember_lent(mac, port);
                Ok(vec![Heard::Sighting(leased)])
            }
            Type::Nak => {
                let question = self.questions.asked(&client, message.transaction, now)?;
                let refused = question.address.map(|address| Sighting::Released {
                    mac: question.mac,
                    address,
                });
                Ok(refused.map(Heard::Sighting).into_iter().collect())
            }
            Type::Discover | Type::Request | Type::Inform | Type::Release | Type::Decline => {
                Err(Refusal::DhcpDirection)
            }
        }
    }

    fn server_v6(&mut self, message: &dhcpv6::Message, now: Instant) -> Result<Vec<Heard>, Refusal> {
        if message.kind != dhcpv6::MessageType::Reply || message.addresses.is_empty() {
            return Ok(Vec::new());
        }
        let client = message.client_id.clone().ok_or(Refusal::Dhcpv6Option)?;
        let question = self
            .questions
            .asked(&Client::Dhcpv6(client), message.transaction, now)?;
        let (mac, port) = (question.mac, question.port.clone());
        let heard = message
            .addresses
            .iter()
            .map(|lease| match lendable_v6(lease.address) {
                Err(refusal) => Heard::Refused(refusal),
                Ok(address) if lease.lifetime.is_zero() => {
                    Heard::Sighting(Sighting::Released { mac, address })
                }
                Ok(address) => Heard::Sighting(Sighting::Leased {
                    mac,
                    port: port.clone(),
                    address,
                    lifetime: lease.lifetime,
                }),
            })
            .collect();
        self.remember_lent(mac, port);
        Ok(heard)
    }

    /// A Thing gives up addresses, which only the one to whom they were lent can do.
    fn gives_up(
        &self,
        mac: MacAddress,
        port: &Port,
        addresses: impl IntoIterator<Item = Result<IpAddr, Refusal>>,
    ) -> Result<Vec<Heard>, Refusal> {
        if self.lent.get(&mac).is_some_and(|lent| *lent != port.name) {
            return Err(Refusal::ReleasedElsewhere);
        }
        let released = addresses.into_iter().map(|address| match address {
            Ok(address) => Heard::Sighting(Sighting::Released { mac, address }),
            Err(refusal) => Heard::Refused(refusal),
        });
        Ok(released.collect())
    }

    fn remember_lent(&mut self, mac: MacAddress, port: String) {
        if self.lent.len() >= MOST_LENT && !self.lent.contains_key(&mac) {
            self.lent.pop_first();
        }
        self.lent.insert(mac, port);
    }
}

fn heard(heard: Result<Vec<Heard>, Refusal>) -> Vec<Heard> {
    heard.unwrap_or_else(|refusal| vec![Heard::Refused(refusal)])
}

fn announced(
    mac: MacAddress,
    port: &Port,
    channel: SightedBy,
    mud_string: MudString,
    host_name: Option<String>,
) -> Vec<Heard> {
    let twice = mud_string == MudString::Twice;
    let announced = Heard::Sighting(Sighting::Announced {
        mac,
        port: port.name.clone(),
        channel,
        url: mud_string.url(),
        host_name,
    });
    let twice = twice.then_some(Heard::Refused(Refusal::MudUrlTwice));
    [announced].into_iter().chain(twice).collect()
}

/// An address that can be lent to a Thing.
fn lendable_v4(address: Ipv4Addr) -> Result<IpAddr, Refusal> {
    let [first, ..] = address.octets();
    if matches!(first, 1..=223) && !address.is_loopback() {
        Ok(address.into())
    } else {
        Err(Refusal::DhcpLeaseAddress)
    }
}

/// An address that can be lent to a Thing.
fn lendable_v6(address: Ipv6Addr) -> Result<IpAddr, Refusal> {
    let never = address.is_unspecified()
        || address.is_loopback()
        || address.is_multicast()
        || address.is_unicast_link_local()
        || address.to_ipv4_mapped().is_some();
    if never {
        Err(Refusal::DhcpLeaseAddress)
    } else {
        Ok(address.into())
    }
}
