//! Smart Turn 3.2 (Pipecat, BSD-2-Clause): judges from the sound of the last 8 s whether the speaker has finished.

mod mel;

use std::path::Path;

use rten::NodeId;
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use crate::error::Error;
use crate::onnx::{self, Graph};
use mel::Mel;

const PART: &str = "on-device turn detector";

/// Samples per second that it takes.
pub const RATE: usize = 16_000;
/// How much of the utterance's end it looks at.
pub const WINDOW: usize = 8 * RATE;

/// The turn detector, ready to run.
pub struct SmartTurn {
    graph: Graph,
    features: NodeId,
    probability: NodeId,
    mel: Mel,
}

impl SmartTurn {
    /// Loads `smart-turn-v3.2-cpu.onnx`.
    pub fn load(dir: &Path, threads: usize) -> Result<Self, Error> {
        let graph = Graph::load(PART, dir, "smart-turn-v3.2-cpu.onnx", &onnx::pool(threads))?;
        Ok(Self {
            features: graph.node("input_features")?,
            probability: graph.node("logits")?,
            graph,
            mel: Mel::default(),
        })
    }

    /// From 0 (will go on) to 1 (has finished), for an utterance at 16 kHz. The model was trained to be asked after
    /// about 0.2 s of silence.
    pub fn finished(&mut self, utterance: &[f32]) -> Result<f32, Error> {
        let features = self.mel.features(&window(utterance));
        let input = NdTensor::from_data([1, mel::BANDS, mel::FRAMES], features);
        let mut outputs = self
            .graph
            .run(vec![(self.features, input.into())], &[self.probability])?;
        // It is called "logits" but has been through the sigmoid already.
        let probability = outputs.pop().and_then(rten::Value::into_tensor::<f32>);
        let probability = probability.and_then(|p| p.iter().next().copied());
        probability
            .filter(|p| p.is_finite())
            .ok_or_else(|| self.graph.failed(&"no probability"))
    }
}

/// The last 8 s, zeros in front of a shorter utterance, with zero mean and unit variance over all of it.
fn window(utterance: &[f32]) -> Vec<f32> {
    let heard = &utterance[utterance.len().saturating_sub(WINDOW)..];
    let mut window = vec![0.0; WINDOW - heard.len()];
    window.extend(heard.iter().map(|s| if s.is_finite() { *s } else { 0.0 }));
    let mean = window.iter().sum::<f32>() / WINDOW as f32;
    let variance = window.iter().map(|s| (s - mean).powi(2)).sum::<f32>() / WINDOW as f32;
    // The constant keeps silence from becoming noise; it is that of the model's own front end.
    let scale = 1.0 / (variance + 1e-7).sqrt();
    for sample in &mut window {
        *sample = (*sample - mean) * scale;
    }
    window
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_normal_and_its_sound_stands_at_the_end() {
        let speech: Vec<f32> = (0..RATE).map(|i| (i as f32 * 0.05).sin()).collect();
        let window = window(&speech);
        assert_eq!(window.len(), WINDOW);
        assert!((window[0] - window[WINDOW / 2]).abs() < 1e-6, "silence in front");
        let power = window.iter().map(|s| s * s).sum::<f32>() / WINDOW as f32;
        assert!((power - 1.0).abs() < 1e-3);
        assert!(super::window(&[f32::NAN; 10]).iter().all(|s| s.is_finite()));
    }
}
