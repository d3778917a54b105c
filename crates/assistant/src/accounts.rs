//! The accounts at cloud providers: opened from the settings and the keys, and how each of them fares.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures::future::join_all;
use libretto_providers::catalogue::{self, Entry};
use libretto_providers::provider::{self, Opened};
use libretto_providers::{Account, Failure, Fault, Key, Limit, Network, Provider, Retry, Setup};
use libretto_store::settings;
use libretto_store::{Secrets, Settings};
use libretto_voice::{Error, Kind, Result};
use tokio::sync::watch;

/// How an account fared when it was last used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// `None` when it went well; otherwise what went wrong and what to do.
    pub problem: Option<String>,
    /// When.
    pub at: SystemTime,
}

/// All accounts. Keys are read once and again when told so: no turn waits for a keychain. What is known of a key counts
/// until the keychain says otherwise.
pub struct Accounts {
    secrets: Secrets,
    network: std::result::Result<Network, Failure>,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    keys: BTreeMap<&'static str, Key>,
    /// Why the keychain could not be asked.
    locked: Option<String>,
    made: Made,
    health: BTreeMap<String, Health>,
}

/// What was opened, and from what: it is opened anew only when that changes, and it cannot go on with the change, since
/// calls at once are counted in it.
#[derive(Default)]
struct Made {
    tables: BTreeMap<String, settings::Provider>,
    network: settings::Network,
    accounts: BTreeMap<&'static str, Opened>,
}

impl Made {
    /// Whatever cannot go on with these settings will be opened anew.
    fn follow(&mut self, settings: &Settings, setup: impl Fn(&str) -> Setup) {
        if self.network != settings.network {
            self.accounts.clear();
            self.network = settings.network.clone();
        }
        if self.tables == settings.providers {
            return;
        }
        let before = std::mem::replace(&mut self.tables, settings.providers.clone());
        self.accounts.retain(|name, account| {
            let changed = changed(before.get(*name), settings.providers.get(*name));
            let goes_on = |account: &Arc<dyn Provider>| account.tune(&setup(name), &changed);
            changed.is_empty() || account.as_ref().is_ok_and(goes_on)
        });
    }
}

