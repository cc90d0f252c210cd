//! Other resolvers are asked over UDP, TCP, TLS and HTTPS, on loopback: Debian's unbound with certificates that are right and wrong.
//!
//! What is not answered must not have been asked in cleartext either: somebody listens there and counts.

#![allow(clippy::unwrap_used, reason = "a test ends with what is wrong")]

mod servers;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use mudguard_resolver::{
    AnswerSink, Client, Config, LookupError, Mode, Proof, Release, Resolver, SinkError, Transport,
    UpstreamServer, Validated,
    validate::{Clock, TrustAnchors},
};

use mudguard_tests::loopback::free_address;

use crate::servers::{Counted, Identity, Pki, Unbound};

/// A firewall that has nothing to do.
struct Sink;

impl AnswerSink for Sink {
    async fn answered(&self, _client: Client, _answer: &Validated) -> Result<Release, SinkError> {
        Ok(Release::Tell {
            ttl_at_most: u32::MAX,
        })
    }
}

async fn resolver(pki: &Pki, upstreams: Vec<UpstreamServer>) -> Resolver {
    let config = Config {
        mode: Mode::Forward,
        trust_anchors: TrustAnchors::default(),
        tls_roots: Some(pki.roots()),
        upstreams,
        // The addresses of the tests are no host's.
        rebinding_protection: false,
        ..Config::new(
            vec![free_address()],
            vec!["127.0.0.0/8".parse().unwrap()],
            Vec::new(),
        )
    };
    let (resolver, _) = Resolver::start(config, Arc::new(Sink)).await.unwrap();
    resolver.set_clock(Clock::Valid(1_800_000_000));
    resolver
}

fn tls(address: SocketAddr, proof: Proof) -> UpstreamServer {
    UpstreamServer {
        address,
        transport: Transport::Tls(proof),
    }
}

fn https(address: SocketAddr, proof: Proof) -> UpstreamServer {
    UpstreamServer {
        address,
        transport: Transport::Https {
            proof,
            authority: format!("dns.example:{}", address.port()),
            path: "/dns-query".to_owned(),
        },
    }
}

fn name() -> Proof {
    Proof::Name("dns.example".to_owned())
}

fn pin(pin: [u8; 32]) -> Proof {
    Proof::Pins {
        name: None,
        pins: vec![pin],
    }
}

