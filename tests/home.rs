//! A home in network namespaces, for the demo, the tests and the benchmarks alike.
//!
//! A router (a bridge `br-lan` with one port for each Thing, a WAN side with NAT for IPv4, IPv6, a DHCP and RA server), Things with real DHCP
//! clients, and an internet. Nothing in it is simulated but the distance. Several homes may stand at once; each is removed with all that runs
//! in it when it is dropped, or when its process ends in any other way (see `removal.rs`).
//!
//! What it is not: it knows nothing of Mudguard, except for [`gateway`], which starts it as anybody would.

pub mod addresses;
mod announcing;
mod capture;
mod clock;
pub mod dhcp;
pub mod dns;
mod flow;
pub mod gateway;
mod internet;
pub mod mud;
mod name;
mod namespace;
mod packet;
mod pki;
mod plan;
pub mod probe;
mod removal;
mod router;
mod running;
mod thing;
mod wait;

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    panic,
    path::{Path, PathBuf},
    process::Command,
    thread::{self, ScopedJoinHandle},
};

use anyhow::{Context, bail};

pub use self::{
    announcing::Lldpd,
    capture::Capture,
    clock::MovableClock,
    flow::Flow,
    internet::{
        ALIAS, Certificate, Contact, ECHO_TCP_PORTS, ECHO_UDP_PORTS, FORGED, FileServer, HOSTS, Host,
        Internet, POOL, Protocol, Reply, Request, V4_ONLY, V6_ONLY, fresh_name,
    },
    name::PREFIX,
    namespace::Namespace,
    packet::Packet,
    pki::{Authority, Identity},
    plan::{HomeBuilder, ThingPlan},
    router::{FIREWALL, Router},
    running::Running,
    thing::{Addresses, DhcpClient, Thing},
    wait::until,
};
use self::{
    mud::{MudFile, MudSigning},
    name::HomeName,
    removal::Guardian,
    running::feed,
    thing::{LEASE_SCRIPT, LEASE_SCRIPT_NAME, mac},
};
use crate::packages::{PACKAGES, installed, missing_packages};

/// A home. It is removed when it is dropped.
#[derive(Debug)]
pub struct Home {
    // Fields are dropped in this order; the guardian, which removes what is left, is the last.
    things: Vec<Thing>,
    router: Router,
    internet: Internet,
    mud: MudSigning,
    folder: PathBuf,
    guardian: Guardian,
}

impl Home {
    /// Says what a home shall be.
    pub fn builder() -> HomeBuilder {
        HomeBuilder::default()
    }

    pub(crate) fn build(plan: &HomeBuilder) -> anyhow::Result<Self> {
        if !nix::unistd::geteuid().is_root() {
            bail!("a home needs root, because it makes network namespaces: run this as root");
        }
        let missing = missing_packages(&PACKAGES);
        if !missing.is_empty() {
            bail!(
                "a home needs Debian packages that are missing: apt-get install {}",
                missing.join(" ")
            );
        }
        let names: BTreeSet<_> = plan.things.iter().map(|thing| &thing.name).collect();
        if names.len() < plan.things.len() {
            bail!("two Things of the home have one name");
        }
        removal::sweep()?;
        let name = HomeName::fresh()?;
        let folder = name.folder();
        let guardian = Guardian::watch(&name)?;
        make_folder(&folder)?;

        let namespace = |role: &str| Namespace::new(format!("{name}-{role}"), &folder);
        let router = namespace("router")?;
        let internet = namespace("internet")?;
        let things: Vec<_> = plan
            .things
            .iter()
            .map(|thing| namespace(&format!("thing-{}", thing.name)))
            .collect::<Result<_, _>>()?;
        let lines: String = [&router, &internet]
            .into_iter()
            .chain(&things)
            .map(|namespace| format!("netns add {}\n", namespace.netns()))
            .collect();
        feed(Command::new("ip").args(["-batch", "-"]), &lines)?;

        // Keys take about as long as the rest.
        let (router, internet, things, mud) = thread::scope(|scope| {
            let web = scope.spawn(|| Authority::new(folder.join("web"), "Web authority"));
            let mud = scope.spawn(|| MudSigning::new(&folder));
            let numbers = 1..=u16::MAX;
            let ports: Vec<_> = things.iter().zip(numbers.clone().map(mac)).collect();
            let router = Router::build(router, &internet, &ports, &folder, plan.lease_time)?;
            let internet = Internet::build(internet, &folder, &plan.zones, joined(web)?)?;
            router.use_resolvers(&[addresses::RESOLVER_IPV4.into()])?;
            let things: Vec<_> = things
                .into_iter()
                .zip(numbers)
                .zip(&plan.things)
                .map(|((namespace, number), plan)| Thing::build(namespace, &router, number, plan, &folder))
                .collect::<Result<_, _>>()?;
            anyhow::Ok((router, internet, things, joined(mud)?))
        })
        .with_context(|| format!("{name} cannot be built"))?;
        Ok(Self {
            things,
            router,
            internet,
            mud,
            folder,
            guardian,
        })
    }

    /// The router.
    pub fn router(&self) -> &Router {
        &self.router
    }

    /// The internet.
    pub fn internet(&self) -> &Internet {
        &self.internet
    }

    /// Who signs MUD files here.
    pub fn mud(&self) -> &MudSigning {
        &self.mud
    }

    /// Puts a MUD file and its signature on the web.
    ///
    /// # Errors
    /// If it cannot be signed.
    pub fn publish(&self, file: &MudFile<'_>) -> anyhow::Result<()> {
        let content = file.json();
        let signature = self.mud.sign(content.as_bytes())?;
        let files = self.internet.files();
        files.reply(file.url(), Reply::mud_file(content.as_bytes()));
        files.reply(
            &file.signature_url(),
            Reply::content("application/pkcs7-signature", &signature),
        );
        Ok(())
    }

    /// All Things, in the order of their ports.
    pub fn things(&self) -> &[Thing] {
        &self.things
    }

    /// The Thing of this name.
    ///
    /// # Panics
    /// If the home has none.
    pub fn thing(&self, name: &str) -> &Thing {
        self.things
            .iter()
            .find(|thing| thing.name() == name)
            .unwrap_or_else(|| panic!("this home has no Thing called {name}"))
    }

    /// Lets all Things join at the same time, and returns their addresses in the order of their ports.
    ///
    /// # Errors
    /// If one of them gets no addresses.
    pub fn join_all(&self) -> anyhow::Result<Vec<Addresses>> {
        thread::scope(|scope| {
            let joining: Vec<_> = self
                .things
                .iter()
                .map(|thing| scope.spawn(|| thing.join()))
                .collect();
            joining.into_iter().map(joined).collect()
        })
    }

    /// The home's own folder; it goes with the home.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The process that removes the home when this one is no more.
    pub fn guardian(&self) -> u32 {
        self.guardian.id()
    }
}

fn joined<T>(thread: ScopedJoinHandle<'_, anyhow::Result<T>>) -> anyhow::Result<T> {
    thread
        .join()
        .unwrap_or_else(|payload| panic::resume_unwind(payload))
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let script = folder.join(LEASE_SCRIPT_NAME);
    fs::write(&script, LEASE_SCRIPT)?;
    fs::set_permissions(script, fs::Permissions::from_mode(0o755))?;
    // AppArmor's profiles are bound to the paths of programs, and Debian's allow these only the files of the system.
    for program in ["dhclient", "unbound"] {
        let installed = installed(program).with_context(|| format!("{program} is not installed"))?;
        fs::copy(installed, folder.join(program))?;
    }
    Ok(())
}
