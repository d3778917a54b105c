//! When samples pass the device. Hosts report it anew with every callback, and their reports jitter by milliseconds;
//! the device itself does not. So the reports are averaged, and only a step that lasts is believed at once.

use std::time::{Duration, Instant};

use libretto_voice::SampleRate;

/// Reports that differ by more than this from what was expected are a step, not jitter.
const STEP: Duration = Duration::from_millis(25);
/// A step is believed when so many reports in a row agree that there is one.
const SURE: u32 = 5;
/// How much of a report is believed once the clock has settled: averages over half a second of 10 ms periods.
const TRUST: f64 = 0.02;

/// Smooths a device's reports.
#[derive(Debug)]
pub(crate) struct DeviceClock {
    rate: SampleRate,
    reports: u32,
    /// When frame 0 would have passed the device at the device's pace; `None` before the first report.
    zero: Option<Instant>,
    odd: u32,
}

impl DeviceClock {
    pub(crate) fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            reports: 0,
            zero: None,
            odd: 0,
        }
    }

    /// When a frame passes the device, by all that was reported; `None` before anything was.
    pub(crate) fn at(&self, frame: u64) -> Option<Instant> {
        self.zero.map(|zero| zero + self.rate.duration(frame))
    }

    /// The device reports that `frame` passes it at `reported`: when it really does.
    pub(crate) fn report(&mut self, frame: u64, reported: Instant) -> Instant {
        let since = self.rate.duration(frame);
        let Some(zero) = self.zero else {
            self.zero = reported.checked_sub(since);
            return reported;
        };
        let expected = zero + since;
        let (late, early) = (
            reported.saturating_duration_since(expected),
            expected.saturating_duration_since(reported),
        );
        self.odd = if late.max(early) > STEP { self.odd + 1 } else { 0 };
        self.reports = self.reports.saturating_add(1);
        // At first every report counts as much as all before it.
        let trust = if self.odd >= SURE {
            1.0
        } else {
            TRUST.max(1.0 / f64::from(self.reports + 1))
        };
        if self.odd >= SURE {
            self.odd = 0;
        }
        let moved = zero + late.mul_f64(trust);
        let zero = moved.checked_sub(early.mul_f64(trust)).unwrap_or(moved);
        self.zero = Some(zero);
        zero + since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_smoothed_and_a_step_is_followed() {
        let rate = SampleRate::new(48_000).unwrap();
        let mut clock = DeviceClock::new(rate);
        let start = Instant::now();
        let mut worst = Duration::ZERO;
        for period in 0..400_u64 {
            let real = start + Duration::from_millis(period * 10 + 30 + if period >= 200 { 50 } else { 0 });
            let jitter = Duration::from_millis([0, 7, 3, 9, 1, 5][period as usize % 6]);
            let said = clock.report(period * 480, real + jitter);
            if (50..200).contains(&period) || period > 250 {
                let mean = real + Duration::from_micros(4_200);
                worst = worst
                    .max(said.saturating_duration_since(mean))
                    .max(mean.saturating_duration_since(said));
            }
        }
        assert!(worst < Duration::from_millis(3), "{worst:?}");
    }
}
