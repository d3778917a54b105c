//! The turn detector, from the app's side.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use libretto_voice::{Audio, Error, Kind, Result, SampleRate, TurnDetector};

use super::error::EngineError;
use super::supervisor::Supervisor;
use crate::wire::{Answer, Ask};

/// It judges by the last 8 s; what lies before need not travel.
const WINDOW: usize = 8 * 16_000;

pub(super) struct OnDeviceTurnDetector {
    engine: Arc<Supervisor>,
}

impl OnDeviceTurnDetector {
    pub(super) fn new(engine: Arc<Supervisor>) -> Self {
        Self { engine }
    }
}

impl TurnDetector for OnDeviceTurnDetector {
    fn finished(&self, utterance: Audio) -> BoxFuture<'static, Result<f32>> {
        let engine = Arc::clone(&self.engine);
        async move {
            if utterance.rate != SampleRate::SPEECH {
                return Err(EngineError::Rate(utterance.rate.hertz()).into());
            }
            let mut samples = utterance.samples;
            samples.drain(..samples.len().saturating_sub(WINDOW));
            let model = engine.settings().models.turn;
            match engine
                .call(Ask::Judge { model, samples }, 1)
                .await?
                .next()
                .await?
            {
                Answer::Judged(probability) => Ok(probability),
                _ => Err(Error::new(
                    Kind::Internal,
                    "The on-device turn detector did not judge.",
                )),
            }
        }
        .boxed()
    }
}
