//! What its messages become: sound, marks, phonemes, or a failure. The socket and the event stream share them.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_voice::shapes::{TimeBase, Timed, start_end_seconds};
use libretto_voice::{Result as VoiceResult, SpeakEvent};
use serde::Deserialize;
use tokio::sync::mpsc::Sender;

use super::{RATE, Voice};
use crate::failure::Failure;
use crate::sound::Encoding;
use crate::timed::{Speech, Stop};

/// A sound of speech and when it is to be heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Phoneme {
    /// In the service's alphabet, which is the IPA.
    pub text: String,
    /// Seconds from the reply's first sample.
    pub seconds: Range<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) context_id: Option<String>,
    data: Option<String>,
    word_timestamps: Option<Words>,
    phoneme_timestamps: Option<Phonemes>,
}

#[derive(Debug, Deserialize)]
struct Words {
    #[serde(default, rename = "words")]
    texts: Vec<String>,
    #[serde(default)]
    start: Vec<f64>,
    #[serde(default)]
    end: Vec<f64>,
}

impl Words {
    /// Without the tags that the text may carry: they are spoken, not read.
    fn times(&self) -> Vec<Timed<'_>> {
        let mut timed = start_end_seconds(&self.texts, &self.start, &self.end);
        timed.retain(|timed| !(timed.text.starts_with('<') && timed.text.ends_with('>')));
        timed
    }
}

#[derive(Debug, Deserialize)]
struct Phonemes {
    #[serde(default, rename = "phonemes")]
    texts: Vec<String>,
    #[serde(default)]
    start: Vec<f64>,
    #[serde(default)]
    end: Vec<f64>,
}

/// What a message was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Sound,
    Done,
    Complaint,
    Other,
}

/// The speech of one session, as its messages tell it.
pub(super) struct Heard {
    pub(super) speech: Speech,
    phonemes: Option<Sender<Phoneme>>,
}

impl Heard {
    pub(super) fn new(voice: &Voice, events: Sender<VoiceResult<SpeakEvent>>) -> Self {
        let encoding = Encoding::Pcm16(RATE);
        Self {
            speech: Speech::new(events, encoding, RATE, TimeBase::Unknown),
            phonemes: voice.phonemes.clone(),
        }
    }

    /// Takes a message; `garbled` is the failure of one that makes no sense.
    pub(super) async fn take(&mut self, message: Message, garbled: &Failure) -> Result<Taken, Stop> {
        match message.kind.as_str() {
            "chunk" => {
                let data = message.data.unwrap_or_default();
                let bytes = BASE64.decode(data);
                let bytes = bytes.map_err(|error| garbled.clone().because(error))?;
                let heard = self.speech.sound(&bytes).await?;
                heard.map_err(|error| garbled.clone().because(error))?;
                return Ok(Taken::Sound);
            }
            "timestamps" => {
                let words = message.word_timestamps.as_ref();
                self.speech
                    .times(&words.map(Words::times).unwrap_or_default())
                    .await?;
            }
            "phoneme_timestamps" => self.phonemes(message.phoneme_timestamps),
            "done" => return Ok(Taken::Done),
            "error" => return Ok(Taken::Complaint),
            _ => {}
        }
        Ok(Taken::Other)
    }

    /// They count from the beginning of what is spoken now. Whoever does not keep up misses some.
    fn phonemes(&self, phonemes: Option<Phonemes>) {
        let (Some(told), Some(phonemes)) = (&self.phonemes, phonemes) else {
            return;
        };
        let from = self.speech.begun();
        for timed in start_end_seconds(&phonemes.texts, &phonemes.start, &phonemes.end) {
            let phoneme = Phoneme {
                text: timed.text.to_owned(),
                seconds: timed.seconds.start + from..timed.seconds.end.max(timed.seconds.start) + from,
            };
            if phoneme.seconds.end.is_finite() {
                let _ = told.try_send(phoneme);
            }
        }
    }
}
