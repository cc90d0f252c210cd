//! The manager itself: one value that takes events and gives actions.
//!
//! The work is in the modules below it: [`sightings`] (who is there, under which addresses), [`urls`] (under which MUD URL),
//! [`schedule`] and [`files`] (retrieval, trust, what is in force), [`questions`] (what is asked), [`decisions`], [`overriding`] and [`undo`] (what
//! the owner says) and [`ends`] (what ends by itself). Here is what they share: the Things, and how a Thing's
//! standing follows from its URL, its file and the mode.

mod classes;
mod decisions;
mod ends;
mod files;
mod forgotten;
mod journal;
mod judge;
mod keeping;
mod overriding;
mod places;
mod questions;
mod restore;
mod schedule;
mod sightings;
mod successors;
#[cfg(test)]
mod tests;
mod undo;
mod urls;

use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

use mudguard_mud::MudUrl;
use mudguard_policy::{MacAddress, ThingPolicy, compile, narrow};

pub use self::restore::Restored;
use self::{
    ends::Ends,
    files::{FileState, Way},
    places::Heard,
    sightings::Decisions,
    urls::Others,
};
use crate::{
    Action, Author, Channel, Command, CommandError, Enforcement, Event, Fetched, FileInForce, Home, Mode,
    Moment, Notice, Overriding, Question, Snapshot, Thing, Trust, UndoRecord, Waiting, overrides::overridden,
};

/// How the manager behaves, and its bounds.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What happens to what is not permitted.
    pub mode: Mode,
    /// The most Things that are kept; 512.
    pub max_things: usize,
    /// The most addresses bound to one Thing; the oldest leaves. 16.
    pub max_bindings: usize,
    /// The most blocked flows remembered of one Thing; the oldest leaves. 64.
    pub max_blocked: usize,
    /// The most looked-up addresses remembered of one Thing. 512.
    pub max_looked_up: usize,
    /// Whether Things of which nothing is known are restricted, as in the mode `protect`: nobody can say which of them had rules before.
    pub restrict_strangers: bool,
    /// What makes this home's moments of retrieval its own, so that not all homes ask at once. Any number.
    pub jitter: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            max_things: 512,
            max_bindings: 16,
            max_blocked: 64,
            max_looked_up: 512,
            restrict_strangers: false,
            jitter: 0,
        }
    }
}

/// The MUD manager.
#[derive(Debug)]
pub struct Manager {
    settings: Settings,
    home: Home,
    clock: crate::ClockState,
    notices: Vec<Notice>,
    things: BTreeMap<MacAddress, Arc<Thing>>,
    decisions: BTreeMap<MacAddress, Decisions>,
    files: BTreeMap<MudUrl, FileState>,
    ends: Ends,
    /// Addresses that were given up, by whom, and how long that is remembered; bounded.
    given_up: BTreeMap<IpAddr, (MacAddress, Duration)>,
    /// Addresses of Things that were forgotten, whose they are, and until when they are lent; bounded.
    forgotten: BTreeMap<IpAddr, (MacAddress, Option<Duration>)>,
    others: BTreeMap<MacAddress, Others>,
    /// The MUD URLs whose files are retrieved to be judged.
    successors: BTreeMap<MacAddress, (MudUrl, Channel)>,
    /// Where those Things were heard that do not stay at one port.
    heard: BTreeMap<MacAddress, Heard>,
    /// How rows of the journal are taken back.
    steps: BTreeMap<u64, UndoRecord>,
    /// Files that a step back needs and that neither hold nor wait.
    shelf: VecDeque<Arc<FileInForce>>,
    /// Who does what is being done.
    author: Author,
    last_entry: u64,
    published: Arc<Snapshot>,
    changed: bool,
}

impl Manager {
    /// A manager of an empty home.
    #[must_use]
    pub fn new(settings: Settings, home: Home) -> Self {
        Self {
            settings,
            home,
            clock: crate::ClockState::default(),
            notices: Vec::new(),
            things: BTreeMap::new(),
            decisions: BTreeMap::new(),
            files: BTreeMap::new(),
            ends: Ends::default(),
            given_up: BTreeMap::new(),
            forgotten: BTreeMap::new(),
            others: BTreeMap::new(),
            successors: BTreeMap::new(),
            heard: BTreeMap::new(),
            steps: BTreeMap::new(),
            shelf: VecDeque::new(),
            author: Author::default(),
            last_entry: 0,
            published: Arc::default(),
            changed: true,
        }
    }

