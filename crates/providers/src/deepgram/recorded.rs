//! Nova for whole utterances, which are held in memory only.

use libretto_voice::listen::ListenSession;
use libretto_voice::session::Ends;
use libretto_voice::{Audio, Error, ListenEvent, ListenInput, ListenOptions, Result, SampleRate, Session};
use reqwest::{Method, RequestBuilder, Url};
use serde::Deserialize;

use super::Inner;
use super::results::Channel;
use super::settings::asked;
use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::sound::wav_file;

/// Longest utterance in samples: half an hour at 16 kHz, which is 115 MB here.
const MOST: usize = 30 * 60 * 16_000;

/// What it can be asked for only here.
const FEATURES: &[&str] = &["detect_language", "measurements"];

/// Begins an utterance.
pub(super) fn session(account: &Inner, options: &ListenOptions) -> ListenSession {
    let (service, rate) = (account.service.clone(), options.rate);
    // The file says these itself.
    let bare = ["encoding", "sample_rate", "channels"];
    let mut query = asked(&account.settings, options);
    query.retain(|(name, _)| !bare.contains(name));
    query.extend(account.settings.featured(FEATURES));
    let language = query.iter().any(|(name, _)| name.ends_with("language"));
    if !language {
        // A whole utterance is enough to find out; the older ones take English for granted otherwise.
        query.push(("detect_language", "true".to_owned()));
    }
    let url = service.url(&["v1", "listen"], query);
    Session::spawn(move |ends| listen(service, url, rate, ends))
}

#[derive(Deserialize)]
struct Answer {
    results: Channels,
}

#[derive(Deserialize)]
struct Channels {
    #[serde(default)]
    channels: Vec<Channel>,
}

/// Reads an answer, for fuzzers.
#[cfg(any(test, fuzzing))]
pub(super) fn read(text: &str) {
    if let Ok(answer) = serde_json::from_str::<Answer>(text) {
        let channels = answer.results.channels.into_iter();
        channels.for_each(|channel| drop(channel.transcript()));
    }
}

async fn listen(
    service: Service,
    url: Url,
    rate: SampleRate,
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
        let file = wav_file(&utterance);
        drop(utterance);
        let reply = service.call(|| request(&service, &url, &file)).await?;
        let answer: Answer = reply.json().await?;
        let transcript = answer
            .results
            .channels
            .into_iter()
            .next()
            .map(Channel::transcript);
        if let Some(transcript) = transcript.filter(|transcript| !transcript.is_blank()) {
            say(&ends, ListenEvent::Segment(transcript)).await?;
        }
    }
    say(&ends, ListenEvent::Finished).await
}

fn request(service: &Service, url: &Url, file: &[u8]) -> Result<RequestBuilder, Failure> {
    Ok(service
        .request(Method::POST, url.clone())?
        .header("content-type", "audio/wav")
        .body(file.to_vec()))
}

async fn say(ends: &Ends<ListenInput, ListenEvent>, event: ListenEvent) -> Result<()> {
    ends.events.send(Ok(event)).await.map_err(|_| Error::cancelled())
}
