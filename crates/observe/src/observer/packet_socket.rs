//! The options of packet sockets (`packet(7)`) that neither socket2 nor pnet has.

use std::os::fd::AsFd;

use nix::{
    errno::Errno,
    sys::socket::{GetSockOpt, SetSockOpt},
};

/// PACKET_ADD_MEMBERSHIP.
#[derive(Clone, Copy)]
struct AddMembership;
nix::setsockopt_impl!(
    AddMembership,
    libc::SOL_PACKET,
    libc::PACKET_ADD_MEMBERSHIP,
    libc::packet_mreq,
    nix::sys::socket::sockopt::SetStruct<'_, libc::packet_mreq>
);

/// PACKET_STATISTICS.
#[derive(Clone, Copy)]
struct Statistics;
nix::getsockopt_impl!(
    Statistics,
    libc::SOL_PACKET,
    libc::PACKET_STATISTICS,
    [u32; 2],
    nix::sys::socket::sockopt::GetStruct<[u32; 2]>
);

/// Makes the network card of an interface take frames to this group, until the socket is closed.
pub(super) fn join(socket: &impl AsFd, interface: u32, group: [u8; 6]) -> Result<(), Errno> {
    let [a, b, c, d, e, f] = group;
    let membership = libc::packet_mreq {
        mr_ifindex: i32::try_from(interface).map_err(|_| Errno::ERANGE)?,
        mr_type: u16::try_from(libc::PACKET_MR_MULTICAST).map_err(|_| Errno::ERANGE)?,
        mr_alen: 6,
        mr_address: [a, b, c, d, e, f, 0, 0],
    };
    AddMembership.set(socket, &membership)
}

/// How many frames the kernel had no room for since the last call.
pub(super) fn dropped(socket: &impl AsFd) -> u32 {
    Statistics.get(socket).map_or(0, |[_seen, dropped]| dropped)
}
