//! The one door to API keys. It tells the truth: where a key lives, whether the keychain works, and when a key is only
//! kept for this run. It never refuses to go on, never writes a key to a plain file, and never shows one.

mod keychain;
mod known;
mod place;
mod secret;
mod state;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::environment::{Environment, Origin};
use crate::error::{Error, Result};
use crate::files::{self, Stamp};
use crate::notice::{Notice, Subject};

use keychain::Fault;
use place::the_keychain;
use state::{sentence, works};

pub use known::{KNOWN, Known, Variable};
pub use place::{Entry, Found, Place, Stored};
pub use secret::Secret;
pub use state::Keychain;

/// A keychain that is open answers within milliseconds.
const READ_WAIT: Duration = Duration::from_secs(3);
/// Before it is written to, it may ask the user for a password.
const WRITE_WAIT: Duration = Duration::from_mins(1);
/// So often a locked keychain is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// So long [`Secrets::check`] waits.
const CHECK_WAIT: Duration = Duration::from_secs(5);

/// The door. A clone is the same one.
#[derive(Clone, Debug)]
pub struct Secrets {
    keychain: keychain::Keychain,
    environment: Environment,
    /// Keys that the keychain could not take.
    memory: Arc<Mutex<BTreeMap<String, Secret>>>,
    state: watch::Sender<Keychain>,
}

