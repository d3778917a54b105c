//! Notices that devices come and go. Hosts do not all say so, and some move a stream to another device without a
//! word; so the list of devices is read every other second, on a thread of its own, while a stream is open.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use crate::devices::{Device, DeviceId, Listing};
use crate::error::Result;

/// How often the devices are listed.
const EVERY: Duration = Duration::from_secs(2);

/// Lists devices until it is dropped.
pub(crate) struct Watch {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    listing: Mutex<Option<Listing>>,
}

impl Watch {
    /// Lists every other second, first after two.
    pub(crate) fn start(list: impl Fn() -> Result<Listing> + Send + 'static) -> Option<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        let watch = move || {
            loop {
                std::thread::park_timeout(EVERY);
                if theirs.stop.load(Ordering::Relaxed) {
                    return;
                }
                // A sound system that does not answer now may answer later.
                if let Ok(listing) = list() {
                    *theirs.listing.lock().unwrap_or_else(PoisonError::into_inner) = Some(listing);
                }
            }
        };
        // Without the thread a returning device is noticed at the next opening only.
        let thread = std::thread::Builder::new()
            .name("sound-devices".into())
            .spawn(watch)
            .ok()?;
        Some(Self {
            shared,
            thread: thread.thread().clone(),
        })
    }

    /// Lists now.
    pub(crate) fn look(&self) {
        self.thread.unpark();
    }

    /// The newest list, once.
    pub(crate) fn take(&self) -> Option<Listing> {
        self.shared
            .listing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.thread.unpark();
    }
}

/// Whether another device than the open one should be in use: the wanted one if it is there, else the default.
pub(crate) fn should_change(open: &DeviceId, wanted: Option<&DeviceId>, devices: &[Device]) -> bool {
    let wanted = wanted.and_then(|id| devices.iter().find(|d| d.id == *id));
    let target = wanted.or_else(|| devices.iter().find(|d| d.default));
    target.is_some_and(|target| target.id != *open)
}

/// How long to wait before the next try, after so many that failed.
pub(crate) fn backoff(failures: u32) -> Duration {
    Duration::from_millis(100 << failures.min(5)).min(Duration::from_secs(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wanted_device_is_taken_again_when_it_returns() {
        let id = |name: &str| DeviceId(name.into());
        let device = |name: &str, default| Device {
            id: id(name),
            default,
            ..Device::virtual_one("", "")
        };
        let all = [device("built-in", true), device("headset", false)];
        let headset = id("headset");
        assert!(!should_change(&headset, Some(&headset), &all));
        assert!(should_change(&headset, Some(&headset), &all[..1]), "it vanished");
        assert!(
            should_change(&id("built-in"), Some(&headset), &all),
            "it returned"
        );
        assert!(!should_change(&id("built-in"), None, &all));
        assert!(
            should_change(&headset, None, &all),
            "the default is another one now"
        );
        assert!(!should_change(&headset, None, &[]), "nothing else is there");
    }
}
