//! Fake providers: one server for each, on a loopback port, which answers as the reference pages say the service does,
//! checks what it is sent as the service would, speaks with real speech, and fails by script.

mod body;
pub mod cartesia;
pub mod deepgram;
pub mod elevenlabs;
mod form;
pub mod minimax;
pub mod openai;
mod outbox;
pub mod script;
pub mod server;
pub mod speech;

pub use script::{Call, Fault, Script};
pub use server::Server;
pub use speech::Spoken;
