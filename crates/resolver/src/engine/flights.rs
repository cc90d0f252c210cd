//! Questions that are being answered: whoever asks the same meanwhile waits for the same answer (RFC 5452 section 5).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::Answer;
use crate::validate::Question;

/// What is on its way.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<Question, Waiting>>);

type Waiting = watch::Receiver<Option<Arc<Answer>>>;

/// One that is on its way; when this is dropped, nobody joins it any more.
#[derive(Debug)]
pub(super) struct Flight {
    flights: Arc<Flights>,
    question: Question,
    landing: watch::Sender<Option<Arc<Answer>>>,
}

impl Flights {
    /// Where to wait for the answer to this question; and if it is not on its way yet, what has to be landed.
    pub(super) fn join(self: &Arc<Self>, question: &Question) -> (Waiting, Option<Flight>) {
        let mut flights = self.lock();
        if let Some(waiting) = flights.get(question) {
            return (waiting.clone(), None);
        }
        let (landing, waiting) = watch::channel(None);
        flights.insert(question.clone(), waiting.clone());
        let flight = Flight {
            flights: Arc::clone(self),
            question: question.clone(),
            landing,
        };
        (waiting, Some(flight))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Question, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    /// What was asked.
    pub(super) fn question(&self) -> &Question {
        &self.question
    }

    /// Tells everybody who waits.
    pub(super) fn land(self, answer: Arc<Answer>) {
        self.landing.send_replace(Some(answer));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.question);
    }
}

/// Waits for the answer; `None` if it was given up.
pub(super) async fn wait(mut waiting: Waiting) -> Option<Arc<Answer>> {
    let landed = waiting.wait_for(Option::is_some).await.ok()?;
    landed.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ExtendedError, validate::RecordType};

    fn question() -> Question {
        Question::new("a.example.".parse().unwrap(), RecordType::A)
    }

    #[tokio::test]
    async fn who_asks_the_same_waits_for_the_same_answer() {
        let flights = Arc::new(Flights::default());
        let (first, flight) = flights.join(&question());
        let (second, none) = flights.join(&question());
        assert!(none.is_none());
        let answer = Arc::new(Answer::failure(ExtendedError::new(0, ""), 0));
        flight.unwrap().land(Arc::clone(&answer));
        assert!(Arc::ptr_eq(&wait(first).await.unwrap(), &answer));
        assert!(Arc::ptr_eq(&wait(second).await.unwrap(), &answer));
        assert!(flights.join(&question()).1.is_some());
    }

    #[tokio::test]
    async fn one_that_is_given_up_leaves_nobody_waiting() {
        let flights = Arc::new(Flights::default());
        let (waiting, flight) = flights.join(&question());
        drop(flight);
        assert!(wait(waiting).await.is_none());
        assert!(flights.lock().is_empty());
    }
}
