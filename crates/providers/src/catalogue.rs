//! What each provider can do, as data: it drives the settings. Each provider's folder says it for itself.

use crate::provider::Part;

/// What a recogniser or voice tells about times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timings {
    /// Nothing: they are estimated from the sound.
    None,
    /// When each word sounds.
    Words,
    /// When each character sounds.
    Characters,
}

/// How work that is no longer wanted is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// By a message; the connection stays.
    Message,
    /// By closing the connection.
    Close,
}

/// Which languages it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Languages {
    /// These BCP 47 tags.
    These(&'static [&'static str]),
    /// Nearly all of them, or whatever the chosen model knows.
    Many,
}

/// Something a provider can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ability {
    /// The model that is used when none is chosen.
    pub model: &'static str,
    /// Whether results come while the input is still being given.
    pub streaming: bool,
    /// What it tells about times.
    pub timings: Timings,
    /// How it is called off.
    pub cancel: Cancel,
    /// Which languages it knows.
    pub languages: Languages,
    /// Rates in Hz of the sound it takes or gives; empty for language models.
    pub rates: &'static [u32],
}

/// A provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Stable name: `elevenlabs`, ….
    pub name: &'static str,
    /// As people write it.
    pub title: &'static str,
    /// Where it is, unless the settings say otherwise.
    pub base: &'static str,
    /// Whether nothing can be had without a key.
    pub needs_key: bool,
    /// Speech to text.
    pub recogniser: Option<Ability>,
    /// Language model.
    pub model: Option<Ability>,
    /// Text to speech.
    pub voice: Option<Ability>,
}

impl Entry {
    /// What it can do as this part; `None` where it does not have it.
    pub fn ability(&self, part: Part) -> Option<&Ability> {
        match part {
            Part::Recogniser => self.recogniser.as_ref(),
            Part::Model => self.model.as_ref(),
            Part::Voice => self.voice.as_ref(),
        }
    }
}

/// All providers, in the order in which they are shown.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    let own = [
        &crate::elevenlabs::ENTRY,
        &crate::deepgram::ENTRY,
        &crate::cartesia::ENTRY,
        &crate::minimax::ENTRY,
    ];
    own.into_iter()
        .chain(crate::openai::PRESETS.iter().map(|preset| &preset.entry))
}

/// The provider of this name.
pub fn named(name: &str) -> Option<&'static Entry> {
    all().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_entry_is_whole() {
        let names: HashSet<&str> = all().map(|entry| entry.name).collect();
        assert_eq!(names.len(), all().count(), "names are unique");
        for entry in all() {
            assert_eq!(named(entry.name), Some(entry));
            assert!(entry.base.starts_with("http"), "{entry:?}");
            assert!(
                entry.recogniser.or(entry.model).or(entry.voice).is_some(),
                "{entry:?}"
            );
            for ability in [entry.recogniser, entry.voice].into_iter().flatten() {
                assert!(
                    !ability.model.is_empty() && !ability.rates.is_empty(),
                    "{entry:?}"
                );
            }
        }
    }
}
