//! Whether a mark ends a sentence or a clause.

use libretto_voice::text::{ends_wherever, is_closer, is_opener, is_stop, pauses_wherever, without_spaces};

use super::words::{self, Kind};

/// White space, marks and the next word are read no further than this, in bytes.
const LOOK: usize = 64;

/// What a mark does; the number is where the text goes on behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Not known before more text comes.
    More,
    No(usize),
    Clause(usize),
    Sentence(usize),
    Line(usize),
}

/// At a mark that may end a sentence. `speaks`: something was said before it in the phrase.
pub(super) fn at_stop(text: &str, at: usize, speaks: bool, ended: bool) -> Verdict {
    let marks = run(text, at, is_stop);
    let close = run(text, marks, is_closer);
    let mut following = text[close..].chars();
    let Some(next) = following.next() else {
        // What is longer than we look cannot grow any more.
        return if ended || close - at >= LOOK {
            Verdict::Sentence(close)
        } else {
            Verdict::More
        };
    };
    let marked = &text[at..marks];
    let wherever = marked.chars().any(ends_wherever);
    let loud = marked.contains(['!', '?']);
    if next == '\n' {
        // An item's number on a line of its own stays with its text.
        return if speaks {
            Verdict::Sentence(close + 1)
        } else {
            Verdict::No(close)
        };
    }
    if !next.is_whitespace() {
        let touching = wherever || (without_spaces(next) && (loud || !number_before(text, at)));
        return if touching {
            Verdict::Sentence(close)
        } else {
            Verdict::No(marks)
        };
    }
    let end = close + next.len_utf8();
    if wherever || (loud && close == marks) {
        return Verdict::Sentence(end);
    }
    let Some(ahead) = Ahead::read(&text[close..]) else {
        return if ended {
            Verdict::Sentence(end)
        } else {
            Verdict::More
        };
    };
    if loud || marks - at > 1 || marked == "…" {
        return if ahead.small {
            Verdict::Clause(end)
        } else {
            Verdict::Sentence(end)
        };
    }
    full_stop(text, at, close, end, speaks, ahead, ended)
}

/// One full stop with white space behind it.
fn full_stop(
    text: &str,
    at: usize,
    close: usize,
    end: usize,
    speaks: bool,
    ahead: Ahead,
    ended: bool,
) -> Verdict {
    let (before, word) = last_words(&text[..at]);
    let kind = words::kind(word);
    if kind == Kind::Ordinal && !speaks_before(text, at - word.len(), speaks) {
        // An item's number.
        return Verdict::No(end);
    }
    if ahead.small {
        return if kind == Kind::Word {
            Verdict::Clause(end)
        } else {
            Verdict::No(end)
        };
    }
    let next = match kind {
        Kind::Never => return Verdict::No(end),
        _ if ahead.digit && kind != Kind::Word => return Verdict::No(end),
        Kind::Word | Kind::BeforeNumber => return Verdict::Sentence(end),
        Kind::Perhaps | Kind::BeforeName | Kind::Ordinal => match next_word(&text[close..], ended) {
            Some(next) => next,
            None => return Verdict::More,
        },
    };
    let ends = match kind {
        Kind::Perhaps => !words::is_date(next),
        Kind::Ordinal => !words::is_ordinal(before, next),
        _ => words::begins_sentence(next),
    };
    if ends {
        Verdict::Sentence(end)
    } else {
        Verdict::No(end)
    }
}

/// At a mark that may end a clause.
pub(super) fn at_pause(text: &str, at: usize, ended: bool) -> Verdict {
    let Some(mark) = text[at..].chars().next() else {
        return Verdict::More;
    };
    let after = at + mark.len_utf8();
    let close = run(text, after, is_closer);
    let Some(next) = text[close..].chars().next() else {
        return if ended || close - at >= LOOK {
            Verdict::No(close)
        } else {
            Verdict::More
        };
    };
    let before = text[..at].chars().next_back().unwrap_or(' ');
    let pauses = match mark {
        '-' | '–' => before.is_whitespace() && next.is_whitespace(),
        // "e.g., …"
        ',' => next.is_whitespace() && before != '.',
        _ => next.is_whitespace() || pauses_wherever(mark),
    };
    match pauses {
        true if next == '\n' => Verdict::Line(close + 1),
        true if next.is_whitespace() => Verdict::Clause(close + next.len_utf8()),
        true => Verdict::Clause(close),
        false => Verdict::No(after),
    }
}

/// Where a run of such characters ends.
fn run(text: &str, from: usize, is: impl Fn(char) -> bool) -> usize {
    let run = text[from..].char_indices().find(|(at, c)| *at >= LOOK || !is(*c));
    from + run.map_or(text.len() - from, |(at, _)| at)
}

/// The first thing behind white space, quotation marks and brackets.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    small: bool,
    digit: bool,
}

impl Ahead {
    /// `None` when it is not there yet.
    fn read(text: &str) -> Option<Self> {
        for (at, c) in text.char_indices() {
            if c == '\n' || at >= LOOK {
                return Some(Self {
                    small: false,
                    digit: false,
                });
            }
            if !c.is_whitespace() && !is_opener(c) {
                return Some(Self {
                    small: c.is_lowercase(),
                    digit: c.is_numeric(),
                });
            }
        }
        None
    }
}

/// The next word; `None` while it may go on.
fn next_word(text: &str, ended: bool) -> Option<&str> {
    let word = text.trim_start_matches(|c: char| c.is_whitespace() || is_opener(c));
    let in_word = |c: char| c.is_alphabetic() || matches!(c, '\'' | '’');
    match word.char_indices().find(|(at, c)| *at >= LOOK || !in_word(*c)) {
        Some((at, _)) => Some(&word[..at]),
        None if ended => Some(word),
        None => None,
    }
}

/// The last word before a stop, without quotation marks and brackets, and the one before it.
fn last_words(text: &str) -> (&str, &str) {
    let start = |text: &str| {
        let mut from = text.len();
        for (at, c) in text.char_indices().rev() {
            if c.is_whitespace()
                || is_opener(c)
                || matches!(c, '-' | '/' | '—' | '–')
                || text.len() - at > LOOK
            {
                break;
            }
            from = at;
        }
        from
    };
    let from = start(text);
    let before = text[..from].trim_end();
    (&before[start(before)..], &text[from..])
}

fn number_before(text: &str, at: usize) -> bool {
    text[..at].ends_with(|c: char| c.is_numeric())
}

/// Whether anything was said in the phrase before byte `at`.
fn speaks_before(text: &str, at: usize, speaks: bool) -> bool {
    speaks
        && text[..at]
            .chars()
            .rev()
            .take_while(|c| *c != '\n')
            .any(super::speaks)
}
