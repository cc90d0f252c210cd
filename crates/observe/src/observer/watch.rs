//! The loop: wait for frames and for news of the kernel, and say what was seen.

use std::{
    io::PipeReader,
    os::fd::AsFd,
    sync::Arc,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};
use tokio::sync::mpsc::{self, error::TrySendError};
use tracing::{debug, info, warn};

use super::{
    ObserveError,
    capture::Capture,
    filter::Direction,
    lan::{Consequence, Lan, Point},
    transactions::Transactions,
};
use crate::{
    Refusal, SightedBy, Sighting,
    counters::Counting,
    rtnetlink::{Conversation, News},
    wire::{self, Content, Frame, mud_string::MudString},
};

/// The most frames that are read from one capture before the others have their turn.
const TURN: usize = 128;

/// When to try again to say that addresses changed, if the receiver was too slow.
const AGAIN: Duration = Duration::from_millis(100);

/// All that the thread owns.
pub(super) struct Watch {
    lan: Lan,
    conversation: Conversation,
    captures: Vec<Capture>,
    transactions: Transactions,
    sightings: mpsc::Sender<Sighting>,
    counting: Arc<Counting>,
    /// Addresses changed, and the receiver does not know yet.
    addresses_changed: bool,
}

impl Watch {
    /// Opens the sockets.
    pub(super) fn start(
        lan_interfaces: Vec<String>,
        sightings: mpsc::Sender<Sighting>,
        counting: Arc<Counting>,
    ) -> Result<Self, ObserveError> {
        let mut watch = Self {
            lan: Lan::new(lan_interfaces),
            conversation: Conversation::open().map_err(ObserveError::Netlink)?,
            captures: Vec::new(),
            transactions: Transactions::default(),
            sightings,
            counting,
            addresses_changed: false,
        };
        watch.look_around()?;
        watch.addresses_changed = false;
        Ok(watch)
    }

    /// Runs until `stop` is closed at its other end.
    pub(super) fn run(&mut self, stop: &PipeReader) -> Result<(), ObserveError> {
        loop {
            let Some(ready) = self.wait(stop)? else {
                return Ok(());
            };
            // News first: a frame may have come through a port, or from an address, that is new.
            self.hear()?;
            // What the router answered was asked before, but on another socket. So the answers are read first and the questions after
            // them, and when an answer is looked at, its question was.
            let mut answers = Vec::new();
            for capture in &mut self.captures {
                if capture.point.direction == Direction::Outgoing {
                    read(capture, &self.counting, |point, frame| {
                        answers.push((point.lan, frame));
                    });
                }
            }
            if ready || !answers.is_empty() {
                self.read_incoming()?;
            }
            for (lan, frame) in answers {
                self.router_said(lan, &frame)?;
            }
            if self.addresses_changed {
                self.say_addresses_changed()?;
            }
        }
    }

