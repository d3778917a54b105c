//! The models that can run here, where their files come from, and where they lie on this machine.
//!
//! [`Catalogue`] is the list (`catalogue/models.toml` and a user's own additions), [`Shelf`] is the folders in which
//! models lie. [`crate::download`] brings files from the one to the other.

mod entry;
mod error;
mod record;
mod shelf;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

pub use entry::{Chat, Client, Digest, Engine, File, HubFile, Licence, Model, Package, Part, Source};
pub use error::CatalogueError;
pub use shelf::{FileState, Shelf, State, Usage};

pub(crate) use record::{Record, Seen};
pub(crate) use shelf::{hash, partial};

/// The list that is compiled in.
const MODELS: &str = include_str!("catalogue/models.toml");

/// A list of models. Ids are unique.
#[derive(Clone, Debug)]
pub struct Catalogue {
    models: Vec<Model>,
}

/// A catalogue file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    packages: BTreeMap<String, entry::WrittenPackage>,
    #[serde(default)]
    models: Vec<entry::WrittenModel>,
}

impl Catalogue {
    /// The models that Libretto knows.
    ///
    /// # Errors
    /// Never in a build whose tests pass: the list is compiled in.
    pub fn shipped() -> Result<Self, CatalogueError> {
        Self::parse(MODELS)
    }

    /// Reads a catalogue file.
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        let written: Written = toml::from_str(text).map_err(|e| CatalogueError::Unreadable(e.to_string()))?;
        let packages = written
            .packages
            .into_iter()
            .map(|(name, package)| Ok((name.clone(), package.check(name)?)))
            .collect::<Result<BTreeMap<_, _>, CatalogueError>>()?;
        let models = written
            .models
            .into_iter()
            .map(|model| model.check(&packages))
            .collect::<Result<Vec<_>, CatalogueError>>()?;
        let mut ids = BTreeSet::new();
        if let Some(twice) = models.iter().find(|model| !ids.insert(&model.id)) {
            return Err(CatalogueError::Entry(
                twice.id.clone(),
                "stands in the list twice",
            ));
        }
        Ok(Self { models })
    }

    /// This list and another's models behind it; a model with an id that is here already takes its place.
    pub fn with(mut self, other: Catalogue) -> Self {
        for model in other.models {
            match self.models.iter_mut().find(|known| known.id == model.id) {
                Some(known) => *known = model,
                None => self.models.push(model),
            }
        }
        self
    }

    /// Every model, the embedded ones first.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The models that Libretto comes with.
    pub fn embedded(&self) -> impl Iterator<Item = &Model> {
        self.models.iter().filter(|model| model.embedded)
    }

    /// The models that do one part's work.
    pub fn of(&self, part: Part) -> impl Iterator<Item = &Model> {
        self.models.iter().filter(move |model| model.part == part)
    }

    /// The model with this id.
    pub fn get(&self, id: &str) -> Result<&Model, CatalogueError> {
        self.models
            .iter()
            .find(|model| model.id == id)
            .ok_or_else(|| CatalogueError::Unknown(id.to_owned()))
    }
}

#[cfg(test)]
mod tests;
