//! What can be wrong with the catalogue and with the folders of models.

use std::io;
use std::path::PathBuf;

use libretto_voice::{Error, Kind};

/// A failure of the catalogue or of the shelf.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// Not TOML, or not of the catalogue's form.
    #[error(
        "The catalogue cannot be read: {0}. Correct the file, or remove it to use the models that Libretto knows."
    )]
    Unreadable(String),
    /// An entry contradicts itself.
    #[error("The catalogue's entry “{0}” {1}. Correct it in the catalogue file.")]
    Entry(String, &'static str),
    /// No such id.
    #[error("There is no model “{0}” in the catalogue. `libretto-cli models list` shows those there are.")]
    Unknown(String),
    /// A folder or file cannot be used.
    #[error("{what} {} failed: {error}. Check that the folder exists and may be written, or name another one in LIBRETTO_MODELS.", path.display())]
    Io {
        /// What was tried: "Reading", "Writing", ….
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        error: io::Error,
    },
    /// It is not ours to remove.
    #[error("“{0}” is part of the installation in {path} and is not removed. Remove the package instead.", path = .1.display())]
    Bundled(String, PathBuf),
    /// Someone is downloading it.
    #[error("“{0}” is being downloaded. Cancel the download first, then try again.")]
    Busy(String),
    /// Neither a cache folder nor a setting.
    #[error(
        "There is no folder for models: this account has no home folder. Name a folder in LIBRETTO_MODELS."
    )]
    NoFolder,
}

impl CatalogueError {
    pub(crate) fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { what, path, error }
    }

    /// What to match on.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Unreadable(_) | Self::Entry(..) | Self::Unknown(_) => Kind::BadInput,
            Self::Io { .. } | Self::NoFolder | Self::Busy(_) => Kind::Unavailable,
            Self::Bundled(..) => Kind::Unsupported,
        }
    }
}

impl From<CatalogueError> for Error {
    fn from(error: CatalogueError) -> Self {
        Error::new(error.kind(), error.to_string())
            .with_source(error)
            .from_origin("on-device")
    }
}
