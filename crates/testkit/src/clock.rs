//! The machine's monotonic clock, on which the programs under test stamp their events.

use std::time::{Duration, Instant, SystemTime};

/// Seconds on `CLOCK_MONOTONIC` at this moment.
pub fn now() -> f64 {
    seconds(Instant::now())
}

/// A moment as seconds on `CLOCK_MONOTONIC`.
///
/// `Instant` reads that clock but hides its figure, so both are read together and the difference is taken.
pub fn seconds(at: Instant) -> f64 {
    let before = Instant::now();
    let clock = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let now = clock.tv_sec as f64 + clock.tv_nsec as f64 / 1e9;
    if at >= before {
        now + (at - before).as_secs_f64()
    } else {
        now - (before - at).as_secs_f64()
    }
}

/// Seconds on `CLOCK_MONOTONIC` as a moment; the clock's beginning for what lies before it.
pub fn instant(seconds_then: f64) -> Instant {
    let now = Instant::now();
    shift(now, seconds_then - seconds(now))
}

/// A moment this many seconds later, or earlier when negative.
pub fn shift(at: Instant, seconds: f64) -> Instant {
    let by = Duration::try_from_secs_f64(seconds.abs()).unwrap_or_default();
    if seconds >= 0.0 {
        at + by
    } else {
        at.checked_sub(by).unwrap_or(at)
    }
}

/// Seconds from one moment to another, negative when it lies before.
pub fn between(from: Instant, to: Instant) -> f64 {
    if to >= from {
        (to - from).as_secs_f64()
    } else {
        -(from - to).as_secs_f64()
    }
}

/// A moment of the wall clock, which sound servers use, on the monotonic one.
pub fn of_wall(at: SystemTime) -> Instant {
    let (now, wall) = (Instant::now(), SystemTime::now());
    match wall.duration_since(at) {
        Ok(ago) => now.checked_sub(ago).unwrap_or(now),
        Err(ahead) => now + ahead.duration(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let at = Instant::now();
        assert!(between(instant(seconds(at)), at).abs() < 0.05);
        assert!((now() - seconds(at)) < 1.0);
        assert!(between(of_wall(SystemTime::now()), Instant::now()).abs() < 0.05);
    }
}
