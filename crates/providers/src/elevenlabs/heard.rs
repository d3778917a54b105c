//! What the messages of its voices' sockets become: sound and marks, an end, or a failure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_voice::shapes::TimeBase;
use libretto_voice::{Result as VoiceResult, SpeakEvent};
use tokio::sync::mpsc::Sender;

use super::Voice;
use super::wire::{StreamAlignment, StreamMessage};
use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::timed::{Speech, Stop};

/// What a message was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// It had sound.
    pub(super) sounded: bool,
    /// Nothing comes behind it.
    pub(super) last: bool,
}

/// The speech of one session, as its messages tell it.
pub(super) struct Heard {
    service: Service,
    pub(super) speech: Speech,
    respelt: bool,
    /// The times that came last.
    told: Option<StreamAlignment>,
}

impl Heard {
    pub(super) fn new(voice: &Voice, events: Sender<VoiceResult<SpeakEvent>>) -> Self {
        let (encoding, rate) = (voice.format.encoding, voice.format.rate);
        Self {
            service: voice.account.service.clone(),
            speech: Speech::new(events, encoding, rate, TimeBase::Unknown).paced(voice.format.pace),
            respelt: voice.is_respelt(),
            told: None,
        }
    }

    /// Everything is sent once more, after an attempt that came to nothing.
    pub(super) fn again(&mut self) {
        self.speech.again();
        self.told = None;
    }

    /// Takes a message. `request` is the id of its connection.
    pub(super) async fn take(&mut self, text: &str, request: Option<String>) -> Result<Taken, Stop> {
        let garbled = self.failure(Fault::Garbled, request.clone());
        let mut message: StreamMessage =
            serde_json::from_str(text).map_err(|error| garbled.clone().because(error))?;
        if message.is_complaint() {
            return Err(self.service.complaint(text, request).into());
        }
        let silent = message.audio.as_deref().is_none_or(str::is_empty);
        if let Some(alignment) = message.take_alignment(self.respelt)
            // Said twice, it would be taken for the next words.
            && !(silent && self.told.as_ref() == Some(&alignment))
        {
            self.speech.times(&alignment.times()).await?;
            self.told = Some(alignment);
        }
        if let Some(audio) = message.audio.as_deref().filter(|audio| !audio.is_empty()) {
            let bytes = BASE64
                .decode(audio)
                .map_err(|error| garbled.clone().because(error))?;
            let heard = self.speech.sound(&bytes).await?;
            heard.map_err(|error| garbled.because(error))?;
        }
        Ok(Taken {
            sounded: !silent,
            last: message.is_last(),
        })
    }

    /// Everything has been spoken.
    pub(super) async fn ended(&mut self, request: Option<String>) -> Result<(), Stop> {
        if self.speech.told() == 0 {
            // It was given words, and nothing sounded.
            return Err(self.failure(Fault::BrokeOff, request).into());
        }
        let ended = self.speech.ended().await?;
        Ok(ended.map_err(|error| self.failure(Fault::Garbled, request).because(error))?)
    }

    fn failure(&self, fault: Fault, request: Option<String>) -> Failure {
        self.service.failure(fault).request(request)
    }
}
