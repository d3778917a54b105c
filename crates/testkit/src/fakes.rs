//! What fake providers are made of: real speech with true times.

pub mod speech;

pub use speech::Spoken;