    /// Waits for something to do; none if it is to stop.
    fn wait(&self, stop: &PipeReader) -> Result<Option<bool>, ObserveError> {
        let descriptors = [stop.as_fd(), self.conversation.as_fd()].into_iter();
        let descriptors = descriptors.chain(self.captures.iter().map(AsFd::as_fd));
        let mut ready: Vec<_> = descriptors
            .map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN))
            .collect();
        let timeout = if self.addresses_changed {
            PollTimeout::try_from(AGAIN).unwrap_or(PollTimeout::MAX)
        } else {
            PollTimeout::NONE
        };
        match poll(&mut ready, timeout) {
            Ok(_) => {
                let mut ready = ready
                    .iter()
                    .map(|descriptor| descriptor.revents().is_none_or(|events| !events.is_empty()));
                let stopped = ready.next() == Some(true);
                let _news = ready.next();
                Ok((!stopped).then(|| ready.any(|ready| ready)))
            }
            Err(Errno::EINTR) => Ok(Some(false)),
            Err(error) => Err(ObserveError::Thread(error.into())),
        }
    }

    fn hear(&mut self) -> Result<(), ObserveError> {
        loop {
            match self.conversation.hear() {
                Ok(Some(news)) => self.take(news)?,
                Ok(None) => return Ok(()),
                Err(error) if error.raw_os_error() == Some(Errno::ENOBUFS as i32) => {
                    debug!("the kernel had more news than there was room for; looking around again");
                    self.look_around()?;
                }
                Err(error) => return Err(ObserveError::Netlink(error)),
            }
        }
    }

    /// Asks the kernel for everything there is.
    fn look_around(&mut self) -> Result<(), ObserveError> {
        self.lan.forget();
        let everything = loop {
            match self.conversation.everything() {
                // It had news meanwhile, and more than there was room for.
                Err(error) if error.raw_os_error() == Some(Errno::ENOBUFS as i32) => {}
                everything => break everything.map_err(ObserveError::Netlink)?,
            }
        };
        self.take(everything)?;
        self.addresses_changed = true;
        self.capture()
    }

    fn take(&mut self, news: Vec<News>) -> Result<(), ObserveError> {
        let mut links = false;
        for news in news {
            if let News::LinkGone(index) = news {
                // Its number may be given to another link at once.
                self.captures.retain(|capture| capture.point.index != index);
                self.transactions.forget_port(index);
            }
            match self.lan.hear(news) {
                Consequence::Nothing => {}
                Consequence::Links(lan) => {
                    links = true;
                    self.addresses_changed |= lan;
                }
                Consequence::Addresses => self.addresses_changed = true,
                Consequence::Neighbour(neighbour) => self.say(Sighting::Neighbour {
                    mac: neighbour.mac,
                    address: neighbour.address,
                })?,
            }
        }
        if links { self.capture() } else { Ok(()) }
    }

    /// Captures where there is something to capture, and nowhere else.
    fn capture(&mut self) -> Result<(), ObserveError> {
        let points = self.lan.points();
        self.captures
            .retain(|capture| points.iter().any(|point| point.is_same_place(&capture.point)));
        for point in points {
            let running = self
                .captures
                .iter_mut()
                .find(|capture| capture.point.is_same_place(&point));
            match running {
                Some(capture) => capture.point = point,
                None => self.start_capture(point)?,
            }
        }
        Ok(())
    }

    fn start_capture(&mut self, point: Point) -> Result<(), ObserveError> {
        let interface = point.interface.clone();
        match Capture::start(point) {
            Ok(capture) => {
                info!(interface, direction = ?capture.point.direction, "capturing");
                self.captures.push(capture);
                Ok(())
            }
            // It is gone already, and the news of that is on its way.
            Err(error) if matches!(error.raw_os_error(), Some(raw) if raw == Errno::ENODEV as i32 || raw == Errno::ENXIO as i32) =>
            {
                warn!(interface, %error, "cannot capture");
                Ok(())
            }
            Err(source) => Err(ObserveError::Capture { interface, source }),
        }
    }

    fn read_incoming(&mut self) -> Result<(), ObserveError> {
        let mut frames = Vec::new();
        for capture in &mut self.captures {
            if capture.point.direction == Direction::Incoming {
                read(capture, &self.counting, |point, frame| {
                    frames.push(((point.index, point.interface.clone()), frame));
                });
            }
        }
        for ((index, port), frame) in frames {
            self.thing_said(index, port, frame)?;
        }
        Ok(())
    }

    fn thing_said(&mut self, index: u32, port: String, frame: Frame) -> Result<(), ObserveError> {
        let message = match frame.content {
            Content::Dhcpv4 { message, .. } => message,
            Content::Other => return Ok(()),
        };
        match self.transactions.client((index, &port), &message, Instant::now()) {
            Err(refusal) => self.counting.refused(refusal),
            Ok(Some(sighting)) => self.say(sighting)?,
            Ok(None) => {
                if message.mud_string == MudString::Twice {
                    self.counting.refused(Refusal::MudUrlTwice);
                }
                self.say(Sighting::Announced {
                    mac: message.client,
                    port,
                    channel: SightedBy::Dhcpv4,
                    url: message.mud_string.url(),
                    host_name: message.host_name,
                })?;
            }
        }
        Ok(())
    }

    fn router_said(&mut self, lan: u32, frame: &Frame) -> Result<(), ObserveError> {
        let seen = match &frame.content {
            Content::Dhcpv4 { source, message } => {
                // What a Thing sends to another through the router goes out here too, but never from the router's own address: the kernel
                // lets nothing in that claims it.
                if self.lan.is_router(lan, frame.source, (*source).into()) {
                    self.transactions.server(message, Instant::now())
                } else {
                    Err(Refusal::ServerNotRouter)
                }
            }
            Content::Other => Ok(None),
        };
        match seen {
            Err(refusal) => {
                self.counting.refused(refusal);
                Ok(())
            }
            Ok(sighting) => sighting.map_or(Ok(()), |sighting| self.say(sighting)),
        }
    }

    fn say_addresses_changed(&mut self) -> Result<(), ObserveError> {
        match self.sightings.try_send(Sighting::AddressesChanged) {
            Ok(()) => {
                self.addresses_changed = false;
                Ok(())
            }
            Err(TrySendError::Full(_)) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(ObserveError::NobodyListens),
        }
    }

    fn say(&self, sighting: Sighting) -> Result<(), ObserveError> {
        match self.sightings.try_send(sighting) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => {
                self.counting.lost();
                Ok(())
            }
            Err(TrySendError::Closed(_)) => Err(ObserveError::NobodyListens),
        }
    }
}

/// Reads what one capture has; refused frames are counted.
fn read(capture: &mut Capture, counting: &Counting, mut take: impl FnMut(&Point, Frame)) {
    for _ in 0..TURN {
        let Some(frame) = capture.next() else { break };
        counting.frame();
        match wire::read(frame) {
            Ok(frame) => take(&capture.point, frame),
            Err(refusal) => counting.refused(refusal),
        }
    }
}
