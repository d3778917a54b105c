//! What a download tells while it works.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::catalogue::{Model, Source};

/// Who hears of progress. Called from the tasks that download: it must not wait.
pub type Listener = Arc<dyn Fn(Progress) + Send + Sync>;

/// What a download is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Somebody else downloads the same.
    Waiting,
    /// Bytes are coming.
    Downloading,
    /// The user paused it.
    Paused,
    /// The source failed; it will be tried again in a moment.
    Retrying,
    /// A file is taken out of its package.
    Unpacking,
    /// A file is hashed.
    Checking,
    /// The model is there.
    Done,
}

/// How far a download is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Progress {
    /// Which model.
    pub model: String,
    /// What is being done.
    pub phase: Phase,
    /// With which file.
    pub file: Option<String>,
    /// Where it comes from, for people.
    pub source: Option<String>,
    /// Bytes that have come, of all files together. Packages hold more than their model, and all of it counts.
    pub bytes: u64,
    /// Bytes that must come, where they are known.
    pub total: Option<u64>,
    /// Bytes per second over the last seconds.
    pub rate: f64,
}

/// Progress within one phase is told this often.
const EVERY: Duration = Duration::from_millis(100);

/// Time constant of the rate's average.
const RATE: Duration = Duration::from_secs(2);

/// Adds up the lanes of one download and tells the listener.
pub(super) struct Meter {
    model: String,
    listener: Listener,
    count: Mutex<Count>,
    records: Mutex<()>,
}

#[derive(Default)]
struct Count {
    lanes: Vec<(u64, Option<u64>)>,
    told: Option<(Phase, Instant)>,
    rate: f64,
    rated: Option<(Instant, u64)>,
}

impl Meter {
    pub(super) fn new(model: &Model, listener: Listener) -> Arc<Self> {
        let (count, records) = (Mutex::default(), Mutex::default());
        Arc::new(Self {
            model: model.id.clone(),
            listener,
            count,
            records,
        })
    }

    /// A part of the download that counts its own bytes.
    pub(super) fn lane(self: &Arc<Self>, total: Option<u64>) -> Lane {
        let mut count = self.count();
        count.lanes.push((0, total));
        let index = count.lanes.len() - 1;
        Lane {
            meter: Arc::clone(self),
            index,
            now: Mutex::default(),
        }
    }

    /// Tells what is done with the model as a whole.
    pub(super) fn phase(&self, phase: Phase) {
        self.tell(phase, None, None);
    }

    /// Held while the model's record is read and written.
    pub(super) fn records(&self) -> MutexGuard<'_, ()> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, phase: Phase, file: Option<String>, source: Option<String>) {
        let progress = {
            let mut count = self.count();
            let now = Instant::now();
            if count
                .told
                .is_some_and(|(last, at)| last == phase && now - at < EVERY)
            {
                return;
            }
            count.told = Some((phase, now));
            let bytes = count.lanes.iter().map(|(done, _)| done).sum();
            let total = count.lanes.iter().map(|(_, total)| *total).sum();
            let total = if count.lanes.is_empty() { None } else { total };
            let rate = count.rate(now, bytes);
            Progress {
                model: self.model.clone(),
                phase,
                file,
                source,
                bytes,
                total,
                rate,
            }
        };
        (self.listener)(progress);
    }
}

impl Count {
    fn rate(&mut self, now: Instant, bytes: u64) -> f64 {
        let (since, before) = *self.rated.get_or_insert((now, bytes));
        let time = (now - since).as_secs_f64();
        if time >= EVERY.as_secs_f64() {
            let fresh = bytes.saturating_sub(before) as f64 / time;
            self.rate += (fresh - self.rate) * (1.0 - (-time / RATE.as_secs_f64()).exp());
            self.rated = Some((now, bytes));
        }
        self.rate
    }
}

/// One lane of a download.
pub(super) struct Lane {
    meter: Arc<Meter>,
    index: usize,
    now: Mutex<Now>,
}

#[derive(Clone, Default)]
struct Now {
    file: Option<String>,
    source: Option<String>,
    /// Bytes of what this lane finished before.
    finished: u64,
}

impl Lane {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn file(&self, name: &str) {
        self.now().file = Some(name.to_owned());
    }

    pub(super) fn source(&self, source: &Source) {
        self.now().source = Some(source.to_string());
    }

    pub(super) fn phase(&self, phase: Phase) {
        let now = self.now().clone();
        self.meter.tell(phase, now.file, now.source);
    }

    /// This many bytes of what is being fetched are there.
    pub(super) fn bytes(&self, bytes: u64) {
        let finished = self.now().finished;
        let lane = |count: &mut Count| {
            let (done, total) = &mut count.lanes[self.index];
            *done = finished + bytes;
            // Another source than the first may have more to send.
            *total = total.map(|total| total.max(*done));
        };
        lane(&mut self.meter.count());
        self.phase(Phase::Downloading);
    }

    /// What was being fetched is whole; it had this many bytes.
    pub(super) fn finished(&self, bytes: u64) {
        self.now().finished += bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_follows_what_comes() {
        let (start, mut count) = (Instant::now(), Count::default());
        for tenth in 0..100 {
            count.rate(start + EVERY * tenth, u64::from(tenth) * 50_000);
        }
        assert!((count.rate - 500_000.0).abs() < 10_000.0, "{}", count.rate);
    }
}
