//! Whether this processor can run llama.cpp as it was built.

use crate::error::Error;

/// llama.cpp is built for processors from about 2013 on; on an older one it would die at its first instruction that
/// is missing there, without a word.
pub(super) fn check() -> Result<(), Error> {
    let missing = missing();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Error::Processor(missing.join(", ")))
    }
}

#[cfg(target_arch = "x86_64")]
fn missing() -> Vec<&'static str> {
    let has = [
        ("SSE4.2", std::arch::is_x86_feature_detected!("sse4.2")),
        ("AVX2", std::arch::is_x86_feature_detected!("avx2")),
        ("FMA", std::arch::is_x86_feature_detected!("fma")),
        ("F16C", std::arch::is_x86_feature_detected!("f16c")),
        ("BMI2", std::arch::is_x86_feature_detected!("bmi2")),
    ];
    has.into_iter()
        .filter(|(_, has)| !has)
        .map(|(name, _)| name)
        .collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn missing() -> Vec<&'static str> {
    // Arm builds use what every 64-bit Arm processor has.
    Vec::new()
}
