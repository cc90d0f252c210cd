//! The MUD manager: events in, actions out.
