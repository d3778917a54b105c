//! The operating system's keychain, on a thread of its own: it may ask the user for a password, or not answer at all,
//! and nothing else may wait for that.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use keyring_core::{CredentialStore, Entry, Error as KeyringError};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::secret::Secret;

/// Under this name keys stand in the keychain.
const SERVICE: &str = "libretto";
/// Requests that wait while the keychain is silent; more are refused.
const WAITING: usize = 32;

/// What the system's own keychain is called.
pub(super) const NAME: &str = if cfg!(target_os = "macos") {
    "macOS Keychain"
} else if cfg!(windows) {
    "Windows Credential Manager"
} else {
    "Secret Service"
};

/// Why the keychain cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is none.
    Absent,
    /// There is a service, but no keychain has been set up in it.
    Empty,
    /// It is locked, and was not unlocked when it asked.
    Locked,
    /// It did not answer in this time.
    Silent(Duration),
    /// Something else.
    Other(String),
}

type Job = Box<dyn FnOnce(&mut Door) + Send>;

/// A handle on the keychain's thread.
#[derive(Clone, Debug)]
pub(super) struct Keychain {
    jobs: SyncSender<Job>,
}

impl Keychain {
    pub(super) fn open() -> Self {
        let (jobs, queue) = sync_channel(WAITING);
        // Without a thread every request finds the queue closed, which is answered as a fault.
        let started = std::thread::Builder::new()
            .name("keychain".into())
            .spawn(move || serve(&queue));
        if let Err(error) = started {
            tracing::error!(%error, "no_thread_for_keychain");
        }
        Self { jobs }
    }

    /// Reads a key.
    pub(super) async fn read(&self, name: &str, wait: Duration) -> Result<Option<Secret>, Fault> {
        let name = name.to_owned();
        self.ask(wait, move |door| door.read(&name)).await
    }

    /// Writes a key and reads it again: only what comes back is stored.
    pub(super) async fn write(&self, name: &str, secret: Secret, wait: Duration) -> Result<(), Fault> {
        let name = name.to_owned();
        self.ask(wait, move |door| door.write(&name, &secret)).await
    }

    /// Takes a key out; true when there was one.
    pub(super) async fn remove(&self, name: &str, wait: Duration) -> Result<bool, Fault> {
        let name = name.to_owned();
        self.ask(wait, move |door| door.remove(&name)).await
    }

    /// Writes, reads and deletes a word that is no key. The answer comes when the keychain gives one.
    pub(super) fn probe(&self) -> oneshot::Receiver<Result<(), Fault>> {
        self.send(|door| {
            // Two programs may probe at once; each has its own entry.
            let name = format!("probe-{}", uuid::Uuid::now_v7());
            let word = Secret::new("libretto-keychain-probe").map_err(|e| Fault::Other(e.to_string()))?;
            let written = door.write(&name, &word);
            let removed = door.remove(&name);
            written?;
            if removed? {
                Ok(())
            } else {
                Err(Fault::Other("it did not keep what was written".into()))
            }
        })
    }

    async fn ask<T: Send + 'static>(
        &self,
        wait: Duration,
        work: impl FnOnce(&mut Door) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        match timeout(wait, self.send(work)).await {
            Ok(Ok(answer)) => answer,
            // The queue is full behind a keychain that does not answer, or the thread is gone.
            Ok(Err(_)) | Err(_) => Err(Fault::Silent(wait)),
        }
    }

    fn send<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Door) -> Result<T, Fault> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, Fault>> {
        let (answer, receiver) = oneshot::channel();
        let job: Job = Box::new(move |door| {
            // Nobody waits any longer for what was asked too long ago: a write must not come as a surprise.
            if !answer.is_closed() {
                let _ = answer.send(work(door));
            }
        });
        // A job that finds no place is dropped, and its receiver learns it from that.
        let _ = self.jobs.try_send(job);
        receiver
    }
}

fn serve(queue: &Receiver<Job>) {
    let mut door = Door { store: None };
    while let Ok(job) = queue.recv() {
        job(&mut door);
    }
}

/// The connection to the keychain, made when it is needed and made anew when it broke.
struct Door {
    store: Option<Arc<CredentialStore>>,
}

