//! MP3 frames as they come.

use libretto_voice::{Audio, SampleRate};
use nanomp3::{DecodeError, Decoder, MAX_SAMPLES_PER_FRAME, id3v2_len};

use super::BadSound;

/// The longest frame: 320 kbit/s at 32 kHz, with its padding.
const FRAME: usize = 1_441;
/// What the decoder must see to know the first frame: it, and the one behind it.
const FIRST: usize = 2 * FRAME + 4;
/// And later: the frame, and the head of the next.
const NEXT: usize = FRAME + 4;
/// So many bytes without a frame are no MP3.
const HOPELESS: usize = 256 << 10;

/// Decodes frames; at most two of them wait inside.
pub(super) struct Mp3 {
    decoder: Decoder,
    pending: Vec<u8>,
    /// Bytes of a tag that have not come yet.
    skip: usize,
    rate: Option<SampleRate>,
    /// Whether anything has come at all.
    begun: bool,
    /// Bytes since the last frame.
    barren: usize,
}

impl Default for Mp3 {
    fn default() -> Self {
        Self {
            decoder: Decoder::new(),
            pending: Vec::new(),
            skip: 0,
            rate: None,
            begun: false,
            barren: 0,
        }
    }
}

impl Mp3 {
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Option<Audio>, BadSound> {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        self.pending.extend_from_slice(&bytes[skipped..]);
        if !self.begun && self.pending.len() >= 10 {
            self.begun = true;
            let tag = id3v2_len(&self.pending);
            let here = tag.min(self.pending.len());
            self.pending.drain(..here);
            self.skip = tag - here;
        }
        self.decode(false)
    }

    pub(super) fn finish(&mut self) -> Result<Option<Audio>, BadSound> {
        self.decode(true)
    }

    fn decode(&mut self, last: bool) -> Result<Option<Audio>, BadSound> {
        let mut samples = Vec::new();
        let mut pcm = [0.0_f32; MAX_SAMPLES_PER_FRAME];
        let mut at = 0;
        loop {
            let rest = &self.pending[at..];
            let enough = if self.rate.is_none() { FIRST } else { NEXT };
            if rest.is_empty() || (!last && rest.len() < enough) {
                break;
            }
            let (consumed, result) = self.decoder.decode(rest, &mut pcm);
            at += consumed;
            match result {
                Ok(frame) => {
                    self.barren = 0;
                    let rate = SampleRate::new(frame.sample_rate).ok_or(BadSound::NoFrames)?;
                    if *self.rate.get_or_insert(rate) != rate {
                        return Err(BadSound::Rate);
                    }
                    let channels = usize::from(frame.channels.num());
                    let frames = pcm[..frame.samples_produced * channels].chunks_exact(channels);
                    samples.extend(frames.map(|frame| frame.iter().sum::<f32>() / channels as f32));
                }
                Err(DecodeError::NoFrame) => {
                    self.barren += consumed;
                    if self.barren > HOPELESS {
                        return Err(BadSound::NoFrames);
                    }
                }
                // The first frames of a stream may lean on ones before them; a broken one is passed over.
                Err(_) => self.barren = 0,
            }
            if consumed == 0 {
                break;
            }
        }
        self.pending.drain(..at);
        Ok(self.rate.map(|rate| Audio::new(rate, samples)))
    }
}

#[cfg(test)]
mod tests {
    use libretto_testkit::fakes::speech;

    use super::*;

    fn decode(bytes: &[u8], size: usize) -> Audio {
        let mut mp3 = Mp3::default();
        let mut whole: Option<Audio> = None;
        let mut pieces: Vec<Option<Audio>> = bytes.chunks(size).map(|c| mp3.push(c).unwrap()).collect();
        pieces.push(mp3.finish().unwrap());
        for piece in pieces.into_iter().flatten() {
            match &mut whole {
                Some(whole) => whole.samples.extend(piece.samples),
                None => whole = Some(piece),
            }
        }
        whole.unwrap()
    }

    #[test]
    fn speech_cut_anywhere_sounds_the_same() {
        let bytes = speech::mp3();
        let whole = decode(bytes, bytes.len());
        let spoken = speech::sentence();
        assert_eq!(whole.rate.hertz(), 44_100);
        let seconds = whole.duration().as_secs_f64() - spoken.audio.duration().as_secs_f64();
        assert!((0.0..0.2).contains(&seconds), "the encoder pads: {seconds} s");
        assert!((whole.rms() / spoken.audio.rms() - 1.0).abs() < 0.1);
        for size in [1, 7, 417, 418, 1_000, 1_441, 4_096] {
            assert_eq!(decode(bytes, size).samples, whole.samples, "chunks of {size}");
        }
    }

    #[test]
    fn a_tag_before_the_sound_is_skipped() {
        let mut bytes = b"ID3\x03\0\0\0\0\x10\0".to_vec();
        bytes.extend([0xFF; 2_048]);
        bytes.extend(speech::mp3());
        let plain = decode(speech::mp3(), 500);
        assert_eq!(decode(&bytes, 333).samples, plain.samples);
    }

    #[test]
    fn what_is_no_mp3_is_refused() {
        let mut mp3 = Mp3::default();
        let noise: Vec<u8> = (0..600_000_u32).map(|n| (n % 200) as u8).collect();
        assert!(
            noise
                .chunks(1_000)
                .any(|chunk| mp3.push(chunk) == Err(BadSound::NoFrames))
        );
    }
}
