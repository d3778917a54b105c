//! When each word sounds, from the durations of the network's phonemes.
//!
//! Each duration is exact in sum, but the sound runs ahead of where it says. Against the beginnings of 450 sibilants
//! after vowels (they show to 5 ms in the high frequencies) at speeds 0.7, 1 and 1.5, a word begins before the white
//! space in front of it, by half a frame more than one unit of duration; 9 in 10 words are then within 15 ms. After a
//! pause the word is where sound begins again.

use std::ops::Range;

use super::level::Loudness;
use super::phonemes::Sound;
use super::synthesis::{HOP, RATE};

/// Samples in the network's unit of duration, 25 ms.
pub(super) const UNIT: usize = 2 * HOP;
/// A word after a pause is looked for within this many samples (100 ms) around the time by durations.
const NEAR: usize = RATE / 10;

/// The samples of each sound, in order and never overlapping, within what is heard. `parts` are each sound's ids
/// among the `durations`.
pub(super) fn of(
    sounds: &[Sound],
    parts: &[Range<usize>],
    durations: &[usize],
    loudness: &Loudness,
    speed: f32,
) -> Vec<Range<usize>> {
    let heard = loudness.heard();
    let ahead = HOP + (UNIT as f32 / speed) as usize;
    let mut ends = Vec::with_capacity(durations.len());
    let mut end = 0;
    for duration in durations {
        end += duration * UNIT;
        ends.push(end.saturating_sub(ahead).clamp(heard.start, heard.end));
    }
    // However short, each sound has a time of its own.
    let shortest = HOP.min(heard.len() / parts.len().max(1));
    let mut times: Vec<Range<usize>> = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let before = index
            .checked_sub(1)
            .map(|before| (&sounds[before], times[before].clone()));
        let start = match before {
            None => heard.start,
            Some((before, time)) if before.word => time.end,
            // The pause is the punctuation's own and the white space's after it.
            Some((_, time)) => {
                let start = ends[part.start - 1];
                let onset = loudness.onset(start.saturating_sub(NEAR)..start + NEAR);
                onset.unwrap_or(start).max(time.start + shortest)
            }
        };
        let start = start.min(heard.end.saturating_sub((parts.len() - index) * shortest));
        if let Some(last) = times.last_mut() {
            last.end = last.end.min(start);
        }
        times.push(start..ends[part.end - 1].max(start + shortest));
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(word: bool) -> Sound {
        Sound {
            text: 0..0,
            ids: vec![1],
            space: true,
            word,
            cut: !word,
        }
    }

    #[test]
    fn words_follow_each_other_and_a_pause_ends_where_sound_begins() {
        // Half a second of silence, one of sound, 0.2 s of pause, one of sound.
        let seconds = |seconds: f32| (seconds * RATE as f32) as usize;
        let mut samples = vec![0.0; seconds(0.5)];
        samples.extend(vec![0.5; seconds(1.0)]);
        samples.extend(vec![0.0; seconds(0.2)]);
        samples.extend(vec![0.5; seconds(1.0)]);
        let sounds = [sound(true), sound(true), sound(false), sound(true)];
        // Ids: silence, word, space, word, comma, space, word, silence.
        let parts = [1..2, 3..4, 4..5, 6..7];
        let durations = [20, 20, 2, 20, 6, 2, 38, 0];
        let times = of(&sounds, &parts, &durations, &Loudness::of(&samples), 1.0);
        assert_eq!(times[0].start, seconds(0.5));
        assert_eq!(times[1].start, times[0].end);
        assert_eq!(times[3].start, seconds(1.7));
        assert!(
            times
                .windows(2)
                .all(|pair| pair[0].end <= pair[1].start && !pair[0].is_empty())
        );
    }

    #[test]
    fn nothing_heard_and_no_durations_do_no_harm() {
        let sounds = [sound(true), sound(true)];
        let silence = Loudness::of(&vec![0.0; 4_800]);
        assert!(
            of(&sounds, &[1..2, 3..4], &[1, 1, 1, 1, 1], &silence, 2.0)
                .iter()
                .all(|time| *time == (0..0))
        );
        let heard = Loudness::of(&vec![0.5; 4_800]);
        let times = of(&sounds, &[1..2, 3..4], &[0, 0, 0, 0, 0], &heard, 1.0);
        assert!(times.iter().all(|time| !time.is_empty() && time.end <= 4_800));
        assert!(times[0].end <= times[1].start);
    }
}
