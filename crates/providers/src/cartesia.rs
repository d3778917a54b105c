//! Cartesia: Sonic speaks over a socket or HTTP with the time of every word and sound; Ink listens while it is spoken to,
//! knows when a turn ends, or is given whole utterances.

mod account;
mod bytes;
mod dialect;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod heard;
mod live;
mod provider;
mod recorded;
mod settings;
mod sse;
mod stream;
mod token;
mod turns;

use std::sync::Arc;

use libretto_voice::listen::ListenSession;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{ListenOptions, SampleRate, SpeakOptions, SpeechToText, TextToSpeech};
use reqwest::Url;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;

use crate::catalogue::{Ability, Cancel, Entry, Languages, Timings};
use crate::failure::{Failure, Fault};
use crate::network::Network;
use crate::number::hundredths;
use crate::service::Service;
pub use account::VoiceDetails;
pub use heard::Phoneme;
pub(crate) use provider::open;
pub use settings::{EMOTIONS, Listening, Settings, Transport};
pub use token::Grants;
pub use turns::Turns;

/// The date of the interface that is spoken here.
const VERSION: &str = "2026-08-14";
/// The voice that its users' programs begin with.
const VOICE: &str = "f786b574-daa5-4673-aa0c-cbe3e8534c02";
/// All of its sound has this rate.
const RATE: SampleRate = SampleRate::VOICE;
/// What it speaks.
const LANGUAGES: &[&str] = &[
    "ar", "bg", "bn", "cs", "da", "de", "el", "en", "es", "fi", "fr", "gu", "he", "hi", "hr", "hu", "id",
    "it", "ja", "ka", "kn", "ko", "ml", "mr", "ms", "nl", "no", "or", "pa", "pl", "pt", "ro", "ru", "sk",
    "sv", "ta", "te", "th", "tl", "tr", "uk", "ur", "vi", "zh",
];

/// What it can do.
pub static ENTRY: Entry = Entry {
    name: "cartesia",
    title: "Cartesia",
    base: "https://api.cartesia.ai",
    needs_key: true,
    recogniser: Some(Ability {
        model: "ink-2",
        streaming: true,
        timings: Timings::Words,
        cancel: Cancel::Close,
        languages: Languages::These(&["en"]),
        rates: &[8_000, 16_000, 24_000, 44_100, 48_000],
    }),
    model: None,
    voice: Some(Ability {
        model: "sonic-3.5",
        streaming: true,
        timings: Timings::Words,
        cancel: Cancel::Message,
        languages: Languages::These(LANGUAGES),
        rates: &[8_000, 16_000, 22_050, 24_000, 44_100, 48_000],
    }),
};

/// An account at Cartesia.
#[derive(Clone, Debug)]
pub struct Cartesia(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    service: Service,
    settings: watch::Sender<Settings>,
}

impl Cartesia {
    /// An account with these settings.
    ///
    /// # Errors
    /// `Unreachable` where the address is none, `Unsupported` for a feeling that it does not know, and for the service's
    /// own address without encryption.
    pub fn new(network: Network, settings: Settings) -> Result<Self, Failure> {
        let service = Service::new(&ENTRY, settings.access.clone(), &dialect::DIALECT, network)?;
        if service.url(&[], []).scheme() == "http" && is_theirs(&service.url(&[], [])) {
            let what =
                "it revokes keys that come without encryption. Begin the address in the settings with https";
            return Err(service.failure(Fault::Unsupported(what.to_owned())));
        }
        let strange = settings.emotion.as_deref();
        if let Some(strange) = strange.filter(|emotion| !EMOTIONS.contains(emotion)) {
            let what = format!("its voices know no feeling “{strange}”. Choose another in the settings");
            return Err(service.failure(Fault::Unsupported(what)));
        }
        let settings = watch::Sender::new(settings);
        Ok(Self(Arc::new(Inner { service, settings })))
    }

    /// Its voices.
    pub fn voice(&self) -> Arc<dyn TextToSpeech> {
        Arc::new(self.clone())
    }

    /// Its recogniser.
    pub fn recogniser(&self) -> Arc<dyn SpeechToText> {
        Arc::new(self.clone())
    }
}

