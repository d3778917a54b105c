//! The folders in which models lie, one folder per model, named by its id.

use std::fs::{self, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::entry::{Digest, File, Model};
use super::error::CatalogueError;
use super::{Catalogue, Record, Seen};

/// The environment variable that names a folder of models. It is searched first, and downloads go into it.
const FOLDER: &str = "LIBRETTO_MODELS";

/// How a model is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// All files are there, in their right sizes.
    Present {
        /// Where.
        folder: PathBuf,
        /// Whether each file's hash was found right since it last changed.
        verified: bool,
    },
    /// Nothing is there.
    Missing,
    /// A download has begun, or some files are there.
    Partial {
        /// Bytes that are there.
        bytes: u64,
        /// Bytes of the whole, where they are known.
        total: Option<u64>,
    },
    /// A file is not what it should be. Downloading the model again replaces it.
    Corrupt {
        /// Where.
        folder: PathBuf,
        /// Which file.
        file: String,
    },
}

/// How one file of a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Not there.
    Missing,
    /// This many bytes were downloaded.
    Partial(u64),
    /// Its size or its hash is wrong.
    Wrong,
    /// There in its right size; its hash was not looked at, or is not known.
    Unchecked,
    /// There, and its hash is right.
    Verified,
}

/// What one model takes on the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Which model.
    pub id: String,
    /// Where.
    pub folder: PathBuf,
    /// Bytes, unfinished downloads included.
    pub bytes: u64,
}

/// The folders in which models lie. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shelf {
    catalogue: Arc<Catalogue>,
    /// In the order in which they are searched; [`Shelf::own`] is among them.
    folders: Arc<[PathBuf]>,
    own: Arc<Path>,
}

impl Shelf {
    /// Searches `folders` in their order; downloads go to `own`, which is searched last unless it is among them.
    pub fn new(catalogue: Catalogue, mut folders: Vec<PathBuf>, own: PathBuf) -> Self {
        if !folders.contains(&own) {
            folders.push(own.clone());
        }
        Self {
            catalogue: Arc::new(catalogue),
            folders: folders.into(),
            own: own.into(),
        }
    }

