//! One door for fuzzers to every parser of what a service sends: bytes go in, and nothing may panic, hang or grow without
//! bounds. Not part of the library as it is used: only fuzzers and the short run below see it.
#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a panic is what a fuzzer looks for"
)]

use libretto_voice::{Mark, SampleRate};
use reqwest::header::HeaderMap;

use crate::lines::Lines;
use crate::retry::asked_wait;
use crate::service::{Answer, Dialect};
use crate::sound::{Encoding, Law, SoundDecoder};
use crate::sse::Events;
use crate::{cartesia, deepgram, elevenlabs, minimax, openai};

/// A parser.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of its fuzz target.
    pub name: &'static str,
    /// Has it read these bytes. Several messages stand one a line.
    pub read: fn(&[u8]),
    /// What its service really sends, to begin with.
    pub seeds: &'static [&'static str],
}

/// All parsers.
pub fn targets() -> Vec<Target> {
    let mut all = vec![
        Target {
            name: "lines",
            read: lines,
            seeds: &["a\nb\r\n\r\nc\rd\n\u{fc}"],
        },
        Target {
            name: "events",
            read: events,
            seeds: &[
                "event: chunk\ndata: {\"type\":\"chunk\"}\n\n: remark\ndata: one\ndata: two\n\nid: 7\ndata: [DONE]",
            ],
        },
        Target {
            name: "sound",
            read: sound,
            seeds: &[
                "\u{2}RIFF$\0\0\0WAVEfmt \u{10}\0\0\0\u{1}\0\u{1}\0@\u{1f}\0\0\0>\0\0\u{2}\0\u{10}\0data\0\0\0\0abcdefgh",
                "\u{0}\u{3}\u{1}\u{2}\u{3}\u{4}\u{5}",
                "\u{1}\u{9}ID3\u{4}\0\0\0\0\0\u{a}0123456789",
                "\u{3}\u{9}0123456789",
                "\u{5}OggS\0\u{2}\0\0\0\0\0\0\0\0\u{1}\0\0\0\0\0\0\0\0\0\0\0\u{1}\u{13}OpusHead\u{1}\u{1}8\u{1}\0\0\0\0\0\0\0",
            ],
        },
        Target {
            name: "waits",
            read: waits,
            seeds: &["1.5", "Thu, 01 Jan 1970 00:17:00 GMT", "-4", "1e300"],
        },
    ];
    all.extend(elevenlabs::fuzz::TARGETS);
    all.extend(deepgram::fuzz::TARGETS);
    all.extend(cartesia::fuzz::TARGETS);
    all.extend(minimax::fuzz::TARGETS);
    all.extend(openai::fuzz::TARGETS);
    all
}

/// Has the parser of this name read these bytes.
pub fn read(name: &str, bytes: &[u8]) {
    let target = targets().into_iter().find(|target| target.name == name);
    (target.expect("a known parser").read)(bytes);
}

/// Pieces whose length the bytes themselves decide.
fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let size = bytes.first().map_or(1, |first| usize::from(*first % 61) + 1);
    bytes.chunks(size)
}

fn lines(bytes: &[u8]) {
    let mut whole = Lines::new(4_096);
    let mut cut = Lines::new(4_096);
    let whole: Vec<String> = whole
        .push(bytes)
        .into_iter()
        .flatten()
        .chain(whole.finish())
        .collect();
    let mut read = Vec::new();
    for piece in pieces(bytes) {
        match cut.push(piece) {
            Ok(lines) => read.extend(lines),
            Err(_) => return,
        }
    }
    read.extend(cut.finish());
    assert!(
        bytes.len() > 4_096 || whole == read,
        "where a stream is cut changes nothing"
    );
}

fn events(bytes: &[u8]) {
    let mut events = Events::new();
    for piece in pieces(bytes) {
        if events.push(piece).is_err() {
            return;
        }
    }
    let _ = events.finish();
}

