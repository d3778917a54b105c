//! A text and where each piece of it came from, so that light falls on the text as it was written even though
//! something else was spoken: Markdown taken out, "£3m" spelt as "three million pounds".

use std::ops::Range;

use crate::alignment::Mark;
use crate::text::Graphemes;

/// A rewritten text. Offsets are bytes on both sides; pieces are in order, do not overlap in the output, and never go
/// back in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewrite {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    out: Range<usize>,
    source: Range<usize>,
    /// The same bytes on both sides: offsets inside map one to one.
    verbatim: bool,
}

impl Rewrite {
    /// The source itself.
    pub fn verbatim(source: &str) -> Self {
        let mut rewrite = Self::default();
        rewrite.keep(source, 0);
        rewrite
    }

    /// Appends a piece of the source as it stands there, at byte `at`.
    pub fn keep(&mut self, piece: &str, at: usize) {
        if piece.is_empty() {
            return;
        }
        let out = self.text.len()..self.text.len() + piece.len();
        let source = at..at + piece.len();
        self.text.push_str(piece);
        self.add(Piece {
            out,
            source,
            verbatim: true,
        });
    }

    /// Puts a piece behind the others, joining it with the last one where both stand as they were written.
    fn add(&mut self, piece: Piece) {
        match self.pieces.last_mut() {
            Some(last)
                if last.verbatim
                    && piece.verbatim
                    && last.source.end == piece.source.start
                    && last.out.end == piece.out.start =>
            {
                last.out.end = piece.out.end;
                last.source.end = piece.source.end;
            }
            _ => self.pieces.push(piece),
        }
    }

    /// The pieces that a range of the rewritten text touches.
    fn touched(&self, out: &Range<usize>) -> &[Piece] {
        let start = self.pieces.partition_point(|p| p.out.end <= out.start);
        let end = self.pieces.partition_point(|p| p.out.start < out.end);
        self.pieces.get(start..end).unwrap_or_default()
    }

    /// Appends `spoken`, which stands for `source` as a whole.
    pub fn replace(&mut self, spoken: &str, source: Range<usize>) {
        if spoken.is_empty() {
            return;
        }
        let out = self.text.len()..self.text.len() + spoken.len();
        self.text.push_str(spoken);
        self.pieces.push(Piece {
            out,
            source,
            verbatim: false,
        });
    }

    /// Puts another rewrite of the same source behind.
    pub fn append(&mut self, later: &Rewrite) {
        let shift = self.text.len();
        self.text.push_str(&later.text);
        for piece in &later.pieces {
            let out = piece.out.start + shift..piece.out.end + shift;
            self.add(Piece { out, ..piece.clone() });
        }
    }

    /// The rewritten text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The part of the rewritten text between two of its bytes (on character boundaries), as a rewrite of its own
    /// over the same source.
    pub fn slice(&self, bytes: Range<usize>) -> Rewrite {
        let mut part = Self {
            text: self.text.get(bytes.clone()).unwrap_or_default().to_owned(),
            pieces: Vec::new(),
        };
        for piece in self.touched(&bytes) {
            let (start, end) = (piece.out.start.max(bytes.start), piece.out.end.min(bytes.end));
            if start < end {
                let source = self.source(start..end);
                let out = start - bytes.start..end - bytes.start;
                part.pieces.push(Piece {
                    out,
                    source,
                    verbatim: piece.verbatim,
                });
            }
        }
        part
    }

    /// The source's bytes that a range of the rewritten text stands for. What was replaced comes as a whole.
    pub fn source(&self, out: Range<usize>) -> Range<usize> {
        let mut found: Option<Range<usize>> = None;
        for piece in self.touched(&out) {
            let (start, end) = (piece.out.start.max(out.start), piece.out.end.min(out.end));
            if start >= end {
                continue;
            }
            let source = if piece.verbatim {
                piece.source.start + (start - piece.out.start)..piece.source.start + (end - piece.out.start)
            } else {
                piece.source.clone()
            };
            found = Some(match found {
                Some(before) => before.start.min(source.start)..before.end.max(source.end),
                None => source,
            });
        }
        found.unwrap_or_else(|| {
            // Between pieces, or nothing at all: where the last piece before it ends.
            let before = self
                .pieces
                .partition_point(|p| p.out.end <= out.start)
                .checked_sub(1);
            let at = before.map_or(0, |index| self.pieces[index].source.end);
            at..at
        })
    }

