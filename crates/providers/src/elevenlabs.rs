//! ElevenLabs: voices with the time of every character, over sockets or HTTP, the Scribe recognisers, and what clients
//! without the key are given.

mod account;
mod dialect;
mod format;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod heard;
mod hearing;
mod http;
mod live;
mod pace;
mod provider;
mod reading;
mod scribe;
mod shared;
mod stream;
mod surface;
mod tokens;
mod wire;

use std::sync::Arc;

use libretto_voice::listen::ListenSession;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{ListenOptions, Session, SpeakOptions, SpeechToText, TextToSpeech};
use serde_json::{Map, Value};

use crate::catalogue::{Ability, Cancel, Entry, Languages, Timings};
use crate::failure::Failure;
use crate::network::Network;
use crate::number::hundredths;
use crate::service::{Access, Service};
pub use hearing::Hearing;
pub(crate) use provider::open;
pub use reading::{Dictionary, Reading};
pub use tokens::{AgentRoom, TokenUse};

/// George.
const VOICE: &str = "JBFqnCBsd6RMkjVDRZzb";
/// What the models of the 2.5 generation speak.
const LANGUAGES: &[&str] = &[
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "fi", "fil", "fr", "hi", "hr", "hu", "id", "it", "ja",
    "ko", "ms", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sv", "ta", "tr", "uk", "vi", "zh",
];

/// What it can do.
pub static ENTRY: Entry = Entry {
    name: "elevenlabs",
    title: "ElevenLabs",
    base: "https://api.elevenlabs.io",
    needs_key: true,
    recogniser: Some(Ability {
        model: "scribe_v2_realtime",
        streaming: true,
        timings: Timings::Words,
        cancel: Cancel::Close,
        languages: Languages::Many,
        rates: &[8_000, 16_000, 22_050, 24_000, 44_100, 48_000],
    }),
    model: None,
    voice: Some(Ability {
        model: "eleven_flash_v2_5",
        streaming: true,
        timings: Timings::Characters,
        cancel: Cancel::Close,
        languages: Languages::These(LANGUAGES),
        rates: &[8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000],
    }),
};

/// How speech is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// A `stream-input` socket for each reply: the least waiting, and times. Models of the third generation and later
    /// have one under `text-to-dialogue`.
    #[default]
    Socket,
    /// `multi-stream-input`: replies share a socket, which is open before they begin.
    Shared,
    /// One HTTP call for each phrase, with times.
    HttpTimed,
    /// One HTTP call for each phrase; times are estimated.
    Http,
}

/// When a live recogniser commits what it heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commit {
    /// When it is told to.
    #[default]
    Manual,
    /// When it hears silence too.
    Vad,
    /// When it thinks that the speaker is done too, for models that do.
    Turns,
}

/// How an account is used.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address, key, attempts, limit and patience.
    pub access: Access,
    /// How speech is fetched.
    pub transport: Transport,
    /// `output_format`: `pcm_…`, `mp3_…`, `opus_…`, `ulaw_8000`, `alaw_8000`, or `wav_…`, which comes whole and over HTTP only:
    /// the sockets' replies go that way then. `None` is the best for the transport: `pcm_24000` on the socket,
    /// `mp3_44100_128` over HTTP, as the service itself does.
    pub output_format: Option<String>,
    /// `optimize_streaming_latency`, from 0 to 4.
    pub latency: Option<u8>,
    /// `voice_settings` besides the speed: `stability`, `similarity_boost`, `style`, `use_speaker_boost`, and of models of
    /// the third generation and later `clone_strength`.
    pub voice_settings: Map<String, Value>,
    /// How the voices read a text.
    pub reading: Reading,
    /// When the live recogniser commits.
    pub commit: Commit,
    /// How the recognisers listen.
    pub hearing: Hearing,
}

impl Settings {
    /// The usual, with this access.
    pub fn new(access: Access) -> Self {
        Self {
            access,
            transport: Transport::default(),
            output_format: None,
            latency: None,
            voice_settings: Map::new(),
            reading: Reading::default(),
            commit: Commit::default(),
            hearing: Hearing::default(),
        }
    }
}

/// An account at ElevenLabs.
#[derive(Clone, Debug)]
pub struct ElevenLabs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    service: Service,
    settings: Settings,
    lines: Arc<shared::Lines>,
}

impl ElevenLabs {
    /// An account with these settings.
    ///
    /// # Errors
    /// `Unreachable` where the address is none, `Unsupported` where the output format cannot be played here.
    pub fn new(network: Network, mut settings: Settings) -> Result<Self, Failure> {
        let service = Service::new(&ENTRY, settings.access.clone(), &dialect::DIALECT, network)?;
        if let Some(name) = &settings.output_format {
            let format = format::of(name).ok_or_else(|| format::unsupported(&service, name))?;
            if format.whole && matches!(settings.transport, Transport::Socket | Transport::Shared) {
                settings.transport = Transport::HttpTimed;
            }
        }
        Ok(Self(Arc::new(Inner {
            service,
            settings,
            lines: Arc::default(),
        })))
    }

