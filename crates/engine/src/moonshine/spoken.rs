//! Where in a clip somebody speaks. The model was trained on clips that begin and end with speech: after two seconds
//! of digital silence, or four of a quiet room, it finds no word in what follows.

use std::ops::Range;

use super::RATE;

/// Loudness is looked at in windows of 20 ms.
const WINDOW: usize = RATE / 50;
/// Speech lasts at least 60 ms in any 100: the click of a key does not.
const LASTS: usize = 3;
const AMONG: usize = 5;
/// Kept on both sides: soft first and last sounds.
const MARGIN: usize = RATE * 3 / 10;
/// Nothing is this quiet but silence.
const NOTHING: f32 = 1e-4;

/// The samples from the first to the last sound that is at least `part` as loud as the loudest, with a margin; all of
/// them where nothing stands out.
pub(super) fn spoken(samples: &[f32], part: f32) -> Range<usize> {
    let levels: Vec<f32> = samples.chunks(WINDOW).map(libretto_voice::audio::rms).collect();
    let lasting: Vec<f32> = levels.windows(AMONG).map(lasting).collect();
    let loudest = lasting.iter().copied().fold(0.0, f32::max);
    if loudest < NOTHING {
        return 0..samples.len();
    }
    let threshold = loudest * part;
    let first = lasting.iter().position(|level| *level >= threshold);
    let last = lasting.iter().rposition(|level| *level >= threshold);
    match (first, last) {
        (Some(first), Some(last)) => {
            let start = (first * WINDOW).saturating_sub(MARGIN);
            let end = ((last + AMONG) * WINDOW + MARGIN).min(samples.len());
            start..end
        }
        _ => 0..samples.len(),
    }
}

/// The loudness that some neighbouring windows keep up for long enough: of five, the third loudest.
fn lasting(near: &[f32]) -> f32 {
    let mut sorted = [0.0; AMONG];
    sorted.copy_from_slice(near);
    sorted.sort_by(f32::total_cmp);
    sorted[AMONG - LASTS]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(range: &Range<usize>) -> (f32, f32) {
        (range.start as f32 / RATE as f32, range.end as f32 / RATE as f32)
    }

    #[test]
    fn silence_on_both_sides_is_left_out() {
        let mut samples = vec![0.001; 10 * RATE];
        samples[4 * RATE..6 * RATE].fill(0.2);
        // The key that began it.
        samples[RATE..RATE + 100].fill(0.9);
        let (start, end) = seconds(&spoken(&samples, 0.05));
        assert!((3.6..=3.75).contains(&start), "{start}");
        assert!((6.25..=6.45).contains(&end), "{end}");
    }

    #[test]
    fn where_nothing_stands_out_everything_is_kept() {
        assert_eq!(spoken(&[], 0.05), 0..0);
        assert_eq!(spoken(&[0.3; 100], 0.05), 0..100);
        assert_eq!(spoken(&vec![0.0; RATE], 0.05), 0..RATE);
        assert_eq!(spoken(&vec![0.2; RATE], 0.05), 0..RATE);
        assert_eq!(spoken(&vec![f32::NAN; RATE], 0.05), 0..RATE);
    }
}
