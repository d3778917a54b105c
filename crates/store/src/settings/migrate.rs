//! Old layouts of the settings file, each brought to the next one. Steps only move what they know; comments and
//! unknown keys stay.

use toml_edit::{DocumentMut, Item, Value, value};

use super::edit;

/// The layout that this Libretto writes.
pub const VERSION: i64 = 1;

/// What each version's step to the next one does.
const STEPS: [fn(&mut DocumentMut); VERSION as usize] = [from_0];

/// What a document says about its layout; without a word it is 0, which also holds for a file begun by hand.
pub(super) fn version(document: &DocumentMut) -> i64 {
    document
        .get("version")
        .and_then(Item::as_integer)
        .unwrap_or(0)
        .max(0)
}

/// Brings a document to [`VERSION`]; true when anything but the number changed.
pub(super) fn migrate(document: &mut DocumentMut) -> bool {
    let from = version(document);
    if from >= VERSION {
        return false;
    }
    let before = document.to_string();
    for step in &STEPS[from as usize..] {
        step(document);
    }
    let moved = document.to_string() != before;
    if moved || from > 0 {
        put_version(document);
    }
    moved
}

/// Writes the number, at the top.
pub(super) fn put_version(document: &mut DocumentMut) {
    if document.contains_key("version") {
        document["version"] = value(VERSION);
        return;
    }
    document.insert("version", value(VERSION));
    document.sort_values_by(|a, _, b, _| (a.get() != "version").cmp(&(b.get() != "version")));
}

/// The first draft: `[general]`, `[audio]` with its volume in per cent, times in milliseconds, one provider for each
/// part.
fn from_0(document: &mut DocumentMut) {
    let milliseconds = |value: &Value| Some((number(value)? / 1_000.0).into());
    let per_cent = |value: &Value| Some((number(value)? / 100.0).into());
    let as_it_is = |value: &Value| Some(value.clone());
    let ordered = |value: &Value| {
        let name = value
            .as_str()?
            .trim()
            .to_ascii_lowercase()
            .replace("local", super::ON_DEVICE);
        let mut names = toml_edit::Array::from_iter([name.as_str()]);
        if name != super::ON_DEVICE {
            names.push(super::ON_DEVICE);
        }
        Some(names.into())
    };
    let mode = |value: &Value| Some(value.as_str()?.replace('-', "_").into());

    step(document, "general.mode", "conversation.mode", mode);
    step(document, "general.prompt", "conversation.system_prompt", as_it_is);
    step(document, "general.stt", "recogniser.providers", ordered);
    step(document, "general.llm", "model.providers", ordered);
    step(document, "general.tts", "voice.providers", ordered);
    step(document, "general.voice", "voice.voice", as_it_is);
    step(document, "audio.input", "microphone.device", as_it_is);
    step(document, "audio.output", "loudspeaker.device", as_it_is);
    step(document, "audio.volume", "loudspeaker.volume", per_cent);
    step(document, "vad.min_speech_ms", "vad.min_speech", milliseconds);
    step(document, "vad.min_silence_ms", "vad.min_silence", milliseconds);
    step(document, "vad.padding_ms", "vad.padding", milliseconds);
    for section in ["general", "audio"] {
        // What is left in them is unknown, and unknown keys are kept.
        if document
            .get(section)
            .and_then(Item::as_table_like)
            .is_some_and(toml_edit::TableLike::is_empty)
        {
            document.remove(section);
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|n| n as f64))
}

/// Moves one value with its comment; what cannot be read stays where it is, and what is already in the new place
/// counts.
fn step(document: &mut DocumentMut, from: &str, to: &str, change: impl Fn(&Value) -> Option<Value>) {
    let path = |dotted: &str| dotted.split('.').map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (path(from), path(to));
    let changed = edit::at(document.as_item(), &from)
        .and_then(Item::as_value)
        .and_then(|old| {
            let mut new = change(old)?;
            *new.decor_mut() = old.decor().clone();
            Some(new)
        });
    let Some(changed) = changed else { return };
    let above = edit::decor(document, &from);
    edit::put(document, &from, None);
    if edit::at(document.as_item(), &to).is_none() {
        edit::put(document, &to, Some(Item::Value(changed)));
        if let Some(above) = above {
            edit::set_decor(document, &to, above);
        }
    }
}
