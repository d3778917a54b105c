//! Changes that can be undone, each by its number. One that was changed again since is left as it is now.

use toml_edit::DocumentMut;

use super::edit::{self, Held};
use super::plain::{self, Path};

/// So many changes can be undone.
const MOST: usize = 50;

/// What is older than this is deleted at once: another number brings nothing of it back, and a smaller one would delete
/// more, unasked. So it is changed by hand only.
const DELETES: [&str; 2] = ["history", "keep_days"];

/// What was changed so far, the latest last.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    made: u64,
    deeds: Vec<Deed>,
}

#[derive(Clone, Debug)]
struct Deed {
    number: u64,
    steps: Vec<Step>,
}

/// What a path held before a change, and what the change left there.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) path: Path,
    pub(super) before: Option<Held>,
    pub(super) after: Option<Held>,
}

impl Step {
    /// Whether it is all there is to it, so that it can be taken back.
    fn can_be_undone(&self) -> bool {
        !DELETES.iter().zip(&self.path).all(|(one, other)| one == other)
    }

    /// Whether what it left is still there.
    fn holds(&self, document: &DocumentMut) -> bool {
        edit::same(edit::hold(document, &self.path).as_ref(), self.after.as_ref())
    }
}

/// A change that was undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// Dotted keys of the values that are as before.
    pub keys: Vec<String>,
}

impl Past {
    /// A change was made; answers its number, where something of it can be undone. They count from 1.
    pub(super) fn push(&mut self, mut steps: Vec<Step>) -> Option<u64> {
        steps.retain(Step::can_be_undone);
        if steps.is_empty() {
            return None;
        }
        self.made += 1;
        self.deeds.push(Deed {
            number: self.made,
            steps,
        });
        if self.deeds.len() > MOST {
            self.deeds.remove(0);
        }
        Some(self.made)
    }

    /// The latest change of which something is still there.
    pub(super) fn undoable(&self, document: &DocumentMut) -> Option<u64> {
        let holds = |deed: &&Deed| deed.steps.iter().any(|step| step.holds(document));
        self.deeds.iter().rev().find(holds).map(|deed| deed.number)
    }

    /// Takes a change out of the list: the steps whose values are still there, in the order of undoing; none when it is
    /// not known any more, or was changed again since.
    pub(super) fn take(&mut self, number: u64, document: &DocumentMut) -> Vec<Step> {
        let Some(at) = self.deeds.iter().position(|deed| deed.number == number) else {
            return Vec::new();
        };
        let steps = self.deeds[at].steps.iter().rev();
        let steps: Vec<Step> = steps.filter(|step| step.holds(document)).cloned().collect();
        if !steps.is_empty() {
            self.deeds.remove(at);
        }
        steps
    }
}

impl Undone {
    /// Of steps in the order of undoing.
    pub(super) fn of(steps: &[Step]) -> Self {
        let keys = steps.iter().rev().map(|step| plain::dotted(&step.path));
        Self { keys: keys.collect() }
    }
}
