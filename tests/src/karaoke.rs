//! How far apart a word's light and its sound are.

use std::time::{Duration, Instant};

use libretto_testkit::{Sound, clock, correlate};
use libretto_voice::Audio;

/// So much of a word, from its beginning, is looked for in what was heard.
const PIECE: Duration = Duration::from_millis(250);
/// It is looked for this far around the moment at which it was lit.
const REACH: f64 = 0.5;
/// What is less alike is not that word. The loudspeaker changes nothing but the rate and the loudness.
const ALIKE: f32 = 0.8;

/// When the sound that begins at `sample` of the reply's own audio was audible; `None` when it is not to be found
/// around `near`.
pub fn audible(heard: &Sound, reply: &Audio, sample: u64, near: Instant) -> Option<Instant> {
    let end = (sample + reply.rate.samples(PIECE)).min(reply.samples.len() as u64);
    let piece = Audio::new(
        reply.rate,
        reply.samples.get(sample as usize..end as usize)?.to_vec(),
    );
    let from = clock::shift(near, -REACH);
    let around = heard.between(from, clock::shift(near, REACH + PIECE.as_secs_f64()));
    let found = correlate::find(&around, &piece).filter(|found| found.likeness >= ALIKE)?;
    Some(heard.moment(heard.sample(from) + found.sample))
}

/// Words that were lit, compared with what was heard.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// For each word that was found: how much later it was lit than it was audible, in seconds.
    pub errors: Vec<f64>,
    /// Words that were not found where they were lit.
    pub lost: Vec<String>,
}

impl Comparison {
    /// Of words, each with the moment at which it was lit, and the same text spoken without a loudspeaker: its audio,
    /// and at which sample of it each word begins.
    pub fn of(heard: &Sound, reply: &Audio, starts: &[u64], lit: &[(String, Instant)]) -> Self {
        let mut comparison = Self::default();
        for ((word, at), start) in lit.iter().zip(starts) {
            match audible(heard, reply, *start, *at) {
                Some(moment) => comparison.errors.push(clock::between(moment, *at)),
                None => comparison.lost.push(word.clone()),
            }
        }
        comparison
    }

    /// Adds another reply's.
    pub fn extend(&mut self, other: Comparison) {
        self.errors.extend(other.errors);
        self.lost.extend(other.lost);
    }
}

impl std::fmt::Display for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some((median, most)) = spread(&self.errors) else {
            return write!(f, "no word was found of {}", self.lost.len());
        };
        let mean = self.errors.iter().sum::<f64>() / self.errors.len() as f64;
        let (count, lost) = (self.errors.len(), self.lost.len());
        let (median, most, mean) = (median * 1e3, most * 1e3, mean * 1e3);
        let percent = 100.0 * most_of(count);
        write!(
            f,
            "{count} words lit, error median {median:.1} ms, p{percent:.0} {most:.1} ms, mean {mean:+.1} ms; {lost} not found"
        )
    }
}

/// How many of so many errors have to be small: of fewer than twenty, 95 % would be all of them.
fn most_of(count: usize) -> f64 {
    if count < 20 { 0.9 } else { 0.95 }
}

/// Median and 95th percentile of the sizes of some errors, in seconds; `None` for none. Of fewer than twenty it is the
/// 90th.
pub fn spread(errors: &[f64]) -> Option<(f64, f64)> {
    let mut sizes: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let at = |part: f64| {
        sizes
            .get(((sizes.len().checked_sub(1)?) as f64 * part).round() as usize)
            .copied()
    };
    Some((at(0.5)?, at(most_of(sizes.len()))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use libretto_voice::SampleRate;

    #[test]
    fn a_word_is_found_where_it_sounds() {
        let rate = SampleRate::VOICE;
        // A voice-like reply: a tone that glides.
        let reply: Vec<f32> = (0..48_000)
            .map(|i| (i as f32 * (0.02 + i as f32 * 2e-7)).sin() * 0.4)
            .collect();
        let reply = Audio::new(rate, reply);
        let start = Instant::now();
        let high = SampleRate::new(48_000).unwrap_or(rate);
        let mut samples = vec![0.0; 24_000];
        samples.extend((0..96_000).map(|i| reply.samples[i / 2] * 0.5));
        let heard = Sound {
            audio: Audio::new(high, samples),
            start,
            spread: Duration::ZERO,
            arrivals: Vec::new(),
        };
        let near = start + Duration::from_millis(1_400);
        let at = audible(&heard, &reply, 24_000, near).expect("it sounds there");
        assert!(
            (clock::between(start, at) - 1.5).abs() < 0.001,
            "{:?}",
            at - start
        );
        assert_eq!(audible(&heard, &reply, 0, near), None);
    }

    #[test]
    fn the_sizes_of_errors_count() {
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[-0.03]), Some((0.03, 0.03)));
        assert_eq!(spread(&[0.01, -0.02, 0.03]), Some((0.02, 0.03)));
        // Of a few words one may be late.
        let late = [0.001; 9].into_iter().chain([0.2]);
        assert_eq!(spread(&late.collect::<Vec<_>>()), Some((0.001, 0.001)));
    }
}
