//! MP3 frames as they come, without what the coding puts before the sound: it would be heard as silence, and every time
//! that a service tells would be early by it.

use libretto_voice::{Audio, SampleRate};
use nanomp3::{DecodeError, Decoder, MAX_SAMPLES_PER_FRAME, id3v2_len};

use super::BadSound;

/// The longest frame: 320 kbit/s at 32 kHz, with its padding.
const FRAME: usize = 1_441;
/// What the decoder must see to know the first frame: it, and the one behind it.
const FIRST: usize = 2 * FRAME + 4;
/// And later: the frame, and the head of the next.
const NEXT: usize = FRAME + 4;
/// Samples by which any decoder is late: the filter bank's, and one (LAME's technical FAQ).
const DECODER: usize = 529;
/// Samples by which an encoder is late that does not say so: LAME's own, on which ffmpeg and most services stand.
const ENCODER: usize = 576;
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
    /// Samples before the sound that have not come yet.
    lead: usize,
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
            lead: DECODER + ENCODER,
        }
    }
}

/// By how many samples the encoder is late, where this frame is the one in which it says so: there is no sound in it.
/// Behind `Xing` or `Info` stand four kinds of figures, each if its flag is set, then the encoder's own: nine letters of
/// its name, twelve bytes, and twelve bits that count here (Gabriel Bouvigne's "MP3 info tag").
fn delay(frame: &[u8]) -> Option<usize> {
    // Behind the head and what the coding of one or two channels takes.
    let at = [36, 21, 13].into_iter().find(|at| {
        let name = frame.get(*at..*at + 4);
        name == Some(b"Xing") || name == Some(b"Info")
    })?;
    let flags = *frame.get(at + 7)?;
    let figures: usize = [(1, 4), (2, 4), (4, 100), (8, 4)]
        .iter()
        .filter(|(flag, _)| flags & flag != 0)
        .map(|(_, length)| length)
        .sum();
    let own = frame.get(at + 8 + figures..)?;
    match (own.get(..4)?, own.get(21..23)) {
        (b"LAME" | b"Lavc" | b"Lavf", Some([high, low])) => {
            Some(usize::from(*high) << 4 | usize::from(*low) >> 4)
        }
        _ => Some(ENCODER),
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
            let frame = rest.get(..consumed).unwrap_or_default();
            at += consumed;
            if self.rate.is_none()
                && let Some(delay) = delay(frame)
            {
                self.lead = DECODER + delay;
                self.barren = 0;
                continue;
            }
            match result {
                Ok(frame) => {
                    self.barren = 0;
                    let rate = SampleRate::new(frame.sample_rate).ok_or(BadSound::NoFrames)?;
                    if *self.rate.get_or_insert(rate) != rate {
                        return Err(BadSound::Rate);
                    }
                    let channels = usize::from(frame.channels.num());
                    let skipped = self.lead.min(frame.samples_produced);
                    self.lead -= skipped;
                    let frames =
                        pcm[skipped * channels..frame.samples_produced * channels].chunks_exact(channels);
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
        assert!(
            (0.0..0.1).contains(&seconds),
            "the encoder fills its last frames: {seconds} s"
        );
        assert!((whole.rms() / spoken.audio.rms() - 1.0).abs() < 0.1);
        for size in [1, 7, 417, 418, 1_000, 1_441, 4_096] {
            assert_eq!(decode(bytes, size).samples, whole.samples, "chunks of {size}");
        }
    }

    #[test]
    fn the_sound_begins_where_it_did() {
        let (decoded, spoken) = (decode(speech::mp3(), 500), speech::sentence());
        // The middle of the energy, which the coding leaves where it is.
        let middle = |audio: &Audio, end: f64| {
            let samples = &audio.samples[..audio.rate.sample_at(end) as usize];
            let energy = |sample: &f32| f64::from(sample * sample);
            let moments = samples
                .iter()
                .enumerate()
                .map(|(n, sample)| n as f64 * energy(sample));
            moments.sum::<f64>() / samples.iter().map(energy).sum::<f64>() / f64::from(audio.rate.hertz())
        };
        for (_, seconds) in &spoken.words[..3] {
            let late = middle(&decoded, seconds.end) - middle(&spoken.audio, seconds.end);
            assert!(late.abs() < 0.001, "{late} s late");
        }
    }

    #[test]
    fn an_encoder_says_how_late_it_is() {
        assert_eq!(delay(&speech::mp3()[..417]), Some(1_105 - DECODER));
        assert_eq!(delay(&speech::mp3()[417..]), None);
        assert_eq!(delay(b""), None);
        assert_eq!(delay(&[&[0; 36][..], b"Xing\0\0\0\x0f"].concat()), None);
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
