//! Text as it is searched: without case, accents and vowel points, in words. Scripts that write no spaces between
//! words are searched letter by letter, so that any run of letters is found.

use std::ops::Range;

use libretto_voice::text::without_spaces;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Marks that readers leave out when they search: accents, Hebrew and Arabic vowel points, the Arabic stroke that only
/// makes words longer. Vowel signs of Indic scripts are letters to their readers and stay.
fn is_left_out(c: char) -> bool {
    matches!(u32::from(c),
        0x0300..=0x036F | 0x0591..=0x05C7 | 0x0610..=0x061A | 0x0640 | 0x064B..=0x065F | 0x0670 | 0x06D6..=0x06ED)
}

fn fold(text: &str) -> impl Iterator<Item = char> + '_ {
    text.nfkd()
        .filter(|c| !is_left_out(*c))
        .flat_map(char::to_lowercase)
}

/// What goes into the index for a text.
pub(super) fn indexed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in fold(text) {
        let apart = without_spaces(c);
        if apart {
            out.push(' ');
        }
        out.push(c);
        if apart {
            out.push(' ');
        }
    }
    out
}

/// More words than anybody types.
const MAX_WORDS: usize = 32;

/// What was typed, ready to be searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// Folded words.
    words: Vec<String>,
}

impl Query {
    /// `None` when there is nothing in it that could be found.
    pub(super) fn of(text: &str) -> Option<Self> {
        // FTS5 reads its queries up to the first zero byte.
        let words = text
            .split(|c: char| c.is_whitespace() || c.is_control())
            .map(|word| fold(word).collect::<String>());
        let words: Vec<_> = words
            .filter(|w| w.chars().any(char::is_alphanumeric))
            .take(MAX_WORDS)
            .collect();
        if words.is_empty() {
            None
        } else {
            Some(Self { words })
        }
    }

    /// For FTS5: every word, in any order. Words match from their beginning, since the last one may not be finished
    /// and endings differ.
    pub(super) fn fts(&self) -> String {
        let phrase = |word: &String| {
            let last = word.chars().next_back();
            let open = last.is_some_and(|c| c.is_alphanumeric() && !without_spaces(c));
            format!(
                "\"{}\"{}",
                indexed(word).trim().replace('"', "\"\""),
                if open { "*" } else { "" }
            )
        };
        self.words.iter().map(phrase).collect::<Vec<_>>().join(" ")
    }

    /// Whether every word is in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let map = Map::of(text);
        self.words.iter().all(|word| map.find(word).next().is_some())
    }

    /// The words around the first place where it is found, in one line, and the bytes of it that were searched for.
    pub(super) fn snippet(&self, text: &str) -> Option<(String, Vec<Range<usize>>)> {
        let map = Map::of(text);
        let mut found: Vec<Range<usize>> = self.words.iter().flat_map(|word| map.find(word)).collect();
        found.sort_by_key(|range| range.start);
        let first = found.first()?.start;
        let (start, end) = window(text, first);
        let mut snippet = String::new();
        let mut marked: Vec<Range<usize>> = Vec::new();
        if start > 0 {
            snippet.push('…');
        }
        let shift = snippet.len();
        // White space of any kind becomes a space; bytes are kept by padding nothing, so marks are moved as we go.
        let mut moved = Vec::with_capacity(end - start + 1);
        for (at, c) in text[start..end].char_indices() {
            moved.resize(at + 1, snippet.len());
            snippet.push(if c.is_whitespace() { ' ' } else { c });
        }
        moved.resize(end - start + 1, snippet.len());
        for range in found.into_iter().filter(|range| range.end <= end) {
            let range = moved[range.start - start].max(shift)..moved[range.end - start];
            match marked.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => marked.push(range),
            }
        }
        if end < text.len() {
            snippet.push('…');
        }
        Some((snippet, marked))
    }
}

/// Clusters before the first hit, and in all.
const BEFORE: usize = 40;
const WINDOW: usize = 160;

/// The bytes around a hit, cut between words where there are any.
fn window(text: &str, hit: usize) -> (usize, usize) {
    let before: Vec<(usize, &str)> = text[..hit].grapheme_indices(true).rev().take(BEFORE).collect();
    let start = match before.last() {
        Some((at, _)) if *at > 0 => before
            .iter()
            .rev()
            .find(|(_, g)| g.trim().is_empty())
            .map_or(*at, |(at, g)| at + g.len()),
        _ => 0,
    };
    let end = text[start..]
        .grapheme_indices(true)
        .nth(WINDOW)
        .map_or(text.len(), |(at, _)| start + at);
    (start, end.max(hit))
}

/// A folded text that knows where each byte came from.
struct Map {
    folded: String,
    /// For each byte of `folded`: bytes of the cluster that it came from.
    source: Vec<Range<usize>>,
}

impl Map {
    fn of(text: &str) -> Self {
        let mut map = Self {
            folded: String::with_capacity(text.len()),
            source: Vec::with_capacity(text.len()),
        };
        for (at, cluster) in text.grapheme_indices(true) {
            map.folded.extend(fold(cluster));
            map.source.resize(map.folded.len(), at..at + cluster.len());
        }
        map
    }

    /// Where a folded word stands at the beginning of a word, as bytes of the text.
    fn find<'a>(&'a self, word: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        self.folded.match_indices(word).filter_map(move |(at, _)| {
            let begins = self.folded[..at]
                .chars()
                .next_back()
                .is_none_or(|c| !c.is_alphanumeric() || without_spaces(c));
            let apart = word.chars().next().is_some_and(without_spaces);
            (begins || apart).then(|| self.source[at].start..self.source[at + word.len() - 1].end)
        })
    }
}
