//! Voices: one that dies in mid-text is followed by the next from the first word that was not delivered in full.

use std::collections::VecDeque;
use std::sync::Arc;

use libretto_conversation::Choice;
use libretto_conversation::estimate::{self, Envelope};
use libretto_signal::Converter;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{
    Audio, Error, Mark, SampleRate, Session, SpeakEvent, SpeakInput, SpeakOptions, TextToSpeech, text,
};
use tokio::sync::mpsc;

use super::{List, Tell, WAITING, feed, fell_silent, given, nobody};

/// The longest piece that a voice without times is given at once, in bytes (OpenAI takes 4,096 characters).
const PIECE: usize = 1_000;

/// Several voices, each with its own options. It gives times for all of them: where a voice has none, they are
/// estimated from its sound.
pub struct Voices(Arc<List<dyn TextToSpeech, SpeakOptions>>);

impl Voices {
    /// In this order; `tell` hears who takes over.
    pub fn new(choices: Vec<Choice<dyn TextToSpeech, SpeakOptions>>, tell: Tell) -> Self {
        Self(Arc::new(List { choices, tell }))
    }
}

impl TextToSpeech for Voices {
    fn name(&self) -> &str {
        self.0.first().map_or("", |first| first.name())
    }

    fn warm(&self) {
        if let Some(first) = self.0.first() {
            first.warm();
        }
    }

    fn speak(&self, _: SpeakOptions) -> SpeakSession {
        let list = Arc::clone(&self.0);
        Session::spawn(move |ends| async move {
            let mut reading = Reading {
                given: ends.input,
                events: ends.events,
                text: String::new(),
                over: false,
                from: 0,
                rate: None,
                samples: 0,
                waiting: VecDeque::new(),
                spoken: 0,
            };
            for (at, choice) in list.choices.iter().enumerate() {
                let voice = choice.provider.as_ref();
                let spoken = if voice.timed() {
                    reading.in_one_session(voice, choice.options.clone()).await
                } else {
                    reading.piece_by_piece(voice, &choice.options).await
                };
                match spoken {
                    Ok(()) => {
                        reading.tell(SpeakEvent::Finished).await;
                        return Ok(());
                    }
                    Err(why) => list.next(at, |voice| voice.name(), why)?,
                }
                reading.go_back();
            }
            Err(nobody())
        })
    }
}

/// A text on its way through voices.
struct Reading {
    given: mpsc::Receiver<SpeakInput>,
    events: mpsc::Sender<Result<SpeakEvent, Error>>,
    /// All of it so far.
    text: String,
    /// There is no more of it.
    over: bool,
    /// Grapheme clusters before the present voice's first.
    from: usize,
    /// Of all sound that is given.
    rate: Option<SampleRate>,
    /// Samples given.
    samples: u64,
    /// Marks whose sound has not been given in full, in clusters of the whole text and samples of all sound.
    waiting: VecDeque<Mark>,
    /// Clusters whose sound has been given in full.
    spoken: usize,
}

/// The present voice's sound on its way into the common rate.
struct Way {
    from: SampleRate,
    converter: Converter,
    /// Samples given before this voice's first.
    base: u64,
}

impl Reading {
    fn rest(&self) -> String {
        self.text[text::Graphemes::of(&self.text).byte(self.from)..].to_owned()
    }

    async fn in_one_session(&mut self, voice: &dyn TextToSpeech, options: SpeakOptions) -> Result<(), Error> {
        let (input, mut said, _guard) = voice.speak(options).split();
        let (forward, phrases) = mpsc::channel(WAITING);
        let rest = self.rest();
        if !rest.is_empty() {
            let _ = forward.try_send(SpeakInput::Text(rest));
        }
        if self.over {
            let _ = forward.try_send(SpeakInput::Finish);
        }
        let feed = feed(input, phrases);
        tokio::pin!(feed);
        let mut way = None;
        let mut early = Vec::new();
        loop {
            let event = tokio::select! {
                () = &mut feed => continue,
                Some((place, message)) = given(&mut self.given, &forward), if !self.over => {
                    place.send(self.take(message));
                    continue;
                }
                event = said.recv() => event,
            };
            match event {
                Some(Ok(SpeakEvent::Audio(audio))) => {
                    self.audio(&audio, &mut way).await?;
                    let marks = std::mem::take(&mut early);
                    self.marks(marks, self.from, 0, &mut way).await;
                }
                // They wait for the sound's rate.
                Some(Ok(SpeakEvent::Marks(marks))) if way.is_none() => early.extend(marks),
                Some(Ok(SpeakEvent::Marks(marks))) => self.marks(marks, self.from, 0, &mut way).await,
                Some(Ok(SpeakEvent::Finished)) => break,
                Some(Ok(_)) => {}
                Some(Err(why)) => return Err(why),
                None => return Err(fell_silent(voice.name())),
            }
        }
        self.end(&mut way).await;
        Ok(())
    }

