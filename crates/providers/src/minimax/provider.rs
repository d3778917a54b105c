//! MiniMax as the settings describe it.

use std::sync::Arc;

use futures::future::BoxFuture;
use libretto_voice::{LanguageModel, TextToSpeech};

use super::{ENTRY, Format, MiniMax, Modify, Region, Settings, Subtitles, Transport};
use crate::account::{Account, ModelInfo, VoiceInfo};
use crate::failure::{Failure, Fault, Who};
use crate::provider::{Opened, Part, Provider, Setup};

#[doc = include_str!("settings.md")]
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
        format: format(&setup)?,
        rate: setup.number("sample_rate"),
        bitrate: setup.number("bitrate"),
        emotion: setup.text("emotion").map(str::to_owned),
        volume: setup.fraction("volume"),
        pitch: setup
            .fraction("pitch")
            .map_or(0, |semitones| semitones.round() as i8),
        timbres: setup
            .list("timbre_weights")
            .iter()
            .map(|mixed| timbre(mixed))
            .collect(),
        modify: Modify {
            pitch: hundred(&setup, "modify_pitch"),
            intensity: hundred(&setup, "modify_intensity"),
            timbre: hundred(&setup, "modify_timbre"),
            effect: setup.text("sound_effect").map(str::to_owned),
        },
        pronunciations: setup.list("pronunciations"),
        normalises: setup.is_on("normalise"),
        reads_formulas: setup.is_on("latex_read"),
        language: setup.text("language_boost").map(str::to_owned),
        subtitles: match setup.text("subtitles") {
            Some("word") => Subtitles::Words,
            Some("sentence") => Subtitles::Sentences,
            Some("none") => Subtitles::Off,
            _ => Subtitles::Streamed,
        },
        continuous: setup.is_on("continuous"),
        ..Settings::new(setup.access())
    };
    Ok(Arc::new(MiniMax::new(setup.network, settings)?))
}

/// The sound's format.
fn format(setup: &Setup) -> Result<Format, Failure> {
    match setup.text("format") {
        Some("pcm") => Ok(Format::Pcm),
        Some("mp3") => Ok(Format::Mp3),
        Some("opus") => Ok(Format::Opus),
        Some("pcmu_raw") => Ok(Format::Pcmu),
        Some(other) => {
            let what = format!(
                "Libretto plays its pcm, mp3, opus and pcmu_raw, not “{other}”. Choose another format in the settings"
            );
            let who = Who::new(ENTRY.name, ENTRY.title);
            Err(Failure::new(&who, Fault::Unsupported(what)))
        }
        None if setup.is_on("mp3") => Ok(Format::Mp3),
        None => Ok(Format::Pcm),
    }
}

/// A voice and its weight, of `voice:weight`. Ids have no colon.
fn timbre(mixed: &str) -> (String, u8) {
    let (voice, weight) = mixed.rsplit_once(':').unwrap_or((mixed, ""));
    (voice.trim().to_owned(), weight.trim().parse().unwrap_or(1))
}

fn hundred(setup: &Setup, name: &str) -> i8 {
    setup
        .fraction(name)
        .map_or(0, |value| value.round().clamp(-100.0, 100.0) as i8)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::documented;

    #[test]
    fn every_setting_is_documented_and_its_example_is_understood() {
        let setup = documented(include_str!("settings.md"), include_str!("provider.rs"));
        assert_eq!(
            timbre("Chinese (Mandarin)_Lyrical_Voice:30"),
            ("Chinese (Mandarin)_Lyrical_Voice".into(), 30)
        );
        assert_eq!(format(&setup).unwrap(), Format::Opus);
        let mut other = setup.clone();
        other.table.insert("format".into(), "flac".into());
        let said = open(other).unwrap_err().to_string();
        assert!(said.contains("pcmu_raw, not “flac”"), "{said}");
        open(setup).unwrap();
    }
}
