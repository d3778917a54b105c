//! The canceller itself: AEC3 of WebRTC as `sonora` has it, switched in only while something plays and comes back.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use libretto_voice::SampleRate;
use sonora::config::EchoCanceller;
use sonora::{AudioProcessing, Config, StreamConfig};

use super::presence::{Presence, Watch};
use super::reference::Reference;

/// Samples of a 10 ms frame at 16 kHz.
const FRAME: usize = 160;
/// The reference is taken this much ahead, because the canceller finds an echo only behind what it was told, and the
/// devices' latencies are not known better.
const AHEAD: Duration = Duration::from_millis(10);
/// A frame waits until it is so old for what we played at its time: the playback callback may be late.
const PATIENCE: Duration = Duration::from_millis(60);
/// Our voice counts as playing for so many frames after its last sound: the room dies away, and short pauses do not
/// switch.
const LINGER: u32 = 100;
/// So many frames after a slip of the reference it has learnt where the echo is now.
const RELEARN: u32 = 80;
/// Frames heard before it is switched in, given to it first, so that its filters have settled when it is heard.
const PRIME: usize = 5;

/// Takes the echo out of 10 ms frames. While nothing is played, or what is played does not come back, frames pass
/// unchanged and undelayed; else they come 8 ms late (the canceller's own delay, measured).
pub(crate) struct Canceller {
    reference: Reference,
    /// The way from loudspeaker to microphone of which it has learnt.
    route: u32,
    watch: Watch,
    processing: AudioProcessing,
    /// Whether it is switched in.
    active: bool,
    /// Frames since our voice sounded last; `None` once that is long ago.
    quiet: Option<u32>,
    heard: VecDeque<[f32; FRAME]>,
    /// Slips of the reference that are known, and frames until the last one has been learnt.
    slips: u32,
    learning: u32,
}

impl Canceller {
    /// Cancels what `reference` tells of.
    pub(crate) fn new(reference: Reference) -> Self {
        Self {
            route: reference.route(),
            reference,
            watch: Watch::default(),
            processing: processing(),
            active: false,
            quiet: None,
            heard: VecDeque::with_capacity(PRIME),
            slips: 0,
            learning: 0,
        }
    }

    /// True while our own voice may be in what is heard.
    pub(crate) fn hears_us(&self) -> bool {
        self.quiet.is_some() && self.watch.presence() != Presence::Absent
    }

    /// True when what is left may be our own voice and nobody else's.
    pub(crate) fn hears_only_us(&self) -> bool {
        self.hears_us() && (self.learning > 0 || self.watch.only_us())
    }

    /// Whether a frame captured at `captured` can be cleaned now; else a little later, with what we play known better.
    pub(crate) fn ready(&self, captured: Instant, now: Instant) -> bool {
        now.saturating_duration_since(captured) >= PATIENCE || self.reference.has(captured + AHEAD, FRAME)
    }

    /// Another microphone: what was learnt of the way to the old one is wrong.
    pub(crate) fn forget(&mut self) {
        self.watch = Watch::default();
        self.processing = processing();
    }

    /// Cleans a frame whose first sample was captured at `captured`.
    pub(crate) fn clean(&mut self, frame: &mut [f32; FRAME], captured: Instant) {
        let mut played = [0.0; FRAME];
        let sounds = self.reference.read(captured + AHEAD, &mut played);
        let route = self.reference.route();
        if self.route != route {
            self.route = route;
            self.forget();
        }
        let slips = self.reference.slips();
        if slips == self.slips {
            self.learning = self.learning.saturating_sub(1);
        } else {
            self.slips = slips;
            self.learning = RELEARN;
        }
        let original = *frame;
        self.quiet = match self.quiet {
            _ if sounds => Some(0),
            Some(quiet) if quiet < LINGER => Some(quiet + 1),
            _ => None,
        };
        if self.quiet.is_some() {
            self.watch.push(&played, &original);
        } else {
            self.watch.rest(&original);
        }
        let wanted = self.hears_us();
        if wanted && !self.active {
            for mut earlier in std::mem::take(&mut self.heard) {
                self.process(&[0.0; FRAME], &mut earlier);
            }
        }
        if wanted || self.active {
            self.process(&played, frame);
        }
        if wanted && !self.active {
            cross_fade(&original, frame);
        } else if self.active && !wanted {
            let cleaned = *frame;
            *frame = original;
            cross_fade(&cleaned, frame);
        }
        self.active = wanted;
        if self.heard.len() == PRIME {
            self.heard.pop_front();
        }
        self.heard.push_back(original);
    }

