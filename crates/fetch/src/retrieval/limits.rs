//! How long a retrieval may take, and how much it may read.

use std::time::Duration;

/// The limits of a retrieval. Whatever a file server does, it ends within [`Limits::whole`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection stands; 5 seconds.
    pub connect: Duration,
    /// From a request to its answer, the connection included, and then without an octet; 5 seconds.
    pub idle: Duration,
    /// For the MUD file or the signature, redirects included; 20 seconds.
    pub transfer: Duration,
    /// For everything; 30 seconds.
    pub whole: Duration,
    /// Octets of a MUD file; 256 KiB.
    pub file_octets: usize,
    /// Octets of a signature; 64 KiB.
    pub signature_octets: usize,
    /// Octets that servers send in all, over the file, its signature, redirects and second attempts, as TCP delivers them: what TLS and
    /// HTTP wrap around a body counts; 320 KiB.
    pub octets: usize,
    /// Redirects that are followed; 3.
    pub redirects: usize,
    /// Retrievals at the same time; 4. Others wait.
    pub at_once: usize,
    /// Retrievals at the same time from one host; 2. Others wait, and take no place from those of other hosts.
    pub at_once_from_host: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(5),
            transfer: Duration::from_secs(20),
            whole: Duration::from_secs(30),
            file_octets: 256 * 1024,
            signature_octets: crate::MAX_SIGNATURE_LENGTH,
            octets: 320 * 1024,
            redirects: 3,
            at_once: 4,
            at_once_from_host: 2,
        }
    }
}
