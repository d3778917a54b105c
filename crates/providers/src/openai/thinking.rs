//! Keeps thinking apart that a model writes into its answer, between tags that may be cut anywhere.

/// A piece of what a model writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Part of the answer.
    Answer(String),
    /// Part of the thinking.
    Thought(String),
}

const TAGS: [(&str, &str); 5] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("[THINK]", "[/THINK]"),
    // As gpt-oss writes where nobody reads it first. What it says on the way to a tool is for the tool.
    ("<|channel|>analysis", "<|channel|>final"),
    ("<|channel|>commentary", "<|channel|>final"),
];
/// What else it writes around its answer.
const MARKS: [&str; 4] = ["<|message|>", "<|start|>assistant", "<|end|>", "<|return|>"];

/// What a word of these means where it stands.
#[derive(Clone, Copy)]
enum Sign {
    /// Thinking begins, by the tag of this number.
    Opens(usize),
    /// It is over.
    Closes,
    /// Nothing.
    Nothing,
}

/// What ends thinking, or what may stand in an answer and is no part of it.
fn wanted(inside: Option<usize>) -> Vec<(Sign, &'static str)> {
    if let Some(tag) = inside {
        return vec![(Sign::Closes, TAGS[tag].1)];
    }
    let tags = TAGS.iter().enumerate();
    let tags = tags.flat_map(|(tag, (opens, closes))| [(Sign::Opens(tag), *opens), (Sign::Closes, *closes)]);
    tags.chain(MARKS.map(|mark| (Sign::Nothing, mark))).collect()
}
/// How many bytes of an answer are held back for models that may have begun to think without a tag.
const HELD: usize = 400;

/// The filter, between two pieces.
#[derive(Debug)]
pub(super) struct Thinking {
    /// What may be the beginning of a tag.
    open: String,
    /// The number of the tag that is open.
    inside: Option<usize>,
    /// An answer that may turn out to be thinking: a template may have opened the tag itself.
    held: Option<String>,
    /// Line breaks behind a block belong to it.
    after_block: bool,
}

impl Thinking {
    /// For an answer of this model: of those known to think, the first words are held back until it is clear that
    /// they are none.
    pub(super) fn of(model: &str) -> Self {
        let model = model.to_ascii_lowercase();
        let thinks = ["deepseek-r1", "qwq", "magistral", "thinking", "reasoner"];
        Self::new(thinks.iter().any(|name| model.contains(name)))
    }

    fn new(hold: bool) -> Self {
        Self {
            open: String::new(),
            inside: None,
            held: hold.then(String::new),
            after_block: false,
        }
    }

    /// What the next piece of text turns out to be.
    pub(super) fn push(&mut self, text: &str) -> Vec<Piece> {
        let mut out = Vec::new();
        self.open.push_str(text);
        loop {
            let wanted = wanted(self.inside);
            let found = wanted
                .iter()
                .filter_map(|(sign, word)| Some((self.open.find(word)?, *sign, *word)))
                .min_by_key(|(at, _, word)| (*at, std::cmp::Reverse(word.len())));
            let Some((at, sign, word)) = found else {
                let kept = wanted.iter().map(|(_, word)| half(&self.open, word)).max();
                let ready = self.open.len() - kept.unwrap_or(0);
                let ready: String = self.open.drain(..ready).collect();
                self.give(ready, &mut out);
                return out;
            };
            let before: String = self.open.drain(..at).collect();
            self.open.drain(..word.len());
            self.give(before, &mut out);
            match sign {
                Sign::Opens(tag) => {
                    self.release(&mut out);
                    (self.inside, self.after_block) = (Some(tag), false);
                }
                Sign::Closes => {
                    // Closed and never opened, and nothing was passed on: it was all thinking.
                    if let Some(held) = self.held.take() {
                        give(Piece::Thought(held), &mut out);
                    }
                    (self.inside, self.after_block) = (None, true);
                }
                Sign::Nothing => {}
            }
        }
    }

    /// What is left at the end.
    pub(super) fn finish(&mut self) -> Vec<Piece> {
        let mut out = Vec::new();
        let rest = std::mem::take(&mut self.open);
        self.give(rest, &mut out);
        self.release(&mut out);
        out
    }

    fn give(&mut self, text: String, out: &mut Vec<Piece>) {
        if self.inside.is_some() {
            return give(Piece::Thought(text), out);
        }
        let text = if self.after_block {
            text.trim_start_matches(['\n', '\r']).to_owned()
        } else {
            text
        };
        self.after_block &= text.is_empty();
        match &mut self.held {
            Some(held) => {
                held.push_str(&text);
                if held.len() > HELD {
                    self.release(out);
                }
            }
            None => give(Piece::Answer(text), out),
        }
    }

    fn release(&mut self, out: &mut Vec<Piece>) {
        if let Some(held) = self.held.take() {
            give(Piece::Answer(held), out);
        }
    }
}

fn give(piece: Piece, out: &mut Vec<Piece>) {
    let (Piece::Answer(text) | Piece::Thought(text)) = &piece;
    if !text.is_empty() {
        out.push(piece);
    }
}

/// How many bytes at the end of `text` are the beginning of `word`, and not all of it.
fn half(text: &str, word: &str) -> usize {
    (1..word.len())
        .rev()
        .find(|n| text.ends_with(&word[..*n]))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answer in these chunks, between `|`; `¦` stands for that sign itself.
    fn answer(chunks: &str, hold: bool) -> String {
        let mut thinking = Thinking::new(hold);
        let mut pieces: Vec<Piece> = chunks
            .split('|')
            .flat_map(|chunk| thinking.push(&chunk.replace('¦', "|")))
            .collect();
        pieces.extend(thinking.finish());
        let answer = |piece| match piece {
            Piece::Answer(text) => Some(text),
            Piece::Thought(_) => None,
        };
        pieces.into_iter().filter_map(answer).collect()
    }

    #[test]
    fn the_reference_pages_vectors() {
        for (chunks, expected) in [
            ("<th|ink>a</thi|nk>Hi", "Hi"),
            ("a < b|", "a < b"),
            ("<|think>x", ""),
            ("2 <thi|ng", "2 <thing"),
            ("[THI|NK]hm[/TH|INK]\n\nYes", "Yes"),
            ("<thinking>a|</thinking>\n|\nOne\n", "One\n"),
            (
                "<¦channel¦>ana|lysis<¦message¦>hm<¦end¦><¦start¦>assistant<¦chan|nel¦>final<¦mess|age¦>\nHi<¦ret|urn¦>",
                "Hi",
            ),
            ("<¦channel¦>commentary to=weather<¦message¦>{}", ""),
            ("<¦channel¦>final<¦message¦>Hi", "Hi"),
        ] {
            assert_eq!(answer(chunks, false), expected, "{chunks}");
            assert_eq!(answer(chunks, true), expected, "{chunks}, held");
        }
        assert_eq!(answer("x</think>Hello", true), "Hello");
        assert_eq!(answer("x|</think>Hello", false), "xHello");
        let long = "word ".repeat(200);
        assert_eq!(answer(&long, true), long);
    }

    #[test]
    fn every_cut_gives_the_same() {
        for text in [
            "<think>we add</think>\n\nTwo < three. <thinking>x</thinking>Done",
            "<¦channel¦>analysis<¦message¦>we add<¦end¦><¦start¦>assistant<¦channel¦>final<¦message¦>Two < three. Done",
        ] {
            for (at, _) in text.char_indices() {
                let chunks = format!("{}|{}", &text[..at], &text[at..]);
                assert_eq!(answer(&chunks, false), "Two < three. Done", "cut at {at}");
            }
        }
    }
}
