//! What a test sends to see whether it arrives.
//!
//! The functions work in the namespace of the calling thread, for tests that send many probes within one [`Namespace::enter`]; the methods
//! of [`Namespace`] send a single one. Questions to resolvers are in [`super::dns`].

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket},
    time::Duration,
};

use super::namespace::Namespace;

/// Opens a TCP connection.
///
/// # Errors
/// `ConnectionRefused` if the other side or a firewall refuses, `TimedOut` if nothing comes back within the limit.
pub fn connect(to: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&to, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    Ok(stream)
}

/// Sends a datagram and waits for one from there.
///
/// # Errors
/// `ConnectionRefused` if the other side or a firewall refuses, `WouldBlock` if nothing comes back within the limit.
pub fn exchange(to: SocketAddr, payload: &[u8], limit: Duration) -> io::Result<Vec<u8>> {
    let any: IpAddr = if to.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(to)?;
    socket.set_read_timeout(Some(limit))?;
    socket.send(payload)?;
    let mut answer = vec![0; usize::from(u16::MAX)];
    let length = socket.recv(&mut answer)?;
    answer.truncate(length);
    Ok(answer)
}

impl Namespace {
    /// Opens a TCP connection from here; see [`connect`].
    ///
    /// # Errors
    /// As [`connect`].
    pub fn connect(&self, to: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
        self.enter(|| connect(to, limit))?
    }

    /// Sends a datagram from here and waits for one; see [`exchange`].
    ///
    /// # Errors
    /// As [`exchange`].
    pub fn exchange(&self, to: SocketAddr, payload: &[u8], limit: Duration) -> io::Result<Vec<u8>> {
        self.enter(|| exchange(to, payload, limit))?
    }

    /// Whether one echo request (`ping`) is answered within the limit.
    ///
    /// # Errors
    /// If ping cannot be started.
    pub fn ping(&self, to: IpAddr, limit: Duration) -> io::Result<bool> {
        let seconds = limit.as_secs_f32().to_string();
        let mut ping = self.command("ping");
        ping.args(["-n", "-q", "-c", "1", "-W", &seconds])
            .arg(to.to_string());
        Ok(ping.output()?.status.success())
    }
}
