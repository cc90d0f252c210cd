//! What is seen on the LAN becomes events; a change of the LAN's own addresses makes the home be read anew.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail};
use mudguard_firewall::Elements;
use mudguard_manager::{Announced, Announcement, Channel, Event, Snapshot};
use mudguard_observe::{Counters, Observer, SightedBy, SightedUrl, Sighting};
use mudguard_web::Seen;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, interval, sleep_until},
};
use tracing::{debug, warn};

use super::{
    home::{self, Network},
    places::{self, Place},
};

/// Addresses come and go in groups: the home is read so long after the first of them.
const CALM: Duration = Duration::from_millis(300);

/// How often what was counted is shown anew.
const COUNTING: Duration = Duration::from_secs(5);

/// How soon the home is read again when its interface is not there.
const AGAIN: Duration = Duration::from_secs(5);

/// Hears the observer for as long as the gateway runs.
pub(crate) async fn run(
    mut observer: Observer,
    mut sightings: mpsc::Receiver<Sighting>,
    networks: Vec<Network>,
    seen: watch::Sender<Seen>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    elements: Elements,
    events: mpsc::Sender<Event>,
) -> anyhow::Result<()> {
    let mut reading = None;
    let mut counting = interval(COUNTING);
    loop {
        let event = tokio::select! {
            error = observer.ended() => return Err(error.into()),
            sighting = sightings.recv() => match sighting {
                Some(Sighting::AddressesChanged) => {
                    reading.get_or_insert_with(|| Instant::now() + CALM);
                    continue;
                }
                Some(sighting) => match event(sighting) {
                    Some(event) => {
                        let place = places::of(&event, &snapshots.borrow());
                        match place {
                            Place::Own => event,
                            Place::Moved(moved) => {
                                events.send(moved).await.context("the manager has ended")?;
                                event
                            }
                            Place::Doubtful(forged) => forged,
                        }
                    }
                    None => continue,
                },
                None => bail!("nothing is observed any more"),
            },
            _ = counting.tick() => {
                let now = counted(&observer.counters());
                seen.send_if_modified(|before| {
                    let news = *before != now;
                    *before = now;
                    news
                });
                continue;
            }
            () = until(reading) => match home::read(&networks) {
                Ok(home) => {
                    reading = None;
                    Event::HomeChanged(home)
                }
                Err(error) => {
                    warn!(error = format!("{error:#}"), "the home is taken for what it was");
                    reading = Some(Instant::now() + AGAIN);
                    continue;
                }
            },
        };
        if let Event::Leased { mac, address, .. } = &event
            && let Err(error) = elements.bind(*mac, *address).await
        {
            debug!(%error, "a lease counts once the manager's rules are loaded");
        }
        events.send(event).await.context("the manager has ended")?;
    }
}

/// What was counted, as it is shown.
fn counted(counters: &Counters) -> Seen {
    let refused = counters.refused.iter();
    Seen {
        frames: counters.frames,
        frames_lost: counters.frames_lost,
        sightings_lost: counters.sightings_lost,
        refused: refused
            .map(|(refusal, count)| (refusal.name().to_owned(), *count))
            .collect(),
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// The event of a sighting, if it is one.
fn event(sighting: Sighting) -> Option<Event> {
    Some(match sighting {
        Sighting::Announced {
            mac,
            port,
            channel,
            url,
            host_name,
        } => Event::Announced(Announcement {
            mac,
            port,
            channel: match channel {
                SightedBy::Dhcpv4 => Channel::Dhcpv4,
                SightedBy::Dhcpv6 => Channel::Dhcpv6,
                SightedBy::Lldp => Channel::Lldp,
            },
            url: match url {
                SightedUrl::Url(url) => Announced::Url(url),
                SightedUrl::Refused(text, error) => Announced::Refused(text, error),
                SightedUrl::Nothing => Announced::Nothing,
            },
            host_name,
        }),
        Sighting::Leased {
            mac,
            port,
            address,
            lifetime,
        } => Event::Leased {
            mac,
            port,
            address,
            lifetime,
        },
        Sighting::Released { mac, address } => Event::Released { mac, address },
        Sighting::Neighbour { mac, address } => Event::Neighbour { mac, address },
        // What a Thing said stays its MUD URL (RFC 8520 section 16); its addresses may go.
        Sighting::Departed { mac, port, .. } => Event::Departed { mac, port },
        Sighting::Forged { mac, port } => Event::Forged { mac, port },
        Sighting::AddressesChanged => return None,
    })
}

#[cfg(test)]
mod tests {
    use mudguard_mud::{MudUrl, MudUrlError};
    use mudguard_policy::MacAddress;

    use super::*;

    const LAMP: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);

    fn announced(channel: SightedBy, url: SightedUrl) -> Announcement {
        let sighting = Sighting::Announced {
            mac: LAMP,
            port: "lan1".to_owned(),
            channel,
            url,
            host_name: Some("lamp".to_owned()),
        };
        match event(sighting) {
            Some(Event::Announced(announcement)) => announcement,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_announcement_keeps_what_the_thing_said_and_how() {
        let url = MudUrl::parse("https://maker.example/lamp").unwrap();
        let heard = announced(SightedBy::Lldp, SightedUrl::Url(url.clone()));
        assert_eq!(heard.channel, Channel::Lldp);
        assert_eq!(heard.url, Announced::Url(url));
        assert_eq!(
            (heard.mac, heard.port.as_str(), heard.host_name.as_deref()),
            (LAMP, "lan1", Some("lamp"))
        );
    }

    #[test]
    fn a_refused_url_keeps_its_reason() {
        let error: MudUrlError = MudUrl::parse("http://maker.example/lamp").unwrap_err();
        let heard = announced(
            SightedBy::Dhcpv4,
            SightedUrl::Refused("http://maker.example/lamp".to_owned(), error),
        );
        assert_eq!(
            heard.url,
            Announced::Refused("http://maker.example/lamp".to_owned(), error)
        );
    }

    #[test]
    fn a_change_of_this_routers_addresses_is_no_event_of_a_thing() {
        assert!(event(Sighting::AddressesChanged).is_none());
    }
}
