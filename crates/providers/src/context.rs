//! A reply that is spoken call by call: its pieces in their order, each with what stands around it, so that a service that
//! can does not begin every piece as if it were the first.

use std::collections::VecDeque;

use libretto_voice::{SpeakInput, text};
use tokio::sync::mpsc::Receiver;
use tokio::sync::mpsc::error::TryRecvError;

use crate::phrases;

/// Most characters of what was said before that are kept: a few sentences make the tone.
const BEFORE: usize = 500;
/// Most calls that are kept.
const CALLS: usize = 3;

/// What stands around a piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Around {
    /// The end of what was said before; empty at the beginning.
    pub(crate) before: String,
    /// What will be said behind it, where that is known already.
    pub(crate) after: Option<String>,
    /// The service's ids of the calls before, at most three, the newest last.
    pub(crate) calls: Vec<String>,
}

/// The pieces of a session.
#[derive(Debug)]
pub(crate) struct Pieces {
    input: Receiver<SpeakInput>,
    longest: usize,
    waiting: VecDeque<String>,
    finished: bool,
    /// What stands around the piece that was given last.
    pub(crate) around: Around,
}

impl Pieces {
    /// Of what comes through here, cut into at most `longest` characters.
    pub(crate) fn new(input: Receiver<SpeakInput>, longest: usize) -> Self {
        Self {
            input,
            longest,
            waiting: VecDeque::new(),
            finished: false,
            around: Around::default(),
        }
    }

    /// The next piece, which need not have anything to speak; `None` when nothing more will be said.
    pub(crate) async fn next(&mut self) -> Option<String> {
        while self.waiting.is_empty() && !self.finished {
            let input = self.input.recv().await;
            self.take(input);
        }
        let piece = self.waiting.pop_front()?;
        // Only what is there already: nobody waits for the next phrase to speak this one.
        while !self.finished && self.coming().is_none() {
            match self.input.try_recv() {
                Ok(input) => self.take(Some(input)),
                Err(TryRecvError::Disconnected) => self.finished = true,
                Err(TryRecvError::Empty) => break,
            }
        }
        self.around.after = self.coming().cloned();
        Some(piece)
    }

    /// This piece has been said, in the call with this id.
    pub(crate) fn said(&mut self, piece: &str, call: Option<String>) {
        let before = &mut self.around.before;
        before.push_str(piece);
        if let Some((cut, _)) = before.char_indices().rev().nth(BEFORE) {
            // From the next word on.
            let end = before[cut..].trim_start_matches(|c: char| !c.is_whitespace());
            *before = end.trim_start().to_owned();
        }
        self.around.calls.extend(call);
        let old = self.around.calls.len().saturating_sub(CALLS);
        self.around.calls.drain(..old);
    }

    fn take(&mut self, input: Option<SpeakInput>) {
        match input {
            Some(SpeakInput::Text(phrase)) => {
                let pieces = phrases::pieces(&phrase, self.longest);
                self.waiting.extend(pieces.into_iter().map(str::to_owned));
            }
            // Whoever says nothing more has finished.
            _ => self.finished = true,
        }
    }

    /// What will be spoken next.
    fn coming(&self) -> Option<&String> {
        self.waiting.iter().find(|piece| text::speaks(piece))
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn each_piece_knows_its_neighbours() {
        let (input, pieces) = mpsc::channel(8);
        let mut pieces = Pieces::new(pieces, 100);
        let text = |text: &str| SpeakInput::Text(text.into());
        for phrase in ["One. ", " … ", "Two. "] {
            input.send(text(phrase)).await.unwrap();
        }
        assert_eq!(pieces.next().await.as_deref(), Some("One. "));
        assert_eq!(
            pieces.around,
            Around {
                after: Some("Two. ".into()),
                ..Around::default()
            }
        );
        pieces.said("One. ", Some("a".into()));
        assert_eq!(pieces.next().await.as_deref(), Some(" … "));
        pieces.said(" … ", None);
        assert_eq!(pieces.next().await.as_deref(), Some("Two. "));
        let expected = Around {
            before: "One.  … ".into(),
            after: None,
            calls: vec!["a".into()],
        };
        assert_eq!(pieces.around, expected, "nobody knows yet what comes");
        input.send(text("Three.")).await.unwrap();
        input.send(SpeakInput::Finish).await.unwrap();
        for call in ["b", "c", "d"] {
            pieces.said("Word. ", Some(call.into()));
        }
        assert_eq!(pieces.around.calls, ["b", "c", "d"]);
        pieces.said(&"long ".repeat(400), None);
        let before = &pieces.around.before;
        assert!(before.starts_with("long ") && before.len() <= BEFORE, "{before}");
        assert_eq!(pieces.next().await.as_deref(), Some("Three."));
        assert_eq!(pieces.next().await, None);
    }
}
