//! Cartesia as the settings describe it.

use std::sync::Arc;

use futures::future::BoxFuture;
use libretto_voice::{SpeechToText, TextToSpeech};

use super::{Cartesia, Listening, Settings, Transport, Turns};
use crate::account::{Account, ModelInfo, VoiceInfo};
use crate::failure::Failure;
use crate::provider::{Opened, Part, Provider, Setup, listed};

/// The service has no list of models: these are the ones that its documentation names.
const RECOGNISERS: &[&str] = &["ink-2", "ink-whisper"];
const VOICES: &[&str] = &["sonic-3.5", "sonic-3.6", "sonic-3", "sonic-latest"];

/// An account. Its table: `transport` (`socket`, `sse`, `bytes`), `listening` (`manual`, `turns`, `recorded`),
/// `emotion`, `volume`, `pronunciation_dict_id`, `normalization`.
pub(crate) fn open(setup: Setup) -> Opened {
    let settings = Settings {
        transport: match setup.text("transport") {
            Some("bytes") => Transport::Bytes,
            Some("sse") => Transport::Sse,
            _ => Transport::Socket,
        },
        listening: match setup.text("listening") {
            Some("turns") => Listening::Turns(Turns::default()),
            Some("recorded") => Listening::Recorded,
            _ => Listening::Manual,
        },
        emotion: setup.text("emotion").map(str::to_owned),
        volume: setup.fraction("volume"),
        dictionary: setup.text("pronunciation_dict_id").map(str::to_owned),
        normalisation: setup.text("normalization").map(str::to_owned),
        ..Settings::new(setup.access())
    };
    Ok(Arc::new(Cartesia::new(setup.network, settings)?))
}

impl Provider for Cartesia {
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
        let ids = match part {
            Part::Recogniser => RECOGNISERS,
            Part::Model => &[],
            Part::Voice => VOICES,
        };
        Box::pin(async move { Ok(listed(ids)) })
    }

    fn voices(&self) -> BoxFuture<'_, Result<Vec<VoiceInfo>, Failure>> {
        Box::pin(Self::voices(self, None))
    }
}
