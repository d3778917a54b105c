//! Its language models speak OpenAI's protocol, below `/v1`. They write their thinking between tags into the answer
//! unless they are asked to split it; then some of them repeat the whole answer in every piece, so that they are not.

use serde_json::Value;

use super::{ENTRY, dialect};
use crate::catalogue::Entry;
use crate::openai::{Interface, KeyTest, Listing, Preset, SoundInterface};

/// How they are spoken to.
pub(super) static PRESET: Preset = Preset {
    entry: Entry { voice: None, ..ENTRY },
    dialect: &dialect::DIALECT,
    interface: Interface::Chat,
    listing: Listing::Models,
    // The other name is out of date there.
    limit: "max_completion_tokens",
    instructions: "system",
    effort: None,
    extra: "{}",
    unthinking: "{}",
    headers: &[],
    key_test: KeyTest::Models,
    sound: SoundInterface::OpenAi,
    speech: None,
    failed,
};

/// A piece of an answer that says in the service's own way that it failed.
fn failed(chunk: &Value) -> bool {
    dialect::code(chunk).is_some()
}
