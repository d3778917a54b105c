//! Every provider's timing shape, turned into marks at the provider's door.
//!
//! Providers say when something sounds in many ways: characters with start and duration in milliseconds, with start
//! and end in seconds, words with times; counted from the stream's beginning, from the chunk's, or now so and now so;
//! with pieces missing, doubled, overlapping or empty; over the text as sent, or over what they made of it.
//! [`Aligner`] takes all of it and gives marks over the text as sent, in samples of the session's audio, that never go
//! back and never lie: what was not timed gets estimated marks between its neighbours' times.

mod token;

use std::ops::Range;

use crate::alignment::{Mark, Provenance, estimate};
use crate::audio::SampleRate;
use crate::text::{self, Graphemes};
use token::{Token, spread};

/// What a provider's times count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeBase {
    /// The first sample of the session.
    Stream,
    /// The first sample of the chunk that they came with.
    Chunk,
    /// Not known: decided from the first chunk that tells (see [`Aligner::push`]) and kept from then on.
    Unknown,
}

/// A piece of text with its time, as the provider says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed<'a> {
    /// A character, several, or a word. Matched to the text as sent, not trusted to be it.
    pub text: &'a str,
    /// Seconds, from the provider's time base.
    pub seconds: Range<f64>,
}

/// Characters with start and duration in milliseconds. Arrays of unequal length give nothing: which one lost an entry
/// cannot be known, and the audio is still good.
pub fn start_duration_ms<'a>(chars: &'a [String], starts: &[f64], durations: &[f64]) -> Vec<Timed<'a>> {
    if chars.len() != starts.len() || chars.len() != durations.len() {
        return Vec::new();
    }
    let timed = |((text, start), length): ((&'a String, &f64), &f64)| Timed {
        text,
        seconds: start / 1_000.0..(start + length) / 1_000.0,
    };
    chars.iter().zip(starts).zip(durations).map(timed).collect()
}

/// Characters or words with start and end in seconds. Arrays of unequal length give nothing.
pub fn start_end_seconds<'a>(texts: &'a [String], starts: &[f64], ends: &[f64]) -> Vec<Timed<'a>> {
    if texts.len() != starts.len() || texts.len() != ends.len() {
        return Vec::new();
    }
    let timed = |((text, start), end): ((&'a String, &f64), &f64)| Timed {
        text,
        seconds: *start..*end,
    };
    texts.iter().zip(starts).zip(ends).map(timed).collect()
}

/// Turns one session's times into marks.
#[derive(Clone, Debug)]
pub struct Aligner {
    rate: SampleRate,
    base: TimeBase,
    text: String,
    graphemes: Graphemes,
    /// Clusters before this one have their marks.
    matched: usize,
    /// Nothing may sound before this sample: it would go back.
    sounded: u64,
    /// What was matched last, to know it when it is said again.
    last: String,
    /// How far times have reached so far, in seconds as they were said.
    reached: f64,
}

/// Times that begin this much before their chunk's own samples are still done to count from the stream's beginning.
const TOLERANCE: f64 = 0.1;
/// So much audio must have come before a chunk's times can tell for good which base they have.
const TELLING: f64 = 0.5;
/// Times further ahead of the audio than this are nonsense. A first message may time its whole segment, which is
/// minutes at most.
const AHEAD: f64 = 3_600.0;
/// How many clusters of the text may be skipped to find a word that the provider timed: it leaves out what it does
/// not speak, and this is about the longest thing (a link).
const REACH: usize = 200;
/// The same for words of one or two letters, which are found everywhere.
const SHORT_REACH: usize = 40;
/// From so many clusters on, a piece need not be a whole word to be found behind others.
const TELLTALE: usize = 5;

impl Aligner {
    /// For a session whose audio has this rate.
    pub fn new(rate: SampleRate, base: TimeBase) -> Self {
        let graphemes = Graphemes::of("");
        Self {
            rate,
            base,
            text: String::new(),
            graphemes,
            matched: 0,
            sounded: 0,
            last: String::new(),
            reached: 0.0,
        }
    }

    /// Text that was sent to the voice.
    pub fn sent(&mut self, text: &str) {
        self.text.push_str(text);
        self.graphemes.extend(&self.text);
    }

