//! A sound file as microphone, and a wav file as loudspeaker: only where the user names the file.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use libretto_voice::SampleRate;
use libretto_voice::audio::to_i16;

use super::clock::{Clock, PERIOD};
use super::replay::{Pace, ReplaySource};
use super::{Alarm, MakeMouth, Ring, Sink, Source, Stream, unknown};
use crate::decode;
use crate::devices::{Device, DeviceId, Listing};
use crate::error::{AudioError, Result};

/// From the table: hears the file once, in real time, then silence.
pub(super) fn source(argument: &str) -> Result<Arc<dyn Source>> {
    if argument.is_empty() {
        return Err(unknown("file"));
    }
    let audio = decode::whole(argument.as_ref(), SampleRate::SPEECH)?;
    Ok(Arc::new(ReplaySource::named(argument, audio, Pace::RealTime)))
}

/// From the table.
pub(super) fn sink(argument: &str) -> Result<Arc<dyn Sink>> {
    if argument.is_empty() {
        return Err(unknown("file"));
    }
    Ok(Arc::new(FileSink {
        path: PathBuf::from(argument),
    }))
}

/// Writes what would be heard into a 16-bit mono wav file at 48 kHz, in real time.
pub struct FileSink {
    path: PathBuf,
}

const RATE: SampleRate = match SampleRate::new(48_000) {
    Some(rate) => rate,
    None => SampleRate::SPEECH,
};

/// Blocks on their way to the disk: 2 s.
const BEHIND: usize = 200;

/// A new wav file.
///
/// # Errors
/// `File` where it cannot be written.
pub fn create(path: &Path, rate: SampleRate) -> Result<hound::WavWriter<BufWriter<File>>> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate.hertz(),
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    hound::WavWriter::create(path, spec).map_err(|error| unwritable(path, error))
}

pub(crate) fn unwritable(path: &Path, error: hound::Error) -> AudioError {
    let source = match error {
        hound::Error::IoError(error) => error,
        other => std::io::Error::other(other),
    };
    AudioError::File {
        path: path.to_owned(),
        source,
    }
}

impl FileSink {
    fn device(&self) -> Device {
        Device::virtual_one("file", &self.path.display().to_string())
    }
}

/// Joined after the clock that feeds it has stopped, so that the file is whole.
struct Writing {
    // In this order: the clock holds the sender, without which the writer ends.
    _clock: Clock,
    _writer: Joined,
}

struct Joined(Option<std::thread::JoinHandle<()>>);

impl Drop for Joined {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            let _ = thread.join();
        }
    }
}

impl Sink for FileSink {
    fn open(&self, _: Option<&DeviceId>, mouth: MakeMouth<'_>, alarm: &Alarm) -> Result<Stream> {
        let mut wav = create(&self.path, RATE)?;
        let (blocks, coming): (SyncSender<Vec<f32>>, _) = sync_channel(BEHIND);
        let alarm = alarm.clone();
        let write = move || {
            for block in coming {
                let written = block.iter().try_for_each(|s| wav.write_sample(to_i16(*s)));
                if written.is_err() {
                    alarm.ring(Ring::Dead);
                    return;
                }
            }
            let _ = wav.finalize();
        };
        let writer = std::thread::Builder::new().name("sound-file".into()).spawn(write);
        let writer = writer.map_err(|source| AudioError::File {
            path: self.path.clone(),
            source,
        })?;
        let mut mouth = mouth(RATE);
        let frames = RATE.samples(PERIOD) as usize;
        let clock = Clock::start(true, move |due| {
            let mut block = vec![0.0; frames];
            mouth.speak(&mut block, 1, due + PERIOD);
            blocks.send(block).is_ok()
        });
        let guard = Writing {
            _clock: clock,
            _writer: Joined(Some(writer)),
        };
        Ok(Stream {
            device: self.device(),
            rate: RATE,
            _guard: Box::new(guard),
        })
    }

    fn listing(&self) -> Result<Listing> {
        Ok(Listing::of(self.device()))
    }
}
