//! Words that the lexicon does not know: a small network reads them letter by letter. It comes with the voice
//! (`oov.onnx`, Apache-2.0); `oov.json` holds its alphabets.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use misaki_rs::Fallback;
use misaki_rs::fallback::FallbackError;
use rten::{NodeId, ThreadPool};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use serde::Deserialize;

use super::{PART, json};
use crate::error::Error;
use crate::onnx::Graph;

/// The file `oov.json`.
#[derive(Deserialize)]
struct Alphabets {
    /// Letters the network reads; id 1 is the first.
    r#in: Vec<char>,
    /// Phonemes it answers with; id 1 is the first, 0 is "none here".
    out: Vec<char>,
    /// The longest word it reads, in letters.
    maxlen: usize,
}

/// Reads unknown words.
pub(super) struct Unknown {
    graph: Graph,
    input: NodeId,
    output: NodeId,
    letters: HashMap<char, i32>,
    phonemes: Vec<char>,
    longest: usize,
}

impl Unknown {
    pub(super) fn load(dir: &Path, pool: &Arc<ThreadPool>) -> Result<Self, Error> {
        let alphabets: Alphabets = json(dir, "oov.json")?;
        let graph = Graph::load(PART, dir, "oov.onnx", pool)?;
        Ok(Self {
            input: graph.node("chars")?,
            output: graph.node("ids")?,
            graph,
            letters: alphabets.r#in.into_iter().zip(1..).collect(),
            phonemes: alphabets.out,
            longest: alphabets.maxlen,
        })
    }

    /// Phonemes of a word; empty when it has no letter that the network knows, or the network fails.
    fn read(&self, word: &str) -> String {
        let letters = word
            .chars()
            .filter_map(|letter| self.letters.get(&letter).copied());
        let ids: Vec<i32> = letters.take(self.longest).collect();
        if ids.is_empty() {
            return String::new();
        }
        let ids = NdTensor::from_data([1, ids.len()], ids);
        let values = self.graph.run(vec![(self.input, ids.into())], &[self.output]);
        let answer = values
            .ok()
            .and_then(|mut values| values.pop()?.into_tensor::<i32>());
        let mut before = 0;
        let mut phonemes = String::new();
        // As in connectionist temporal classification: repeats are one, 0 is none.
        for &id in answer.iter().flat_map(|answer| answer.iter()) {
            if id != before && id > 0 {
                phonemes.extend(self.phonemes.get(id as usize - 1));
            }
            before = id;
        }
        phonemes
    }
}

impl Fallback for Unknown {
    /// Never an error: one would lose the whole sentence, not the word alone.
    fn phonemize(&self, word: &str) -> Result<String, FallbackError> {
        let runs = word.split(|c: char| !c.is_alphabetic() && c != '\'' && c != '’');
        let read: Vec<String> = runs
            .map(|run| self.read(run))
            .filter(|read| !read.is_empty())
            .collect();
        Ok(read.join(" "))
    }
}
