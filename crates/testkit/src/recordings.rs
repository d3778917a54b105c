//! Recordings of people, with what they say: a few that come with Libretto, more from the Debian package
//! `pocketsphinx-testdata`. Turn models and recognisers behave otherwise on synthetic voices.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use libretto_voice::{Audio, SampleRate};

/// Where that package puts them.
const PACKAGE: &str = "/usr/share/pocketsphinx/test/data";

/// Somebody saying something.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Short name.
    pub name: String,
    /// What is said.
    pub text: String,
    /// The file: WAV, or bare 16-bit samples at 16 kHz when it ends in `raw`.
    pub path: PathBuf,
}

impl Recording {
    /// Its samples.
    pub fn audio(&self) -> Result<Audio> {
        if self.path.extension().is_some_and(|e| e == "raw") {
            let bytes = fs::read(&self.path).with_context(|| self.path.display().to_string())?;
            return Ok(Audio::from_pcm16(SampleRate::SPEECH, &bytes));
        }
        read_wav(&self.path)
    }
}

/// Those that come with Libretto, in `tests/recordings`.
pub fn shipped() -> Result<Vec<Recording>> {
    listed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/recordings"))
}

/// Those of the Debian package: five sentences of a novel, playing cards, and commands.
pub fn all() -> Result<Vec<Recording>> {
    let package = Path::new(PACKAGE);
    ensure!(
        package.is_dir(),
        "the recordings are missing; ./dev setup installs pocketsphinx-testdata"
    );
    let mut recordings = sphinx(package, "librivox/transcription", "librivox")?;
    recordings.extend(sphinx(package, "cards/cards.transcription", "cards")?);
    for (file, text) in [
        ("goforward", "go forward ten meters"),
        ("something", "go somewhere and do something"),
    ] {
        let path = package.join(file).with_extension("raw");
        recordings.push(Recording {
            name: file.into(),
            text: text.into(),
            path,
        });
    }
    Ok(recordings)
}

/// The recording of this name, shipped or installed.
pub fn named(name: &str) -> Result<Recording> {
    let found = shipped()?.into_iter().find(|recording| recording.name == name);
    let found = match found {
        None => all()?.into_iter().find(|recording| recording.name == name),
        found => found,
    };
    found.with_context(|| format!("there is no recording {name:?}"))
}

/// A folder of WAV files with a `transcripts.tsv`: name, tab, what is said.
fn listed(folder: &Path) -> Result<Vec<Recording>> {
    let list = folder.join("transcripts.tsv");
    let list = fs::read_to_string(&list).with_context(|| list.display().to_string())?;
    let lines = list.lines().filter_map(|line| line.split_once('\t'));
    let recording = |(name, text): (&str, &str)| Recording {
        name: name.into(),
        text: text.into(),
        path: folder.join(name).with_extension("wav"),
    };
    Ok(lines.map(recording).collect())
}

/// A transcription as Sphinx writes it: `<s> ten of clubs </s> (001)`. Recordings are called by the last part of the
/// file's name.
fn sphinx(package: &Path, list: &str, folder: &str) -> Result<Vec<Recording>> {
    let list = fs::read_to_string(package.join(list))?;
    let mut recordings = Vec::new();
    for line in list.lines() {
        let Some((text, file)) = line.rsplit_once('(') else {
            continue;
        };
        let file = file.trim_end().trim_end_matches(')');
        let text = text
            .trim()
            .trim_start_matches("<s>")
            .trim_end_matches("</s>")
            .trim();
        let name = format!("{folder}-{}", file.rsplit('-').next().unwrap_or(file));
        let path = package.join(folder).join(file).with_extension("wav");
        recordings.push(Recording {
            name,
            text: text.into(),
            path,
        });
    }
    Ok(recordings)
}

/// Reads a WAV file; channels are mixed.
pub fn read_wav(path: &Path) -> Result<Audio> {
    let mut reader = hound::WavReader::open(path).with_context(|| path.display().to_string())?;
    let spec = reader.spec();
    let rate = SampleRate::new(spec.sample_rate).context("a sample rate of zero")?;
    let samples: Vec<f32> = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().collect::<Result<_, _>>()?,
        hound::SampleFormat::Int => {
            let full = 2f32.powi(i32::from(spec.bits_per_sample) - 1);
            reader
                .samples::<i32>()
                .map(|s| s.map(|s| s as f32 / full))
                .collect::<Result<_, _>>()?
        }
    };
    let channels = usize::from(spec.channels.max(1));
    let mixed = samples
        .chunks_exact(channels)
        .map(|frame| frame.iter().sum::<f32>() / channels as f32);
    Ok(Audio::new(rate, mixed.collect()))
}

/// Writes a WAV file of 16-bit samples.
pub fn write_wav(path: &Path, audio: &Audio) -> Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: audio.rate.hertz(),
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).with_context(|| path.display().to_string())?;
    for sample in &audio.samples {
        writer.write_sample(libretto_voice::audio::to_i16(*sample))?;
    }
    Ok(writer.finalize()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recording_can_be_read_and_has_words() {
        let recordings = [shipped().unwrap(), all().unwrap()].concat();
        assert!(recordings.len() >= 14);
        for recording in recordings {
            let audio = recording.audio().unwrap();
            assert!(audio.duration().as_secs_f32() > 0.8, "{recording:?}");
            assert!(audio.rms() > 0.005, "{recording:?}");
            assert!(
                !recording.text.is_empty() && !recording.text.contains(['<', '(']),
                "{recording:?}"
            );
        }
    }

    #[test]
    fn a_wav_file_there_and_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let audio = Audio::new(SampleRate::VOICE, vec![0.0, 0.25, -0.5]);
        write_wav(&path, &audio).unwrap();
        let back = read_wav(&path).unwrap();
        assert_eq!(back.rate, audio.rate);
        assert!(
            back.samples
                .iter()
                .zip(&audio.samples)
                .all(|(a, b)| (a - b).abs() < 1e-4)
        );
    }
}
