//! `tokenizer.bin`: what each token stands for.
//!
//! Entries in the order of ids; each is a length (one byte, or two from 128 on: the low seven bits, then how many
//! times 128) and that many bytes.

/// Ids 0 to 2 are control tokens …
const FIRST_BYTE: usize = 3;
/// … and so is everything from here on.
const FIRST_CONTROL: usize = 32_000;
/// Ids 3 to 258 stand for one byte each: the tokeniser's fallback.
const BYTES: std::ops::Range<usize> = FIRST_BYTE..FIRST_BYTE + 256;

pub(super) struct Vocabulary {
    entries: Vec<Box<[u8]>>,
}

impl Vocabulary {
    /// `None` when it ends in the middle of an entry.
    pub(super) fn parse(mut file: &[u8]) -> Option<Self> {
        let mut entries = Vec::new();
        while let Some((&low, rest)) = file.split_first() {
            let (length, rest) = if low < 128 {
                (low as usize, rest)
            } else {
                let (&times, rest) = rest.split_first()?;
                (low as usize - 128 + times as usize * 128, rest)
            };
            let (entry, rest) = rest.split_at_checked(length)?;
            entries.push(entry.into());
            file = rest;
        }
        Some(Self { entries })
    }

    /// The text of these tokens.
    pub(super) fn text(&self, tokens: &[i32]) -> String {
        let mut bytes = Vec::new();
        for token in tokens {
            let Ok(id) = usize::try_from(*token) else { continue };
            if BYTES.contains(&id) {
                bytes.push((id - FIRST_BYTE) as u8);
            } else if (FIRST_BYTE..FIRST_CONTROL).contains(&id)
                && let Some(entry) = self.entries.get(id)
            {
                bytes.extend_from_slice(entry);
            }
        }
        String::from_utf8_lossy(&bytes)
            .replace('▁', " ")
            .trim()
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_and_pieces_make_a_text() {
        let mut file = Vec::new();
        for id in 0..300_usize {
            let entry = if id == 259 {
                "▁caf".as_bytes().to_vec()
            } else {
                vec![b'x'; id % 150]
            };
            if entry.len() < 128 {
                file.push(entry.len() as u8);
            } else {
                file.extend([(entry.len() % 128 + 128) as u8, (entry.len() / 128) as u8]);
            }
            file.extend(entry);
        }
        let vocabulary = Vocabulary::parse(&file).unwrap();
        assert_eq!(vocabulary.entries.len(), 300);
        assert_eq!(
            vocabulary.text(&[1, 259, 0xC3 + 3, 0xA9 + 3, 2, 32_001, -4, 5_000]),
            "café"
        );
        file.pop();
        assert!(Vocabulary::parse(&file).is_none());
    }

    proptest! {
        #[test]
        fn any_file_and_any_tokens_are_survived(
            file in prop::collection::vec(any::<u8>(), 0..400),
            tokens in prop::collection::vec(any::<i32>(), 0..40),
        ) {
            if let Some(vocabulary) = Vocabulary::parse(&file) {
                vocabulary.text(&tokens);
            }
        }
    }
}
