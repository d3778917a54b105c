//! The settings file: read once, changed value by value, written whole or not at all.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value as Plain;
use tokio::sync::watch;
use toml_edit::DocumentMut;

use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::files::Stamp;
use crate::notice::Notice;

use super::disk::MAX_FILE;
use super::edit::{self, Change, Held};
use super::model::Settings;
use super::typed::{find, refused, typed};
use super::undo::{Past, Step, Undone};
use super::{migrate, plain, schema};

/// The first lines of a new file.
const HEADER: &str = "# Libretto's settings. What is not in here is as by default.\n";

/// The settings and their file. Everyone may read and change them; who wants to know of changes watches.
#[derive(Debug)]
pub struct SettingsFile {
    pub(super) path: PathBuf,
    pub(super) environment: Environment,
    state: Mutex<State>,
    pub(super) settings: watch::Sender<Arc<Settings>>,
}

/// What is known of the file.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) document: DocumentMut,
    /// The file as it was read or written last; `None` when there was none.
    pub(super) on_disk: Option<Vec<u8>>,
    /// Changes that are not on the disk, because it could not be written.
    pub(super) unsaved: Vec<(plain::Path, Option<Held>)>,
    past: Past,
    pub(super) notices: Vec<Notice>,
    /// A file that cannot be understood, and was not put aside, is not written over. What is told of it.
    pub(super) keep_off: Option<Notice>,
}

impl SettingsFile {
    /// Reads `settings.toml` in the environment's place. It never fails: what is wrong is in [`SettingsFile::notices`],
    /// and the defaults count where nothing else does.
    pub fn open(environment: Environment) -> Self {
        let path = environment.places().settings();
        let file = Self {
            path,
            environment,
            state: Mutex::default(),
            settings: watch::Sender::new(Arc::default()),
        };
        file.load(&mut file.lock(), true);
        file
    }

    /// The file's path; there may be no file yet.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The settings as they are now.
    pub fn get(&self) -> Arc<Settings> {
        self.settings.borrow().clone()
    }

    /// The settings from now on: the receiver wakes whenever a value changed, or what the user is to be told.
    pub fn watch(&self) -> watch::Receiver<Arc<Settings>> {
        self.settings.subscribe()
    }

    /// What the user is to be told about the file as it is now.
    pub fn notices(&self) -> Vec<Notice> {
        let state = self.lock();
        state.keep_off.iter().chain(&state.notices).cloned().collect()
    }

    /// Changes with the file: whoever watches it for others' changes compares it.
    pub fn stamp(&self) -> Stamp {
        Stamp::of(&self.path)
    }

    /// Reads the file again, if somebody else wrote it. True when a value changed. One that cannot be understood stays
    /// where it is, for somebody may be in the middle of writing it: what counted before goes on counting, and
    /// [`SettingsFile::notices`] says so.
    pub fn reload(&self) -> bool {
        let before = self.get();
        self.load(&mut self.lock(), false);
        before != self.get()
    }

    /// Changes values: `update(|s| s.vad.threshold = 0.6)`. Only what differs is written. The settings count at once
    /// and for everyone who watches. Answers the change's number, by which it can be taken back; changes count from 1.
    /// What changed no setting is none, nor is how long conversations are kept: what is older is deleted at once.
    ///
    /// # Errors
    /// [`Error::Value`] when a value is out of bounds: nothing changed. [`Error::NotSaved`] when the file could not be
    /// written: the change holds until Libretto ends, and the next change tries to write it again.
    /// [`Error::SettingsFull`] when the file would be larger than what is read again: nothing changed.
    pub fn update(&self, change: impl FnOnce(&mut Settings)) -> Result<Option<u64>> {
        let mut state = self.lock();
        let _alone = self.alone();
        self.load(&mut state, false);
        let before = self.get();
        let mut after = (*before).clone();
        change(&mut after);
        let plain = |settings: &Settings| {
            serde_json::to_value(settings).map_err(|error| Error::Internal(error.to_string()))
        };
        let after = plain(&after)?;
        if let Some(wrong) = schema::check(&after).into_iter().next() {
            return Err(refused(&wrong));
        }
        let changes = edit::difference(&plain(&before)?, &after);
        self.apply(&mut state, &changes)
    }

    /// Sets one value by its dotted key, as a person types it: `set("vad.threshold", "0.6")`,
    /// `set("voice.providers", "openai, on-device")`. It is written even when it is the default. Answers as
    /// [`SettingsFile::update`].
    ///
    /// # Errors
    /// As [`SettingsFile::update`], and [`Error::NoSuchSetting`].
    pub fn set(&self, key: &str, text: &str) -> Result<Option<u64>> {
        let (path, schema) = find(key)?;
        self.change(&[Change {
            path,
            value: Some(typed(schema, text)),
        }])
    }

