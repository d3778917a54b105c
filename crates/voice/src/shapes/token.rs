//! What a provider timed, word by word.

use std::ops::Range;

use crate::text;

/// Pieces without white space between them, which are matched as one: a word, from one piece or from its characters.
#[derive(Debug, Default)]
pub(super) struct Token {
    pub(super) text: String,
    /// Bytes of the text, and samples if the provider gave a possible time.
    pub(super) parts: Vec<(Range<usize>, Option<Range<u64>>)>,
}

impl Token {
    /// From the first sample of its parts to the last; `None` where no part has a time.
    fn span(&self) -> Option<Range<u64>> {
        let times = || self.parts.iter().filter_map(|(_, audio)| audio.as_ref());
        let start = times().map(|audio| audio.start).min()?;
        Some(start..times().map(|audio| audio.end).max()?)
    }

    /// Whether it is a word that is said to take no time, and from when on.
    fn moment(&self) -> Option<u64> {
        let span = self.span().filter(Range::is_empty)?;
        text::speaks(&self.text).then_some(span.start)
    }

    /// Its letters share this time.
    fn share(&mut self, audio: &Range<u64>) {
        let (whole, span) = (self.text.len().max(1) as u64, audio.end - audio.start);
        let at = |byte: usize| audio.start + span * byte as u64 / whole;
        for (bytes, time) in &mut self.parts {
            *time = Some(at(bytes.start)..at(bytes.end));
        }
    }
}

/// Words that are all said to begin at the same moment share the time until the next one begins: each of them sounds for
/// a while. Where none comes, nothing is known of their time.
pub(super) fn spread(tokens: &mut [Token]) {
    let mut from = 0;
    while let Some(token) = tokens.get(from) {
        let Some(moment) = token.moment() else {
            from += 1;
            continue;
        };
        let same = |token: &&Token| token.moment() == Some(moment);
        let mut to = from + tokens[from..].iter().take_while(same).count();
        let next = tokens.get(to).and_then(Token::span);
        let end = match next {
            Some(next) if next.start == moment => {
                to += 1;
                next.end
            }
            Some(next) => next.start,
            None => moment,
        };
        let run = &mut tokens[from..to];
        if end <= moment {
            let parts = run.iter_mut().flat_map(|token| &mut token.parts);
            parts.for_each(|(_, audio)| *audio = None);
        } else {
            let letters = run.iter().map(|token| token.text.len()).sum::<usize>().max(1) as u64;
            let at = |letter: usize| moment + (end - moment) * letter as u64 / letters;
            let mut before = 0;
            for token in run {
                let behind = before + token.text.len();
                token.share(&(at(before)..at(behind)));
                before = behind;
            }
        }
        from = to;
    }
}
