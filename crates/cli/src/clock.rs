//! Moments as others can compare them: seconds on the system's monotonic clock where there is one that programs share.

use std::time::Instant;

/// Seconds on `CLOCK_MONOTONIC`: `Instant` reads that clock but hides its figure, so both are read together and the
/// difference is taken.
#[cfg(unix)]
pub(crate) fn seconds(at: Instant) -> f64 {
    let before = Instant::now();
    let clock = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let now = clock.tv_sec as f64 + clock.tv_nsec as f64 / 1e9;
    if at >= before {
        now + (at - before).as_secs_f64()
    } else {
        now - (before - at).as_secs_f64()
    }
}

/// Seconds since the first call: good for differences within this program.
#[cfg(not(unix))]
pub(crate) fn seconds(at: Instant) -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    at.saturating_duration_since(*START.get_or_init(Instant::now))
        .as_secs_f64()
}
