//! The voice "hibari": text to samples, and when each word sounds, from the network's own durations.
//!
//! The text is spelt out ([`crate::spell`]), cut into sentences, read into phonemes, and given to the network, which
//! predicts a spectrum for each frame of 12.5 ms and, on the way, how long each phoneme lasts. Ours here are the
//! silence, the level and the marks over the text as written. English only.

mod level;
mod phonemes;
mod sentences;
mod synthesis;
mod times;
mod unknown;

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use libretto_voice::text::{self, Graphemes};
use libretto_voice::{Audio, Mark, Provenance, Rewrite, SampleRate};
use rten::NodeId;
use rten_tensor::{NdTensor, Tensor};
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::onnx::{self, Graph};
use crate::spell;
use level::Loudness;
use phonemes::{Phonemes, Sound};
pub use sentences::pause_after;
use synthesis::{BINS, HOP, Prediction, Synthesis};
use times::UNIT;

/// The network's outputs in the order in which we ask for them. The last is not a declared one: it is the node that
/// rounds durations, in units of two frames, one for each phoneme.
const OUTPUTS: [&str; 7] = ["lh", "theta", "ln", "lr", "phi", "f0", "/Round_output_0"];
/// Silence that is left before the first sound.
const LEAD: Duration = Duration::from_millis(20);
/// Silence that is left after the last sound.
const TAIL: Duration = Duration::from_millis(30);
/// The network's own bounds.
const SPEEDS: std::ops::RangeInclusive<f32> = 0.5..=2.0;

/// How errors name it.
const PART: &str = "voice";

/// What was spoken of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Spoken {
    /// 24 kHz; empty when there was nothing to speak.
    pub audio: Audio,
    /// One for each written word that sounds (or for several, where they were spoken as one), over the grapheme
    /// clusters of the text as written, measured.
    pub marks: Vec<Mark>,
    /// The written words that stayed silent though they hold letters or digits, as grapheme clusters: other scripts,
    /// mostly.
    pub unspoken: Vec<Range<usize>>,
}

impl Spoken {
    fn silent() -> Self {
        Self {
            audio: Audio::empty(SampleRate::VOICE),
            marks: Vec::new(),
            unspoken: Vec::new(),
        }
    }
}

/// The loaded voice.
pub struct Hibari {
    phonemes: Phonemes,
    network: Graph,
    inputs: [NodeId; 2],
    outputs: Vec<NodeId>,
    synthesis: Synthesis,
}

impl Hibari {
    /// Loads the voice from its folder: `hibari.onnx`, `vocab.json`, `oov.onnx` and `oov.json`.
    pub fn load(dir: &Path, threads: usize) -> Result<Self, Error> {
        let pool = onnx::pool(threads);
        let network = Graph::load(PART, dir, "hibari.onnx", &pool)?;
        let inputs = [network.node("ids")?, network.node("speed")?];
        let outputs = OUTPUTS
            .iter()
            .map(|name| network.node(name))
            .collect::<Result<_, _>>()?;
        let phonemes = Phonemes::load(dir, &pool)?;
        Ok(Self {
            phonemes,
            network,
            inputs,
            outputs,
            synthesis: Synthesis::new(),
        })
    }

    /// Speaks a whole text. `speed` 1 is the voice's own; it is kept within 0.5 and 2.
    pub fn speak(&self, text: &str, speed: f32) -> Result<Spoken, Error> {
        let mut whole = Spoken::silent();
        for part in self.speech(text, speed) {
            let part = part?;
            whole.audio.samples.extend(part.audio.samples);
            whole.marks.extend(part.marks);
            whole.unspoken.extend(part.unspoken);
        }
        Ok(whole)
    }