    /// A rewrite of this rewrite's text, as a rewrite of the source.
    pub fn then(&self, later: &Rewrite) -> Rewrite {
        let mut whole = Rewrite {
            text: later.text.clone(),
            pieces: Vec::new(),
        };
        for piece in &later.pieces {
            if !piece.verbatim {
                let source = self.source(piece.source.clone());
                whole.pieces.push(Piece {
                    out: piece.out.clone(),
                    source,
                    verbatim: false,
                });
                continue;
            }
            // A verbatim piece may lie over several of ours.
            for ours in self.touched(&piece.source) {
                let start = ours.out.start.max(piece.source.start);
                let end = ours.out.end.min(piece.source.end);
                if start < end {
                    let shift = |at: usize| at - piece.source.start + piece.out.start;
                    let out = shift(start)..shift(end);
                    whole.pieces.push(Piece {
                        out,
                        source: self.source(start..end),
                        verbatim: ours.verbatim,
                    });
                }
            }
        }
        whole
    }

    /// Moves marks over the rewritten text onto the source. Both are counted in grapheme clusters; `source` is the
    /// source's text. Marks that come to lie on the same clusters are joined: they light as one.
    pub fn marks(&self, source: &str, marks: &[Mark]) -> Vec<Mark> {
        let (from, to) = (Graphemes::of(&self.text), Graphemes::of(source));
        let mut moved: Vec<Mark> = Vec::with_capacity(marks.len());
        for mark in marks {
            let text = to.indices(self.source(from.bytes(mark.text.clone())));
            if text.is_empty() {
                continue;
            }
            match moved.last_mut() {
                Some(last) if last.text == text || text.start < last.text.end => {
                    last.text.end = last.text.end.max(text.end);
                    last.audio.end = last.audio.end.max(mark.audio.end);
                    last.provenance = last.provenance.and(mark.provenance);
                }
                _ => moved.push(Mark {
                    text,
                    audio: mark.audio.clone(),
                    provenance: mark.provenance,
                }),
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alignment::Provenance;

    #[test]
    fn light_falls_on_the_text_as_written() {
        let written = "Pay **£3m** now";
        let mut plain = Rewrite::default();
        plain.keep("Pay ", 0);
        plain.keep("£3m", 6);
        plain.keep(" now", 12);
        assert_eq!(plain.text(), "Pay £3m now");
        let mut spelt = Rewrite::default();
        spelt.keep("Pay ", 0);
        spelt.replace("three million pounds", 4..8);
        spelt.keep(" now", 8);
        let whole = plain.then(&spelt);
        assert_eq!(whole.text(), "Pay three million pounds now");
        let word = |w: &str| {
            let at = whole.text().find(w).unwrap();
            &written[whole.source(at..at + w.len())]
        };
        assert_eq!(word("million"), "£3m");
        assert_eq!(word("now"), "now");
        assert_eq!(word("Pay"), "Pay");

        let mark = |text, audio| Mark {
            text,
            audio,
            provenance: Provenance::Measured,
        };
        let marks = [
            mark(0..3, 0..10),
            mark(4..9, 10..20),
            mark(10..17, 20..30),
            mark(18..24, 30..40),
            mark(25..28, 40..50),
        ];
        let moved = whole.marks(written, &marks);
        let seen: Vec<_> = moved.iter().map(|m| (m.text.clone(), m.audio.clone())).collect();
        assert_eq!(seen, [(0..3, 0..10), (6..9, 10..40), (12..15, 40..50)]);
    }

    #[test]
    fn a_slice_keeps_its_origin() {
        let mut rewrite = Rewrite::default();
        rewrite.keep("one ", 0);
        rewrite.replace("two", 10..11);
        rewrite.keep(" three", 20);
        let slice = rewrite.slice(4..13);
        assert_eq!(slice.text(), "two three");
        assert_eq!(slice.source(0..3), 10..11);
        assert_eq!(slice.source(4..9), 21..26);
    }
}
