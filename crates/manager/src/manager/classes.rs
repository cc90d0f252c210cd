//! The classes of a file that only this home can fill: controllers, and the Things of a maker (RFC 8520 sections 3.10 to 3.13, 16).

use mudguard_mud::{CONTROLLER_DNS, CONTROLLER_GATEWAY, CONTROLLER_NTP, MudFile, MudMatch};
use mudguard_policy::{Identity, MacAddress, Member, Neighbour, Site};

use super::{Manager, undo::Before};
use crate::{
    Action, Channel, CommandError, ControllerChoice, FileInForce, JournalKind, MY_CONTROLLER, Moment, Thing,
    Waiting,
};

/// How many Things are a class of controllers at most.
const MOST_MEMBERS: usize = 16;

/// How many classes are chosen for one Thing at most.
const MOST_CLASSES: usize = 16;

impl Manager {
    /// The home as a Thing's file meets it. No Thing enters a class by what it says of itself (RFC 8520 section 16): its MUD URL is
    /// proven, or the owner has agreed.
    pub(super) fn site(&self, mac: MacAddress, addresses_approved: bool) -> Site {
        let lans = || self.home.lans.iter();
        let mut site = Site {
            thing: Some(mac),
            identity: self.identity(mac),
            gateway: lans().flat_map(|lan| lan.addresses.iter().copied()).collect(),
            local_networks: lans().flat_map(|lan| lan.prefixes.iter().copied()).collect(),
            addresses_approved,
            ..Site::default()
        };
        let choices = self.things.get(&mac).map(|thing| &thing.controllers);
        for choice in choices.into_iter().flatten() {
            let members: Vec<_> = choice.members.iter().copied().map(Member::Thing).collect();
            if choice.class == MY_CONTROLLER {
                site.my_controllers = members;
            } else {
                site.controllers.insert(choice.class.clone(), members);
            }
        }
        if site.identity == Identity::Strong {
            site.things = self.members(mac).collect();
        }
        site
    }

    fn identity(&self, mac: MacAddress) -> Identity {
        let is_proven = |thing: &Thing| thing.channel.is_some_and(Channel::is_proven);
        let is_grouped = self
            .decisions
            .get(&mac)
            .is_some_and(|decisions| decisions.grouped);
        if is_grouped || self.things.get(&mac).is_some_and(|thing| is_proven(thing)) {
            Identity::Strong
        } else {
            Identity::Weak
        }
    }

    /// The other Things that may be members of a class.
    fn members(&self, mac: MacAddress) -> impl Iterator<Item = Neighbour> {
        let others = self.things.values().filter(move |thing| thing.mac != mac);
        others.filter_map(|thing| {
            let identity = self.identity(thing.mac);
            let url = thing.url.clone().filter(|_| identity == Identity::Strong)?;
            Some(Neighbour {
                mac: thing.mac,
                url,
                identity,
            })
        })
    }

    /// A Thing became or is no longer a member of a class: the others that name the class have other rules now.
    pub(super) fn members_changed(&mut self, now: Moment, actions: &mut Vec<Action>) {
        let names_class = |thing: &&std::sync::Arc<Thing>| {
            let mut matches = thing.file.iter().flat_map(|file| mud_matches(&file.file));
            matches.any(is_of_makers)
        };
        let macs: Vec<_> = self
            .things
            .values()
            .filter(names_class)
            .map(|thing| thing.mac)
            .collect();
        for mac in macs {
            self.recompile(mac, actions);
            self.ask_what_stands(mac, now, actions);
        }
    }

    /// What the file in force leaves for the owner to say about its classes.
    pub(super) fn class_questions(&self, mac: MacAddress, file: &FileInForce) -> Vec<Waiting> {
        let Some(thing) = self.things.get(&mac) else {
            return Vec::new();
        };
        let is_chosen = |class: &str| thing.controllers.iter().any(|choice| choice.class == class);
        let controllers = mud_matches(&file.file).flat_map(controllers);
        let controllers = controllers.filter(|class| !is_chosen(class));
        let would_join = self.identity(mac) == Identity::Weak
            && mud_matches(&file.file).any(|mud| self.others_of(thing, &file.file, mud));
        let controllers = controllers.map(|class| Waiting::Controllers(class.to_owned()));
        controllers.chain(would_join.then_some(Waiting::Group)).collect()
    }

    /// Whether another Thing says that it is of a class that is named.
    fn others_of(&self, thing: &Thing, file: &MudFile, mud: &MudMatch) -> bool {
        let own_maker = mud.same_manufacturer.then(|| file.mud_url.host());
        let maker = mud.manufacturer.as_ref().map(mudguard_mud::DomainName::as_str);
        let is_of = |url: &mudguard_mud::MudUrl| {
            own_maker == Some(url.host()) || maker == Some(url.host()) || mud.model.as_ref() == Some(url)
        };
        let mut others = self.things.values().filter(|other| other.mac != thing.mac);
        others.any(|other| other.url.as_ref().is_some_and(is_of))
    }

    pub(super) fn choose_controllers(
        &mut self,
        mac: MacAddress,
        class: String,
        members: Vec<MacAddress>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> Result<(), CommandError> {
        let before: Before = self.before(mac)?;
        let thing = self.things.get(&mac).ok_or(CommandError::UnknownThing(mac))?;
        let others = thing
            .controllers
            .iter()
            .filter(|choice| choice.class != class)
            .count();
        let is_good = |member: &MacAddress| *member != mac && self.things.contains_key(member);
        if members.len() > MOST_MEMBERS || others >= MOST_CLASSES || !members.iter().all(is_good) {
            return Err(CommandError::BadController);
        }
        let words: Vec<_> = members.iter().map(ToString::to_string).collect();
        let detail = format!("{class}: {}", words.join(", "));
        let id = self.journal(actions, now, Some(mac), JournalKind::ControllersSet, detail);
        self.change(mac, |thing| {
            thing.question.take_if(
                |question| matches!(&question.waiting, Waiting::Controllers(asked) if *asked == class),
            );
            thing.controllers.retain(|choice| choice.class != class);
            thing.controllers.push(ControllerChoice { class, members });
        });
        self.recompile(mac, actions);
        self.ask_what_stands(mac, now, actions);
        self.save_thing_always(mac, actions);
        self.remember(id, mac, before, actions);
        Ok(())
    }
}

fn mud_matches(file: &MudFile) -> impl Iterator<Item = &MudMatch> {
    let lists = file.from_device.iter().chain(&file.to_device);
    lists
        .flat_map(|list| &list.aces)
        .filter_map(|ace| ace.matches.mud.as_ref())
}

fn is_of_makers(mud: &MudMatch) -> bool {
    mud.same_manufacturer || mud.manufacturer.is_some() || mud.model.is_some()
}

/// The classes of controllers that only the owner knows the members of.
fn controllers(mud: &MudMatch) -> impl Iterator<Item = &str> {
    let is_this_router = |uri: &&str| [CONTROLLER_DNS, CONTROLLER_NTP, CONTROLLER_GATEWAY].contains(uri);
    let by_uri = mud.controller.as_deref().filter(move |uri| !is_this_router(uri));
    by_uri
        .into_iter()
        .chain(mud.my_controller.then_some(MY_CONTROLLER))
}
