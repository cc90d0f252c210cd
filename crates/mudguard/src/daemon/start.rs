//! The start, in the order that keeps Things limited: the rules of the store first, then what hears and answers, then what talks.

use std::{fs, sync::Arc};

use anyhow::Context;
use jiff::Timestamp;
use mudguard_fetch::{Limits, Retriever, TlsRoots};
use mudguard_firewall::Firewall;
use mudguard_manager::{Action, Event, Manager, Notice, Restored, Settings};
use mudguard_observe::Observer;
use mudguard_policy::SpecialPurpose;
use mudguard_store::{Opened, Store, StoreError};
use mudguard_web::{Enforced, Seen, Web};
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc, watch},
    task::JoinSet,
};
use tracing::{info, warn};

use super::{
    FirewallRefused, Running,
    answers::{Answers, Policies},
    clock::{self, Past},
    control,
    core::{Applied, Clock, Core, Outlets},
    errands::Errands,
    firewall, home, hosts,
    last_good::LastGood,
    learned,
    limited::Limited,
    names, notify,
    off::Off,
    retrievals::{OwnResolver, Retrievals},
    sightings,
    signers::Signers,
};
use crate::config::{Config, resolver::UnknownNames};

/// The name of the database in the state folder.
const DATABASE: &str = "mudguard.db";

/// Events that wait for the manager.
const EVENTS: usize = 1024;

/// Retrievals that wait; more count as failed and are tried again.
const RETRIEVALS: usize = 512;

/// Decisions that wait for the manager.
const COMMANDS: usize = 16;

/// The manager with what the store kept.
struct Restart {
    manager: Manager,
    actions: Vec<Action>,
    clock: Clock,
    past: Past,
    limited: Limited,
    store: Store,
}

/// Starts the gateway.
///
/// # Errors
/// Why it cannot run.
pub(super) async fn start(config: &Config) -> anyhow::Result<Running> {
    let off = Off::default();
    let off_socket = Off::bind()?;
    let interfaces = config.lan.interfaces.get_ref().clone();
    let networks = config.lan.networks();
    let home = home::read(&networks)?;
    let path = config.paths.state.join(DATABASE);
    let Opened {
        store,
        writer,
        restored,
        set_aside,
    } = Store::open(&path, Timestamp::now()).await?;
    let mut running = Running {
        owners: JoinSet::new(),
        store: store.clone(),
        writer: tokio::spawn(writer.run()),
    };

    let limited = Limited::read(&config.paths.state);
    let past = Past::new(restored.newest_time);
    let clock = Clock::start();
    let settings = Settings {
        mode: config.mode,
        restrict_strangers: set_aside.is_some() && limited.things().is_none(),
        jitter: std::process::id(),
        ..Settings::default()
    };
    let restored = Restored {
        things: restored.things,
        files: restored.files,
        waiting: restored.waiting,
        undo: restored.undo,
        last_entry: restored.last_entry,
        restricted: limited.things().unwrap_or_default(),
    };
    let (manager, actions) = Manager::restore(settings, home.clone(), restored, clock.now());
    let mut restart = Restart {
        manager,
        actions,
        clock,
        past,
        limited,
        store,
    };
    if let Some(set_aside) = set_aside {
        restart.notice(Notice::DatabaseSetAside(set_aside.path.display().to_string()));
    }

    let (mut firewall, elements, denials) = Firewall::start_with(config.firewall.bridge.into())
        .await
        .context(FirewallRefused)?;
    let refusal = firewall::load(&mut firewall, &restart.manager.snapshot()).await?;
    let failures = u32::from(refusal.is_some());
    // What was refused holds for nobody, whatever the narrow policy in its place permits.
    let loaded = if refusal.is_some() {
        Arc::default()
    } else {
        restart.manager.snapshot()
    };
    let tables = firewall.tables()?;
    let mut last_good = LastGood::new(&config.paths.state, *firewall.kernel());
    if refusal.is_none() {
        last_good.keep(restart.manager.snapshot());
    }
    refusal.into_iter().for_each(|notice| restart.notice(notice));
    info!(
        things = restart.manager.snapshot().things.len(),
        "the stored rules are in the kernel"
    );
    for limitation in firewall.limitations() {
        warn!(
            limitation,
            "this kernel does not allow all that Mudguard enforces"
        );
        restart.notice(Notice::Limitation(limitation));
    }
    laboratory(config, &mut restart);
    let clock_state = past.judge(Timestamp::now());
    restart.tell(Event::ClockChanged(clock_state));

    let (events_in, events) = mpsc::channel(EVENTS);
    let missed = Arc::new(Notify::new());
    let policies = Policies::default();
    let is_strict = config.resolver.unknown_names == UnknownNames::Refuse;
    let sink = Answers::new(
        elements.clone(),
        interfaces.clone(),
        events_in.clone(),
        Arc::clone(&missed),
        off.clone(),
        is_strict.then(|| Arc::clone(&policies)),
    );
    let (resolver, names) = names::start(config, &home, Arc::new(sink)).await?;
    let (sightings_in, sightings) = mpsc::channel(EVENTS);
    let observer = Observer::start(interfaces.clone(), sightings_in).context("the LAN cannot be observed")?;
    let retriever = retriever(config, OwnResolver(resolver.clone()))?;
    let mut pages = Vec::new();
    for address in &config.page.listen {
        let listener = TcpListener::bind(address).await;
        pages.push(listener.with_context(|| format!("the page cannot listen on {address} (page.listen)"))?);
    }
    let (control, socket_file) = control::bind(&config.paths.control)?;

    let Restart {
        mut manager,
        actions,
        clock,
        past,
        limited,
        store,
    } = restart;
    let (snapshots_in, snapshots) = watch::channel(manager.snapshot());
    // It was not set before.
    let _ = policies.set(snapshots.clone());
    let (rules_in, rules) = watch::channel(manager.snapshot());
    let (applied_in, applied) = watch::channel(loaded);
    let (retrievals_in, wanted) = mpsc::channel(RETRIEVALS);
    let (commands_in, commands) = mpsc::channel(COMMANDS);
    let (told_in, told) = mpsc::channel(COMMANDS);
    let (errands_in, errands) = mpsc::channel(COMMANDS);
    let (seen_in, seen) = watch::channel(Seen::default());
    let (enforced_in, enforced) = watch::channel(Enforced::default());
    let (clock_in, clock_out) = watch::channel(clock_state);
    let outlets = Outlets {
        retrievals: retrievals_in,
        store,
        snapshots: snapshots_in,
        rules: rules_in,
        applied: Applied::new(applied_in),
    };
    let core = Core {
        manager,
        clock,
        outlets,
        events,
        commands,
        told,
    };
    let signers = Arc::new(Signers::read(&config.paths.state));
    let errand_runner = Errands {
        anchors: config.trust.anchors.clone(),
        signers: Arc::clone(&signers),
        past,
        clock: clock_out.clone(),
        snapshots: snapshots.clone(),
        told: told_in,
        store: running.store.clone(),
        resolver: resolver.clone(),
    };
    let validation_clock = clock::tell(past, clock_out.clone(), resolver.clone());
    let keys = learned::follow_keys(resolver.clone(), config.paths.state.clone());
    let hosts = hosts::follow(config.resolver.hosts.clone(), snapshots.clone(), resolver.clone());
    let popular_names = learned::keep_names(resolver, config.paths.state.clone());
    let retrievals = Retrievals {
        retriever,
        anchors: config.trust.anchors.clone(),
        signers,
        past,
        clock: clock_out,
    };
    let web = Web::new(snapshots.clone(), commands_in, config.page.names.clone())?
        .with_errands(errands_in)
        .with_applied(applied)
        .with_seen(seen)
        .with_enforced(enforced);

    let (turn_off_in, turn_off) = mpsc::channel(1);
    let firewall = firewall::Owner {
        firewall,
        tables,
        rules,
        events: events_in.clone(),
        missed,
        off: off.clone(),
        turn_off,
        failures,
        last_good,
        left_out: None,
        enforced: enforced_in,
    };

    running.own("firewall", firewall.run());
    running.own("switch", off.hear(off_socket, turn_off_in));
    running.own(
        "kernel's log of denials",
        firewall::hear(denials, snapshots.clone(), events_in.clone()),
    );
    running.own("manager", core.run(actions));
    running.own("resolver", names.run(snapshots.clone()));
    running.own(
        "observer",
        sightings::run(
            observer,
            sightings,
            networks,
            seen_in,
            snapshots.clone(),
            elements,
            events_in.clone(),
        ),
    );
    running.own("retriever", retrievals.run(wanted, events_in.clone()));
    running.own("errands", errand_runner.run(errands));
    running.own(
        "watch over the store",
        stored(running.store.trouble(), events_in.clone()),
    );
    running.own("clock", clock::run(past, clock_in, events_in));
    running.own("clock of the resolver", validation_clock);
    running.own("keys of trust anchors", keys);
    running.own("popular names", popular_names);
    running.own("names of the home", hosts);
    running.own("list of limited Things", limited.follow(snapshots));
    for listener in pages {
        let web = web.clone();
        running.own("page", async move {
            Ok(mudguard_web::serve_page(listener, web).await?)
        });
    }
    running.own("control socket", async move {
        let _socket_file = socket_file;
        Ok(mudguard_web::serve_control(control, web).await?)
    });
    notify::ready();
    info!(mode = ?config.mode, "ready");
    Ok(running)
}

