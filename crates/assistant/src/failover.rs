//! Several providers behind the trait of one: who fails is followed by the next, and nothing is lost on the way. For
//! single tasks (a text to say, a recording, a written question); in a conversation the turn machine does the same.
//!
//! Each provider of the list is tried once, so that failing ends.

mod models;
mod recognisers;
mod voices;

use std::fmt;
use std::sync::Arc;

use libretto_conversation::Choice;
use libretto_voice::{Error, Kind};
use tokio::sync::mpsc;

pub use models::Models;
pub use recognisers::Recognisers;
pub use voices::Voices;

/// Who took over, and why.
#[derive(Clone, Debug)]
pub struct Switch {
    /// Who failed.
    pub from: String,
    /// Who takes over.
    pub to: String,
    /// What happened.
    pub why: Error,
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Now it is {}.", self.why.message(), self.to)
    }
}

/// Hears of each [`Switch`]. It must not wait.
pub type Tell = Arc<dyn Fn(&Switch) + Send + Sync>;

/// The providers of one kind, and who hears of a switch.
struct List<P: ?Sized, O> {
    choices: Vec<Choice<P, O>>,
    tell: Tell,
}

impl<P: ?Sized, O> List<P, O> {
    /// Who is asked first, and gives the list its name.
    fn first(&self) -> Option<&P> {
        self.choices.first().map(|choice| choice.provider.as_ref())
    }

    /// Tells that `choices[at]` failed, if there is another one; otherwise gives the failure back.
    fn next(&self, at: usize, name: impl Fn(&P) -> &str, why: Error) -> Result<(), Error> {
        // What the user called off is no failure of anybody's.
        let Some(next) = self.choices.get(at + 1).filter(|_| why.kind() != Kind::Cancelled) else {
            return Err(why);
        };
        let switch = Switch {
            from: name(&self.choices[at].provider).to_owned(),
            to: name(&next.provider).to_owned(),
            why,
        };
        (self.tell)(&switch);
        Ok(())
    }
}

fn nobody() -> Error {
    Error::new(
        Kind::Unavailable,
        "There is nobody to do this; `libretto-cli doctor` says what to do.",
    )
}

/// What may wait for a provider that takes it slowly; then whoever gives it waits as well.
const WAITING: usize = 16;

/// Hands on what waits, to a session that may have closed its ears. It never ends: the session's last event counts.
async fn feed<T>(mut to: Option<mpsc::Sender<T>>, mut waiting: mpsc::Receiver<T>) {
    while let Some(message) = waiting.recv().await {
        if let Some(open) = &to
            && open.send(message).await.is_err()
        {
            to = None;
        }
    }
    std::future::pending::<()>().await;
}

/// The next that is given, once there is a place for it.
async fn given<'p, T>(
    given: &mut mpsc::Receiver<T>,
    onward: &'p mpsc::Sender<T>,
) -> Option<(mpsc::Permit<'p, T>, Option<T>)> {
    let place = onward.reserve().await.ok()?;
    Some((place, given.recv().await))
}

/// A session that ended without a word.
fn fell_silent(name: &str) -> Error {
    Error::new(
        Kind::Unavailable,
        format!("{name} stopped without a word. Try again, or choose another provider."),
    )
    .from_origin(name)
}
