//! Real speech with true times, for any text: a sentence that the on-device voice spoke, whose times it measured; for
//! other texts its words are put together anew, so that the times are true by construction.

use std::ops::Range;
use std::sync::OnceLock;
use std::time::Duration;

use audio_codec_algorithms::{encode_alaw, encode_ulaw};
use libretto_voice::{Audio, SampleRate};
use opus_pure::{Application, MAX_PACKET_BYTES, OggOpusWriter, OpusEncoder, OpusHead};

/// The sentence as the voice spoke it, at 24 kHz.
const WAV: &[u8] = include_bytes!("speech/kettle.wav");
/// The same as MP3, 44.1 kHz, 128 kbit/s.
const MP3: &[u8] = include_bytes!("speech/kettle.mp3");
/// When each of its words sounds: start and end in seconds, word.
const TIMES: &str = include_str!("speech/kettle.tsv");
/// What it says.
pub const SENTENCE: &str = "The kettle is on. It boils in a minute, and then we pour the tea.";

/// Between two words, and behind a sentence.
const GAP: Duration = Duration::from_millis(20);
const PAUSE: Duration = Duration::from_millis(250);

/// A text, its sound, and when each of its words sounds.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// What is said.
    pub text: String,
    /// How it sounds.
    pub audio: Audio,
    /// Bytes of the text and seconds of the sound, word by word.
    pub words: Vec<(Range<usize>, Range<f64>)>,
}

/// A character and when it sounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Character {
    /// The character.
    pub text: String,
    /// Seconds.
    pub seconds: Range<f64>,
}

impl Spoken {
    /// One entry for each character, white space included: a word's time is shared by its characters, and the space
    /// behind it has what lies before the next word.
    pub fn characters(&self) -> Vec<Character> {
        let mut characters: Vec<Character> = Vec::new();
        let mut words = self.words.iter().peekable();
        let mut last = 0.0;
        for (at, c) in self.text.char_indices() {
            while words.peek().is_some_and(|(bytes, _)| bytes.end <= at) {
                words.next();
            }
            let seconds = match words.peek() {
                Some((bytes, seconds)) if bytes.contains(&at) => {
                    let letters = self.text[bytes.clone()].chars().count() as f64;
                    let before = self.text[bytes.start..at].chars().count() as f64;
                    let each = (seconds.end - seconds.start) / letters;
                    seconds.start + each * before..seconds.start + each * (before + 1.0)
                }
                Some((_, next)) => last..next.start.max(last),
                None => last..self.audio.duration().as_secs_f64().max(last),
            };
            last = seconds.end;
            characters.push(Character {
                text: c.to_string(),
                seconds,
            });
        }
        characters
    }

    /// The same in another rate.
    pub fn at(mut self, rate: SampleRate) -> Self {
        self.audio = resampled(&self.audio, rate);
        self
    }
}

/// The sentence itself.
pub fn sentence() -> &'static Spoken {
    static SPOKEN: OnceLock<Spoken> = OnceLock::new();
    SPOKEN.get_or_init(|| {
        let bytes = &WAV[WAV.windows(4).position(|w| w == b"data").map_or(44, |at| at + 8)..];
        let audio = Audio::from_pcm16(SampleRate::VOICE, bytes);
        let mut words = Vec::new();
        let mut at = 0;
        for line in TIMES.lines() {
            let mut fields = line.split('\t');
            let mut seconds = || fields.next().and_then(|f| f.parse().ok()).unwrap_or(0.0);
            let seconds = seconds()..seconds();
            let word = fields.next().unwrap_or_default();
            let start = SENTENCE[at..].find(word).map_or(at, |found| at + found);
            at = start + word.len();
            words.push((start..at, seconds));
        }
        Spoken {
            text: SENTENCE.into(),
            audio,
            words,
        }
    })
}

/// The sentence as MP3, 44.1 kHz and 128 kbit/s.
pub fn mp3() -> &'static [u8] {
    MP3
}

/// Sound as Opus in Ogg pages of about a quarter of a second, 48 kHz, at `kbps` thousand bits per second.
pub fn opus_at(audio: &Audio, kbps: i32) -> Vec<u8> {
    coded(&audio_at_48(audio), kbps).unwrap_or_default()
}

/// The same at 64 kbit/s.
pub fn opus(audio: &Audio) -> Vec<u8> {
    opus_at(audio, 64)
}

fn audio_at_48(audio: &Audio) -> Audio {
    SampleRate::new(48_000).map_or_else(|| audio.clone(), |rate| resampled(audio, rate))
}

/// Frames of 20 ms. What the coder is late by comes behind the sound, and the last page says where the sound ends.
fn coded(audio: &Audio, kbps: i32) -> opus_pure::Result<Vec<u8>> {
    const FRAME: usize = 960;
    let mut coder = OpusEncoder::new(48_000, 1, Application::Voip)?;
    coder.bitrate_bps = kbps * 1_000;
    let head = OpusHead::for_encoder(&coder, 48_000);
    let late = usize::from(head.pre_skip);
    let mut writer = OggOpusWriter::new(Vec::new(), head)?;
    writer.set_page_target(kbps as usize * 1_000 / 8 / 4);
    let frames = (audio.samples.len() + late).div_ceil(FRAME);
    let mut packet = vec![0; MAX_PACKET_BYTES];
    for number in 0..frames {
        let begin = (number * FRAME).min(audio.samples.len());
        let end = (begin + FRAME).min(audio.samples.len());
        let mut frame = audio.samples[begin..end].to_vec();
        frame.resize(FRAME, 0.0);
        let length = coder.encode(&frame, FRAME, &mut packet)?;
        let left = (late + audio.samples.len()).saturating_sub(number * FRAME);
        writer.write_packet_with_duration(&packet[..length], left.min(FRAME) as u32)?;
    }
    writer.finish()
}

