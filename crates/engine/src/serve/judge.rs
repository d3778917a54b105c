//! The turn detector's thread.

use std::path::PathBuf;

use libretto_ondevice::wire::{Answer, Model};

use super::lane::Jobs;
use super::loaded::Loaded;
use crate::smart_turn::SmartTurn;

pub(super) enum Job {
    Warm(PathBuf),
    Judge(PathBuf, Vec<f32>),
}

/// One thread is as fast as two, and leaves the other for the recogniser.
const THREADS: usize = 1;

pub(super) fn work(jobs: &Jobs<'_, Job>) {
    let mut loaded = Loaded::new(|dir| SmartTurn::load(dir, THREADS), Model::Turn);
    while let Some((ticket, job)) = jobs.next() {
        let answer = match job {
            Job::Warm(dir) => loaded.ready(&dir, jobs.output).map(|_| Answer::Ready),
            Job::Judge(dir, samples) => loaded
                .ready(&dir, jobs.output)
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
