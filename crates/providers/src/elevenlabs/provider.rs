//! ElevenLabs as the settings describe it.

use std::sync::Arc;

use futures::future::BoxFuture;
use libretto_voice::{SpeechToText, TextToSpeech};

use super::{Commit, Dictionary, ElevenLabs, Hearing, Reading, Settings, Transport};
use crate::account::{Account, ModelInfo, VoiceInfo};
use crate::failure::Failure;
use crate::provider::{Opened, Part, Provider, Setup, listed};

/// Recognisers: the service's list of models has only those that speak.
const RECOGNISERS: &[&str] = &[
    "scribe_v2_realtime",
    "scribe_v3_live",
    "scribe_v3",
    "scribe_v2",
    "scribe_v2_medical",
    "scribe_v1",
];
/// What `voice_settings` knows besides the speed.
const MANNERS: &[&str] = &[
    "stability",
    "similarity_boost",
    "style",
    "use_speaker_boost",
    "clone_strength",
];

#[doc = include_str!("settings.md")]
pub(crate) fn open(setup: Setup) -> Opened {
    let table = &setup.table;
    let manners = MANNERS.iter().filter_map(|name| {
        let value = table.get(*name)?;
        Some(((*name).to_owned(), value.clone()))
    });
    let settings = Settings {
        transport: match setup.text("transport") {
            Some("http") => Transport::Http,
            Some("shared") => Transport::Shared,
            Some("http-timed") => Transport::HttpTimed,
            _ => Transport::Socket,
        },
        output_format: setup.text("output_format").map(str::to_owned),
        latency: setup.number("optimize_latency").map(|level: u8| level.min(4)),
        voice_settings: manners.collect(),
        reading: Reading {
            dictionaries: setup
                .list("pronunciation_dictionaries")
                .iter()
                .map(|id| Dictionary::of(id))
                .collect(),
            ssml: setup.is_on("enable_ssml_parsing"),
            normalisation: setup.text("apply_text_normalization").map(str::to_owned),
            normalises_language: setup.is_on("apply_language_text_normalization"),
            seed: setup.number("seed"),
            schedule: setup.numbers("chunk_length_schedule"),
            forgets: setup.is_on("zero_retention"),
        },
        hearing: hearing(&setup),
        commit: match setup.text("commit") {
            Some("vad") => Commit::Vad,
            Some("turn_prediction") => Commit::Turns,
            _ => Commit::Manual,
        },
        ..Settings::new(setup.access())
    };
    Ok(Arc::new(ElevenLabs::new(setup.network, settings)?))
}

fn hearing(setup: &Setup) -> Hearing {
    let text = |name: &str| setup.text(name).map(str::to_owned);
    Hearing {
        vad_threshold: setup.fraction("vad_threshold"),
        vad_silence: setup.fraction("vad_silence_threshold_secs"),
        min_speech: setup.number("min_speech_duration_ms"),
        min_silence: setup.number("min_silence_duration_ms"),
        previous_text: text("previous_text"),
        filters_background: setup.is_on("filter_background_audio"),
        secondary_languages: setup.list("secondary_languages"),
        cleans: setup.is_on("no_verbatim"),
        redacts: setup.list("entity_redaction"),
        redaction_mode: text("entity_redaction_mode"),
        edit: text("transcript_edit"),
        diarises: setup.is_on("diarize"),
        speakers: setup.number("num_speakers"),
        diarisation_threshold: setup.fraction("diarization_threshold"),
        tags_events: setup.is_on("tag_audio_events"),
        temperature: setup.fraction("temperature"),
        numbers: text("numbers_format"),
        forgets: setup.is_on("zero_retention"),
    }
}

impl Provider for ElevenLabs {
    fn recogniser(&self) -> Option<Arc<dyn SpeechToText>> {
        Some(Self::recogniser(self))
    }

    fn voice(&self) -> Option<Arc<dyn TextToSpeech>> {
        Some(Self::voice(self))
    }

    fn check(&self) -> BoxFuture<'_, Result<Account, Failure>> {
        Box::pin(Self::check(self))
    }

    fn models(&self, part: Part) -> BoxFuture<'_, Result<Vec<ModelInfo>, Failure>> {
        Box::pin(async move {
            match part {
                Part::Recogniser => Ok(listed(RECOGNISERS)),
                Part::Model => Ok(Vec::new()),
                Part::Voice => Self::models(self).await,
            }
        })
    }

    fn voices(&self) -> BoxFuture<'_, Result<Vec<VoiceInfo>, Failure>> {
        Box::pin(Self::voices(self, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::documented;

    #[test]
    fn every_setting_is_documented_and_its_example_is_understood() {
        let setup = documented(include_str!("settings.md"), include_str!("provider.rs"));
        let hearing = hearing(&setup);
        assert_eq!(hearing.vad_silence, Some(0.8));
        assert_eq!(hearing.redacts, ["pii"]);
        open(setup).unwrap();
    }
}
