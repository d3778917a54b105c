//! MiniMax: speech over HTTP, a socket, or a socket that cuts sentences itself, with the times of its words; language
//! models that speak OpenAI's protocol.

mod account;
mod chat;
mod dialect;
mod fields;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod http;
mod language;
mod phrase;
mod provider;
mod stream;
mod times;
mod wire;

use std::sync::Arc;

use libretto_voice::speak::SpeakSession;
use libretto_voice::{LanguageModel, SampleRate, SpeakOptions, TextToSpeech};
use serde_json::{Map, Value};

use crate::catalogue::{Ability, Cancel, Entry, Languages, Timings};
use crate::failure::Failure;
use crate::network::Network;
use crate::openai;
use crate::service::{Access, Service};
use crate::sound::Encoding;
pub(crate) use provider::open;

/// The voice that its documentation begins with.
const VOICE: &str = "English_expressive_narrator";
/// Most characters in one call. It takes ten thousand; this much is a minute of speech, whose sound fits into one
/// message where the service sends it whole.
const LONGEST: usize = 1_000;

/// What it can do.
pub static ENTRY: Entry = Entry {
    name: "minimax",
    title: "MiniMax",
    base: Region::Global.base(),
    needs_key: true,
    recogniser: None,
    model: Some(Ability {
        model: "MiniMax-M2.7",
        streaming: true,
        timings: Timings::None,
        cancel: Cancel::Close,
        languages: Languages::Many,
        rates: &[],
    }),
    voice: Some(Ability {
        model: "speech-2.8-turbo",
        streaming: true,
        timings: Timings::Words,
        cancel: Cancel::Close,
        languages: Languages::These(&language::TAGS),
        rates: &[8_000, 16_000, 22_050, 24_000, 32_000, 44_100],
    }),
};

/// Where an account lives. A key of one region is refused in the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Region {
    /// Everywhere but mainland China.
    #[default]
    Global,
    /// The same accounts, on servers that give their first sound sooner.
    GlobalFast,
    /// Mainland China.
    China,
}

impl Region {
    /// Its address.
    pub const fn base(self) -> &'static str {
        match self {
            Self::Global => "https://api.minimax.io",
            Self::GlobalFast => "https://api-uw.minimax.io",
            Self::China => "https://api.minimaxi.com",
        }
    }
}

/// How speech is fetched. All of them tell times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// One socket for a reply; each phrase is spoken for itself.
    #[default]
    Socket,
    /// One socket for a reply, on which the service cuts the sentences; it can be told to stop.
    BothWays,
    /// One HTTP call for each phrase.
    Http,
}

/// How sound comes. It can be had as FLAC and WAV too, which are not played here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Samples.
    #[default]
    Pcm,
    /// For networks that samples are too much for.
    Mp3,
    /// In Ogg pages: less still.
    Opus,
    /// µ-law at 8 kHz, as telephones have it.
    Pcmu,
}

/// How times are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subtitles {
    /// Of each word, with its sound.
    #[default]
    Streamed,
    /// Of each word, in a file at the end.
    Words,
    /// Of each sentence, in a file at the end.
    Sentences,
    /// Not at all: they are estimated.
    Off,
}

/// What is made of a voice; zero leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modify {
    /// Deeper or brighter, from -100 to 100.
    pub pitch: i8,
    /// Stronger or softer, from -100 to 100.
    pub intensity: i8,
    /// Fuller or crisper, from -100 to 100.
    pub timbre: i8,
    /// `spacious_echo`, `auditorium_echo`, `lofi_telephone` or `robotic`.
    pub effect: Option<String>,
}

