//! Settings: one TOML file of which the user is the author.
//!
//! What counts is, in this order: what the file says, what the environment says under the names of the five systems
//! that Libretto replaces (see [`overrides`]), the defaults in [`model`]. A value that cannot be used is passed over
//! and told; everything else in the file still counts.

mod disk;
mod edit;
mod file;
mod migrate;
pub mod model;
pub mod overrides;
mod plain;
mod read;
mod schema;
mod typed;
mod undo;

pub use file::SettingsFile;
pub use migrate::VERSION;
pub use model::{
    Appearance, Conversation, History, Hotkeys, Loudspeaker, Microphone, Mode, Model, Network, ON_DEVICE,
    OnDevice, Persona, Provider, Recogniser, Settings, Theme, Vad, VadKind, Value, Voice, seconds,
};
pub use schema::{defaults, documented, schema};
pub use undo::Undone;
