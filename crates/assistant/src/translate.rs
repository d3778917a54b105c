//! From the settings to what each part takes.

use std::path::PathBuf;
use std::time::Duration;

use libretto_audio::{
    AudioSettings, DeviceId, EchoSettings, InputSettings, KeepWarm, OutputSettings, VadKind, VadSettings,
};
use libretto_ondevice::catalogue::{Chat, Model, Part, Shelf};
use libretto_ondevice::client::{EngineSettings, LanguageChoice, Models};
use libretto_store::Settings;
use libretto_store::settings::VadKind as StoredVad;
use libretto_voice::{Error, Kind, ListenOptions, Result, SampleRate, SpeakOptions};

/// Microphone, loudspeaker, voice activity, echo.
pub fn audio(settings: &Settings, shelf: &Shelf) -> AudioSettings {
    let vad = &settings.vad;
    AudioSettings {
        input: InputSettings {
            device: settings.microphone.device.clone().map(DeviceId),
            keep_warm: KeepWarm::Seconds(settings.microphone.keep_warm),
            ..InputSettings::default()
        },
        output: OutputSettings {
            device: settings.loudspeaker.device.clone().map(DeviceId),
            volume: settings.loudspeaker.volume as f32,
            ..OutputSettings::default()
        },
        vad: VadSettings {
            kind: match vad.kind {
                StoredVad::Both => VadKind::Both,
                StoredVad::Gate => VadKind::Gate,
                StoredVad::Judge => VadKind::Judge,
            },
            threshold: vad.threshold as f32,
            min_speech: vad.min_speech,
            min_silence: vad.min_silence,
            padding: vad.padding,
        },
        echo: EchoSettings {
            enabled: settings.microphone.echo_cancellation,
        },
        models: folder_of(shelf, Part::Vad, None)
            .parent()
            .map_or_else(|| shelf.own().to_owned(), PathBuf::from),
    }
}

/// The engines that run here, with the models that were chosen. Where the catalogue does not have one of them, the one
/// that Libretto comes with stands in: see [`crate::missing`].
///
/// # Errors
/// `Internal` when the catalogue has no language model at all.
pub fn engines(settings: &Settings, shelf: &Shelf) -> Result<EngineSettings> {
    let chosen = &settings.on_device;
    let models = Models {
        recogniser: folder_of(shelf, Part::Recogniser, chosen.recogniser.as_deref()),
        language: language(
            choose(shelf, Part::LanguageModel, chosen.model.as_deref())?,
            shelf,
        ),
        voice: folder_of(shelf, Part::Voice, chosen.voice.as_deref()),
        turn: folder_of(shelf, Part::TurnDetector, None),
    };
    let minutes = chosen.idle_minutes * 60.0;
    Ok(EngineSettings {
        // A time that cannot be is for ever.
        idle: Duration::try_from_secs_f64(minutes)
            .ok()
            .filter(|idle| !idle.is_zero()),
        threads: chosen.threads.map(|threads| threads as usize),
        ..EngineSettings::new(models)
    })
}

/// A language model as the engine takes it.
pub fn language(model: &Model, shelf: &Shelf) -> LanguageChoice {
    let file = model.files.first().map(|file| file.name.clone());
    LanguageChoice {
        file: folder_of(shelf, Part::LanguageModel, Some(&model.id)).join(file.unwrap_or_default()),
        chat: model.chat.unwrap_or(PLAIN_CHAT),
    }
}

/// For a language model whose entry says nothing about talking.
const PLAIN_CHAT: Chat = Chat {
    context: 4_096,
    history: 10,
    max_tokens: 400,
    temperature: 0.7,
    repeat_penalty: 1.0,
    repeat_window: 64,
    thinks: false,
};

/// The chosen model of a part; the one that Libretto comes with when none is chosen, or one that there is not.
fn choose<'s>(shelf: &'s Shelf, part: Part, id: Option<&str>) -> Result<&'s Model> {
    let named = id.and_then(|id| shelf.catalogue().of(part).find(|model| model.id == id));
    let embedded = || shelf.catalogue().of(part).find(|model| model.embedded);
    named.or_else(embedded).ok_or_else(|| {
        let message = "The catalogue of models has lost what Libretto comes with; install Libretto again.";
        Error::new(Kind::Internal, message)
    })
}

/// Where a part's model lies, or would lie once it is downloaded.
fn folder_of(shelf: &Shelf, part: Part, id: Option<&str>) -> PathBuf {
    match choose(shelf, part, id) {
        Ok(model) => shelf
            .path(&model.id)
            .unwrap_or_else(|| shelf.own().join(&model.id)),
        Err(_) => shelf.own().to_owned(),
    }
}

/// How the recogniser listens.
pub fn listening(settings: &Settings) -> ListenOptions {
    ListenOptions {
        rate: SampleRate::SPEECH,
        language: settings.recogniser.language.clone(),
        model: settings.recogniser.model.clone(),
        vocabulary: settings.recogniser.vocabulary.clone(),
    }
}

/// How the voice speaks; the chosen persona's wishes come first.
pub fn speaking(settings: &Settings) -> SpeakOptions {
    let (voice, persona) = (&settings.voice, settings.persona());
    SpeakOptions {
        voice: persona
            .and_then(|p| p.voice.clone())
            .or_else(|| voice.voice.clone()),
        model: voice.model.clone(),
        language: persona
            .and_then(|p| p.language.clone())
            .or_else(|| voice.language.clone()),
        speed: persona.and_then(|p| p.speed).unwrap_or(voice.speed) as f32,
        instructions: voice.instructions.clone(),
    }
}
