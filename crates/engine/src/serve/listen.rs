//! The recogniser's thread: partials while the person still speaks, and the rest as soon as they have finished.
//!
//! The words are recognised again on all that is not final yet, about every 0.3 s, and at once when the speaker
//! pauses, which the other side's detector may know better. If nothing but silence follows such a pause, its words are the final ones, and finishing takes no time.
//! What is not worth finishing (a partial of words that have gone on, a partial when something final is due) is
//! abandoned between two tokens.

mod utterances;

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use std::{io, thread};

use libretto_ondevice::wire::{Answer, Model};

use super::loaded::Loaded;
use super::output::Output;
use crate::error::Error;
use crate::moonshine::Moonshine;
use utterances::{Task, Utterances};

/// The side that is told what was said.
pub(super) struct Listener {
    desk: Arc<Desk>,
    output: Output,
}

#[derive(Default)]
struct Desk {
    utterances: Mutex<Utterances>,
    changed: Condvar,
}

/// One thread is as fast as two (measured on clips of 1 to 10 s), and leaves the other for the voice.
const THREADS: usize = 1;

impl Listener {
    /// Starts the thread.
    pub(super) fn start(output: Output) -> io::Result<Self> {
        let desk = Arc::<Desk>::default();
        let (theirs, out) = (Arc::clone(&desk), output.clone());
        thread::Builder::new()
            .name("recogniser".into())
            .spawn(move || work(&theirs, &out))?;
        Ok(Self { desk, output })
    }

    pub(super) fn warm(&self, id: u64, dir: PathBuf) {
        self.asked(id, |utterances| utterances.warm(id, dir));
    }

    pub(super) fn begin(&self, id: u64, dir: PathBuf) {
        self.asked(id, |utterances| utterances.begin(id, dir));
    }

    pub(super) fn hear(&self, id: u64, samples: &[f32]) {
        self.asked(id, |utterances| utterances.hear(id, samples));
    }

    pub(super) fn silence(&self, id: u64, silence: bool) {
        self.told(|utterances| utterances.silence(id, silence));
    }

    pub(super) fn hurry(&self, id: u64) {
        self.told(|utterances| utterances.hurry(id));
    }

    pub(super) fn finish(&self, id: u64) {
        self.told(|utterances| utterances.finish(id));
    }

    pub(super) fn cancel(&self, id: u64) {
        self.told(|utterances| utterances.remove(id));
    }

    fn asked(&self, id: u64, ask: impl FnOnce(&mut Utterances) -> Result<(), Error>) {
        if let Err(refusal) = self.told(ask) {
            self.output.fail(id, refusal);
        }
    }

    fn told<T>(&self, tell: impl FnOnce(&mut Utterances) -> T) -> T {
        let told = tell(&mut self.desk.lock());
        self.desk.changed.notify_one();
        told
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Utterances> {
        self.utterances.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to do.
    fn next(&self) -> Task {
        let mut utterances = self.lock();
        loop {
            if let Some(task) = utterances.next() {
                return task;
            }
            utterances = self
                .changed
                .wait(utterances)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn work(desk: &Desk, output: &Output) {
    let mut loaded = Loaded::new(|dir| Moonshine::load(dir, THREADS), Model::Recogniser);
    loop {
        match desk.next() {
            Task::Ready { id, dir } => match loaded.ready(&dir, output) {
                Ok(_) => output.send(id, Answer::Ready),
                Err(error) => give_up(desk, output, id, error),
            },
            Task::Tell { id, answers } => answers.into_iter().for_each(|answer| output.send(id, answer)),
            Task::Recognise(task) => {
                let began = Instant::now();
                let abandon = || !desk.lock().is_worthwhile(&task);
                let result = loaded
                    .ready(&task.dir, output)
                    .and_then(|recogniser| recogniser.recognise(&task.samples, &abandon));
                match result {
                    Ok(text) => {
                        let answers = desk.lock().recognised(&task, text, began.elapsed());
                        for answer in answers {
                            output.send(task.id, answer);
                        }
                    }
                    Err(error) => give_up(desk, output, task.id, error),
                }
            }
        }
    }
}

fn give_up(desk: &Desk, output: &Output, id: u64, error: Error) {
    desk.lock().remove(id);
    output.fail(id, error);
}
