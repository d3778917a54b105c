//! Tokens end in the middle of characters; text must not.

/// Holds back the beginning of a character until the rest has come.
#[derive(Debug, Default)]
pub(super) struct Utf8 {
    pending: Vec<u8>,
}

/// The longest character of UTF-8.
const LONGEST: usize = 4;

impl Utf8 {
    /// The text that `bytes` complete. Bytes that can never become a character are shown as U+FFFD.
    pub(super) fn push(&mut self, bytes: &[u8]) -> String {
        self.pending.extend_from_slice(bytes);
        let mut text = String::new();
        let mut done = 0;
        for chunk in self.pending.utf8_chunks() {
            text.push_str(chunk.valid());
            done += chunk.valid().len();
            let bad = chunk.invalid();
            let at_end = done + bad.len() == self.pending.len();
            if at_end && bad.len() < LONGEST && is_beginning(bad) {
                break;
            }
            if !bad.is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
                done += bad.len();
            }
        }
        self.pending.drain(..done);
        text
    }

    /// What is left when nothing more comes: a character that was never finished.
    pub(super) fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned()
    }
}

/// True when more bytes could make it a character.
fn is_beginning(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_character_comes_whole() {
        let mut utf8 = Utf8::default();
        assert_eq!(utf8.push(&[0xF0, 0x9F]), "");
        assert_eq!(utf8.push(&[0x98, 0x80, b'!']), "😀!");
        assert_eq!(utf8.push(&[0xFF, b'a', 0xC3]), "\u{FFFD}a");
        assert_eq!(utf8.finish(), "\u{FFFD}");
        assert_eq!(utf8.finish(), "");
    }

    proptest! {
        #[test]
        fn any_cutting_gives_the_same_text(text: String, sizes in prop::collection::vec(1..5usize, 1..50)) {
            let mut utf8 = Utf8::default();
            let mut all = String::new();
            let mut bytes = text.as_bytes();
            for size in sizes.iter().cycle() {
                if bytes.is_empty() {
                    break;
                }
                let (head, rest) = bytes.split_at((*size).min(bytes.len()));
                all.push_str(&utf8.push(head));
                bytes = rest;
            }
            all.push_str(&utf8.finish());
            prop_assert_eq!(all, text);
        }

        #[test]
        fn any_bytes_come_out_as_their_lossy_text(bytes: Vec<u8>, at in 0..64usize) {
            let mut utf8 = Utf8::default();
            let (head, rest) = bytes.split_at(at.min(bytes.len()));
            let all = utf8.push(head) + &utf8.push(rest) + &utf8.finish();
            prop_assert_eq!(all, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}
