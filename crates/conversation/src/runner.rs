//! Carries out what the machine decides: opens sessions, moves audio and text, keeps the time.
//!
//! One task holds the machine. Work runs in tasks of its own, one for each [`Job`]; dropping a job ends its task, and
//! with it its session, which calls the provider's worker off. What a task says passes through the one queue into the
//! machine's task, where it counts only while its job lives: a late chunk finds nobody.

mod carry;
mod devices;
mod hearing;
mod keeping;
mod parts;
mod remembering;
mod thinking;
mod voicing;

use libretto_voice::device::Playhead;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

pub use parts::{Choice, Parts};

use crate::key;
use crate::machine::{Mode, Policy, State, User};
use crate::notice::{Notice, Original};
use carry::Runner;

/// Notices that a slow watcher may be behind before it loses the oldest.
const NOTICES: usize = 1024;
/// Wishes that may wait. They are handled at once; only a burst ever waits.
const WISHES: usize = 256;

/// What a surface may wish.
#[derive(Debug)]
enum Wish {
    User(User),
    Parts(Box<Parts>),
    /// Answered when all exchanges that have ended before are kept.
    Keep(oneshot::Sender<()>),
}

/// A running conversation. Clones speak to the same one; it ends when the last is dropped.
#[derive(Clone, Debug)]
pub struct Conversation {
    wishes: mpsc::Sender<Wish>,
    notices: broadcast::Sender<Notice>,
    state: watch::Receiver<State>,
    playhead: Playhead,
}

impl Conversation {
    /// Starts it with these parts and rules.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(parts: Parts, policy: Policy) -> Self {
        let (wishes, inbox) = mpsc::channel(WISHES);
        let (notices, _) = broadcast::channel(NOTICES);
        let playhead = parts.loudspeaker.playhead();
        let runner = Runner::new(parts, policy, inbox, notices.clone());
        let state = runner.watch();
        tokio::spawn(runner.run());
        Self {
            wishes,
            notices,
            state,
            playhead,
        }
    }

    /// The talk key went down, or repeats.
    pub fn key_down(&self) {
        self.wish(User::Key(key::Input::Down));
    }

    /// The talk key went up.
    pub fn key_up(&self) {
        self.wish(User::Key(key::Input::Up));
    }

    /// Gives up whatever is going on.
    pub fn cancel(&self) {
        self.wish(User::Cancel);
    }

    /// Silences the reply.
    pub fn stop(&self) {
        self.wish(User::Stop);
    }

    /// Asks a typed question. It cuts a reply, and waits while the person speaks.
    pub fn ask(&self, text: impl Into<String>) {
        self.wish(User::Ask(text.into()));
    }

    /// Says something unasked as soon as nobody speaks.
    pub fn announce(&self, text: impl Into<String>) {
        self.wish(User::Announce(text.into()));
    }

    /// Says the last reply again, from this grapheme cluster of it on.
    pub fn replay(&self, from: usize) {
        self.wish(User::Replay(from));
    }

    /// Says this reply again, whose text is given, from this grapheme cluster of it on.
    pub fn repeat(&self, of: Original, text: impl Into<String>, from: usize) {
        let text = text.into();
        self.wish(User::Repeat { of, text, from });
    }

    /// Changes who decides when the person speaks.
    pub fn set_mode(&self, mode: Mode) {
        self.wish(User::Mode(mode));
    }

    /// Changes the rules.
    pub fn set_policy(&self, policy: Policy) {
        self.wish(User::Policy(Box::new(policy)));
    }

    /// Changes the parts, from the next piece of work on. The loudspeaker stays the one it was started with.
    pub fn set_parts(&self, parts: Parts) {
        self.send(Wish::Parts(Box::new(parts)));
    }

    /// Returns when whatever was wished before has happened, and the memory has kept each exchange that ended with it;
    /// at once when the conversation has ended.
    pub async fn kept(&self) {
        let (done, kept) = oneshot::channel();
        if self.wishes.send(Wish::Keep(done)).await.is_ok() {
            let _ = kept.await;
        }
    }

    /// What happens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// What is going on.
    pub fn state(&self) -> State {
        *self.state.borrow()
    }

    /// What is going on, as it changes.
    pub fn states(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Which sample of which turn sounds: the clock for the words' light.
    pub fn playhead(&self) -> Playhead {
        self.playhead.clone()
    }

    fn wish(&self, user: User) {
        self.send(Wish::User(user));
    }

    fn send(&self, wish: Wish) {
        if self.wishes.try_send(wish).is_err() {
            tracing::warn!("wish_dropped");
        }
    }
}