    /// Speaks a text sentence by sentence, each when it is asked for: dropping the iterator is how to stop.
    pub fn speech<'a>(&'a self, text: &str, speed: f32) -> Speech<'a> {
        let rewrite = spell::spell(text);
        let sentences = sentences::sentences(rewrite.text());
        let speed = if speed.is_finite() {
            speed.clamp(*SPEEDS.start(), *SPEEDS.end())
        } else {
            1.0
        };
        Speech {
            voice: self,
            page: Page::of(text, rewrite),
            sentences: sentences.into_iter(),
            speed,
            sounded: None,
            samples: 0,
            done: false,
        }
    }

    /// Speaks some words: samples without the silence around them, and the samples during which each sounds.
    fn sound(&self, sounds: &[Sound], speed: f32) -> Result<(Vec<f32>, Vec<Range<usize>>), Error> {
        let (ids, parts) = self.phonemes.input(sounds);
        let (mut samples, durations) = self.run(ids, speed)?;
        let loudness = Loudness::of(&samples);
        let times = times::of(sounds, &parts, &durations, &loudness, speed);
        let heard = loudness.heard();
        let keep = |silence: Duration| SampleRate::VOICE.samples(silence) as usize;
        let cut = heard.start.saturating_sub(keep(LEAD));
        samples.truncate(heard.end + keep(TAIL));
        samples.drain(..cut.min(samples.len()));
        level::raise(&mut samples);
        Ok((
            samples,
            times
                .into_iter()
                .map(|time| time.start - cut..time.end - cut)
                .collect(),
        ))
    }

    /// Runs the network: samples, and the duration of each id in units of 25 ms.
    fn run(&self, ids: Vec<i32>, speed: f32) -> Result<(Vec<f32>, Vec<usize>), Error> {
        let count = ids.len();
        let ids = NdTensor::from_data([1, count], ids);
        let speed = NdTensor::from_data([1], vec![speed]);
        let inputs = vec![(self.inputs[0], ids.into()), (self.inputs[1], speed.into())];
        let values = self.network.run(inputs, &self.outputs)?;
        let rows: Option<Vec<Vec<f32>>> = values
            .into_iter()
            .map(|value| value.into_tensor::<f32>().map(Tensor::into_data))
            .collect();
        let Ok([harmonic, turn, noise, free, phase, pitch, durations]) =
            <[Vec<f32>; 7]>::try_from(rows.unwrap_or_default())
        else {
            return Err(self.network.failed(&"its outputs are of another kind"));
        };
        let durations: Vec<usize> = durations.iter().map(|d| d.max(1.0).round() as usize).collect();
        let frames = pitch.len();
        let whole = [&harmonic, &turn, &noise, &free, &phase]
            .iter()
            .all(|part| part.len() == BINS * frames);
        if !whole || durations.len() != count || durations.iter().sum::<usize>() * UNIT != frames * HOP {
            return Err(self.network.failed(&"its outputs do not fit together"));
        }
        let predicted = Prediction {
            harmonic: &harmonic,
            turn: &turn,
            noise: &noise,
            free: &free,
            phase: &phase,
            pitch: &pitch,
        };
        let samples = self
            .synthesis
            .samples(&predicted)
            .map_err(|e| self.network.failed(&e))?;
        Ok((samples, durations))
    }
}

/// A text as written, and what is spoken instead of it.
struct Page {
    rewrite: Rewrite,
    written: String,
    graphemes: Graphemes,
    /// The written words, in grapheme clusters.
    words: Vec<Range<usize>>,
    /// Words before this one have had their mark or were found silent.
    settled: usize,
}

impl Page {
    fn of(text: &str, rewrite: Rewrite) -> Self {
        let (graphemes, words) = (Graphemes::of(text), text::words(text));
        Self {
            rewrite,
            written: text.to_owned(),
            graphemes,
            words,
            settled: 0,
        }
    }

    /// The written words that bytes of the spelt text stand for, by number.
    fn words(&self, spelt: Range<usize>) -> Range<usize> {
        let clusters = self.graphemes.indices(self.rewrite.source(spelt));
        let first = self.words.partition_point(|word| word.end <= clusters.start);
        first..self.words.partition_point(|word| word.start < clusters.end)
    }