/// Sound as G.711, µ-law or A-law: a byte a sample.
pub fn g711(audio: &Audio, mu: bool) -> Vec<u8> {
    let code = if mu { encode_ulaw } else { encode_alaw };
    let bytes = audio.to_pcm16();
    bytes
        .chunks_exact(2)
        .map(|sample| code(i16::from_le_bytes([sample[0], sample[1]])))
        .collect()
}

/// Sound as a WAV file.
pub fn wav(audio: &Audio) -> Vec<u8> {
    let (samples, rate) = (audio.to_pcm16(), audio.rate.hertz());
    let size = samples.len() as u32;
    let head = [36 + size, 16, 0x0001_0001, rate, rate * 2, 0x0010_0002, size].map(u32::to_le_bytes);
    let [riff, format, pcm, rate, bytes, block, data] = &head;
    [
        &b"RIFF"[..],
        &riff[..],
        b"WAVEfmt ",
        format,
        pcm,
        rate,
        bytes,
        block,
        b"data",
        data,
        &samples,
    ]
    .concat()
}

/// How long a WAV file of 16-bit samples sounds; `None` for anything else.
pub fn wav_seconds(file: &[u8]) -> Option<f64> {
    let reader = hound::WavReader::new(file).ok()?;
    let sixteen = reader.spec().bits_per_sample == 16;
    sixteen.then(|| f64::from(reader.duration()) / f64::from(reader.spec().sample_rate))
}

/// Any text, spoken with the sentence's words.
pub fn speak(text: &str) -> Spoken {
    let known = sentence();
    if text.trim() == known.text {
        let shift = text.len() - text.trim_start().len();
        let words = known
            .words
            .iter()
            .map(|(b, s)| (b.start + shift..b.end + shift, s.clone()));
        return Spoken {
            text: text.into(),
            audio: known.audio.clone(),
            words: words.collect(),
        };
    }
    let rate = known.audio.rate;
    let mut audio = Audio::empty(rate);
    let mut words = Vec::new();
    let mut at = 0;
    for word in text.split_whitespace() {
        let start = text[at..].find(word).map_or(at, |found| at + found);
        at = start + word.len();
        let clip = clip(word);
        let begins = audio.duration().as_secs_f64();
        audio.samples.extend_from_slice(clip);
        words.push((start..at, begins..audio.duration().as_secs_f64()));
        let silence = if word.ends_with(['.', '!', '?', '؟', '。']) {
            PAUSE
        } else {
            GAP
        };
        audio.samples.extend(Audio::silence(rate, silence).samples);
    }
    Spoken {
        text: text.into(),
        audio,
        words,
    }
}

/// A word's sound: of the sentence's words the one that is about as long.
fn clip(word: &str) -> &'static [f32] {
    let known = sentence();
    let letters = |word: &str| word.chars().filter(|c| c.is_alphanumeric()).count();
    let wanted = letters(word);
    let best = known
        .words
        .iter()
        .min_by_key(|(bytes, _)| letters(&known.text[bytes.clone()]).abs_diff(wanted));
    best.map_or(&[], |(_, seconds)| {
        let rate = known.audio.rate;
        let end = (rate.sample_at(seconds.end) as usize).min(known.audio.samples.len());
        &known.audio.samples[(rate.sample_at(seconds.start) as usize).min(end)..end]
    })
}

/// Straight lines between samples: good enough for a fake.
fn resampled(audio: &Audio, rate: SampleRate) -> Audio {
    if audio.rate == rate || audio.samples.is_empty() {
        return Audio::new(rate, audio.samples.clone());
    }
    let count = audio.rate.convert(audio.samples.len() as u64, rate);
    let step = f64::from(audio.rate.hertz()) / f64::from(rate.hertz());
    let sample = |n: u64| {
        let place = n as f64 * step;
        let (left, share) = (place as usize, place.fract() as f32);
        let at = |i: usize| audio.samples[i.min(audio.samples.len() - 1)];
        at(left) * (1.0 - share) + at(left + 1) * share
    };
    Audio::new(rate, (0..count).map(sample).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_true() {
        for text in [SENTENCE, "Ten geese!  Fly home.\n", "مرحبا بك."] {
            let spoken = speak(text);
            assert_eq!(spoken.words.len(), text.split_whitespace().count());
            assert_eq!(spoken.characters().len(), text.chars().count());
            let rate = spoken.audio.rate;
            for (bytes, seconds) in &spoken.words {
                let (start, end) = (rate.sample_at(seconds.start), rate.sample_at(seconds.end));
                let sound = libretto_voice::audio::rms(&spoken.audio.samples[start as usize..end as usize]);
                assert!(sound > 0.005, "{:?} is silent", &text[bytes.clone()]);
            }
            let times = spoken.characters();
            assert!(
                times
                    .windows(2)
                    .all(|p| p[0].seconds.end <= p[1].seconds.start + 1e-9)
            );
        }
    }
}
