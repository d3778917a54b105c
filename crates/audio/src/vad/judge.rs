//! The stage that decides: Silero's network at 16 kHz, through `rten`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rten::{Model, NodeId, RunOptions, ThreadPool};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

use super::FRAME;
use crate::error::{AudioError, Result};

/// New samples that it takes at once: 32 ms.
const NEW: usize = 512;
/// Samples of the frame before that stand in front of them.
const CONTEXT: usize = 64;
/// Shape of its memory.
const STATE: [usize; 3] = [2, 1, 128];

/// The network, shared by all who listen.
pub struct JudgeModel {
    model: Model,
    input: NodeId,
    state: NodeId,
    rate: NodeId,
    output: NodeId,
    next_state: NodeId,
    /// One thread: a frame takes a quarter of a millisecond, and waking others takes longer.
    pool: Arc<ThreadPool>,
}

impl JudgeModel {
    /// Loads it from a file.
    ///
    /// # Errors
    /// `Model` when the file is missing or not this network.
    pub fn load(path: &Path) -> Result<Self> {
        let failed = |reason: String| AudioError::Model {
            path: PathBuf::from(path),
            reason,
        };
        // Asked for first, because the loader does not tell a missing file from a broken one.
        std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
        let model = Model::load_file(path).map_err(|error| failed(error.to_string()))?;
        let node = |name: &str| {
            model
                .find_node(name)
                .ok_or_else(|| failed(format!("it has no node {name}")))
        };
        let (input, state, rate) = (node("input")?, node("state")?, node("sr")?);
        let (output, next_state) = (node("output")?, node("stateN")?);
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        Ok(Self {
            model,
            input,
            state,
            rate,
            output,
            next_state,
            pool,
        })
    }
}

/// One listener's place in a stream.
pub struct Judge {
    model: Arc<JudgeModel>,
    /// Context and new samples.
    window: Vec<f32>,
    state: Tensor<f32>,
    score: f32,
}

impl Judge {
    /// At the beginning of a stream.
    pub fn new(model: Arc<JudgeModel>) -> Self {
        Self {
            model,
            window: vec![0.0; CONTEXT],
            state: Tensor::zeros(&STATE),
            score: 0.0,
        }
    }

    /// Hears 10 ms; says how likely speech was in the newest 32 ms that are complete.
    pub fn push(&mut self, frame: &[f32; FRAME]) -> f32 {
        self.window.extend_from_slice(frame);
        while self.window.len() >= CONTEXT + NEW {
            self.score = self.judge().unwrap_or(self.score);
            self.window.drain(..NEW);
        }
        self.score
    }

    fn judge(&mut self) -> Option<f32> {
        let model = &self.model;
        let window = self.window.get(..CONTEXT + NEW)?.to_vec();
        let input = NdTensor::from_data([1, CONTEXT + NEW], window);
        let rate = Tensor::from(16_000_i32);
        let options = RunOptions::default().with_thread_pool(Some(model.pool.clone()));
        let inputs = vec![
            (model.input, input.view().into()),
            (model.state, self.state.view().into()),
            (model.rate, rate.view().into()),
        ];
        // It can fail only on shapes, which are fixed; then the last score stands.
        let mut outputs = model
            .model
            .run(inputs, &[model.output, model.next_state], Some(options))
            .ok()?
            .into_iter();
        let score: Tensor<f32> = outputs.next()?.try_into().ok()?;
        self.state = outputs.next()?.try_into().ok()?;
        score.iter().next().copied()
    }

    /// Goes back to the beginning of a stream.
    pub fn reset(&mut self) {
        self.window.clear();
        self.window.resize(CONTEXT, 0.0);
        self.state = Tensor::zeros(&STATE);
        self.score = 0.0;
    }
}
