//! A device's clock without a device: a thread that calls once for every 10 ms, never early, and catches up after the
//! system held it back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// One period.
pub const PERIOD: Duration = Duration::from_millis(10);

/// Runs until it is dropped.
pub struct Clock {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Clock {
    /// Calls `tick` with the due time of each period, until it says `false`. With `paced` off it calls as fast as it
    /// can.
    pub fn start(paced: bool, mut tick: impl FnMut(Instant) -> bool + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let run = move || {
            let mut due = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                if paced {
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                }
                if !tick(due) {
                    break;
                }
                due += PERIOD;
            }
        };
        // Without a thread nothing is heard, as with a device that gives nothing.
        let thread = std::thread::Builder::new()
            .name("sound-clock".into())
            .spawn(run)
            .ok();
        Self { stop, thread }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}
