//! The voice's thread.

use std::path::PathBuf;
use std::time::Duration;

use libretto_ondevice::wire::{Answer, Model};

use super::lane::{Jobs, Ticket};
use super::loaded::Loaded;
use super::output::Output;
use crate::error::Error;
use crate::hibari::{self, Hibari};

pub(super) enum Job {
    Warm(PathBuf),
    Speak {
        model: PathBuf,
        text: String,
        speed: f32,
    },
}

/// A phrase is short, and short ones are as fast on one thread as on two.
const THREADS: usize = 1;

pub(super) fn work(jobs: &Jobs<'_, Job>) {
    let mut loaded = Loaded::new(|dir| Hibari::load(dir, THREADS), Model::Voice);
    while let Some((ticket, job)) = jobs.next() {
        let answer = match job {
            Job::Warm(dir) => loaded.ready(&dir, jobs.output).map(|_| Answer::Ready),
            Job::Speak { model, text, speed } => loaded
                .ready(&model, jobs.output)
                .and_then(|voice| speak(voice, &text, speed, &ticket, jobs.output)),
        };
        match answer {
            _ if ticket.cancelled() => {}
            Ok(answer) => jobs.output.send(ticket.id, answer),
            Err(error) => jobs.output.fail(ticket.id, error),
        }
    }
}

/// Sentence by sentence, so that a long text sounds early and can be called off.
fn speak(
    voice: &Hibari,
    text: &str,
    speed: f32,
    ticket: &Ticket<'_>,
    output: &Output,
) -> Result<Answer, Error> {
    for spoken in voice.speech(text, speed) {
        let spoken = spoken?;
        if ticket.cancelled() {
            break;
        }
        for words in spoken.unspoken {
            tracing::info!(?words, "words_left_out");
        }
        let rate = spoken.audio.rate.hertz();
        output.send(
            ticket.id,
            Answer::Spoken {
                rate,
                samples: spoken.audio.samples,
                marks: spoken.marks,
            },
        );
    }
    let pause = Duration::try_from_secs_f32(hibari::pause_after(text).as_secs_f32() / speed.max(0.5));
    Ok(Answer::Spoke {
        pause: pause.unwrap_or_default(),
    })
}
