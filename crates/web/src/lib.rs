//! The local page and the JSON API.
