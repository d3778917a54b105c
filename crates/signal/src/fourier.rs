//! Transforms of real signals.

use std::sync::Arc;

use realfft::RealFftPlanner;

pub use realfft::num_complex::Complex32;
pub use realfft::{ComplexToReal, FftError, RealToComplex};

/// From `length` samples to `length / 2 + 1` frequencies.
pub fn forward(length: usize) -> Arc<dyn RealToComplex<f32>> {
    RealFftPlanner::new().plan_fft_forward(length)
}

/// The way back, `length` times as loud.
pub fn inverse(length: usize) -> Arc<dyn ComplexToReal<f32>> {
    RealFftPlanner::new().plan_fft_inverse(length)
}
