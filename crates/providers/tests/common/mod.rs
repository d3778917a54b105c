//! What the tests of several providers need: sessions played to their end, and what came out of them.
#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is a test"
)]

use std::sync::Arc;
use std::time::Duration;

use libretto_providers::{Access, Deadlines, Key, Network, Provider, Retry, Setup, catalogue, provider};
use libretto_testkit::fakes::{Fault, Script, cartesia, deepgram, elevenlabs, minimax, openai, speech};
use libretto_voice::chat::ChatSession;
use libretto_voice::listen::ListenSession;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{
    Alignment, Audio, ChatEvent, ChatRequest, Error, Kind, ListenEvent, ListenInput, Mark, Message,
    Provenance, Role, SpeakEvent, SpeakInput, text,
};

/// The longest that anything in a test may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// So often a test looks whether something has come.
const POLL: Duration = Duration::from_millis(5);

/// Connections of a test.
pub(crate) fn network() -> Network {
    Network::new().unwrap()
}

/// The usual three attempts, without the waiting: that is tested in virtual time.
pub(crate) fn quick() -> Retry {
    Retry {
        wait: Duration::from_millis(1),
        ..Retry::default()
    }
}

/// Long enough for a busy machine, where the service does not stall.
pub(crate) fn short() -> Deadlines {
    Deadlines {
        first: Duration::from_secs(5),
        idle: Duration::from_secs(5),
    }
}

/// For services that never answer: whatever is slow besides makes no difference.
pub(crate) fn brief() -> Deadlines {
    Deadlines {
        first: Duration::from_secs(1),
        idle: Duration::from_secs(1),
    }
}

/// For services that begin, and stall: they may begin as late as any other.
pub(crate) fn stalled() -> Deadlines {
    Deadlines {
        first: short().first,
        idle: brief().idle,
    }
}

/// An account at a fake, with the attempts and the patience of most tests.
pub(crate) fn access(base: String, key: &str) -> Access {
    Access {
        base: Some(base),
        key: Some(Key::new(key)),
        retry: quick(),
        deadlines: short(),
        ..Access::default()
    }
}

/// The same as the settings describe it, with this table.
pub(crate) fn setup(base: String, key: &str, mut table: serde_json::Value) -> Setup {
    table["base_url"] = base.clone().into();
    let access = access(base, key);
    Setup {
        network: network(),
        key: access.key,
        retry: access.retry,
        limit: access.limit,
        table: table.as_object().unwrap().clone(),
    }
}

/// An account at the provider of this name, with this table.
pub(crate) fn opened(name: &str, base: String, key: &str, table: serde_json::Value) -> Arc<dyn Provider> {
    provider::open(catalogue::named(name).unwrap(), setup(base, key, table)).unwrap()
}

/// The same for calls that fail in this way, so many of them: one that is not made again had begun before it stalled.
pub(crate) fn failing_at(base: String, key: &str, kind: Kind, calls: usize) -> Access {
    let mut access = access(base, key);
    if kind == Kind::Timeout {
        access.deadlines = if calls > 1 { brief() } else { stalled() };
    }
    access
}

/// Has a fake fail in this way as often as a call is made, and gives the error that comes of it.
pub(crate) async fn fails(
    script: &Script,
    (fault, kind, calls): (&Fault, Kind, usize),
    call: impl Future<Output = Option<Error>>,
) -> Error {
    let before = script.calls().len();
    for _ in 0..calls {
        script.fail(fault.clone());
    }
    let error = call.await.unwrap_or_else(|| panic!("{fault:?} went well"));
    assert_eq!(error.kind(), kind, "{fault:?}: {error}");
    assert_eq!(script.calls().len() - before, calls, "{fault:?}: {error}");
    for key in [
        elevenlabs::KEY,
        deepgram::KEY,
        cartesia::KEY,
        minimax::KEY,
        openai::KEY,
    ] {
        assert!(!format!("{error} {error:?}").contains(key), "{fault:?}: {error}");
    }
    error
}

/// Waits until a fake has no call open: what it was told last is known then.
pub(crate) async fn closed(script: &Script) {
    closed_after(script, 0).await;
}

/// Waits until a fake has been called so often and has no call open any more, and the caller has learnt of that.
pub(crate) async fn closed_after(script: &Script, calls: usize) {
    let open = |script: &Script| script.open() > 0 || script.calls().len() < calls;
    until(|| !open(script), "the service still works for nobody").await;
    tokio::time::sleep(POLL).await;
}

