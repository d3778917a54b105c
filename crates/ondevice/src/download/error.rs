//! What can go wrong with a download.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;

use libretto_voice::{Error, Kind};

use crate::catalogue::{CatalogueError, Client};

/// A failure of a download.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The catalogue or the folder of models.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// Nobody knows the hash that the files should have.
    #[error(
        "“{0}” is not verified: nobody knows which hash its files should have. Download it with `--unverified` if you trust where it comes from."
    )]
    Unverified(String),
    /// The disk is too full.
    #[error("The disk that holds {} is full: {needed}. Free some space or name another folder in LIBRETTO_MODELS, then try again; what was downloaded is kept.", folder.display())]
    Full {
        /// Where.
        folder: PathBuf,
        /// What is needed and what is there, as a clause.
        needed: String,
    },
    /// A file of ours cannot be used.
    #[error("{what} {} failed: {error}. Check that the folder may be written, or name another one in LIBRETTO_MODELS.", path.display())]
    Io {
        /// What was tried: "Reading", "Writing", ….
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        error: io::Error,
    },
    /// Called off.
    #[error("The download was cancelled. What was downloaded is kept for the next time.")]
    Cancelled,
    /// npm or pip is not installed.
    #[error("{} Then try again.", no_client(*.0))]
    NoClient(Client),
    /// npm or pip could not fetch a package: a sentence that says why.
    #[error("{0}")]
    Package(String),
    /// The archive is damaged, or lacks the file.
    #[error("The package's archive cannot be used: {0}.")]
    Archive(String),
    /// The server says no.
    #[error("The server answered {0}.")]
    Status(u16),
    /// The connection failed.
    #[error("The connection failed: {0}.")]
    Http(String),
    /// Nothing came for too long.
    #[error("Nothing came for {0} seconds.")]
    Stalled(u64),
    /// The file has not the size that it should have.
    #[error("The file there has {found} bytes and not {expected}, so it is another file.")]
    Length {
        /// What the server says or sends.
        found: u64,
        /// What the catalogue says.
        expected: u64,
    },
    /// The file is not the one that it should be.
    #[error("{0} has not the hash that it should have, so it was damaged or changed.")]
    Hash(String),
    /// A fault of our own.
    #[error("The download broke down: {0}. Please report this.")]
    Internal(String),
    /// Every source of a file failed.
    #[error(
        "“{file}” of the model “{model}” could not be downloaded. {} Check the network connection, then try again; what was downloaded is kept.",
        list(failures)
    )]
    Sources {
        /// Which model.
        model: String,
        /// Which of its files.
        file: String,
        /// What was tried, with what result.
        failures: Vec<String>,
    },
}

fn no_client(client: Client) -> &'static str {
    match client {
        Client::Npm => "npm was not found. Install Node.js (on Debian and Ubuntu: apt install npm).",
        Client::Pip => {
            "pip was not found. Install Python 3 with pip (on Debian and Ubuntu: apt install python3-pip)."
        }
    }
}

fn list(failures: &[String]) -> String {
    match failures {
        [] => "The catalogue names no place for it.".to_owned(),
        some => format!("From {}", some.join(" From ")),
    }
}

impl DownloadError {
    /// True when another source cannot help.
    pub(super) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Catalogue(_) | Self::Full { .. } | Self::Io { .. } | Self::Cancelled
        )
    }

    /// What to match on.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Catalogue(error) => error.kind(),
            Self::Unverified(_) => Kind::BadInput,
            Self::Cancelled => Kind::Cancelled,
            Self::NoClient(_) => Kind::Unsupported,
            Self::Stalled(_) => Kind::Timeout,
            Self::Internal(_) => Kind::Internal,
            _ => Kind::Unavailable,
        }
    }
}

impl From<tokio::task::JoinError> for DownloadError {
    fn from(error: tokio::task::JoinError) -> Self {
        // Only a runtime that shuts down cancels our tasks.
        if error.is_cancelled() {
            Self::Cancelled
        } else {
            Self::Internal(error.to_string())
        }
    }
}

impl From<DownloadError> for Error {
    fn from(error: DownloadError) -> Self {
        Error::new(error.kind(), error.to_string())
            .with_source(error)
            .from_origin("on-device")
    }
}

/// An error with what caused it, without the address, which may hold a key.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut text = if error.is_connect() {
        "no connection".to_owned()
    } else {
        "it broke off".to_owned()
    };
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