fn sound(bytes: &[u8]) {
    let (kind, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let encoding = match kind % 6 {
        0 => Encoding::Pcm16(SampleRate::VOICE),
        1 => Encoding::Mp3,
        2 => Encoding::Wav,
        3 => Encoding::G711(Law::Mu, SampleRate::VOICE),
        4 => Encoding::G711(Law::A, SampleRate::VOICE),
        _ => Encoding::Opus,
    };
    let mut decoder = SoundDecoder::new(encoding);
    let mut samples = 0;
    for piece in pieces(bytes) {
        match decoder.push(piece) {
            Ok(audio) => samples += audio.map_or(0, |audio| audio.samples.len()),
            Err(_) => return,
        }
    }
    samples += decoder
        .finish()
        .ok()
        .flatten()
        .map_or(0, |audio| audio.samples.len());
    // The least that MP3 takes for a frame of 1,152 samples is 24 bytes; Opus says for itself how much it may be.
    let most = match encoding {
        Encoding::Opus => bytes.len() * 128 + 96_000,
        _ => bytes.len() * 48 + 1_152,
    };
    assert!(samples <= most, "sound out of nothing");
}

fn waits(bytes: &[u8]) {
    let Ok(value) = reqwest::header::HeaderValue::from_bytes(bytes) else {
        return;
    };
    for name in ["retry-after", "retry-after-ms"] {
        let headers = HeaderMap::from_iter([(reqwest::header::HeaderName::from_static(name), value.clone())]);
        let _ = asked_wait(&headers, std::time::SystemTime::UNIX_EPOCH);
    }
}

/// A refusal: the first two bytes are its status.
pub(crate) fn refusal(dialect: &Dialect, bytes: &[u8]) {
    let (status, body) = bytes.split_at(bytes.len().min(3));
    let status = std::str::from_utf8(status)
        .ok()
        .and_then(|status| status.parse().ok());
    let text = String::from_utf8_lossy(body);
    let answer = Answer {
        status: status.unwrap_or(200),
        headers: &HeaderMap::new(),
        text: &text,
        json: serde_json::from_str(&text).ok(),
    };
    let verdict = (dialect.judge)(&answer);
    let _ = format!("{verdict:?}");
}

/// Messages, one a line.
pub(crate) fn messages(bytes: &[u8]) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
    bytes
        .split(|byte| *byte == b'\n')
        .take(1_000)
        .map(String::from_utf8_lossy)
}

/// Marks never go back.
pub(crate) fn ordered(marks: &[Mark]) {
    for pair in marks.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        assert!(
            a.text.end <= b.text.start && a.audio.end <= b.audio.start,
            "{a:?} {b:?}"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// Bytes that look random and are always the same (xorshift).
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % sides.max(1) as u64) as usize
        }
    }

    const WORDS: &[&[u8]] = &[
        b"null",
        b"-1",
        b"1e308",
        b"99999999999999999999",
        b"\"\"",
        b"[]",
        b"{}",
        b"true",
        b"\n",
        b"\\ud800",
        "\u{202e}\u{301}".as_bytes(),
    ];

    /// A message with something wrong in it.
    fn spoil(seed: &[u8], dice: &mut Dice) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=dice.roll(4) {
            let at = dice.roll(bytes.len() + 1);
            let until = (at + dice.roll(12)).min(bytes.len());
            match dice.roll(6) {
                0 => drop(bytes.drain(at..until)),
                1 => bytes.truncate(at),
                2 => drop(bytes.splice(at..until, WORDS[dice.roll(WORDS.len())].iter().copied())),
                3 => {
                    let copy = bytes[at..until].to_vec();
                    bytes.splice(at..at, copy);
                }
                4 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
                _ => {
                    // A digit more, or another number.
                    let digit = bytes[at..].iter().position(u8::is_ascii_digit);
                    if let Some(digit) = digit {
                        bytes[at + digit] = b'0' + dice.roll(10) as u8;
                    }
                }
            }
        }
        bytes
    }

    /// Runs of each parser in the short run.
    const RUNS: usize = 1_500;
    /// Far above what it takes: a parser that needs this long hangs.
    const LONGEST: Duration = Duration::from_mins(1);

    #[test]
    fn no_parser_falls_over() {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        for target in targets() {
            let begun = Instant::now();
            assert!(!target.seeds.is_empty(), "{}", target.name);
            for seed in target.seeds {
                (target.read)(seed.as_bytes());
            }
            for run in 0..RUNS {
                let seed = target.seeds[run % target.seeds.len()];
                let bytes = spoil(seed.as_bytes(), &mut dice);
                let caught = std::panic::catch_unwind(|| (target.read)(&bytes));
                assert!(
                    caught.is_ok(),
                    "{} falls over {:?}",
                    target.name,
                    String::from_utf8_lossy(&bytes)
                );
            }
            assert!(begun.elapsed() < LONGEST, "{} takes too long", target.name);
        }
    }
}
