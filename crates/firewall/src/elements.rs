//! The way of an answer: addresses become reachable for a Thing before it is told them.
//!
//! One lock orders answers and changes of the ruleset; it is held for a netlink transaction and not for a run of nft. Answers that wait
//! for it are written in one transaction. An answer for a Thing that is about to get other sets waits until it has them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
    net::IpAddr,
    sync::{Arc, Mutex as Short, PoisonError, RwLock},
    time::{Duration, Instant},
};

use mudguard_manager::Snapshot;
use mudguard_policy::{Family, MacAddress};
use tokio::sync::{Mutex, Notify, oneshot};

use crate::{
    ElementError,
    answers::{ADDRESSES_PER_NAME, Answers, TTL_AT_MOST, canonical},
    encoded::Spot,
    firewall::LeftOut,
    flows::InForce,
    key::{Key, Part},
    lower::Index,
    netlink::batch::{Batch, BatchSocket, Said},
    own::Own,
    sets::Plane,
    skeleton::bound,
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
    pub(crate) state: Mutex<State>,
    /// Held while the kernel is brought to a snapshot.
    pub(crate) applying: Short<()>,
    /// Answers that are to be written.
    pub(crate) waiting: Short<Vec<Waiting>>,
    /// Told when no answer need wait any more.
    pub(crate) changed: Notify,
    pub(crate) own: Own,
    owner: RwLock<HashMap<IpAddr, MacAddress>>,
}

/// What answers and changes of the ruleset must not touch at the same time.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) socket: BatchSocket,
    pub(crate) batch: Batch,
    pub(crate) answers: Answers,
    /// Whether this daemon has loaded a ruleset.
    pub(crate) has_ruleset: bool,
    /// What the kernel has; `None` if that is not known.
    pub(crate) standing: Option<Arc<Standing>>,
    /// Of the ruleset in force.
    pub(crate) index: Index,
    pub(crate) in_force: InForce,
    pub(crate) left_out: BTreeMap<MacAddress, Vec<LeftOut>>,
    pub(crate) lent: Vec<Lent>,
    pub(crate) waits: Waits,
}

/// What the kernel has.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) snapshot: Snapshot,
    /// The numbers of our tables.
    pub(crate) tables: Vec<Option<u64>>,
}

/// An address that was bound because it had been lent.
#[derive(Debug)]
pub(crate) struct Lent {
    pub(crate) thing: MacAddress,
    pub(crate) address: IpAddr,
    pub(crate) key: Key,
    pub(crate) at: Instant,
}

/// Whose answers must wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    /// Nobody's.
    None,
    /// Those for these Things: they are getting new sets.
    For(BTreeSet<MacAddress>),
    /// Everybody's: it is not known what the kernel has.
    All,
}

/// An answer that is to be written.
#[derive(Debug)]
pub(crate) struct Waiting {
    thing: MacAddress,
    names: Vec<Arc<str>>,
    addresses: Vec<(IpAddr, u32)>,
    reply: oneshot::Sender<Result<Told, ElementError>>,
}

