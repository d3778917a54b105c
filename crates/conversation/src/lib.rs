//! The conversation: a pure turn machine that decides, a runner that carries out, and the way of the reply's text from
//! the model to the voice.
#![forbid(unsafe_code)]

pub mod estimate;
pub mod key;
pub mod machine;
pub mod memory;
pub mod notice;
mod phrases;
pub mod runner;
mod spoken;

pub use machine::{Machine, Policy};
pub use memory::{Exchange, Memory};
pub use notice::Notice;
pub use runner::{Choice, Conversation, Parts};