/// How an account is used.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the account lives.
    pub region: Region,
    /// Address, key, attempts, limit and patience.
    pub access: Access,
    /// `GroupId`, which old accounts need.
    pub group: Option<String>,
    /// How speech is fetched.
    pub transport: Transport,
    /// How sound comes.
    pub format: Format,
    /// Samples per second; `None` is the best for the format. Opus and G.711 have their own.
    pub rate: Option<u32>,
    /// Bits per second of MP3: 32,000, 64,000, 128,000 or 256,000.
    pub bitrate: Option<u32>,
    /// A feeling by the service's name for it: `calm`, `happy`, ….
    pub emotion: Option<String>,
    /// How loud, above 0 and up to 10; 1 is the voice's own.
    pub volume: Option<f32>,
    /// Semitones higher or lower, from -12 to 12.
    pub pitch: i8,
    /// Voices that are mixed into one, at most four, with the weight of each, from 1 to 100. They count before the voice.
    pub timbres: Vec<(String, u8)>,
    /// What is made of the voice. Streams have it as MP3 only, and are asked for that then.
    pub modify: Modify,
    /// How words are said: `word/as it sounds`, where the second half is other words, IPA or pinyin in brackets, or kana.
    pub pronunciations: Vec<String>,
    /// Whether numbers and dates are spelt out before they are spoken.
    pub normalises: bool,
    /// Whether formulas between `$$` are read, in Chinese.
    pub reads_formulas: bool,
    /// The language, by the service's name for it or `auto`, where a reply's is not known.
    pub language: Option<String>,
    /// How times are asked for.
    pub subtitles: Subtitles,
    /// Whether a reply is spoken in one breath, over the sockets and with models that can: it sounds better, and begins
    /// later.
    pub continuous: bool,
}

impl Settings {
    /// The usual, with this access.
    pub fn new(access: Access) -> Self {
        Self {
            region: Region::default(),
            access,
            group: None,
            transport: Transport::default(),
            format: Format::default(),
            rate: None,
            bitrate: None,
            emotion: None,
            volume: None,
            pitch: 0,
            timbres: Vec::new(),
            modify: Modify::default(),
            pronunciations: Vec::new(),
            normalises: false,
            reads_formulas: false,
            language: None,
            subtitles: Subtitles::default(),
            continuous: false,
        }
    }
}

/// An account at MiniMax.
#[derive(Clone, Debug)]
pub struct MiniMax(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    service: Service,
    network: Network,
    chat: openai::OpenAi,
    settings: Settings,
}

impl MiniMax {
    /// An account with these settings.
    ///
    /// # Errors
    /// `Unreachable` where the address is none.
    pub fn new(network: Network, settings: Settings) -> Result<Self, Failure> {
        let base = settings.access.base.as_deref().unwrap_or(settings.region.base());
        let base = base.trim().trim_end_matches('/').trim_end_matches("/v1");
        let at = |base: String| Access {
            base: Some(base),
            ..settings.access.clone()
        };
        let chat = openai::Settings::new(&chat::PRESET, at(format!("{base}/v1")));
        Ok(Self(Arc::new(Inner {
            service: Service::new(&ENTRY, at(base.to_owned()), &dialect::DIALECT, network.clone())?,
            chat: openai::OpenAi::new(network.clone(), chat)?,
            network,
            settings,
        })))
    }

    /// Its voices.
    pub fn voice(&self) -> Arc<dyn TextToSpeech> {
        Arc::new(self.clone())
    }

    /// Its language models.
    pub fn language_model(&self) -> Arc<dyn LanguageModel> {
        self.0.chat.language_model()
    }
}

impl TextToSpeech for MiniMax {
    fn name(&self) -> &str {
        ENTRY.name
    }

    fn warm(&self) {
        match self.0.settings.transport {
            Transport::Socket | Transport::BothWays => self.0.service.open_socket(),
            Transport::Http => self.0.service.open(),
        }
    }

    fn speak(&self, options: SpeakOptions) -> SpeakSession {
        let voice = Voice::new(Arc::clone(&self.0), &options);
        match self.0.settings.transport {
            Transport::Socket => stream::session(voice, stream::Flow::Phrases),
            Transport::BothWays => stream::session(voice, stream::Flow::Sentences),
            Transport::Http => http::session(voice),
        }
    }
}

/// A voice and how it is to speak.
struct Voice {
    account: Arc<Inner>,
    /// Model, voice, format, language and manner; the text is missing.
    fields: Map<String, Value>,
    encoding: Encoding,
    rate: SampleRate,
}

impl Voice {
    fn service(&self) -> &Service {
        &self.account.service
    }
}

impl Inner {
    /// What every address ends with.
    fn query(&self) -> Option<(&'static str, String)> {
        self.settings
            .group
            .as_ref()
            .map(|group| ("GroupId", group.clone()))
    }
}
