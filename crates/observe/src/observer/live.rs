//! The frames of one interface as they come in, for diagnosis: `mudguard observe --interface`.
//!
//! What it is not: the observer, which follows bridge ports, directions, and interfaces that come and go.

use std::os::fd::AsFd;

use nix::{
    errno::Errno,
    net::if_::if_nametoindex,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};

use super::{ObserveError, capture::Capture, filter::Direction, lan::Point};

/// How often is looked whether the interface is still there, in milliseconds.
const LOOK: u16 = 1000;

/// The DHCP and LLDP frames that come in through one interface; the kernel hands over no others. Of LLDP, a bridge itself sees nothing:
/// each of its ports does.
///
/// It ends only with an error, such as that the interface is gone.
pub struct LiveFrames {
    capture: Capture,
    ended: bool,
}

impl LiveFrames {
    /// Starts to capture, in the network namespace of the calling thread. When this returns, no frame is missed any more.
    ///
    /// # Errors
    /// If there is no such interface, or the kernel does not allow it.
    pub fn start(interface: &str) -> Result<Self, ObserveError> {
        let index = if_nametoindex(interface).map_err(|_| ObserveError::NoInterface(interface.to_owned()))?;
        let point = Point {
            index,
            interface: interface.to_owned(),
            mac: None,
            lan: index,
            direction: Direction::Incoming,
        };
        Ok(Self {
            capture: Capture::start(point).map_err(|source| ObserveError::Capture {
                interface: interface.to_owned(),
                source,
            })?,
            ended: false,
        })
    }

    /// How many frames the kernel had no room for since the last call.
    #[must_use]
    pub fn lost(&self) -> u32 {
        self.capture.lost()
    }

    fn frame(&mut self) -> Result<Vec<u8>, ObserveError> {
        loop {
            if let Some(frame) = self.capture.next() {
                return Ok(frame.to_vec());
            }
            let mut ready = [PollFd::new(self.capture.as_fd(), PollFlags::POLLIN)];
            match poll(&mut ready, PollTimeout::from(LOOK)) {
                Ok(0) => self.is_there()?,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(ObserveError::Thread(error.into())),
            }
        }
    }

    /// Whether the interface is still the one that it was.
    fn is_there(&self) -> Result<(), ObserveError> {
        let Point { index, interface, .. } = &self.capture.point;
        if if_nametoindex(interface.as_str()) == Ok(*index) {
            return Ok(());
        }
        Err(ObserveError::NoInterface(interface.clone()))
    }
}

impl Iterator for LiveFrames {
    type Item = Result<Vec<u8>, ObserveError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let frame = self.frame();
        self.ended = frame.is_err();
        Some(frame)
    }
}
