//! Where a text is cut, and how long the voice waits there.

use std::ops::Range;
use std::time::Duration;

use libretto_voice::text::{is_closer, is_pause, is_stop};
use unicode_segmentation::UnicodeSegmentation;

/// Between sentences.
const LONG: Duration = Duration::from_millis(300);
/// Between clauses.
const SHORT: Duration = Duration::from_millis(150);
/// A sentence without end is cut at white space about here, in bytes, so that the first sound does not wait for it.
const ENDLESS: usize = 1_000;

/// The pause that belongs after a phrase, by the mark at its end. The voice's audio ends where its sound does; who
/// joins phrases puts this between them.
pub fn pause_after(phrase: &str) -> Duration {
    let closing = |c: char| c.is_whitespace() || is_closer(c) || matches!(c, '*' | '_');
    match phrase.trim_end_matches(closing).chars().next_back() {
        Some(c) if is_stop(c) => LONG,
        Some(c) if is_pause(c) => SHORT,
        _ if phrase.ends_with('\n') => LONG,
        _ => Duration::ZERO,
    }
}

/// The bytes of each sentence, without the white space around it. Lines end sentences; initials do not.
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut goes_on = false;
    for (at, piece) in text.split_sentence_bound_indices() {
        let end = at + piece.len();
        match found.last_mut() {
            // "“Three!” she said" is one sentence.
            Some(last)
                if goes_on || piece.starts_with(char::is_lowercase) && same_line(&text[last.clone()]) =>
            {
                last.end = end;
            }
            _ => found.push(at..end),
        }
        goes_on = ends_in_initial(piece);
    }
    found
        .into_iter()
        .flat_map(|sentence| bounded(text, sentence))
        .collect()
}

/// "J. K. Rowling" is one name.
fn ends_in_initial(piece: &str) -> bool {
    let Some(before) = piece.strip_suffix(' ').and_then(|piece| piece.strip_suffix('.')) else {
        return false;
    };
    let mut letters = before.chars().rev();
    letters.next().is_some_and(|c| c.is_uppercase() && c != 'I')
        && !letters.next().is_some_and(char::is_alphanumeric)
}

/// Whether what follows stands in the same line.
fn same_line(piece: &str) -> bool {
    !piece.ends_with(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
}

/// Cuts a sentence that is too long at white space, and trims what is left.
fn bounded(text: &str, sentence: Range<usize>) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut rest = sentence;
    while rest.len() > ENDLESS {
        let near = text.ceil_char_boundary(rest.start + ENDLESS);
        let Some(cut) = text[near..rest.end].find(char::is_whitespace) else {
            break;
        };
        parts.push(rest.start..near + cut);
        rest.start = near + cut;
    }
    parts.push(rest);
    let trimmed = |part: Range<usize>| {
        let piece = &text[part.clone()];
        let start = part.start + (piece.len() - piece.trim_start().len());
        start..start + piece.trim().len()
    };
    parts
        .into_iter()
        .map(trimmed)
        .filter(|part| !part.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|s| &text[s]).collect()
    }

    #[test]
    fn sentences_end_where_a_reader_ends_them() {
        assert_eq!(
            cut("One. Two?  “Three!” she said."),
            ["One.", "Two?", "“Three!” she said."]
        );
        assert_eq!(
            cut("By J. K. Rowling. It is 3.5 long."),
            ["By J. K. Rowling.", "It is 3.5 long."]
        );
        assert_eq!(cut("So do I. You?"), ["So do I.", "You?"]);
        assert_eq!(cut("A heading\nA line\n\n"), ["A heading", "A line"]);
        assert_eq!(cut(" \n "), Vec::<&str>::new());
    }

    #[test]
    fn a_text_without_end_is_cut() {
        let text = "word ".repeat(1_000);
        let parts = cut(&text);
        assert!(parts.iter().all(|part| part.len() <= ENDLESS + 10));
        assert_eq!(parts.join(" "), text.trim());
    }

    #[test]
    fn pauses_follow_the_mark() {
        assert_eq!(pause_after("Yes. "), LONG);
        assert_eq!(pause_after("“Yes!”"), LONG);
        assert_eq!(pause_after("well, "), SHORT);
        assert_eq!(pause_after("well"), Duration::ZERO);
        assert_eq!(pause_after(""), Duration::ZERO);
    }
}