    /// A voice without times gets each piece in a session of its own, and its times from that piece's sound.
    async fn piece_by_piece(
        &mut self,
        voice: &dyn TextToSpeech,
        options: &SpeakOptions,
    ) -> Result<(), Error> {
        let mut pieces: VecDeque<String> = pieces(&self.rest()).into();
        let (mut clusters, mut before, mut way) = (self.from, 0, None);
        loop {
            let Some(piece) = pieces.pop_front() else {
                if self.over {
                    break;
                }
                let message = self.given.recv().await;
                if let SpeakInput::Text(text) = self.take(message) {
                    pieces.extend(self::pieces(&text));
                }
                continue;
            };
            let mut envelope: Option<Envelope> = None;
            let mut session = voice.speak(options.clone());
            // A refusal shows as the session's last event.
            let _ = session.send(SpeakInput::Text(piece.clone())).await;
            let _ = session.send(SpeakInput::Finish).await;
            loop {
                match session.next().await {
                    Some(Ok(SpeakEvent::Audio(audio))) => {
                        envelope
                            .get_or_insert_with(|| Envelope::new(audio.rate))
                            .push(&audio);
                        self.audio(&audio, &mut way).await?;
                    }
                    Some(Ok(SpeakEvent::Finished)) => break,
                    Some(Ok(_)) => {}
                    Some(Err(why)) => return Err(why),
                    None => return Err(fell_silent(voice.name())),
                }
            }
            if let Some(envelope) = envelope {
                let marks = estimate::marks(&piece, &envelope);
                self.marks(marks, clusters, before, &mut way).await;
                before += envelope.samples();
            }
            clusters += text::count(&piece);
        }
        self.end(&mut way).await;
        Ok(())
    }

    /// The next of the text.
    fn take(&mut self, message: Option<SpeakInput>) -> SpeakInput {
        match message {
            Some(SpeakInput::Text(text)) => {
                self.text.push_str(&text);
                SpeakInput::Text(text)
            }
            Some(SpeakInput::Finish) | None => {
                self.over = true;
                SpeakInput::Finish
            }
        }
    }

    async fn audio(&mut self, audio: &Audio, way: &mut Option<Way>) -> Result<(), Error> {
        let to = *self.rate.get_or_insert(audio.rate);
        if way.is_none() {
            *way = Some(Way {
                from: audio.rate,
                converter: Converter::new(audio.rate, to)?,
                base: self.samples,
            });
        }
        let mut samples = Vec::new();
        if let Some(way) = way {
            way.converter.push(&audio.samples, &mut samples);
        }
        self.give(samples).await;
        Ok(())
    }

    async fn give(&mut self, samples: Vec<f32>) {
        let Some(rate) = self.rate.filter(|_| !samples.is_empty()) else {
            return;
        };
        self.samples += samples.len() as u64;
        self.tell(SpeakEvent::Audio(Audio::new(rate, samples))).await;
        self.marks(Vec::new(), 0, 0, &mut None).await;
    }

    /// Marks of the present voice, shifted by so many clusters and by so many of its own samples. Each is passed on
    /// when its sound has been, so that what a voice left undone is not marked.
    async fn marks(&mut self, marks: Vec<Mark>, clusters: usize, samples: u64, way: &mut Option<Way>) {
        if let (Some(way), Some(to)) = (way, self.rate) {
            let place = |at: u64| way.base + way.from.convert(at, to);
            self.waiting.extend(marks.into_iter().map(|mark| {
                let mark = mark.shifted(clusters, samples);
                Mark {
                    audio: place(mark.audio.start)..place(mark.audio.end),
                    ..mark
                }
            }));
        }
        let mut ready = Vec::new();
        while let Some(mark) = self.waiting.front()
            && mark.audio.end <= self.samples
        {
            self.spoken = self.spoken.max(mark.text.end);
            ready.extend(self.waiting.pop_front());
        }
        if !ready.is_empty() {
            self.tell(SpeakEvent::Marks(ready)).await;
        }
    }

    /// The present voice has said everything: what its converter holds, and all of its marks.
    async fn end(&mut self, way: &mut Option<Way>) {
        let mut samples = Vec::new();
        if let Some(way) = way {
            way.converter.finish(&mut samples);
        }
        self.give(samples).await;
        let rest: Vec<Mark> = self.waiting.drain(..).collect();
        if !rest.is_empty() {
            self.tell(SpeakEvent::Marks(rest)).await;
        }
    }

    /// The next voice begins with the first word that was not given in full.
    fn go_back(&mut self) {
        self.waiting.clear();
        let word = text::words(&self.text)
            .into_iter()
            .find(|word| word.end > self.spoken);
        let start = word.map_or_else(|| text::count(&self.text), |word| word.start);
        self.from = start.max(self.from);
    }

    async fn tell(&self, event: SpeakEvent) {
        // Whoever listened has gone when this fails; then this task ends with the session.
        let _ = self.events.send(Ok(event)).await;
    }
}

/// A text in pieces that end with sentences, or with words where a sentence is long.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for word in text.split_inclusive(|c: char| c.is_whitespace() || "。！？".contains(c)) {
        if piece.len() + word.len() > PIECE && !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
        }
        piece.push_str(word);
        let ends = word.trim_end().ends_with(text::is_stop);
        if ends || word.ends_with('\n') {
            pieces.push(std::mem::take(&mut piece));
        }
    }
    if piece.trim().is_empty() {
        match pieces.last_mut() {
            Some(last) => last.push_str(&piece),
            None => return Vec::new(),
        }
    } else {
        pieces.push(piece);
    }
    pieces
}
