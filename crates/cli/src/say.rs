//! `say`: speak a text, aloud or into a file.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use libretto_assistant::Foundation;
use libretto_assistant::failover::Voices;
use libretto_assistant::say::{self, Piece, Said, Speech};
use libretto_assistant::voice::{Alignment, Audio, Error, Kind, SampleRate, SpeakOptions, text};
use serde::Serialize;

use crate::args::Say;
use crate::lights::Lights;
use crate::output::{self, Output};

/// Nobody says more at once: about a day of speech.
const LONGEST: usize = 4 << 20;

pub(crate) async fn run(command: Say, foundation: &Foundation, output: Output) -> Result<(), Error> {
    let written = text_of(&command.text, LONGEST)?;
    if written.trim().is_empty() {
        return Err(Error::new(
            Kind::BadInput,
            "There is nothing to say: give a text, or `-` and one on standard input.",
        ));
    }
    if [&command.out, &command.alignment]
        .iter()
        .all(|path| path.as_deref().is_some_and(is_standard))
    {
        return Err(Error::new(
            Kind::BadInput,
            "Sound and times cannot both go to standard output: give one of them a file.",
        ));
    }
    foundation.accounts.read_keys().await;
    let mut voices = foundation.voices();
    for voice in &mut voices {
        voice.options.speed = command.speed.unwrap_or(voice.options.speed);
    }
    let voice = Voices::new(voices, output::switched());
    let speech = Speech::new(&voice, SpeakOptions::default(), &written);
    #[allow(
        clippy::single_match_else,
        reason = "both ways of speaking stand side by side"
    )]
    let said = match &command.out {
        Some(path) => into(path, speech).await?,
        None => {
            let mut lights = Lights::new(output, command.alignment.as_deref().is_some_and(is_standard));
            lights.reply(&written)?;
            let sound = foundation.sound()?;
            let said = say::aloud(&*sound.loudspeaker(), speech, &written, |word, _| {
                lights.lit(word);
            })
            .await?;
            lights.end()?;
            said
        }
    };
    if let Some(path) = &command.alignment {
        write(path, &alignment(&written, &said)?)?;
    }
    if said.alignment.is_none() {
        let message =
            "This voice has nothing to pronounce in that text: it speaks English only. Another voice may.";
        return Err(Error::new(Kind::Unsupported, message));
    }
    Ok(())
}

/// The text of an argument of at most so many bytes, `-` being standard input.
pub(crate) fn text_of(argument: &str, longest: usize) -> Result<String, Error> {
    let too_long = || {
        let limit = match longest >> 20 {
            0 => format!("{} KB", longest >> 10),
            megabytes => format!("{megabytes} MB"),
        };
        let message = format!("That text is longer than {limit}; give it in parts.");
        Error::new(Kind::BadInput, message)
    };
    if argument != "-" {
        return (argument.len() <= longest)
            .then(|| argument.to_owned())
            .ok_or_else(too_long);
    }
    let mut bytes = Vec::new();
    io::stdin()
        .take(longest as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| {
            Error::new(
                Kind::BadInput,
                format!("Standard input could not be read: {error}."),
            )
        })?;
    if bytes.len() > longest {
        return Err(too_long());
    }
    String::from_utf8(bytes).map_err(|_| {
        Error::new(
            Kind::BadInput,
            "Standard input is not UTF-8 text; convert it first (`iconv`).",
        )
    })
}

fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Speaks into a WAV file: 16-bit mono in the voice's own rate.
async fn into(path: &Path, mut speech: Speech) -> Result<Said, Error> {
    let mut writer: Option<hound::WavWriter<BufWriter<File>>> = None;
    let mut memory: Vec<u8> = Vec::new();
    let (mut marks, mut samples, mut rate) = (Vec::new(), 0, None);
    while let Some(piece) = speech.next().await? {
        match piece {
            Piece::Marks(more) => marks.extend(more),
            Piece::Audio(audio) => {
                rate = Some(audio.rate);
                samples += audio.samples.len() as u64;
                if is_standard(path) {
                    memory.extend(audio.to_pcm16());
                } else {
                    append(path, &mut writer, &audio)?;
                }
            }
        }
    }
    if let Some(writer) = writer {
        writer.finalize().map_err(|error| unwritten(path, &error))?;
    }
    let Some(rate) = rate else {
        return Ok(Said::default());
    };
    if is_standard(path) {
        let mut out = io::stdout().lock();
        // A pipe cannot be gone back in to write the length, so all of it is put together first.
        header(rate, memory.len(), &mut out)
            .and_then(|()| out.write_all(&memory))
            .and_then(|()| out.flush())
            .map_err(|error| unwritten(path, &error))?;
    }
    Ok(Said {
        alignment: Some(Alignment::of(rate, marks)),
        time: rate.duration(samples),
    })
}

fn append(
    path: &Path,
    writer: &mut Option<hound::WavWriter<BufWriter<File>>>,
    audio: &Audio,
) -> Result<(), Error> {
    if writer.is_none() {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: audio.rate.hertz(),
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        *writer = Some(hound::WavWriter::create(path, spec).map_err(|error| unwritten(path, &error))?);
    }
    if let Some(writer) = writer {
        for sample in &audio.samples {
            let sample = libretto_assistant::voice::audio::to_i16(*sample);
            writer
                .write_sample(sample)
                .map_err(|error| unwritten(path, &error))?;
        }
    }
    Ok(())
}

/// A WAV header for 16-bit mono.
fn header(rate: SampleRate, bytes: usize, out: &mut impl Write) -> io::Result<()> {
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX - 36);
    out.write_all(b"RIFF")?;
    out.write_all(&(bytes + 36).to_le_bytes())?;
    out.write_all(b"WAVEfmt \x10\0\0\0\x01\0\x01\0")?;
    out.write_all(&rate.hertz().to_le_bytes())?;
    out.write_all(&(rate.hertz() * 2).to_le_bytes())?;
    out.write_all(b"\x02\0\x10\0data")?;
    out.write_all(&bytes.to_le_bytes())
}

fn unwritten(path: &Path, error: &dyn std::fmt::Display) -> Error {
    let message = format!(
        "{} could not be written: {error}. Choose another place, or free some space.",
        path.display()
    );
    Error::new(Kind::BadInput, message)
}

#[derive(Serialize)]
struct Times<'a> {
    text: &'a str,
    seconds: f64,
    words: Vec<TimedWord<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alignment: Option<&'a Alignment>,
}

#[derive(Serialize)]
struct TimedWord<'a> {
    word: &'a str,
    start: f64,
    end: f64,
    provenance: libretto_assistant::voice::Provenance,
}

/// When each word sounds, in seconds, and the alignment as it is.
fn alignment(written: &str, said: &Said) -> Result<String, Error> {
    let graphemes = text::Graphemes::of(written);
    let words = said.alignment.iter().flat_map(|alignment| {
        let seconds = |sample| alignment.rate().duration(sample).as_secs_f64();
        alignment
            .by_word(written)
            .into_iter()
            .map(|mark| TimedWord {
                word: &written[graphemes.bytes(mark.text)],
                start: seconds(mark.audio.start),
                end: seconds(mark.audio.end),
                provenance: mark.provenance,
            })
            .collect::<Vec<_>>()
    });
    let times = Times {
        text: written,
        seconds: said.time.as_secs_f64(),
        words: words.collect(),
        alignment: said.alignment.as_ref(),
    };
    serde_json::to_string_pretty(&times).map_err(|error| {
        Error::new(
            Kind::Internal,
            format!("The alignment could not be written as JSON: {error}."),
        )
    })
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    if is_standard(path) {
        return output::line(text);
    }
    std::fs::write(path, text).map_err(|error| unwritten(path, &error))
}
