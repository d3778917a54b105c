//! A streaming session that can be cancelled: the shape that recognisers, language models, voices and microphones
//! share.
//!
//! Opening never waits and never fails: the worker runs as its own task, and a failure arrives as an event. So one
//! deadline covers connecting and working alike, and one cancel reaches the worker wherever it is.

use std::future::Future;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};

/// The user's side of a session. Dropping it cancels the worker.
#[derive(Debug)]
pub struct Session<I, E> {
    input: Option<mpsc::Sender<I>>,
    events: mpsc::Receiver<Result<E>>,
    cancel: CancelOnDrop,
}

/// The worker's side of a session.
#[derive(Debug)]
pub struct Ends<I, E> {
    /// What the user sends; ends when the user closed the input.
    pub input: mpsc::Receiver<I>,
    /// What the user receives; sending fails once the user has gone.
    pub events: mpsc::Sender<Result<E>>,
    /// Fires when the user has gone or called it off. Workers must end within milliseconds of it.
    pub cancel: CancellationToken,
}

#[derive(Debug)]
struct CancelOnDrop(CancellationToken);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Messages in flight in each direction before the sender waits.
const DEPTH: usize = 256;

impl<I: Send + 'static, E: Send + 'static> Session<I, E> {
    /// Runs `work` as a task with the other ends. An error that it returns is the session's last event; when `cancel`
    /// fires, the future is dropped at its next await, so `work` must be safe to drop.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn spawn<F, W>(work: W) -> Self
    where
        W: FnOnce(Ends<I, E>) -> F,
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let (session, ends) = Self::pair();
        let (cancel, events) = (ends.cancel.clone(), ends.events.clone());
        let work = work(ends);
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = cancel.cancelled() => {}
                result = work => if let Err(error) = result {
                    // The user may have gone; then nobody is left to tell.
                    let _ = events.send(Err(error)).await;
                }
            }
        });
        session
    }

    /// Both sides, for workers that are not futures (a thread, a test).
    pub fn pair() -> (Self, Ends<I, E>) {
        let (input, input_end) = mpsc::channel(DEPTH);
        let (events_end, events) = mpsc::channel(DEPTH);
        let cancel = CancellationToken::new();
        let ends = Ends {
            input: input_end,
            events: events_end,
            cancel: cancel.clone(),
        };
        (
            Self {
                input: Some(input),
                events,
                cancel: CancelOnDrop(cancel),
            },
            ends,
        )
    }

    /// A session that fails at once.
    pub fn failed(error: Error) -> Self {
        let (session, ends) = Self::pair();
        // The channel is empty and both ends are held: this cannot fail.
        let _ = ends.events.try_send(Err(error));
        session
    }

    /// Sends to the worker, waiting while its queue is full.
    ///
    /// # Errors
    /// `Cancelled` when the worker has ended: its last event says why.
    pub async fn send(&self, message: I) -> Result<()> {
        match &self.input {
            Some(input) => input.send(message).await.map_err(|_| Error::cancelled()),
            None => Err(Error::cancelled()),
        }
    }

    /// Says that nothing more will be sent.
    pub fn close(&mut self) {
        self.input = None;
    }

    /// The next event; `None` when the worker has ended.
    pub async fn next(&mut self) -> Option<Result<E>> {
        self.events.recv().await
    }

    /// Calls the worker off.
    pub fn cancel(&self) {
        self.cancel.0.cancel();
    }

    /// A handle with which somebody else can call the worker off.
    pub fn canceller(&self) -> CancellationToken {
        self.cancel.0.clone()
    }

    /// Splits it, so that one task can send while another receives. Dropping either half's [`Guard`] cancels the
    /// worker.
    pub fn split(self) -> (Option<mpsc::Sender<I>>, mpsc::Receiver<Result<E>>, Guard) {
        let Self {
            input,
            events,
            cancel,
        } = self;
        (input, events, Guard { _cancel: cancel })
    }
}

/// Keeps a split session's worker alive; dropping it cancels the worker.
#[derive(Debug)]
pub struct Guard {
    _cancel: CancelOnDrop,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn dropping_a_session_reaches_its_worker() {
        let (done, ended) = tokio::sync::oneshot::channel::<()>();
        let session: Session<(), ()> = Session::spawn(move |ends| async move {
            let _held_until_dropped = done;
            ends.cancel.cancelled().await;
            std::future::pending::<()>().await;
            Ok(())
        });
        drop(session);
        assert!(ended.await.is_err(), "the worker's future was dropped");
    }

    #[tokio::test]
    async fn an_error_is_the_last_event() {
        let mut session: Session<u8, u8> = Session::spawn(|mut ends| async move {
            while let Some(n) = ends.input.recv().await {
                let _ = ends.events.send(Ok(n + 1)).await;
            }
            Err(Error::new(crate::Kind::Internal, "Over."))
        });
        session.send(1).await.unwrap();
        session.close();
        assert_eq!(session.next().await.unwrap().unwrap(), 2);
        assert_eq!(
            session.next().await.unwrap().unwrap_err().kind(),
            crate::Kind::Internal
        );
        assert!(session.next().await.is_none());
    }
}
