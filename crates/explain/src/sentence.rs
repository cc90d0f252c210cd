//! One sentence about what a Thing may do.

use fluent_bundle::FluentValue;
use mudguard_policy::AceName;

use crate::{
    Language, Services, foreign_text,
    keys::{self, Key},
};

/// How many names of devices, addresses or domains a sentence tells one by one.
const FEW: usize = 3;

/// A sentence, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// What it tells.
    pub shape: Shape,
    /// Who may open the flows.
    pub direction: Direction,
    /// What is said over them.
    pub services: Services,
    /// The names, addresses or devices that the sentence sums up, sorted; shown on request.
    pub details: Vec<String>,
    /// The ACEs behind it; none for what Mudguard itself permits.
    pub aces: Vec<AceName>,
}

/// What a sentence tells: who the other end is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// Anything, anywhere.
    Internet,
    /// Names under the registrable domain of the MUD URL.
    Maker(String),
    /// Names under another registrable domain.
    Place(String),
    /// Names under several domains, told together because there are many; the domains.
    Places(Vec<String>),
    /// Names in a cloud where anybody rents names.
    Shared(String),
    /// Addresses outside the home.
    Addresses,
    /// Name servers other than this router.
    OtherNameService,
    /// Any address of the home.
    Home,
    /// Some addresses of the home.
    HomeAddresses,
    /// This router, for something else than names and time.
    Router,
    /// Devices of a class of RFC 8520; none was found if there are no details.
    Devices(Class),
    /// Multicast and broadcast in the home.
    Discovery,
    /// Time servers.
    TimeServers,
    /// This router's time service, and time servers.
    TimeFromRouterAndServers,
    /// This router's time service.
    TimeFromRouter,
    /// This router's name service.
    NamesFromRouter,
    /// DHCP.
    AddressAssignment,
    /// Some rules of the file forbid part of what the other sentences tell; how many.
    Exceptions(usize),
    /// Nothing at all is permitted.
    Nothing,
}

/// A class of devices (RFC 8520 section 3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// `same-manufacturer`.
    SameManufacturer,
    /// `manufacturer`; the authority.
    Manufacturer(String),
    /// `model`.
    Model,
    /// `controller`; the URI.
    Controller(String),
    /// `my-controller`.
    MyController,
    /// A class that is not told in the file at hand.
    Unknown,
}

/// Who may open flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// The Thing.
    To,
    /// The other end.
    By,
    /// Either.
    Both,
}

/// What a reader should notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caution {
    /// Nothing in particular.
    None,
    /// Others can read what is sent.
    NotEncrypted,
    /// A right without a bound.
    Broad,
}

impl Sentence {
    /// What a reader should notice; the text says it too.
    #[must_use]
    pub fn caution(&self) -> Caution {
        let leaves_home = matches!(
            self.shape,
            Shape::Maker(_) | Shape::Place(_) | Shape::Places(_) | Shape::Shared(_) | Shape::Addresses
        );
        if self.shape == Shape::Internet {
            Caution::Broad
        } else if leaves_home && self.services.has_unencrypted() {
            Caution::NotEncrypted
        } else {
            Caution::None
        }
    }

    /// The sentence in words.
    #[must_use]
    pub fn text(&self, language: &Language) -> String {
        let count = self.details.len();
        let mut arguments: Vec<(&'static str, FluentValue<'_>)> = vec![
            ("direction", self.direction.word().into()),
            ("services", self.services.text(language).into()),
            ("count", FluentValue::from(count)),
            ("few", if count <= FEW { "yes" } else { "no" }.into()),
            (
                "list",
                language
                    .list(
                        &self
                            .details
                            .iter()
                            .map(|name| language.name(name))
                            .collect::<Vec<_>>(),
                    )
                    .into(),
            ),
        ];
        if let Shape::Maker(domain) | Shape::Place(domain) | Shape::Shared(domain) = &self.shape {
            let inner = [
                ("domain", FluentValue::from(domain.as_str())),
                ("count", FluentValue::from(count)),
            ];
            arguments.push(("place", language.text(keys::PLACE_NAMES, &inner).into()));
            arguments.push(("domain", domain.as_str().into()));
        } else if let Shape::Places(domains) = &self.shape {
            arguments.push(("domains", FluentValue::from(domains.len())));
        } else if let Shape::Exceptions(rules) = &self.shape {
            arguments.push(("rules", FluentValue::from(*rules)));
        } else if let Shape::Devices(Class::Manufacturer(who) | Class::Controller(who)) = &self.shape {
            arguments.push(("who", language.name(&foreign_text(who)).into()));
        }
        let mut text = language.text(self.shape.key(), &arguments);
        if matches!(self.shape, Shape::Devices(_)) && self.details.is_empty() {
            text.push(' ');
            text.push_str(&language.text(keys::SENTENCE_NONE_FOUND, &[]));
        }
        text
    }
}

impl Shape {
    fn key(&self) -> Key {
        match self {
            Self::Internet => keys::SENTENCE_INTERNET,
            Self::Maker(_) => keys::SENTENCE_MAKER,
            Self::Place(_) => keys::SENTENCE_PLACE,
            Self::Places(_) => keys::SENTENCE_PLACES,
            Self::Shared(_) => keys::SENTENCE_SHARED,
            Self::Addresses => keys::SENTENCE_ADDRESSES,
            Self::OtherNameService => keys::SENTENCE_OTHER_NAME_SERVICE,
            Self::Home => keys::SENTENCE_HOME,
            Self::HomeAddresses => keys::SENTENCE_HOME_ADDRESSES,
            Self::Router => keys::SENTENCE_ROUTER,
            Self::Devices(Class::SameManufacturer) => keys::SENTENCE_SAME_MANUFACTURER,
            Self::Devices(Class::Manufacturer(_)) => keys::SENTENCE_MANUFACTURER,
            Self::Devices(Class::Model) => keys::SENTENCE_MODEL,
            Self::Devices(Class::Controller(_)) => keys::SENTENCE_CONTROLLER,
            Self::Devices(Class::MyController) => keys::SENTENCE_MY_CONTROLLER,
            Self::Devices(Class::Unknown) => keys::SENTENCE_DEVICES,
            Self::Discovery => keys::SENTENCE_DISCOVERY,
            Self::TimeServers => keys::SENTENCE_TIME_SERVERS,
            Self::TimeFromRouterAndServers => keys::SENTENCE_TIME_FROM_ROUTER_AND_SERVERS,
            Self::TimeFromRouter => keys::SENTENCE_TIME_FROM_ROUTER,
            Self::NamesFromRouter => keys::SENTENCE_NAMES_FROM_ROUTER,
            Self::AddressAssignment => keys::SENTENCE_ADDRESS_ASSIGNMENT,
            Self::Exceptions(_) => keys::SENTENCE_EXCEPTIONS,
            Self::Nothing => keys::SENTENCE_NOTHING,
        }
    }
}

impl Direction {
    /// The variant that a message selects by.
    fn word(self) -> &'static str {
        match self {
            Self::To => "to",
            Self::By => "by",
            Self::Both => "both",
        }
    }
}
