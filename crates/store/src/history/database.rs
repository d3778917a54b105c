//! The database file: opened, brought to the present layout, put aside when it is broken.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::Duration;

use libretto_voice::Kind;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::error::Error;
use crate::files;

use super::fold;

/// Another program's write takes milliseconds.
const BUSY: Duration = Duration::from_secs(5);

/// Each layout's step from the one before; the database's `user_version` counts them.
const STEPS: [fn(&Transaction<'_>) -> rusqlite::Result<()>; 2] = [to_1, to_2];

/// Why a database could not be opened.
#[derive(Debug)]
pub(super) enum Unopened {
    /// A newer Libretto made it.
    Newer(i64),
    /// Its contents are damaged, or it is no database.
    Broken(String),
    /// It cannot be had at the moment.
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for Unopened {
    fn from(error: rusqlite::Error) -> Self {
        if is_broken(&error) {
            Unopened::Broken(error.to_string())
        } else {
            Unopened::Sql(error)
        }
    }
}

/// Opens the database at a path, or one in memory.
pub(super) fn open(path: Option<&Path>) -> Result<Connection, Unopened> {
    let mut connection = match path {
        None => Connection::open_in_memory()?,
        Some(path) => {
            make(path).map_err(|error| Unopened::Sql(from_io(path, &error)))?;
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(path, flags)?
        }
    };
    connection.busy_timeout(BUSY)?;
    // What was said must survive a power cut, hence FULL; it costs one flush for each exchange, off every hot path.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;
         PRAGMA trusted_schema = OFF;",
    )?;
    if path.is_some() {
        let fine: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if fine != "ok" {
            return Err(Unopened::Broken(fine));
        }
    }
    migrate(&mut connection)?;
    Ok(connection)
}

/// Makes an empty file that only its owner can read; `SQLite` gives its other files the same rights.
fn make(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        files::private_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// An error of the file system as `SQLite` would say it.
fn from_io(path: &Path, error: &io::Error) -> rusqlite::Error {
    let code = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => rusqlite::ffi::SQLITE_FULL,
        io::ErrorKind::ReadOnlyFilesystem => rusqlite::ffi::SQLITE_READONLY,
        _ => rusqlite::ffi::SQLITE_CANTOPEN,
    };
    let text = format!("{}: {error}", path.display());
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(text))
}

fn migrate(connection: &mut Connection) -> Result<(), Unopened> {
    // Two programs may come at once: the second one waits, and finds the work done.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(version).map_err(|_| Unopened::Broken(format!("layout {version}")))?;
    if done > STEPS.len() {
        return Err(Unopened::Newer(version));
    }
    for step in &STEPS[done..] {
        step(&transaction)?;
    }
    transaction.pragma_update(None, "user_version", STEPS.len())?;
    transaction.commit()?;
    Ok(())
}

/// The first draft: what was said and answered.
fn to_1(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "CREATE TABLE sessions (
             id TEXT PRIMARY KEY,
             title TEXT NOT NULL,
             created INTEGER NOT NULL
         );
         CREATE TABLE exchanges (
             id INTEGER PRIMARY KEY AUTOINCREMENT,
             session TEXT NOT NULL REFERENCES sessions (id),
             created INTEGER NOT NULL,
             user TEXT NOT NULL,
             reply TEXT NOT NULL
         );",
    )
}

/// What was heard, who did it, when; and the index to search in. Times are milliseconds since 1970.
fn to_2(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "ALTER TABLE sessions ADD COLUMN updated INTEGER NOT NULL DEFAULT 0;
         UPDATE sessions SET updated =
             coalesce((SELECT max(created) FROM exchanges WHERE session = sessions.id), created);
         CREATE INDEX sessions_by_time ON sessions (updated DESC, id DESC);

         ALTER TABLE exchanges RENAME TO draft;
         CREATE TABLE exchanges (
             id INTEGER PRIMARY KEY AUTOINCREMENT,
             session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
             turn INTEGER NOT NULL,
             created INTEGER NOT NULL,
             user TEXT NOT NULL,
             reply TEXT NOT NULL,
             heard INTEGER NOT NULL,
             cut INTEGER NOT NULL,
             recogniser TEXT,
             model TEXT,
             voice TEXT,
             language TEXT,
             ledger TEXT,
             alignment TEXT
         );
         CREATE INDEX exchanges_by_session ON exchanges (session, id);
         CREATE INDEX exchanges_by_time ON exchanges (created);
         CREATE VIRTUAL TABLE search USING fts5 (
             user, reply, tokenize = \"unicode61 remove_diacritics 0 categories 'L* N* M* Co'\"
         );
         INSERT INTO search (search, rank) VALUES ('secure-delete', 1);",
    )?;
    // The draft did not know what was heard: it was all.
    let mut draft = transaction.prepare("SELECT id, session, created, user, reply FROM draft ORDER BY id")?;
    let mut rows = draft.query([])?;
    while let Some(row) = rows.next()? {
        let (id, session, created): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (user, reply): (String, String) = (row.get(3)?, row.get(4)?);
        let heard = libretto_voice::text::count(&reply);
        transaction.execute(
            "INSERT INTO exchanges (id, session, turn, created, user, reply, heard, cut)
             VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, 0)",
            (id, &session, created, &user, &reply, heard),
        )?;
        transaction.execute(
            "INSERT INTO search (rowid, user, reply) VALUES (?1, ?2, ?3)",
            (id, fold::indexed(&user), fold::indexed(&reply)),
        )?;
    }
    drop(rows);
    drop(draft);
    transaction.execute_batch("DROP TABLE draft;")
}

/// Puts a broken database aside with its journals, and says where it is now.
pub(super) fn put_aside(path: &Path) -> io::Result<std::path::PathBuf> {
    let aside = files::put_aside(path, "broken")?;
    for journal in ["-wal", "-shm"] {
        let with = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(journal);
            name
        };
        // Often there is none.
        let _ = std::fs::rename(with(path), with(&aside));
    }
    Ok(aside)
}

/// Whether the file's contents are at fault.
pub(super) fn is_broken(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    ) || matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..)
    )
}

/// Whether the same write may succeed later.
pub(super) fn may_pass(error: &rusqlite::Error) -> bool {
    use ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, FileLockingProtocolFailed, NoLargeFileSupport,
        OperationInterrupted, OutOfMemory, PermissionDenied, ReadOnly, SystemIoFailure,
    };
    matches!(
        error.sqlite_error_code(),
        Some(
            CannotOpen
                | DatabaseBusy
                | DatabaseLocked
                | DiskFull
                | FileLockingProtocolFailed
                | NoLargeFileSupport
                | OperationInterrupted
                | OutOfMemory
                | PermissionDenied
                | ReadOnly
                | SystemIoFailure
        )
    )
}

/// As the user is told.
pub(super) fn told(error: &rusqlite::Error) -> Error {
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "Free some space on the disk.",
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            "Make its folder writable, or name another one in LIBRETTO_DATA."
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "Another program holds it; try again when that has finished."
        }
        _ => "Check the disk, then start Libretto again.",
    };
    let kind = if may_pass(error) {
        Kind::Unavailable
    } else {
        Kind::Internal
    };
    Error::History {
        reason: error.to_string(),
        advice,
        kind,
    }
}
