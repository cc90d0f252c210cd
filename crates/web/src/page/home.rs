//! The first page: the devices, the most urgent first.

use std::collections::BTreeMap;

use askama::Template;
use mudguard_explain::{Count, Phrase, Standing};
use mudguard_manager::{Enforcement, Snapshot};
use mudguard_policy::MacAddress;

use super::{
    device,
    frame::{Frame, Moment, symbol},
};
use crate::{
    Web,
    view::{Urgency, View, by_urgency},
};

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    frame: Frame<'a>,
    counts: Vec<String>,
    groups: Vec<Group>,
}

/// Devices of one urgency.
struct Group {
    heading: Phrase,
    id: &'static str,
    rows: Vec<Row>,
}

/// A device in the list.
struct Row {
    path: String,
    name: String,
    /// Its MAC address, if another device has the same name.
    mac: Option<MacAddress>,
    symbol: &'static str,
    standing: String,
    /// What it asks, if it asks something.
    question: Option<String>,
    /// What is wrong with its rules, if something is.
    troubles: Vec<String>,
    /// How much was blocked, if something was.
    blocked: Option<String>,
    seen: Moment,
}

impl Row {
    fn of(web: &Web, view: &View<'_>, names: &BTreeMap<String, usize>) -> Self {
        let language = view.language;
        let samples = device::samples(view);
        let has_namesake = names.get(&view.name()).is_some_and(|count| *count > 1);
        Self {
            path: device::path(view.thing.mac),
            name: view.name(),
            mac: has_namesake.then_some(view.thing.mac),
            symbol: symbol(view.standing().symbol()),
            standing: web.words_of(view.standing_meanwhile(), view),
            question: view.question().map(|question| question.text(language)),
            troubles: view
                .troubles()
                .iter()
                .map(|trouble| trouble.short(language))
                .collect(),
            blocked: (samples > 0).then(|| device::blocked_count(view, samples).text(language)),
            seen: Moment::new(view.thing.last_seen, language),
        }
    }
}

/// The page.
pub(super) fn render(web: &Web, snapshot: &Snapshot) -> askama::Result<String> {
    let (language, forged) = (&web.words.page, web.forged());
    let views = by_urgency(snapshot, language);
    let mut names = BTreeMap::new();
    for view in &views {
        *names.entry(view.name()).or_default() += 1;
    }
    let group = |urgency, heading, id| {
        let rows: Vec<Row> = views
            .iter()
            .filter(|view| view.urgency() == urgency)
            .map(|view| Row::of(web, view, &names))
            .collect();
        (!rows.is_empty()).then_some(Group { heading, id, rows })
    };
    let groups = [
        group(Urgency::Waits, Phrase::WAITING, "waiting"),
        group(Urgency::Blocked, Phrase::BLOCKED_DEVICES, "blocked"),
        group(Urgency::Calm, Phrase::OTHER_DEVICES, "others"),
    ];
    let mut counts = counts(&views);
    counts.extend((forged > 0).then_some(Count::Forged(forged)));
    Home {
        frame: Frame::new(snapshot, language, Phrase::DEVICES.text(language)),
        counts: counts.iter().map(|count| count.text(language)).collect(),
        groups: groups.into_iter().flatten().collect(),
    }
    .render()
}

fn counts(views: &[View<'_>]) -> Vec<Count> {
    let number = |test: &dyn Fn(&View<'_>) -> bool| views.iter().filter(|view| test(view)).count();
    let limited = number(&|view| {
        matches!(
            view.standing_meanwhile(),
            Standing::Limited | Standing::Restricted
        )
    });
    let watched = number(&|view| view.thing.enforcement == Enforcement::Observe);
    let loose = number(&|view| view.thing.enforcement == Enforcement::None);
    let mut counts = vec![Count::Waiting(number(&|view| view.urgency() == Urgency::Waits))];
    let others = [
        (limited, Count::Limited(limited)),
        (watched, Count::Watched(watched)),
        (loose, Count::NotLimited(loose)),
    ];
    counts.extend(
        others
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(_, count)| count),
    );
    counts
}
