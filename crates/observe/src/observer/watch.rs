//! The loop: wait for frames and for news of the kernel, and say what was seen.

use std::{
    io::PipeReader,
    net::IpAddr,
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
    hearing::{Heard, Hearing, Port},
    lan::{Consequence, Lan, Point},
};
use crate::{
    Refusal, Sighting,
    counters::Counting,
    rtnetlink::{Conversation, News},
    wire::{self, Content, Frame},
};

/// The most frames that are read from one capture before the others have their turn.
const TURN: usize = 256;

/// How long after a flood nothing is believed that could have been drowned in it.
const CALM: Duration = Duration::from_secs(1);

/// When to try again to say that addresses changed, if the receiver was too slow.
const AGAIN: Duration = Duration::from_millis(100);

/// All that the thread owns.
pub(super) struct Watch {
    lan: Lan,
    conversation: Conversation,
    captures: Vec<Capture>,
    hearing: Hearing,
    sightings: mpsc::Sender<Sighting>,
    counting: Arc<Counting>,
    /// Whose names were used by others, as far as it was not told yet.
    forged: Vec<Sighting>,
    /// When frames were last lost, or left for the next turn.
    flooded: Option<Instant>,
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
            hearing: Hearing::default(),
            sightings,
            counting,
            forged: Vec::new(),
            flooded: None,
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
            let answers = self.read(Direction::Outgoing);
            if ready || !answers.is_empty() {
                for (point, frame) in self.read(Direction::Incoming) {
                    self.thing_said(point, frame)?;
                }
            }
            for forged in std::mem::take(&mut self.forged) {
                self.say(forged)?;
            }
            for (point, frame) in answers {
                self.router_said(&point, &frame)?;
            }
            for departed in self.hearing.departed(Instant::now()) {
                self.say(departed)?;
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
        let timeout = self.timeout(Instant::now());
        let timeout = timeout.map_or(PollTimeout::NONE, |timeout| {
            // Rounded up: a turn before something is due would be one for nothing.
            PollTimeout::try_from(timeout + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        });
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

    /// How long to wait if nothing happens; none for as long as it takes.
    fn timeout(&self, now: Instant) -> Option<Duration> {
        let again = self.addresses_changed.then_some(AGAIN);
        let departure = self.hearing.next_departure();
        let departure = departure.map(|departure| departure.saturating_duration_since(now));
        again.into_iter().chain(departure).min()
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
        // What was missed may be that a link is gone and its number was given to another.
        self.captures.clear();
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
                self.hearing.forget_port(index);
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

    /// Reads what the captures of one direction have; refused frames are counted.
    fn read(&mut self, direction: Direction) -> Vec<(Point, Frame)> {
        let mut frames = Vec::new();
        let mut captures = self.captures.iter_mut();
        for capture in captures
            .by_ref()
            .filter(|capture| capture.point.direction == direction)
        {
            let mut emptied = false;
            for _ in 0..TURN {
                let Some(frame) = capture.next() else {
                    emptied = true;
                    break;
                };
                self.counting.frame();
                match wire::read(frame) {
                    Ok(frame) => frames.push((capture.point.clone(), frame)),
                    Err(refusal) => {
                        self.counting.refused(refusal);
                        if refusal == Refusal::DhcpClientAddress && direction == Direction::Incoming {
                            let client = wire::forged_client(frame);
                            let port = capture.point.interface.clone();
                            self.forged
                                .extend(client.map(|mac| Sighting::Forged { mac, port }));
                        }
                    }
                }
            }
            let lost = capture.lost();
            if lost > 0 {
                self.counting.frames_lost(lost);
            }
            if direction == Direction::Incoming && (lost > 0 || !emptied) {
                self.flooded = Some(Instant::now());
            }
        }
        frames
    }

    fn thing_said(&mut self, point: Point, frame: Frame) -> Result<(), ObserveError> {
        let port = Port {
            index: point.index,
            name: point.interface,
        };
        let heard = self.hearing.thing_said(&port, frame, Instant::now());
        self.tell(point.lan, heard)
    }

    fn router_said(&mut self, point: &Point, frame: &Frame) -> Result<(), ObserveError> {
        let now = Instant::now();
        let (source, known) = match &frame.content {
            // What a Thing sends to another through the router goes out here too, but never from the router's own address: the kernel lets
            // nothing in that claims it.
            Content::Dhcpv4 { source, .. } => (IpAddr::V4(*source), true),
            // With IPv6 it does, if the address is one on the link or the frame goes out where it came in. Then it has come in through a
            // port, where it was heard (see `Hearing`), unless there was too much to hear.
            Content::Dhcpv6 { source, .. } => (
                IpAddr::V6(*source),
                self.flooded
                    .is_none_or(|then| now.saturating_duration_since(then) > CALM),
            ),
            Content::Lldp(_) | Content::Other => return Ok(()),
        };
        let of_router = self.lan.is_router(point.lan, frame.source, source) && source_is_local(&source);
        let heard = if !of_router {
            vec![Heard::Refused(Refusal::ServerNotRouter)]
        } else if !known {
            vec![Heard::Refused(Refusal::AnswerDoubtful)]
        } else {
            self.hearing.router_said(&frame.content, now)
        };
        self.tell(point.lan, heard)
    }

    fn tell(&self, lan: u32, heard: Vec<Heard>) -> Result<(), ObserveError> {
        for heard in heard {
            match heard {
                Heard::Sighting(sighting) => self.say(sighting)?,
                Heard::Returned(mac) => {
                    for address in self.lan.addresses_of(lan, mac) {
                        self.say(Sighting::Neighbour { mac, address })?;
                    }
                }
                Heard::Refused(refusal) => self.counting.refused(refusal),
            }
        }
        Ok(())
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

/// A server on the link answers over IPv6 from its address on the link, which is never an address elsewhere.
fn source_is_local(source: &IpAddr) -> bool {
    match source {
        IpAddr::V4(_) => true,
        IpAddr::V6(source) => source.is_unicast_link_local(),
    }
}