async fn is_answered(pki: &Pki, server: UpstreamServer) -> bool {
    match resolver(pki, vec![server]).await.addresses("www.example").await {
        Ok(addresses) => {
            assert_eq!(addresses, ["198.51.100.7".parse::<std::net::IpAddr>().unwrap()]);
            true
        }
        Err(LookupError::Unavailable(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

fn right(pki: &Pki) -> (Identity, Unbound) {
    let identity = pki.identity("right", "ca", "DNS:dns.example", 30);
    let unbound = pki.unbound(&identity, "");
    (identity, unbound)
}

#[tokio::test]
async fn a_resolver_with_the_right_name_or_key_is_asked_over_tls_and_https() {
    let pki = Pki::new();
    let (identity, unbound) = right(&pki);
    let stranger = pki.identity("own", "stranger", "DNS:other.example", 30);
    let unsigned = pki.unbound(&stranger, "");
    assert!(is_answered(&pki, tls(unbound.tls, name())).await);
    assert!(is_answered(&pki, https(unbound.https, name())).await);
    assert!(is_answered(&pki, tls(unbound.tls, pin(pki.pin(&identity)))).await);
    // A pinned key needs no authority.
    assert!(is_answered(&pki, tls(unsigned.tls, pin(pki.pin(&stranger)))).await);
    assert!(is_answered(&pki, https(unsigned.https, pin(pki.pin(&stranger)))).await);
}

#[tokio::test]
async fn a_resolver_that_does_not_prove_who_it_is_is_asked_nothing() {
    let pki = Pki::new();
    let wrong_name = pki.identity("name", "ca", "DNS:other.example", 30);
    let untrusted = pki.identity("untrusted", "stranger", "DNS:dns.example", 30);
    let expired = pki.identity("expired", "ca", "DNS:dns.example", 0);
    pki.wait_until_expired(&expired);
    for (why, identity) in [("name", wrong_name), ("authority", untrusted), ("date", expired)] {
        let unbound = pki.unbound(&identity, "");
        assert!(!is_answered(&pki, tls(unbound.tls, name())).await, "{why}, TLS");
        assert!(
            !is_answered(&pki, https(unbound.https, name())).await,
            "{why}, HTTPS"
        );
        let other = pin([7; 32]);
        assert!(
            !is_answered(&pki, tls(unbound.tls, other.clone())).await,
            "pin, TLS"
        );
        assert!(
            !is_answered(&pki, https(unbound.https, other)).await,
            "pin, HTTPS"
        );
    }
}

#[tokio::test]
async fn without_a_valid_clock_a_date_is_no_reason_to_refuse_and_later_it_is() {
    let pki = Pki::new();
    let expired = pki.identity("expired", "ca", "DNS:dns.example", 0);
    pki.wait_until_expired(&expired);
    let unbound = pki.unbound(&expired, "  local-data: \"later.example. A 198.51.100.8\"\n");
    let resolver = resolver(&pki, vec![tls(unbound.tls, name())]).await;
    resolver.set_clock(Clock::Unknown);
    resolver.addresses("www.example").await.unwrap();
    resolver.set_clock(Clock::Valid(1_800_000_000));
    resolver.addresses("later.example").await.unwrap_err();
}

#[tokio::test]
async fn what_is_to_be_asked_over_tls_is_never_asked_in_cleartext() {
    let pki = Pki::new();
    let listener = Counted::silent();
    for server in [tls(listener.address, name()), https(listener.address, name())] {
        assert!(!is_answered(&pki, server).await);
    }
    assert!(listener.connections() > 0);
    assert_eq!(listener.datagrams(), 0);
}

#[tokio::test]
async fn a_resolver_is_asked_by_tcp_where_that_is_wanted() {
    let pki = Pki::new();
    let (_, unbound) = right(&pki);
    let before = Counted::before(unbound.cleartext, Duration::ZERO);
    let cleartext = UpstreamServer::from(before.address);
    assert!(is_answered(&pki, cleartext).await);
    assert!(before.datagrams() > 0 && before.connections() == 0);
    let tcp = UpstreamServer {
        address: unbound.cleartext,
        transport: Transport::Tcp,
    };
    assert!(is_answered(&pki, tcp).await);
}

#[tokio::test]
async fn a_dead_resolver_costs_one_timeout_and_is_passed_by_then() {
    let pki = Pki::new();
    let (_, unbound) = right(&pki);
    let dead = Counted::silent();
    let resolver = resolver(&pki, vec![dead.address.into(), unbound.cleartext.into()]).await;
    resolver.addresses("www.example").await.unwrap();
    let so_far = dead.datagrams();
    assert!(so_far > 0);
    for number in 0..40 {
        // It does not exist, and the other one says so.
        resolver
            .addresses(&format!("n{number}.example"))
            .await
            .unwrap_err();
    }
    // What was on its way, with its repetition, its designation and a probe, and no more.
    assert!(
        dead.datagrams() < so_far + 8,
        "{} after {so_far}",
        dead.datagrams()
    );
}

#[tokio::test]
async fn the_slower_of_two_resolvers_is_asked_less() {
    let pki = Pki::new();
    let (_, unbound) = right(&pki);
    let slow = Counted::before(unbound.cleartext, Duration::from_millis(300));
    let fast = Counted::before(unbound.cleartext, Duration::ZERO);
    let resolver = resolver(&pki, vec![slow.address.into(), fast.address.into()]).await;
    for number in 0..40 {
        resolver
            .addresses(&format!("n{number}.example"))
            .await
            .unwrap_err();
    }
    let (slow, fast) = (slow.datagrams(), fast.datagrams());
    assert!(slow > 0 && fast > 40 && slow * 3 < fast, "{slow} and {fast}");
}

/// What a resolver says of the way over TLS to `dns.example` at this address.
fn designates(address: SocketAddr) -> String {
    format!(
        "  local-data: \"_dns.resolver.arpa. 300 SVCB 1 dns.example. alpn=dot port={} ipv4hint={}\"\n",
        address.port(),
        address.ip()
    )
}

/// Asks for one name after the other until a question came over TLS; whether one did before the names were used up.
async fn is_raised(resolver: &Resolver, cleartext: &Counted) -> bool {
    for number in 0..100 {
        let before = cleartext.datagrams();
        let answer = resolver.addresses(&format!("n{number}.example")).await;
        answer.unwrap_err();
        if cleartext.datagrams() == before {
            return true;
        }
        // The designation is looked at beside the questions.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test]
async fn a_resolver_that_proves_its_address_is_asked_over_tls_where_it_designates_that() {
    let pki = Pki::new();
    // The way leads to another address than the resolver's, which opportunism does not reach.
    let identity = pki.identity("right", "ca", "DNS:dns.example,IP:127.0.0.2", 30);
    let encrypted = pki.unbound(&identity, "");
    let cleartext = pki.unbound(&identity, &designates(encrypted.tls));
    let before = Counted::at("127.0.0.2", cleartext.cleartext);
    let resolver = resolver(&pki, vec![before.address.into()]).await;
    assert!(is_raised(&resolver, &before).await);
}

#[tokio::test]
async fn a_resolver_that_does_not_prove_its_address_is_asked_in_cleartext_as_before() {
    let pki = Pki::new();
    let other = pki.identity("other", "ca", "DNS:dns.example,IP:127.0.0.3", 30);
    let stranger = pki.identity("strange", "stranger", "DNS:dns.example,IP:127.0.0.2", 30);
    for identity in [other, stranger] {
        let encrypted = pki.unbound(&identity, "");
        let cleartext = pki.unbound(&identity, &designates(encrypted.tls));
        let before = Counted::at("127.0.0.2", cleartext.cleartext);
        let resolver = resolver(&pki, vec![before.address.into()]).await;
        assert!(!is_raised(&resolver, &before).await);
    }
}

#[tokio::test]
async fn a_resolver_at_a_private_address_need_not_prove_that_it_designates_itself() {
    let pki = Pki::new();
    let stranger = pki.identity("strange", "stranger", "DNS:dns.example", 30);
    let encrypted = pki.unbound(&stranger, "");
    let cleartext = pki.unbound(&stranger, &designates(encrypted.tls));
    let before = Counted::before(cleartext.cleartext, Duration::ZERO);
    let resolver = resolver(&pki, vec![before.address.into()]).await;
    assert!(is_raised(&resolver, &before).await);
}

#[tokio::test]
async fn when_the_designated_way_fails_the_question_fails_and_later_ones_are_asked_in_cleartext() {
    let pki = Pki::new();
    let identity = pki.identity("right", "ca", "DNS:dns.example,IP:127.0.0.1", 30);
    let encrypted = pki.unbound(&identity, "");
    let cleartext = pki.unbound(&identity, &designates(encrypted.tls));
    let before = Counted::before(cleartext.cleartext, Duration::ZERO);
    let resolver = resolver(&pki, vec![before.address.into()]).await;
    assert!(is_raised(&resolver, &before).await);
    drop(encrypted);
    let so_far = before.datagrams();
    let error = resolver.addresses("www.example").await.unwrap_err();
    assert!(matches!(error, LookupError::Unavailable(_)), "{error}");
    // A and AAAA are two questions: the second may come when the first has failed.
    assert!(before.datagrams() <= so_far + 1);
    let error = resolver.addresses("later.example").await.unwrap_err();
    assert!(matches!(error, LookupError::NoSuchName(_)), "{error}");
}
