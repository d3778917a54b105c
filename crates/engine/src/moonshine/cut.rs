//! Where to part speech that is too long for the recogniser at once.

use super::RATE;

/// More than 20 s at once is slow, and the model was trained on less.
pub const LONGEST: usize = 20 * RATE;
/// A piece has at least 12 s, so that there is enough context in each.
const SEARCH_FROM: usize = 12 * RATE;
/// The quietest 50 ms is most likely between words.
const WINDOW: usize = RATE / 20;
/// A hundredth of a second is as exact as it need be.
const STEP: usize = RATE / 100;

/// Where to part these samples: the middle of the quietest 50 ms between 12 and 20 s. `None` for 20 s or less.
pub fn cut(samples: &[f32]) -> Option<usize> {
    if samples.len() <= LONGEST {
        return None;
    }
    let energy = |at: &usize| samples[*at..*at + WINDOW].iter().map(|s| s * s).sum::<f32>();
    let starts = (SEARCH_FROM..=LONGEST - WINDOW).step_by(STEP);
    let quietest = starts.min_by(|a, b| energy(a).total_cmp(&energy(b)))?;
    Some(quietest + WINDOW / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_seconds_stay_whole() {
        assert_eq!(cut(&vec![0.1; LONGEST]), None);
    }

    #[test]
    fn it_parts_at_the_pause() {
        let mut samples = vec![0.5; 30 * RATE];
        samples[15 * RATE..15 * RATE + WINDOW].fill(0.001);
        // A longer and quieter pause that comes too early.
        samples[5 * RATE..6 * RATE].fill(0.0);
        assert_eq!(cut(&samples), Some(15 * RATE + WINDOW / 2));
    }

    #[test]
    fn nonsense_is_parted_too() {
        let at = cut(&vec![f32::NAN; LONGEST + 1]).unwrap();
        assert!((SEARCH_FROM..LONGEST).contains(&at));
    }
}
