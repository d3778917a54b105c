//! Downloads against a server of our own that does what servers and networks do, against package clients that
//! misbehave, and once against the real registry.

// What stands the tests up is part of them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod clients;
mod faults;
mod hub;
mod registry;
mod shelf;
