//! Voices that make one call for each phrase and say nothing about times.

use std::sync::Arc;

use bytes::Bytes;
use libretto_voice::session::Ends;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{Error, Session, SpeakEvent, SpeakInput, text};
use reqwest::RequestBuilder;
use tokio::sync::mpsc::Sender;

use crate::context::{Around, Pieces};
use crate::failure::{Failure, Fault};
use crate::retry::{self, Work};
use crate::service::{self, Reply, Service};
use crate::socket::Wrong;
use crate::sound::{Encoding, SoundDecoder};
use crate::sse::Events;
use crate::streamed::{Read, Said};
use crate::timed::Stop;

/// Where what was spoken goes.
type Output = Sender<Result<SpeakEvent, Error>>;

/// How a voice of this kind asks for a phrase.
pub(crate) trait Phrasing: Send + Sync + 'static {
    /// Who is asked.
    fn service(&self) -> &Service;
    /// Most characters in one call.
    fn longest(&self) -> usize;
    /// The call for this text.
    fn request(&self, text: &str) -> Result<RequestBuilder, Failure>;
    /// The call for this text with what stands around it, where the service can make use of that.
    fn request_within(&self, text: &str, _around: &Around) -> Result<RequestBuilder, Failure> {
        self.request(text)
    }
    /// The id of a call by which a later one can follow it.
    fn call_id(&self, _reply: &Reply) -> Option<String> {
        None
    }
    /// How the sound was asked for.
    fn encoding(&self) -> Encoding;
    /// What reads an event, for voices whose answer may come as events instead of bytes.
    fn events(&self) -> Option<Read> {
        None
    }
    /// Whether the answer's `Content-Type` tells more than what was asked for.
    fn trusts_content_type(&self) -> bool {
        true
    }
}

/// Begins to speak.
pub(crate) fn session(voice: Arc<dyn Phrasing>) -> SpeakSession {
    Session::spawn(move |ends| speak(voice, ends))
}

async fn speak(voice: Arc<dyn Phrasing>, ends: Ends<SpeakInput, SpeakEvent>) -> Result<(), Error> {
    let output = ends.events;
    say(&output, SpeakEvent::Ready).await?;
    let mut pieces = Pieces::new(ends.input, voice.longest());
    while let Some(piece) = pieces.next().await {
        // White space and lone punctuation are refused, or never answered.
        let id = if text::speaks(&piece) {
            let service = voice.service();
            let _place = service.limit.enter().await;
            let mut call = Call {
                voice: voice.as_ref(),
                output: &output,
                piece: &piece,
                around: &pieces.around,
                begun: false,
            };
            retry::through(service.retry, &mut call).await?
        } else {
            None
        };
        pieces.said(&piece, id);
    }
    say(&output, SpeakEvent::Finished).await
}

/// One piece of text.
struct Call<'a> {
    voice: &'a dyn Phrasing,
    output: &'a Output,
    piece: &'a str,
    around: &'a Around,
    /// Something of it has been heard.
    begun: bool,
}

impl Work for Call<'_> {
    /// The call's id.
    type Done = Option<String>;

    async fn attempt(&mut self) -> Result<Option<String>, Stop> {
        let voice = self.voice;
        let request = voice.request_within(self.piece, self.around)?;
        let reply = voice.service().send(request).await?;
        // What comes counts, not what was asked for: servers that know nothing of events answer with bytes.
        let kind = reply.content_type();
        let events = voice.events().filter(|_| kind == "text/event-stream");
        let encoding = match kind.as_str() {
            _ if events.is_some() => voice.encoding(),
            kind if kind == "application/json" || kind.starts_with("text/") => {
                return Err(reply.garbled().into());
            }
            kind if voice.trusts_content_type() => {
                Encoding::announced(kind, voice.encoding()).unwrap_or(voice.encoding())
            }
            _ => voice.encoding(),
        };
        let mut decoder = SoundDecoder::new(encoding);
        let garbled = reply.garbled();
        let mut sound = match events {
            Some(read) => Sound::Wrapped(Wrapped::new(reply, read)),
            None => Sound::Plain(reply),
        };
        loop {
            let bytes = sound.next().await?;
            let mut ready = vec![decoder.push(bytes.as_deref().unwrap_or_default())];
            if bytes.is_none() {
                ready.push(decoder.finish());
            }
            for audio in ready {
                if let Some(audio) = audio.map_err(|error| garbled.clone().because(error))? {
                    self.begun = true;
                    let sent = self.output.send(Ok(SpeakEvent::Audio(audio))).await;
                    sent.map_err(|_| Stop::Gone)?;
                }
            }
            if bytes.is_none() {
                break;
            }
        }
        // A service that has nothing to say for words has failed; only the caller knows that it asked for words.
        if self.begun {
            Ok(voice.call_id(sound.reply()))
        } else {
            Err(sound.reply().failure(Fault::BrokeOff).into())
        }
    }

    fn begun(&self) -> bool {
        self.begun
    }
}

