//! A home of one's own: settings, history and cache that no other test sees. Models are shared, since they are large
//! and only read.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;

/// A home directory that vanishes when dropped.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    models: bool,
}

impl Home {
    /// An empty one.
    pub fn new() -> Result<Self> {
        Ok(Self {
            folder: tempfile::Builder::new().prefix("libretto-home-").tempdir()?,
            models: true,
        })
    }

    /// Whether programs that are started from now on see this machine's models.
    pub fn share_models(&mut self, share: bool) {
        self.models = share;
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What a program needs in its environment to live here, with the models of this machine unless they are not shared.
    pub fn env(&self) -> Result<Vec<(&'static str, String)>> {
        let models = if self.models {
            models()?.display().to_string()
        } else {
            String::new()
        };
        let folder = |name: &str| self.folder.path().join(name).display().to_string();
        Ok(vec![
            ("HOME", self.folder.path().display().to_string()),
            ("XDG_CONFIG_HOME", folder(".config")),
            ("XDG_DATA_HOME", folder(".local/share")),
            ("XDG_STATE_HOME", folder(".local/state")),
            ("XDG_CACHE_HOME", folder(".cache")),
            ("LIBRETTO_MODELS", models),
        ])
    }
}

/// The folder of this machine's models.
pub fn models() -> Result<PathBuf> {
    let folder = match (
        std::env::var_os("LIBRETTO_MODELS"),
        std::env::var_os("XDG_CACHE_HOME"),
    ) {
        (Some(folder), _) => PathBuf::from(folder),
        (None, Some(cache)) => Path::new(&cache).join("libretto/models"),
        (None, None) => std::env::home_dir()
            .context("there is no home directory")?
            .join(".cache/libretto/models"),
    };
    anyhow::ensure!(
        folder.is_dir(),
        "there are no models in {}; ./dev setup fetches them",
        folder.display()
    );
    Ok(folder)
}
