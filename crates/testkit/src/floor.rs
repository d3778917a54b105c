//! Who has the floor: of the tests of one program, one at a time makes sound and is heard, since two conversations at once
//! would be measured against each other. Tests without a sound card run beside each other.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// Who has it, and with how many cards.
static HOLDER: Mutex<Option<(ThreadId, usize)>> = Mutex::new(None);
static GIVEN_BACK: Condvar = Condvar::new();

/// The floor; it is given back when dropped. Whoever has it may take it again.
#[derive(Debug)]
pub(crate) struct Floor(());

impl Floor {
    /// Waits until no other thread has it.
    pub(crate) fn take() -> Self {
        let me = thread::current().id();
        let mut holder = holder();
        loop {
            match &mut *holder {
                None => *holder = Some((me, 1)),
                Some((thread, cards)) if *thread == me => *cards += 1,
                Some(_) => {
                    holder = GIVEN_BACK.wait(holder).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
            }
            return Self(());
        }
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let mut holder = holder();
        // A card may end on another thread than it began on.
        *holder = holder
            .filter(|(_, cards)| *cards > 1)
            .map(|(thread, cards)| (thread, cards - 1));
        GIVEN_BACK.notify_one();
    }
}

fn holder() -> MutexGuard<'static, Option<(ThreadId, usize)>> {
    HOLDER.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_thread_has_the_floor_and_may_take_it_twice() {
        let (first, second) = (Floor::take(), Floor::take());
        let (told, hears) = mpsc::channel();
        let other = thread::spawn(move || {
            let floor = Floor::take();
            told.send(()).unwrap();
            drop(floor);
        });
        drop(first);
        assert!(
            hears.recv_timeout(Duration::from_millis(50)).is_err(),
            "it is still held"
        );
        drop(second);
        hears.recv().unwrap();
        other.join().unwrap();
    }
}
