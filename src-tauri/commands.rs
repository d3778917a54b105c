//! What the pages may ask for. Each command translates and passes on; none decides.
#![allow(
    clippy::needless_pass_by_value,
    reason = "Tauri hands arguments over by value"
)]

pub mod devices;
pub mod history;
pub mod keys;
pub mod models;
pub mod providers;
pub mod settings;
pub mod shell;
pub mod talk;

use tauri::State;

use crate::libretto::Libretto;

/// What all commands work on.
pub(crate) type App<'a> = State<'a, Libretto>;
