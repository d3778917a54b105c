//! What the models that `rten` runs have in common: loading them with errors that name the file, and a pool of
//! threads that is theirs alone, so that none waits for another.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rten::{Model, NodeId, RunOptions, ThreadPool, Value, ValueOrView};

use crate::error::Error;

/// A loaded ONNX file.
pub(crate) struct Graph {
    part: &'static str,
    path: PathBuf,
    model: Model,
    pool: Arc<ThreadPool>,
}

impl Graph {
    /// Loads `file` of `dir`; `part` names it in errors.
    pub(crate) fn load(
        part: &'static str,
        dir: &Path,
        file: &str,
        pool: &Arc<ThreadPool>,
    ) -> Result<Self, Error> {
        let path = dir.join(file);
        // Asked for first: `rten` does not tell a missing file from a broken one.
        std::fs::metadata(&path).map_err(|source| Error::Missing {
            part,
            path: path.clone(),
            source,
        })?;
        let model = Model::load_file(&path).map_err(|error| Error::Broken {
            part,
            path: path.clone(),
            detail: error.to_string(),
        })?;
        Ok(Self {
            part,
            path,
            model,
            pool: Arc::clone(pool),
        })
    }

    /// The node of this name.
    pub(crate) fn node(&self, name: &str) -> Result<NodeId, Error> {
        self.model
            .find_node(name)
            .ok_or_else(|| self.broken(format!("it has no node {name}")))
    }

    /// Runs it on the pool.
    pub(crate) fn run(
        &self,
        inputs: Vec<(NodeId, ValueOrView<'_>)>,
        outputs: &[NodeId],
    ) -> Result<Vec<Value>, Error> {
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.pool)));
        self.model
            .run(inputs, outputs, Some(options))
            .map_err(|error| self.failed(&error))
    }

    /// It did not do what it should.
    pub(crate) fn failed(&self, detail: &dyn std::fmt::Display) -> Error {
        Error::Run {
            part: self.part,
            detail: detail.to_string(),
        }
    }

    fn broken(&self, detail: String) -> Error {
        Error::Broken {
            part: self.part,
            path: self.path.clone(),
            detail,
        }
    }
}

/// A pool of so many threads for one model.
pub(crate) fn pool(threads: usize) -> Arc<ThreadPool> {
    Arc::new(ThreadPool::with_num_threads(threads.max(1)))
}

/// Reads a file that stands beside a model.
pub(crate) fn read(part: &'static str, dir: &Path, file: &str) -> Result<Vec<u8>, Error> {
    let path = dir.join(file);
    std::fs::read(&path).map_err(|source| Error::Missing { part, path, source })
}
