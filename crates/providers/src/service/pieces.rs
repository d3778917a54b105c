//! An answer that streams, as the pieces that it consists of.

use super::Reply;
use crate::failure::Failure;
use crate::lines::{Lines, TooLong};
use crate::sse::Events;

/// An answer in pieces: its events' data, or its lines. Pieces have at most so many bytes as their reader takes.
#[derive(Debug)]
pub struct Pieces {
    /// What it is read from.
    pub reply: Reply,
    cut: Cut,
    ended: bool,
}

#[derive(Debug)]
enum Cut {
    Events(Events),
    Lines(Lines),
}

impl Reply {
    /// The data of its events.
    pub fn events(self, events: Events) -> Pieces {
        Pieces::new(self, Cut::Events(events))
    }

    /// Its lines.
    pub fn lines(self, lines: Lines) -> Pieces {
        Pieces::new(self, Cut::Lines(lines))
    }
}

impl Pieces {
    fn new(reply: Reply, cut: Cut) -> Self {
        Self {
            reply,
            cut,
            ended: false,
        }
    }

    /// The pieces that the next chunk completes, maybe none; `None` when the answer has ended. The last piece may have
    /// nothing behind it.
    pub async fn next(&mut self) -> Result<Option<Vec<String>>, Failure> {
        if self.ended {
            return Ok(None);
        }
        let chunk = self.reply.chunk().await?;
        self.ended = chunk.is_none();
        let ready = match &chunk {
            Some(bytes) => self.cut.push(bytes),
            None => self.cut.finish().map(Vec::from_iter),
        };
        let ready = ready.map_err(|error| self.reply.garbled().because(error))?;
        Ok(Some(ready))
    }

    /// Whether these were the last.
    pub fn is_over(&self) -> bool {
        self.ended
    }
}

impl Cut {
    fn push(&mut self, bytes: &[u8]) -> Result<Vec<String>, TooLong> {
        match self {
            Self::Events(events) => Ok(events.push(bytes)?.into_iter().map(|event| event.data).collect()),
            Self::Lines(lines) => lines.push(bytes),
        }
    }

    fn finish(&mut self) -> Result<Option<String>, TooLong> {
        match self {
            Self::Events(events) => Ok(events.finish()?.map(|event| event.data)),
            Self::Lines(lines) => Ok(lines.finish()),
        }
    }
}
