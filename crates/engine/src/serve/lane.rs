//! A thread that works through jobs one after the other, each of which can be called off.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use libretto_ondevice::wire::Failure;
use libretto_voice::Kind;

use super::output::Output;

/// More jobs than this at once are a fault of the other side, which sends a voice two phrases ahead at most.
const DEPTH: usize = 32;

/// The side that gives jobs.
pub(super) struct Lane<J> {
    jobs: SyncSender<(u64, J)>,
    tickets: Arc<Tickets>,
    output: Output,
    thread: JoinHandle<()>,
}

/// The side that does them.
pub(super) struct Jobs<'l, J> {
    waiting: Receiver<(u64, J)>,
    tickets: &'l Tickets,
    /// Where answers go.
    pub(super) output: &'l Output,
}

/// Whether each waiting or running job has been called off.
#[derive(Default)]
struct Tickets(Mutex<HashMap<u64, Arc<AtomicBool>>>);

/// A job that may be called off at any moment.
pub(super) struct Ticket<'l> {
    pub(super) id: u64,
    cancelled: Arc<AtomicBool>,
    tickets: &'l Tickets,
}

impl<J: Send + 'static> Lane<J> {
    /// Starts the thread; `work` takes jobs until there are no more.
    pub(super) fn start(
        name: &str,
        output: Output,
        work: impl FnOnce(&Jobs<'_, J>) + Send + 'static,
    ) -> io::Result<Self> {
        let (jobs, waiting) = sync_channel(DEPTH);
        let tickets = Arc::<Tickets>::default();
        let (theirs, out) = (Arc::clone(&tickets), output.clone());
        let run = move || {
            work(&Jobs {
                waiting,
                tickets: &theirs,
                output: &out,
            });
        };
        let thread = std::thread::Builder::new().name(name.into()).spawn(run)?;
        Ok(Self {
            jobs,
            tickets,
            output,
            thread,
        })
    }

    /// Puts a job at the end of the queue.
    pub(super) fn push(&self, id: u64, job: J) {
        self.tickets.lock().insert(id, Arc::default());
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.jobs.try_send((id, job)) {
            self.tickets.lock().remove(&id);
            let message = "The on-device engine has too much to do at once. Try again in a moment.";
            self.output.fail(
                id,
                Failure {
                    kind: Kind::Unavailable,
                    message: message.into(),
                },
            );
        }
    }

    /// Calls a job off, whether it waits or runs.
    pub(super) fn cancel(&self, id: u64) {
        if let Some(flag) = self.tickets.lock().get(&id) {
            flag.store(true, Ordering::Relaxed);
        }
    }

    /// Calls everything off and waits for the thread.
    pub(super) fn end(self) {
        self.tickets
            .lock()
            .values()
            .for_each(|flag| flag.store(true, Ordering::Relaxed));
        drop(self.jobs);
        if self.thread.join().is_err() {
            tracing::warn!("thread_had_failed");
        }
    }
}

impl<J> Jobs<'_, J> {
    /// The next job that has not been called off; `None` when no more will come.
    pub(super) fn next(&self) -> Option<(Ticket<'_>, J)> {
        loop {
            let (id, job) = self.waiting.recv().ok()?;
            let cancelled = self.tickets.lock().get(&id).cloned().unwrap_or_default();
            let ticket = Ticket {
                id,
                cancelled,
                tickets: self.tickets,
            };
            if !ticket.cancelled() {
                return Some((ticket, job));
            }
        }
    }
}

impl Ticket<'_> {
    pub(super) fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.tickets.lock().remove(&self.id);
    }
}

impl Tickets {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<AtomicBool>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
