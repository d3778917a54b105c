//! The recogniser, from the app's side.

use std::path::PathBuf;
use std::sync::Arc;

use libretto_voice::listen::ListenSession;
use libretto_voice::session::Ends;
use libretto_voice::{
    Error, ListenEvent, ListenInput, ListenOptions, Result, SampleRate, Session, SpeechToText, Transcript,
};

use super::NAME;
use super::error::EngineError;
use super::pieces::is_english;
use super::supervisor::Supervisor;
use crate::wire::{Answer, Ask, Model};

/// Speech on its way to being recognised: a file is read faster than that, and must wait. More than any utterance
/// that a person can be waiting for, since pieces are committed every 20 s at least.
const WAITING: u64 = 60 * 16_000;
/// A partial comes for 0.3 s of sound at most, and a piece for 12 s.
const DEPTH: usize = 512;

pub(super) struct OnDeviceRecogniser {
    engine: Arc<Supervisor>,
    /// This one, whichever is chosen.
    folder: Option<PathBuf>,
}

impl OnDeviceRecogniser {
    pub(super) fn new(engine: Arc<Supervisor>, folder: Option<PathBuf>) -> Self {
        Self { engine, folder }
    }

    fn folder(&self) -> PathBuf {
        let chosen = || self.engine.settings().models.recogniser;
        self.folder.clone().unwrap_or_else(chosen)
    }
}

impl SpeechToText for OnDeviceRecogniser {
    fn name(&self) -> &str {
        NAME
    }

    fn warm(&self) {
        self.engine.warm(Ask::Warm(Model::Recogniser(self.folder())));
    }

    fn wants_pauses(&self) -> bool {
        true
    }

    fn listen(&self, options: ListenOptions) -> ListenSession {
        let language = options.language.filter(|tag| !is_english(tag));
        if let Some(language) = language {
            return Session::failed(
                EngineError::Language {
                    part: "recogniser",
                    language,
                }
                .into(),
            );
        }
        if options.rate != SampleRate::SPEECH {
            return Session::failed(EngineError::Rate(options.rate.hertz()).into());
        }
        let (engine, folder) = (Arc::clone(&self.engine), self.folder());
        Session::spawn(move |ends| listen(engine, folder, ends))
    }
}

async fn listen(
    engine: Arc<Supervisor>,
    folder: PathBuf,
    mut ends: Ends<ListenInput, ListenEvent>,
) -> Result<()> {
    let mut call = engine.call(Ask::Listen(folder), DEPTH).await?;
    // Samples sent, and of these the ones that are recognised for good.
    let (mut sent, mut known) = (0, 0);
    let mut finished = false;
    loop {
        tokio::select! {
            biased;
            answer = call.next() => match answer? {
                Answer::Ready => say(&ends, ListenEvent::Ready).await?,
                Answer::Paused => say(&ends, ListenEvent::Paused).await?,
                Answer::Partial(text) => say(&ends, ListenEvent::Partial(Transcript::text(text))).await?,
                Answer::Segment { text, end } => {
                    known = end;
                    if !text.is_empty() {
                        say(&ends, ListenEvent::Segment(Transcript::text(text))).await?;
                    }
                }
                Answer::Done => return say(&ends, ListenEvent::Finished).await,
                other => tracing::warn!(?other, "answer_to_no_utterance"),
            },
            input = ends.input.recv(), if !finished && sent - known < WAITING => match input {
                Some(ListenInput::Audio(audio)) => {
                    if audio.rate != SampleRate::SPEECH {
                        return Err(EngineError::Rate(audio.rate.hertz()).into());
                    }
                    sent += audio.samples.len() as u64;
                    // Where the pipe is broken, the next answer says why.
                    let _ = call.send(Ask::Audio(audio.samples)).await;
                }
                Some(ListenInput::Silence(silence)) => {
                    let _ = call.send(Ask::Silence(silence)).await;
                }
                Some(ListenInput::Hurry) => {
                    let _ = call.send(Ask::Hurry).await;
                }
                // Whoever says nothing more has finished.
                Some(ListenInput::Finish) | None => {
                    finished = true;
                    let _ = call.send(Ask::Finish).await;
                }
            },
        }
    }
}

async fn say(ends: &Ends<ListenInput, ListenEvent>, event: ListenEvent) -> Result<()> {
    ends.events.send(Ok(event)).await.map_err(|_| Error::cancelled())
}
