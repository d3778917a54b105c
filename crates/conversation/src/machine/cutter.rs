//! Text deltas in, phrases out: what a voice is given of the reply, and what is shown of it.

use std::ops::Range;

use libretto_voice::Rewrite;
use libretto_voice::text;

use crate::phrases::Splitter;
use crate::spoken::{Filter, shown};

/// Cuts a reply into phrases.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    filter: Filter,
    raw: String,
    /// What is shown of the reply as far as that is decided.
    shown: String,
    splitter: Splitter,
}

impl Cutter {
    /// The next piece of the reply; gives the phrases that it completes.
    pub(super) fn push(&mut self, delta: &str) -> Vec<Rewrite> {
        self.raw.push_str(delta);
        let spoken = self.filter.push(delta);
        self.show();
        self.splitter
            .push(&spoken)
            .into_iter()
            .map(|phrase| phrase.rewrite)
            .collect()
    }

    /// There is no more.
    pub(super) fn finish(&mut self) -> Vec<Rewrite> {
        let spoken = self.filter.finish();
        self.show();
        let mut phrases = self.splitter.push(&spoken);
        phrases.extend(self.splitter.finish());
        phrases.into_iter().map(|phrase| phrase.rewrite).collect()
    }

    /// The reply as the model wrote it.
    pub(super) fn raw(&self) -> &str {
        &self.raw
    }

    /// The reply as it is shown, without reasoning, as far as it is decided.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Grapheme clusters of the raw reply as clusters of what is shown.
    pub(super) fn on_shown(&self, raw: Range<usize>) -> Range<usize> {
        let hidden = |cluster: usize| -> usize {
            let byte = text::Graphemes::of(&self.raw).byte(cluster);
            let before = |range: &Range<usize>| range.start.min(byte)..range.end.min(byte);
            self.filter
                .reasoning()
                .iter()
                .map(|range| text::count(&self.raw[before(range)]))
                .sum()
        };
        if self.filter.reasoning().is_empty() {
            return raw;
        }
        raw.start - hidden(raw.start).min(raw.start)..raw.end - hidden(raw.end).min(raw.end)
    }

    fn show(&mut self) {
        let decided = &self.raw[..self.filter.decided()];
        shown(decided, self.filter.reasoning())
            .text()
            .clone_into(&mut self.shown);
    }
}
