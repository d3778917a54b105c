//! Conversion between rates: tones stay where they are, and pieces give what the whole gives.
#![allow(missing_docs, clippy::unwrap_used)]

use libretto_signal::{Converter, whole};
use libretto_voice::{Audio, SampleRate};
use proptest::prelude::*;

fn tone(rate: SampleRate, hertz: f64, samples: usize) -> Vec<f32> {
    let step = std::f64::consts::TAU * hertz / f64::from(rate.hertz());
    (0..samples)
        .map(|n| (n as f64 * step).sin() as f32 * 0.5)
        .collect()
}

#[test]
fn a_tone_keeps_its_place_in_time() {
    for (from, to) in [
        (24_000, 48_000),
        (22_050, 48_000),
        (44_100, 16_000),
        (48_000, 16_000),
        (16_000, 44_100),
        (44_101, 16_000),
    ] {
        let (from, to) = (SampleRate::new(from).unwrap(), SampleRate::new(to).unwrap());
        let audio = Audio::new(from, tone(from, 440.0, from.hertz() as usize));
        let converted = whole(&audio, to).unwrap();
        assert_eq!(converted.samples.len(), to.hertz() as usize);
        let wanted = tone(to, 440.0, to.hertz() as usize);
        let inner = to.hertz() as usize / 10..to.hertz() as usize * 9 / 10;
        let error: Vec<f32> = inner.map(|n| converted.samples[n] - wanted[n]).collect();
        let error = libretto_voice::audio::rms(&error);
        // rubato gives its delay in whole samples: less than one of them, 0.06, is what it can be off by.
        assert!(error < 0.06, "{from:?} to {to:?}: {error}");
    }
}

proptest! {
    #[test]
    fn any_chunks_give_the_same_as_the_whole(
        from in 8_000u32..96_000, to in 8_000u32..96_000, chunks in prop::collection::vec(0usize..3_000, 1..12),
    ) {
        let (from, to) = (SampleRate::new(from).unwrap(), SampleRate::new(to).unwrap());
        let audio = Audio::new(from, tone(from, 300.0, chunks.iter().sum()));
        let one = whole(&audio, to).unwrap();
        let mut converter = Converter::new(from, to).unwrap();
        let (mut pieces, mut at) = (Vec::new(), 0);
        for chunk in chunks {
            converter.push(&audio.samples[at..at + chunk], &mut pieces);
            at += chunk;
        }
        converter.finish(&mut pieces);
        prop_assert_eq!(one.samples.len() as u64, from.convert(at as u64, to));
        prop_assert_eq!(one.samples, pieces);
    }
}
