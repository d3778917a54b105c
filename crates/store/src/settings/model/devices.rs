//! Microphone, loudspeaker, and what counts as speech.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What listens to you.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Microphone {
    /// Id of the device, as `libretto-cli devices` lists it. When not set: the system's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub device: Option<String>,
    /// The device stays open so long after a turn, so that the next one starts at once. Seconds.
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub keep_warm: f64,
    /// Whether what the loudspeaker plays is taken out of what is heard.
    pub echo_cancellation: bool,
}

impl Default for Microphone {
    fn default() -> Self {
        Self {
            device: None,
            keep_warm: 30.0,
            echo_cancellation: true,
        }
    }
}

/// What you hear.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Loudspeaker {
    /// Id of the device, as `libretto-cli devices` lists it. When not set: the system's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub device: Option<String>,
    /// Loudness of replies.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub volume: f64,
}

impl Default for Loudspeaker {
    fn default() -> Self {
        Self {
            device: None,
            volume: 1.0,
        }
    }
}

/// Who judges what is speech.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VadKind {
    /// The cheap gate first, then the judge: the least work for the same answer.
    #[default]
    Both,
    /// Only the cheap gate (webrtc-vad).
    Gate,
    /// Only the judge (Silero).
    Judge,
}

/// When speech begins and ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Vad {
    /// Who judges what is speech.
    pub kind: VadKind,
    /// How sure the judge must be.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub threshold: f64,
    /// Sound shorter than this is no speech. Seconds.
    #[schemars(range(min = 0.0, max = 5.0))]
    pub min_speech: f64,
    /// Silence shorter than this does not end it. Seconds.
    #[schemars(range(min = 0.0, max = 10.0))]
    pub min_silence: f64,
    /// So much is kept before and after speech. Seconds.
    #[schemars(range(min = 0.0, max = 5.0))]
    pub padding: f64,
}

impl Default for Vad {
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

impl Vad {
    /// `min_speech` as a time.
    pub fn min_speech(&self) -> Duration {
        seconds(self.min_speech)
    }

    /// `min_silence` as a time.
    pub fn min_silence(&self) -> Duration {
        seconds(self.min_silence)
    }

    /// `padding` as a time.
    pub fn padding(&self) -> Duration {
        seconds(self.padding)
    }
}

/// A time from a setting; what no time can be is zero.
pub fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value).unwrap_or_default()
}
