//! Messages and cancellation, for a worker that is a thread and also waits for a device: both wake it by unparking.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use libretto_voice::device::MicrophoneInput;
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

pub(super) struct Inbox {
    input: Receiver<MicrophoneInput>,
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
    waker: Waker,
}

/// What there was.
pub(super) enum Mail {
    Message(MicrophoneInput),
    /// Nothing yet; the thread is unparked when there is.
    Nothing,
    /// The listener has gone.
    End,
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Inbox {
    /// For the current thread.
    pub(super) fn new(input: Receiver<MicrophoneInput>, cancel: CancellationToken) -> Self {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        Self {
            input,
            cancelled: Box::pin(cancel.cancelled_owned()),
            waker,
        }
    }

    /// The next message, without waiting.
    pub(super) fn take(&mut self) -> Mail {
        let mut context = Context::from_waker(&self.waker);
        if self.cancelled.as_mut().poll(&mut context).is_ready() {
            return Mail::End;
        }
        match self.input.poll_recv(&mut context) {
            Poll::Ready(Some(message)) => Mail::Message(message),
            Poll::Ready(None) => Mail::End,
            Poll::Pending => Mail::Nothing,
        }
    }
}
