//! Seeing every frame that passes an interface, in either direction.
//!
//! Unlike a program that captures, it misses nothing and needs no waiting: the kernel queues a frame here before it hands it on.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
};

use anyhow::Context;
use nix::{
    errno::Errno,
    net::if_::if_nametoindex,
    sys::socket::{
        AddressFamily, LinkAddr, SockFlag, SockProtocol, SockType, recvfrom, setsockopt, socket,
        sockopt::RcvBufForce,
    },
};

use super::{namespace::Namespace, packet::Packet};

/// How much the kernel may queue between two calls, in octets of its own counting.
const QUEUE: usize = 64 << 20;

/// A capture on an interface of a namespace.
#[derive(Debug)]
pub struct Capture {
    socket: OwnedFd,
    interface: usize,
}

impl Capture {
    /// Begins to see frames on this interface.
    ///
    /// # Errors
    /// If the namespace has no such interface.
    pub fn start(namespace: &Namespace, interface: &str) -> anyhow::Result<Self> {
        let open = || {
            let index = if_nametoindex(interface)?;
            let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
            let socket = socket(AddressFamily::Packet, SockType::Raw, flags, SockProtocol::EthAll)?;
            setsockopt(&socket, RcvBufForce, &QUEUE)?;
            Ok::<_, Errno>(Self {
                socket,
                interface: usize::try_from(index).map_err(|_| Errno::ERANGE)?,
            })
        };
        namespace
            .enter(open)?
            .with_context(|| format!("{interface} of {} cannot be captured", namespace.netns()))
    }

    /// The frames that have passed since the start or the last call.
    ///
    /// # Errors
    /// If the kernel does not hand them out.
    pub fn frames(&self) -> io::Result<Vec<Vec<u8>>> {
        let mut frames = Vec::new();
        let mut buffer = vec![0; 1 << 17];
        loop {
            match recvfrom::<LinkAddr>(self.socket.as_raw_fd(), &mut buffer) {
                Ok((length, from)) => {
                    if from.is_some_and(|from| from.ifindex() == self.interface) {
                        frames.push(buffer[..length].to_vec());
                    }
                }
                Err(Errno::EAGAIN) => return Ok(frames),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The IP packets among them.
    ///
    /// # Errors
    /// As [`Capture::frames`].
    pub fn packets(&self) -> io::Result<Vec<Packet>> {
        let frames = self.frames()?;
        Ok(frames.iter().filter_map(|frame| Packet::of(frame)).collect())
    }
}