    /// Takes an event and says what must be done about it.
    pub fn handle(&mut self, event: Event, now: Moment) -> Vec<Action> {
        let mut actions = Vec::new();
        self.author = journal::author(&event);
        match event {
            Event::Announced(announcement) => self.announced(announcement, now, &mut actions),
            Event::Leased {
                mac,
                port,
                address,
                lifetime,
            } => {
                self.leased(mac, port, address, lifetime, now, &mut actions);
            }
            Event::Released { mac, address } => self.given_up(mac, address, now, &mut actions),
            Event::Departed { mac, port } => self.departed(mac, &port, &mut actions),
            Event::Forged { mac, port } => self.forged(mac, port, now, &mut actions),
            Event::Moved { mac, port } => self.moved(mac, port, now, &mut actions),
            Event::Neighbour { mac, address } => self.neighbour(mac, address, now, &mut actions),
            Event::Fetched(fetched) => self.came(fetched, Way::Retrieved, now, &mut actions),
            Event::Brought(fetched) => self.came(fetched, Way::Brought, now, &mut actions),
            Event::Answered(answer) => self.answered(answer),
            Event::Denied(denial) => self.denied(denial, now),
            Event::HomeChanged(home) => {
                if self.home != home {
                    self.home = home;
                    self.home_changed(now, &mut actions);
                }
            }
            Event::ClockChanged(clock) => self.clock_changed(clock, now, &mut actions),
            Event::Noticed(notice) => self.noticed(notice),
            Event::Stored(trouble) => self.stored(trouble),
            Event::Applied { .. } => self.applied(),
            Event::Tick => self.tick(now, &mut actions),
        }
        actions
    }

    fn came(&mut self, fetched: Fetched, by: Way, now: Moment, actions: &mut Vec<Action>) {
        let url = fetched.url.clone();
        self.fetched(fetched, by, now, actions);
        let holds = || self.files.get(&url).is_some_and(|state| state.in_force.is_some());
        if by == Way::Retrieved || holds() {
            self.judge_successors(&url, now, actions);
        }
    }

    /// Takes a decision of the owner, from wherever it came.
    ///
    /// # Errors
    /// See [`CommandError`]; nothing has changed then.
    pub fn command(
        &mut self,
        command: Command,
        by: Author,
        now: Moment,
    ) -> Result<Vec<Action>, CommandError> {
        let mut actions = Vec::new();
        self.author = by;
        match command {
            Command::Approve { thing, question } => {
                self.approve(thing, question.as_deref(), now, &mut actions)?;
            }
            Command::Reject { thing, question } => {
                self.reject(thing, question.as_deref(), now, &mut actions)?;
            }
            Command::Allow {
                thing,
                flows,
                lasting,
            } => self.add_override(thing, Overriding::Allow(flows), lasting, now, &mut actions)?,
            Command::Block {
                thing,
                flows,
                lasting,
            } => self.add_override(thing, Overriding::Block(flows), lasting, now, &mut actions)?,
            Command::Lift { thing, lasting } => {
                self.add_override(thing, Overriding::Lift, Some(lasting), now, &mut actions)?;
            }
            Command::EndOverride { thing, id } => self.stop_override(thing, id, now, &mut actions)?,
            Command::Rename { thing, name } => self.rename(thing, name, now, &mut actions)?,
            Command::SetUrl { thing, url, channel } => {
                self.set_url(thing, url, channel, now, &mut actions)?
            }
            Command::SetMode { thing, mode } => self.choose_mode(thing, mode, now, &mut actions)?,
            Command::ChooseControllers {
                thing,
                class,
                members,
            } => self.choose_controllers(thing, class, members, now, &mut actions)?,
            Command::Forget { thing } => self.forget(thing, now, &mut actions)?,
            Command::Undo { thing } => self.undo_last(thing, now, &mut actions)?,
            Command::UndoEntry { id } => self.undo(id, now, &mut actions)?,
        }
        Ok(actions)
    }

    /// The state of the home now; the same `Arc` as before if nothing has changed.
    pub fn snapshot(&mut self) -> Arc<Snapshot> {
        if self.changed {
            self.changed = false;
            self.published = Arc::new(Snapshot {
                version: self.published.version.wrapping_add(1),
                mode: self.settings.mode,
                home: self.home.clone(),
                clock: self.clock,
                notices: self.notices.clone(),
                things: self.things.clone(),
                undoable: Arc::new(self.undoable()),
            });
        }
        Arc::clone(&self.published)
    }

    /// The time, as [`Moment::uptime`], at which the next [`Event::Tick`] is wanted.
    #[must_use]
    pub fn next_tick(&self) -> Option<Duration> {
        let files = self.files.values().filter_map(|file| file.fetch.due);
        files.chain(self.ends.next()).min()
    }

    fn mode_of(&self, mac: MacAddress) -> Mode {
        let chosen = self.things.get(&mac).and_then(|thing| self.home.mode_of(thing));
        chosen.unwrap_or(self.settings.mode)
    }

    /// Whether this Thing, if the owner has not admitted it, reaches only this router.
    fn must_wait(&self, mac: MacAddress) -> bool {
        match self.mode_of(mac) {
            Mode::Watch => false,
            Mode::Ask => self.settings.restrict_strangers,
            Mode::Protect => true,
        }
    }

