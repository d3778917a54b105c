//! Echo cancellation: takes what our own loudspeaker plays out of what the microphone hears. The reference is what the
//! playback callback really gave the device, laid in time beside the capture by both devices' reported latencies.

mod canceller;
mod presence;
mod reference;
mod suspicion;
#[cfg(test)]
mod tests;

pub(crate) use canceller::Canceller;
pub(crate) use reference::Reference;
pub(crate) use reference::Tap;
pub(crate) use suspicion::Suspicion;