    /// Its voices.
    pub fn voice(&self) -> Arc<dyn TextToSpeech> {
        Arc::new(self.clone())
    }

    /// Its recognisers. A model whose name says `realtime` or `live` listens while it is spoken to; others are given
    /// the whole utterance.
    pub fn recogniser(&self) -> Arc<dyn SpeechToText> {
        Arc::new(self.clone())
    }
}

impl TextToSpeech for ElevenLabs {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn warm(&self) {
        match self.0.settings.transport {
            Transport::Shared if self.0.lines.warm(&self.0.service) => {}
            Transport::Socket => self.0.service.open_socket(),
            Transport::Shared | Transport::Http | Transport::HttpTimed => self.0.service.open(),
        }
    }

    fn timed(&self) -> bool {
        self.0.settings.transport != Transport::Http
    }

    fn speak(&self, options: SpeakOptions) -> SpeakSession {
        let voice = match Voice::new(Arc::clone(&self.0), options) {
            Ok(voice) => voice,
            Err(failure) => return Session::failed(failure.into()),
        };
        match self.0.settings.transport {
            Transport::Socket | Transport::Shared => stream::session(voice),
            Transport::HttpTimed => http::with_times(voice),
            Transport::Http => http::untimed(voice),
        }
    }
}

impl SpeechToText for ElevenLabs {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn warm(&self) {
        self.0.service.open_socket();
    }

    fn listen(&self, options: ListenOptions) -> ListenSession {
        let model = options.model.clone();
        let model = model.unwrap_or_else(|| ENTRY.recogniser.map_or("", |ability| ability.model).to_owned());
        let (service, settings) = (self.0.service.clone(), &self.0.settings);
        if model.contains("realtime") || model.contains("live") {
            live::session(service, &model, settings, &options)
        } else {
            scribe::session(service, model, settings.hearing.clone(), options)
        }
    }
}

/// A voice and how it is to speak.
struct Voice {
    account: Arc<Inner>,
    id: String,
    model: String,
    format: format::Format,
    language: Option<String>,
    settings: Map<String, Value>,
}

impl Voice {
    fn new(account: Arc<Inner>, options: SpeakOptions) -> Result<Self, Failure> {
        let model = options.model;
        let model = model.unwrap_or_else(|| ENTRY.voice.map_or("", |ability| ability.model).to_owned());
        let own = match account.settings.transport {
            Transport::Socket | Transport::Shared => "pcm_24000",
            _ => "mp3_44100_128",
        };
        let name = account.settings.output_format.as_deref().unwrap_or(own);
        let format = format::of(name).ok_or_else(|| format::unsupported(&account.service, name))?;
        let mut settings = account.settings.voice_settings.clone();
        if (options.speed - 1.0).abs() > 0.005 {
            // The sockets take no more; HTTP is said to, and the two should sound alike.
            let speed = hundredths(options.speed.clamp(0.7, 1.2));
            settings.insert("speed".into(), speed.into());
        }
        // Without its region, and only to models that take it: others may refuse the call.
        let language = options
            .language
            .map(|tag| code(&tag))
            .filter(|code| LANGUAGES.contains(&code.as_str()) && !model.contains("multilingual_v2"))
            .filter(|_| !model.ends_with("_v2"));
        let mut voice = Self {
            id: options.voice.unwrap_or_else(|| VOICE.to_owned()),
            account,
            model,
            format,
            language,
            settings,
        };
        if !voice.is_late_model() {
            voice.settings.remove("clone_strength");
        }
        Ok(voice)
    }

    /// Of the third generation or later, which speak over `text-to-dialogue`.
    fn is_late_model(&self) -> bool {
        let generation = self.model.strip_prefix("eleven_v").unwrap_or_default();
        generation.starts_with(|c: char| c.is_ascii_digit())
    }

    /// Whether dictionaries change its text: then the characters as they were sent come in disorder.
    fn is_respelt(&self) -> bool {
        !self.reading().dictionaries.is_empty()
    }

    fn reading(&self) -> &Reading {
        &self.account.settings.reading
    }

    /// `optimize_streaming_latency`, where it is asked for.
    fn latency(&self) -> Option<String> {
        self.account
            .settings
            .latency
            .map(|level| level.min(4).to_string())
    }

    /// Of the settings, those that dialogue takes.
    fn dialogue_settings(&self, names: &[&str]) -> Map<String, Value> {
        let settings = self.settings.iter();
        let taken = settings.filter(|(name, _)| names.contains(&name.as_str()));
        taken.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// A language as the service calls it: without region, and some by another name.
fn code(tag: &str) -> String {
    let code = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    match code.as_str() {
        "nb" | "nn" => "no".into(),
        "tl" => "fil".into(),
        _ => code,
    }
}
