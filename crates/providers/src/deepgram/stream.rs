//! The sockets that speak, Aura's and Flux's: one way to talk, and two to hear that a turn has been spoken. Neither tells
//! times.

use libretto_voice::SampleRate;
use reqwest::Url;
use serde::Deserialize;
use serde_json::json;

use super::dialect::closed;
use super::{RATE, Voice};
use crate::failure::Fault;
use crate::service::Service;
use crate::socket::Wrong;
use crate::streamed::{Read, Said, Speaker};

/// Most characters in one message.
const LONGEST: usize = 2_000;

/// A voice on its socket.
pub(super) struct Mouth {
    service: Service,
    url: Url,
    /// What calls off the work.
    farewell: &'static str,
    read: Read,
}

impl Mouth {
    pub(super) fn new(voice: Voice) -> Self {
        let (farewell, read): (_, Read) = if voice.is_flux() {
            ("Interrupt", flux)
        } else {
            ("Clear", aura)
        };
        Self {
            url: voice.url(),
            service: voice.service,
            farewell,
            read,
        }
    }
}

/// A message that is only its type.
pub(super) fn command(name: &str) -> String {
    json!({ "type": name }).to_string()
}

impl Speaker for Mouth {
    fn service(&self) -> &Service {
        &self.service
    }

    fn url(&self) -> Url {
        self.url.clone()
    }

    fn rate(&self) -> SampleRate {
        RATE
    }

    fn longest(&self) -> usize {
        LONGEST
    }

    fn say(&self, text: &str) -> String {
        json!({"type": "Speak", "text": text}).to_string()
    }

    /// Aura takes 20 of them a minute, which is more than there are phrases in a minute of speech.
    fn flush(&self) -> String {
        command("Flush")
    }

    fn close(&self) -> Option<String> {
        Some(command("Close"))
    }

    fn farewell(&self) -> String {
        command(self.farewell)
    }

    fn take(&self, text: &str) -> Result<Said, Wrong> {
        (self.read)(text)
    }

    fn closed(&self, code: Option<u16>, reason: &str) -> Fault {
        closed(code, reason)
    }
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Message {
    /// Aura: all sound of a flush has come. Flux: it has understood, and the sound is still to come.
    Flushed {},
    /// Flux: all sound of a turn has come.
    SpeechMetadata {},
    Warning {
        #[serde(alias = "code")]
        warn_code: Option<String>,
        #[serde(alias = "description")]
        warn_msg: Option<String>,
    },
    Error {},
    #[serde(other)]
    Other,
}

/// Reads a message of Aura's.
pub(super) fn aura(text: &str) -> Result<Said, Wrong> {
    match read(text)? {
        Message::Flushed {} => Ok(Said::Spoken),
        _ => Ok(Said::Other),
    }
}

/// Reads a message of Flux's.
pub(super) fn flux(text: &str) -> Result<Said, Wrong> {
    match read(text)? {
        Message::SpeechMetadata {} => Ok(Said::Spoken),
        _ => Ok(Said::Other),
    }
}

fn read(text: &str) -> Result<Message, Wrong> {
    let message = serde_json::from_str(text)?;
    match &message {
        Message::Error {} => return Err(Wrong::Complaint),
        Message::Warning { warn_code, warn_msg } => {
            tracing::warn!(provider = "deepgram", ?warn_code, ?warn_msg, "provider_warns");
            // A flush too many is not answered: its text would never be heard.
            if warn_code.as_deref() == Some("EXCESSIVE_FLUSH") {
                return Err(Wrong::Fault(Fault::Busy));
            }
        }
        _ => {}
    }
    Ok(message)
}
