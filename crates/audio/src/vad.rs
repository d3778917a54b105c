//! Voice activity: is somebody speaking? A cheap gate (WebRTC's detector) and a judge (Silero), alone or one behind
//! the other, and a smoothing that turns their scores into a beginning and an end.

mod gate;
mod judge;
mod smoothing;

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use gate::{Gate, Strictness};
pub use judge::{Judge, JudgeModel};
pub use smoothing::{Change, Smoother};

/// Samples of a 10 ms frame at 16 kHz.
pub(crate) const FRAME: usize = 160;

/// Which detectors decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VadKind {
    /// WebRTC's detector alone: 1 µs per frame, and takes many noises for speech.
    Gate,
    /// Silero alone: 0.24 ms per 32 ms, and is seldom wrong.
    Judge,
    /// Silero, asked only while the gate thinks that there may be speech.
    #[default]
    Both,
}

/// What counts as speech. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VadSettings {
    /// Which detectors decide.
    pub kind: VadKind,
    /// Score from 0 to 1 from which on a frame is speech; Silero's own default.
    pub threshold: f32,
    /// Speech must last so long before it has begun.
    pub min_speech: f64,
    /// Silence must last so long before speech has ended.
    pub min_silence: f64,
    /// Sound on both sides of a voiced moment that belongs to it: dips up to this long do not interrupt.
    pub padding: f64,
}

impl Default for VadSettings {
    fn default() -> Self {
        Self {
            kind: VadKind::Both,
            threshold: 0.5,
            min_speech: 0.1,
            min_silence: 0.3,
            padding: 0.1,
        }
    }
}

/// Where the judge's model lies in a folder of models.
pub const MODEL: &str = "silero-vad-6.2/silero_vad_16k_op15.onnx";

/// Loads the judge once, when it is first needed, for all sessions.
#[derive(Clone, Default)]
pub(crate) struct Models {
    path: PathBuf,
    loaded: Arc<std::sync::OnceLock<Option<Arc<JudgeModel>>>>,
}

impl Models {
    pub(crate) fn in_folder(folder: &std::path::Path) -> Self {
        Self {
            path: folder.join(MODEL),
            loaded: Arc::default(),
        }
    }

    fn judge(&self) -> Option<Arc<JudgeModel>> {
        let load = || match JudgeModel::load(&self.path) {
            Ok(model) => Some(Arc::new(model)),
            Err(error) => {
                tracing::warn!(%error, "vad_without_judge");
                None
            }
        };
        self.loaded.get_or_init(load).clone()
    }

    /// The kind that can really be had.
    pub(crate) fn available(&self, wanted: VadKind) -> VadKind {
        if wanted == VadKind::Gate || self.judge().is_some() {
            wanted
        } else {
            VadKind::Gate
        }
    }
}

/// How long the judge goes on listening after the gate closed: longer than the stops inside words.
const AFTER_GATE: u32 = 40;
/// Frames that the judge is given first when the gate opens, so that it knows what came before: three of its own.
const BEFORE_GATE: usize = 10;

/// Decides for a stream of 10 ms frames.
pub struct Detector {
    kind: VadKind,
    gate: Gate,
    judge: Option<Judge>,
    smoother: Smoother,
    /// Frames for which the judge is still asked.
    open: u32,
    before: std::collections::VecDeque<[f32; FRAME]>,
}

impl Detector {
    /// With these settings; without a model the gate decides alone.
    pub fn new(settings: &VadSettings, model: Option<Arc<JudgeModel>>) -> Self {
        let kind = if model.is_some() {
            settings.kind
        } else {
            VadKind::Gate
        };
        // Behind it stands a judge: then it may be wrong about noise, and must not miss speech.
        let strictness = if kind == VadKind::Gate {
            Strictness::High
        } else {
            Strictness::Low
        };
        let judge = model.filter(|_| kind != VadKind::Gate).map(Judge::new);
        Self {
            kind,
            gate: Gate::new(strictness),
            judge,
            smoother: Smoother::new(settings),
            open: 0,
            before: std::collections::VecDeque::with_capacity(BEFORE_GATE),
        }
    }

    pub(crate) fn with_models(settings: &VadSettings, models: &Models) -> Self {
        let model = if settings.kind == VadKind::Gate {
            None
        } else {
            models.judge()
        };
        Self::new(settings, model)
    }

    /// Hears the next frame.
    pub fn push(&mut self, frame: &[f32; FRAME]) -> Option<Change> {
        let score = match &mut self.judge {
            None => f32::from(u8::from(self.gate.speech(frame))),
            Some(judge) if self.kind == VadKind::Judge => judge.push(frame),
            Some(judge) => {
                if self.gate.speech(frame) {
                    if self.open == 0 {
                        judge.reset();
                        for earlier in self.before.drain(..) {
                            judge.push(&earlier);
                        }
                    }
                    self.open = AFTER_GATE;
                }
                if self.open > 0 || self.smoother.speaking() {
                    self.open = self.open.saturating_sub(1);
                    judge.push(frame)
                } else {
                    if self.before.len() == BEFORE_GATE {
                        self.before.pop_front();
                    }
                    self.before.push_back(*frame);
                    0.0
                }
            }
        };
        self.smoother.push(score)
    }
}
