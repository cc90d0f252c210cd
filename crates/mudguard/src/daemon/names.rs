//! The owner of the resolver's LAN side: it listens on every address of the LAN, also on those that come later.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr, SocketAddrV6, UdpSocket},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use ipnet::IpNet;
use mudguard_manager::{Home, Snapshot};
use mudguard_resolver::{FrontEnd, ListenError, MoreAddresses, Resolver};
use nix::net::if_::if_nametoindex;
use tokio::{
    sync::watch,
    task::{AbortHandle, JoinSet},
    time::sleep,
};
use tracing::{info, warn};

use super::answers::Answers;
use crate::config::{Config, resolver::PORT};

/// How soon an address that could not be bound is tried again: a new IPv6 address is checked for duplicates first (RFC 4862).
const AGAIN: Duration = Duration::from_secs(1);

/// How often that is done at the start before it is given up.
const PATIENCE: u32 = 15;

/// The LAN side of the resolver.
pub(crate) struct Names {
    front_ends: Vec<FrontEnd<Answers>>,
    more: MoreAddresses<Answers>,
    configured: Vec<SocketAddr>,
}

/// Starts the resolver on the addresses that the system lets it have; [`Names::run`] adds those that come later.
///
/// # Errors
/// If there is none, another program listens on one, or the resolver's configuration is wrong.
pub(crate) async fn start(
    config: &Config,
    home: &Home,
    sink: Arc<Answers>,
) -> anyhow::Result<(Resolver, Names)> {
    let configured = config.resolver.listen.get_ref().clone();
    let (first, others) = wait_for_addresses(home, &configured).await?;
    let treat_as_global = config.laboratory.treat_as_global.clone();
    let resolver = config.resolver.to_config(
        vec![first],
        prefixes(home),
        treat_as_global,
        config.fetch.tls_roots.get_ref(),
    )?;
    let (resolver, first) = Resolver::start(resolver, sink)
        .await
        .context("the resolver does not start")?;
    let more = first.more();
    let mut front_ends = vec![first];
    for address in others {
        // Another program on the port is there to stay, and half of the LAN would ask it.
        front_ends.push(
            more.bind(&[address])
                .await
                .context("the resolver does not start")?,
        );
    }
    Ok((
        resolver,
        Names {
            front_ends,
            more,
            configured,
        },
    ))
}

/// An address on which to listen, and all others that are there.
async fn wait_for_addresses(
    home: &Home,
    configured: &[SocketAddr],
) -> anyhow::Result<(SocketAddr, Vec<SocketAddr>)> {
    for _ in 0..PATIENCE {
        let mut listen = wanted(home, configured)
            .into_iter()
            .filter(|address| is_there(*address));
        if let Some(first) = listen.next() {
            return Ok((first, listen.collect()));
        }
        sleep(AGAIN).await;
    }
    bail!("no address of the LAN is ready, so the resolver cannot listen; give the LAN interface an address")
}

impl Names {
    /// Answers the LAN for as long as the gateway runs.
    pub(crate) async fn run(mut self, mut snapshots: watch::Receiver<Arc<Snapshot>>) -> anyhow::Result<()> {
        let mut served: BTreeMap<SocketAddr, AbortHandle> = BTreeMap::new();
        let mut missing = BTreeSet::new();
        let mut front_ends = JoinSet::new();
        for front_end in self.front_ends.drain(..) {
            serve(front_end, &mut served, &mut front_ends);
        }
        loop {
            let home = snapshots.borrow_and_update().home.clone();
            self.more.lan(prefixes(&home));
            let wanted = wanted(&home, &self.configured);
            missing.retain(|address| wanted.contains(address));
            served.retain(|address, front_end| {
                let stays = wanted.contains(address);
                if !stays {
                    info!(%address, "names are no longer answered here");
                    front_end.abort();
                }
                stays
            });
            for address in wanted {
                if served.contains_key(&address) {
                    continue;
                }
                match self.more.bind(&[address]).await {
                    Ok(front_end) => {
                        missing.remove(&address);
                        serve(front_end, &mut served, &mut front_ends);
                    }
                    Err(error) if missing.insert(address) => warn!(%error, "names are not answered here yet"),
                    Err(_) => {}
                }
            }
            wait(&home, !missing.is_empty(), &mut snapshots, &mut front_ends).await?;
        }
    }
}