impl Accounts {
    /// None yet: [`Accounts::read_keys`] finds them.
    pub fn new(secrets: Secrets) -> Self {
        Self {
            secrets,
            network: Network::new(),
            state: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }

    /// Returns when keys that could not be read can be.
    pub async fn readable(&self) {
        let mut changed = self.watch();
        while self.locked().is_none() {
            // We hold the sender.
            let _ = changed.changed().await;
        }
        self.secrets.works().await;
    }

    /// Reads the key of every provider: from the keychain, the environment, `.env`.
    pub async fn read_keys(&self) {
        let read = join_all(catalogue::all().map(|entry| async {
            let found = self.secrets.get(entry.name).await;
            (entry.name, found)
        }))
        .await;
        let mut state = self.state();
        let mut changed = false;
        let mut locked = None;
        for (name, found) in read {
            let now = match found {
                Ok(found) => found.map(|secret| Key::new(secret.expose())),
                Err(error) => {
                    locked = Some(error.to_string());
                    continue;
                }
            };
            let known = state.keys.get(name).map(Key::expose);
            if known == now.as_ref().map(Key::expose) {
                continue;
            }
            changed = true;
            match now {
                Some(key) => drop(state.keys.insert(name, key)),
                None => drop(state.keys.remove(name)),
            }
        }
        if changed {
            state.made = Made::default();
        }
        if std::mem::replace(&mut state.locked, locked) != state.locked || changed {
            drop(state);
            self.changed.send_modify(|count| *count += 1);
        }
    }

    /// Wakes whenever other keys were read, or it is otherwise whether they can be.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Why the keychain could not be asked for keys.
    pub fn locked(&self) -> Option<String> {
        self.state().locked.clone()
    }

    /// Whether there is a key for it.
    pub fn has_key(&self, entry: &Entry) -> bool {
        self.state().keys.contains_key(entry.name)
    }

    /// The account at a provider; `None` without the key that it needs.
    pub fn get(&self, settings: &Settings, entry: &'static Entry) -> Option<Arc<dyn Provider>> {
        if entry.needs_key && !self.has_key(entry) {
            return None;
        }
        match self.opened(settings, entry) {
            Ok(account) => Some(account),
            Err(failure) => {
                tracing::warn!(provider = entry.name, %failure, "provider_not_usable");
                self.note(entry.name, Some(failure.to_string()));
                None
            }
        }
    }

    fn opened(&self, settings: &Settings, entry: &'static Entry) -> Opened {
        let network = self.network.clone()?;
        let mut state = self.state();
        let State { keys, made, .. } = &mut *state;
        let calls = &settings.network;
        let setup = |name: &str| {
            let table = serde_json::to_value(settings.provider(name)).unwrap_or_default();
            Setup {
                network: network.clone(),
                key: keys.get(name).cloned(),
                retry: Retry {
                    attempts: calls.attempts,
                    wait: settings::seconds(calls.wait),
                    ..Retry::default()
                },
                limit: Limit::at_once(calls.concurrency as usize),
                table: table.as_object().cloned().unwrap_or_default(),
            }
        };
        made.follow(settings, setup);
        let open = || provider::open(entry, setup(entry.name));
        made.accounts.entry(entry.name).or_insert_with(open).clone()
    }

    /// The account at the provider of this name, for lists and tests.
    ///
    /// # Errors
    /// `BadInput` for an unknown name, `Unauthorised` without a key.
    pub fn named(&self, settings: &Settings, name: &str) -> Result<Arc<dyn Provider>> {
        let entry = catalogue::named(name).ok_or_else(|| nobody(name))?;
        if entry.needs_key && !self.has_key(entry) {
            let message = format!("{} {}.", entry.title, Fault::NoKey);
            return Err(Error::new(Kind::Unauthorised, message).from_origin(name));
        }
        Ok(self.opened(settings, entry)?)
    }

    /// Tests the key by one cheap call.
    ///
    /// # Errors
    /// What is wrong with it, or with the way there.
    pub async fn test(&self, settings: &Settings, name: &str) -> Result<Account> {
        let account = self.named(settings, name)?;
        let checked = within(account.check()).await;
        self.note(
            name,
            checked.as_ref().err().map(|error| error.message().to_owned()),
        );
        checked
    }

    /// Notes how a provider fared.
    pub fn note(&self, name: &str, problem: Option<String>) {
        let at = SystemTime::now();
        self.state()
            .health
            .insert(name.to_owned(), Health { problem, at });
    }

    /// How a provider fared when it was last used; `None` when it was not.
    pub fn health(&self, name: &str) -> Option<Health> {
        self.state().health.get(name).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.state().keys.keys().copied().collect();
        f.debug_struct("Accounts")
            .field("keys_for", &names)
            .finish_non_exhaustive()
    }
}

/// The names that are set in one of the tables and not, or otherwise, in the other.
fn changed<'a>(was: Option<&'a settings::Provider>, is: Option<&'a settings::Provider>) -> Vec<&'a str> {
    let names = [was, is].into_iter().flatten().flat_map(|table| table.0.keys());
    let value = |table: Option<&'a settings::Provider>, name: &str| table.and_then(|table| table.0.get(name));
    let names = names.filter(|name| value(was, name) != value(is, name));
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// No provider has this name.
pub fn nobody(name: &str) -> Error {
    let name: String = name.chars().take(64).collect();
    let known: Vec<&str> = catalogue::all().map(|entry| entry.name).collect();
    let known = known.join(", ");
    Error::new(
        Kind::BadInput,
        format!("There is no provider {name}; there are {known}."),
    )
}

/// A list or a test that somebody waits for, attempts and all.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for an answer for which a person waits too.
///
/// # Errors
/// The failure itself; `Timeout` when it takes too long.
pub async fn within<T>(call: impl Future<Output = std::result::Result<T, Failure>>) -> Result<T> {
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Error::new(
            Kind::Timeout,
            "The provider does not answer. Check the network, and try again.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use libretto_store::settings::{Provider as Table, Value};

    use super::*;

    fn setup(_: &str) -> Setup {
        Setup {
            network: Network::new().unwrap(),
            key: Some(Key::new("planted")),
            retry: Retry::default(),
            limit: Limit::default(),
            table: serde_json::Map::new(),
        }
    }

    #[test]
    fn only_what_cannot_go_on_is_opened_anew() {
        let mut made = Made::default();
        let mut settings = Settings::default();
        let mut open = |settings: &Settings| {
            made.follow(settings, setup);
            let account = |entry: &'static Entry| {
                let open = || provider::open(entry, setup(entry.name));
                made.accounts
                    .entry(entry.name)
                    .or_insert_with(open)
                    .clone()
                    .unwrap()
            };
            ["deepgram", "cartesia"]
                .map(|name| catalogue::named(name).unwrap())
                .map(account)
        };
        let first = open(&settings);
        for (provider, name, value, [deepgram, cartesia]) in [
            ("deepgram", "eot_threshold", Value::Number(0.8), [true, true]),
            ("deepgram", "endpointing", Value::Integer(500), [false, true]),
            (
                "cartesia",
                "turn_end_timeout_ms",
                Value::Integer(900),
                [true, true],
            ),
            ("cartesia", "emotion", Value::Text("calm".into()), [true, false]),
        ] {
            let before = open(&settings);
            let table = settings
                .providers
                .entry(provider.to_owned())
                .or_insert_with(Table::default);
            table.0.insert(name.to_owned(), value);
            let after = open(&settings);
            let same = [0, 1].map(|n| Arc::ptr_eq(&before[n], &after[n]));
            assert_eq!(same, [deepgram, cartesia], "{name}");
        }
        settings.network.attempts += 1;
        let last = open(&settings);
        assert!(
            !first
                .iter()
                .zip(&last)
                .any(|(first, last)| Arc::ptr_eq(first, last))
        );
    }
}
