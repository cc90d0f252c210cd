//! A policy in plain words.
