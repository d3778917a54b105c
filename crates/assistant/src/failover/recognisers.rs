//! Recognisers: one that dies has the sound of everything it had not committed played again to the next.

use std::collections::VecDeque;
use std::sync::Arc;

use libretto_conversation::Choice;
use libretto_voice::listen::ListenSession;
use libretto_voice::{
    Audio, Error, ListenEvent, ListenInput, ListenOptions, SampleRate, Session, SpeechToText, Transcript,
};
use tokio::sync::mpsc;

use super::{List, Tell, WAITING, feed, fell_silent, nobody};

/// The longest stretch without a committed word that is kept to be played again, in seconds. Who says more than this
/// in one breath has their words from one recogniser only.
const KEPT: u64 = 600;

/// Several recognisers, each with its own options.
pub struct Recognisers(Arc<List<dyn SpeechToText, ListenOptions>>);

impl Recognisers {
    /// In this order; `tell` hears who takes over.
    pub fn new(choices: Vec<Choice<dyn SpeechToText, ListenOptions>>, tell: Tell) -> Self {
        Self(Arc::new(List { choices, tell }))
    }
}

impl SpeechToText for Recognisers {
    fn name(&self) -> &str {
        self.0.first().map_or("", |first| first.name())
    }

    fn warm(&self) {
        if let Some(first) = self.0.first() {
            first.warm();
        }
    }

    fn listen(&self, options: ListenOptions) -> ListenSession {
        let list = Arc::clone(&self.0);
        Session::spawn(move |mut ends| async move {
            let mut heard = Heard::new(options.rate);
            for (at, choice) in list.choices.iter().enumerate() {
                let session = choice.provider.listen(ListenOptions {
                    rate: options.rate,
                    ..choice.options.clone()
                });
                let run = heard.through(session, choice.provider.name(), &mut ends.input, &ends.events);
                match run.await {
                    Ok(()) => return Ok(()),
                    Err(why) if heard.whole => list.next(at, |recogniser| recogniser.name(), why)?,
                    Err(why) => return Err(why),
                }
            }
            Err(nobody())
        })
    }
}

/// The utterance so far.
struct Heard {
    rate: SampleRate,
    /// Sound that no committed word covers.
    kept: VecDeque<Audio>,
    /// Samples before it.
    gone: u64,
    /// Samples in it.
    samples: u64,
    /// Nothing of it had to be given up.
    whole: bool,
    finished: bool,
}

impl Heard {
    fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            kept: VecDeque::new(),
            gone: 0,
            samples: 0,
            whole: true,
            finished: false,
        }
    }

    /// Has one recogniser hear it, from the first word that is not committed.
    async fn through(
        &mut self,
        session: ListenSession,
        name: &str,
        given: &mut mpsc::Receiver<ListenInput>,
        events: &mpsc::Sender<Result<ListenEvent, Error>>,
    ) -> Result<(), Error> {
        let (input, mut said, _guard) = session.split();
        // Sending waits where the recogniser is slow; what it says is taken meanwhile. There is a place for all that
        // is played again.
        let (forward, waiting) = mpsc::channel(self.kept.len() + WAITING);
        let begun = self.gone;
        for audio in &self.kept {
            let _ = forward.try_send(ListenInput::Audio(audio.clone()));
        }
        if self.finished {
            let _ = forward.try_send(ListenInput::Finish);
        }
        let feed = feed(input, waiting);
        tokio::pin!(feed);
        // Segments without times do not say which sound they cover: they are passed on when all is well.
        let mut held: Vec<Transcript> = Vec::new();
        loop {
            let event = tokio::select! {
                () = &mut feed => continue,
                Some((place, message)) = super::given(given, &forward), if !self.finished => {
                    match message {
                        Some(ListenInput::Audio(audio)) => {
                            self.keep(audio.clone());
                            place.send(ListenInput::Audio(audio));
                        }
                        // Not wanted: see `SpeechToText::wants_pauses`.
                        Some(ListenInput::Silence(_) | ListenInput::Hurry) => {}
                        Some(ListenInput::Finish) | None => {
                            self.finished = true;
                            place.send(ListenInput::Finish);
                        }
                    }
                    continue;
                }
                event = said.recv() => event,
            };
            let event = match event {
                Some(Ok(event)) => event,
                Some(Err(why)) => return Err(why),
                None => return Err(fell_silent(name)),
            };
            let pass = match event {
                ListenEvent::Segment(mut segment) => {
                    let shift = self.rate.duration(begun).as_secs_f64();
                    for word in &mut segment.words {
                        word.seconds = word.seconds.start + shift..word.seconds.end + shift;
                    }
                    match segment.words.last().map(|word| word.seconds.end) {
                        Some(end) if held.is_empty() => self.forget(self.rate.sample_at(end)),
                        _ => {
                            held.push(segment);
                            continue;
                        }
                    }
                    ListenEvent::Segment(segment)
                }
                ListenEvent::Finished => {
                    for segment in held.drain(..) {
                        let _ = events.send(Ok(ListenEvent::Segment(segment))).await;
                    }
                    let _ = events.send(Ok(ListenEvent::Finished)).await;
                    return Ok(());
                }
                other => other,
            };
            let _ = events.send(Ok(pass)).await;
        }
    }

    fn keep(&mut self, audio: Audio) {
        self.samples += audio.samples.len() as u64;
        self.kept.push_back(audio);
        while self.samples > KEPT * u64::from(self.rate.hertz()) {
            let Some(oldest) = self.kept.pop_front() else {
                break;
            };
            self.samples -= oldest.samples.len() as u64;
            self.gone += oldest.samples.len() as u64;
            self.whole = false;
        }
    }

    /// Everything before this sample is covered by words.
    fn forget(&mut self, until: u64) {
        while let Some(first) = self.kept.front()
            && self.gone + first.samples.len() as u64 <= until
        {
            self.gone += first.samples.len() as u64;
            self.samples -= first.samples.len() as u64;
            self.kept.pop_front();
        }
        // Whatever was given up before is covered as well.
        self.whole |= self.gone <= until;
    }
}
