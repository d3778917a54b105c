//! The audio of an utterance, and its way into a recogniser.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use libretto_voice::{Audio, ListenEvent, ListenInput, ListenOptions, SampleRate, SpeechToText};
use tokio::sync::{Notify, mpsc};

use super::carry::Report;
use crate::machine::{Event, Fault, Job, Recogniser};

/// What of the microphone's audio is kept before anybody is known to speak: the detector's onset, the first consonant,
/// which is softer than the vowel that sets it off, and the time in which speech over a loud reply cannot be told from
/// its echo.
const PRE_ROLL: Duration = Duration::from_millis(1_200);
/// Recognisers are given at most so much at once.
const PIECE: Duration = Duration::from_millis(100);
/// The turn detector hears so much of the end (Smart Turn was trained on 8 s).
const JUDGED: Duration = Duration::from_secs(8);

/// The last moments of the microphone's audio.
#[derive(Debug, Default)]
pub(super) struct PreRoll {
    samples: VecDeque<f32>,
}

impl PreRoll {
    pub(super) fn push(&mut self, frame: &[f32]) {
        self.samples.extend(frame);
        let most = SampleRate::SPEECH.samples(PRE_ROLL) as usize;
        self.samples.drain(..self.samples.len().saturating_sub(most));
    }

    pub(super) fn clear(&mut self) {
        self.samples.clear();
    }

    pub(super) fn take(&mut self) -> Vec<f32> {
        std::mem::take(&mut self.samples).into()
    }
}

/// An utterance's audio, kept until its transcript is final, so that a second recogniser can hear it from the
/// beginning. The machine bounds its length.
#[derive(Debug, Default)]
pub(super) struct Utterance {
    audio: Mutex<Recorded>,
    grown: Notify,
}

#[derive(Debug, Default)]
struct Recorded {
    samples: Vec<f32>,
    /// What else the recogniser is told, and before which sample.
    asides: Vec<(usize, ListenInput)>,
    ended: bool,
}

impl Utterance {
    pub(super) fn new(samples: Vec<f32>) -> Arc<Self> {
        Arc::new(Self {
            audio: Mutex::new(Recorded {
                samples,
                ..Recorded::default()
            }),
            grown: Notify::new(),
        })
    }

    fn audio(&self) -> MutexGuard<'_, Recorded> {
        self.audio.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, frame: &[f32]) {
        self.audio().samples.extend_from_slice(frame);
        self.grown.notify_one();
    }

    /// The speaker pauses, or goes on.
    pub(super) fn silence(&self, silence: bool) {
        self.aside(ListenInput::Silence(silence));
    }

    /// What was understood so far is wanted at once.
    pub(super) fn hurry(&self) {
        self.aside(ListenInput::Hurry);
    }

    fn aside(&self, aside: ListenInput) {
        {
            let mut audio = self.audio();
            let at = audio.samples.len();
            audio.asides.push((at, aside));
        }
        self.grown.notify_one();
    }

    pub(super) fn end(&self) {
        self.audio().ended = true;
        self.grown.notify_one();
    }

    /// The end of it, for the turn detector.
    pub(super) fn last(&self) -> Audio {
        let audio = self.audio();
        let most = SampleRate::SPEECH.samples(JUDGED) as usize;
        let start = audio.samples.len().saturating_sub(most);
        Audio::new(SampleRate::SPEECH, audio.samples[start..].to_vec())
    }

    /// What comes after so many samples and asides; `None` at the end. Safe to drop.
    async fn next(&self, at: usize, asides: usize) -> Option<ListenInput> {
        loop {
            {
                let audio = self.audio();
                let aside = audio.asides.get(asides);
                if let Some((_, aside)) = aside.filter(|(from, _)| *from <= at) {
                    return Some(aside.clone());
                }
                let end = aside
                    .map_or(audio.samples.len(), |(from, _)| *from)
                    .min(at + SampleRate::SPEECH.samples(PIECE) as usize);
                if at < end {
                    let samples = audio.samples[at..end].to_vec();
                    return Some(ListenInput::Audio(Audio::new(SampleRate::SPEECH, samples)));
                }
                if audio.ended {
                    return None;
                }
            }
            self.grown.notified().await;
        }
    }
}

/// Has an utterance recognised.
pub(super) async fn listen(
    job: Job,
    recogniser: Arc<dyn SpeechToText>,
    options: ListenOptions,
    utterance: Arc<Utterance>,
    reports: mpsc::Sender<Report>,
) {
    let (input, mut events, _guard) = recogniser.listen(options).split();
    let feed = async {
        let Some(input) = input else { return };
        let (mut at, mut asides) = (0, 0);
        while let Some(next) = utterance.next(at, asides).await {
            if let ListenInput::Audio(audio) = &next {
                at += audio.samples.len();
            } else {
                asides += 1;
                if !recogniser.wants_pauses() {
                    continue;
                }
            }
            if input.send(next).await.is_err() {
                // It has ended: its last event says why.
                return;
            }
        }
        let _ = input.send(ListenInput::Finish).await;
        // Closing the input would say that nobody waits for the answer.
        std::future::pending::<()>().await;
    };
    let hear = async {
        loop {
            let event = match events.recv().await {
                Some(Ok(ListenEvent::Partial(transcript))) => Recogniser::Partial(transcript),
                Some(Ok(ListenEvent::Paused)) => Recogniser::Paused,
                Some(Ok(ListenEvent::Segment(transcript))) => Recogniser::Segment(transcript),
                Some(Ok(ListenEvent::EndOfTurn(score))) => Recogniser::EndOfTurn(score),
                Some(Ok(ListenEvent::TurnResumed)) => Recogniser::TurnResumed,
                Some(Ok(ListenEvent::Finished)) => Recogniser::Finished,
                Some(Ok(_)) => continue,
                Some(Err(error)) => Recogniser::Failed(error.into()),
                None => Recogniser::Failed(Fault::new(
                    libretto_voice::Kind::Unavailable,
                    format!(
                        "The recogniser {} stopped without a word. Say it again, or choose another one in the settings.",
                        recogniser.name()
                    ),
                )),
            };
            let last = matches!(event, Recogniser::Failed(_) | Recogniser::Finished);
            if reports
                .send(Report::Event(Event::Recogniser(job, event)))
                .await
                .is_err()
                || last
            {
                return;
            }
        }
    };
    tokio::pin!(feed);
    tokio::pin!(hear);
    let mut feeding = true;
    loop {
        tokio::select! {
            () = &mut feed, if feeding => feeding = false,
            () = &mut hear => return,
        }
    }
}
