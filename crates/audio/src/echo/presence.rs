//! Whether our own voice comes back at all. With headphones it does not, and then a canceller can only do harm: before
//! it has learnt that there is nothing to cancel, it takes the person's voice for echo. So it is asked first whether
//! what is heard gets loud when we do. Pure; counted in 10 ms frames.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use libretto_voice::audio::rms;

/// What is known of our echo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Presence {
    /// We have not sounded long enough.
    #[default]
    Unknown,
    /// It does not come back.
    Absent,
    /// It comes back.
    Heard,
}

/// Frames that are compared: 1.2 s, about five syllables.
const WINDOW: usize = 120;
/// Frames with our voice in them that tell speech from its pauses.
const ENOUGH: usize = 40;
/// How often it is decided anew.
const EVERY: usize = 10;
/// How much later than the reference an echo may be: the room, and what a device says wrong about its latency.
const LATE: i32 = 30;
/// How much earlier, where a device says too much.
const EARLY: i32 = 12;
/// Our voice sounds in a frame from this power on (−50 dB of full scale).
const LOUD: f32 = 1e-5;
/// Whatever is below this power (−66 dB of full scale) disturbs no detector.
const FAINT: f32 = 2.5e-7;
/// What is heard while we sound is no more than the room's noise within this factor (6 dB).
const NOISE: f32 = 4.0;
/// The two loudnesses go together from this likeness on. Two people who speak at the same time reach 0.8 by chance at
/// one of so many delays (measured with recordings); an echo reaches 0.95.
const TOGETHER: f32 = 0.9;
/// From this likeness on nobody else is heard. An echo alone reaches 0.95 to 1 (three quarters of all moments, measured
/// on the virtual sound card); with a person 6 dB softer than it three quarters of all moments stay below.
const ONLY: f32 = 0.85;
/// Of the last 0.6 s: a shorter time says little, and in a longer one a person who has just begun is hardly seen.
const RECENT: usize = 60;
/// By so many frames the delay of an echo that is known may change.
const WAVER: i32 = 3;
/// Decisions in a row before it is said that nothing comes back: half a second, since it may take its time.
const SURE: u32 = 5;
/// Decisions in a row before an echo that was heard counts as gone: 1 s, because speech has pauses.
const GONE: u32 = 10;
/// By so much the noise may seem to rise in a frame: 3 dB in a second.
const RISE: f32 = 1.007;

/// Watches the loudness of what is played and of what is heard.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    played: VecDeque<f32>,
    heard: VecDeque<f32>,
    /// Power of the room while nothing is played; `None` before any was heard.
    noise: Option<f32>,
    presence: Presence,
    /// Frames from the reference to its echo.
    delay: Option<i32>,
    since: usize,
    faint: u32,
}

impl Watch {
    pub(crate) fn presence(&self) -> Presence {
        self.presence
    }

    /// A frame in which nothing is played: the room's own noise.
    pub(crate) fn rest(&mut self, heard: &[f32]) {
        let power = power(heard);
        self.noise = Some(
            self.noise
                .map_or(power, |noise| power.min(noise * RISE + f32::MIN_POSITIVE)),
        );
        self.played.clear();
        self.heard.clear();
    }

    /// A frame in which something may be played.
    pub(crate) fn push(&mut self, played: &[f32], heard: &[f32]) {
        for (line, frame) in [(&mut self.played, played), (&mut self.heard, heard)] {
            if line.len() == WINDOW {
                line.pop_front();
            }
            line.push_back(power(frame));
        }
        self.since += 1;
        if self.since >= EVERY {
            self.since = 0;
            self.decide();
        }
    }

    fn decide(&mut self) {
        let mut under_voice: Vec<f32> = (self.played.iter().zip(&self.heard))
            .filter(|(played, _)| **played >= LOUD)
            .map(|(_, heard)| *heard)
            .collect();
        if under_voice.len() < ENOUGH {
            return;
        }
        let middle = under_voice.len() / 2;
        let (_, median, _) = under_voice.select_nth_unstable_by(middle, f32::total_cmp);
        if *median <= FAINT.max(self.noise.unwrap_or(0.0) * NOISE) {
            self.faint += 1;
            let sure = if self.presence == Presence::Unknown {
                SURE
            } else {
                GONE
            };
            if self.faint >= sure {
                self.presence = Presence::Absent;
            }
            return;
        }
        self.faint = 0;
        if let Some((likeness, delay)) = self.likeness(WINDOW, -EARLY..=LATE)
            && likeness >= TOGETHER
        {
            self.presence = Presence::Heard;
            self.delay = Some(delay);
        }
    }

    /// Whether of late nothing was heard that did not get loud and soft with us: then what was taken for speech is our
    /// own, which the canceller has let through. It does so until it has learnt the way, and when that changes.
    pub(crate) fn only_us(&self) -> bool {
        let around = match self.delay {
            Some(delay) => delay - WAVER..=delay + WAVER,
            None => -EARLY..=LATE,
        };
        self.likeness(RECENT, around)
            .is_some_and(|(likeness, _)| likeness >= ONLY)
    }

    /// How much alike the last `frames` of what is played and heard are, at the best of these delays, and which it is.
    fn likeness(&self, frames: usize, delays: RangeInclusive<i32>) -> Option<(f32, i32)> {
        let loudness = |line: &VecDeque<f32>| -> Vec<f32> {
            let begin = line.len().saturating_sub(frames);
            line.iter().skip(begin).map(|p| p.max(FAINT).log10()).collect()
        };
        let (played, heard) = (loudness(&self.played), loudness(&self.heard));
        let (played, heard) = (played.as_slice(), heard.as_slice());
        let alike = |delay: i32| {
            let by = delay.unsigned_abs() as usize;
            let (late, early) = if delay < 0 {
                (played, heard)
            } else {
                (heard, played)
            };
            Some((correlation(early, late.get(by..)?), delay))
        };
        delays.filter_map(alike).max_by(|a, b| a.0.total_cmp(&b.0))
    }
}

/// Mean square.
fn power(frame: &[f32]) -> f32 {
    rms(frame).powi(2)
}

/// Pearson's, over the length of the shorter; 0 where one of them does not change.
fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let len = a.len().min(b.len());
    let (a, b) = (&a[..len], &b[..len]);
    let mean = |line: &[f32]| line.iter().sum::<f32>() / len.max(1) as f32;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        both += a * b;
        of_a += a * a;
        of_b += b * b;
    }
    let size = (of_a * of_b).sqrt();
    if size > 0.0 { both / size } else { 0.0 }
}
