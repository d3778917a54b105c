//! What outlives a run: settings, secrets, history.
//!
//! * [`Environment`]: the process's variables, `.env` files and the platform's folders, read in one place and passed
//!   in from there.
//! * [`settings`]: one TOML file, of which the user is the author: comments, order and unknown keys are kept.
//! * [`secrets`]: the one door to API keys, which tells the truth about where a key lives.
//! * [`history`]: what was said, answered and heard, in `SQLite` with full-text search.
//!
//! No fault in here stops a conversation: what cannot be read is put aside and told, what cannot be written is kept
//! in memory and tried again.
#![forbid(unsafe_code)]

pub mod environment;
pub mod error;
mod files;
pub mod history;
pub mod kept;
pub mod notice;
pub mod secrets;
pub mod settings;

pub use environment::{Environment, Places};
pub use error::{Error, Result};
pub use files::Stamp;
pub use history::{Exchange, History, NewExchange, SessionId};
pub use notice::{Notice, Subject};
pub use secrets::{Secret, Secrets};
pub use settings::{Settings, SettingsFile};
