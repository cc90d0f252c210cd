//! Capturing on one interface in one direction: an AF_PACKET socket that carries its filter before it is bound, handed to pnet.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, IntoRawFd},
    time::Duration,
};

use pnet::datalink::{self, Channel, Config, DataLinkReceiver, MacAddr, NetworkInterface};
use socket2::{Domain, Socket, Type};

use super::{
    filter::{self, Direction},
    lan::Point,
    packet_socket,
};
use crate::wire::lldp;

/// The longest frame that is read whole; of a longer one, the IP length says that it was cut.
const LONGEST_FRAME: usize = 4096;

/// A capture; it ends when it is dropped.
pub(super) struct Capture {
    /// Where it captures.
    pub(super) point: Point,
    receiver: Box<dyn DataLinkReceiver>,
    socket: Socket,
}

impl Capture {
    /// Starts to capture.
    pub(super) fn start(point: Point) -> io::Result<Self> {
        // With protocol 0, the socket gets no frame before it is bound, and pnet binds it to the interface and all protocols at once:
        // there is no moment in which it gets what the filter or the interface excludes.
        let socket = Socket::new(Domain::PACKET, Type::RAW, None)?;
        socket.attach_filter(&filter::program(point.direction))?;
        let interface = NetworkInterface {
            name: point.interface.clone(),
            description: String::new(),
            index: point.index,
            mac: point.mac.map(|mac| MacAddr::from(mac.0)),
            ips: Vec::new(),
            flags: 0,
        };
        let config = Config {
            // Waiting is done for all captures together.
            read_timeout: Some(Duration::ZERO),
            read_buffer_size: LONGEST_FRAME,
            write_buffer_size: 0,
            promiscuous: false,
            // pnet owns this one, and closes it even if it fails.
            socket_fd: Some(socket.try_clone()?.into_raw_fd()),
            ..Config::default()
        };
        if point.direction == Direction::Incoming {
            // The card of a port that is not promiscuous, as a bridge makes it, would not take LLDP.
            packet_socket::join(&socket, point.index, lldp::NEAREST_BRIDGE)?;
        }
        match datalink::channel(&interface, config)? {
            Channel::Ethernet(_sender, receiver) => Ok(Self {
                point,
                receiver,
                socket,
            }),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// The next frame; none if there is nothing to read.
    pub(super) fn next(&mut self) -> Option<&[u8]> {
        match self.receiver.next() {
            Ok(frame) => Some(frame),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => None,
            Err(_) => {
                // The interface was set down. The kernel says so once, and goes on capturing when it is set up again; pnet does not take
                // the error from the socket.
                let _told = self.socket.take_error();
                None
            }
        }
    }

    /// How many frames were lost since the last call.
    pub(super) fn lost(&self) -> u32 {
        packet_socket::dropped(&self.socket)
    }
}

impl AsFd for Capture {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
