//! Sample-rate conversion and Fourier transforms: rubato and realfft behind doors that are not generic. Who plans a
//! transform of their own compiles a megabyte of code for it; here it is done once.
#![forbid(unsafe_code)]

pub mod fourier;
mod resample;

pub use resample::{Converter, Rates, whole};