    fn process(&mut self, played: &[f32; FRAME], frame: &mut [f32; FRAME]) {
        let mut ignored = [0.0; FRAME];
        let source = *frame;
        // The frames have the size that was agreed at the start, which is all that it can refuse.
        let rendered = self.processing.process_render_f32(&[played], &mut [&mut ignored]);
        let cleaned = self
            .processing
            .process_capture_f32(&[&source], &mut [&mut frame[..]]);
        if rendered.is_err() || cleaned.is_err() {
            *frame = source;
        }
    }
}

fn processing() -> AudioProcessing {
    let config = Config {
        echo_canceller: Some(EchoCanceller::default()),
        ..Config::default()
    };
    let mono = StreamConfig::new(SampleRate::SPEECH.hertz(), 1);
    AudioProcessing::builder()
        .config(config)
        .capture_config(mono)
        .render_config(mono)
        .build()
}

/// Goes from one signal to the other over the frame, in place of the second.
fn cross_fade(from: &[f32; FRAME], to: &mut [f32; FRAME]) {
    for (index, (to, from)) in to.iter_mut().zip(from).enumerate() {
        let share = (index + 1) as f32 / FRAME as f32;
        *to = from * (1.0 - share) + *to * share;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use libretto_voice::audio::rms;

    /// Noise with the loudness of speech, the same on every run.
    fn noise(seed: u32, samples: usize, loudness: f32) -> Vec<f32> {
        let mut state = seed;
        let mut last = 0.0;
        let mut next = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let white = (state >> 8) as f32 / 8_388_608.0 - 1.0;
            last = 0.9 * last + white * 0.3;
            last * loudness
        };
        (0..samples)
            .map(|n| next() * if (n / 4_000).is_multiple_of(3) { 0.1 } else { 1.0 })
            .collect()
    }

    /// Plays `far` through a tap, hears its echo `delay` later plus `near`, and returns the cleaned capture.
    fn through(far: &[f32], near: &[f32], delay: usize, said_wrong: Duration) -> Vec<f32> {
        let reference = Reference::default();
        let mut tap = reference.tap(SampleRate::SPEECH).unwrap();
        let mut canceller = Canceller::new(reference);
        let start = Instant::now();
        let mut out = Vec::new();
        for frame in 0..near.len() / FRAME {
            let at = start + Duration::from_millis(10 * frame as u64);
            let range = frame * FRAME..(frame + 1) * FRAME;
            // The callback runs 30 ms before the sound, the capture is read 10 ms after it.
            if let Some(ahead) = far.get(range.start + 640..range.end + 640) {
                tap.give(
                    ahead,
                    1,
                    SampleRate::SPEECH,
                    at + Duration::from_millis(40) + said_wrong,
                );
            }
            let mut heard = [0.0; FRAME];
            for (index, sample) in heard.iter_mut().enumerate() {
                let now = range.start + index;
                // The direct way and two walls.
                let echo = [(delay, 0.3), (delay + 190, 0.12), (delay + 430, 0.06)];
                let echo = echo
                    .iter()
                    .filter_map(|(d, g)| far.get(now.checked_sub(*d)?).map(|s| s * g))
                    .sum::<f32>();
                *sample = near[now] + echo;
            }
            canceller.clean(&mut heard, at);
            out.extend(heard);
        }
        out
    }

    #[test]
    fn an_echo_is_gone_within_a_second() {
        let seconds = 5;
        let far = noise(1, 16_000 * seconds + 2_000, 0.2);
        let near = vec![0.0; 16_000 * seconds];
        for (delay, wrong) in [(160, 0), (800, 0), (2_400, 0), (800, 15)] {
            let cleaned = through(&far, &near, delay, Duration::from_millis(wrong));
            let echo = rms(&far[16_000..]) * 0.3;
            let left = rms(&cleaned[2 * 16_000..]);
            let removed = 20.0 * (echo / left.max(1e-9)).log10();
            assert!(removed > 25.0, "delay {delay}, {wrong} ms wrong: {removed} dB");
        }
    }

    #[test]
    fn nothing_is_touched_while_nothing_plays() {
        let near = noise(7, 16_000, 0.1);
        assert_eq!(through(&[], &near, 0, Duration::ZERO), near);
    }
}
