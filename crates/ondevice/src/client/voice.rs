//! The voice, from the app's side.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use libretto_voice::session::Ends;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{
    Audio, Error, Kind, Result, SampleRate, Session, SpeakEvent, SpeakInput, SpeakOptions, TextToSpeech,
};

use super::NAME;
use super::error::EngineError;
use super::pieces::{Pieces, is_english};
use super::process::Call;
use super::supervisor::Supervisor;
use crate::wire::{Answer, Ask, Model};

/// Phrases that the engine has at once: while one is being handed on, the next is spoken.
const AHEAD: usize = 2;
/// Sentences of one phrase: a whole hour-long text may be sent as one.
const DEPTH: usize = 4_096;

pub(super) struct OnDeviceVoice {
    engine: Arc<Supervisor>,
    /// This one, whichever is chosen.
    folder: Option<PathBuf>,
}

impl OnDeviceVoice {
    pub(super) fn new(engine: Arc<Supervisor>, folder: Option<PathBuf>) -> Self {
        Self { engine, folder }
    }

    fn folder(&self) -> PathBuf {
        let chosen = || self.engine.settings().models.voice;
        self.folder.clone().unwrap_or_else(chosen)
    }
}

impl TextToSpeech for OnDeviceVoice {
    fn name(&self) -> &str {
        NAME
    }

    fn is_local(&self) -> bool {
        true
    }

    fn warm(&self) {
        self.engine.warm(Ask::Warm(Model::Voice(self.folder())));
    }

    fn speak(&self, options: SpeakOptions) -> SpeakSession {
        let language = options.language.filter(|tag| !is_english(tag));
        if let Some(language) = language {
            return Session::failed(
                EngineError::Language {
                    part: "voice",
                    language,
                }
                .into(),
            );
        }
        let (engine, model, speed) = (Arc::clone(&self.engine), self.folder(), options.speed);
        Session::spawn(move |ends| Speech::new(engine, model, speed, ends).run())
    }
}

/// A phrase that the engine works on.
struct Phrase {
    text: String,
    call: Call,
}

struct Speech {
    engine: Arc<Supervisor>,
    model: PathBuf,
    speed: f32,
    ends: Ends<SpeakInput, SpeakEvent>,
    working: VecDeque<Phrase>,
    pieces: Pieces,
    /// Whether the first phrase of `working` has begun to sound.
    begun: bool,
    /// What belongs between the last phrase that sounded and the next.
    pause: Duration,
}

impl Speech {
    fn new(engine: Arc<Supervisor>, model: PathBuf, speed: f32, ends: Ends<SpeakInput, SpeakEvent>) -> Self {
        let pieces = Pieces::default();
        Self {
            engine,
            model,
            speed,
            ends,
            working: VecDeque::new(),
            pieces,
            begun: false,
            pause: Duration::ZERO,
        }
    }

    async fn run(mut self) -> Result<()> {
        let model = self.model.clone();
        self.engine
            .call(Ask::Warm(Model::Voice(model.clone())), 1)
            .await?
            .next()
            .await?;
        self.say(SpeakEvent::Ready).await?;
        let mut finished = false;
        while !(finished && self.working.is_empty()) {
            let room = !finished && self.working.len() < AHEAD;
            tokio::select! {
                biased;
                answer = next(&mut self.working) => self.take(answer?).await?,
                input = self.ends.input.recv(), if room => match input {
                    Some(SpeakInput::Text(text)) => {
                        let (model, speed) = (model.clone(), self.speed);
                        let ask = Ask::Speak { model, text: text.clone(), speed };
                        let call = self.engine.call(ask, DEPTH).await?;
                        self.working.push_back(Phrase { text, call });
                    }
                    // Whoever says nothing more has finished.
                    Some(SpeakInput::Finish) | None => finished = true,
                },
            }
        }
        self.say(SpeakEvent::Finished).await
    }

    async fn take(&mut self, answer: Answer) -> Result<()> {
        match answer {
            Answer::Spoken { rate, samples, marks } => {
                let bad = || Error::new(Kind::Internal, "The on-device voice gave sound without a rate.");
                let rate = SampleRate::new(rate).ok_or_else(bad)?;
                if !samples.is_empty() && !self.begun {
                    self.begun = true;
                    let pause = Audio::silence(rate, std::mem::take(&mut self.pause));
                    self.pieces.begin(pause.samples.len() as u64);
                    if !pause.is_empty() {
                        self.say(SpeakEvent::Audio(pause)).await?;
                    }
                }
                // Marks first: then a word can be lit as soon as it sounds.
                let text = self.working.front().map_or("", |phrase| &phrase.text);
                let marks = self.pieces.place(text, marks);
                self.pieces.sounded(samples.len() as u64);
                if !marks.is_empty() {
                    self.say(SpeakEvent::Marks(marks)).await?;
                }
                if !samples.is_empty() {
                    self.say(SpeakEvent::Audio(Audio::new(rate, samples))).await?;
                }
            }
            Answer::Spoke { pause } => {
                if let Some(phrase) = self.working.pop_front() {
                    self.pieces.end(&phrase.text);
                }
                // A phrase without sound leaves the pause before it as it was.
                if std::mem::take(&mut self.begun) {
                    self.pause = pause;
                }
            }
            other => tracing::warn!(?other, "answer_to_no_speech"),
        }
        Ok(())
    }

    async fn say(&self, event: SpeakEvent) -> Result<()> {
        self.ends
            .events
            .send(Ok(event))
            .await
            .map_err(|_| Error::cancelled())
    }
}

/// The next answer to the first phrase; never while there is none.
async fn next(working: &mut VecDeque<Phrase>) -> Result<Answer> {
    match working.front_mut() {
        Some(phrase) => phrase.call.next().await,
        None => std::future::pending().await,
    }
}
