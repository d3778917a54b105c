//! ElevenLabs as the settings describe it.

use std::sync::Arc;

use futures::future::BoxFuture;
use libretto_voice::{SpeechToText, TextToSpeech};

use super::{Commit, ElevenLabs, Settings, Transport};
use crate::account::{Account, ModelInfo, VoiceInfo};
use crate::failure::Failure;
use crate::provider::{Opened, Part, Provider, Setup, listed};

/// Recognisers: the service's list of models has only those that speak.
const RECOGNISERS: &[&str] = &["scribe_v2_realtime", "scribe_v2", "scribe_v1"];
/// What `voice_settings` knows besides the speed.
const MANNERS: &[&str] = &["stability", "similarity_boost", "style", "use_speaker_boost"];

/// An account. Its table: `output_format`, `optimize_latency` (0 to 4), `transport` (`socket`, `shared`, `http`, `http-timed`),
/// `commit` (`manual`, `vad`), and what the service's `voice_settings` have.
pub(crate) fn open(setup: Setup) -> Opened {
    let table = &setup.table;
    let latency = table
        .get("optimize_latency")
        .and_then(serde_json::Value::as_u64)
        .and_then(|level| u8::try_from(level).ok());
    let manners = MANNERS.iter().filter_map(|name| {
        let value = table.get(*name)?;
        Some(((*name).to_owned(), value.clone()))
    });
    let settings = Settings {
        base: setup.base(),
        transport: match setup.text("transport") {
            Some("http") => Transport::Http,
            Some("shared") => Transport::Shared,
            Some("http-timed") => Transport::HttpTimed,
            _ => Transport::Socket,
        },
        output_format: setup.text("output_format").map(str::to_owned),
        latency: latency.map(|level| level.min(4)),
        voice_settings: manners.collect(),
        commit: match setup.text("commit") {
            Some("vad") => Commit::Vad,
            _ => Commit::Manual,
        },
        retry: setup.retry,
        limit: setup.limit.clone(),
        ..Settings::new(setup.key.clone())
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
