//! What runs on this machine, from the app's side: the catalogue of models, their downloads, and the engine process that
//! runs them behind the same traits as the cloud.
#![forbid(unsafe_code)]

pub mod catalogue;
pub mod client;
pub mod download;
pub mod wire;
