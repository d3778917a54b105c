//! A text, spoken as it is written: into a file, or aloud with each word lit as it is heard.

use std::time::{Duration, Instant};

use libretto_voice::device::{Loudspeaker, LoudspeakerEvent};
use libretto_voice::speak::SpeakSession;
use libretto_voice::{
    Alignment, Audio, Error, Kind, Mark, Result, SampleRate, SpeakEvent, SpeakInput, SpeakOptions,
    TextToSpeech, TurnId,
};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use crate::karaoke::{self, Update, Word};

/// The next of a spoken text.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Sound. All of it has one rate.
    Audio(Audio),
    /// When what sounds, over the text as written.
    Marks(Vec<Mark>),
}

/// A text on its way through a voice.
pub struct Speech {
    session: SpeakSession,
    name: String,
}

/// A voice that says nothing for so long has failed.
const STALL: Duration = Duration::from_secs(30);

impl Speech {
    /// Begins to speak. Needs a tokio runtime.
    pub fn new(voice: &dyn TextToSpeech, options: SpeakOptions, text: &str) -> Self {
        let name = voice.name().to_owned();
        let (input, events, guard) = voice.speak(options).split();
        // Line by line: a voice that speaks as it reads begins with the first.
        let lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        let session = SpeakSession::spawn(move |ends| async move {
            let (_running, mut events) = (guard, events);
            let write = async {
                let Some(input) = input else { return };
                for line in lines {
                    if input.send(SpeakInput::Text(line)).await.is_err() {
                        return;
                    }
                }
                let _ = input.send(SpeakInput::Finish).await;
                // The input stays open until the voice has finished: closing it is calling it off for some.
                std::future::pending::<()>().await;
            };
            let read = async {
                while let Some(event) = events.recv().await {
                    let last = !matches!(event, Ok(ref event) if *event != SpeakEvent::Finished);
                    if ends.events.send(event).await.is_err() || last {
                        return;
                    }
                }
            };
            tokio::select! { () = write => {}, () = read => {} }
            Ok(())
        });
        Self { session, name }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// What the voice says; `Timeout` when it falls silent.
    pub async fn next(&mut self) -> Result<Option<Piece>> {
        loop {
            let event = tokio::time::timeout(STALL, self.session.next())
                .await
                .map_err(|_| {
                    let message =
                        "The voice does not answer; try again, or choose another one in the settings.";
                    Error::new(Kind::Timeout, message).from_origin(&self.name)
                })?;
            match event {
                None | Some(Ok(SpeakEvent::Finished)) => return Ok(None),
                Some(Ok(SpeakEvent::Audio(audio))) => return Ok(Some(Piece::Audio(audio))),
                Some(Ok(SpeakEvent::Marks(marks))) => return Ok(Some(Piece::Marks(marks))),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
            }
        }
    }
}

/// What was said and when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// When each word sounded; `None` for a text with nothing to say.
    pub alignment: Option<Alignment>,
    /// How long it sounded.
    pub time: Duration,
}

/// How much sound may wait at the loudspeaker.
const AHEAD: Duration = Duration::from_secs(10);

/// How long after its end a text may still sound before the loudspeaker is given up.
const DRAIN: Duration = Duration::from_secs(5);

/// Says a text aloud. `lit` hears of each word at the moment at which it sounds.
///
/// # Errors
/// What the voice or the loudspeaker says.
pub async fn aloud(
    speaker: &dyn Loudspeaker,
    mut speech: Speech,
    text: &str,
    lit: impl FnMut(&Word, Instant) + Send,
) -> Result<Said> {
    let turn = TurnId(1);
    let mut events = speaker.events();
    let (tell, updates) = mpsc::channel(64);
    let playhead = speaker.playhead();
    let mut lit = lit;
    let follow = karaoke::follow(playhead.clone(), updates, |_, word, at| lit(word, at));
    let speak = async move {
        let mut marks = Vec::new();
        let mut rate: Option<SampleRate> = None;
        let mut queued = 0;
        while let Some(piece) = speech.next().await? {
            match piece {
                Piece::Audio(audio) => {
                    if rate.is_none() {
                        let _ = tell.send(Update::Reply(turn, audio.rate)).await;
                        if !marks.is_empty() {
                            let _ = tell
                                .send(Update::Marks(turn, text.to_owned(), marks.clone()))
                                .await;
                        }
                        rate = Some(audio.rate);
                    }
                    queued += audio.samples.len() as u64;
                    speaker.queue(turn, audio)?;
                }
                Piece::Marks(more) => {
                    if rate.is_some() {
                        let _ = tell
                            .send(Update::Marks(turn, text.to_owned(), more.clone()))
                            .await;
                    }
                    marks.extend(more);
                }
            }
            // An hour of text must not become an hour of sound in memory.
            while let Some(rate) = rate
                && playhead
                    .now()
                    .filter(|at| at.turn == turn)
                    .map_or(0, |at| at.sample)
                    + rate.samples(AHEAD)
                    < queued
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
                if let Ok(LoudspeakerEvent::Failed(error)) = events.try_recv() {
                    return Err(error);
                }
            }
        }
        speaker.finish(turn);
        let Some(rate) = rate else {
            return Ok(Said::default());
        };
        let limit = rate.duration(queued).min(AHEAD + AHEAD) + DRAIN;
        let drained = async {
            loop {
                match events.recv().await {
                    Ok(LoudspeakerEvent::Drained { turn: over }) if over == turn => return Ok(()),
                    Ok(LoudspeakerEvent::Failed(error)) => return Err(error),
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => {
                        return Err(Error::new(Kind::Device, "The loudspeaker went away."));
                    }
                }
            }
        };
        tokio::time::timeout(limit, drained).await.map_err(|_| {
            Error::new(
                Kind::Device,
                "The loudspeaker does not play; `libretto-cli devices` shows which there are.",
            )
        })??;
        let _ = tell.send(Update::Over(turn)).await;
        Ok(Said {
            alignment: Some(Alignment::of(rate, marks)),
            time: rate.duration(queued),
        })
    };
    let (said, ()) = tokio::join!(speak, follow);
    said
}
