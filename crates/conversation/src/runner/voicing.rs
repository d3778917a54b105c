//! Has phrases spoken.

use std::sync::Arc;

use libretto_voice::speak::SpeakSession;
use libretto_voice::{
    Audio, Error, Kind, Mark, Result, SpeakEvent, SpeakInput, SpeakOptions, TextToSpeech, text,
};
use tokio::sync::mpsc;

use super::carry::Report;
use crate::estimate::{self, Envelope};
use crate::machine::{Event, Job, Voice};

/// Has phrases spoken as they come, to the end of `phrases`.
pub(super) async fn speak(
    job: Job,
    voice: Arc<dyn TextToSpeech>,
    options: SpeakOptions,
    phrases: mpsc::Receiver<String>,
    reports: mpsc::Sender<Report>,
) {
    let mut stage = Stage {
        job,
        reports,
        text: String::new(),
        envelope: None,
        early: Vec::new(),
        timed: false,
    };
    let result = if voice.timed() {
        stage.in_one_session(voice.speak(options), phrases).await
    } else {
        stage.phrase_by_phrase(voice.as_ref(), &options, phrases).await
    };
    let last = match result {
        Ok(()) => Voice::Finished,
        Err(error) => Voice::Failed(error.into()),
    };
    stage.tell(last).await;
}

struct Stage {
    job: Job,
    reports: mpsc::Sender<Report>,
    /// All text of the session so far.
    text: String,
    envelope: Option<Envelope>,
    /// Marks that came before any audio: they wait for its rate.
    early: Vec<Mark>,
    timed: bool,
}

impl Stage {
    /// The voice's own session for the whole reply, with its own times.
    async fn in_one_session(
        &mut self,
        session: SpeakSession,
        mut phrases: mpsc::Receiver<String>,
    ) -> Result<()> {
        let (input, mut events, _guard) = session.split();
        // Holds no more than the reply's text, which is kept whole anyway, and is emptied with every event.
        let (sent, mut texts) = mpsc::unbounded_channel();
        let feed = async {
            let Some(input) = input else { return };
            while let Some(phrase) = phrases.recv().await {
                // Told before the voice can answer: its marks lie over it.
                let _ = sent.send(phrase.clone());
                if input.send(SpeakInput::Text(phrase)).await.is_err() {
                    return;
                }
            }
            let _ = input.send(SpeakInput::Finish).await;
            std::future::pending::<()>().await;
        };
        tokio::pin!(feed);
        let mut feeding = true;
        loop {
            let event = tokio::select! {
                () = &mut feed, if feeding => {
                    feeding = false;
                    continue;
                }
                event = events.recv() => event,
            };
            while let Ok(text) = texts.try_recv() {
                self.text.push_str(&text);
            }
            match event {
                Some(Ok(SpeakEvent::Audio(audio))) => self.audio(audio).await,
                Some(Ok(SpeakEvent::Marks(marks))) => {
                    self.timed = true;
                    self.marks(marks).await;
                }
                Some(Ok(SpeakEvent::Finished)) => break,
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Err(stopped()),
            }
        }
        if let (false, Some(envelope)) = (self.timed, &self.envelope) {
            // It promised times and gave none: better late and estimated than never.
            let marks = estimate::marks(&self.text, envelope);
            self.marks(marks).await;
        }
        Ok(())
    }

    /// A session for each phrase of a voice without times. The next phrase is synthesised while the former plays.
    async fn phrase_by_phrase(
        &mut self,
        voice: &dyn TextToSpeech,
        options: &SpeakOptions,
        mut phrases: mpsc::Receiver<String>,
    ) -> Result<()> {
        let mut before = 0;
        while let Some(phrase) = phrases.recv().await {
            self.envelope = None;
            let mut session = voice.speak(options.clone());
            // A refusal shows as the session's last event.
            let _ = session.send(SpeakInput::Text(phrase.clone())).await;
            let _ = session.send(SpeakInput::Finish).await;
            loop {
                match session.next().await {
                    Some(Ok(SpeakEvent::Audio(audio))) => self.audio(audio).await,
                    Some(Ok(SpeakEvent::Finished)) => break,
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error),
                    None => return Err(stopped()),
                }
            }
            let clusters = text::count(&self.text);
            self.text.push_str(&phrase);
            if let Some(envelope) = &self.envelope {
                let (marks, samples) = (estimate::marks(&phrase, envelope), envelope.samples());
                let shifted = marks.into_iter().map(|mark| mark.shifted(clusters, before));
                self.marks(shifted.collect()).await;
                before += samples;
            }
        }
        Ok(())
    }

    async fn audio(&mut self, audio: Audio) {
        if audio.is_empty() {
            return;
        }
        self.envelope
            .get_or_insert_with(|| Envelope::new(audio.rate))
            .push(&audio);
        // Whoever listens has gone when this fails; then this task ends with the job.
        let _ = self.reports.send(Report::Audio(self.job, audio)).await;
        let early = std::mem::take(&mut self.early);
        if !early.is_empty() {
            self.tell(Voice::Marks(early)).await;
        }
    }

    async fn marks(&mut self, marks: Vec<Mark>) {
        if self.envelope.is_none() {
            self.early.extend(marks);
        } else if !marks.is_empty() {
            self.tell(Voice::Marks(marks)).await;
        }
    }

    async fn tell(&self, event: Voice) {
        let _ = self
            .reports
            .send(Report::Event(Event::Voice(self.job, event)))
            .await;
    }
}

fn stopped() -> Error {
    Error::new(
        Kind::Unavailable,
        "The voice stopped without a word. Ask again, or choose another one in the settings.",
    )
}
