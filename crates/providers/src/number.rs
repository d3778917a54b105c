//! Numbers as people write them.

/// In hundredths: the nearest double of 0.7 is not a number that people send.
pub(crate) fn hundredths(number: f32) -> f64 {
    (f64::from(number) * 100.0).round() / 100.0
}
