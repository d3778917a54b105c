//! ElevenLabs as the settings describe it.

use std::sync::Arc;

use futures::future::BoxFuture;
use libretto_voice::{SpeechToText, TextToSpeech};

use super::{Commit, Dictionary, ElevenLabs, Reading, Settings, Transport};
use crate::account::{Account, ModelInfo, VoiceInfo};
use crate::failure::Failure;
use crate::provider::{Opened, Part, Provider, Setup, listed};

/// Recognisers: the service's list of models has only those that speak.
const RECOGNISERS: &[&str] = &["scribe_v2_realtime", "scribe_v2", "scribe_v1"];
/// What `voice_settings` knows besides the speed.
const MANNERS: &[&str] = &["stability", "similarity_boost", "style", "use_speaker_boost"];

/// An account. Its table: `output_format`, `optimize_latency` (0 to 4), `transport` (`socket`, `shared`, `http`, `http-timed`),
/// `commit` (`manual`, `vad`), `pronunciation_dictionaries` (a list of `id` or `id:version`), `enable_ssml_parsing`,
/// `apply_text_normalization` (`auto`, `on`, `off`), `seed`, `zero_retention`, and what the service's `voice_settings` have.
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
            seed: setup.number("seed"),
            forgets: setup.is_on("zero_retention"),
        },
        commit: match setup.text("commit") {
            Some("vad") => Commit::Vad,
            _ => Commit::Manual,
        },
        ..Settings::new(setup.access())
    };
    Ok(Arc::new(ElevenLabs::new(setup.network, settings)?))
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