    /// All text that was sent.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Times that came with a chunk of audio, `before` samples of the session having come before that chunk. Text that
    /// the provider passed over gets estimated marks in the time that it passed over with it.
    ///
    /// Where the base is unknown, times that start no earlier than the chunk's own samples count from the stream's
    /// beginning, and so do those that come late but go on where the last ended; others count from the chunk's. From half
    /// a second of audio on, that is settled for the session.
    pub fn push(&mut self, before: u64, timed: &[Timed<'_>]) -> Vec<Mark> {
        let before_seconds = before as f64 / f64::from(self.rate.hertz());
        let shift = match self.base_of(before_seconds, timed) {
            TimeBase::Stream => 0.0,
            TimeBase::Chunk | TimeBase::Unknown => before_seconds,
        };
        let ends = timed.iter().map(|t| t.seconds.end).filter(|end| end.is_finite());
        self.reached = ends.fold(self.reached, f64::max);
        let mut marks = Vec::new();
        let mut tokens = self.tokens(timed, shift, before_seconds);
        spread(&mut tokens);
        for token in tokens {
            self.place(&token, &mut marks);
        }
        marks
    }

    /// The session is over, and its audio has `total` samples: estimated marks for the text that is left.
    pub fn finish(&mut self, total: u64) -> Vec<Mark> {
        let end = total.max(self.sounded);
        let left = self.matched..self.graphemes.len();
        let marks = estimate(&self.text, &self.graphemes, left, self.sounded..end);
        self.matched = self.graphemes.len();
        self.sounded = end;
        marks
    }

    fn base_of(&mut self, before: f64, timed: &[Timed<'_>]) -> TimeBase {
        let first = timed
            .iter()
            .map(|t| t.seconds.start)
            .find(|start| start.is_finite());
        let (TimeBase::Unknown, Some(first)) = (self.base, first) else {
            return self.base;
        };
        if before <= 2.0 * TOLERANCE {
            // Both come to nearly the same.
            return TimeBase::Chunk;
        }
        // Counted from each chunk, times never reach half of what has come by the second one.
        let goes_on = self.reached > before / 2.0 && first >= self.reached - TOLERANCE;
        let base = if first >= before - TOLERANCE || goes_on {
            TimeBase::Stream
        } else {
            TimeBase::Chunk
        };
        if before > TELLING {
            self.base = base;
        }
        base
    }

    fn tokens(&self, timed: &[Timed<'_>], shift: f64, before: f64) -> Vec<Token> {
        let mut tokens = vec![Token::default()];
        let mut open = false;
        for piece in timed {
            let text = piece.text.trim();
            let single = Graphemes::of(text).len() <= 1;
            let apart = text.is_empty() || !single || !open || text.chars().any(text::without_spaces);
            if apart {
                tokens.push(Token::default());
            }
            open = single && !text.is_empty() && !piece.text.ends_with(char::is_whitespace);
            let (start, end) = (piece.seconds.start + shift, piece.seconds.end + shift);
            let possible =
                start.is_finite() && end.is_finite() && start < before + AHEAD && end < before + AHEAD;
            let samples = possible.then(|| {
                let start = self.rate.sample_at(start);
                start..self.rate.sample_at(end).max(start)
            });
            if let Some(token) = tokens.last_mut() {
                let from = token.text.len();
                token.text.push_str(text);
                token.parts.push((from..token.text.len(), samples));
            }
        }
        tokens.retain(|t| !t.text.is_empty());
        tokens
    }

    /// Finds a token in the text and gives it its marks.
    fn place(&mut self, token: &Token, marks: &mut Vec<Mark>) {
        let wanted = Graphemes::of(&token.text);
        let Some(found) = self.find(&token.text, &wanted) else {
            // Said again: one written word may be spoken in several pieces.
            if token.text == self.last
                && let (Some(last), Some(audio)) =
                    (marks.last_mut(), token.parts.last().and_then(|p| p.1.clone()))
            {
                last.audio.end = last.audio.end.max(audio.end);
                self.sounded = last.audio.end;
            }
            return;
        };
        self.last.clone_from(&token.text);
        let mut done = 0;
        for (bytes, audio) in &token.parts {
            let clusters = wanted.indices(bytes.clone());
            let (Some(audio), true) = (audio, clusters.end > clusters.start) else {
                continue;
            };
            let (start, end) = (clusters.start.max(done), clusters.end.min(found.len()));
            if start >= end {
                // A sign that combines with the letter before it, or an end that is not in the text.
                if clusters.end <= done
                    && let Some(last) = marks.last_mut()
                {
                    last.audio.end = last.audio.end.max(audio.end);
                    self.sounded = last.audio.end;
                }
                continue;
            }
            done = end;
            self.mark(found[start]..found[end - 1] + 1, audio, marks);
        }
    }

    /// Marks clusters, and what was passed over to get there.
    fn mark(&mut self, mut clusters: Range<usize>, audio: &Range<u64>, marks: &mut Vec<Mark>) {
        let start = audio.start.max(self.sounded);
        let end = audio.end.max(start);
        // An opening bracket sounds with its word.
        while clusters.start > self.matched
            && !is_blank(self.at(clusters.start - 1))
            && !text::speaks(self.at(clusters.start - 1))
        {
            clusters.start -= 1;
        }
        marks.extend(estimate(
            &self.text,
            &self.graphemes,
            self.matched..clusters.start,
            self.sounded..start,
        ));
        self.matched = clusters.end;
        self.sounded = end;
        marks.push(Mark {
            text: clusters,
            audio: start..end,
            provenance: Provenance::Measured,
        });
    }

    /// The clusters of the text that a token's clusters stand for; `None` when there are none left. If only the
    /// token's beginning is there, they are fewer than the token's.
    fn find(&self, token: &str, wanted: &Graphemes) -> Option<Vec<usize>> {
        let want = |n: usize| &token[wanted.bytes(n..n + 1)];
        let speaks = text::speaks(token);
        let reach = if wanted.len() > 2 { REACH } else { SHORT_REACH };
        let end = self.graphemes.len().min(self.matched + reach + wanted.len());
        let mut beginning: Vec<usize> = Vec::new();
        // Until something is passed over that should have been spoken.
        let mut near = true;
        for start in self.matched..end {
            let here = self.at(start);
            if !near && !speaks {
                break;
            }
            if !is_blank(here) {
                let found = self.common(start, wanted.len(), want);
                let after = found.last().map_or(start, |last| last + 1);
                let whole = found.len() == wanted.len();
                if whole && (near || wanted.len() >= TELLTALE || (self.is_edge(start) && self.is_edge(after)))
                {
                    return Some(found);
                }
                // Most of it, or all but its punctuation.
                let rest = &token[wanted.byte(found.len())..];
                if near
                    && !whole
                    && (2 * found.len() > wanted.len() || (!found.is_empty() && !text::speaks(rest)))
                    && found.len() > beginning.len()
                {
                    beginning = found;
                }
                near &= !text::speaks(here);
            }
        }
        (!beginning.is_empty()).then_some(beginning)
    }

    /// How much of a token stands at `start`, whatever white space the text has in it.
    fn common<'a>(&self, start: usize, length: usize, want: impl Fn(usize) -> &'a str) -> Vec<usize> {
        let mut found = Vec::new();
        let mut at = start;
        for n in 0..length {
            while n > 0 && at < self.graphemes.len() && at < start + REACH && is_blank(self.at(at)) {
                at += 1;
            }
            if at >= self.graphemes.len() || !same(self.at(at), want(n)) {
                break;
            }
            found.push(at);
            at += 1;
        }
        found
    }

    /// Whether no word goes over the boundary before this cluster.
    fn is_edge(&self, cluster: usize) -> bool {
        let inside = |c: &str| text::speaks(c) && !c.chars().any(text::without_spaces);
        cluster == 0
            || cluster >= self.graphemes.len()
            || !inside(self.at(cluster - 1))
            || !inside(self.at(cluster))
    }

    fn at(&self, cluster: usize) -> &str {
        &self.text[self.graphemes.bytes(cluster..cluster + 1)]
    }
}

fn is_blank(cluster: &str) -> bool {
    cluster.chars().all(char::is_whitespace)
}

/// Case and the shape of quotation marks and dashes are the provider's business.
fn same(a: &str, b: &str) -> bool {
    a == b || plain(a).eq(plain(b))
}

fn plain(cluster: &str) -> impl Iterator<Item = char> + '_ {
    let plain = |c| match c {
        '’' | '‘' | '`' => '\'',
        '“' | '”' => '"',
        '–' | '—' => '-',
        c => c,
    };
    cluster.chars().map(plain).flat_map(char::to_lowercase)
}
