//! What is being said, and what to recognise next. No thread and no clock in here.

use std::path::PathBuf;
use std::time::Duration;

use libretto_ondevice::wire::Answer;

use super::super::tape::Tape;
use crate::error::Error;
use crate::moonshine::{self, RATE};

/// New sound before the next partial. Faster than people read, and slow enough to leave most of a core idle.
const PARTIAL: usize = RATE * 3 / 10;
/// A partial may take this part of the time until the next one: longer utterances get fewer.
const EFFORT: f64 = 0.5;
/// Speech that waits to be recognised, and no more of it: the other side stops at 60 s.
const LONGEST_WAITING: usize = 90 * RATE;
/// Utterances at once: the one that is spoken, a file that is transcribed, and what was just called off.
const MOST: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Utterances {
    /// Oldest first.
    open: Vec<Utterance>,
    warm: Vec<(u64, PathBuf)>,
}

#[derive(Debug)]
struct Utterance {
    id: u64,
    dir: PathBuf,
    /// Whether it was said that the model is loaded.
    ready: bool,
    tape: Tape,
    /// Everything before is final.
    committed: usize,
    finished: bool,
    /// The words up to here are wanted at once.
    hurried: Option<usize>,
    /// The last words that were recognised, and up to where.
    words: Option<(usize, String)>,
    /// Up to where a partial was last tried, and how long it took.
    tried: usize,
    took: Duration,
}

/// What the thread is to do next.
#[derive(Debug)]
pub(super) enum Task {
    /// Load the model and say so.
    Ready { id: u64, dir: PathBuf },
    /// Recognise.
    Recognise(Recognise),
    /// Nothing to recognise any more, only to be said.
    Tell { id: u64, answers: Vec<Answer> },
}

/// Samples to recognise.
#[derive(Debug)]
pub(super) struct Recognise {
    pub(super) id: u64,
    pub(super) dir: PathBuf,
    pub(super) samples: Vec<f32>,
    /// Position after the last of them.
    end: usize,
    purpose: Purpose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// Shown, and final if only silence follows.
    Partial,
    /// A piece of a long utterance.
    Piece,
    /// The end.
    Final,
}

impl Utterances {
    pub(super) fn warm(&mut self, id: u64, dir: PathBuf) -> Result<(), Error> {
        if self.warm.len() >= MOST {
            return Err(Error::Busy);
        }
        self.warm.push((id, dir));
        Ok(())
    }

    pub(super) fn begin(&mut self, id: u64, dir: PathBuf) -> Result<(), Error> {
        if self.open.len() >= MOST {
            return Err(Error::Busy);
        }
        self.open.push(Utterance::new(id, dir));
        Ok(())
    }

    /// An utterance that waits already for all that can be is given up.
    pub(super) fn hear(&mut self, id: u64, samples: &[f32]) -> Result<(), Error> {
        let Some(utterance) = self.find(id) else {
            // It was called off while these were on their way.
            return Ok(());
        };
        utterance.tape.push(samples);
        if utterance.waiting() > LONGEST_WAITING {
            self.remove(id);
            return Err(Error::Behind);
        }
        Ok(())
    }

    /// The speaker pauses, or goes on.
    pub(super) fn silence(&mut self, id: u64, silence: bool) {
        if let Some(utterance) = self.find(id) {
            utterance.tape.told(silence);
        }
    }

    /// What was said so far is wanted at once.
    pub(super) fn hurry(&mut self, id: u64) {
        if let Some(utterance) = self.find(id) {
            utterance.hurried = Some(utterance.tape.end());
        }
    }

    pub(super) fn finish(&mut self, id: u64) {
        if let Some(utterance) = self.find(id) {
            utterance.finished = true;
        }
    }

    pub(super) fn remove(&mut self, id: u64) {
        self.open.retain(|utterance| utterance.id != id);
        self.warm.retain(|(warm, _)| *warm != id);
    }

    /// What to do now: what somebody waits for comes first, and of that the newest.
    pub(super) fn next(&mut self) -> Option<Task> {
        if let Some(new) = self.open.iter_mut().find(|utterance| !utterance.ready) {
            new.ready = true;
            return Some(Task::Ready {
                id: new.id,
                dir: new.dir.clone(),
            });
        }
        let known = self
            .open
            .iter()
            .find_map(|open| Some((open.id, open.conclusion()?)));
        if let Some((id, answers)) = known {
            self.remove(id);
            return Some(Task::Tell { id, answers });
        }
        let newest_first = || self.open.iter().rev();
        let urgent = newest_first().find_map(Utterance::urgent);
        let task = urgent.or_else(|| newest_first().find_map(Utterance::partial));
        if let Some(task) = task {
            return Some(Task::Recognise(task));
        }
        let (id, dir) = self.warm.pop()?;
        Some(Task::Ready { id, dir })
    }

