//! Where all threads put their answers, and the list of what is loaded.

use std::io::Write;
use std::mem::discriminant;
use std::sync::{Arc, Mutex, PoisonError};

use libretto_ondevice::wire::frame;
use libretto_ondevice::wire::{Answer, Failure, Model, Response};

/// A clone writes to the same place.
#[derive(Clone)]
pub(super) struct Output {
    to: Arc<Mutex<dyn Write + Send>>,
    loaded: Arc<Mutex<Vec<Model>>>,
}

impl Output {
    pub(super) fn new(to: impl Write + Send + 'static) -> Self {
        Self {
            to: Arc::new(Mutex::new(to)),
            loaded: Arc::default(),
        }
    }

    /// Sends an answer. When nobody reads any more the process is about to end, and there is nobody to tell.
    pub(super) fn send(&self, id: u64, answer: Answer) {
        let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = frame::write(&mut *to, &Response { id, answer }) {
            tracing::warn!(%error, id, "answer_not_sent");
        }
    }

    pub(super) fn fail(&self, id: u64, failure: impl Into<Failure>) {
        let failure = failure.into();
        tracing::warn!(id, message = failure.message, "request_failed");
        self.send(id, Answer::Failed(failure));
    }

    /// Notes that this model has taken the place of the one of its sort.
    pub(super) fn note(&self, model: Model) {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.retain(|old| discriminant(old) != discriminant(&model));
        loaded.push(model);
    }

    pub(super) fn loaded(&self) -> Vec<Model> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
