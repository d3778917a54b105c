//! Events on their way to the session. The session's own queue holds two and a half seconds; what does not fit waits
//! here, so that a busy listener loses no word.

use std::collections::VecDeque;

use libretto_voice::Result;
use libretto_voice::device::MicrophoneEvent;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

/// Events that may wait: half a minute of frames.
const MOST: usize = 3_000;

pub(super) struct Outbox {
    events: Sender<Result<MicrophoneEvent>>,
    waiting: VecDeque<MicrophoneEvent>,
    /// Frames' samples that found no room.
    pub(super) lost: u64,
}

impl Outbox {
    pub(super) fn new(events: Sender<Result<MicrophoneEvent>>) -> Self {
        Self {
            events,
            waiting: VecDeque::new(),
            lost: 0,
        }
    }

    /// Whether there is something that found no room yet.
    pub(super) fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Sends, or keeps for later. A level that would have to wait is worth nothing.
    pub(super) fn send(&mut self, event: MicrophoneEvent) {
        self.flush();
        if matches!(event, MicrophoneEvent::Level(_)) && !self.waiting.is_empty() {
            return;
        }
        if let MicrophoneEvent::Frame(frame) = &event
            && self.waiting.len() >= MOST
        {
            self.lost += frame.samples.len() as u64;
            return;
        }
        self.waiting.push_back(event);
        self.flush();
    }

    /// Sends what there is room for.
    pub(super) fn flush(&mut self) {
        while let Some(event) = self.waiting.pop_front() {
            match self.events.try_send(Ok(event)) {
                Ok(()) => {}
                Err(TrySendError::Full(Ok(event))) => {
                    self.waiting.push_front(event);
                    return;
                }
                // The listener has gone.
                Err(_) => {
                    self.waiting.clear();
                    return;
                }
            }
        }
    }

    /// Tells the failure with which the session ends.
    pub(super) fn fail(mut self, error: libretto_voice::Error) {
        self.flush();
        // No room: then the listener finds the session ended, which says enough.
        let _ = self.events.try_send(Err(error));
    }
}
