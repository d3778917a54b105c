//! Everything that stands before a conversation begins: settings, keys, history, models, sound. Opening it is quick
//! and starts nothing: engines load and devices open when they are needed.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use libretto_audio::Sound;
use libretto_conversation::Choice;
use libretto_ondevice::catalogue::Shelf;
use libretto_ondevice::client::Engines;
use libretto_providers::Part;
use libretto_store::history::{History, State};
use libretto_store::secrets::{Keychain, Secrets};
use libretto_store::{Environment, Notice, Settings, SettingsFile, Subject};
use libretto_voice::{
    ChatRequest, LanguageModel, ListenOptions, Result, SpeakOptions, SpeechToText, TextToSpeech, TurnId,
};
use tokio::sync::watch;

use crate::accounts::Accounts;
use crate::order::{Named, listed, order, tried};
use crate::timers::Timers;
use crate::translate;

const LOCKED: &str =
    "The keychain is locked: unlock it to use your API keys; until then this computer answers.";

/// What every surface stands on.
pub struct Foundation {
    /// Variables, `.env` files and folders.
    pub environment: Environment,
    /// The settings file.
    pub settings: Arc<SettingsFile>,
    /// The door to the keys.
    pub secrets: Secrets,
    /// The accounts at cloud providers.
    pub accounts: Arc<Accounts>,
    /// What was said before.
    pub history: History,
    /// The folders of models.
    pub shelf: Shelf,
    /// The models that run here.
    pub engines: Arc<Engines>,
    /// Timers outlive the conversation in which they were asked for.
    pub timers: Arc<Timers>,
    deaf: watch::Sender<Deaf>,
    /// For how many days what was said is kept: as the settings have said for a while.
    pub(crate) keeps: AtomicU32,
    sound: OnceLock<Sound>,
    conversations: AtomicU64,
}

/// Why nobody is listened to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deaf {
    /// The person wants it so.
    pub paused: bool,
    /// So many devices and voices are being tried.
    pub trials: usize,
}

/// A device or a voice is being tried: nobody is listened to until this is dropped.
#[derive(Debug)]
pub struct Trial(watch::Sender<Deaf>);

impl Drop for Trial {
    fn drop(&mut self) {
        self.0.send_modify(|deaf| deaf.trials -= 1);
    }
}

/// So many turns a conversation may have before its numbers are those of the next one: more than anybody lives for, and
/// few enough that two million conversations fit into the numbers that a page knows exactly.
const TURNS: u64 = 1 << 32;

impl Foundation {
    /// Opens it. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// `BadInput` or `Internal` when the catalogue is damaged.
    pub fn open(environment: Environment) -> Result<Self> {
        let settings = Arc::new(SettingsFile::open(environment.clone()));
        let now = settings.get();
        let shelf = Shelf::standard()?;
        let engines = Engines::new(translate::engines(&now, &shelf)?);
        let file = environment.places().history();
        let history = if now.history.on {
            History::open(file)
        } else {
            History::open_if_any(file)
        };
        let secrets = Secrets::open(&environment);
        let accounts = Arc::new(Accounts::new(secrets.clone()));
        Ok(Self {
            environment,
            settings,
            secrets,
            accounts,
            history,
            shelf,
            engines,
            timers: Arc::default(),
            deaf: watch::Sender::default(),
            keeps: AtomicU32::new(now.history.keep_days),
            sound: OnceLock::new(),
            conversations: AtomicU64::new(0),
        })
    }

    /// The same on these devices instead of those that the settings name.
    #[must_use]
    pub fn with_sound(mut self, sound: Sound) -> Self {
        self.sound = OnceLock::from(sound);
        self
    }

    /// The settings as they are now.
    pub fn now(&self) -> Arc<Settings> {
        self.settings.get()
    }

    /// What the user should be told about settings, environment, keys and history, each sentence once.
    pub fn notices(&self) -> Vec<Notice> {
        // Those of the environment are among them.
        let mut all = self.settings.notices();
        if self.now().history.on {
            let State { notices, problem, .. } = self.history.state().borrow().clone();
            let problem = problem.map(|sentence| Notice::new(Subject::History, sentence));
            all.extend(notices.into_iter().chain(problem));
        }
        if let Some(sentence) = self.accounts.locked() {
            let sentence = match *self.secrets.state().borrow() {
                Keychain::Locked { .. } => LOCKED.to_owned(),
                _ => format!("{sentence} Until then this computer answers."),
            };
            all.push(Notice::new(Subject::Secrets, sentence));
        }
        let mut told = HashSet::new();
        all.retain(|notice| told.insert(notice.sentence.clone()));
        all
    }