    /// Lays a JSON merge patch (RFC 7386) upon what a dotted key names, in one change: a value is set, and written even
    /// when it is the default; of a section, the values that it names; `Null` takes out of the file. Answers as
    /// [`SettingsFile::update`].
    ///
    /// # Errors
    /// As [`SettingsFile::set`].
    pub fn put(&self, key: &str, value: Plain) -> Result<Option<u64>> {
        let (path, _) = find(key)?;
        let mut changes = Vec::new();
        edit::patch(path, value, &mut changes);
        self.change(&changes)
    }

    fn change(&self, changes: &[Change]) -> Result<Option<u64>> {
        let values = changes
            .iter()
            .filter_map(|change| Some((&change.path, change.value.clone()?)));
        for (path, value) in values {
            let layer = path
                .iter()
                .rev()
                .fold(value, |inner, step| serde_json::json!({ step: inner }));
            if let Some(wrong) = schema::check(&layer).into_iter().next() {
                return Err(refused(&wrong));
            }
        }
        let mut state = self.lock();
        let _alone = self.alone();
        self.load(&mut state, false);
        self.apply(&mut state, changes)
    }

    /// Takes one value, or a whole section, out of the file: the environment or the default counts again. Answers as
    /// [`SettingsFile::update`].
    ///
    /// # Errors
    /// As [`SettingsFile::set`].
    pub fn reset(&self, key: &str) -> Result<Option<u64>> {
        let (path, _) = find(key)?;
        self.change(&[Change { path, value: None }])
    }

    /// What counts for a dotted key: a value, or a section as a table. `Null` when nothing is set.
    ///
    /// # Errors
    /// [`Error::NoSuchSetting`].
    pub fn value(&self, key: &str) -> Result<Plain> {
        let (path, _) = find(key)?;
        let all = serde_json::to_value(&*self.get()).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(plain::at(&all, &path).cloned().unwrap_or(Plain::Null))
    }

    /// The number of the change that [`SettingsFile::undo`] would take back.
    pub fn undoable(&self) -> Option<u64> {
        let state = self.lock();
        state.past.undoable(&state.document)
    }

    /// Takes the last change back, and says what it was; `None` when there is nothing left to undo.
    ///
    /// # Errors
    /// [`Error::NotSaved`], as [`SettingsFile::update`].
    pub fn undo(&self) -> Result<Option<Undone>> {
        self.take_back(|state| state.past.undoable(&state.document))
    }

    /// Takes one change back, whatever was changed after it; `None` when all of it was changed again since.
    ///
    /// # Errors
    /// [`Error::NotSaved`], as [`SettingsFile::update`].
    pub fn undo_change(&self, number: u64) -> Result<Option<Undone>> {
        self.take_back(|_| Some(number))
    }

    fn take_back(&self, which: impl FnOnce(&State) -> Option<u64>) -> Result<Option<Undone>> {
        let mut state = self.lock();
        let _alone = self.alone();
        self.load(&mut state, false);
        let Some(number) = which(&state) else {
            return Ok(None);
        };
        let before = state.clone();
        let State { past, document, .. } = &mut *state;
        let steps = past.take(number, document);
        if steps.is_empty() {
            return Ok(None);
        }
        let undone = Undone::of(&steps);
        for Step { path, before, .. } in steps {
            edit::put_back(&mut state.document, &path, before.clone());
            state.unsaved.push((path, before));
        }
        self.store(&mut state, before)?;
        Ok(Some(undone))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic cannot leave the state half changed in a way that matters: the document is read anew.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn apply(&self, state: &mut State, changes: &[Change]) -> Result<Option<u64>> {
        let (counted, before) = (self.get(), state.clone());
        let mut steps = Vec::new();
        for change in changes {
            let was = edit::hold(&state.document, &change.path);
            edit::apply(&mut state.document, change);
            let after = edit::hold(&state.document, &change.path);
            if edit::same(was.as_ref(), after.as_ref()) {
                continue;
            }
            state.unsaved.push((change.path.clone(), after.clone()));
            let path = change.path.clone();
            steps.push(Step {
                path,
                before: was,
                after,
            });
        }
        if state.unsaved.is_empty() {
            return Ok(None);
        }
        let stored = self.store(state, before);
        if let Err(Error::SettingsFull(_)) = stored {
            return stored.map(|()| None);
        }
        // What counts as it did before has nothing to be undone.
        let number = (counted != self.get()).then(|| state.past.push(steps));
        stored.map(|()| number.flatten())
    }

    /// Makes the document count and writes it; one that would be too large to be read again is as it was before.
    fn store(&self, state: &mut State, before: State) -> Result<()> {
        if state.on_disk.is_none() && state.document.as_table().decor().prefix().is_none() {
            state.document.as_table_mut().decor_mut().set_prefix(HEADER);
        }
        if migrate::version(&state.document) < migrate::VERSION {
            migrate::put_version(&mut state.document);
        }
        if state.document.to_string().len() as u64 > MAX_FILE {
            *state = before;
            return Err(Error::SettingsFull(MAX_FILE));
        }
        self.take(state, Vec::new());
        self.write(state).map_err(|source| Error::NotSaved {
            path: self.path.clone(),
            source,
        })
    }
}

/// For tests and tools: the file's text.
impl std::fmt::Display for SettingsFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.lock().document.to_string())
    }
}