/// Waits until it is so.
pub(crate) async fn until(so: impl Fn() -> bool, otherwise: &str) {
    let start = std::time::Instant::now();
    while !so() {
        assert!(start.elapsed() < PATIENCE, "{otherwise}");
        tokio::time::sleep(POLL).await;
    }
}

/// A question.
pub(crate) fn question(text: &str) -> ChatRequest {
    ChatRequest {
        messages: vec![
            Message::new(Role::System, "Be short."),
            Message::new(Role::User, text),
        ],
        ..ChatRequest::default()
    }
}

/// All events of an answer, and how it ended.
pub(crate) async fn answer(mut session: ChatSession) -> (Vec<ChatEvent>, Option<Error>) {
    let mut events = Vec::new();
    loop {
        match tokio::time::timeout(PATIENCE, session.next())
            .await
            .expect("an event in time")
        {
            Some(Ok(event)) => events.push(event),
            Some(Err(error)) => return (events, Some(error)),
            None => return (events, None),
        }
    }
}

/// The text of an answer.
pub(crate) fn said(events: &[ChatEvent]) -> String {
    let text = |event: &ChatEvent| match event {
        ChatEvent::Text(text) => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

/// What a voice gave.
#[derive(Debug, Default)]
pub(crate) struct Spoken {
    pub(crate) audio: Option<Audio>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) finished: bool,
    pub(crate) error: Option<Error>,
}

impl Spoken {
    pub(crate) fn samples(&self) -> &[f32] {
        self.audio.as_ref().map_or(&[], |audio| &audio.samples)
    }

    /// The error, which must be there.
    pub(crate) fn failed(&self) -> &Error {
        self.error
            .as_ref()
            .unwrap_or_else(|| panic!("it did not fail: {} samples", self.samples().len()))
    }

    /// Each word with its start and end in seconds and whether its time was measured.
    pub(crate) fn words(&self, written: &str) -> Vec<(String, f64, f64, bool)> {
        let rate = self.audio.as_ref().expect("sound").rate;
        let graphemes = text::Graphemes::of(written);
        let seconds = |sample: u64| sample as f64 / f64::from(rate.hertz());
        Alignment::of(rate, self.marks.iter().cloned())
            .by_word(written)
            .iter()
            .map(|mark| {
                let word = &written[graphemes.bytes(mark.text.clone())];
                let measured = mark.provenance == Provenance::Measured;
                (
                    word.to_owned(),
                    seconds(mark.audio.start),
                    seconds(mark.audio.end),
                    measured,
                )
            })
            .collect()
    }
}

/// How far the words' starts are from the truth, in seconds; every word must be there, in its place. The fake was given
/// these parts.
pub(crate) fn worst(spoken: &Spoken, parts: &[String]) -> f64 {
    worst_within(spoken, &parts.concat(), parts)
}

/// The same of a text that is more than its parts.
pub(crate) fn worst_within(spoken: &Spoken, written: &str, parts: &[String]) -> f64 {
    let (mut truth, mut from) = (Vec::new(), 0.0);
    for part in parts.iter().filter(|part| !part.trim().is_empty()) {
        let said = speech::speak(part);
        truth.extend(
            said.words
                .iter()
                .map(|(bytes, time)| (part[bytes.clone()].to_owned(), from + time.start)),
        );
        from += said.audio.duration().as_secs_f64();
    }
    let words = spoken.words(written);
    let got: Vec<&str> = words.iter().map(|word| word.0.as_str()).collect();
    assert_eq!(got, truth.iter().map(|word| word.0.as_str()).collect::<Vec<_>>());
    let off = words
        .iter()
        .zip(&truth)
        .map(|(got, truth)| (got.1 - truth.1).abs());
    off.fold(0.0, f64::max)
}

/// What sounds is what the fake says for these parts, sample by sample.
pub(crate) fn same_sound(spoken: &Spoken, parts: &[String]) {
    let expected: Vec<f32> = parts
        .iter()
        .filter(|part| !part.trim().is_empty())
        .flat_map(|part| speech::speak(part).audio.samples)
        .collect();
    assert_eq!(spoken.samples().len(), expected.len());
    let alike = spoken
        .samples()
        .iter()
        .zip(&expected)
        .all(|(a, b)| (a - b).abs() < 1e-4);
    assert!(alike, "the samples are others");
}

/// Lets whoever listened go as soon as something sounds; gives what the fake was told last.
pub(crate) async fn last_message_when_dropped(
    mut session: SpeakSession,
    script: &Script,
) -> serde_json::Value {
    while !matches!(session.next().await.unwrap().unwrap(), SpeakEvent::Audio(_)) {}
    drop(session);
    closed(script).await;
    let said = script.last().unwrap().body;
    said.as_array().unwrap().last().unwrap().clone()
}

/// Has phrases spoken to the end.
pub(crate) async fn speak(session: SpeakSession, phrases: &[&str]) -> Spoken {
    for phrase in phrases {
        let _ = session.send(SpeakInput::Text((*phrase).to_owned())).await;
    }
    let _ = session.send(SpeakInput::Finish).await;
    listen_to(session).await
}

/// Takes what a voice gives until it ends.
pub(crate) async fn listen_to(mut session: SpeakSession) -> Spoken {
    let mut spoken = Spoken::default();
    loop {
        match tokio::time::timeout(PATIENCE, session.next())
            .await
            .expect("an event in time")
        {
            Some(Ok(SpeakEvent::Audio(audio))) => match &mut spoken.audio {
                Some(all) => {
                    assert_eq!(all.rate, audio.rate, "all audio of a session has one rate");
                    all.samples.extend(audio.samples);
                }
                None => spoken.audio = Some(audio),
            },
            Some(Ok(SpeakEvent::Marks(marks))) => spoken.marks.extend(marks),
            Some(Ok(SpeakEvent::Finished)) => spoken.finished = true,
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                spoken.error = Some(error);
                return spoken;
            }
            None => return spoken,
        }
    }
}

