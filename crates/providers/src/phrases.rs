//! Voices that make one call for each phrase and say nothing about times.

use std::sync::Arc;

use libretto_voice::session::Ends;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{Error, Session, SpeakEvent, SpeakInput, text};
use reqwest::RequestBuilder;
use tokio::sync::mpsc::Sender;

use crate::context::{Around, Pieces};
use crate::failure::{Failure, Fault};
use crate::service::{Reply, Service};
use crate::socket::Wrong;
use crate::sound::{Encoding, SoundDecoder};
use crate::sse::Events;
use crate::streamed::{Read, Said};
use crate::timed::Stop;

/// Where what was spoken goes.
type Output = Sender<Result<SpeakEvent, Error>>;

/// How a voice of this kind asks for a phrase.
pub trait Phrasing: Send + Sync + 'static {
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
pub fn session(voice: Arc<dyn Phrasing>) -> SpeakSession {
    Session::spawn(move |ends| speak(voice, ends))
}

async fn speak(voice: Arc<dyn Phrasing>, ends: Ends<SpeakInput, SpeakEvent>) -> Result<(), Error> {
    let output = ends.events;
    say(&output, SpeakEvent::Ready).await?;
    let mut pieces = Pieces::new(ends.input, voice.longest());
    while let Some(piece) = pieces.next().await {
        // White space and lone punctuation are refused, or never answered.
        let id = if text::speaks(&piece) {
            call(voice.as_ref(), &output, &piece, &pieces.around).await?
        } else {
            None
        };
        pieces.said(&piece, id);
    }
    say(&output, SpeakEvent::Finished).await
}

/// One piece of text, again where that may help and nothing of it has been heard. Gives the call's id.
async fn call(
    voice: &dyn Phrasing,
    output: &Output,
    piece: &str,
    around: &Around,
) -> Result<Option<String>, Error> {
    let service = voice.service();
    let _place = service.limit.enter().await;
    let mut tries = service.retry.begin();
    loop {
        let mut begun = false;
        match stream(voice, output, (piece, around), &mut begun).await {
            Ok(id) => return Ok(id),
            Err(Stop::Gone) => return Err(Error::cancelled()),
            Err(Stop::Failed(failure)) if begun => return Err(failure.again(false).into()),
            Err(Stop::Failed(failure)) => tries.again(failure).await?,
        }
    }
}

async fn stream(
    voice: &dyn Phrasing,
    output: &Output,
    (piece, around): (&str, &Around),
    begun: &mut bool,
) -> Result<Option<String>, Stop> {
    let service = voice.service();
    let mut reply = service.send(voice.request_within(piece, around)?).await?;
    // What comes counts, not what was asked for: servers that know nothing of events answer with bytes.
    let kind = reply.content_type();
    let mut wrapped = voice
        .events()
        .filter(|_| kind == "text/event-stream")
        .map(Wrapped::new);
    let encoding = match kind.as_str() {
        _ if wrapped.is_some() => voice.encoding(),
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
    loop {
        let chunk = reply.chunk().await?;
        let bytes = match &mut wrapped {
            Some(wrapped) => wrapped.open(chunk.as_deref(), service, &garbled)?.into(),
            None => chunk.clone().unwrap_or_default(),
        };
        let mut ready = vec![decoder.push(&bytes)];
        if chunk.is_none() {
            ready.push(decoder.finish());
        }
        for audio in ready {
            if let Some(audio) = audio.map_err(|error| garbled.clone().because(error))? {
                *begun = true;
                let sent = output.send(Ok(SpeakEvent::Audio(audio))).await;
                sent.map_err(|_| Stop::Gone)?;
            }
        }
        if chunk.is_none() {
            break;
        }
    }
    // A service that has nothing to say for words has failed; only the caller knows that it asked for words.
    if *begun {
        Ok(voice.call_id(&reply))
    } else {
        Err(service
            .failure(Fault::BrokeOff)
            .request(reply.request.clone())
            .into())
    }
}

/// Sound inside of events.
struct Wrapped {
    events: Events,
    read: Read,
    /// It was said that all of it has come.
    whole: bool,
}

impl Wrapped {
    fn new(read: Read) -> Self {
        Self {
            events: Events::new(),
            read,
            whole: false,
        }
    }

    /// The sound of the events that a chunk completes; without one, the stream has ended.
    fn open(
        &mut self,
        chunk: Option<&[u8]>,
        service: &Service,
        garbled: &Failure,
    ) -> Result<Vec<u8>, Failure> {
        let ready = match chunk {
            Some(bytes) => self.events.push(bytes),
            None => self.events.finish().map(Vec::from_iter),
        };
        let id = || garbled.request_id().map(str::to_owned);
        let mut sound = Vec::new();
        for event in ready.map_err(|error| garbled.clone().because(error))? {
            match (self.read)(&event.data) {
                Ok(Said::Sound(bytes)) => sound.extend(bytes),
                Ok(Said::Spoken) => self.whole = true,
                Ok(Said::Other) => {}
                Err(Wrong::Complaint) => return Err(service.complaint(&event.data).request(id())),
                Err(Wrong::Fault(fault)) => return Err(service.failure(fault).again(false).request(id())),
                Err(Wrong::Garbled(Some(error))) => return Err(garbled.clone().because(error)),
                Err(Wrong::Garbled(None)) => return Err(garbled.clone()),
            }
        }
        if chunk.is_none() && !self.whole {
            return Err(service.failure(Fault::BrokeOff).request(id()));
        }
        Ok(sound)
    }
}

async fn say(output: &Output, event: SpeakEvent) -> Result<(), Error> {
    output.send(Ok(event)).await.map_err(|_| Error::cancelled())
}

/// Pieces of at most `longest` characters, cut behind a sentence or a word where there is one.
pub fn pieces(phrase: &str, longest: usize) -> Vec<&str> {
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
        matches!(c, '。' | '！' | '？') || (spaced && matches!(c, '.' | '!' | '?' | '؟' | '…'))
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
