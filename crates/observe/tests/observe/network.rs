//! An observer in the router of a home, and raw frames from its Things.

use std::{io::Write, net::IpAddr, time::Duration};

use mudguard_observe::{Observer, Sighting};
use mudguard_policy::MacAddress;
use mudguard_tests::home::{Home, Namespace, Thing};
use pnet::datalink::{self, Channel, Config, DataLinkSender, NetworkInterface};
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc,
    time::timeout,
};

/// For what happens at once unless something is wrong.
pub(crate) const SOON: Duration = Duration::from_secs(5);

/// For what does not happen: how long to wait before believing it.
pub(crate) const NEVER: Duration = Duration::from_millis(300);

/// An observer, and what it has said.
pub(crate) struct Observed {
    pub(crate) observer: Observer,
    pub(crate) sightings: mpsc::Receiver<Sighting>,
    pub(crate) runtime: Runtime,
    pub(crate) seen: Vec<Sighting>,
}

impl Observed {
    /// Observes interfaces of a namespace.
    pub(crate) fn start(namespace: &Namespace, interfaces: &[&str]) -> Self {
        Self::start_with_room(namespace, interfaces, 4096)
    }

    /// The same, with room for only so many sightings that nobody has received.
    pub(crate) fn start_with_room(namespace: &Namespace, interfaces: &[&str], room: usize) -> Self {
        let (sender, sightings) = mpsc::channel(room);
        let interfaces = interfaces.iter().map(|&name| name.to_owned()).collect();
        let observer = namespace
            .enter(|| Observer::start(interfaces, sender))
            .unwrap()
            .unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        Self {
            observer,
            sightings,
            runtime,
            seen: Vec::new(),
        }
    }

    /// Waits for a sighting in which `find` finds something.
    pub(crate) fn wait<T>(&mut self, what: &str, find: impl Fn(&Sighting) -> Option<T>) -> T {
        self.runtime
            .block_on(async {
                let waiting = async {
                    loop {
                        let sighting = self.sightings.recv().await.expect("the observer has ended");
                        self.seen.push(sighting.clone());
                        if let Some(found) = find(&sighting) {
                            return found;
                        }
                    }
                };
                timeout(SOON, waiting).await
            })
            .unwrap_or_else(|_| {
                panic!(
                    "{what} was not seen; seen: {:#?}, counted: {:#?}",
                    self.seen,
                    self.observer.counters()
                )
            })
    }

    /// What has been seen and not been waited for.
    pub(crate) fn try_seen(&mut self) -> Vec<Sighting> {
        let new: Vec<_> = std::iter::from_fn(|| self.sightings.try_recv().ok()).collect();
        self.seen.extend(new.iter().cloned());
        new
    }

    /// Waits for an announcement of this Thing, and returns its port and its MUD URL as debug text.
    pub(crate) fn announced(&mut self, mac: MacAddress) -> (String, mudguard_observe::SightedUrl) {
        self.wait(&format!("an announcement of {mac}"), |sighting| {
            let Sighting::Announced {
                mac: who, port, url, ..
            } = sighting
            else {
                return None;
            };
            (*who == mac).then(|| (port.clone(), url.clone()))
        })
    }

    /// Waits for a lease of this Thing.
    pub(crate) fn leased(&mut self, mac: MacAddress) -> (String, IpAddr, Duration) {
        self.wait(&format!("a lease of {mac}"), |sighting| {
            let Sighting::Leased {
                mac: who,
                port,
                address,
                lifetime,
            } = sighting
            else {
                return None;
            };
            (*who == mac).then(|| (port.clone(), *address, *lifetime))
        })
    }

    /// Waits until this counter has this value at least.
    pub(crate) fn counted(&self, refusal: mudguard_observe::Refusal, at_least: u64) {
        mudguard_tests::home::until(SOON, || {
            Ok((self.observer.counters().refused(refusal) >= at_least).then_some(()))
        })
        .unwrap_or_else(|_| panic!("{refusal} was not counted: {:#?}", self.observer.counters()));
    }
}

/// The MAC address of a Thing.
pub(crate) fn mac(thing: &Thing) -> MacAddress {
    thing.mac().parse().unwrap()
}

/// Connects the cable of a Thing without letting it ask for an address.
pub(crate) fn connect(home: &Home, thing: &Thing) {
    home.router()
        .ip(&format!("link set {} up\n", thing.port()))
        .unwrap();
    mudguard_tests::home::until(SOON, || {
        let state = home.router().run("bridge", ["link", "show"])?;
        let port = format!(" {}@", thing.port());
        let forwards = state
            .lines()
            .any(|line| line.contains(&port) && line.contains("state forwarding"));
        let carrier = thing.run("ip", ["link", "show", "eth0"])?.contains("state UP");
        Ok((forwards && carrier).then_some(()))
    })
    .unwrap();
}

/// Sends frames from an interface of a namespace as they are.
pub(crate) struct Sender(Box<dyn DataLinkSender>);

impl Sender {
    /// A sender on this interface.
    pub(crate) fn new(namespace: &Namespace, interface: &str) -> Self {
        let open = || {
            let index = nix::net::if_::if_nametoindex(interface).unwrap();
            let interface = NetworkInterface {
                name: interface.to_owned(),
                description: String::new(),
                index,
                mac: None,
                ips: Vec::new(),
                flags: 0,
            };
            match datalink::channel(&interface, Config::default()).unwrap() {
                Channel::Ethernet(sender, _) => sender,
                _ => unreachable!("it was asked for Ethernet"),
            }
        };
        Self(namespace.enter(open).unwrap())
    }

    /// Sends a frame.
    pub(crate) fn send(&mut self, frame: &[u8]) {
        self.0.send_to(frame, None).unwrap().unwrap();
    }
}

/// Says that a test is left out, past the capture of the test runner.
pub(crate) fn left_out(reason: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // There is nobody to tell that it cannot be told.
    let _ = writeln!(std::io::stderr(), "LEFT OUT {test}: {reason}");
}
