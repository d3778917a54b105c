//! G.711: a byte for each sample, as telephones have it.

use audio_codec_algorithms::{decode_alaw, decode_ulaw};
use libretto_voice::{Audio, SampleRate};

/// Which of its two laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// North America's and Japan's: µ-law.
    Mu,
    /// Everyone else's: A-law.
    A,
}

impl Law {
    /// The samples of these bytes.
    pub(super) fn decode(self, rate: SampleRate, bytes: &[u8]) -> Audio {
        let decode = match self {
            Self::Mu => decode_ulaw,
            Self::A => decode_alaw,
        };
        let samples = bytes.iter().map(|byte| f32::from(decode(*byte)) / 32_768.0);
        Audio::new(rate, samples.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_and_the_middle_of_both_laws() {
        // G.711, tables 2a and 1a: the greatest values and silence, in 16 bits.
        for (law, byte, sample) in [
            (Law::Mu, 0x80, 32_124.0),
            (Law::Mu, 0x00, -32_124.0),
            (Law::Mu, 0xFF, 0.0),
            (Law::A, 0xAA, 32_256.0),
            (Law::A, 0x2A, -32_256.0),
            (Law::A, 0xD5, 8.0),
        ] {
            let rate = SampleRate::new(8_000).unwrap();
            let audio = law.decode(rate, &[byte]);
            assert_eq!(audio.samples, [sample / 32_768.0], "{law:?} {byte:x}");
        }
    }
}
