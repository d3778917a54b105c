//! Recognisers that are given whole utterances, which are held in memory only: one call for each.

use libretto_voice::listen::ListenSession;
use libretto_voice::session::Ends;
use libretto_voice::{Audio, Error, ListenEvent, ListenInput, Result, SampleRate, Session, Transcript};
use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;

use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::sound::wav_file;

/// Longest utterance in samples: half an hour at 16 kHz, which is 115 MB here.
const MOST: usize = 30 * 60 * 16_000;
/// Such a part of its length is waited for in addition: a long one is long on the way, and takes the service a while.
const PATIENCE: u32 = 10;

/// Begins an utterance of this rate. `request` makes the call for it as a WAV file, `read` reads its answer.
pub(crate) fn session<A: DeserializeOwned + 'static>(
    service: Service,
    rate: SampleRate,
    request: impl Fn(&Service, &[u8]) -> Result<RequestBuilder, Failure> + Send + Sync + 'static,
    read: fn(A) -> Transcript,
) -> ListenSession {
    Session::spawn(move |ends| listen(service, rate, (request, read), ends))
}

async fn listen<A: DeserializeOwned>(
    mut service: Service,
    rate: SampleRate,
    (request, read): (
        impl Fn(&Service, &[u8]) -> Result<RequestBuilder, Failure> + Sync,
        fn(A) -> Transcript,
    ),
    mut ends: Ends<ListenInput, ListenEvent>,
) -> Result<()> {
    say(&ends, ListenEvent::Ready).await?;
    let mut utterance = Audio::empty(rate);
    while let Some(ListenInput::Audio(audio)) = ends.input.recv().await {
        if utterance.samples.len() + audio.samples.len() > MOST {
            return Err(service.failure(Fault::TooLong).into());
        }
        utterance.samples.extend(audio.samples);
    }
    if !utterance.is_empty() {
        service.deadlines.first += utterance.duration() / PATIENCE;
        let file = wav_file(&utterance);
        drop(utterance);
        let reply = service.call(|| request(&service, &file)).await?;
        let transcript = read(reply.json().await?);
        if !transcript.is_blank() {
            say(&ends, ListenEvent::Segment(transcript)).await?;
        }
    }
    say(&ends, ListenEvent::Finished).await
}

async fn say(ends: &Ends<ListenInput, ListenEvent>, event: ListenEvent) -> Result<()> {
    ends.events.send(Ok(event)).await.map_err(|_| Error::cancelled())
}
