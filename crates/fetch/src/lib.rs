//! HTTPS retrieval of MUD files and verification of their CMS signatures.
