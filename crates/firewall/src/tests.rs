//! The rules in the kernel, met by real packets in network namespaces. They need root and say so when they are left out.

mod bridged;
mod changes;
mod denied;
mod forms;
mod frames;
mod incremental;
mod learned;
pub(crate) mod mutation;
mod net;
mod oracle;
mod probe;
mod routed;
mod shapes;
mod sources;
mod told;
mod vlans;

use std::time::Duration;

use mudguard_manager::Snapshot;

use self::net::Net;
use crate::{BridgeSetting, Denials, Elements, Firewall, Heard};

/// What a test has: the home's wires and the firewall in its router.
struct Bench {
    firewall: Firewall,
    elements: Elements,
    denials: Denials,
}

impl Bench {
    /// The next sample that the kernel sends.
    async fn heard(&mut self) -> Heard {
        let heard = tokio::time::timeout(Duration::from_secs(2), self.denials.next());
        heard.await.expect("a sample").unwrap()
    }
}

/// Runs a test in the router of a new home with these Things on the wire, with the rules of the snapshot. Not without root.
fn bench(things: u8, snapshot: &Snapshot, test: impl AsyncFnOnce(Bench, &Net) + Send) {
    bench_with(BridgeSetting::Auto, things, snapshot, test);
}

/// The same, and frames within the bridge are filtered so.
fn bench_with(
    bridge: BridgeSetting,
    things: u8,
    snapshot: &Snapshot,
    test: impl AsyncFnOnce(Bench, &Net) + Send,
) {
    let Some(net) = Net::build(things) else { return };
    net.router.apart(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let (mut firewall, elements, denials) = Firewall::start_with(bridge).await.unwrap();
            firewall.apply(snapshot).await.unwrap();
            let bench = Bench {
                firewall,
                elements,
                denials,
            };
            test(bench, &net).await;
        });
    });
}