    /// False when the rest of this task is better left undone.
    pub(super) fn is_worthwhile(&self, task: &Recognise) -> bool {
        let Some(utterance) = self.open.iter().find(|utterance| utterance.id == task.id) else {
            return false;
        };
        if task.purpose != Purpose::Partial {
            return true;
        }
        let others = self.open.iter().filter(|other| other.id != task.id);
        if others.into_iter().any(Utterance::is_urgent) {
            return false;
        }
        let tape = &utterance.tape;
        if tape.is_covered_by(task.end) {
            // Its words are about to be final.
            return true;
        }
        // Words up to a pause are better than these; but of two partials in a row one must come to its end.
        let abandoned = utterance.words.as_ref().map_or(0, |(end, _)| *end) < utterance.tried;
        if utterance.hurried.is_some() {
            return utterance.hurried <= Some(task.end);
        }
        !utterance.is_urgent() && (abandoned || !tape.pauses())
    }

    /// Takes the words that were found (none: it was abandoned); says what to answer.
    pub(super) fn recognised(
        &mut self,
        task: &Recognise,
        text: Option<String>,
        took: Duration,
    ) -> Vec<Answer> {
        let Some(utterance) = self.find(task.id) else {
            return Vec::new();
        };
        utterance.tried = task.end;
        let Some(text) = text else { return Vec::new() };
        utterance.took = took;
        let mut answers = Vec::new();
        match task.purpose {
            Purpose::Partial => {
                let shown = utterance.words.as_ref().map_or("", |(_, text)| text);
                if text != shown && !utterance.finished {
                    answers.push(Answer::Partial(text.clone()));
                }
                utterance.words = Some((task.end, text));
                let hurried = utterance.hurried.take_if(|at| *at <= task.end).is_some();
                if (hurried || utterance.tape.had_paused(task.end)) && !utterance.finished {
                    answers.push(Answer::Paused);
                }
            }
            Purpose::Piece => {
                utterance.committed = task.end;
                utterance.words = None;
                utterance.tape.forget(task.end);
                answers.push(Answer::Segment {
                    text,
                    end: task.end as u64,
                });
            }
            Purpose::Final => utterance.words = Some((task.end, text)),
        }
        if let Some(conclusion) = utterance.conclusion() {
            answers.extend(conclusion);
            self.remove(task.id);
        }
        answers
    }

    fn find(&mut self, id: u64) -> Option<&mut Utterance> {
        self.open.iter_mut().find(|utterance| utterance.id == id)
    }
}

impl Utterance {
    fn new(id: u64, dir: PathBuf) -> Self {
        Self {
            id,
            dir,
            ready: false,
            tape: Tape::default(),
            committed: 0,
            finished: false,
            hurried: None,
            words: None,
            tried: 0,
            took: Duration::ZERO,
        }
    }

    /// Somebody waits for it.
    fn is_urgent(&self) -> bool {
        self.finished || self.waiting() > moonshine::LONGEST
    }

    fn waiting(&self) -> usize {
        self.tape.end() - self.committed
    }

    /// What is said at the end, once the words since the last piece are final.
    fn conclusion(&self) -> Option<Vec<Answer>> {
        let (end, text) = self.words.as_ref()?;
        let is_final = self.finished && self.waiting() <= moonshine::LONGEST && self.tape.is_covered_by(*end);
        let segment = || Answer::Segment {
            text: text.clone(),
            end: self.tape.end() as u64,
        };
        is_final.then(|| vec![segment(), Answer::Done])
    }

    fn urgent(&self) -> Option<Recognise> {
        match moonshine::cut(self.tape.from(self.committed)) {
            Some(at) => Some(self.recognise(self.committed + at, Purpose::Piece)),
            None => self
                .finished
                .then(|| self.recognise(self.tape.end(), Purpose::Final)),
        }
    }

    fn partial(&self) -> Option<Recognise> {
        let tape = &self.tape;
        let known = match &self.words {
            Some((end, _)) => tape.is_covered_by(*end),
            None => !tape.speaks_after(self.committed),
        };
        if self.finished || known {
            return None;
        }
        let new = tape.end() - self.tried.max(self.committed);
        let rest = (self.took.as_secs_f64() / EFFORT * RATE as f64) as usize;
        let due = tape.pauses() || self.hurried.is_some() || new >= PARTIAL.max(rest);
        due.then(|| self.recognise(tape.end(), Purpose::Partial))
    }

    fn recognise(&self, end: usize, purpose: Purpose) -> Recognise {
        let samples = self.tape.from(self.committed);
        let samples = samples[..end - self.committed].to_vec();
        Recognise {
            id: self.id,
            dir: self.dir.clone(),
            samples,
            end,
            purpose,
        }
    }
}

#[cfg(test)]
mod tests;
