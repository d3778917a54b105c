//! Server-sent events out of a stream of bytes, with bounds.
//!
//! Written here because it has to refuse what never ends: the crates for it keep whatever a server sends.

use crate::lines::{Lines, TooLong};

/// Longest line and longest event, unless a service is known to send more: an event may carry a second of base64 sound, and never a megabyte.
const MOST: usize = 1 << 20;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its name, empty where it has none.
    pub name: String,
    /// Its data lines, joined.
    pub data: String,
}

/// Reads events; comments, ids and retry times are of no use here and are dropped.
#[derive(Debug)]
pub struct Events {
    lines: Lines,
    most: usize,
    open: Event,
    /// Whether the open event has data: an event may have an empty line of it.
    filled: bool,
}

impl Events {
    /// Of a stream that begins here.
    pub fn new() -> Self {
        Self::of_at_most(MOST)
    }

    /// Of a stream whose lines and events have at most so many bytes.
    pub fn of_at_most(most: usize) -> Self {
        Self {
            lines: Lines::new(most),
            most,
            open: Event::default(),
            filled: false,
        }
    }

    /// The events that `bytes` complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        for line in self.lines.push(bytes)? {
            events.extend(self.line(&line)?);
        }
        Ok(events)
    }

    /// The last event, where the stream ended without the empty line behind it.
    pub fn finish(&mut self) -> Result<Option<Event>, TooLong> {
        if let Some(line) = self.lines.finish() {
            self.line(&line)?;
        }
        self.line("")
    }

    fn line(&mut self, line: &str) -> Result<Option<Event>, TooLong> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.open);
            return Ok(std::mem::take(&mut self.filled).then_some(event));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.open.data.len() + value.len() > self.most {
                    return Err(TooLong(self.most));
                }
                if std::mem::replace(&mut self.filled, true) {
                    self.open.data.push('\n');
                }
                self.open.data.push_str(value);
            }
            "event" => value.clone_into(&mut self.open.name),
            // A comment has an empty field; ids and retry times are for browsers.
            _ => {}
        }
        Ok(None)
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &str = ": OPENROUTER PROCESSING\n\ndata: {\"a\":\"ü\"}\r\n\r\nevent: error\ndata:one\ndata: two\n\n\
                          id: 7\nretry: 3\n\ndata\n\ndata: [DONE]";

    fn read(bytes: &[u8], sizes: &[usize]) -> Vec<(String, String)> {
        let mut events = Events::new();
        let mut out = Vec::new();
        let (mut rest, mut sizes) = (bytes, sizes.iter().cycle());
        while !rest.is_empty() {
            let size = sizes.next().map_or(rest.len(), |s| *s).clamp(1, rest.len());
            out.extend(events.push(&rest[..size]).unwrap());
            rest = &rest[size..];
        }
        out.extend(events.finish().unwrap());
        out.into_iter().map(|event| (event.name, event.data)).collect()
    }

    #[test]
    fn a_stream_cut_at_every_byte_reads_the_same() {
        let whole = read(STREAM.as_bytes(), &[]);
        let expected = [
            ("", "{\"a\":\"ü\"}"),
            ("error", "one\ntwo"),
            ("", ""),
            ("", "[DONE]"),
        ];
        assert_eq!(whole, expected.map(|(n, d)| (n.to_owned(), d.to_owned())));
        for at in 1..STREAM.len() {
            assert_eq!(read(STREAM.as_bytes(), &[at, STREAM.len()]), whole, "cut at {at}");
        }
        assert_eq!(read(STREAM.as_bytes(), &[1]), whole);
    }

    #[test]
    fn what_never_ends_is_refused() {
        let mut events = Events::new();
        let line = format!("data: {}\n", "x".repeat(1_000));
        let refused = (0..2_000).any(|_| events.push(line.as_bytes()).is_err());
        assert!(refused, "data lines without an end");
        let mut events = Events::new();
        assert!((0..2_000).any(|_| events.push(&[b'x'; 1_000]).is_err()));
    }

    proptest! {
        #[test]
        fn anything_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut events = Events::new();
            events.push(&bytes).unwrap();
            events.finish().unwrap();
        }
    }
}
