//! MiniMax as the settings describe it.

use std::sync::Arc;

use futures::future::BoxFuture;
use libretto_voice::{LanguageModel, TextToSpeech};

use super::{MiniMax, Region, Settings, Transport};
use crate::account::{Account, ModelInfo, VoiceInfo};
use crate::failure::Failure;
use crate::provider::{Opened, Part, Provider, Setup};

/// An account. Its table: `region` (`global`, `global-fast`, `china`), `group_id`, `transport` (`socket`, `both-ways`,
/// `http`), `mp3`, `emotion`, `volume`, `pitch`, `pronunciations` (a list of `word/as it sounds`), `normalise`,
/// `continuous`.
pub(crate) fn open(setup: Setup) -> Opened {
    let settings = Settings {
        region: match setup.text("region") {
            Some("china") => Region::China,
            Some("global-fast") => Region::GlobalFast,
            _ => Region::Global,
        },
        group: setup.text("group_id").map(str::to_owned),
        transport: match setup.text("transport") {
            Some("both-ways") => Transport::BothWays,
            Some("http") => Transport::Http,
            _ => Transport::Socket,
        },
        mp3: setup.is_on("mp3"),
        emotion: setup.text("emotion").map(str::to_owned),
        volume: setup.fraction("volume"),
        pitch: setup
            .fraction("pitch")
            .map_or(0, |semitones| semitones.round() as i8),
        pronunciations: setup.list("pronunciations"),
        normalises: setup.is_on("normalise"),
        continuous: setup.is_on("continuous"),
        ..Settings::new(setup.access())
    };
    Ok(Arc::new(MiniMax::new(setup.network, settings)?))
}

impl Provider for MiniMax {
    fn model(&self) -> Option<Arc<dyn LanguageModel>> {
        Some(self.language_model())
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
                Part::Recogniser => Ok(Vec::new()),
                Part::Model => Self::models(self).await,
                Part::Voice => Ok(self.speech_models()),
            }
        })
    }

    fn voices(&self) -> BoxFuture<'_, Result<Vec<VoiceInfo>, Failure>> {
        Box::pin(Self::voices(self))
    }
}
