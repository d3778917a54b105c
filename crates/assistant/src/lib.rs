//! Puts the parts together from the settings. It is what the terminal, the window and the server talk to.
#![forbid(unsafe_code)]

pub mod accounts;
pub mod assistant;
pub mod choose;
pub mod desk;
pub mod doctor;
pub mod failover;
pub mod foundation;
pub mod health;
pub mod intents;
pub mod karaoke;
pub mod missing;
pub mod order;
pub mod remember;
pub mod runtime;
pub mod sample;
pub mod say;
pub mod speed;
pub mod timers;
pub mod transcribe;
pub mod translate;
mod upkeep;

pub use assistant::{Assistant, Start};
pub use foundation::Foundation;
pub use libretto_audio as audio;
pub use libretto_conversation as conversation;
pub use libretto_ondevice as ondevice;
pub use libretto_providers as providers;
pub use libretto_store as store;
pub use libretto_voice as voice;
pub use runtime::Runtime;
