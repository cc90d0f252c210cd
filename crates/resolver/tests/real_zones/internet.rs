//! A test internet in a network namespace of its own: one NSD for each level of names, at its own address and port 53, and resolvers
//! that go from the root down: this one beside unbound, knot-resolver and BIND.
//!
//! The namespace is that of a thread and of what it starts; it ends with them and has no name. It needs root.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    path::Path,
    process::Command,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use hickory_proto::op::ResponseCode;
use mudguard_resolver::validate::{Clock, Question, Record, RecordType, Reply, TrustAnchors};
use nix::sched::{CloneFlags, unshare};

use crate::{
    client,
    cuts::changes_of_cuts,
    forger::{self, Change, Forger, OWN, Said},
    forgeries::{EVIL, FORGERIES, VICTIM, name, record},
    questions, resolver, said,
    servers::Server,
    zones::Zones,
};

/// How many levels of names there are.
const LEVELS: u8 = 4;

/// A server that is silent.
const DEAD: Ipv4Addr = Ipv4Addr::new(10, 53, 0, 67);

/// How many threads ask a resolver.
const ASKING: usize = 16;

/// Where the resolvers of others listen.
const UNBOUND: Ipv4Addr = Ipv4Addr::new(10, 53, 0, 11);
const KNOT: Ipv4Addr = Ipv4Addr::new(10, 53, 0, 12);
const BIND: Ipv4Addr = Ipv4Addr::new(10, 53, 0, 13);

/// Where the root is, for all of them.
const HINTS: &str = ". 3600 NS ns.\nns. 3600 A 10.53.0.1\n";

