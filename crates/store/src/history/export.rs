//! Conversations as files that others can read: Markdown, JSON, SRT and VTT. Pure functions; who asked for a file
//! writes it.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use libretto_voice::text::{Graphemes, is_stop, words};
use serde::Serialize;

use super::exchange::{Exchange, Session};
use crate::error::{Error, Result};

/// For a person to read. What was not heard is struck through. Times are in the given zone.
pub fn markdown(session: &Session, exchanges: &[Exchange], zone: &TimeZone) -> String {
    let time = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let mut text = format!("# {}\n\n{}\n", one_line(&session.title), time(session.created));
    for exchange in exchanges {
        let _ = write!(
            text,
            "\n**You** ({}): {}\n",
            time(exchange.created),
            exchange.user.trim()
        );
        let _ = write!(text, "\n**Libretto**: {}", exchange.heard_text().trim());
        let unheard = exchange.unheard_text().trim();
        if !unheard.is_empty() {
            // Struck through line by line: the marks do not reach over paragraphs.
            for line in unheard.lines().map(str::trim).filter(|line| !line.is_empty()) {
                let _ = write!(text, " ~~{line}~~");
            }
        }
        text.push('\n');
    }
    text
}

/// For programs: everything there is.
///
/// # Errors
/// [`Error::Internal`], which does not happen.
pub fn json(session: &Session, exchanges: &[Exchange]) -> Result<String> {
    #[derive(Serialize)]
    struct Whole<'a> {
        session: &'a Session,
        exchanges: &'a [Exchange],
    }
    serde_json::to_string_pretty(&Whole { session, exchanges })
        .map_err(|error| Error::Internal(error.to_string()))
}

/// Subtitles of the replies, in `SubRip`'s format.
///
/// # Errors
/// [`Error::NoTimes`] when no reply has any.
pub fn srt(exchanges: &[Exchange]) -> Result<String> {
    let mut text = String::new();
    for (number, cue) in cues(exchanges)?.iter().enumerate() {
        let lines = cue
            .words
            .iter()
            .map(|word| word.text.as_str())
            .collect::<Vec<_>>()
            .join("");
        let (start, end) = (stamp(cue.start(), ','), stamp(cue.end(), ','));
        let _ = write!(
            text,
            "{}\n{start} --> {end}\n{}\n\n",
            number + 1,
            one_line(&lines)
        );
    }
    Ok(text)
}

/// Subtitles of the replies in `WebVTT`, with the time of each word inside.
///
/// # Errors
/// [`Error::NoTimes`] when no reply has any.
pub fn vtt(exchanges: &[Exchange]) -> Result<String> {
    let mut text = String::from("WEBVTT\n");
    for cue in cues(exchanges)? {
        let _ = write!(
            text,
            "\n{} --> {}\n",
            stamp(cue.start(), '.'),
            stamp(cue.end(), '.')
        );
        let mut before = cue.start();
        for (index, word) in cue.words.iter().enumerate() {
            // The cue's own start needs no mark, and marks must grow.
            if index > 0 && word.start > before && word.start < cue.end() {
                let _ = write!(text, "<{}>", stamp(word.start, '.'));
                before = word.start;
            }
            let blank = |c: char| if c.is_control() { ' ' } else { c };
            let plain: String = word.text.chars().map(blank).collect();
            text.push_str(
                &plain
                    .replace('&', "&amp;")
                    .replace('<', "&lt;")
                    .replace('>', "&gt;"),
            );
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    Ok(text)
}

/// Two lines of a usual subtitle.
const CUE_CLUSTERS: usize = 84;
/// The longest time that one stands.
const CUE_TIME: Duration = Duration::from_secs(6);
/// A pause this long begins a new one.
const CUE_PAUSE: Duration = Duration::from_millis(700);
/// A sentence's end begins a new one once there is so much in it.
const CUE_SENTENCE: usize = 40;

struct Cue {
    words: Vec<Word>,
}

struct Word {
    /// With the white space behind it.
    text: String,
    clusters: usize,
    start: Duration,
    end: Duration,
}

impl Cue {
    fn start(&self) -> Duration {
        self.words.first().map_or(Duration::ZERO, |word| word.start)
    }

    fn end(&self) -> Duration {
        self.words.last().map_or(Duration::ZERO, |word| word.end)
    }

    /// Whether a word still belongs into it.
    fn takes(&self, word: &Word) -> bool {
        let clusters: usize = self.words.iter().map(|word| word.clusters).sum();
        let sentence = self
            .words
            .last()
            .is_some_and(|last| last.text.trim_end().ends_with(is_stop) && clusters >= CUE_SENTENCE);
        !sentence
            && clusters + word.clusters <= CUE_CLUSTERS
            && word.end.saturating_sub(self.start()) <= CUE_TIME
            && word.start.saturating_sub(self.end()) < CUE_PAUSE
    }
}

/// All replies on one line of time: each begins as long after the first one as its turn did, but never before the one
/// before it has ended.
fn cues(exchanges: &[Exchange]) -> Result<Vec<Cue>> {
    let mut cues: Vec<Cue> = Vec::new();
    let timed = exchanges
        .iter()
        .filter_map(|exchange| Some((exchange, exchange.alignment.as_ref()?)));
    let mut first = None;
    let mut end = Duration::ZERO;
    for (exchange, alignment) in timed {
        let first = *first.get_or_insert(exchange.created);
        let since = Duration::try_from(exchange.created.duration_since(first)).unwrap_or_default();
        let shift = since.max(end);
        let graphemes = Graphemes::of(&exchange.reply);
        let starts: Vec<usize> = words(&exchange.reply).iter().map(|word| word.start).collect();
        let mut whole = true;
        for mark in alignment.by_word(&exchange.reply) {
            if exchange.cut && mark.text.start >= exchange.heard {
                break;
            }
            // Up to the next word: white space, and what belongs to no word.
            let next = starts
                .iter()
                .copied()
                .find(|start| *start >= mark.text.end)
                .unwrap_or(graphemes.len());
            let text = exchange.reply[graphemes.bytes(mark.text.start..next)].to_owned();
            let at = |sample| shift + alignment.rate().duration(sample);
            let word = Word {
                clusters: next - mark.text.start,
                text,
                start: at(mark.audio.start),
                end: at(mark.audio.end),
            };
            end = end.max(word.end);
            match cues.last_mut() {
                Some(cue) if !whole && cue.takes(&word) => cue.words.push(word),
                _ => cues.push(Cue { words: vec![word] }),
            }
            whole = false;
        }
    }
    if cues.is_empty() {
        Err(Error::NoTimes)
    } else {
        Ok(cues)
    }
}

fn stamp(at: Duration, point: char) -> String {
    let millis = at.as_millis();
    let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}{point}{:03}", millis % 1000)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
