//! Our resolver on loopback, as a gateway runs it.

use std::{
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread,
};

use mudguard_policy::SpecialPurpose;
use mudguard_resolver::{
    AnswerSink, Client, Config, Mode, Release, Resolver, SinkError, Validated,
    validate::{Clock, TrustAnchors},
};
use mudguard_tests::loopback::free_address;

/// A firewall that has nothing to do.
struct Sink;

impl AnswerSink for Sink {
    async fn answered(&self, _client: Client, _answer: &Validated) -> Result<Release, SinkError> {
        Ok(Release::Tell {
            ttl_at_most: u32::MAX,
        })
    }
}

/// Starts it; it runs until the test ends.
///
/// It asks this resolver, or the servers from the root down if there are hints.
pub(crate) fn start(
    upstreams: Vec<SocketAddr>,
    root_hints: Option<String>,
    anchors: TrustAnchors,
    clock: Clock,
) -> SocketAddr {
    let (tell, hear) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            let listen = vec![free_address()];
            let lan = vec!["127.0.0.0/8".parse().unwrap()];
            // The zones hold addresses for documentation, which no name of the internet may have.
            let special = ["192.0.2.0/24", "2001:db8::/32"].map(|prefix| prefix.parse().unwrap());
            let config = Config {
                mode: if root_hints.is_some() {
                    Mode::Recursive
                } else {
                    Mode::Forward
                },
                allow_special_purpose_servers: true,
                root_hints,
                special_purpose: SpecialPurpose::new(special.to_vec()),
                trust_anchors: anchors,
                ..Config::new(listen, lan, upstreams)
            };
            let (resolver, front_end) = Resolver::start(config, Arc::new(Sink)).await.unwrap();
            resolver.set_clock(clock);
            tell.send(front_end.addresses()[0]).unwrap();
            front_end.run(std::future::pending()).await.unwrap();
        });
    });
    hear.recv().unwrap()
}
