//! The settings file on the disk: read unless it is as it was, written whole, and never lost.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use toml_edit::{Document, DocumentMut};

use crate::files;
use crate::notice::{Notice, Subject};

use super::file::{SettingsFile, State};
use super::{edit, migrate, read};

/// Larger than any settings file that a person keeps.
pub(super) const MAX_FILE: u64 = 1024 * 1024;
/// Another program's write takes milliseconds, on a busy machine some seconds where many write at once; after this long
/// its lock is taken to be stuck, and the atomic rename alone has to do.
const LOCK_WAIT: Duration = Duration::from_secs(10);

impl SettingsFile {
    /// Keeps other programs that write the file away, for as long as it is held.
    pub(super) fn alone(&self) -> Option<File> {
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
    pub(super) fn load(&self, state: &mut State, first: bool) {
        let bytes = match files::read(&self.path, MAX_FILE) {
            Ok(bytes) => bytes,
            Err(error) => return self.unreadable(state, &error.to_string(), first),
        };
        if bytes == state.on_disk && !first {
            return;
        }
        state.on_disk.clone_from(&bytes);
        let Ok(text) = String::from_utf8(bytes.unwrap_or_default()) else {
            return self.unreadable(state, "it is not text in UTF-8", first);
        };
        let mut document = match text.parse::<DocumentMut>() {
            Ok(document) => document,
            Err(error) => return self.unreadable(state, &first_line(&error, &text), first),
        };
        let mended = state.keep_off.take().is_some();
        let migrated = migrate::migrate(&mut document);
        for (path, item) in &state.unsaved {
            edit::put_back(&mut document, path, item.clone());
        }
        state.document = document;
        self.take(state, Vec::new());
        if migrated {
            self.keep_old_layout(state, &text);
        } else if mended
            && !state.unsaved.is_empty()
            && let Err(error) = self.write(state)
        {
            // The next change tries again.
            tracing::warn!(%error, "settings_not_written");
        }
    }

    fn unreadable(&self, state: &mut State, reason: &str, first: bool) {
        if first {
            self.give_up(state, reason);
        } else {
            self.hold_on(state, reason);
        }
    }

    /// Somebody edits the file and has not finished, or made a mistake: nothing is taken from it, and nothing written
    /// over it, until it can be read again.
    fn hold_on(&self, state: &mut State, reason: &str) {
        let sentence = format!(
            "{} cannot be read as it is now: {reason}. The settings stay as they were until it is mended; what is \
             changed here meanwhile is written then.",
            self.path.display()
        );
        let notice = Some(Notice::new(Subject::Settings, sentence));
        self.settings
            .send_if_modified(|_| std::mem::replace(&mut state.keep_off, notice.clone()) != notice);
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
        let told = |sentence: String| Notice::new(Subject::Settings, sentence);
        let mut notices = Vec::new();
        match files::put_aside(&self.path, "broken") {
            Ok(aside) => {
                state.on_disk = None;
                state.keep_off = None;
                notices.push(told(format!(
                    "{what} could not be read: {reason}. It is kept as {}, and the defaults count.",
                    aside.display()
                )));
            }
            Err(error) => {
                state.keep_off = Some(told(format!(
                    "{what} could not be read: {reason}. The defaults count, and changes hold until Libretto ends, \
                     since it could not be put aside either: {error}."
                )));
            }
        }
        state.document = DocumentMut::new();
        self.take(state, notices);
    }

    /// Makes the document count.
    pub(super) fn take(&self, state: &mut State, mut notices: Vec<Notice>) {
        let text = state.document.to_string();
        let reading = match Document::parse(text) {
            Ok(document) => read::read(&document, &self.environment),
            // What was parsed or built from values can be parsed again.
            Err(error) => return tracing::error!(%error, "settings_not_writable"),
        };
        notices.extend(reading.notices);
        let told = std::mem::replace(&mut state.notices, notices) != state.notices;
        self.settings.send_if_modified(|settings| {
            let changed = told || **settings != reading.settings;
            *settings = Arc::new(reading.settings);
            changed
        });
    }

    pub(super) fn write(&self, state: &mut State) -> std::io::Result<()> {
        if state.keep_off.is_some() {
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
