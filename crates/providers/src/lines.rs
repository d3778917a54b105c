//! Lines out of a stream of bytes, with a bound on their length; and NDJSON, which is one JSON value a line.

/// A line that a server never ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line is longer than {0} bytes")]
pub struct TooLong(pub usize);

/// Splits a stream at LF, CRLF or CR, wherever its chunks are cut.
#[derive(Debug)]
pub struct Lines {
    open: Vec<u8>,
    most: usize,
    /// The last byte was a CR, whose LF may still come.
    returned: bool,
}

impl Lines {
    /// Lines of at most `most` bytes.
    pub fn new(most: usize) -> Self {
        Self {
            open: Vec::new(),
            most,
            returned: false,
        }
    }

    /// The lines that `bytes` complete, without their ends; what is no UTF-8 becomes U+FFFD.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<String>, TooLong> {
        let mut lines = Vec::new();
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, end) = (&rest[..at], rest[at]);
            rest = &rest[at + 1..];
            let second_half = end == b'\n' && std::mem::take(&mut self.returned) && line.is_empty();
            self.returned = end == b'\r';
            if second_half {
                continue;
            }
            self.keep(line)?;
            lines.push(self.take());
        }
        if !rest.is_empty() {
            self.returned = false;
            self.keep(rest)?;
        }
        Ok(lines)
    }

    /// The last line, where the stream ended without ending it.
    pub fn finish(&mut self) -> Option<String> {
        (!self.open.is_empty()).then(|| self.take())
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.open.len() + bytes.len() > self.most {
            return Err(TooLong(self.most));
        }
        self.open.extend_from_slice(bytes);
        Ok(())
    }

    fn take(&mut self) -> String {
        let line = String::from_utf8_lossy(&self.open).into_owned();
        self.open.clear();
        line
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(bytes: &[u8], sizes: &[usize]) -> Vec<String> {
        let mut lines = Lines::new(1_000);
        let mut out = Vec::new();
        let (mut rest, mut sizes) = (bytes, sizes.iter().cycle());
        while !rest.is_empty() {
            let size = sizes.next().map_or(rest.len(), |s| *s).clamp(1, rest.len());
            out.extend(lines.push(&rest[..size]).unwrap());
            rest = &rest[size..];
        }
        out.extend(lines.finish());
        out
    }

    #[test]
    fn each_kind_of_end() {
        assert_eq!(
            split(b"a\nb\r\n\r\nc\rd\n\ne", &[]),
            ["a", "b", "", "c", "d", "", "e"]
        );
        assert_eq!(split("über\nß".as_bytes(), &[1]), ["über", "ß"]);
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut lines = Lines::new(10);
        assert!(lines.push(b"12345\n1234567890").is_ok());
        assert_eq!(lines.push(b"1"), Err(TooLong(10)));
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(text in "[a\n\rü]{0,40}", sizes in prop::collection::vec(1_usize..6, 1..8)) {
            prop_assert_eq!(split(text.as_bytes(), &sizes), split(text.as_bytes(), &[]));
        }
    }
}
