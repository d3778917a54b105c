//! Text in grapheme clusters: what a reader calls a character. Alignment counts in them, because bytes and code points
//! split letters (Arabic with its vowel signs, Devanagari, emoji families).

mod marks;

use std::ops::Range;

pub use marks::{ends_wherever, is_closer, is_opener, is_pause, is_stop, pauses_wherever, speaking_weight};
use unicode_segmentation::UnicodeSegmentation;

/// Number of grapheme clusters.
pub fn count(text: &str) -> usize {
    text.graphemes(true).count()
}

/// Translates between byte offsets and grapheme clusters of one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graphemes {
    /// Byte offset of each cluster's start, and the text's length at the end.
    starts: Vec<usize>,
}

impl Graphemes {
    /// Reads a text.
    pub fn of(text: &str) -> Self {
        let mut starts: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
        starts.push(text.len());
        Self { starts }
    }

    /// Reads on in a text that was put behind the one that was read: `text` is all of it. Only the last cluster is
    /// read again, because what follows may join it.
    pub fn extend(&mut self, text: &str) {
        self.starts.pop();
        let from = self
            .starts
            .pop()
            .filter(|from| text.is_char_boundary(*from))
            .unwrap_or_else(|| {
                self.starts.clear();
                0
            });
        self.starts
            .extend(text[from..].grapheme_indices(true).map(|(at, _)| from + at));
        self.starts.push(text.len());
    }

    /// How many clusters there are.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// True for an empty text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where cluster `index` starts; the text's length for any index past the last.
    pub fn byte(&self, index: usize) -> usize {
        self.starts
            .get(index)
            .or(self.starts.last())
            .copied()
            .unwrap_or(0)
    }

    /// Bytes of a range of clusters, cut to the text.
    pub fn bytes(&self, range: Range<usize>) -> Range<usize> {
        let start = self.byte(range.start);
        start..self.byte(range.end).max(start)
    }

    /// The cluster that holds byte `at`; the number of clusters for any byte past the end.
    pub fn index(&self, at: usize) -> usize {
        match self.starts.binary_search(&at) {
            Ok(index) => index,
            Err(after) => after.saturating_sub(1).min(self.len()),
        }
    }

    /// The clusters that a range of bytes touches.
    pub fn indices(&self, bytes: Range<usize>) -> Range<usize> {
        let start = self.index(bytes.start);
        if bytes.is_empty() {
            return start..start;
        }
        start..(self.index(bytes.end - 1) + 1).min(self.len()).max(start)
    }
}

/// The words of a text as ranges of grapheme clusters: what is lit as one. A word takes the punctuation that touches
/// it along ("heard," is one), white space belongs to none, and scripts without spaces are cut as Unicode cuts them.
pub fn words(text: &str) -> Vec<Range<usize>> {
    let graphemes = Graphemes::of(text);
    let mut words: Vec<Range<usize>> = Vec::new();
    // Whether something that can be spoken is in the last word already; a second such piece without white space
    // between begins a new word only in scripts that write none.
    let mut spoken = false;
    let mut touching = false;
    for (at, piece) in text.split_word_bound_indices() {
        let mut range = graphemes.indices(at..at + piece.len());
        // A cluster may reach over two pieces.
        range.start = range.start.max(words.last().map_or(0, |last| last.end));
        if range.is_empty() {
            continue;
        }
        if piece.chars().all(char::is_whitespace) {
            touching = false;
            spoken = false;
            continue;
        }
        let speaks = piece.chars().any(char::is_alphanumeric);
        let apart = speaks && spoken && piece.chars().any(without_spaces);
        match words.last_mut() {
            Some(last) if touching && !apart => last.end = range.end.max(last.end),
            _ => words.push(range),
        }
        spoken = (spoken && touching) || speaks;
        touching = true;
    }
    words
}

/// True where a voice has something to say: letters and digits of any script.
pub fn speaks(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// True for letters of scripts that write no spaces between words.
pub fn without_spaces(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF     // Thai, Lao
        | 0x1000..=0x109F   // Myanmar
        | 0x1780..=0x17FF   // Khmer
        | 0x2E80..=0x30FF   // CJK radicals, Hiragana, Katakana
        | 0x3400..=0x9FFF   // CJK ideographs
        | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        let graphemes = Graphemes::of(text);
        words(text)
            .into_iter()
            .map(|w| &text[graphemes.bytes(w)])
            .collect()
    }

    #[test]
    fn words_take_their_punctuation_along() {
        assert_eq!(cut("“Well,” she said—twice."), ["“Well,”", "she", "said—twice."]);
        assert_eq!(
            cut("It's 3.14, O'Neil  (really)!"),
            ["It's", "3.14,", "O'Neil", "(really)!"]
        );
        assert_eq!(cut("  "), Vec::<&str>::new());
        assert_eq!(cut("a - b"), ["a", "-", "b"]);
    }

    #[test]
    fn arabic_words_stay_whole_and_chinese_is_cut() {
        assert_eq!(cut("مَرحَباً بالعالم"), ["مَرحَباً", "بالعالم"]);
        assert!(cut("今天天气很好。").len() >= 4);
    }

    #[test]
    fn a_family_is_one_cluster() {
        let text = "a👨‍👩‍👧b";
        let graphemes = Graphemes::of(text);
        assert_eq!(graphemes.len(), 3);
        assert_eq!(&text[graphemes.bytes(1..2)], "👨‍👩‍👧");
        assert_eq!(graphemes.index(5), 1);
        assert_eq!(graphemes.indices(0..text.len()), 0..3);
        assert_eq!(graphemes.indices(3..3), 1..1);
    }
}