    /// While it is paused nobody is listened to, in whichever conversation; what is typed is answered.
    pub fn pause(&self, paused: bool) {
        self.deaf
            .send_if_modified(|now| std::mem::replace(&mut now.paused, paused) != paused);
    }

    /// Nobody is listened to either while a device or a voice is tried: until what is answered is dropped.
    pub fn trial(&self) -> Trial {
        self.deaf.send_modify(|deaf| deaf.trials += 1);
        Trial(self.deaf.clone())
    }

    /// Why nobody is listened to, as that changes.
    pub fn deaf(&self) -> watch::Receiver<Deaf> {
        self.deaf.subscribe()
    }

    /// Microphone and loudspeaker.
    ///
    /// # Errors
    /// `Internal` when the system gives no thread.
    pub fn sound(&self) -> Result<&Sound> {
        if let Some(sound) = self.sound.get() {
            return Ok(sound);
        }
        let sound = libretto_audio::open(&translate::audio(&self.now(), &self.shelf))?;
        Ok(self.sound.get_or_init(|| sound))
    }

    /// Lets changed settings take effect, as far as they can without a new conversation.
    ///
    /// # Errors
    /// `Internal` when the catalogue is damaged.
    pub fn apply(&self) -> Result<()> {
        let now = self.now();
        self.engines.configure(translate::engines(&now, &self.shelf)?);
        if let Some(sound) = self.sound.get() {
            sound.apply(&translate::audio(&now, &self.shelf));
        }
        Ok(())
    }

    /// The turn from which the next conversation counts on: all share the loudspeaker, to which greater numbers are
    /// newer.
    pub(crate) fn turns_after(&self) -> TurnId {
        TurnId(self.conversations.fetch_add(1, Ordering::Relaxed) * TURNS)
    }

    /// Recognisers in the order in which they are tried. Those that are not known or lack a key are passed over; what
    /// runs here is always among them. Keys must have been read ([`Accounts::read_keys`]).
    pub fn recognisers(&self) -> Vec<Choice<dyn SpeechToText, ListenOptions>> {
        let now = self.now();
        chosen(
            &now,
            Part::Recogniser,
            |one| match one {
                Named::OnDevice => Some(self.engines.recogniser()),
                Named::Cloud(entry) => self.accounts.get(&now, entry)?.recogniser(),
            },
            |one, first| translate::listening(&now, one, first),
        )
    }

    /// Language models in the order in which they are tried; a chosen persona's own comes first.
    pub fn models(&self) -> Vec<Choice<dyn LanguageModel, ChatRequest>> {
        let now = self.now();
        chosen(
            &now,
            Part::Model,
            |one| match one {
                Named::OnDevice => Some(self.engines.language_model()),
                Named::Cloud(entry) => self.accounts.get(&now, entry)?.model(),
            },
            |one, first| translate::asking(&now, one, first),
        )
    }

    /// Voices in the order in which they are tried; a chosen persona's own comes first.
    pub fn voices(&self) -> Vec<Choice<dyn TextToSpeech, SpeakOptions>> {
        let now = self.now();
        chosen(
            &now,
            Part::Voice,
            |one| match one {
                Named::OnDevice => Some(self.engines.voice()),
                Named::Cloud(entry) => self.accounts.get(&now, entry)?.voice(),
            },
            |one, first| translate::speaking(&now, one, first),
        )
    }
}

/// Those of the order that can be had, each with its own options. The names that the settings give without saying whose
/// they are belong to the first of the list, whoever the persona puts before it.
fn chosen<P: ?Sized, O>(
    settings: &Settings,
    part: Part,
    make: impl Fn(Named) -> Option<Arc<P>>,
    options: impl Fn(&str, bool) -> O,
) -> Vec<Choice<P, O>> {
    let made: Vec<_> = tried(settings, part)
        .into_iter()
        .filter_map(|one| Some((one, make(one)?)))
        .collect();
    let listed = order(listed(settings, part), None);
    let first = listed
        .into_iter()
        .find(|one| made.iter().any(|(other, _)| other == one));
    let choice = |(one, provider): (Named, Arc<P>)| Choice {
        options: options(one.name(), first == Some(one)),
        provider,
    };
    made.into_iter().map(choice).collect()
}
