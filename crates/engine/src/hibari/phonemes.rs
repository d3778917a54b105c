//! From a sentence to what the network reads: phonemes as ids, and which of them belong to which word.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use misaki_rs::{G2P, Language};
use rten::ThreadPool;

use super::unknown::Unknown;
use super::{PART, broken, json};
use crate::error::Error;

/// More ids than this are not read at once: the publisher's own bound.
pub(super) const MOST: usize = 400;

/// One word or mark of punctuation of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sound {
    /// Its bytes in the sentence.
    pub(super) text: Range<usize>,
    /// Its phonemes, as ids.
    pub(super) ids: Vec<i32>,
    /// Whether white space follows; the network reads it as a phoneme of its own.
    pub(super) space: bool,
    /// Whether it is a word, and not punctuation.
    pub(super) word: bool,
    /// Whether a longer text may be cut behind it.
    pub(super) cut: bool,
}

/// Looks words up, guesses unknown ones, and numbers their phonemes.
pub(super) struct Phonemes {
    lookup: G2P,
    ids: HashMap<char, i32>,
    space: i32,
}

impl Phonemes {
    pub(super) fn load(dir: &Path, pool: &Arc<ThreadPool>) -> Result<Self, Error> {
        let ids: HashMap<char, i32> = json(dir, "vocab.json")?;
        let space = *ids
            .get(&' ')
            .ok_or_else(|| broken(dir, "vocab.json", &"it has no space"))?;
        let unknown = Unknown::load(dir, pool)?;
        let mut lookup = G2P::with_fallback(Language::EnglishUS, Some(Box::new(unknown)));
        // What nothing can read stays silent.
        lookup.unk.clear();
        Ok(Self { lookup, ids, space })
    }

    /// The words and marks of a sentence in order. What has no phonemes is left out.
    pub(super) fn read(&self, sentence: &str) -> Result<Vec<Sound>, Error> {
        let (_, tokens) = self.lookup.g2p(sentence).map_err(|error| Error::Run {
            part: PART,
            detail: error.to_string(),
        })?;
        let mut sounds = Vec::with_capacity(tokens.len());
        let mut at = 0;
        for token in tokens {
            // Tokens and their white spaces are the sentence again, but for a rare lost character.
            let Some(skipped) = sentence[at..].find(&token.text) else {
                continue;
            };
            let text = at + skipped..at + skipped + token.text.len();
            at = text.end;
            let phonemes = token.phonemes.unwrap_or_default();
            let ids: Vec<i32> = phonemes
                .chars()
                .filter_map(|c| self.ids.get(&c).copied())
                .collect();
            if ids.is_empty() {
                continue;
            }
            let word = phonemes.chars().any(char::is_alphabetic);
            let cut = !word && phonemes.contains([',', ';', ':', '—', '.', '!', '?', '…']);
            sounds.push(Sound {
                text,
                ids,
                space: !token.whitespace.is_empty(),
                word,
                cut,
            });
        }
        Ok(sounds)
    }

    /// The network's input for some words, between the silences that it wants at both ends, and for each of them its
    /// part of that input.
    pub(super) fn input(&self, sounds: &[Sound]) -> (Vec<i32>, Vec<Range<usize>>) {
        let mut ids = vec![0];
        let mut parts = Vec::with_capacity(sounds.len());
        for (index, sound) in sounds.iter().enumerate() {
            let start = ids.len();
            ids.extend(&sound.ids);
            parts.push(start..ids.len());
            if sound.space && index + 1 < sounds.len() {
                ids.push(self.space);
            }
        }
        ids.push(0);
        (ids, parts)
    }
}

/// Cuts words into runs that the network reads at once: as long as fit, cut behind punctuation where there is any in
/// the second half of what fits.
pub(super) fn runs(mut sounds: &[Sound]) -> Vec<&[Sound]> {
    let mut runs = Vec::new();
    while !sounds.is_empty() {
        let mut length = 0;
        let fits = sounds.iter().take_while(|sound| {
            length += sound.ids.len() + usize::from(sound.space);
            length <= MOST
        });
        let fits = fits.count().max(1);
        let end = if fits == sounds.len() {
            fits
        } else {
            (fits / 2..fits)
                .rev()
                .find(|&i| sounds[i].cut)
                .map_or(fits, |i| i + 1)
        };
        let (run, rest) = sounds.split_at(end);
        runs.push(run);
        sounds = rest;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(ids: usize, cut: bool) -> Sound {
        Sound {
            text: 0..0,
            ids: vec![1; ids],
            space: true,
            word: !cut,
            cut,
        }
    }

    #[test]
    fn long_sentences_are_cut_behind_punctuation() {
        let mut sounds: Vec<Sound> = (0..100).map(|_| sound(9, false)).collect();
        sounds[29] = sound(1, true);
        let lengths: Vec<usize> = runs(&sounds).iter().map(|run| run.len()).collect();
        assert_eq!(lengths, [30, 40, 30]);
        assert!(runs(&[]).is_empty());
        assert_eq!(runs(&[sound(5_000, false)]).len(), 1);
    }
}
