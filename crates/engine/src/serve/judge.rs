//! The turn detector's thread.

use std::path::{Path, PathBuf};

use libretto_ondevice::wire::{Answer, Model};

use super::lane::Jobs;
use super::output::Output;
use crate::error::Error;
use crate::smart_turn::SmartTurn;

pub(super) enum Job {
    Warm(PathBuf),
    Judge(PathBuf, Vec<f32>),
}

/// One thread is as fast as two, and leaves the other for the recogniser.
const THREADS: usize = 1;

type Loaded = Option<(PathBuf, SmartTurn)>;

pub(super) fn work(jobs: &Jobs<'_, Job>) {
    let mut loaded: Loaded = None;
    while let Some((ticket, job)) = jobs.next() {
        let answer = match job {
            Job::Warm(dir) => ready(&mut loaded, &dir, jobs.output).map(|_| Answer::Ready),
            Job::Judge(dir, samples) => ready(&mut loaded, &dir, jobs.output)
                .and_then(|turn| turn.finished(&samples))
                .map(Answer::Judged),
        };
        match answer {
            _ if ticket.cancelled() => {}
            Ok(answer) => jobs.output.send(ticket.id, answer),
            Err(error) => jobs.output.fail(ticket.id, error),
        }
    }
}

fn ready<'l>(loaded: &'l mut Loaded, dir: &Path, output: &Output) -> Result<&'l mut SmartTurn, Error> {
    let turn = match loaded.take() {
        Some((from, turn)) if from == dir => turn,
        old => {
            drop(old);
            let turn = SmartTurn::load(dir, THREADS)?;
            output.note(Model::Turn(dir.to_owned()));
            turn
        }
    };
    Ok(&mut loaded.insert((dir.to_owned(), turn)).1)
}
