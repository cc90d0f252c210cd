//! Rules to sentences, by four groupings: both directions of one peer together, names by registrable domain, ports by service
//! class, and everything that serves discovery as one.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;
use mudguard_mud::{MudFile, MudUrl};
use mudguard_policy::{AceName, Action, Initiator, MacAddress, Origin, Peer, Rule, ThingPolicy, Verdict};

use crate::{Direction, Place, Sentence, Service, Services, Shape, sentence::Class};

/// From this many domains of one direction and one set of services on, they are told in one sentence.
const MANY_PLACES: usize = 5;

/// What the words of a policy depend on.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The policy.
    pub policy: &'a ThingPolicy,
    /// The file behind it, which tells the classes of devices; `None` while only the narrow policy holds.
    pub file: Option<&'a MudFile>,
    /// The MUD URL by which the Thing is known: whose names are "the maker's".
    pub url: Option<&'a MudUrl>,
    /// The prefixes of the home.
    pub local_networks: &'a [IpNet],
    /// The name of a device of the home, fit to be shown.
    pub name_of: &'a dyn Fn(MacAddress) -> String,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("policy", &self.policy)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// What the Thing may do, in the order in which a reader should see it: the broadest first, housekeeping last.
#[must_use]
pub fn sentences(context: &Context<'_>) -> Vec<Sentence> {
    let mut flows = Flows::default();
    for rule in &context.policy.permits {
        if rule.action == Action::Accept {
            flows.add(context, rule);
        }
    }
    let rules = context.policy.permits.iter().chain(&context.policy.vetoes);
    let drops = rules.filter(|rule| rule.action == Action::Drop);
    let exceptions = drops.map(|rule| &rule.origin).collect::<BTreeSet<_>>().len();
    flows.add_classes_without_members(context);
    flows.join_time();
    let mut sentences = fold_places(flows.into_sentences());
    if sentences.is_empty() {
        sentences.push(plain(Shape::Nothing));
    } else if exceptions > 0 {
        sentences.push(plain(Shape::Exceptions(exceptions)));
    }
    sentences.sort_by(|one, two| one.shape.cmp(&two.shape).then(one.direction.cmp(&two.direction)));
    sentences
}

fn plain(shape: Shape) -> Sentence {
    Sentence {
        shape,
        direction: Direction::Both,
        services: Services::default(),
        details: Vec::new(),
        aces: Vec::new(),
    }
}

/// What is permitted with each kind of peer.
#[derive(Default)]
struct Flows(BTreeMap<Shape, BTreeMap<Service, Flow>>);

/// What is permitted of one service with one kind of peer.
#[derive(Default)]
struct Flow {
    initiators: BTreeSet<Initiator>,
    details: BTreeSet<String>,
    aces: BTreeSet<AceName>,
}

impl Flows {
    fn add(&mut self, context: &Context<'_>, rule: &Rule) {
        for service in Service::of(&rule.protocol) {
            let (shape, details) = peer(context, rule, service);
            let flow = self.0.entry(shape).or_default().entry(service).or_default();
            flow.initiators.insert(rule.initiator);
            flow.details.extend(details);
            if let Origin::Ace(name) = &rule.origin {
                flow.aces.insert(name.clone());
            }
        }
    }

    /// A class that has no member in this home yields no rule, but the household should know of it.
    fn add_classes_without_members(&mut self, context: &Context<'_>) {
        let Some(file) = context.file else { return };
        for verdict in &context.policy.verdicts {
            // What is enforced without a rule of its own is about replies, not about a class without members.
            if verdict.verdict == Verdict::Enforced {
                continue;
            }
            let Some(class @ (Class::Controller(_) | Class::MyController)) = class_of(file, &verdict.ace)
            else {
                continue;
            };
            let has_rule = |rule: &Rule| matches!(&rule.origin, Origin::Ace(name) if *name == verdict.ace);
            if !context.policy.permits.iter().any(has_rule) {
                let services = self.0.entry(Shape::Devices(class)).or_default();
                if services.is_empty() {
                    services.entry(Service::Anything).or_default();
                }
            }
        }
    }

