//! Whether a microphone that listens really hears: arming, listening, silent. Pure: time is counted in frames.

use std::time::Duration;

use libretto_voice::audio::rms;

use crate::vad::FRAME;

/// Frames of 10 ms.
const fn frames(time: Duration) -> u32 {
    (time.as_millis() / 10) as u32
}

/// Nothing for so long after the start means that it is muted, or the wrong one. Bluetooth headsets give zeros for up
/// to a second and a half while they change their profile.
const AT_FIRST: u32 = frames(Duration::from_millis(1_500));
/// Later a longer silence is needed: a microphone with a noise gate gives zeros in every pause.
const LATER: u32 = frames(Duration::from_secs(10));
/// Quieter than the last bit of 16: no real microphone is.
const NOTHING: f32 = 2e-5;
/// Level is told for so many frames at once.
const LEVEL: u32 = frames(Duration::from_millis(100));

/// Something to tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Heard {
    /// Real samples arrive.
    Listening,
    /// Nothing but zeros for a while.
    Silent,
    /// RMS of the last tenth of a second.
    Level(f32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Arming,
    Listening,
    Silent,
}

/// Follows the frames from a start on.
#[derive(Clone, Debug)]
pub(super) struct Attention {
    state: State,
    /// Frames without a sound in a row.
    empty: u32,
    /// Frames in the running tenth of a second, and their squares.
    counted: u32,
    squares: f32,
}

impl Attention {
    /// At a start; `hears` when the device has given real samples already.
    pub(super) fn new(hears: bool) -> Self {
        let state = if hears { State::Listening } else { State::Arming };
        Self {
            state,
            empty: 0,
            counted: 0,
            squares: 0.0,
        }
    }

    /// Takes the next frame as it was captured.
    pub(super) fn push(&mut self, frame: &[f32; FRAME]) -> impl Iterator<Item = Heard> {
        let level = rms(frame);
        let change = if level > NOTHING {
            self.empty = 0;
            (self.state != State::Listening).then_some((State::Listening, Heard::Listening))
        } else {
            self.empty = self.empty.saturating_add(1);
            let limit = if self.state == State::Arming {
                AT_FIRST
            } else {
                LATER
            };
            (self.state != State::Silent && self.empty >= limit).then_some((State::Silent, Heard::Silent))
        };
        if let Some((state, _)) = change {
            self.state = state;
        }
        self.squares += level * level;
        self.counted += 1;
        let level = (self.counted == LEVEL).then(|| {
            let level = (self.squares / LEVEL as f32).sqrt();
            (self.counted, self.squares) = (0, 0.0);
            Heard::Level(level)
        });
        change.map(|(_, heard)| heard).into_iter().chain(level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(attention: &mut Attention, frames: u32, level: f32) -> Vec<(u32, Heard)> {
        let changes = (1..=frames).flat_map(|n| {
            attention
                .push(&[level; FRAME])
                .map(move |heard| (n, heard))
                .collect::<Vec<_>>()
        });
        changes
            .filter(|(_, heard)| !matches!(heard, Heard::Level(_)))
            .collect()
    }

    #[test]
    fn zeros_are_not_listening() {
        let mut attention = Attention::new(false);
        assert_eq!(run(&mut attention, 149, 0.0), []);
        assert_eq!(run(&mut attention, 200, 0.0), [(1, Heard::Silent)]);
        assert_eq!(run(&mut attention, 100, 0.01), [(1, Heard::Listening)]);
        assert_eq!(run(&mut attention, 2_000, 0.0), [(1_000, Heard::Silent)]);
    }

    #[test]
    fn level_is_told_every_tenth_of_a_second() {
        let mut attention = Attention::new(true);
        let levels: Vec<Heard> = (0..25)
            .flat_map(|_| attention.push(&[0.5; FRAME]).collect::<Vec<_>>())
            .collect();
        assert_eq!(levels, [Heard::Level(0.5), Heard::Level(0.5)]);
    }
}