impl Restart {
    fn notice(&mut self, notice: Notice) {
        self.tell(Event::Noticed(notice));
    }

    fn tell(&mut self, event: Event) {
        let actions = self.manager.handle(event, self.clock.now());
        self.actions.extend(actions);
    }
}

/// Tells the manager when nothing can be stored, and when it can again.
async fn stored(
    mut trouble: watch::Receiver<Option<StoreError>>,
    events: mpsc::Sender<Event>,
) -> anyhow::Result<()> {
    loop {
        let why = trouble.borrow_and_update().as_ref().map(ToString::to_string);
        events
            .send(Event::Stored(why))
            .await
            .context("the manager has ended")?;
        if trouble.changed().await.is_err() {
            // That it has ended is told by the store itself.
            std::future::pending::<()>().await;
        }
    }
}

/// A laboratory setting must not go unnoticed in a home.
fn laboratory(config: &Config, restart: &mut Restart) {
    let prefixes: Vec<_> = config
        .laboratory
        .treat_as_global
        .iter()
        .map(ToString::to_string)
        .collect();
    if !prefixes.is_empty() {
        warn!(
            prefixes = prefixes.join(", "),
            "LABORATORY SETTING: special-purpose addresses count as global; never use this in a home"
        );
        restart.notice(Notice::Laboratory(prefixes));
    }
}

fn retriever(config: &Config, lookup: OwnResolver) -> anyhow::Result<Retriever> {
    let path = config.fetch.tls_roots.get_ref();
    let roots = fs::read(path)
        .map_err(anyhow::Error::from)
        .and_then(|pem| Ok(TlsRoots::from_pem(&pem)?))
        .with_context(|| format!("{} (fetch.tls-roots)", path.display()))?;
    let special_purpose = SpecialPurpose::new(config.laboratory.treat_as_global.clone());
    Ok(Retriever::new(
        roots,
        Box::new(lookup),
        special_purpose,
        Limits::default(),
    ))
}
