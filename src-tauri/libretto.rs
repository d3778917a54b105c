//! What all windows share: the assistant, its mirror, the channels of the windows, downloads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use libretto_assistant::conversation::machine;
use libretto_assistant::store::history::SessionId;
use libretto_assistant::store::settings;
use libretto_assistant::{Assistant, Foundation, Start};
use tauri::AppHandle;
use tauri::async_runtime::{JoinHandle, spawn};
use tauri_specta::Event;

use crate::downloads::Downloads;
use crate::mirror::Mirror;
use crate::relay::{self, Relay, Watchers};
use crate::trials::Trials;
use crate::windows::{Front, Pages, Spots};
use crate::wire::failure::Answer;
use crate::wire::notice::{Exchange, Original, Passed};
use crate::wire::shell::{SessionChanged, Shell};
use crate::wire::snapshot::Snapshot;
use crate::{notices, pause, shell, units};

/// Exchanges of a resumed session that are shown.
const SHOWN: usize = 200;

/// What all windows share.
pub struct Libretto {
    /// Settings, keys, history, models, sound.
    pub foundation: Arc<Foundation>,
    /// Windows that want pulses.
    pub watchers: Arc<Watchers>,
    /// Models on their way here.
    pub downloads: Downloads,
    /// Tests of devices and voices.
    pub trials: Trials,
    /// What is in front of the user.
    pub front: Mutex<Front>,
    /// Where the windows without a frame stand.
    pub spots: Mutex<Spots>,
    /// Which pages are drawn.
    pub pages: Mutex<Pages>,
    talk: RwLock<Arc<Talk>>,
    shell: Mutex<Shell>,
}

/// The present session.
pub struct Talk {
    /// Who talks.
    pub assistant: Assistant,
    mirror: Arc<Mutex<Mirror>>,
    /// Send the playhead's anchors, and keep tray, overlay and cancel key in step.
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Libretto {
    /// Begins with a new session.
    ///
    /// # Errors
    /// What the sound system says.
    pub async fn start(app: AppHandle, foundation: Foundation) -> Answer<Self> {
        let foundation = Arc::new(foundation);
        let watchers = Arc::new(Watchers::default());
        // Before anything could open the microphone.
        let paused = pause::kept(&foundation.environment.places().paused());
        foundation.pause(paused);
        // The first snapshot says what is wrong with the history.
        let ready = foundation.history.ready();
        let (talk, _) = tokio::join!(Talk::start(app, &foundation, &watchers, 0, None), ready);
        let talk = talk?;
        let spots = Spots::read(foundation.environment.places().windows());
        Ok(Self {
            downloads: Downloads::new(foundation.shelf.clone()),
            foundation,
            watchers,
            trials: Trials::default(),
            front: Mutex::default(),
            spots: Mutex::new(spots),
            pages: Mutex::default(),
            talk: RwLock::new(Arc::new(talk)),
            shell: Mutex::new(Shell {
                paused,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                ..Shell::default()
            }),
        })
    }

    /// The present session.
    pub fn talk(&self) -> Arc<Talk> {
        Arc::clone(&self.talk.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What goes on in it.
    pub fn phase(&self) -> machine::Phase {
        self.talk().assistant.conversation().state().phase
    }

    /// Goes on with an earlier session, or begins a new one, and tells the windows. What is going on is given up.
    ///
    /// # Errors
    /// What the history says about the session.
    pub async fn turn_to(&self, app: AppHandle, session: Option<SessionId>) -> Answer<String> {
        let before = self.talk();
        before.assistant.close().await;
        let sequence = lock(&before.mirror).sequence();
        let talk = Talk::start(app.clone(), &self.foundation, &self.watchers, sequence, session).await?;
        let session = talk.assistant.session().to_string();
        *self.talk.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(talk);
        let changed = SessionChanged {
            session: session.clone(),
        };
        changed.emit(&app)?;
        Ok(session)
    }

    /// Deletes a session with all that was said in it, or everything that was ever said. Where that is the present one,
    /// it is forgotten altogether, and a new one begins.
    ///
    /// # Errors
    /// What the history says.
    pub async fn delete(&self, app: AppHandle, session: Option<SessionId>) -> Answer<()> {
        let before = self.talk();
        let present = session.is_none_or(|session| session == before.assistant.session());
        if present {
            before.assistant.forget().await;
        }
        let history = &self.foundation.history;
        let deleted = match session {
            Some(session) => history.delete(session).await,
            None => history.delete_all().await,
        };
        if present {
            self.turn_to(app, None).await?;
        }
        Ok(deleted?)
    }

    /// How everything is.
    pub fn snapshot(&self) -> Snapshot {
        let talk = self.talk();
        let mirror = lock(&talk.mirror);
        Snapshot {
            sequence: mirror.sequence(),
            state: mirror.state(),
            session: talk.assistant.session().to_string(),
            exchanges: mirror.exchanges(),
            turn: mirror.turn(),
            microphone: mirror.microphone(),
            shell: self.shell(),
            notices: notices::remarks(&self.foundation),
        }
    }

    /// The desktop's side.
    pub fn shell(&self) -> Shell {
        lock(&self.shell).clone()
    }

    /// Changes the desktop's side; true when that made a difference.
    pub fn change_shell(&self, change: impl FnOnce(&mut Shell)) -> bool {
        let mut shell = lock(&self.shell);
        let before = shell.clone();
        change(&mut shell);
        *shell != before
    }

    /// Gives up what is going on and writes what was said.
    pub async fn close(&self) {
        self.talk().assistant.close().await;
    }
}

impl Talk {
    async fn start(
        app: AppHandle,
        foundation: &Arc<Foundation>,
        watchers: &Arc<Watchers>,
        sequence: u64,
        session: Option<SessionId>,
    ) -> Answer<Self> {
        let before = match session {
            Some(session) => foundation.history.recent(session, SHOWN).await?,
            None => Vec::new(),
        };
        // Turns of an earlier run have numbers of their own, which would mix with this one's.
        let before = before.into_iter().map(|exchange| Exchange {
            original: Original::Exchange(exchange.id.0),
            heard: units::of(exchange.heard_text()),
            said: Some(exchange.user).filter(|said| !said.is_empty()),
            reply: exchange.reply,
            cut: exchange.cut,
            milestones: exchange.ledger.as_ref().map(Passed::all).unwrap_or_default(),
        });
        let state = machine::State {
            mode: mode(foundation.now().conversation.mode),
            turn: None,
            phase: machine::Phase::Idle,
        };
        let mirror = Arc::new(Mutex::new(Mirror::new(sequence, state, before)));
        let relay = Relay::new(app.clone(), Arc::clone(&mirror), Arc::clone(watchers));
        let begin = Start {
            session,
            hurry: true,
            ..Start::default()
        };
        let assistant = Assistant::start(Arc::clone(foundation), begin, Arc::new(relay)).await?;
        let anchors = relay::anchors(assistant.conversation(), Arc::clone(watchers));
        let follow = shell::follow(app, assistant.conversation().states());
        Ok(Self {
            tasks: [spawn(anchors), spawn(follow)],
            assistant,
            mirror,
        })
    }
}

/// A stored mode as the conversation takes it.
fn mode(stored: settings::Mode) -> machine::Mode {
    match stored {
        settings::Mode::PushToTalk => machine::Mode::PushToTalk,
        settings::Mode::HandsFree => machine::Mode::HandsFree,
    }
}

/// What is behind a lock, whatever happened to the one that held it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