    /// Marks for what sounds during some samples; words that share sounds get one mark. What was passed over is
    /// reported as silent.
    fn settle(&mut self, sounds: &[(Range<usize>, Range<u64>)], spoken: &mut Spoken) {
        let mut marked: Vec<(Range<usize>, Range<u64>)> = Vec::new();
        for (spelt, audio) in sounds {
            let words = self.words(spelt.clone());
            match marked.last_mut() {
                Some((last, time)) if words.start < last.end => {
                    last.end = last.end.max(words.end);
                    time.end = time.end.max(audio.end);
                }
                _ if words.is_empty() || words.start < self.settled => {}
                _ => marked.push((words, audio.clone())),
            }
        }
        for (words, audio) in marked {
            self.pass(words.start, spoken);
            self.settled = words.end;
            let text = self.words[words.start].start..self.words[words.end - 1].end;
            spoken.marks.push(Mark {
                text,
                audio,
                provenance: Provenance::Measured,
            });
        }
    }

    /// Everything before word `until` that has no mark will get none.
    fn pass(&mut self, until: usize, spoken: &mut Spoken) {
        while self.settled < until {
            let word = self.words[self.settled].clone();
            let letters = &self.written[self.graphemes.bytes(word.clone())];
            if letters.chars().any(char::is_alphanumeric) {
                spoken.unspoken.push(word);
            }
            self.settled += 1;
        }
    }
}

/// A text that is being spoken. Each item is the next sentence: its samples, with the pause before it, its marks in
/// samples since the first item, and the words passed over in silence since the last one.
pub struct Speech<'a> {
    voice: &'a Hibari,
    page: Page,
    sentences: std::vec::IntoIter<Range<usize>>,
    speed: f32,
    /// The last sentence that sounded, in bytes of the spelt text.
    sounded: Option<Range<usize>>,
    samples: u64,
    done: bool,
}

impl Speech<'_> {
    fn sentence(&mut self, bytes: Range<usize>) -> Result<Spoken, Error> {
        let mut spoken = Spoken::silent();
        let sentence = &self.page.rewrite.text()[bytes.clone()];
        let sounds = self.voice.phonemes.read(sentence)?;
        if !sounds.iter().any(|sound| sound.word) {
            return Ok(spoken);
        }
        let mut times = Vec::with_capacity(sounds.len());
        for run in phonemes::runs(&sounds) {
            let pause = match &self.sounded {
                Some(before) => pause_after(&self.page.rewrite.text()[before.clone()]).div_f32(self.speed),
                None => Duration::ZERO,
            };
            let pause = SampleRate::VOICE.samples(pause);
            spoken
                .audio
                .samples
                .resize(spoken.audio.samples.len() + pause as usize, 0.0);
            let before = self.samples + spoken.audio.samples.len() as u64;
            let (samples, parts) = self.voice.sound(run, self.speed)?;
            spoken.audio.samples.extend(samples);
            for (sound, part) in run
                .iter()
                .zip(parts)
                .filter(|(sound, part)| sound.word && !part.is_empty())
            {
                let text = bytes.start + sound.text.start..bytes.start + sound.text.end;
                times.push((text, before + part.start as u64..before + part.end as u64));
            }
            self.sounded = run.last().map(|last| bytes.start..bytes.start + last.text.end);
        }
        self.samples += spoken.audio.samples.len() as u64;
        self.page.settle(&times, &mut spoken);
        Ok(spoken)
    }
}

impl Iterator for Speech<'_> {
    type Item = Result<Spoken, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        while let Some(bytes) = self.sentences.next() {
            match self.sentence(bytes) {
                Ok(spoken) if spoken.audio.is_empty() => {}
                spoken => return Some(spoken),
            }
        }
        self.done = true;
        let mut rest = Spoken::silent();
        self.page.pass(self.page.words.len(), &mut rest);
        (!rest.unspoken.is_empty()).then_some(Ok(rest))
    }
}

/// Reads a table that stands beside the network.
fn json<T: DeserializeOwned>(dir: &Path, file: &str) -> Result<T, Error> {
    serde_json::from_slice(&onnx::read(PART, dir, file)?).map_err(|error| broken(dir, file, &error))
}

fn broken(dir: &Path, file: &str, detail: &dyn std::fmt::Display) -> Error {
    Error::Broken {
        part: PART,
        path: dir.join(file),
        detail: detail.to_string(),
    }
}
