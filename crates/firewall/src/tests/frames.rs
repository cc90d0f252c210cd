//! Frames, octet by octet: what no socket of an honest host sends. And ears that hear all frames.

use std::{
    net::IpAddr,
    os::fd::{AsRawFd, OwnedFd},
};

use mudguard_policy::MacAddress;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, setsockopt, socket, sockopt,
};

use super::net::Namespace;

pub(super) const EVERYBODY: MacAddress = MacAddress([0xff; 6]);
/// By this a frame is known again.
pub(super) const MARK: &[u8; 6] = b"forged";

const ARP: [u8; 2] = [8, 6];

pub(super) fn ethernet(to: MacAddress, from: MacAddress, kind: [u8; 2], rest: &[u8]) -> Vec<u8> {
    [&to.0[..], &from.0, &kind, rest].concat()
}

/// A packet of UDP to port 1000 in a frame.
pub(super) fn udp(
    (to, from): (MacAddress, MacAddress),
    source: &str,
    destination: &str,
    mark: &[u8; 6],
) -> Vec<u8> {
    let datagram = [&[0x12, 0x34, 0x03, 0xe8, 0, 14, 0, 0][..], mark].concat();
    packet((to, from), source, destination, (17, 64), &datagram)
}

/// An ICMPv6 message with a last option that holds the mark.
pub(super) fn neighbour(
    (to, from): (MacAddress, MacAddress),
    (source, destination): (&str, &str),
    kind: u8,
    target: &str,
    mark: &[u8; 6],
) -> Vec<u8> {
    let mut message = vec![kind, 0, 0, 0, 0x20, 0, 0, 0];
    message.extend(octets(target));
    message.extend([253, 1]);
    message.extend(mark);
    packet((to, from), source, destination, (58, 255), &message)
}

/// A reply of ARP to everybody.
pub(super) fn arp(from: MacAddress, (sender, address): (MacAddress, &str), mark: &[u8; 6]) -> Vec<u8> {
    let mut rest = vec![0, 1, 8, 0, 6, 4, 0, 2];
    rest.extend(sender.0);
    rest.extend(octets(address));
    rest.extend([0; 10]);
    rest.extend(mark);
    ethernet(EVERYBODY, from, ARP, &rest)
}

/// A packet of a protocol with so many hops left.
pub(super) fn packet(
    (to, from): (MacAddress, MacAddress),
    source: &str,
    destination: &str,
    (protocol, hops): (u8, u8),
    rest: &[u8],
) -> Vec<u8> {
    let (source, destination) = (octets(source), octets(destination));
    let mut header;
    let kind = if source.len() == 4 {
        let [high, low] = u16::try_from(20 + rest.len()).unwrap().to_be_bytes();
        header = vec![0x45, 0, high, low, 0, 0, 0, 0, hops, protocol, 0, 0];
        header.extend(source.iter().chain(&destination));
        let sum: u32 = header
            .chunks(2)
            .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])))
            .sum();
        let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
        header[10..12].copy_from_slice(&sum.to_be_bytes());
        [8, 0]
    } else {
        let [high, low] = u16::try_from(rest.len()).unwrap().to_be_bytes();
        header = vec![0x60, 0, 0, 0, high, low, protocol, hops];
        header.extend(source.iter().chain(&destination));
        [0x86, 0xdd]
    };
    header.extend(rest);
    ethernet(to, from, kind, &header)
}

/// The frame with so many tags of the VLAN 10.
pub(super) fn tagged(mut frame: Vec<u8>, tags: usize) -> Vec<u8> {
    for _ in 0..tags {
        frame.splice(12..12, [0x81, 0, 0, 10]);
    }
    frame
}

fn octets(address: &str) -> Vec<u8> {
    match address.parse().unwrap() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// Hears every frame in a namespace, from when it is opened.
pub(super) struct Ear(OwnedFd);

impl Ear {
    pub(super) fn open(at: &Namespace) -> Self {
        Self(at.run(|| {
            let ear = socket(
                AddressFamily::Packet,
                SockType::Raw,
                SockFlag::empty(),
                SockProtocol::EthAll,
            );
            let ear = ear.unwrap();
            let wait = nix::sys::time::TimeVal::new(2, 0);
            setsockopt(&ear, sockopt::ReceiveTimeout, &wait).unwrap();
            ear
        }))
    }

    /// The next frame that holds these octets, or one of the others; `None` if two seconds pass without any frame.
    pub(super) fn hears(&self, mark: &[u8; 6]) -> bool {
        self.first_of(&[mark]).is_some()
    }

    /// Which of these is heard first.
    pub(super) fn first_of(&self, marks: &[&[u8; 6]]) -> Option<usize> {
        let mut frame = [0; 2048];
        while let Ok(length) = recv(self.0.as_raw_fd(), &mut frame, MsgFlags::empty()) {
            let holds = |mark: &&[u8; 6]| frame[..length].windows(6).any(|part| part == &mark[..]);
            if let Some(at) = marks.iter().position(holds) {
                return Some(at);
            }
        }
        None
    }
}
