//! The settings file: read once, changed value by value, written whole or not at all.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value as Plain;
use tokio::sync::watch;
use toml_edit::{Document, DocumentMut, Item};

use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::files;
use crate::notice::{Notice, Subject};

use super::edit::{self, Change, Held};
use super::model::Settings;
use super::read::{self, shown};
use super::undo::{Past, Step, Undone};
use super::{migrate, plain, schema};

/// Larger than any settings file that a person keeps.
const MAX_FILE: u64 = 1024 * 1024;
/// Another program's write takes milliseconds; after this long its lock is taken to be stuck, and the atomic rename
/// alone has to do.
const LOCK_WAIT: Duration = Duration::from_secs(1);
/// The first lines of a new file.
const HEADER: &str = "# Libretto's settings. What is not in here is as by default.\n";

/// The settings and their file. Everyone may read and change them; who wants to know of changes watches.
#[derive(Debug)]
pub struct SettingsFile {
    path: PathBuf,
    environment: Environment,
    state: Mutex<State>,
    settings: watch::Sender<Arc<Settings>>,
}

#[derive(Debug, Default)]
struct State {
    document: DocumentMut,
    /// The file as it was read or written last; `None` when there was none.
    on_disk: Option<Vec<u8>>,
    /// Changes that are not on the disk, because it could not be written.
    unsaved: Vec<(plain::Path, Option<Held>)>,
    past: Past,
    notices: Vec<Notice>,
    /// A file that could neither be understood nor put aside is not written over.
    keep_off: bool,
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

    /// The settings from now on: the receiver wakes whenever a value changed.
    pub fn watch(&self) -> watch::Receiver<Arc<Settings>> {
        self.settings.subscribe()
    }

    /// What the user is to be told about the file as it is now.
    pub fn notices(&self) -> Vec<Notice> {
        self.lock().notices.clone()
    }

    /// Reads the file again, if somebody else wrote it. True when a value changed.
    pub fn reload(&self) -> bool {
        let before = self.get();
        self.load(&mut self.lock(), false);
        before != self.get()
    }

