//! Models on their way here: each can be paused, resumed and called off from any window.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use libretto_assistant::ondevice::catalogue::Shelf;
use libretto_assistant::ondevice::download::{Control, Downloader, Options};
use libretto_assistant::voice;

use crate::libretto::lock;
use crate::wire::failure::{Answer, Failure, FailureKind};
use crate::wire::models::ModelProgress;

/// Models on their way here.
pub struct Downloads {
    shelf: Shelf,
    running: Arc<Mutex<HashMap<String, Running>>>,
}

struct Running {
    control: Control,
    progress: Option<ModelProgress>,
}

impl Downloads {
    /// Into these folders.
    pub fn new(shelf: Shelf) -> Self {
        Self {
            shelf,
            running: Arc::default(),
        }
    }

    /// How far a model's download is; `None` when there is none.
    pub fn progress(&self, model: &str) -> Option<ModelProgress> {
        lock(&self.running).get(model)?.progress.clone()
    }

    /// Downloads a model, to its end. `tell` hears how far it is.
    ///
    /// # Errors
    /// What the download says; `BadInput` when it is running already.
    pub async fn get(
        &self,
        model: &str,
        unverified: bool,
        tell: impl Fn(ModelProgress) + Send + Sync + 'static,
    ) -> Answer<()> {
        let control = Control::default();
        let running = Running {
            control: control.clone(),
            progress: None,
        };
        {
            let mut all = lock(&self.running);
            if all.contains_key(model) {
                return Err(Failure::new(FailureKind::BadInput, "It is already downloading."));
            }
            all.insert(model.to_owned(), running);
        }
        let all = Arc::clone(&self.running);
        let listener = Arc::new(move |progress| {
            let progress = ModelProgress::from(progress);
            if let Some(running) = lock(&all).get_mut(&progress.model) {
                running.progress = Some(progress.clone());
            }
            tell(progress);
        });
        let options = Options {
            allow_unverified: unverified,
            ..Options::default()
        };
        let fetched = match Downloader::new(self.shelf.clone(), options) {
            Ok(downloader) => downloader.fetch(model, &control, listener).await,
            Err(error) => Err(error),
        };
        lock(&self.running).remove(model);
        fetched
            .map(drop)
            .map_err(|error| voice::Error::from(error).into())
    }

    /// Pauses a download, or goes on with it.
    ///
    /// # Errors
    /// `BadInput` when there is none.
    pub fn pause(&self, model: &str, paused: bool) -> Answer<()> {
        self.control(
            model,
            |control| {
                if paused { control.pause() } else { control.resume() }
            },
        )
    }

    /// Calls a download off. What has come is kept for the next one.
    ///
    /// # Errors
    /// `BadInput` when there is none.
    pub fn cancel(&self, model: &str) -> Answer<()> {
        self.control(model, Control::cancel)
    }

    fn control(&self, model: &str, act: impl FnOnce(&Control)) -> Answer<()> {
        match lock(&self.running).get(model) {
            Some(running) => {
                act(&running.control);
                Ok(())
            }
            None => Err(Failure::new(FailureKind::BadInput, "It isn’t downloading.")),
        }
    }
}