/// What a recogniser gave.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) events: Vec<ListenEvent>,
    pub(crate) error: Option<Error>,
}

impl Heard {
    /// The segments in one line.
    pub(crate) fn text(&self) -> String {
        let text = |event: &ListenEvent| match event {
            ListenEvent::Segment(transcript) => Some(transcript.text.clone()),
            _ => None,
        };
        self.events.iter().filter_map(text).collect::<Vec<_>>().join(" ")
    }

    /// The words of the segments with their times.
    pub(crate) fn words(&self) -> Vec<(String, f64, f64)> {
        let words = |event: &ListenEvent| match event {
            ListenEvent::Segment(transcript) => transcript.words.clone(),
            _ => Vec::new(),
        };
        let word = |word: libretto_voice::TimedWord| (word.text, word.seconds.start, word.seconds.end);
        self.events.iter().flat_map(words).map(word).collect()
    }
}

/// Has an utterance recognised, sent in pieces of 100 ms.
pub(crate) async fn hear(session: ListenSession, utterance: &Audio) -> Heard {
    let (input, mut events, _guard) = session.split();
    let (input, rate) = (input.unwrap(), utterance.rate);
    let samples = utterance.samples.clone();
    let feed = tokio::spawn(async move {
        for piece in samples.chunks(rate.hertz() as usize / 10) {
            if input
                .send(ListenInput::Audio(Audio::new(rate, piece.to_vec())))
                .await
                .is_err()
            {
                return;
            }
        }
        let _ = input.send(ListenInput::Finish).await;
        std::future::pending::<()>().await;
    });
    let mut heard = Heard::default();
    loop {
        match tokio::time::timeout(PATIENCE, events.recv())
            .await
            .expect("an event in time")
        {
            Some(Ok(event)) => heard.events.push(event),
            Some(Err(error)) => heard.error = Some(error),
            None => break,
        }
    }
    feed.abort();
    heard
}

/// Speaks an utterance and says nothing more until the recogniser itself has ended the turn.
pub(crate) async fn hear_turn(mut session: ListenSession, utterance: &Audio) -> Heard {
    for piece in utterance.samples.chunks(utterance.rate.hertz() as usize / 10) {
        let piece = Audio::new(utterance.rate, piece.to_vec());
        let _ = session.send(ListenInput::Audio(piece)).await;
    }
    let mut heard = Heard::default();
    while let Some(event) = tokio::time::timeout(PATIENCE, session.next())
        .await
        .expect("an event in time")
    {
        match event {
            Ok(event) => {
                if matches!(event, ListenEvent::EndOfTurn(sure) if sure >= 1.0) {
                    let _ = session.send(ListenInput::Finish).await;
                }
                heard.events.push(event);
            }
            Err(error) => heard.error = Some(error),
        }
    }
    heard
}
