//! The one model of its sort that is in memory.

use std::path::{Path, PathBuf};

use libretto_ondevice::wire::Model;

use super::output::Output;
use crate::error::Error;

/// A model and the folder that it came from, once one was wanted.
pub(super) struct Loaded<M> {
    load: fn(&Path) -> Result<M, Error>,
    name: fn(PathBuf) -> Model,
    model: Option<(PathBuf, M)>,
}

impl<M> Loaded<M> {
    /// None yet. `name` is what it is called in the list of what is loaded.
    pub(super) fn new(load: fn(&Path) -> Result<M, Error>, name: fn(PathBuf) -> Model) -> Self {
        Self {
            load,
            name,
            model: None,
        }
    }

    /// The model of this folder.
    pub(super) fn ready(&mut self, dir: &Path, output: &Output) -> Result<&mut M, Error> {
        let model = match self.model.take() {
            Some((from, model)) if from == dir => model,
            old => {
                // The old model leaves memory before the new one comes.
                drop(old);
                let model = (self.load)(dir)?;
                output.note((self.name)(dir.to_owned()));
                model
            }
        };
        Ok(&mut self.model.insert((dir.to_owned(), model)).1)
    }
}