    fn noticed(&mut self, notice: Notice) {
        // A newer refusal replaces the older: its text is about the newest ruleset.
        if matches!(notice, Notice::FirewallRefused(_)) {
            self.notices
                .retain(|known| !matches!(known, Notice::FirewallRefused(_)));
        }
        if let Notice::LeftOut(rules) = &notice {
            let before = self.notices.len();
            self.notices.retain(|known| !matches!(known, Notice::LeftOut(_)));
            self.changed |= self.notices.len() != before;
            if rules.is_empty() {
                return;
            }
        }
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
            self.changed = true;
        }
    }

    fn stored(&mut self, trouble: Option<String>) {
        self.notices
            .retain(|known| !matches!(known, Notice::NotStored(_)));
        self.notices.extend(trouble.map(Notice::NotStored));
        self.changed = true;
    }

    /// The firewall takes one ruleset after the other, so the kernel's consent is newer than any refusal.
    fn applied(&mut self) {
        let before = self.notices.len();
        self.notices
            .retain(|known| !matches!(known, Notice::FirewallRefused(_)));
        self.changed |= self.notices.len() != before;
    }

    /// Changes a Thing that is there.
    fn change(&mut self, mac: MacAddress, change: impl FnOnce(&mut Thing)) {
        if let Some(thing) = self.things.get_mut(&mac) {
            change(Arc::make_mut(thing));
            self.changed = true;
        }
    }

    /// Brings the rules of a Thing in line with its URL, its file, the home and the mode.
    fn recompile(&mut self, mac: MacAddress, actions: &mut Vec<Action>) {
        let Some(thing) = self.things.get(&mac) else {
            return;
        };
        if let Some(lan) = self.home.lan_of(thing).map(|lan| lan.interface.clone())
            && thing.lan.as_ref() != Some(&lan)
        {
            self.change(mac, |thing| thing.lan = Some(lan));
            self.save_thing(mac, actions);
        }
        let Some(thing) = self.things.get(&mac) else {
            return;
        };
        let decisions = self.decisions.get(&mac).cloned().unwrap_or_default();
        let file = thing
            .url
            .as_ref()
            .and_then(|url| self.files.get(url)?.in_force.clone());
        // What says that it has a MUD URL is a Thing of RFC 8520, whichever URL it is.
        let asks_for_url = matches!(
            &thing.question,
            Some(Question {
                waiting: Waiting::Url(..),
                ..
            })
        );
        let has_url = thing.url.is_some() || asks_for_url;
        let admitted = decisions.admitted || !(self.must_wait(mac) || decisions.restricted && !has_url);
        let file = file.filter(|_| admitted);
        let enforcement = match self.mode_of(mac) {
            Mode::Watch if file.is_some() => Enforcement::Observe,
            Mode::Watch => Enforcement::None,
            Mode::Ask | Mode::Protect if has_url || !admitted => Enforcement::Enforce,
            Mode::Ask | Mode::Protect => Enforcement::None,
        };
        let enforcement = match enforcement {
            Enforcement::Enforce if thing.is_lifted() => Enforcement::Observe,
            enforcement @ (Enforcement::None | Enforcement::Observe | Enforcement::Enforce) => enforcement,
        };
        let policy = file.as_ref().map_or_else(narrow, |file| {
            let approved = addresses_approved(file, &decisions);
            compile(&file.file, &self.site(mac, approved))
        });
        let policy = overridden(policy, &thing.overrides);
        let same_file = match (&thing.file, &file) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (None, None) => true,
            _ => false,
        };
        if same_file && thing.enforcement == enforcement && *thing.policy == policy {
            return;
        }
        self.change(mac, |thing| {
            thing.enforcement = enforcement;
            thing.policy = Arc::new(policy);
            thing.file = file;
        });
        push_once(actions, Action::Apply);
    }

    fn home_changed(&mut self, now: Moment, actions: &mut Vec<Action>) {
        let macs: Vec<_> = self.things.keys().copied().collect();
        for mac in macs {
            self.recompile(mac, actions);
            // It may be on a network with another mode now.
            self.ask_what_stands(mac, now, actions);
        }
        self.changed = true;
        push_once(actions, Action::Apply);
    }

    /// Recompiles the Things that have this URL.
    fn recompile_url(&mut self, url: &MudUrl, actions: &mut Vec<Action>) {
        for mac in self.things_with(url) {
            self.recompile(mac, actions);
        }
    }

    fn things_with(&self, url: &MudUrl) -> Vec<MacAddress> {
        self.things
            .values()
            .filter(|thing| thing.url.as_ref() == Some(url))
            .map(|thing| thing.mac)
            .collect()
    }

    /// What a file would permit a Thing if the owner approved all of it.
    fn approved_policy(&self, mac: MacAddress, file: &FileInForce) -> ThingPolicy {
        compile(&file.file, &self.site(mac, true))
    }
}

fn addresses_approved(file: &FileInForce, decisions: &Decisions) -> bool {
    matches!(file.trust, Trust::Approved { .. }) || decisions.addresses_approved == Some(file.sha256)
}

fn push_once(actions: &mut Vec<Action>, action: Action) {
    if !actions.contains(&action) {
        actions.push(action);
    }
}
