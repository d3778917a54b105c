//! `output_format`: which there are, where, and the sound in each.

use std::ops::Range;

use libretto_voice::{Audio, SampleRate};

use super::super::speech;

/// A codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Pcm,
    /// With its thousand bits per second.
    Mp3(u32),
    Mu,
    A,
    /// With its thousand bits per second.
    Opus(i32),
    Wav,
}

/// Codec and rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    codec: Codec,
    pub(super) rate: SampleRate,
}

/// Rates of sound that is not compressed.
const RATES: [u32; 7] = [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
/// Rates and thousand bits per second of MP3, and the latter of Opus.
const MP3: [(u32, u32); 7] = [
    (22_050, 32),
    (24_000, 48),
    (44_100, 32),
    (44_100, 64),
    (44_100, 96),
    (44_100, 128),
    (44_100, 192),
];
const OPUS: [u32; 5] = [32, 64, 96, 128, 192];

/// The format of this name; `None` where there is none.
pub(super) fn format(name: Option<&str>) -> Option<Format> {
    let mut parts = name.unwrap_or("mp3_44100_128").split('_');
    let (codec, rate) = (parts.next()?, parts.next()?.parse().ok()?);
    let kbps = match parts.next() {
        Some(kbps) => Some(kbps.parse().ok()?),
        None => None,
    };
    let codec = match (codec, kbps) {
        ("pcm", None) if RATES.contains(&rate) => Codec::Pcm,
        ("wav", None) if RATES.contains(&rate) => Codec::Wav,
        ("ulaw", None) if rate == 8_000 => Codec::Mu,
        ("alaw", None) if rate == 8_000 => Codec::A,
        ("opus", Some(kbps)) if rate == 48_000 && OPUS.contains(&kbps) => Codec::Opus(kbps.cast_signed()),
        ("mp3", Some(kbps)) if MP3.contains(&(rate, kbps)) => Codec::Mp3(kbps),
        _ => return None,
    };
    let last = parts.next().is_none();
    SampleRate::new(rate)
        .filter(|_| last)
        .map(|rate| Format { codec, rate })
}

impl Format {
    /// Whether it can be streamed over HTTP.
    pub(super) fn streams(self) -> bool {
        self.codec != Codec::Wav
    }

    /// Whether this fake speaks it over a socket. Its MP3 has one sentence only, in one rate.
    pub(super) fn fits_sockets(self) -> bool {
        match self.codec {
            Codec::Wav => false,
            Codec::Mp3(kbps) => (self.rate.hertz(), kbps) == (44_100, 128),
            _ => true,
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self.codec {
            Codec::Mp3(_) => "audio/mpeg",
            Codec::Opus(_) => "audio/ogg",
            Codec::Wav => "audio/wav",
            Codec::Mu | Codec::A => "audio/basic",
            Codec::Pcm => "audio/pcm",
        }
    }

    /// The sound, whole.
    pub(super) fn bytes(self, audio: &Audio) -> Vec<u8> {
        match self.codec {
            Codec::Pcm => audio.to_pcm16(),
            Codec::Mp3(_) => speech::mp3().to_vec(),
            Codec::Mu => speech::g711(audio, true),
            Codec::A => speech::g711(audio, false),
            Codec::Opus(kbps) => speech::opus_at(audio, kbps),
            Codec::Wav => speech::wav(audio),
        }
    }

    /// The sound in pieces of about so many seconds, each with the seconds that it sounds. They end in the middle of a
    /// sample; those of Opus with a page.
    pub(super) fn pieces(self, audio: &Audio, seconds: f64) -> Vec<(Vec<u8>, Range<f64>)> {
        let bytes = self.bytes(audio);
        let total = audio.duration().as_secs_f64();
        if seconds >= total {
            return vec![(bytes, 0.0..total + 1.0)];
        }
        if matches!(self.codec, Codec::Opus(_)) {
            return pages(&bytes, total);
        }
        let each = match self.codec {
            // What is put before and behind the sound counts too.
            Codec::Mp3(kbps) => f64::from(kbps) * 125.0,
            _ => bytes.len() as f64 / total.max(f64::MIN_POSITIVE),
        };
        let size = ((each * seconds) as usize).max(1) | 1;
        let at = |byte: usize| byte as f64 / each;
        let chunks = bytes.chunks(size).enumerate();
        chunks
            .map(|(n, piece)| (piece.to_vec(), at(n * size)..at((n + 1) * size)))
            .collect()
    }
}

/// Opus page by page, the two without sound with the first that has some.
fn pages(bytes: &[u8], total: f64) -> Vec<(Vec<u8>, Range<f64>)> {
    let begins = |at: &usize| bytes[*at..].starts_with(b"OggS");
    let mut edges: Vec<usize> = (0..bytes.len()).filter(begins).collect();
    edges.push(bytes.len());
    // What comes before the sound counts too: 6.5 ms at the least.
    let late = bytes
        .get(38..40)
        .map_or(0, |late| u16::from_le_bytes([late[0], late[1]]));
    let mut from = 0.0;
    let mut pages: Vec<(Vec<u8>, Range<f64>)> = Vec::new();
    for (n, edge) in edges.windows(2).enumerate().skip(2) {
        let first = if n == 2 { 0 } else { edge[0] };
        let page = &bytes[edge[0]..edge[1]];
        let place: [u8; 8] = page[6..14].try_into().unwrap_or_default();
        let to = (u64::from_le_bytes(place).saturating_sub(late.into()) as f64 / 48_000.0).min(total);
        pages.push((bytes[first..edge[1]].to_vec(), from..to));
        from = to;
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_all_of_the_sound() {
        let rate = SampleRate::new(48_000).unwrap_or(SampleRate::VOICE);
        for name in ["pcm_24000", "ulaw_8000", "opus_48000_32"] {
            let format = format(Some(name)).unwrap_or(Format {
                codec: Codec::Wav,
                rate,
            });
            let spoken = speech::sentence().clone().at(format.rate);
            let pieces = format.pieces(&spoken.audio, 0.25);
            let bytes: Vec<u8> = pieces.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
            assert_eq!(bytes, format.bytes(&spoken.audio), "{name}");
            assert!(pieces.len() > 4, "{name}: {}", pieces.len());
            let ends = pieces.last().map_or(0.0, |(_, seconds)| seconds.end);
            assert!(
                ends >= spoken.audio.duration().as_secs_f64() - 1e-6,
                "{name}: {ends}"
            );
            assert!(
                pieces
                    .windows(2)
                    .all(|pair| pair[0].1.end <= pair[1].1.start + 1e-9)
            );
        }
        for none in [
            "pcm_11025",
            "opus_24000_32",
            "mp3_44100",
            "wav_24000_16",
            "flac_44100",
            "ulaw_16000",
        ] {
            assert!(format(Some(none)).is_none(), "{none}");
        }
    }
}
