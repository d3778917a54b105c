//! Sound files as 16 kHz mono, for transcription: wav, mp3, flac, ogg and m4a, read in blocks so that an hour long
//! file needs no memory for an hour of sound.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;
use std::time::Duration;

use libretto_signal::Converter;
use libretto_voice::{Audio, SampleRate};
use rodio::{Decoder, Source};

use crate::error::{AudioError, Result};

/// The largest file that is opened: six hours of CD sound.
pub const MOST_BYTES: u64 = 4_000_000_000;
/// The longest sound that is read to its end.
pub const MOST_TIME: Duration = Duration::from_hours(6);
/// How much sound [`whole`] takes into memory: an hour at 16 kHz is 230 MB.
pub const MOST_WHOLE: Duration = Duration::from_hours(1);

/// Frames that are converted at once: a quarter of a second at CD rate.
const BLOCK: usize = 11_025;

/// Sound of a file in blocks of about a quarter of a second.
pub struct Blocks {
    decoder: Decoder<Box<dyn Input>>,
    converter: Converter,
    rate: SampleRate,
    channels: usize,
    name: String,
    /// Frames of the file's own rate so far.
    read: u64,
    ended: bool,
    /// A sample that has been looked at to see whether there are any.
    first: Option<f32>,
}

/// What a decoder reads from.
trait Input: Read + Seek + Send + Sync {}
impl<T: Read + Seek + Send + Sync> Input for T {}

/// Opens a sound file; its blocks come at `rate`.
///
/// # Errors
/// `File` where it cannot be opened, `NotAudio` where it is not sound, `Empty` where it holds none, `TooLong` where it
/// is larger than [`MOST_BYTES`].
pub fn file(path: &Path, rate: SampleRate) -> Result<Blocks> {
    let failed = |source| AudioError::File {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if about.is_dir() {
        return Err(failed(std::io::ErrorKind::IsADirectory.into()));
    }
    let name = path.file_name().map_or_else(
        || path.display().to_string(),
        |n| n.to_string_lossy().into_owned(),
    );
    let hint = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    Blocks::new(
        Box::new(BufReader::new(file)),
        about.len(),
        &name,
        hint.as_deref(),
        rate,
    )
}

/// Reads sound that is in memory, such as what came through standard input.
///
/// # Errors
/// As [`file`].
pub fn bytes(bytes: Vec<u8>, name: &str, rate: SampleRate) -> Result<Blocks> {
    let length = bytes.len() as u64;
    Blocks::new(Box::new(std::io::Cursor::new(bytes)), length, name, None, rate)
}

/// A whole file in memory.
///
/// # Errors
/// As [`file`]; `TooLong` where it lasts longer than [`MOST_WHOLE`].
pub fn whole(path: &Path, rate: SampleRate) -> Result<Audio> {
    let blocks = file(path, rate)?;
    let name = blocks.name.clone();
    let mut audio = Audio::empty(rate);
    for block in blocks {
        audio.samples.extend(block?.samples);
        if audio.duration() > MOST_WHOLE {
            return Err(AudioError::TooLong {
                name,
                limit: "one hour".into(),
            });
        }
    }
    Ok(audio)
}

impl Blocks {
    fn new(
        input: Box<dyn Input>,
        length: u64,
        name: &str,
        hint: Option<&str>,
        rate: SampleRate,
    ) -> Result<Self> {
        let name = name.to_owned();
        if length > MOST_BYTES {
            return Err(AudioError::TooLong {
                name,
                limit: "4 GB".into(),
            });
        }
        let mut builder = Decoder::builder()
            .with_data(input)
            .with_byte_len(length)
            .with_seekable(true);
        if let Some(hint) = hint {
            builder = builder.with_hint(hint);
        }
        let Ok(mut decoder) = builder.build() else {
            return Err(AudioError::NotAudio { name });
        };
        if decoder.total_duration().is_some_and(|time| time > MOST_TIME) {
            return Err(too_long(name));
        }
        let first = decoder.next();
        if first.is_none() {
            return Err(AudioError::Empty { name });
        }
        let own = SampleRate::new(decoder.sample_rate().get()).unwrap_or(rate);
        let channels = usize::from(decoder.channels().get());
        let converter = Converter::new(own, rate)?;
        Ok(Self {
            decoder,
            converter,
            rate,
            channels,
            name,
            read: 0,
            ended: false,
            first,
        })
    }

    /// How long it lasts, where the file says so.
    pub fn duration(&self) -> Option<Duration> {
        self.decoder.total_duration()
    }

    /// One frame as mono; `None` at the end.
    fn frame(&mut self) -> Option<f32> {
        let mut sum = 0.0;
        for _ in 0..self.channels {
            sum += self.first.take().or_else(|| self.decoder.next())?;
        }
        Some(if sum.is_finite() {
            sum / self.channels as f32
        } else {
            0.0
        })
    }
}

fn too_long(name: String) -> AudioError {
    AudioError::TooLong {
        name,
        limit: "six hours".into(),
    }
}

impl Iterator for Blocks {
    type Item = Result<Audio>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let mut samples = Vec::with_capacity(BLOCK);
        while samples.len() < BLOCK {
            let Some(sample) = self.frame() else {
                self.ended = true;
                break;
            };
            samples.push(sample);
        }
        self.read += samples.len() as u64;
        let own = self.decoder.sample_rate().get();
        if SampleRate::new(own).is_some_and(|own| own.duration(self.read) > MOST_TIME) {
            self.ended = true;
            return Some(Err(too_long(self.name.clone())));
        }
        let mut audio = Audio::empty(self.rate);
        self.converter.push(&samples, &mut audio.samples);
        if self.ended {
            self.converter.finish(&mut audio.samples);
        }
        Some(Ok(audio))
    }
}
