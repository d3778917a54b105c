//! What was hashed before: so that a start does not hash gigabytes again, and so that a file whose hash nobody knew
//! is at least the one that it was on the first day.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::entry::Digest;
use super::error::CatalogueError;

/// A file as it was when it was hashed. A file with another size or time is another file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    bytes: u64,
    /// Nanoseconds since 1970, of the last change.
    changed: i64,
    pub(crate) sha256: Digest,
}

impl Seen {
    pub(crate) fn now(metadata: &fs::Metadata, sha256: Digest) -> Self {
        Self {
            bytes: metadata.len(),
            changed: changed(metadata),
            sha256,
        }
    }

    pub(crate) fn is(&self, metadata: &fs::Metadata) -> bool {
        self.bytes == metadata.len() && self.changed == changed(metadata)
    }
}

fn changed(metadata: &fs::Metadata) -> i64 {
    let since = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since
        .and_then(|since| i64::try_from(since.as_nanos()).ok())
        .unwrap_or(0)
}

/// What is known of one model's files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    /// By path: a model can lie in several folders.
    seen: BTreeMap<String, Seen>,
    /// Hashes that files of unknown hash had when the user first allowed them.
    pub(crate) first: BTreeMap<String, Digest>,
}

impl Record {
    /// What was recorded of a model; nothing when the record is missing or unreadable, which costs one more hash.
    pub(crate) fn load(own: &Path, id: &str) -> Self {
        let text = fs::read_to_string(path(own, id)).unwrap_or_default();
        toml::from_str(&text).unwrap_or_default()
    }

    pub(crate) fn seen(&self, file: &Path) -> Option<&Seen> {
        self.seen.get(&*file.to_string_lossy())
    }

    pub(crate) fn saw(&mut self, file: &Path, seen: Seen) {
        self.seen.insert(file.to_string_lossy().into_owned(), seen);
    }

    /// Writes it beside the old one and takes its place at once, so that no reader sees half of it.
    pub(crate) fn store(&self, own: &Path, id: &str) -> Result<(), CatalogueError> {
        let path = path(own, id);
        let write = || -> io::Result<()> {
            let folder = path.parent().unwrap_or(own);
            fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(toml::to_string(self).map_err(io::Error::other)?.as_bytes())?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(CatalogueError::io("Writing", path.clone()))
    }

    pub(crate) fn remove(own: &Path, id: &str) -> io::Result<()> {
        fs::remove_file(path(own, id))
    }
}

fn path(own: &Path, id: &str) -> PathBuf {
    own.join(".checked").join(format!("{id}.toml"))
}
