//! Nova for whole utterances.

use libretto_voice::listen::ListenSession;
use libretto_voice::{ListenOptions, Transcript};
use reqwest::Method;
use serde::Deserialize;

use super::Inner;
use super::results::Channel;
use super::settings::asked;
use crate::whole;

/// What it can be asked for only here.
const FEATURES: &[&str] = &["detect_language", "measurements"];

/// Begins an utterance.
pub(super) fn session(account: &Inner, options: &ListenOptions) -> ListenSession {
    // The file says these itself.
    let bare = ["encoding", "sample_rate", "channels"];
    let settings = account.settings.borrow();
    let mut query = asked(&settings, options);
    query.retain(|(name, _)| !bare.contains(name));
    query.extend(settings.featured(FEATURES));
    let language = query.iter().any(|(name, _)| name.ends_with("language"));
    if !language {
        // A whole utterance is enough to find out; the older ones take English for granted otherwise.
        query.push(("detect_language", "true".to_owned()));
    }
    let service = account.service.clone();
    let url = service.url(&["v1", "listen"], query);
    whole::session(
        service,
        options.rate,
        move |service, file| {
            let request = service.request(Method::POST, url.clone())?;
            Ok(request.header("content-type", "audio/wav").body(file.to_vec()))
        },
        transcript,
    )
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

/// Of the one channel that there is.
fn transcript(answer: Answer) -> Transcript {
    let first = answer.results.channels.into_iter().next();
    first.map(Channel::transcript).unwrap_or_default()
}

/// Reads an answer, for fuzzers.
#[cfg(any(test, fuzzing))]
pub(super) fn read(text: &str) {
    let _ = serde_json::from_str(text).map(transcript);
}