    /// The standard places: the folder that `LIBRETTO_MODELS` names, the installation's own, the user's cache. A file
    /// `catalogue.toml` in the folder that downloads go to adds to the catalogue.
    pub fn standard() -> Result<Self, CatalogueError> {
        let named = std::env::var_os(FOLDER)
            .filter(|name| !name.is_empty())
            .map(PathBuf::from);
        let cache =
            directories::ProjectDirs::from("", "", "libretto").map(|dirs| dirs.cache_dir().join("models"));
        let own = named
            .clone()
            .or_else(|| cache.clone())
            .ok_or(CatalogueError::NoFolder)?;
        let folders = named.into_iter().chain(bundled()).chain(cache).collect();
        let mut catalogue = Catalogue::shipped()?;
        let additions = own.join("catalogue.toml");
        match fs::read_to_string(&additions) {
            Ok(text) => catalogue = catalogue.with(Catalogue::parse(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(CatalogueError::io("Reading", additions)(error)),
        }
        Ok(Self::new(catalogue, folders, own))
    }

    /// The models there can be.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The folder that downloads go to.
    pub fn own(&self) -> &Path {
        &self.own
    }

    /// The folder of a model whose files are all there; `None` when the model is unknown, missing or damaged. Looks
    /// at sizes, and at hashes that were computed before.
    pub fn path(&self, id: &str) -> Option<PathBuf> {
        match self.state(id) {
            Ok(State::Present { folder, .. }) => Some(folder),
            _ => None,
        }
    }

    /// How a model is, without reading its files.
    pub fn state(&self, id: &str) -> Result<State, CatalogueError> {
        let model = self.catalogue.get(id)?;
        let record = Record::load(&self.own, id);
        let mut worst = State::Missing;
        for folder in self.folders.iter().map(|folder| folder.join(id)) {
            let states = model
                .files
                .iter()
                .map(|file| (file, file_state(&folder, file, &record)));
            match summary(model, &folder, states) {
                present @ State::Present { .. } => return Ok(present),
                state => {
                    if worst == State::Missing || folder.starts_with(&*self.own) {
                        worst = state;
                    }
                }
            }
        }
        Ok(worst)
    }

    /// How a model is, after hashing the files that changed since they were last hashed. Reads the disk for as long
    /// as that takes: call it where blocking is allowed.
    pub fn verify(&self, id: &str) -> Result<State, CatalogueError> {
        let state = self.state(id)?;
        let folder = match &state {
            State::Present { folder, .. } => folder.clone(),
            _ => self.own.join(id),
        };
        let record = Record::load(&self.own, id);
        let mut seen = Vec::new();
        for file in &self.catalogue.get(id)?.files {
            let known = file.sha256.is_some() || record.first.contains_key(&file.name);
            if known && file_state(&folder, file, &record) == FileState::Unchecked {
                let path = folder.join(&file.name);
                let sha256 = hash(&path, &mut |_| true).map_err(CatalogueError::io("Reading", &*path))?;
                let metadata = path.metadata().map_err(CatalogueError::io("Reading", &*path))?;
                seen.push((file, Seen::now(&metadata, sha256)));
            }
        }
        if seen.is_empty() {
            return Ok(state);
        }
        // Read again: hashing took long, and somebody may have recorded something.
        let mut record = Record::load(&self.own, id);
        for (file, seen) in seen {
            record.saw(&folder.join(&file.name), seen);
        }
        if let Err(error) = record.store(&self.own, id) {
            tracing::debug!(%error, "verification_not_recorded");
        }
        let model = self.catalogue.get(id)?;
        let states = model
            .files
            .iter()
            .map(|file| (file, file_state(&folder, file, &record)));
        Ok(summary(model, &folder, states))
    }

    /// Removes a model and what was downloaded of it.
    pub fn remove(&self, id: &str) -> Result<(), CatalogueError> {
        let model = self.catalogue.get(id)?;
        let folder = self.own.join(id);
        let files = model
            .files
            .iter()
            .flat_map(|file| [folder.join(&file.name), partial(&folder, &file.name)]);
        let files: Vec<PathBuf> = files.filter(|file| file.symlink_metadata().is_ok()).collect();
        if files.is_empty() {
            return match self.path(id) {
                Some(elsewhere) => Err(CatalogueError::Bundled(id.to_owned(), elsewhere)),
                None => Ok(()),
            };
        }
        let Some(_lock) = self.lock(id)? else {
            return Err(CatalogueError::Busy(id.to_owned()));
        };
        for file in files {
            fs::remove_file(&file).map_err(CatalogueError::io("Removing", file))?;
        }
        // What is not ours stays, and the folder with it; a record that cannot be removed describes files that have
        // gone, so nobody believes it.
        let _ = fs::remove_dir(&folder);
        let _ = Record::remove(&self.own, id);
        Ok(())
    }

    /// What each model takes on the disk, of those that are there at all.
    pub fn usage(&self) -> Vec<Usage> {
        let mut usage = Vec::new();
        for model in self.catalogue.models() {
            for folder in self.folders.iter().map(|folder| folder.join(&model.id)) {
                let files = model
                    .files
                    .iter()
                    .flat_map(|f| [folder.join(&f.name), partial(&folder, &f.name)]);
                let bytes = files.filter_map(|file| Some(file.metadata().ok()?.len())).sum();
                if bytes > 0 {
                    usage.push(Usage {
                        id: model.id.clone(),
                        folder,
                        bytes,
                    });
                }
            }
        }
        usage
    }

    /// How one file of a model is in the folder that downloads go to.
    pub fn file(&self, model: &Model, file: &File) -> FileState {
        file_state(
            &self.own.join(&model.id),
            file,
            &Record::load(&self.own, &model.id),
        )
    }

    /// A file of another model that should hold the same bytes.
    pub(crate) fn twin(&self, model: &str, sha256: Digest) -> Option<PathBuf> {
        let others = self.catalogue.models().iter().filter(|other| other.id != model);
        others.into_iter().find_map(|other| {
            let file = other.files.iter().find(|file| file.sha256 == Some(sha256))?;
            let record = Record::load(&self.own, &other.id);
            let mut folders = self.folders.iter().map(|folder| folder.join(&other.id));
            let folder = folders.find(|folder| {
                matches!(
                    file_state(folder, file, &record),
                    FileState::Verified | FileState::Unchecked
                )
            })?;
            Some(folder.join(&file.name))
        })
    }

    /// The right to change a name's files: a model's id, or a package. Ends with the returned file, or with the
    /// process. `None` while somebody else has it.
    pub(crate) fn lock(&self, name: &str) -> Result<Option<fs::File>, CatalogueError> {
        let folder = self.own.join(".work");
        let path = folder.join(format!("{name}.lock"));
        fs::create_dir_all(&folder).map_err(CatalogueError::io("Making", &*folder))?;
        let file = fs::File::create(&path).map_err(CatalogueError::io("Writing", &*path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(CatalogueError::io("Locking", path)(error)),
        }
    }
}

/// Where a download of a file grows.
pub(crate) fn partial(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.partial"))
}

fn file_state(folder: &Path, file: &File, record: &Record) -> FileState {
    let Ok(metadata) = folder.join(&file.name).metadata() else {
        let begun = partial(folder, &file.name).metadata();
        return begun.map_or(FileState::Missing, |metadata| FileState::Partial(metadata.len()));
    };
    if !metadata.is_file() || file.bytes.is_some_and(|bytes| bytes != metadata.len()) {
        return FileState::Wrong;
    }
    let expected = file.sha256.as_ref().or_else(|| record.first.get(&file.name));
    let seen = record
        .seen(&folder.join(&file.name))
        .filter(|seen| seen.is(&metadata));
    match (expected, seen) {
        (Some(expected), Some(seen)) if *expected == seen.sha256 => FileState::Verified,
        (Some(_), Some(_)) => FileState::Wrong,
        _ => FileState::Unchecked,
    }
}

fn summary<'a>(model: &Model, folder: &Path, files: impl Iterator<Item = (&'a File, FileState)>) -> State {
    let (mut complete, mut verified, mut bytes) = (true, true, 0);
    for (file, state) in files {
        match state {
            FileState::Wrong => {
                return State::Corrupt {
                    folder: folder.to_owned(),
                    file: file.name.clone(),
                };
            }
            FileState::Missing => complete = false,
            FileState::Partial(begun) => {
                complete = false;
                bytes += begun;
            }
            FileState::Unchecked | FileState::Verified => {
                verified &= state == FileState::Verified;
                bytes += folder
                    .join(&file.name)
                    .metadata()
                    .map_or(0, |metadata| metadata.len());
            }
        }
    }
    match (complete, bytes) {
        (true, _) => State::Present {
            folder: folder.to_owned(),
            verified,
        },
        (false, 0) => State::Missing,
        (false, bytes) => State::Partial {
            bytes,
            total: model.bytes(),
        },
    }
}

/// A file's hash. `go_on` hears how many bytes were read since it was last called; when it says no, the hash ends
/// with [`io::ErrorKind::Interrupted`].
pub(crate) fn hash(path: &Path, go_on: &mut dyn FnMut(u64) -> bool) -> io::Result<Digest> {
    let mut file = fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(Digest(hasher.finalize().into()));
        }
        hasher.update(&buffer[..count]);
        if !go_on(count as u64) {
            return Err(io::ErrorKind::Interrupted.into());
        }
    }
}

/// The models that an installation brings: beside the program on Windows, in the bundle's resources on macOS, in
/// `lib` beside `bin` elsewhere.
fn bundled() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let folder = program.parent()?;
    let models = if cfg!(windows) {
        folder.join("models")
    } else if cfg!(target_os = "macos") {
        folder.parent()?.join("Resources/models")
    } else {
        folder.parent()?.join("lib/libretto/models")
    };
    models.is_dir().then_some(models)
}
