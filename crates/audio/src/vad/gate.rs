//! The cheap stage: WebRTC's detector, which looks at the energy in six bands.

use libretto_voice::audio::to_i16;
use webrtc_vad::{SampleRate, Vad, VadMode};

use super::FRAME;

/// How sure it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Misses little, and takes much noise for speech.
    Low,
    /// Takes less noise for speech.
    High,
}

/// WebRTC's detector on 10 ms frames. It stays on its thread.
pub struct Gate {
    vad: Vad,
    samples: [i16; FRAME],
}

impl Gate {
    /// This strict.
    pub fn new(strictness: Strictness) -> Self {
        let mode = match strictness {
            Strictness::Low => VadMode::LowBitrate,
            Strictness::High => VadMode::VeryAggressive,
        };
        Self {
            vad: Vad::new_with_rate_and_mode(SampleRate::Rate16kHz, mode),
            samples: [0; FRAME],
        }
    }

    /// Whether there may be speech in this frame.
    pub fn speech(&mut self, frame: &[f32; FRAME]) -> bool {
        for (to, sample) in self.samples.iter_mut().zip(frame) {
            *to = to_i16(*sample);
        }
        // It refuses only lengths that it does not know.
        self.vad.is_voice_segment(&self.samples).unwrap_or(false)
    }
}
