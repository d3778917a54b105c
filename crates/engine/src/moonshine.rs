//! Moonshine, a small recogniser of English speech (Useful Sensors, MIT).
//!
//! Encoder: samples at 16 kHz to one vector for about 24 ms. Decoder: token by token, greedy, with a cache of what
//! it has seen. Shapes and rules are those of the exported model `moonshine-tiny`, quantised to 8 bits.

mod cut;
mod repeat;
mod spoken;
mod vocabulary;

use std::path::Path;

use rten::{NodeId, Value, ValueOrView};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};

use crate::error::Error;
use crate::onnx::{self, Graph};

pub use cut::{LONGEST, cut};
use vocabulary::Vocabulary;

const PART: &str = "on-device recogniser";

/// Layers of the decoder.
const LAYERS: usize = 6;
/// Attention heads of each layer.
const HEADS: usize = 8;
/// Values of each head.
const HEAD: usize = 36;
/// Begins every transcript.
const START: i32 = 1;
/// Ends it.
const END: i32 = 2;
/// No language has more tokens in a second of speech (the publisher's own rule) …
const TOKENS_PER_SECOND: f32 = 6.5;
/// … and a few more for clips of a word or two.
const TOKENS_MORE: f32 = 4.0;
/// Less than this is not speech, and the model invents a word for it.
const SHORTEST: usize = RATE * 2 / 10;

/// A sound this much fainter than the loudest still belongs to the speech (26 dB) …
const FAINT: f32 = 0.05;
/// … and, where that found no words, only one this much fainter (14 dB).
const PLAIN: f32 = 0.2;
/// A second look must leave out at least so much.
const WORTH_IT: usize = RATE / 2;

/// Samples per second that it takes.
pub const RATE: usize = 16_000;

/// The recogniser, ready to run.
pub struct Moonshine {
    encoder: Graph,
    decoder: Graph,
    vocabulary: Vocabulary,
    encoder_io: (NodeId, NodeId),
    ids: NodeId,
    encoded: NodeId,
    use_cache: NodeId,
    /// In the order of layers: decoder key and value, encoder key and value.
    past: Vec<NodeId>,
    /// The logits, then the caches in the order of `past`.
    outputs: Vec<NodeId>,
}

/// Every fourth pair of a layer's caches: first its own keys and values, then those of the encoder.
const CACHES_PER_LAYER: usize = 4;

impl Moonshine {
    /// Loads `encoder_model.onnx`, `decoder_model_merged.onnx` and `tokenizer.bin`.
    pub fn load(dir: &Path, threads: usize) -> Result<Self, Error> {
        let pool = onnx::pool(threads);
        let encoder = Graph::load(PART, dir, "encoder_model.onnx", &pool)?;
        let decoder = Graph::load(PART, dir, "decoder_model_merged.onnx", &pool)?;
        let vocabulary =
            Vocabulary::parse(&onnx::read(PART, dir, "tokenizer.bin")?).ok_or_else(|| Error::Broken {
                part: PART,
                path: dir.join("tokenizer.bin"),
                detail: "it ends in the middle of an entry".into(),
            })?;
        let mut past = Vec::new();
        let mut outputs = vec![decoder.node("logits")?];
        for layer in 0..LAYERS {
            for (side, what) in [
                ("decoder", "key"),
                ("decoder", "value"),
                ("encoder", "key"),
                ("encoder", "value"),
            ] {
                past.push(decoder.node(&format!("past_key_values.{layer}.{side}.{what}"))?);
                outputs.push(decoder.node(&format!("present.{layer}.{side}.{what}"))?);
            }
        }
        Ok(Self {
            encoder_io: (encoder.node("input_values")?, encoder.node("last_hidden_state")?),
            ids: decoder.node("input_ids")?,
            encoded: decoder.node("encoder_hidden_states")?,
            use_cache: decoder.node("use_cache_branch")?,
            encoder,
            decoder,
            vocabulary,
            past,
            outputs,
        })
    }

    /// The words in these samples (16 kHz, at most [`LONGEST`]; [`cut`] says where to part longer ones). Nothing for
    /// silence and noise. `abandon` is asked before every token; when it says true the result is `None`.
    pub fn recognise(&self, samples: &[f32], abandon: &dyn Fn() -> bool) -> Result<Option<String>, Error> {
        let wide = spoken::spoken(samples, FAINT);
        let words = self.decode(&samples[wide.clone()], abandon)?;
        if words.as_ref().is_none_or(|words| !words.is_empty()) {
            return Ok(words);
        }
        // Noise before the speech silences the model too.
        let narrow = spoken::spoken(samples, PLAIN);
        if wide.len() - narrow.len().min(wide.len()) < WORTH_IT {
            return Ok(words);
        }
        self.decode(&samples[narrow], abandon)
    }

