//! Pausing, resuming and cancelling a download.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::DownloadError;

/// The handle with which a download is paused, resumed and called off. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Control {
    cancel: CancellationToken,
    paused: Arc<watch::Sender<bool>>,
}

impl Default for Control {
    fn default() -> Self {
        Self::new(CancellationToken::new())
    }
}

impl Control {
    /// A control that also ends when `cancel` fires.
    pub fn new(cancel: CancellationToken) -> Self {
        Self {
            cancel,
            paused: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Closes the connections and waits. A package client is ended and starts its package anew afterwards; all other
    /// downloads go on from where they were.
    pub fn pause(&self) {
        self.paused.send_replace(true);
    }

    /// Goes on.
    pub fn resume(&self) {
        self.paused.send_replace(false);
    }

    /// Ends the download. What was downloaded is kept for the next one.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Whether it is paused.
    pub fn is_paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// A control that this one cancels and pauses, and that can be cancelled alone.
    pub(super) fn child(&self) -> Self {
        Self {
            cancel: self.cancel.child_token(),
            paused: Arc::clone(&self.paused),
        }
    }

    pub(super) fn token(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Waits while it is paused.
    pub(super) async fn ready(&self) -> Result<(), DownloadError> {
        let mut paused = self.paused.subscribe();
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(DownloadError::Cancelled),
            _ = paused.wait_for(|paused| !paused) => Ok(()),
        }
    }

    /// Ends when it is paused or cancelled.
    pub(super) async fn interrupted(&self) {
        let mut paused = self.paused.subscribe();
        tokio::select! {
            () = self.cancel.cancelled() => {}
            _ = paused.wait_for(|paused| *paused) => {}
        }
    }

    /// Sleeps, unless it is cancelled.
    pub(super) async fn sleep(&self, time: Duration) -> Result<(), DownloadError> {
        tokio::select! {
            () = self.cancel.cancelled() => Err(DownloadError::Cancelled),
            () = tokio::time::sleep(time) => Ok(()),
        }
    }
}
