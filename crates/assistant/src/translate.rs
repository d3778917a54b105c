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
use libretto_voice::{
    ChatRequest, Error, Kind, ListenOptions, Message, Result, Role, SampleRate, SpeakOptions,
};

use crate::order;

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
/// `None` where a part has no model at all: the catalogue is damaged.
pub fn model<'s>(shelf: &'s Shelf, part: Part, id: Option<&str>) -> Option<&'s Model> {
    let named = id.and_then(|id| shelf.catalogue().of(part).find(|model| model.id == id));
    let embedded = || shelf.catalogue().of(part).find(|model| model.embedded);
    named.or_else(embedded)
}

fn choose<'s>(shelf: &'s Shelf, part: Part, id: Option<&str>) -> Result<&'s Model> {
    model(shelf, part, id).ok_or_else(|| {
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

/// How a provider's recogniser listens. A model's and a voice's names are the provider's own: those that the settings
/// give for nobody in particular are for the first in the order.
pub fn listening(settings: &Settings, provider: &str, first: bool) -> ListenOptions {
    let (recogniser, own) = (&settings.recogniser, settings.provider(provider));
    ListenOptions {
        rate: SampleRate::SPEECH,
        language: text(own.text("language")).or_else(|| recogniser.language.clone()),
        model: named(first, recogniser.model.as_deref(), own.text("recogniser_model")),
        vocabulary: recogniser.vocabulary.clone(),
    }
}

/// What a provider's language model is asked besides the conversation; the chosen persona's wishes come first.
pub fn asking(settings: &Settings, provider: &str, first: bool) -> ChatRequest {
    let (model, own) = (&settings.model, settings.provider(provider));
    let wish = settings.persona().and_then(|persona| persona.model.as_deref());
    let wish = filled(wish).filter(|_| is_wished(settings, libretto_providers::Part::Model, provider, first));
    ChatRequest {
        model: text(wish).or_else(|| named(first, model.model.as_deref(), own.text("model"))),
        messages: vec![Message::new(Role::System, settings.system_prompt())],
        temperature: model.temperature.map(|temperature| temperature as f32),
        max_tokens: model.max_tokens,
        ..ChatRequest::default()
    }
}

/// How a provider's voice speaks; the chosen persona's wishes come first.
pub fn speaking(settings: &Settings, provider: &str, first: bool) -> SpeakOptions {
    let (voice, persona, own) = (&settings.voice, settings.persona(), settings.provider(provider));
    let wish = filled(persona.and_then(|p| p.voice.as_deref()));
    let wish = wish.filter(|_| is_wished(settings, libretto_providers::Part::Voice, provider, first));
    SpeakOptions {
        voice: text(wish).or_else(|| named(first, voice.voice.as_deref(), own.text("voice"))),
        model: named(first, voice.model.as_deref(), own.text("voice_model")),
        language: persona
            .and_then(|p| p.language.clone())
            .or_else(|| text(own.text("language")))
            .or_else(|| voice.language.clone()),
        speed: persona.and_then(|p| p.speed).unwrap_or(voice.speed) as f32,
        instructions: voice.instructions.clone(),
    }
}

/// Whether what the persona wishes is this provider's: the one that it names, or the first of the list.
fn is_wished(settings: &Settings, part: libretto_providers::Part, provider: &str, first: bool) -> bool {
    order::wished(settings, part).map_or(first, |wished| wished.name() == provider)
}

fn named(first: bool, anyones: Option<&str>, own: Option<&str>) -> Option<String> {
    text(filled(anyones).filter(|_| first).or(own))
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn text(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use libretto_store::settings::{Persona, Value};

    use super::*;

    #[test]
    fn names_reach_those_whose_they_are() {
        let mut settings = Settings::default();
        settings.voice.voice = Some("alloy".into());
        let own = settings.providers.entry("elevenlabs".into()).or_default();
        own.0.insert("voice".into(), Value::Text("George".into()));
        own.0
            .insert("voice_model".into(), Value::Text("eleven_flash_v2_5".into()));
        own.0
            .insert("recogniser_model".into(), Value::Text("scribe_v2".into()));
        own.0.insert("language".into(), Value::Text("ar".into()));
        assert_eq!(
            speaking(&settings, "openai", true).voice.as_deref(),
            Some("alloy")
        );
        assert_eq!(speaking(&settings, "openai", false).voice, None);
        let speaks = speaking(&settings, "elevenlabs", false);
        assert_eq!(
            (
                speaks.voice.as_deref(),
                speaks.model.as_deref(),
                speaks.language.as_deref()
            ),
            (Some("George"), Some("eleven_flash_v2_5"), Some("ar"))
        );
        let listens = listening(&settings, "elevenlabs", true);
        assert_eq!(
            (listens.model.as_deref(), listens.language.as_deref()),
            (Some("scribe_v2"), Some("ar"))
        );
    }

    #[test]
    fn a_persona_wishes_first_and_an_empty_wish_is_none() {
        let mut settings = Settings::default();
        settings.voice.voice = Some("alloy".into());
        settings.conversation.persona = Some("Ada".into());
        settings.conversation.personas = vec![Persona {
            name: "Ada".into(),
            voice: Some(String::new()),
            model: Some("gpt-5.4".into()),
            ..Persona::default()
        }];
        assert_eq!(
            speaking(&settings, "openai", true).voice.as_deref(),
            Some("alloy")
        );
        assert_eq!(
            asking(&settings, "openai", true).model.as_deref(),
            Some("gpt-5.4")
        );
        assert_eq!(asking(&settings, "openai", false).model, None);
    }

    #[test]
    fn a_personas_names_are_its_providers() {
        let mut settings = Settings::default();
        settings.model.model = Some("gpt-5.4-mini".into());
        settings.conversation.persona = Some("Ada".into());
        settings.conversation.personas = vec![Persona {
            name: "Ada".into(),
            model_provider: Some("grok".into()),
            model: Some("x-ai/grok-4.1-fast".into()),
            ..Persona::default()
        }];
        let model = |provider, first| asking(&settings, provider, first).model;
        assert_eq!(model("openai", true).as_deref(), Some("gpt-5.4-mini"));
        assert_eq!(model("openrouter", false).as_deref(), Some("x-ai/grok-4.1-fast"));
        assert_eq!(model("xai", false), None);
    }
}