    /// Who may ask other time servers as well as this router is told so once.
    fn join_time(&mut self) {
        if !self.0.contains_key(&Shape::TimeServers) {
            return;
        }
        let Some(router) = self.0.remove(&Shape::TimeFromRouter) else {
            return;
        };
        let mut joined = self.0.remove(&Shape::TimeServers).unwrap_or_default();
        for (service, flow) in router {
            let all = joined.entry(service).or_default();
            all.initiators.extend(flow.initiators);
            all.details.extend(flow.details);
            all.aces.extend(flow.aces);
        }
        self.0.insert(Shape::TimeFromRouterAndServers, joined);
    }

    fn into_sentences(self) -> Vec<Sentence> {
        let mut sentences = Vec::new();
        for (shape, services) in self.0 {
            let mut by_direction: BTreeMap<Direction, (BTreeSet<Service>, Flow)> = BTreeMap::new();
            // Which of the two speaks first says nothing where both shout into the room, or where the peer is a service of ours.
            let one_direction = matches!(
                shape,
                Shape::Discovery
                    | Shape::TimeServers
                    | Shape::TimeFromRouter
                    | Shape::TimeFromRouterAndServers
                    | Shape::NamesFromRouter
                    | Shape::OtherNameService
                    | Shape::AddressAssignment
            );
            for (service, flow) in services {
                let direction = if one_direction {
                    Direction::To
                } else {
                    direction(&flow.initiators)
                };
                let (services, all) = by_direction.entry(direction).or_default();
                services.insert(service);
                all.details.extend(flow.details);
                all.aces.extend(flow.aces);
            }
            for (direction, (services, flow)) in by_direction {
                sentences.push(Sentence {
                    shape: shape.clone(),
                    direction,
                    services: services.into_iter().collect(),
                    details: flow.details.into_iter().collect(),
                    aces: flow.aces.into_iter().collect(),
                });
            }
        }
        sentences
    }
}

fn direction(initiators: &BTreeSet<Initiator>) -> Direction {
    match (
        initiators.contains(&Initiator::Thing),
        initiators.contains(&Initiator::Peer),
    ) {
        (true, false) => Direction::To,
        (false, true) => Direction::By,
        _ => Direction::Both,
    }
}

/// Who the other end of a rule is, as far as one of its services goes, and what of it goes into the details.
fn peer(context: &Context<'_>, rule: &Rule, service: Service) -> (Shape, Vec<String>) {
    match &rule.peer {
        Peer::Anything => (Shape::Internet, Vec::new()),
        Peer::Gateway => (gateway(service), Vec::new()),
        Peer::Name(name) => {
            let shape = outside_service(service).unwrap_or_else(|| place(context, name.as_str()));
            (shape, vec![name.to_string()])
        }
        Peer::Networks(networks) => addresses(context, networks, service),
        Peer::Things(things) => {
            let class = match (&rule.origin, context.file) {
                (Origin::Ace(name), Some(file)) => class_of(file, name).unwrap_or(Class::Unknown),
                _ => Class::Unknown,
            };
            (
                Shape::Devices(class),
                things.iter().map(|mac| (context.name_of)(*mac)).collect(),
            )
        }
    }
}

fn place(context: &Context<'_>, name: &str) -> Shape {
    let place = Place::of(name);
    if context
        .url
        .is_some_and(|url| Place::of(url.host()).is_same_party(&place))
    {
        return Shape::Maker(place.domain().to_owned());
    }
    match place {
        Place::Domain(domain) => Shape::Place(domain),
        Place::Shared(cloud) => Shape::Shared(cloud),
    }
}

