//! How many calls may run at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A provider's own limit on calls at once. Who waits is served in the order of arrival; who stops waiting leaves the
/// queue.
#[derive(Clone, Debug)]
pub struct Limit(Option<Arc<Semaphore>>);

/// A call's place; dropping it lets the next one in.
#[derive(Debug)]
pub struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Limit {
    /// What a voice provider gets unless the settings say otherwise.
    pub const VOICE: usize = 3;

    /// So many calls at once; none at all for 0, which would help nobody, is taken as 1.
    pub fn at_once(calls: usize) -> Self {
        Self(Some(Arc::new(Semaphore::new(calls.max(1)))))
    }

    /// No limit.
    pub fn none() -> Self {
        Self(None)
    }

    /// Waits for a place. Safe to drop.
    pub async fn enter(&self) -> Place {
        let permit = match &self.0 {
            // A semaphore that is never closed always gives a permit.
            Some(semaphore) => Arc::clone(semaphore).acquire_owned().await.ok(),
            None => None,
        };
        Place { _permit: permit }
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self::at_once(Self::VOICE)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn three_at_once_in_order_and_the_cancelled_leaves() {
        let limit = Limit::default();
        let order = Arc::new(Mutex::new(Vec::new()));
        let start = Instant::now();
        let mut calls = Vec::new();
        for call in 0..7 {
            let (limit, order) = (limit.clone(), Arc::clone(&order));
            calls.push(tokio::spawn(async move {
                let _place = limit.enter().await;
                order.lock().unwrap().push((call, start.elapsed().as_millis()));
                sleep(Duration::from_millis(100)).await;
            }));
            tokio::task::yield_now().await;
        }
        // The fourth waits, and is called off.
        calls[3].abort();
        for call in calls {
            let _ = call.await;
        }
        assert_eq!(
            *order.lock().unwrap(),
            [(0, 0), (1, 0), (2, 0), (4, 100), (5, 100), (6, 100)]
        );
    }
}
