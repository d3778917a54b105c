//! Who has the floor: of the tests of one program, one at a time makes sound and is measured, since two conversations at
//! once would be measured against each other. Two of which nothing is measured may share it. Tests without a sound card
//! run beside each other.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// How much of the floor somebody needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// All of it.
    Whole,
    /// Half of it.
    Half,
}

impl Need {
    fn halves(self) -> usize {
        match self {
            Need::Whole => 2,
            Need::Half => 1,
        }
    }
}

/// A thread that has some of it, with so many cards.
struct Holder {
    thread: ThreadId,
    need: Need,
    cards: usize,
}

static HOLDERS: Mutex<Vec<Holder>> = Mutex::new(Vec::new());
static GIVEN_BACK: Condvar = Condvar::new();

/// The floor, or a half of it; it is given back when dropped. Whoever has it may take it again: how much of it, the first
/// time has decided.
#[derive(Debug)]
pub(crate) struct Floor(ThreadId);

impl Floor {
    /// Waits until other threads leave so much of it.
    pub(crate) fn take(need: Need) -> Self {
        let me = thread::current().id();
        let mut holders = holders();
        loop {
            if let Some(holder) = holders.iter_mut().find(|holder| holder.thread == me) {
                holder.cards += 1;
                return Self(me);
            }
            let taken: usize = holders.iter().map(|holder| holder.need.halves()).sum();
            if taken + need.halves() <= Need::Whole.halves() {
                holders.push(Holder {
                    thread: me,
                    need,
                    cards: 1,
                });
                return Self(me);
            }
            holders = GIVEN_BACK.wait(holders).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        // A card may end on another thread than it began on.
        let mut holders = holders();
        holders.retain_mut(|holder| {
            holder.cards -= usize::from(holder.thread == self.0);
            holder.cards > 0
        });
        GIVEN_BACK.notify_all();
    }
}

fn holders() -> MutexGuard<'static, Vec<Holder>> {
    HOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Receiver};
    use std::time::Duration;

    use super::*;

    /// Somebody else takes it, says so, and gives it back.
    fn other(need: Need) -> Receiver<()> {
        let (told, hears) = mpsc::channel();
        thread::spawn(move || {
            let floor = Floor::take(need);
            told.send(()).unwrap();
            drop(floor);
        });
        hears
    }

    fn waits(other: &Receiver<()>) -> bool {
        other.recv_timeout(Duration::from_millis(50)).is_err()
    }

    #[test]
    fn one_thread_has_the_floor_and_may_take_it_twice_or_two_share_it() {
        let (first, second) = (Floor::take(Need::Whole), Floor::take(Need::Whole));
        let (whole, half) = (other(Need::Whole), other(Need::Half));
        drop(first);
        assert!(waits(&whole) && waits(&half), "it is still held");
        drop(second);
        whole.recv().unwrap();
        half.recv().unwrap();

        let shared = (Floor::take(Need::Half), Floor::take(Need::Half));
        other(Need::Half).recv().unwrap();
        let whole = other(Need::Whole);
        assert!(waits(&whole), "half of it is held");
        // Ends elsewhere.
        thread::spawn(move || drop(shared)).join().unwrap();
        whole.recv().unwrap();
    }
}
