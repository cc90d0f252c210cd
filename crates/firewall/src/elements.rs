//! The way of an answer: addresses become reachable for a Thing before it is told them.
//!
//! One lock orders answers and policy changes. An answer that comes during a change waits for its end, finds the index of the new
//! policy, and writes to the new sets; one that came before is in the memory that the change writes back.

use std::{
    collections::HashMap,
    io,
    net::IpAddr,
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

use mudguard_policy::{Family, MacAddress};
use tokio::sync::Mutex;

use crate::{
    ElementError,
    answers::{ADDRESSES_PER_NAME, Answers, TTL_AT_MOST, canonical},
    flows::InForce,
    key::{Key, Part},
    lower::Index,
    netlink::elements::{ElementSocket, Wanted},
    sets::Plane,
    skeleton::bound,
    table::Standing,
};

/// At most so many names of one answer are looked at: a chain of aliases is not longer.
const NAMES: usize = 16;

/// Makes addresses reachable; a handle that may be cloned.
#[derive(Clone, Debug)]
pub struct Elements {
    shared: Arc<Shared>,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Whether the Thing is managed.
    pub managed: bool,
    /// How many of the addresses have elements in the kernel now.
    pub opened: usize,
    /// How long the Thing may keep the answer, in seconds: its elements live longer than that.
    pub ttl_at_most: u32,
}

/// What the parts of the firewall share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) state: Arc<Mutex<State>>,
    owner: RwLock<HashMap<IpAddr, MacAddress>>,
}

/// What answers and policy changes must not touch at the same time.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) socket: ElementSocket,
    pub(crate) answers: Answers,
    /// Whether this daemon has loaded a ruleset.
    pub(crate) has_ruleset: bool,
    /// What the last ruleset left in the kernel, table by table.
    pub(crate) standing: Vec<Standing>,
    /// Of the ruleset in force.
    pub(crate) index: Index,
    pub(crate) in_force: InForce,
}

impl Shared {
    /// Without a ruleset.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            state: Arc::new(Mutex::new(State {
                socket: ElementSocket::open()?,
                answers: Answers::default(),
                has_ruleset: false,
                standing: Vec::new(),
                index: Index::new(),
                in_force: InForce::default(),
            })),
            owner: RwLock::default(),
        })
    }

    /// Sets who has which address.
    pub(crate) fn set_owner(&self, owner: HashMap<IpAddr, MacAddress>) {
        *self.owner.write().unwrap_or_else(PoisonError::into_inner) = owner;
    }

    /// The Thing to which an address is bound.
    pub(crate) fn thing_at(&self, address: IpAddr) -> Option<MacAddress> {
        let owner = self.owner.read().unwrap_or_else(PoisonError::into_inner);
        owner.get(&address).copied()
    }
}

impl Elements {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The Thing to which this address is bound.
    #[must_use]
    pub fn thing_at(&self, address: IpAddr) -> Option<MacAddress> {
        self.shared.thing_at(address)
    }

    /// Binds an address that this router's own DHCP server has just lent, without waiting for the ruleset in which the manager says so:
    /// the first packets of a managed Thing would otherwise be dropped as those of somebody else. The next ruleset replaces it.
    ///
    /// # Errors
    /// The kernel did not take it.
    pub async fn bind(&self, thing: MacAddress, address: IpAddr) -> Result<(), ElementError> {
        let mut state = self.shared.state.lock().await;
        for plane in [Plane::Routed, Plane::Bridged] {
            let key = Key {
                plane,
                set: bound(Family::of(address)).into(),
                parts: vec![Part::Mac(thing), Part::Address(address)],
            };
            match state.socket.add(&key) {
                // Not every kernel has a table for bridges.
                Err(error) if plane == Plane::Bridged && error.kind() == io::ErrorKind::NotFound => {}
                result => result.map_err(refused)?,
            }
        }
        Ok(())
    }

    /// Makes the addresses that are about to be told to a Thing for `names` (the name asked for, then its aliases) reachable for it, and
    /// returns when the kernel has them. The answer is remembered, also for a Thing that is not managed, so that a policy that comes
    /// later opens it too. Of each name 32 addresses are kept.
    ///
    /// # Errors
    /// The kernel does not have the elements, or will not have all of them: the addresses must not be told.
    pub async fn answered(
        &self,
        thing: MacAddress,
        names: &[&str],
        addresses: &[(IpAddr, u32)],
    ) -> Result<Told, ElementError> {
        let names: Vec<_> = names.iter().take(NAMES).map(|name| canonical(name)).collect();
        let mut state = self.shared.state.lock().await;
        let now = Instant::now();
        state.answered(thing, &names, addresses, now)
    }
}

impl State {
    fn answered(
        &mut self,
        thing: MacAddress,
        names: &[Arc<str>],
        addresses: &[(IpAddr, u32)],
        now: Instant,
    ) -> Result<Told, ElementError> {
        let index = self.index.get(&thing);
        let has_rule =
            index.is_some_and(|index| names.iter().any(|name| index.openings.contains_key(&**name)));
        if has_rule && addresses.len() > ADDRESSES_PER_NAME {
            return Err(ElementError::TooManyAddresses(addresses.len()));
        }
        let addresses = &addresses[..addresses.len().min(ADDRESSES_PER_NAME)];
        let left = self.answers.remember(thing, names, addresses, index, now);
        let mut told = Told {
            managed: index.is_some(),
            opened: 0,
            ttl_at_most: TTL_AT_MOST,
        };
        let Some(index) = index else { return Ok(told) };
        let mut wanted = Vec::new();
        for (address, _) in addresses {
            let keys = self.answers.keys_of(thing, index, *address, now);
            told.opened += usize::from(!keys.is_empty());
            wanted.extend(keys);
        }
        let mut unwanted: Vec<Key> = Vec::new();
        for (name, address) in left {
            let kept = self.answers.keys_of(thing, index, address, now);
            let openings = index.openings.get(&*name).into_iter().flatten();
            let keys = openings.flat_map(|opening| opening.keys(thing, &index.addresses, address));
            unwanted.extend(keys.filter(|key| !kept.contains_key(key)));
        }
        let wanted: Vec<_> = wanted
            .iter()
            .map(|(key, (ends, comment))| Wanted {
                key,
                lifetime: ends.saturating_duration_since(now),
                comment,
            })
            .collect();
        self.socket.write(&wanted, &unwanted).map_err(refused)?;
        Ok(told)
    }
}

fn refused(error: io::Error) -> ElementError {
    if error.kind() == io::ErrorKind::NotFound {
        ElementError::TablesGone
    } else {
        ElementError::Refused(error)
    }
}