impl TextToSpeech for Cartesia {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn warm(&self) {
        match self.0.settings.borrow().transport {
            Transport::Socket => self.0.service.open_socket(),
            Transport::Sse | Transport::Bytes => self.0.service.open(),
        }
    }

    fn timed(&self) -> bool {
        self.0.settings.borrow().transport != Transport::Bytes
    }

    fn speak(&self, options: SpeakOptions) -> SpeakSession {
        let settings = self.0.settings.borrow();
        let voice = Voice {
            service: self.0.service.clone(),
            fields: fields(&settings, &options),
            phonemes: settings.phonemes.clone(),
        };
        match settings.transport {
            Transport::Socket => stream::session(voice),
            Transport::Sse => sse::session(voice),
            Transport::Bytes => bytes::session(voice),
        }
    }
}

impl SpeechToText for Cartesia {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn warm(&self) {
        self.0.service.open_socket();
    }

    fn wants_pauses(&self) -> bool {
        let settings = self.0.settings.borrow();
        settings.finalize && settings.listening == Listening::Manual
    }

    fn listen(&self, options: ListenOptions) -> ListenSession {
        let listening = self.0.settings.borrow().listening;
        match listening {
            Listening::Manual => live::session(&self.0, &options),
            Listening::Turns(turns) => turns::session(&self.0, turns, &options),
            Listening::Recorded => recorded::session(self.0.service.clone(), options),
        }
    }
}

/// Whether an address is the service's own, and not one of a server that stands in for it.
fn is_theirs(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host == "cartesia.ai" || host.ends_with(".cartesia.ai")
}

/// What every request for speech says.
fn fields(settings: &Settings, options: &SpeakOptions) -> Map<String, Value> {
    let own = ENTRY.voice.map_or("", |ability| ability.model);
    let model = options.model.as_deref().unwrap_or(own);
    let mut fields = Map::new();
    fields.insert("model_id".into(), model.into());
    fields.insert("voice".into(), options.voice.as_deref().unwrap_or(VOICE).into());
    let format = json!({"container": "raw", "encoding": "pcm_s16le", "sample_rate": RATE.hertz()});
    fields.insert("output_format".into(), format);
    let code = options.language.as_deref().and_then(|tag| tag.split('-').next());
    let code = code.map(str::to_ascii_lowercase);
    // Norwegian and Filipino by the names that the service has for them.
    let code = code.as_deref().map(|code| match code {
        "nb" | "nn" => "no",
        "fil" => "tl",
        code => code,
    });
    let code = code.filter(|code| LANGUAGES.contains(code));
    // Never both.
    if let Some(locale) = settings.locale.as_deref().filter(|_| knows_places(model)) {
        fields.insert("locale".into(), locale.into());
    } else if let Some(code) = code {
        fields.insert("language".into(), code.into());
    }
    let mut manner = Map::new();
    if (options.speed - 1.0).abs() > 0.005 {
        let speed = hundredths(options.speed.clamp(0.6, 1.5));
        manner.insert("speed".into(), speed.into());
    }
    if let Some(volume) = settings.volume {
        let volume = hundredths(volume.clamp(0.5, 2.0));
        manner.insert("volume".into(), volume.into());
    }
    if let Some(emotion) = &settings.emotion {
        manner.insert("emotion".into(), emotion.as_str().into());
    }
    for (name, value) in [
        ("accent", &settings.accent),
        ("pronunciation_dict_id", &settings.dictionary),
        ("normalization", &settings.normalisation),
    ] {
        if let Some(value) = value {
            fields.insert(name.into(), value.as_str().into());
        }
    }
    if !manner.is_empty() {
        fields.insert("generation_config".into(), manner.into());
    }
    fields
}

/// Whether a model speaks as in a place: `sonic-3.6` and newer do.
fn knows_places(model: &str) -> bool {
    let older = ["sonic-1", "sonic-2", "sonic-3-", "sonic-3.5", "sonic-turbo"];
    model != "sonic-3" && model.starts_with("sonic-") && !older.iter().any(|name| model.starts_with(name))
}

/// A voice and how it is to speak.
struct Voice {
    service: Service,
    /// Model, voice, format, language and manner; the text is missing.
    fields: Map<String, Value>,
    phonemes: Option<Sender<Phoneme>>,
}
