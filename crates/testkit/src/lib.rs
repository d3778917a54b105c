//! A test bed of real parts: a virtual sound card in which a test speaks and hears, a private message bus with a
//! keychain, recordings of people, a driver for the programs under test, and fake providers.
//!
//! Nothing of the surrounding session is used or changed, and everything ends with the value that stands for it. So
//! tests can run at the same time, and on a machine without any of these things. Unix only, as PulseAudio is.
#![cfg(unix)]
#![forbid(unsafe_code)]

pub mod card;
pub mod clock;
pub mod correlate;
pub mod display;
pub mod ear;
pub mod fakes;
mod floor;
pub mod home;
pub mod keychain;
pub mod program;
pub mod recordings;
pub mod speech;
pub mod trace;
pub mod tray;
pub mod wer;

pub use card::{Device, SoundCard};
pub use display::Display;
pub use ear::{Ear, Sound};
pub use home::Home;
pub use keychain::Keychain;
pub use program::Program;
pub use recordings::Recording;
pub use speech::Speech;
pub use tray::Tray;
