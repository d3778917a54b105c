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

#[doc = include_str!("settings.md")]
pub(crate) fn open(setup: Setup) -> Opened {
    let settings = Settings {
        transport: match setup.text("transport") {
            Some("bytes") => Transport::Bytes,
            Some("sse") => Transport::Sse,
            _ => Transport::Socket,
        },
        listening: match setup.text("listening") {
            Some("turns") => Listening::Turns(turns(&setup)),
            Some("recorded") => Listening::Recorded,
            _ => Listening::Manual,
        },
        emotion: setup.text("emotion").map(str::to_owned),
        volume: setup.fraction("volume"),
        dictionary: setup.text("pronunciation_dict_id").map(str::to_owned),
        locale: setup.text("locale").map(str::to_owned),
        accent: setup.text("accent").map(str::to_owned),
        finalize: setup.is_on("finalize"),
        min_volume: setup.fraction("min_volume"),
        max_silence: setup.fraction("max_silence_duration_secs"),
        normalisation: setup.text("normalization").map(str::to_owned),
        ..Settings::new(setup.access())
    };
    Ok(Arc::new(Cartesia::new(setup.network, settings)?))
}

/// What a session can be told of while it listens.
const TOLD: &[&str] = &[
    "turn_start_threshold",
    "turn_eager_end_threshold",
    "turn_end_threshold",
    "turn_end_timeout_ms",
];

fn turns(setup: &Setup) -> Turns {
    Turns {
        start: setup.fraction("turn_start_threshold"),
        eager_end: setup.fraction("turn_eager_end_threshold"),
        end: setup.fraction("turn_end_threshold"),
        timeout_ms: setup.number("turn_end_timeout_ms"),
    }
}

impl Provider for Cartesia {
    fn recogniser(&self) -> Option<Arc<dyn SpeechToText>> {
        Some(Self::recogniser(self))
    }

    fn voice(&self) -> Option<Arc<dyn TextToSpeech>> {
        Some(Self::voice(self))
    }

    fn tune(&self, setup: &Setup, changed: &[&str]) -> bool {
        let told = changed.iter().all(|name| TOLD.contains(name));
        if told {
            self.0.settings.send_modify(|settings| {
                if let Listening::Turns(known) = &mut settings.listening {
                    *known = turns(setup);
                }
            });
        }
        told
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
