//! Octets of frames to typed values: pure, bounded, and without a panic on any input.
//!
//! What it is not: it reads no sockets and knows neither ports nor directions. It reads only what an observer of a LAN needs.