impl Shared {
    /// Without a ruleset.
    pub(crate) fn new() -> io::Result<Self> {
        let socket = BatchSocket::open()?;
        Ok(Self {
            own: Own::new(socket.port()),
            state: Mutex::new(State {
                socket,
                batch: Batch::default(),
                answers: Answers::default(),
                has_ruleset: false,
                standing: None,
                index: Index::new(),
                in_force: InForce::default(),
                left_out: BTreeMap::new(),
                lent: Vec::new(),
                waits: Waits::None,
            }),
            applying: Short::new(()),
            waiting: Short::default(),
            changed: Notify::new(),
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
        let State {
            batch, socket, lent, ..
        } = &mut *state;
        for plane in [Plane::Routed, Plane::Bridged] {
            let key = Key {
                plane,
                set: bound(Family::of(address)).into(),
                parts: vec![Part::Mac(thing), Part::Address(address)],
            };
            batch.begin();
            batch.add(Spot::from(&key).at(), Said::default());
            match socket.carry_out(batch) {
                // Not every kernel has a table for bridges.
                Err(error) if plane == Plane::Bridged && error.kind() == io::ErrorKind::NotFound => continue,
                result => result.map_err(refused)?,
            }
            self.shared.own.carried_out();
            lent.retain(|known| known.key != key);
            lent.push(Lent {
                thing,
                address,
                key,
                at: Instant::now(),
            });
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
        let (reply, mut told) = oneshot::channel();
        let waiting = Waiting {
            thing,
            names: names.iter().take(NAMES).map(|name| canonical(name)).collect(),
            addresses: addresses.to_vec(),
            reply,
        };
        let queue = &self.shared.waiting;
        queue.lock().unwrap_or_else(PoisonError::into_inner).push(waiting);
        loop {
            let changed = self.shared.changed.notified();
            self.shared.state.lock().await.answer_waiting(&self.shared);
            // Whoever had the lock may have written this answer too.
            match told.try_recv() {
                Ok(told) => return told,
                Err(oneshot::error::TryRecvError::Empty) => {}
                Err(oneshot::error::TryRecvError::Closed) => return Err(ElementError::TablesGone),
            }
            changed.await;
        }
    }
}

/// An element to be in the kernel for so long.
#[derive(Debug)]
struct Wanted {
    key: Key,
    lifetime: Duration,
    comment: Arc<str>,
    /// Nobody has put it there before.
    is_new: bool,
}

/// The elements of one answer.
#[derive(Debug, Default)]
struct Needed {
    wanted: Vec<Wanted>,
    unwanted: Vec<Key>,
}

impl State {
    /// Writes the answers that wait in one transaction, but for those that must wait longer.
    pub(crate) fn answer_waiting(&mut self, shared: &Shared) {
        let mut queue = shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = &self.waits;
        let must_wait = |waiting: &Waiting| match waits {
            Waits::None => false,
            Waits::For(things) => things.contains(&waiting.thing),
            Waits::All => true,
        };
        let (later, ready): (Vec<_>, Vec<_>) = std::mem::take(&mut *queue).into_iter().partition(must_wait);
        *queue = later;
        drop(queue);
        let now = Instant::now();
        let answered: Vec<_> = ready
            .into_iter()
            .map(|waiting| (self.remember(&waiting, now), waiting.reply))
            .collect();
        let all = answered.iter().filter_map(|(answer, _)| answer.as_ref().ok());
        let together = self.write(all.map(|(_, elements)| elements), shared);
        let is_alone = answered.len() == 1;
        let mut together = Some(together);
        for (answer, reply) in answered {
            let result = answer.and_then(|(told, elements)| {
                let written = match &together {
                    Some(Ok(())) => Ok(()),
                    // What is wrong with one answer must not keep the others back.
                    Some(Err(_)) if !is_alone => self.write([&elements].into_iter(), shared),
                    _ => together.take().unwrap_or(Ok(())),
                };
                written.map_err(refused).map(|()| told)
            });
            // Who asked may have gone.
            let _ = reply.send(result);
        }
    }

    fn write<'a>(&mut self, answers: impl Iterator<Item = &'a Needed>, shared: &Shared) -> io::Result<()> {
        self.batch.begin();
        for elements in answers {
            for key in &elements.unwanted {
                self.batch.make_sure_it_is_not_there(Spot::from(key).at());
            }
            for wanted in &elements.wanted {
                let said = Said {
                    chain: None,
                    comment: Some(&wanted.comment),
                    lifetime: Some(wanted.lifetime),
                };
                let spot = Spot::from(&wanted.key);
                if wanted.is_new {
                    self.batch.add(spot.at(), said);
                } else {
                    self.batch.refresh(spot.at(), said);
                }
            }
        }
        if self.batch.is_empty() {
            return Ok(());
        }
        self.socket.carry_out(&mut self.batch)?;
        shared.own.carried_out();
        Ok(())
    }

    /// Remembers an answer, and says which elements it needs.
    fn remember(&mut self, waiting: &Waiting, now: Instant) -> Result<(Told, Needed), ElementError> {
        let Waiting {
            thing,
            names,
            addresses,
            ..
        } = waiting;
        let index = self.index.get(thing);
        let has_rule =
            index.is_some_and(|index| names.iter().any(|name| index.openings.contains_key(&**name)));
        if has_rule && addresses.len() > ADDRESSES_PER_NAME {
            return Err(ElementError::TooManyAddresses(addresses.len()));
        }
        let addresses = &addresses[..addresses.len().min(ADDRESSES_PER_NAME)];
        let is_new: Vec<_> = addresses
            .iter()
            .map(|(address, _)| !self.answers.knows(*thing, *address))
            .collect();
        let left = self
            .answers
            .remember(*thing, names, addresses, index.map(AsRef::as_ref), now);
        let mut told = Told {
            managed: index.is_some(),
            opened: 0,
            ttl_at_most: TTL_AT_MOST,
        };
        let mut elements = Needed::default();
        let Some(index) = index else {
            return Ok((told, elements));
        };
        for ((address, _), is_new) in addresses.iter().zip(is_new) {
            let keys = self.answers.keys_of(*thing, index, *address, now);
            told.opened += usize::from(!keys.is_empty());
            elements
                .wanted
                .extend(keys.into_iter().map(|(key, (ends, comment))| Wanted {
                    key,
                    lifetime: ends.saturating_duration_since(now),
                    comment,
                    is_new,
                }));
        }
        for (name, address) in left {
            let kept = self.answers.keys_of(*thing, index, address, now);
            let openings = index.openings.get(&*name).into_iter().flatten();
            let keys = openings.flat_map(|opening| opening.keys(*thing, &index.addresses, address));
            elements
                .unwanted
                .extend(keys.filter(|key| !kept.contains_key(key)));
        }
        Ok((told, elements))
    }
}

fn refused(error: io::Error) -> ElementError {
    if error.kind() == io::ErrorKind::NotFound {
        ElementError::TablesGone
    } else {
        ElementError::Refused(error)
    }
}
