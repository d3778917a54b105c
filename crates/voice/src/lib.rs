//! The ground floor of Libretto: the words that every other crate speaks.
//!
//! Audio that carries its rate, alignment over grapheme clusters in samples, transcripts, error kinds, the turn's
//! ledger, and the traits behind which recognisers, language models, voices, microphones and loudspeakers stand.
//! Nothing here performs I/O.
#![forbid(unsafe_code)]

pub mod alignment;
pub mod audio;
pub mod chat;
pub mod device;
pub mod error;
pub mod ledger;
pub mod listen;
pub mod rewrite;
pub mod session;
pub mod shapes;
pub mod speak;
pub mod text;
pub mod transcript;
pub mod turn;

pub use alignment::{Alignment, Mark, Provenance};
pub use audio::{Audio, SampleRate};
pub use chat::{ChatEvent, ChatRequest, LanguageModel, Message, Role};
pub use error::{Error, Kind, Result};
pub use ledger::{Ledger, Milestone};
pub use listen::{ListenEvent, ListenInput, ListenOptions, SpeechToText, TurnDetector};
pub use rewrite::Rewrite;
pub use session::{Ends, Session};
pub use speak::{SpeakEvent, SpeakInput, SpeakOptions, TextToSpeech};
pub use transcript::{TimedWord, Transcript};
pub use turn::{Time, TurnId};
