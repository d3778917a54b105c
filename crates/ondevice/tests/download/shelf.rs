//! A shelf in a temporary folder, with a catalogue of one model whose file is on our own hub in two places.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use libretto_ondevice::catalogue::{Catalogue, Digest, Shelf};
use libretto_ondevice::download::{Control, DownloadError, Downloader, Listener, Options, Progress};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::hub::Hub;

/// Where the model's file is on the hub.
pub(crate) const FIRST: &str = "/lab/model/resolve/main/sub/file.bin";
/// And where else.
pub(crate) const SECOND: &str = "/mirror/model/resolve/v1/file.bin";

pub(crate) struct Bench {
    pub(crate) hub: Hub,
    pub(crate) folder: TempDir,
    pub(crate) bytes: Vec<u8>,
    pub(crate) options: Options,
    pub(crate) catalogue: String,
    heard: Arc<Mutex<Vec<Progress>>>,
}

impl Bench {
    /// The same for tests in which something does stall.
    pub(crate) async fn stalling(size: usize) -> Self {
        let mut bench = Self::new(size).await;
        bench.options.stall = Duration::from_secs(2);
        bench
    }

    /// A model of a file of this many bytes, with its hash and size known.
    pub(crate) async fn new(size: usize) -> Self {
        let bytes: Vec<u8> = (0..size).map(|at| (at * 31 + at / 251) as u8).collect();
        let sources = r#"[
            { repository = "lab/model", revision = "main", path = "sub/file.bin" },
            { repository = "mirror/model", revision = "v1", path = "file.bin" },
        ]"#;
        let file = file("file.bin", Some(&bytes), sources);
        Self::with(bytes, &file).await
    }

    pub(crate) async fn with(bytes: Vec<u8>, files: &str) -> Self {
        let hub = Hub::start().await;
        hub.file(FIRST, &bytes);
        hub.file(SECOND, &bytes);
        let options = Options {
            hub: format!("{}/", hub.address),
            stall: Duration::from_secs(20),
            client_stall: Duration::from_mins(1),
            tries: 3,
            backoff: Duration::from_millis(5),
            spare: 0,
            ..Options::default()
        };
        let catalogue = model("model", files);
        Self {
            hub,
            folder: TempDir::new().unwrap(),
            bytes,
            options,
            catalogue,
            heard: Arc::default(),
        }
    }

    pub(crate) fn shelf(&self) -> Shelf {
        Shelf::new(
            Catalogue::parse(&self.catalogue).unwrap(),
            Vec::new(),
            self.folder.path().to_owned(),
        )
    }

    pub(crate) fn downloader(&self) -> Downloader {
        Downloader::new(self.shelf(), self.options.clone()).unwrap()
    }

    pub(crate) fn listener(&self) -> Listener {
        let heard = Arc::clone(&self.heard);
        Arc::new(move |progress| heard.lock().unwrap().push(progress))
    }

    pub(crate) async fn fetch(&self) -> Result<PathBuf, DownloadError> {
        self.fetch_with(&Control::default()).await
    }

    pub(crate) async fn fetch_with(&self, control: &Control) -> Result<PathBuf, DownloadError> {
        self.downloader().fetch("model", control, self.listener()).await
    }

    pub(crate) fn heard(&self) -> Vec<Progress> {
        self.heard.lock().unwrap().clone()
    }

    /// Waits until progress says this.
    pub(crate) async fn until(&self, says: impl Fn(&Progress) -> bool) {
        let wait = async {
            while !self.heard().iter().any(&says) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait)
            .await
            .expect("it never said so");
    }

    /// First bytes of the ranges that were asked for at `path`.
    pub(crate) fn ranges(&self, path: &str) -> Vec<Option<usize>> {
        self.hub
            .asked()
            .into_iter()
            .filter(|asked| asked.path == path)
            .map(|asked| asked.from)
            .collect()
    }

    pub(crate) fn place(&self) -> PathBuf {
        self.folder.path().join("model/file.bin")
    }

    pub(crate) fn partial(&self) -> PathBuf {
        self.folder.path().join("model/file.bin.partial")
    }

    /// As an earlier download left it.
    pub(crate) fn begin(&self, bytes: &[u8]) {
        std::fs::create_dir_all(self.folder.path().join("model")).unwrap();
        std::fs::write(self.partial(), bytes).unwrap();
    }

    pub(crate) fn assert_whole(&self) {
        assert!(
            std::fs::read(self.place()).unwrap() == self.bytes,
            "the file is not what it should be"
        );
        assert!(!self.partial().exists());
    }
}

/// A file's entry in a catalogue.
pub(crate) fn file(name: &str, known: Option<&[u8]>, sources: &str) -> String {
    let known = known.map_or_else(String::new, |bytes| {
        let hash = Digest(Sha256::digest(bytes).into());
        format!("bytes = {}\nsha256 = \"{hash}\"", bytes.len())
    });
    format!("[[models.files]]\nname = \"{name}\"\n{known}\nsources = {sources}\n")
}

/// A model's entry in a catalogue.
pub(crate) fn model(id: &str, files: &str) -> String {
    format!(
        r#"
        [[models]]
        id = "{id}"
        name = "Model"
        description = "A model."
        part = "vad"
        engine = "silero"
        languages = []
        licence = {{ name = "MIT" }}
        memory = 1
        quality = "None."
        {files}
        "#
    )
}