/// The sound of an answer.
enum Sound {
    Plain(Reply),
    Wrapped(Wrapped),
}

impl Sound {
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        match self {
            Self::Plain(reply) => reply.chunk().await,
            Self::Wrapped(wrapped) => wrapped.next().await,
        }
    }

    fn reply(&self) -> &Reply {
        match self {
            Self::Plain(reply) => reply,
            Self::Wrapped(wrapped) => &wrapped.events.reply,
        }
    }
}

/// Sound inside of events.
struct Wrapped {
    events: service::Pieces,
    read: Read,
    /// It was said that all of it has come.
    whole: bool,
}

impl Wrapped {
    fn new(reply: Reply, read: Read) -> Self {
        Self {
            events: reply.events(Events::new()),
            read,
            whole: false,
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let Some(ready) = self.events.next().await? else {
            return Ok(None);
        };
        let reply = &self.events.reply;
        let mut sound = Vec::new();
        for data in ready {
            match (self.read)(&data) {
                Ok(Said::Sound(bytes)) => sound.extend(bytes),
                Ok(Said::Spoken) => self.whole = true,
                Ok(Said::Other) => {}
                Err(Wrong::Complaint) => return Err(reply.complaint(&data)),
                Err(Wrong::Fault(fault)) => return Err(reply.failure(fault).again(false)),
                Err(Wrong::Garbled(Some(error))) => return Err(reply.garbled().because(error)),
                Err(Wrong::Garbled(None)) => return Err(reply.garbled()),
            }
        }
        if self.events.is_over() && !self.whole {
            return Err(reply.failure(Fault::BrokeOff));
        }
        Ok(Some(sound.into()))
    }
}

async fn say(output: &Output, event: SpeakEvent) -> Result<(), Error> {
    output.send(Ok(event)).await.map_err(|_| Error::cancelled())
}

/// Pieces of at most `longest` characters, cut behind a sentence or a word where there is one.
pub(crate) fn pieces(phrase: &str, longest: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = phrase;
    while !rest.is_empty() {
        let limit = rest
            .char_indices()
            .nth(longest.max(1))
            .map_or(rest.len(), |(at, _)| at);
        let cut = if limit == rest.len() {
            limit
        } else {
            cut(&rest[..limit])
        };
        let (piece, later) = rest.split_at(cut);
        pieces.push(piece);
        rest = later;
    }
    pieces
}

/// Where to cut a text that goes on behind its end: behind the last sentence, or the last white space, or anywhere.
fn cut(text: &str) -> usize {
    let behind = |at: usize| at + text[at..].chars().next().map_or(0, char::len_utf8);
    let ends = |(at, c): &(usize, char)| {
        let spaced = text[behind(*at)..].starts_with(char::is_whitespace);
        text::ends_wherever(*c) || (spaced && text::is_stop(*c))
    };
    let sentence = text.char_indices().rfind(ends);
    let found = sentence
        .map(|(at, _)| at)
        .or_else(|| text.rfind(char::is_whitespace));
    found.map_or(text.len(), behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_cut_where_a_speaker_would_breathe() {
        let text = "One two. Three four five six";
        assert_eq!(pieces(text, 100), [text]);
        assert_eq!(pieces(text, 14), ["One two.", " Three four ", "five six"]);
        assert_eq!(pieces("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(pieces("二。三四", 3), ["二。", "三四"]);
        assert_eq!(pieces(text, 14).concat(), text);
    }
}