fn addresses(context: &Context<'_>, networks: &[IpNet], service: Service) -> (Shape, Vec<String>) {
    if networks.iter().all(is_group) {
        let shape = if service == Service::AddressAssignment {
            Shape::AddressAssignment
        } else {
            Shape::Discovery
        };
        return (shape, Vec::new());
    }
    let texts = || networks.iter().map(address_text).collect();
    let is_local = |network: &IpNet| context.local_networks.iter().any(|local| local.contains(network));
    let is_all_local = networks.iter().all(is_local);
    let is_whole_home = context
        .local_networks
        .iter()
        .any(|local| networks.contains(local));
    if service == Service::AddressAssignment {
        (Shape::AddressAssignment, Vec::new())
    } else if is_all_local {
        if service == Service::Discovery {
            (Shape::Discovery, Vec::new())
        } else if is_whole_home {
            (Shape::Home, Vec::new())
        } else {
            (Shape::HomeAddresses, texts())
        }
    } else {
        (outside_service(service).unwrap_or(Shape::Addresses), texts())
    }
}

/// What a service of this router is for.
fn gateway(service: Service) -> Shape {
    if service == Service::Names {
        Shape::NamesFromRouter
    } else if service == Service::Time {
        Shape::TimeFromRouter
    } else if service == Service::AddressAssignment {
        Shape::AddressAssignment
    } else {
        Shape::Router
    }
}

/// A service outside the home that is told on its own, whoever gives it.
fn outside_service(service: Service) -> Option<Shape> {
    if service == Service::Time {
        Some(Shape::TimeServers)
    } else {
        matches!(service, Service::Names | Service::EncryptedNames).then_some(Shape::OtherNameService)
    }
}

/// Multicast groups and the broadcast address.
fn is_group(network: &IpNet) -> bool {
    match network.addr() {
        IpAddr::V4(v4) => v4.is_broadcast() || (v4.is_multicast() && network.prefix_len() >= 4),
        IpAddr::V6(v6) => v6.is_multicast() && network.prefix_len() >= 8,
    }
}

/// A prefix; a single address without its length.
fn address_text(network: &IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.to_string()
    }
}

/// The class that an ACE names, if it names one.
fn class_of(file: &MudFile, name: &AceName) -> Option<Class> {
    let lists = file.from_device.iter().chain(&file.to_device);
    let ace = lists
        .flat_map(|list| &list.aces)
        .find(|ace| ace.acl == name.list && ace.index == name.index && ace.name == name.ace)?;
    let mud = ace.matches.mud.as_ref()?;
    if mud.my_controller {
        Some(Class::MyController)
    } else if let Some(uri) = &mud.controller {
        Some(Class::Controller(uri.clone()))
    } else if mud.same_manufacturer {
        Some(Class::SameManufacturer)
    } else if let Some(authority) = &mud.manufacturer {
        Some(Class::Manufacturer(authority.to_string()))
    } else {
        mud.model.as_ref().map(|_| Class::Model)
    }
}

/// Tells many places that are used in one way as one.
fn fold_places(sentences: Vec<Sentence>) -> Vec<Sentence> {
    let mut groups: BTreeMap<(Direction, Services), Vec<Sentence>> = BTreeMap::new();
    let mut others = Vec::new();
    for sentence in sentences {
        if matches!(sentence.shape, Shape::Place(_) | Shape::Shared(_)) {
            groups
                .entry((sentence.direction, sentence.services.clone()))
                .or_default()
                .push(sentence);
        } else {
            others.push(sentence);
        }
    }
    for ((direction, services), group) in groups {
        if group.len() < MANY_PLACES {
            others.extend(group);
            continue;
        }
        let mut domains = BTreeSet::new();
        let mut details = BTreeSet::new();
        let mut aces = BTreeSet::new();
        for sentence in group {
            if let Shape::Place(domain) | Shape::Shared(domain) = sentence.shape {
                domains.insert(domain);
            }
            details.extend(sentence.details);
            aces.extend(sentence.aces);
        }
        others.push(Sentence {
            shape: Shape::Places(domains.into_iter().collect()),
            direction,
            services,
            details: details.into_iter().collect(),
            aces: aces.into_iter().collect(),
        });
    }
    others
}

#[cfg(test)]
mod tests;
