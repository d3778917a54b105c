//! Disk space, and the last step: a whole file takes its place.

use std::fs;
use std::io;
use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::DownloadError;
use crate::catalogue::{self, CatalogueError, File, Record, Seen, Shelf};

/// Turns a file's error into ours; a full disk has its own.
pub(super) fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DownloadError + use<> {
    let path = path.to_owned();
    move |error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DownloadError::Full {
            folder: path.parent().unwrap_or(&path).to_owned(),
            needed: "no more can be written".to_owned(),
        },
        io::ErrorKind::Interrupted => DownloadError::Cancelled,
        _ => DownloadError::Io { what, path, error },
    }
}

/// Fails when fewer than `bytes` fit on the disk that holds `folder`, beside those that must stay free. A system that
/// does not say how much is free is believed to have enough: writing will tell.
pub(super) fn room(folder: &Path, bytes: u64, spare: u64) -> Result<(), DownloadError> {
    let Ok(free) = fs4::available_space(folder) else {
        return Ok(());
    };
    let wanted = bytes.saturating_add(spare);
    if free >= wanted {
        return Ok(());
    }
    let needed = format!(
        "{} MB are needed and {} MB are free",
        wanted.div_ceil(1_000_000),
        free / 1_000_000
    );
    Err(DownloadError::Full {
        folder: folder.to_owned(),
        needed,
    })
}

/// Hashes `name.partial`, records what was found, and moves it to `name`. A file of the wrong hash is removed.
pub(super) fn file(
    shelf: &Shelf,
    id: &str,
    folder: &Path,
    file: &File,
    cancel: &CancellationToken,
) -> Result<(), DownloadError> {
    let (partial, whole) = (catalogue::partial(folder, &file.name), folder.join(&file.name));
    let sha256 =
        catalogue::hash(&partial, &mut |_| !cancel.is_cancelled()).map_err(failed("Reading", &partial))?;
    let mut record = Record::load(shelf.own(), id);
    let expected = file.sha256.or_else(|| record.first.get(&file.name).copied());
    if expected.is_some_and(|expected| expected != sha256) {
        fs::remove_file(&partial).map_err(failed("Removing", &partial))?;
        return Err(DownloadError::Hash(file.name.clone()));
    }
    // On the disk before it has its name: a crash must not leave a name with nothing behind it.
    let sync = fs::File::options()
        .write(true)
        .open(&partial)
        .and_then(|file| file.sync_all());
    sync.map_err(failed("Writing", &partial))?;
    fs::rename(&partial, &whole).map_err(failed("Writing", &whole))?;
    let metadata = whole.metadata().map_err(failed("Reading", &whole))?;
    record.saw(&whole, Seen::now(&metadata, sha256));
    if file.sha256.is_none() {
        record.first.entry(file.name.clone()).or_insert(sha256);
    }
    record
        .store(shelf.own(), id)
        .map_err(|error: CatalogueError| match error {
            CatalogueError::Io { what, path, error } => failed(what, &path)(error),
            other => other.into(),
        })
}
