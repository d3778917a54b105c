//! Places in a text, from grapheme clusters and bytes, as the crates below count them, to UTF-16 code units, as the
//! pages count them. Doing it here spares the pages a second idea of what a cluster is.

use std::ops::Range;

use libretto_assistant::voice::text::Graphemes;

use crate::wire::notice::Span;

/// How long a text is.
pub fn of(text: &str) -> u64 {
    text.encode_utf16().count() as u64
}

/// A text whose clusters are looked up.
pub struct Places<'t> {
    text: &'t str,
    clusters: Graphemes,
    /// The last place that was looked up, in bytes and units: texts are read from their start to their end.
    last: (usize, u64),
}

impl<'t> Places<'t> {
    /// Of this text.
    pub fn of(text: &'t str) -> Self {
        Self {
            text,
            clusters: Graphemes::of(text),
            last: (0, 0),
        }
    }

    /// Where a cluster begins.
    pub fn unit(&mut self, cluster: usize) -> u64 {
        let byte = self.clusters.byte(cluster);
        let (from, units) = self.last;
        let unit = if byte >= from {
            units + of(&self.text[from..byte])
        } else {
            of(&self.text[..byte])
        };
        self.last = (byte, unit);
        unit
    }

    /// Where some clusters stand.
    pub fn span(&mut self, clusters: Range<usize>) -> Span {
        Span {
            start: self.unit(clusters.start),
            end: self.unit(clusters.end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_of_many_units_are_counted_as_the_pages_count_them() {
        // A family is one cluster and eight units; "é" with a combining accent is one cluster and two units.
        let text = "👨‍👩‍👧 e\u{301}t مرحبا";
        let mut places = Places::of(text);
        assert_eq!(places.unit(1), 8);
        assert_eq!(places.span(2..4), Span { start: 9, end: 12 });
        assert_eq!(places.span(5..10), Span { start: 13, end: 18 });
        assert_eq!(places.unit(0), 0, "going back");
        assert_eq!(places.unit(99), 18, "beyond the end is the end");
    }
}
