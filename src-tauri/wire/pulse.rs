//! What comes many times a second. It goes over a channel to the windows that asked for it, not over the event bus.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::notice::Span;

/// One beat.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Pulse {
    /// Loudness at the microphone, ten times a second while it is open.
    Level {
        /// RMS from 0 to 1.
        level: f32,
    },
    /// Which sample of which reply leaves the loudspeaker at a moment. From there on `sample + (now - at) * rate /
    /// 1000` does, until the next anchor says otherwise: one comes when playback starts, stops or jumps.
    Playhead {
        /// Whose audio.
        turn: u64,
        /// The sample.
        sample: u64,
        /// Samples per second; 0 while it stands still.
        rate: u32,
        /// When: milliseconds since 1970, with fractions (`performance.timeOrigin + performance.now()`).
        at: f64,
    },
}

/// A word of a voice's sample is heard now.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct SampleWord {
    /// Where it stands in the sample.
    pub text: Span,
    /// When it began to sound: milliseconds since 1970, with fractions.
    pub at: f64,
}
