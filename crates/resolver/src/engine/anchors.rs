//! Trust anchors that follow their zones, at work (RFC 5011): what is judged is in [`crate::validate`].

use super::{Engine, PATIENCE, Work};
use crate::validate::{Clock, Question, RecordType, Rollover, Rollovers};

/// How soon the keys are looked at again after that failed, in seconds (RFC 5011 section 2.3).
const RETRY: u64 = 3600;

/// How soon it is looked whether the clock is valid now, in seconds.
const NO_CLOCK: u64 = 30;

impl Engine {
    /// What was learned before counts from now on.
    pub(crate) fn apply_rollovers(&self, rollovers: &Rollovers) {
        self.validation.apply(&rollovers.0);
    }

    /// Looks at the keys of each zone that has a trust anchor; whether anything is different, and after how many seconds to look again.
    pub(crate) async fn see_rollovers(&self, rollovers: &mut Rollovers) -> (bool, u64) {
        let Clock::Valid(now) = self.validation.clock((self.clock)()) else {
            return (false, NO_CLOCK);
        };
        let configured = self.validation.configured();
        let (mut is_changed, mut again) = (false, u64::MAX);
        for zone in configured.names() {
            let question = Question::new(zone.clone(), RecordType::DNSKEY);
            let reply = self.upstream.ask(&question, &Work::new(PATIENCE)).await;
            let place = rollovers.0.iter().position(|known| known.zone() == zone);
            let place = place.unwrap_or_else(|| {
                rollovers.0.push(Rollover::new(zone.clone()));
                rollovers.0.len() - 1
            });
            let (Ok(reply), Some(rollover)) = (reply, rollovers.0.get_mut(place)) else {
                again = again.min(RETRY);
                continue;
            };
            let before = rollover.clone();
            match rollover.see(&reply, configured, now) {
                Ok(seen) => again = again.min(seen.again),
                Err(reason) => {
                    tracing::warn!(%zone, %reason, "the keys of a trust anchor are not believed");
                    again = again.min(RETRY);
                }
            }
            is_changed |= *rollover != before;
        }
        if is_changed {
            self.apply_rollovers(rollovers);
        }
        (is_changed, again)
    }
}