impl Door {
    fn read(&mut self, name: &str) -> Result<Option<Secret>, Fault> {
        let bytes = self.with(name, |entry| match entry.get_secret() {
            Ok(bytes) => Ok(Some(bytes)),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })?;
        let Some(bytes) = bytes.map(secrecy::zeroize::Zeroizing::new) else {
            return Ok(None);
        };
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Fault::Other("it holds something that is no key".into()))?;
        Secret::new(text)
            .map(Some)
            .map_err(|error| Fault::Other(error.to_string()))
    }

    fn write(&mut self, name: &str, secret: &Secret) -> Result<(), Fault> {
        self.with(name, |entry| entry.set_secret(secret.expose().as_bytes()))?;
        match self.read(name)? {
            Some(read) if read.expose() == secret.expose() => Ok(()),
            _ => Err(Fault::Other("it did not keep what was written".into())),
        }
    }

    fn remove(&mut self, name: &str) -> Result<bool, Fault> {
        self.with(name, |entry| match entry.delete_credential() {
            Ok(()) => Ok(true),
            Err(KeyringError::NoEntry) => Ok(false),
            Err(error) => Err(error),
        })
    }

    /// Does something with an entry. When an old connection fails, a new one is tried once: the daemon may have been
    /// started anew meanwhile.
    fn with<T>(&mut self, name: &str, work: impl Fn(&Entry) -> Result<T, KeyringError>) -> Result<T, Fault> {
        let fresh = self.store.is_none();
        let result = self.entry(name).and_then(|entry| work(&entry));
        let result = match result {
            Err(error) if !fresh && matches!(classify(&error), Fault::Other(_) | Fault::Absent) => {
                self.store = None;
                self.entry(name).and_then(|entry| work(&entry))
            }
            result => result,
        };
        result.map_err(|error| {
            self.store = None;
            classify(&error)
        })
    }

    fn entry(&mut self, name: &str) -> Result<Entry, KeyringError> {
        let store = match &self.store {
            Some(store) => store.clone(),
            None => self.store.insert(open_store()?).clone(),
        };
        // What the desktop's password app shows; the other systems show service and name.
        let label = format!("Libretto: {name}");
        let modifiers = HashMap::from([("label", label.as_str())]);
        let secret_service = cfg!(all(unix, not(target_vendor = "apple")));
        store.build(SERVICE, name, secret_service.then_some(&modifiers))
    }
}

fn open_store() -> Result<Arc<CredentialStore>, KeyringError> {
    #[cfg(target_os = "macos")]
    return Ok(apple_native_keyring_store::keychain::Store::new()?);
    #[cfg(windows)]
    return Ok(windows_native_keyring_store::Store::new()?);
    #[cfg(all(unix, not(target_vendor = "apple")))]
    return Ok(zbus_secret_service_keyring_store::Store::new()?);
}

/// The session bus says so when nobody offers a keychain, or whoever does could not be started.
#[cfg(all(unix, not(target_vendor = "apple")))]
const NOBODY: [&str; 5] = [
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.Spawn.ServiceNotFound",
    "org.freedesktop.DBus.Error.Spawn.ExecFailed",
    "org.freedesktop.DBus.Error.Spawn.ChildExited",
];

fn classify(error: &KeyringError) -> Fault {
    #[cfg(all(unix, not(target_vendor = "apple")))]
    if let KeyringError::PlatformFailure(cause) | KeyringError::NoStorageAccess(cause) = error
        && let Some(cause) = cause.downcast_ref::<secret_service::Error>()
    {
        use secret_service::Error as Cause;
        return match cause {
            Cause::NoResult => Fault::Empty,
            Cause::Locked | Cause::Prompt | Cause::PromptDisconnected => Fault::Locked,
            Cause::Unavailable
            | Cause::Zbus(
                zbus::Error::Address(_) | zbus::Error::Connection(..) | zbus::Error::InputOutput(_),
            ) => Fault::Absent,
            Cause::Zbus(zbus::Error::MethodError(name, ..)) if NOBODY.contains(&name.as_str()) => {
                Fault::Absent
            }
            other => Fault::Other(other.to_string()),
        };
    }
    match error {
        KeyringError::NoStorageAccess(_) => Fault::Locked,
        KeyringError::NoDefaultStore => Fault::Absent,
        other => Fault::Other(other.to_string()),
    }
}
