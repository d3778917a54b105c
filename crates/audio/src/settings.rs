//! What a user can choose about sound.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::devices::DeviceId;
use crate::vad::VadSettings;

/// Everything about sound.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AudioSettings {
    /// The microphone.
    pub input: InputSettings,
    /// The loudspeaker.
    pub output: OutputSettings,
    /// What counts as speech.
    pub vad: VadSettings,
    /// Whether what the loudspeaker plays is taken out of what the microphone hears, while it plays.
    pub echo: EchoSettings,
    /// Folder of the models, with `silero-vad-6.2/silero_vad_16k_op15.onnx` in it.
    pub models: PathBuf,
}

/// The microphone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InputSettings {
    /// Where sound comes from: a name of [`crate::backend::BACKENDS`], with its argument.
    pub backend: String,
    /// The chosen device; `None` is the system's default.
    pub device: Option<DeviceId>,
    /// How long the device stays open after it was last used, so that the next utterance has its pre-roll.
    pub keep_warm: KeepWarm,
}

impl Default for InputSettings {
    fn default() -> Self {
        Self {
            backend: "cpal".into(),
            device: None,
            keep_warm: KeepWarm::default(),
        }
    }
}

/// How long a microphone stays open while nobody listens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeepWarm {
    /// Seconds after the last use; 0 closes it at once.
    Seconds(f64),
    /// As long as its session lives.
    Always,
}

impl Default for KeepWarm {
    fn default() -> Self {
        // Long enough for a follow-up, short enough that the system's microphone light does not worry anyone.
        Self::Seconds(10.0)
    }
}

/// The loudspeaker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutputSettings {
    /// Where sound goes to: a name of [`crate::backend::BACKENDS`], with its argument.
    pub backend: String,
    /// The chosen device; `None` is the system's default.
    pub device: Option<DeviceId>,
    /// From 0 to 1.
    pub volume: f32,
    /// Seconds that the device stays open after the last sound; an open device answers at once, and costs a little.
    pub stay_open: f64,
}

impl Default for OutputSettings {
    fn default() -> Self {
        Self {
            backend: "cpal".into(),
            device: None,
            volume: 1.0,
            stay_open: 5.0,
        }
    }
}

/// Echo cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EchoSettings {
    /// Off for people with headphones.
    pub enabled: bool,
}

impl Default for EchoSettings {
    fn default() -> Self {
        Self { enabled: true }
    }
}
