//! How a surface hears of what goes on: one small trait, which the terminal, the window and the server implement.

use std::time::Instant;

use libretto_conversation::Notice;

/// Where events go. The notice's body is one of four tagged groups (lifecycle, progress, data, problem) and bears its
/// turn's id.
pub trait Runtime: Send + Sync + 'static {
    /// Something happened at `at`. Called from the assistant's tasks: it must not wait.
    fn emit(&self, notice: &Notice, at: Instant);
}
