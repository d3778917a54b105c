//! Recognisers, language models and voices in the cloud, behind the traits that this machine's own stand behind too.
//!
//! Each provider has one folder, and nothing about a provider is written outside it. What they share stands once:
//! [`service`] makes calls (keys, deadlines, retries, a queue), [`socket`] speaks WebSocket, [`live`] listens through one
//! and [`streamed`] speaks, [`context`] tells calls what stands around a phrase, [`lines`], [`sse`] and [`sound`] decode what comes back piece by piece and with bounds,
//! [`failure`] turns what went wrong into a sentence.
#![forbid(unsafe_code)]

pub mod account;
pub mod cartesia;
pub mod catalogue;
mod context;
pub mod deepgram;
pub mod elevenlabs;
mod failure;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod key;
mod limit;
mod lines;
mod live;
pub mod minimax;
mod network;
mod number;
pub mod openai;
mod phrases;
pub mod provider;
mod retry;
pub mod service;
pub mod socket;
mod sound;
mod sse;
mod streamed;
mod timed;
mod whole;

pub use account::{Account, Credit, ModelInfo, VoiceInfo};
pub use catalogue::Entry;
pub use failure::{Failure, Fault};
pub use key::Key;
pub use limit::Limit;
pub use network::{Deadlines, Network};
pub use provider::{Part, Provider, Setup};
pub use retry::Retry;
pub use service::Access;