/// Runs a test in a namespace of its own, unless it must be left out.
fn in_namespace(test: impl FnOnce() + Send + 'static) {
    if mudguard_tests::left_out_without_root()
        || ["bind9", "knot-resolver"]
            .into_iter()
            .any(mudguard_tests::left_out_without)
    {
        return;
    }
    let thread = thread::spawn(move || {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        run("ip", &["link", "set", "lo", "up"]);
        let numbers = (1..=LEVELS)
            .chain(10..=13)
            .chain([OWN.octets()[3], DEAD.octets()[3]]);
        for number in numbers {
            run(
                "ip",
                &["address", "add", &format!("10.53.0.{number}/32"), "dev", "lo"],
            );
        }
        test();
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().unwrap();
    assert!(status.success(), "{program} {arguments:?}");
}

fn all_levels() -> Vec<Ipv4Addr> {
    (1..=LEVELS)
        .map(|level| Ipv4Addr::new(10, 53, 0, level))
        .collect()
}

fn clock() -> Clock {
    Clock::Valid(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
}

fn name_servers(folder: &Path, zones: &Zones, port: u16) -> Vec<Server> {
    let levels = 1..=LEVELS;
    levels
        .map(|level| {
            let address = SocketAddr::from(([10, 53, 0, level], port));
            Server::nsd_at(folder, zones, address, Some(level))
        })
        .collect()
}

fn unbound(folder: &Path, anchor: &str) -> Server {
    let hints = folder.join("hints");
    fs::write(&hints, HINTS).unwrap();
    let file = folder.join("unbound-recursive.conf");
    let text = format!(
        "server:\n  interface: {UNBOUND}\n  access-control: 0.0.0.0/0 allow\n  username: \"\"\n  chroot: \"\"\n  \
         directory: \"{}\"\n  pidfile: \"\"\n  use-syslog: no\n  do-daemonize: no\n  do-ip6: no\n  \
         module-config: \"validator iterator\"\n  trust-anchor-signaling: no\n  root-hints: \"{}\"\n  \
         trust-anchor: \"{}\"\nremote-control:\n  control-enable: no\n",
        folder.display(),
        hints.display(),
        anchor.trim(),
    );
    fs::write(&file, text).unwrap();
    let mut command = Command::new("unbound");
    Server::start(
        command.arg("-d").arg("-c").arg(&file),
        SocketAddr::from((UNBOUND, 53)),
    )
}

fn knot(folder: &Path, anchor: &str) -> Server {
    let own = folder.join("knot");
    fs::create_dir(&own).unwrap();
    let file = own.join("kresd.conf");
    let text = format!(
        "net.listen('{KNOT}', 53, {{ kind = 'dns' }})\nnet.ipv6 = false\nmodules = {{ 'hints' }}\n\
         hints.root({{ ['ns.'] = '10.53.0.1' }})\ntrust_anchors.remove('.')\ntrust_anchors.add('{}')\n\
         cache.size = 20 * MB\nlog_level('crit')\n",
        anchor.trim(),
    );
    fs::write(&file, text).unwrap();
    let mut command = Command::new("kresd");
    Server::start(
        command.arg("-n").arg("-c").arg(&file).arg(&own),
        SocketAddr::from((KNOT, 53)),
    )
}

fn bind(folder: &Path, anchor: &str) -> Server {
    let own = folder.join("bind");
    fs::create_dir(&own).unwrap();
    let words: Vec<&str> = anchor.split_whitespace().collect();
    let [_, _, _, tag, algorithm, digest, ref octets @ ..] = words[..] else {
        panic!("{anchor}")
    };
    let file = own.join("named.conf");
    let text = format!(
        "options {{ directory \"{own}\"; listen-on port 53 {{ {BIND}; }}; listen-on-v6 {{ none; }}; \
         pid-file \"{own}/named.pid\"; session-keyfile none; recursion yes; resolver-query-timeout 1000; allow-query {{ any; }}; \
         dnssec-validation yes; query-source address {BIND}; empty-zones-enable no; }};\ncontrols {{ }};\n\
         zone \".\" {{ type hint; file \"{folder}/hints\"; }};\n\
         trust-anchors {{ . static-ds {tag} {algorithm} {digest} \"{octets}\"; }};\n",
        own = own.display(),
        folder = folder.display(),
        octets = octets.concat(),
    );
    fs::write(&file, text).unwrap();
    let mut command = Command::new("named");
    Server::start(
        command.arg("-g").arg("-c").arg(&file),
        SocketAddr::from((BIND, 53)),
    )
}

/// What a resolver says to each question; `None` where it says nothing, as BIND does for some of the broken zones.
fn all_said(server: SocketAddr, questions: &[(String, u16, bool)]) -> Vec<Option<String>> {
    let patience = Duration::from_secs(3);
    let ask = |(owner, number, _): &(String, u16, bool)| {
        let question = Question::new(owner.parse().unwrap(), RecordType(*number));
        client::ask_for(server, &question, false, patience).map(|reply| said(&reply))
    };
    // The broken zones stand together: every thread takes some of them.
    let every = |first: usize| questions.iter().enumerate().skip(first).step_by(ASKING);
    let mut all = thread::scope(|scope| {
        let parts: Vec<_> = (0..ASKING)
            .map(|first| {
                scope.spawn(move || {
                    every(first)
                        .map(|(place, question)| (place, ask(question)))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let parts = parts.into_iter().flat_map(|part| part.join().unwrap());
        parts.collect::<Vec<_>>()
    });
    all.sort_unstable();
    all.into_iter().map(|(_, said)| said).collect()
}

#[test]
fn recursion_agrees_with_unbound_knot_and_bind_where_they_agree() {
    in_namespace(|| {
        let folder = tempfile::tempdir().unwrap();
        let zones = Zones::make(folder.path());
        let anchor = zones.anchor();
        let _name_servers = name_servers(folder.path(), &zones, 53);
        let others = [unbound, knot, bind].map(|start| start(folder.path(), &anchor));
        let recursive = resolver::start(vec![], Some(HINTS.to_owned()), anchor.parse().unwrap(), clock());
        let all = Server::nsd(folder.path(), &zones);
        let plain = Server::unbound(folder.path(), all.address, None);
        let forward = resolver::start(vec![plain.address], None, anchor.parse().unwrap(), clock());
        let questions = questions();
        let said = [&others[0], &others[1], &others[2]].map(|other| all_said(other.address, &questions));
        let (mut deviations, mut agreed) = (Vec::new(), BTreeMap::<String, usize>::new());
        for (place, (owner, number, may_differ)) in questions.iter().enumerate() {
            let theirs: Vec<&String> = said.iter().filter_map(|said| said[place].as_ref()).collect();
            let agree = theirs.len() >= 2 && theirs.windows(2).all(|pair| pair[0] == pair[1]);
            if !agree || *may_differ {
                continue;
            }
            *agreed.entry(theirs[0].clone()).or_default() += 1;
            let question = Question::new(owner.parse().unwrap(), RecordType(*number));
            for (mode, ours) in [("recursive", recursive), ("forward", forward)] {
                let ours = crate::said(&client::ask(ours, &question, false));
                if ours != *theirs[0] {
                    deviations.push(format!("{question} {mode}: {ours}, the others: {}", theirs[0]));
                }
            }
        }
        let count: usize = agreed.values().sum();
        assert!(deviations.is_empty(), "of {count}: {deviations:#?}");
        assert!(
            count * 10 > questions.len() * 8 && agreed.len() == 5,
            "they agree too seldom: {agreed:?} of {}",
            questions.len()
        );
    });
}

#[test]
fn recursion_believes_no_forgery_of_an_attacker_on_the_path() {
    in_namespace(|| {
        let folder = tempfile::tempdir().unwrap();
        let zones = Zones::make(folder.path());
        let anchor = zones.anchor();
        let _name_servers = name_servers(folder.path(), &zones, forger::PORT);
        let all = Server::nsd(folder.path(), &zones);
        let plain = Server::unbound(folder.path(), all.address, None);
        let upstream = plain.address;
        let real = move |text: &str, record_type: RecordType| {
            client::reply(&client::ask(
                upstream,
                &Question::new(name(text), record_type),
                true,
            ))
            .unwrap()
        };
        let forger = Forger::start(&all_levels());
        let victim = Question::new(name(VICTIM), RecordType::A);
        // Nothing is kept from one forgery to the next.
        let ask_with = |anchors: TrustAnchors| {
            let ours = resolver::start(vec![], Some(HINTS.to_owned()), anchors, clock());
            client::ask(ours, &victim, false)
        };
        let ask = || ask_with(anchor.parse().unwrap());
        assert!(ask().metadata.authentic_data, "nothing is forged yet");
        let mut changes = changes_of_cuts(real);
        for (what, forge) in FORGERIES {
            let asked = victim.clone();
            let change: Change = Box::new(move |question, said| {
                if *question == asked {
                    let mut reply = Reply::default();
                    forge(&real, &mut reply);
                    *said = Said {
                        is_authoritative: true,
                        response_code: reply.response_code,
                        answers: reply.answers,
                        authorities: reply.authorities,
                        additionals: Vec::new(),
                    };
                }
            });
            changes.push((what.to_owned(), change));
        }
        let (mut believed, mut misled, count) = (Vec::new(), 0, changes.len());
        for (what, change) in changes {
            forger.change(Some(change));
            let careless = ask_with(TrustAnchors::default());
            let is_misled = |record| *client::record(record).data == EVIL;
            misled += usize::from(careless.answers.is_empty() || careless.answers.iter().any(is_misled));
            let reply = ask();
            let is_real = reply.metadata.authentic_data
                && reply
                    .answers
                    .iter()
                    .all(|record| *client::record(record).data != EVIL);
            if reply.metadata.response_code != ResponseCode::ServFail && !is_real {
                believed.push(format!(
                    "{what}: {:?} {:?}",
                    reply.metadata.response_code, reply.answers
                ));
            }
        }
        assert!(believed.is_empty(), "of {count}: {believed:#?}");
        // Who checks nothing is misled: the attacker is there.
        assert!(misled * 10 > count * 8, "{misled} of {count}");
    });
}

/// Every zone has another server, which is silent.
fn with_a_dead_server(_: &Question, said: &mut Said) {
    let is_referral = |record: &&Record| record.record_type == RecordType::NS;
    if said.is_authoritative {
        return;
    }
    let Some(cut) = said.authorities.iter().find(is_referral) else {
        return;
    };
    let cut = cut.owner.to_string();
    let dead = format!("dead.{cut}");
    said.authorities
        .push(record(&cut, RecordType::NS, name(&dead).as_wire()));
    said.additionals
        .push(record(&dead, RecordType::A, &DEAD.octets()));
}

#[test]
fn names_are_found_though_packets_are_lost_and_late_and_servers_are_dead() {
    in_namespace(|| {
        let folder = tempfile::tempdir().unwrap();
        let zones = Zones::make(folder.path());
        let anchor = zones.anchor();
        let _name_servers = name_servers(folder.path(), &zones, forger::PORT);
        // It hears and says nothing.
        let _dead = UdpSocket::bind((DEAD, 53)).unwrap();
        let forger = Forger::start(&all_levels());
        forger.change(Some(Box::new(with_a_dead_server)));
        let ours = resolver::start(vec![], Some(HINTS.to_owned()), anchor.parse().unwrap(), clock());
        forger.make_unreliable();
        let names = [
            "www.good13.nsec.",
            "www.good8.nsec.",
            "www.good15.hash.",
            "www.sub.good13.nsec.",
            "to-hash.good14.nsec.",
            "www.insecure.nsec.",
            "nothing.good10.hash.",
        ];
        for name in names {
            let question = Question::new(name.parse().unwrap(), RecordType::A);
            // Clients ask again, too.
            let found = (0..4).find_map(|_| {
                let reply = client::ask_for(ours, &question, false, Duration::from_secs(6))?;
                (reply.metadata.response_code != ResponseCode::ServFail).then_some(reply)
            });
            let found = found.unwrap_or_else(|| panic!("{name} is not found"));
            let is_secure = found.metadata.authentic_data;
            assert_eq!(is_secure, !name.contains("insecure"), "{name}");
        }
    });
}