impl Secrets {
    /// Opens the door and begins to probe the keychain, without waiting for it.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn open(environment: &Environment) -> Self {
        let secrets = Self {
            keychain: keychain::Keychain::open(),
            environment: environment.clone(),
            memory: Arc::default(),
            state: watch::Sender::new(Keychain::Checking),
        };
        secrets.probe();
        secrets
    }

    /// How the keychain is, from now on.
    pub fn state(&self) -> watch::Receiver<Keychain> {
        self.state.subscribe()
    }

    /// Waits, for five seconds at most, until the probe at the start has been answered; a keychain that did not work
    /// is probed anew.
    pub async fn check(&self) -> Keychain {
        let now = self.state.borrow().clone();
        if !matches!(now, Keychain::Checking | Keychain::Works { .. }) {
            self.state.send_replace(Keychain::Checking);
            self.probe();
        }
        let mut state = self.state.subscribe();
        let answered = timeout(CHECK_WAIT, state.wait_for(|state| *state != Keychain::Checking)).await;
        match answered {
            Ok(Ok(state)) => state.clone(),
            _ => Keychain::of(&Fault::Silent(CHECK_WAIT)),
        }
    }

    /// Returns as soon as the keychain works. One that is locked is looked at again and again, without asking anybody
    /// to unlock it: whoever refused to would be asked for ever.
    pub async fn works(&self) {
        let mut state = self.state.subscribe();
        loop {
            let now = state.borrow_and_update().clone();
            match now {
                Keychain::Works { .. } => return,
                Keychain::Locked { .. } => {
                    // Whatever comes first.
                    let _ = timeout(LOOK, state.changed()).await;
                    if self.keychain.unlocked(READ_WAIT).await == Ok(true) {
                        self.state.send_replace(Keychain::Checking);
                        self.probe();
                    }
                }
                Keychain::Checking | Keychain::Absent { .. } | Keychain::Failed { .. } => {
                    // We hold the sender.
                    let _ = state.changed().await;
                }
            }
        }
    }

    /// Changes when any program of ours puts a key into the keychain or takes one out.
    pub fn stamp(&self) -> Stamp {
        Stamp::of(&self.environment.places().keys_changed())
    }

    /// Others that run read their keys anew.
    fn tell_others(&self) {
        if let Err(error) = files::replace(&self.environment.places().keys_changed(), b"") {
            tracing::warn!(%error, "others_not_told_of_a_key");
        }
    }

    /// The key of a provider.
    ///
    /// # Errors
    /// When the keychain could not be asked and nothing else gives the key: then nobody knows whether there is one.
    pub async fn get(&self, provider: &str) -> Result<Option<Secret>> {
        Ok(self.find(provider).await?.map(|found| found.secret))
    }

    /// The key of a provider and where it lives. What was set in this run and could not be stored counts first, then
    /// the keychain, the process's variables, `.env`.
    ///
    /// # Errors
    /// As [`Secrets::get`].
    pub async fn find(&self, provider: &str) -> Result<Option<Found>> {
        let (mut found, fault) = self.all(provider).await?;
        match (found.is_empty(), fault) {
            (true, Some(fault)) => Err(fault.into()),
            (true, None) => Ok(None),
            (false, _) => Ok(Some(found.swap_remove(0))),
        }
    }

    /// Stores the key of a provider in the keychain. If that cannot be done, it is kept in memory for this run, and
    /// the answer says so.
    ///
    /// # Errors
    /// [`Error::NotAProvider`], [`Error::NotASecret`].
    pub async fn set(&self, provider: &str, key: &str) -> Result<Stored> {
        let provider = name(provider)?;
        let secret = Secret::new(key)?;
        match self.keychain.write(provider, secret.clone(), WRITE_WAIT).await {
            Ok(()) => {
                self.memory().remove(provider);
                self.state.send_replace(works());
                self.tell_others();
                Ok(Stored {
                    place: the_keychain(),
                    notice: None,
                })
            }
            Err(fault) => {
                self.memory().insert(provider.to_owned(), secret);
                self.state.send_replace(Keychain::of(&fault));
                let told = format!(
                    "The key for {provider} is kept in memory only, and is gone when Libretto ends. {}",
                    sentence(&fault)
                );
                Ok(Stored {
                    place: Place::Memory,
                    notice: Some(Notice::new(Subject::Secrets, told)),
                })
            }
        }
    }

    /// Takes a provider's key out of memory and keychain, and says where another one is still given.
    ///
    /// # Errors
    /// [`Error::NotOurs`] when the environment gives the key and there was no other. When the keychain could not be
    /// asked, the key may still be in there.
    pub async fn remove(&self, provider: &str) -> Result<Option<Place>> {
        let provider = name(provider)?;
        let from_memory = self.memory().remove(provider).is_some();
        let from_keychain = match self.keychain.remove(provider, WRITE_WAIT).await {
            Ok(removed) => removed,
            // Without a keychain nothing can be in it.
            Err(Fault::Absent | Fault::Empty) => false,
            Err(fault) => return Err(fault.into()),
        };
        if from_keychain {
            self.tell_others();
        }
        let given = self
            .in_environment(provider)
            .into_iter()
            .next()
            .map(|found| found.place);
        match given {
            Some(place) if !from_memory && !from_keychain => Err(Error::NotOurs {
                provider: provider.to_owned(),
                place: place.to_string(),
            }),
            given => Ok(given),
        }
    }

    /// All keys there are, of the known providers and of `more`.
    pub async fn list(&self, more: &[String]) -> Vec<Entry> {
        let known = KNOWN.iter().map(|known| known.provider);
        let more = more
            .iter()
            .map(String::as_str)
            .filter(|name| KNOWN.iter().all(|k| k.provider != *name));
        let mut entries = Vec::new();
        for provider in known.chain(more) {
            let Ok((found, _)) = self.all(provider).await else {
                continue;
            };
            let mut found = found.into_iter();
            if let Some(first) = found.next() {
                entries.push(Entry {
                    provider: provider.to_owned(),
                    place: first.place,
                    masked: first.secret.masked(),
                    also: found.map(|found| found.place).collect(),
                });
            }
        }
        entries
    }

    /// Every key of a provider in the order in which they count, and why the keychain could not be asked.
    async fn all(&self, provider: &str) -> Result<(Vec<Found>, Option<Fault>)> {
        let provider = name(provider)?;
        let kept = self.memory().get(provider).cloned();
        let mut found: Vec<Found> = kept
            .map(|secret| Found {
                secret,
                place: Place::Memory,
            })
            .into_iter()
            .collect();
        let fault = match self.in_keychain(provider).await {
            Ok(secret) => {
                found.extend(secret.map(|secret| Found {
                    secret,
                    place: the_keychain(),
                }));
                None
            }
            Err(Fault::Absent | Fault::Empty) => None,
            Err(fault) => Some(fault),
        };
        found.extend(self.in_environment(provider));
        Ok((found, fault))
    }

    /// A keychain that is known not to work is not asked again before [`Secrets::check`] found otherwise, so that no
    /// turn waits for it.
    async fn in_keychain(&self, provider: &str) -> Result<Option<Secret>, Fault> {
        let state = self.state.borrow().clone();
        match state {
            Keychain::Absent { .. } => Err(Fault::Absent),
            Keychain::Locked { .. } => Err(Fault::Locked),
            Keychain::Failed { sentence } => Err(Fault::Other(sentence)),
            Keychain::Checking | Keychain::Works { .. } => {
                let read = self.keychain.read(provider, READ_WAIT).await;
                if let Err(fault) = &read {
                    self.state.send_replace(Keychain::of(fault));
                }
                read
            }
        }
    }

    fn in_environment(&self, provider: &str) -> Vec<Found> {
        let mut found = Vec::new();
        for variable in known::variables(provider) {
            let Some((text, origin)) = self.environment.find(variable.name) else {
                continue;
            };
            let Ok(secret) = Secret::new(text) else { continue };
            if !variable.holds(secret.expose()) {
                continue;
            }
            let variable = variable.name.to_owned();
            let place = match origin {
                Origin::Process => Place::Environment { variable },
                Origin::File(path) => Place::DotEnv { path, variable },
            };
            found.push(Found { secret, place });
        }
        // A variable of the process counts before one of a file, whatever their names are.
        found.sort_by_key(|found| !matches!(found.place, Place::Environment { .. }));
        found
    }

    /// Probes, and moves into the keychain what it could not take before.
    fn probe(&self) {
        let answer = self.keychain.probe();
        let secrets = self.clone();
        tokio::spawn(async move {
            let state = match answer.await {
                Ok(Ok(())) => works(),
                Ok(Err(fault)) => Keychain::of(&fault),
                Err(_) => Keychain::of(&Fault::Silent(CHECK_WAIT)),
            };
            if state == works() {
                let kept: Vec<_> = secrets
                    .memory()
                    .iter()
                    .map(|(p, s)| (p.clone(), s.clone()))
                    .collect();
                for (provider, secret) in kept {
                    if secrets
                        .keychain
                        .write(&provider, secret, WRITE_WAIT)
                        .await
                        .is_ok()
                    {
                        secrets.memory().remove(&provider);
                    }
                }
            }
            secrets.state.send_replace(state);
        });
    }

    fn memory(&self) -> MutexGuard<'_, BTreeMap<String, Secret>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(provider: &str) -> Result<&str> {
    let provider = provider.trim();
    if known::is_name(provider) {
        Ok(provider)
    } else {
        Err(Error::NotAProvider(provider.chars().take(64).collect()))
    }
}