/// Waits until there may be something to do.
async fn wait(
    home: &Home,
    missing: bool,
    snapshots: &mut watch::Receiver<Arc<Snapshot>>,
    front_ends: &mut JoinSet<Result<(), ListenError>>,
) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            changed = snapshots.changed() => {
                changed.context("the manager has ended")?;
                if snapshots.borrow_and_update().home != *home {
                    return Ok(());
                }
            }
            () = sleep(AGAIN), if missing => return Ok(()),
            Some(ended) = front_ends.join_next() => match ended {
                Ok(result) => result?,
                Err(error) if error.is_cancelled() => {}
                Err(error) => return Err(error.into()),
            },
        }
    }
}

fn serve(
    front_end: FrontEnd<Answers>,
    served: &mut BTreeMap<SocketAddr, AbortHandle>,
    front_ends: &mut JoinSet<Result<(), ListenError>>,
) {
    let addresses = front_end.addresses();
    let handle = front_ends.spawn(front_end.run(std::future::pending()));
    for address in addresses {
        info!(%address, "names are answered here");
        served.insert(address, handle.clone());
    }
}

/// Where the resolver shall listen.
fn wanted(home: &Home, configured: &[SocketAddr]) -> BTreeSet<SocketAddr> {
    if !configured.is_empty() {
        return configured.iter().copied().collect();
    }
    let lans = home.lans.iter();
    lans.flat_map(|lan| {
        lan.addresses
            .iter()
            .map(|address| socket(*address, &lan.interface))
    })
    .collect()
}

/// A link-local address holds on one link only, so it carries the link's number.
fn socket(address: IpAddr, interface: &str) -> SocketAddr {
    match address {
        IpAddr::V6(address) if address.is_unicast_link_local() => {
            SocketAddrV6::new(address, PORT, 0, if_nametoindex(interface).unwrap_or(0)).into()
        }
        IpAddr::V4(_) | IpAddr::V6(_) => SocketAddr::new(address, PORT),
    }
}

fn prefixes(home: &Home) -> Vec<IpNet> {
    home.lans
        .iter()
        .flat_map(|lan| lan.prefixes.iter().copied())
        .collect()
}

/// Whether the system lets an address be used: on any port, since who has ours is another question.
fn is_there(address: SocketAddr) -> bool {
    let mut any_port = address;
    any_port.set_port(0);
    UdpSocket::bind(any_port).is_ok()
}

#[cfg(test)]
mod tests {
    use mudguard_manager::Lan;

    use super::*;

    fn home() -> Home {
        Home {
            lans: vec![Lan {
                interface: "lo".to_owned(),
                addresses: vec!["192.168.1.1".parse().unwrap(), "fe80::1".parse().unwrap()],
                prefixes: vec!["192.168.1.0/24".parse().unwrap()],
                ..Lan::default()
            }],
        }
    }

    #[test]
    fn it_listens_on_every_address_of_the_lan_and_a_link_local_one_names_its_link() {
        let index = if_nametoindex("lo").unwrap();
        let link_local = SocketAddr::V6(SocketAddrV6::new("fe80::1".parse().unwrap(), 53, 0, index));
        let expected = BTreeSet::from(["192.168.1.1:53".parse().unwrap(), link_local]);
        assert_eq!(wanted(&home(), &[]), expected);
    }

    #[test]
    fn what_is_configured_is_all_that_it_listens_on() {
        let configured = ["192.0.2.1:5353".parse().unwrap()];
        assert_eq!(wanted(&home(), &configured), BTreeSet::from(configured));
    }

    #[test]
    fn an_address_that_no_interface_has_is_not_there() {
        assert!(is_there("127.0.0.1:53".parse().unwrap()));
        assert!(!is_there("192.0.2.1:53".parse().unwrap()));
    }
}