    /// The words of a clip that begins and ends with speech.
    fn decode(&self, samples: &[f32], abandon: &dyn Fn() -> bool) -> Result<Option<String>, Error> {
        if samples.len() < SHORTEST {
            return Ok(Some(String::new()));
        }
        let encoded = self.encode(samples)?;
        let seconds = samples.len() as f32 / RATE as f32;
        let limit = (seconds * TOKENS_PER_SECOND + TOKENS_MORE) as usize;
        let mut caches: Vec<Value> = (0..self.past.len())
            .map(|_| Tensor::<f32>::zeros(&[1, HEADS, 0, HEAD]).into())
            .collect();
        let mut tokens: Vec<i32> = Vec::new();
        loop {
            if tokens.len() >= limit {
                // More than anybody says in that time.
                tokens.truncate(repeat::endless(&tokens).unwrap_or(limit));
                break;
            }
            if abandon() {
                return Ok(None);
            }
            let token = self.step(tokens.last().copied(), &encoded, &mut caches)?;
            if token == END {
                break;
            }
            tokens.push(token);
            if let Some(keep) = repeat::loop_start(&tokens) {
                tokens.truncate(keep);
                break;
            }
        }
        Ok(Some(self.vocabulary.text(&tokens)))
    }

    /// One vector of 288 for about 24 ms: [1, frames, 288].
    fn encode(&self, samples: &[f32]) -> Result<Value, Error> {
        let input = NdTensor::from_data([1, samples.len()], samples.to_vec());
        let mut outputs = self
            .encoder
            .run(vec![(self.encoder_io.0, input.into())], &[self.encoder_io.1])?;
        outputs.pop().ok_or_else(|| self.encoder.failed(&"no output"))
    }

    /// The token after `last` (none: the first), and `caches` for the step after it.
    fn step(&self, last: Option<i32>, encoded: &Value, caches: &mut Vec<Value>) -> Result<i32, Error> {
        let first = last.is_none();
        let ids = NdTensor::from_data([1, 1], vec![last.unwrap_or(START)]);
        let flag = NdTensor::from_data([1], vec![i32::from(!first)]);
        let mut inputs: Vec<(NodeId, ValueOrView<'_>)> = vec![
            (self.ids, ids.into()),
            (self.encoded, ValueOrView::View(encoded.as_view())),
            (self.use_cache, flag.into()),
        ];
        // The decoder's own caches are handed over, so that they grow in place; the encoder's are only looked at.
        let mut kept = Vec::new();
        for (index, cache) in std::mem::take(caches).into_iter().enumerate() {
            kept.push(if is_encoders(index) {
                Kept::Lent(cache)
            } else {
                Kept::Given(Some(cache))
            });
        }
        for (id, cache) in self.past.iter().zip(&mut kept) {
            let value = match cache {
                Kept::Lent(cache) => ValueOrView::View(cache.as_view()),
                Kept::Given(cache) => match cache.take() {
                    Some(cache) => ValueOrView::Value(cache),
                    None => continue,
                },
            };
            inputs.push((*id, value));
        }
        let mut outputs = self.decoder.run(inputs, &self.outputs)?.into_iter();
        let logits = outputs.next().ok_or_else(|| self.decoder.failed(&"no output"))?;
        *caches = kept
            .into_iter()
            .zip(outputs)
            .map(|(kept, new)| match kept {
                // After the first step the model gives dummies for the encoder's caches.
                Kept::Lent(cache) if !first => cache,
                _ => new,
            })
            .collect();
        let logits: Tensor<f32> = logits
            .into_tensor()
            .ok_or_else(|| self.decoder.failed(&"the logits are not numbers"))?;
        let best = logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        best.and_then(|(token, _)| i32::try_from(token).ok())
            .ok_or_else(|| self.decoder.failed(&"no logits"))
    }
}

enum Kept {
    Lent(Value),
    Given(Option<Value>),
}

fn is_encoders(cache: usize) -> bool {
    cache % CACHES_PER_LAYER >= CACHES_PER_LAYER / 2
}