    /// Changes values: `update(|s| s.vad.threshold = 0.6)`. Only what differs is written. The settings count at once
    /// and for everyone who watches.
    ///
    /// # Errors
    /// [`Error::Value`] when a value is out of bounds: nothing changed. [`Error::NotSaved`] when the file could not be
    /// written: the change holds until Libretto ends, and the next change tries to write it again.
    pub fn update(&self, change: impl FnOnce(&mut Settings)) -> Result<()> {
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
    /// `set("voice.providers", "openai, on-device")`. It is written even when it is the default.
    ///
    /// # Errors
    /// As [`SettingsFile::update`], and [`Error::NoSuchSetting`].
    pub fn set(&self, key: &str, text: &str) -> Result<()> {
        let (path, schema) = find(key)?;
        self.change(&[Change {
            path,
            value: Some(typed(schema, text)),
        }])
    }

    /// Lays a JSON merge patch (RFC 7386) upon what a dotted key names, in one change: a value is set, and written even
    /// when it is the default; of a section, the values that it names; `Null` takes out of the file.
    ///
    /// # Errors
    /// As [`SettingsFile::set`].
    pub fn put(&self, key: &str, value: Plain) -> Result<()> {
        let (path, _) = find(key)?;
        let mut changes = Vec::new();
        edit::patch(path, value, &mut changes);
        self.change(&changes)
    }

    fn change(&self, changes: &[Change]) -> Result<()> {
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

    /// Takes one value, or a whole section, out of the file: the environment or the default counts again.
    ///
    /// # Errors
    /// As [`SettingsFile::set`].
    pub fn reset(&self, key: &str) -> Result<()> {
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

    /// The number of the latest change that was made here; they count from 1. What changed no setting is none.
    pub fn changes(&self) -> u64 {
        self.lock().past.made()
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
        self.store(&mut state)?;
        Ok(Some(undone))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic cannot leave the state half changed in a way that matters: the document is read anew.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps other programs that write the file away, for as long as it is held.
    fn alone(&self) -> Option<File> {
        let folder = self.path.parent()?;
        files::private_folder(folder).ok()?;
        let lock = File::create(folder.join(".settings.lock")).ok()?;
        let since = Instant::now();
        while lock.try_lock().is_err() {
            if since.elapsed() > LOCK_WAIT {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(lock)
    }

    /// Reads the file unless it is as it was.
    fn load(&self, state: &mut State, first: bool) {
        let bytes = match files::read(&self.path, MAX_FILE) {
            Ok(bytes) => bytes,
            Err(error) => {
                if first {
                    self.give_up(state, &error.to_string());
                }
                return;
            }
        };
        if bytes == state.on_disk && !first {
            return;
        }
        state.on_disk.clone_from(&bytes);
        let Ok(text) = String::from_utf8(bytes.unwrap_or_default()) else {
            return self.give_up(state, "it is not text in UTF-8");
        };
        let mut document = match text.parse::<DocumentMut>() {
            Ok(document) => document,
            Err(error) => return self.give_up(state, &first_line(&error, &text)),
        };
        state.keep_off = false;
        let migrated = migrate::migrate(&mut document);
        for (path, item) in &state.unsaved {
            edit::put_back(&mut document, path, item.clone());
        }
        state.document = document;
        self.take(state, Vec::new());
        if migrated {
            self.keep_old_layout(state, &text);
        }
    }

    /// A file of an old layout is kept beside the new one.
    fn keep_old_layout(&self, state: &mut State, text: &str) {
        let aside = files::aside_name(&self.path, "old");
        let stored = files::replace(&aside, text.as_bytes()).and_then(|()| self.write(state));
        let sentence = match stored {
            Ok(()) => format!(
                "The settings were brought to the present layout; the old ones are in {}.",
                aside.display()
            ),
            Err(error) => {
                format!("The settings are of an old layout. They count, but could not be rewritten: {error}.")
            }
        };
        state.notices.push(Notice::new(Subject::Settings, sentence));
    }

    /// A file that cannot be understood is put aside, and the defaults count.
    fn give_up(&self, state: &mut State, reason: &str) {
        let what = self.path.display();
        let sentence = match files::put_aside(&self.path, "broken") {
            Ok(aside) => {
                state.on_disk = None;
                state.keep_off = false;
                format!(
                    "{what} could not be read: {reason}. It is kept as {}, and the defaults count.",
                    aside.display()
                )
            }
            Err(error) => {
                state.keep_off = true;
                format!(
                    "{what} could not be read: {reason}. The defaults count, and changes hold until Libretto ends, \
                     since it could not be put aside either: {error}."
                )
            }
        };
        state.document = DocumentMut::new();
        self.take(state, vec![Notice::new(Subject::Settings, sentence)]);
    }

    /// Makes the document count.
    fn take(&self, state: &mut State, mut notices: Vec<Notice>) {
        let text = state.document.to_string();
        let reading = match Document::parse(text) {
            Ok(document) => read::read(&document, &self.environment),
            // What was parsed or built from values can be parsed again.
            Err(error) => return tracing::error!(%error, "settings_not_writable"),
        };
        notices.extend(reading.notices);
        state.notices = notices;
        self.settings.send_if_modified(|settings| {
            let changed = **settings != reading.settings;
            *settings = Arc::new(reading.settings);
            changed
        });
    }

    fn apply(&self, state: &mut State, changes: &[Change]) -> Result<()> {
        let counted = self.get();
        let mut steps = Vec::new();
        for change in changes {
            let before = edit::hold(&state.document, &change.path);
            edit::apply(&mut state.document, change);
            let after = edit::hold(&state.document, &change.path);
            if edit::same(before.as_ref(), after.as_ref()) {
                continue;
            }
            state.unsaved.push((change.path.clone(), after.clone()));
            let path = change.path.clone();
            steps.push(Step { path, before, after });
        }
        if state.unsaved.is_empty() {
            return Ok(());
        }
        let stored = self.store(state);
        // What counts as it did before has nothing to be undone.
        if counted != self.get() {
            state.past.push(steps);
        }
        stored
    }

    /// Makes the document count and writes it.
    fn store(&self, state: &mut State) -> Result<()> {
        if state.on_disk.is_none() && state.document.as_table().decor().prefix().is_none() {
            state.document.as_table_mut().decor_mut().set_prefix(HEADER);
        }
        if migrate::version(&state.document) < migrate::VERSION {
            migrate::put_version(&mut state.document);
        }
        self.take(state, Vec::new());
        self.write(state).map_err(|source| Error::NotSaved {
            path: self.path.clone(),
            source,
        })
    }

    fn write(&self, state: &mut State) -> std::io::Result<()> {
        if state.keep_off {
            let reason = "the file there cannot be read, and is not written over";
            return Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, reason));
        }
        let text = state.document.to_string();
        files::replace(&self.path, text.as_bytes())?;
        state.on_disk = Some(text.into_bytes());
        state.unsaved.clear();
        Ok(())
    }
}

/// Where a syntax error is, in one line.
fn first_line(error: &toml_edit::TomlError, text: &str) -> String {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map(|before| before.matches('\n').count() + 1);
    let what = error
        .message()
        .lines()
        .next()
        .unwrap_or("it is not TOML")
        .to_owned();
    line.map_or_else(|| what.clone(), |line| format!("line {line}: {what}"))
}

fn refused(wrong: &schema::Wrong) -> Error {
    let reason = format!("it must be {}", wrong.expected);
    Error::Value {
        key: plain::dotted(&wrong.path),
        value: shown(&wrong.value),
        reason,
    }
}

/// The path and meaning of a dotted key.
fn find(key: &str) -> Result<(plain::Path, &'static Plain)> {
    let path: plain::Path = key.trim().split('.').map(str::to_owned).collect();
    let unknown = || Error::NoSuchSetting(key.trim().chars().take(100).collect());
    if path.iter().any(|step| step.is_empty() || step.len() > 100) || path.len() > 8 {
        return Err(unknown());
    }
    let schema = schema::at(&path).ok_or_else(unknown)?;
    Ok((path, schema))
}

/// Typed text as the value that the setting takes; what does not fit stays text and is refused by the check.
fn typed(schema: &Plain, text: &str) -> Plain {
    let text = text.trim();
    let parsed = text
        .parse::<toml_edit::Value>()
        .ok()
        .and_then(|v| plain::from_item(&Item::Value(v)));
    match parsed {
        Some(value @ Plain::Array(_)) if schema::takes(schema, "array") => value,
        _ if schema::takes(schema, "array") => text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect(),
        Some(value @ Plain::String(_)) => value,
        _ if schema::takes(schema, "string") => text.into(),
        Some(value) => value,
        None => text.into(),
    }
}

/// For tests and tools: the file's text.
impl std::fmt::Display for SettingsFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.lock().document.to_string())
    }
}
