//! Sound as it streams: 16-bit PCM, the same behind a WAV header, G.711, MP3, and Opus, cut into chunks anywhere.

mod g711;
mod mp3;
mod opus;
mod wav;

use std::time::Duration;

use libretto_voice::audio::PcmDecoder;
use libretto_voice::{Audio, SampleRate};

pub(crate) use g711::Law;
use mp3::Mp3;
use opus::Opus;
use wav::Wav;
pub(crate) use wav::file as wav_file;

/// How sound comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Little-endian 16-bit samples of one channel without a header.
    Pcm16(SampleRate),
    /// 16-bit samples behind a WAV header.
    Wav,
    /// MP3.
    Mp3,
    /// One byte a sample, of one channel, without a header.
    G711(Law, SampleRate),
    /// Opus in Ogg pages; 48 kHz.
    Opus,
}

impl Encoding {
    /// What a `Content-Type` announces, in small letters and without parameters; `None` where it announces nothing
    /// that is known: then it is what was asked for.
    pub(crate) fn announced(content_type: &str, asked: Encoding) -> Option<Self> {
        match content_type {
            "audio/mpeg" | "audio/mp3" => Some(Self::Mp3),
            "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => Some(Self::Wav),
            "audio/ogg" | "audio/opus" => Some(Self::Opus),
            "audio/pcm" | "audio/l16" => matches!(asked, Self::Pcm16(_)).then_some(asked),
            _ => None,
        }
    }
}

/// Sound that cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadSound {
    /// A WAV header that is none, or of sound that is not 16-bit PCM.
    #[error("the sound's WAV header cannot be used")]
    Header,
    /// The rate changed on the way.
    #[error("the sound changes its sample rate")]
    Rate,
    /// No frame in more bytes than any frame has.
    #[error("there is no MP3 in the sound")]
    NoFrames,
    /// Pages that are none, or packets that say more than they can hold.
    #[error("there is no Opus in the sound")]
    Opus,
}

/// Decodes one stream of sound.
#[derive(Debug)]
pub(crate) struct SoundDecoder(Inner);

enum Inner {
    Pcm(PcmDecoder, SampleRate),
    Wav(Wav),
    Mp3(Box<Mp3>),
    G711(Law, SampleRate),
    Opus(Box<Opus>),
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pcm(..) => "pcm",
            Self::Wav(_) => "wav",
            Self::Mp3(_) => "mp3",
            Self::G711(..) => "g711",
            Self::Opus(_) => "opus",
        })
    }
}

impl SoundDecoder {
    /// For a stream that begins here.
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self(match encoding {
            Encoding::Pcm16(rate) => Inner::Pcm(PcmDecoder::default(), rate),
            Encoding::Wav => Inner::Wav(Wav::default()),
            Encoding::Mp3 => Inner::Mp3(Box::default()),
            Encoding::G711(law, rate) => Inner::G711(law, rate),
            Encoding::Opus => Inner::Opus(Box::default()),
        })
    }

    /// The samples that `bytes` complete; `None` where there are none yet.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Option<Audio>, BadSound> {
        let audio = match &mut self.0 {
            Inner::Pcm(pcm, rate) => Some(pcm.push(*rate, bytes)),
            Inner::Wav(wav) => wav.push(bytes)?,
            Inner::Mp3(mp3) => mp3.push(bytes)?,
            Inner::G711(law, rate) => Some(law.decode(*rate, bytes)),
            Inner::Opus(opus) => opus.push(bytes)?,
        };
        Ok(audio.filter(|audio| !audio.is_empty()))
    }

    /// What is left when the stream has ended.
    pub(crate) fn finish(&mut self) -> Result<Option<Audio>, BadSound> {
        let audio = match &mut self.0 {
            Inner::Pcm(..) | Inner::Wav(_) | Inner::G711(..) | Inner::Opus(_) => None,
            Inner::Mp3(mp3) => mp3.finish()?,
        };
        Ok(audio.filter(|audio| !audio.is_empty()))
    }
}

/// Gathers sound into pieces of about a tenth of a second: small ones cost as much to send as large ones, and services
/// ask for no less.
#[derive(Debug)]
pub(crate) struct Gather {
    waiting: Audio,
    /// Samples of a piece.
    enough: usize,
}

impl Gather {
    /// Of sound in this rate.
    pub(crate) fn new(rate: SampleRate) -> Self {
        Self::every(rate, Duration::from_millis(100))
    }

    /// The same in pieces of another length.
    pub(crate) fn every(rate: SampleRate, piece: Duration) -> Self {
        Self {
            waiting: Audio::empty(rate),
            enough: rate.samples(piece) as usize,
        }
    }

    /// More sound; what is enough to be sent, as 16-bit samples.
    pub(crate) fn push(&mut self, samples: &[f32]) -> Option<Vec<u8>> {
        self.waiting.samples.extend_from_slice(samples);
        (self.waiting.samples.len() >= self.enough).then(|| self.take())
    }

    /// All that waits; `None` where nothing does.
    pub(crate) fn rest(&mut self) -> Option<Vec<u8>> {
        (!self.waiting.is_empty()).then(|| self.take())
    }

    /// All that waits.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let bytes = self.waiting.to_pcm16();
        self.waiting.samples.clear();
        bytes
    }
}
