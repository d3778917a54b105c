//! How its recognisers listen, besides the model and the language. The live one wants it in its address, the other in a form.

use reqwest::multipart::Form;
use serde_json::Value;

/// How its recognisers listen. What is `None` or empty is the service's choice.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the service's")]
pub struct Hearing {
    /// Where silence commits: how sure it must be that somebody speaks, from 0.1 to 0.9.
    pub vad_threshold: Option<f32>,
    /// Where silence commits: how long the silence is, from 0.3 to 3 s.
    pub vad_silence: Option<f32>,
    /// Where silence commits: the shortest speech, from 50 to 2,000 ms.
    pub min_speech: Option<u32>,
    /// Where silence commits: the shortest silence between two pieces of speech, from 50 to 2,000 ms.
    pub min_silence: Option<u32>,
    /// What was said before: the live recogniser is told so with the first sound. At most 50 characters of its end.
    pub previous_text: Option<String>,
    /// Whether the live recogniser passes over what is not spoken to it. Then words have no times.
    pub filters_background: bool,
    /// Languages that may be spoken too. Whole utterances: only models of the third generation know them.
    pub secondary_languages: Vec<String>,
    /// Whether “uhm” and its like are left out, with all models but the first.
    pub cleans: bool,
    /// What is taken out of the text: `pii`, `phi`, `pci`, `other`, `offensive_language`, `all`, or single kinds. It costs
    /// more.
    pub redacts: Vec<String>,
    /// What stands in its place: `redacted`, `entity_type` or `enumerated_entity_type`.
    pub redaction_mode: Option<String>,
    /// What is to be done to the text besides, in plain words, at most 2,000 characters; not together with `redacts`. It
    /// costs more.
    pub edit: Option<String>,
    /// Whether “(laughter)” stands in the text. The live recogniser cannot be asked: it is taken out.
    pub tags_events: bool,
    /// Whole utterances: whether speakers are told apart. Where there are several, each begins a line with a number.
    pub diarises: bool,
    /// Whole utterances: how many speakers there are at most, up to 32.
    pub speakers: Option<u8>,
    /// Whole utterances: how easily two voices are taken for two speakers, from 0.1 to 0.4.
    pub diarisation_threshold: Option<f32>,
    /// Whole utterances: from 0 to 2.
    pub temperature: Option<f32>,
    /// Whole utterances: `digits` or `words`, with models of the third generation.
    pub numbers: Option<String>,
    /// Whether the service keeps nothing of what was said, which enterprises may ask for.
    pub forgets: bool,
}

/// Most characters of what was said before, and of what is to be done to the text.
const PREVIOUS: usize = 50;
const EDIT: usize = 2_000;

impl Hearing {
    /// Of this, what stands in every address.
    pub(super) fn address(&self) -> Option<(&'static str, String)> {
        self.forgets.then(|| ("enable_logging", "false".to_owned()))
    }

    /// Of this, what stands in the address of the live recogniser; `vad` where silence commits.
    pub(super) fn query(&self, vad: bool) -> Vec<(&'static str, String)> {
        let mut query: Vec<(&'static str, String)> = self.address().into_iter().collect();
        let mut add = |name, value: Option<String>| query.extend(value.map(|value| (name, value)));
        if vad {
            let limited = |value: Option<f32>, least: f32, most: f32| {
                value.map(|value| value.clamp(least, most).to_string())
            };
            let ms = |value: Option<u32>| value.map(|value| value.clamp(50, 2_000).to_string());
            add("vad_threshold", limited(self.vad_threshold, 0.1, 0.9));
            add("vad_silence_threshold_secs", limited(self.vad_silence, 0.3, 3.0));
            add("min_speech_duration_ms", ms(self.min_speech));
            add("min_silence_duration_ms", ms(self.min_silence));
        }
        // The two cannot be had together.
        if self.filters_background {
            add("filter_background_audio", Some("true".to_owned()));
        } else {
            add("include_timestamps", Some("true".to_owned()));
        }
        for language in &self.secondary_languages {
            add("secondary_languages", Some(super::scribe::bare_code(language)));
        }
        if self.cleans {
            add("no_verbatim", Some("true".to_owned()));
        }
        for kind in &self.redacts {
            add("entity_detection", Some(kind.clone()));
            add("entity_redaction", Some(kind.clone()));
        }
        if !self.redacts.is_empty() {
            add("entity_redaction_mode", self.redaction_mode.clone());
        }
        add("transcript_edit", self.edit());
        query
    }

    /// Of this, what stands in the form of a whole utterance.
    pub(super) fn form(&self, model: &str, mut form: Form) -> Form {
        let third = model.starts_with("scribe_v3");
        let mut add = |name: &'static str, value: Option<String>| {
            if let Some(value) = value {
                form = std::mem::take(&mut form).text(name, value);
            }
        };
        // Dictation has no use for “(laughter)”, and the service puts it in.
        add("tag_audio_events", Some(self.tags_events.to_string()));
        if self.diarises {
            add("diarize", Some("true".to_owned()));
            add(
                "num_speakers",
                self.speakers.map(|count| count.clamp(1, 32).to_string()),
            );
            let threshold = self.diarisation_threshold.filter(|_| self.speakers.is_none());
            add(
                "diarization_threshold",
                threshold.map(|value| value.clamp(0.1, 0.4).to_string()),
            );
        }
        add(
            "temperature",
            self.temperature.map(|value| value.clamp(0.0, 2.0).to_string()),
        );
        add("numbers_format", self.numbers.clone().filter(|_| third));
        if self.cleans && !model.starts_with("scribe_v1") {
            add("no_verbatim", Some("true".to_owned()));
        }
        for language in self.secondary_languages.iter().filter(|_| third) {
            add(
                "secondary_language_codes",
                Some(super::scribe::bare_code(language)),
            );
        }
        if !self.redacts.is_empty() {
            let kinds = Value::from(self.redacts.clone()).to_string();
            add("entity_detection", Some(kinds.clone()));
            add("entity_redaction", Some(kinds));
            add("entity_redaction_mode", self.redaction_mode.clone());
        }
        add("transcript_edit", self.edit());
        form
    }

    /// What is to be done to the text, where that may be asked for.
    pub(super) fn edit(&self) -> Option<String> {
        let edit = self.edit.as_ref().filter(|_| self.redacts.is_empty())?;
        Some(edit.chars().take(EDIT).collect())
    }

    /// The end of what was said before, from a word on.
    pub(super) fn previous(&self) -> Option<&str> {
        let text = self.previous_text.as_deref()?.trim();
        let from = text
            .char_indices()
            .rev()
            .nth(PREVIOUS - 1)
            .map_or(0, |(at, _)| at);
        let end = &text[from..];
        let whole = from == 0 || text[..from].ends_with(char::is_whitespace);
        let end = if whole {
            end
        } else {
            end.split_once(char::is_whitespace)?.1
        };
        Some(end.trim()).filter(|end| !end.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_before_is_cut_at_a_word() {
        let previous = |text: &str| {
            let hearing = Hearing {
                previous_text: Some(text.to_owned()),
                ..Hearing::default()
            };
            hearing.previous().map(str::to_owned)
        };
        assert_eq!(previous(" We talk of tea. ").as_deref(), Some("We talk of tea."));
        let long = format!("{} It is about kettles.", "word ".repeat(20));
        let cut = previous(&long).unwrap();
        assert!(
            cut.starts_with("word ") && cut.ends_with("kettles.") && cut.len() <= PREVIOUS,
            "{cut}"
        );
        assert_eq!(previous(&"ö".repeat(80)), None);
        assert_eq!(previous("  "), None);
    }
}
