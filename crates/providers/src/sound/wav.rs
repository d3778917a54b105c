//! A WAV header in front of a stream. Its sizes are not to be trusted: who streams does not know them yet and writes
//! zero or the greatest number.

use libretto_voice::audio::PcmDecoder;
use libretto_voice::{Audio, SampleRate};

use super::BadSound;

/// Longest header: some programs write a long list of remarks before the sound.
const LONGEST: usize = 64 << 10;

/// Reads the header, then the samples.
#[derive(Debug, Default)]
pub(super) struct Wav {
    header: Vec<u8>,
    sound: Option<Sound>,
}

#[derive(Debug)]
struct Sound {
    rate: SampleRate,
    channels: usize,
    pcm: PcmDecoder,
    /// Samples of a frame whose other channels have not come yet.
    frame: Vec<f32>,
}

impl Wav {
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Option<Audio>, BadSound> {
        if let Some(sound) = &mut self.sound {
            return Ok(Some(sound.push(bytes)));
        }
        self.header.extend_from_slice(bytes);
        let Some((mut sound, begins)) = read(&self.header)? else {
            return if self.header.len() > LONGEST {
                Err(BadSound::Header)
            } else {
                Ok(None)
            };
        };
        let first = std::mem::take(&mut self.header);
        let audio = sound.push(&first[begins..]);
        self.sound = Some(sound);
        Ok(Some(audio))
    }
}

impl Sound {
    fn push(&mut self, bytes: &[u8]) -> Audio {
        let mut audio = self.pcm.push(self.rate, bytes);
        if self.channels > 1 {
            self.frame.append(&mut audio.samples);
            let whole = self.frame.len() / self.channels * self.channels;
            let frames = self.frame[..whole].chunks_exact(self.channels);
            audio.samples = frames
                .map(|frame| frame.iter().sum::<f32>() / self.channels as f32)
                .collect();
            self.frame.drain(..whole);
        }
        audio
    }
}

/// The format and where the samples begin; `None` while the header is not complete.
fn read(header: &[u8]) -> Result<Option<(Sound, usize)>, BadSound> {
    let wrong = |at: usize, word: &[u8]| header.len() >= at + 4 && &header[at..at + 4] != word;
    if wrong(0, b"RIFF") || wrong(8, b"WAVE") {
        return Err(BadSound::Header);
    }
    let (mut at, mut sound) = (12_usize, None);
    while let Some(head) = header.get(at..at.saturating_add(8)) {
        let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let body = at + 8;
        match &head[..4] {
            b"data" => {
                let sound = sound.ok_or(BadSound::Header)?;
                return Ok(Some((sound, body)));
            }
            b"fmt " => {
                let Some(format) = header.get(body..body + 16) else {
                    return Ok(None);
                };
                sound = Some(format_of(format)?);
            }
            _ => {}
        }
        // Chunks begin at even places.
        at = body.saturating_add(size).saturating_add(size & 1);
    }
    Ok(None)
}

fn format_of(format: &[u8]) -> Result<Sound, BadSound> {
    let short = |at: usize| u16::from_le_bytes([format[at], format[at + 1]]);
    let rate = u32::from_le_bytes([format[4], format[5], format[6], format[7]]);
    // 1 is PCM; 0xFFFE says that the format stands further on, and with 16 bits it is PCM too.
    let pcm = matches!(short(0), 1 | 0xFFFE) && short(14) == 16;
    let channels = usize::from(short(2));
    match SampleRate::new(rate) {
        Some(rate) if pcm && (1..=8).contains(&channels) => Ok(Sound {
            rate,
            channels,
            pcm: PcmDecoder::default(),
            frame: Vec::new(),
        }),
        _ => Err(BadSound::Header),
    }
}

/// A WAV file of 16-bit samples, in memory.
pub(crate) fn file(audio: &Audio) -> Vec<u8> {
    let samples = audio.to_pcm16();
    let size = samples.len() as u32;
    let rate = audio.rate.hertz();
    let mut file = Vec::with_capacity(44 + samples.len());
    file.extend(b"RIFF");
    file.extend((36 + size).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(rate.to_le_bytes());
    file.extend((rate * 2).to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(size.to_le_bytes());
    file.extend(samples);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(channels: u16, samples: &[i16]) -> Vec<u8> {
        let mut bytes = b"RIFF\xff\xff\xff\xffWAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        bytes.extend(1_u16.to_le_bytes());
        bytes.extend(channels.to_le_bytes());
        bytes.extend(24_000_u32.to_le_bytes());
        bytes.extend((24_000 * u32::from(channels) * 2).to_le_bytes());
        bytes.extend((channels * 2).to_le_bytes());
        bytes.extend(16_u16.to_le_bytes());
        bytes.extend(b"data\0\0\0\0");
        bytes.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
        bytes
    }

    #[test]
    fn a_streamed_file_cut_anywhere() {
        for (channels, samples) in [(1, &[100, -200, 300, 400][..]), (2, &[100, 300, -200, 0, 50, 50])] {
            let bytes = file(channels, samples);
            let mixed: Vec<f32> = samples
                .chunks(usize::from(channels))
                .map(|frame| {
                    frame.iter().map(|s| f32::from(*s)).sum::<f32>() / f32::from(channels) / 32_768.0
                })
                .collect();
            for size in 1..bytes.len() {
                let mut wav = Wav::default();
                let got: Vec<f32> = bytes
                    .chunks(size)
                    .filter_map(|chunk| wav.push(chunk).unwrap())
                    .flat_map(|audio| audio.samples)
                    .collect();
                assert_eq!(got, mixed, "chunks of {size}");
            }
        }
    }

    #[test]
    fn a_file_there_and_back() {
        let audio = Audio::new(SampleRate::SPEECH, vec![0.0, 0.25, -0.5]);
        let back = Wav::default().push(&super::file(&audio)).unwrap().unwrap();
        assert_eq!(back.rate, audio.rate);
        assert!(
            back.samples
                .iter()
                .zip(&audio.samples)
                .all(|(a, b)| (a - b).abs() < 1e-4)
        );
    }

    #[test]
    fn what_is_no_wav_is_refused() {
        assert_eq!(Wav::default().push(b"{\"error\":\"no\"}"), Err(BadSound::Header));
        let mut endless = Wav::default();
        assert!(endless.push(b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\x7f").is_ok());
        assert!((0..100).any(|_| endless.push(&[0; 1_000]).is_err()));
    }
}
