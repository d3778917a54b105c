//! Silence in, nothing out, at the pace of the clock.

use std::sync::Arc;

use libretto_voice::SampleRate;

use super::clock::{Clock, PERIOD};
use super::{Alarm, MakeEar, MakeMouth, Sink, Source, Stream, unknown};
use crate::devices::{Device, DeviceId, Listing};
use crate::error::Result;

/// A microphone in an empty room, and a loudspeaker that nobody hears.
pub struct Null {
    rate: SampleRate,
}

/// What most devices run at.
const USUAL: SampleRate = match SampleRate::new(48_000) {
    Some(rate) => rate,
    None => SampleRate::SPEECH,
};

impl Null {
    /// At this rate.
    pub fn new(rate: SampleRate) -> Self {
        Self { rate }
    }

    fn from_argument(argument: &str) -> Result<Self> {
        if argument.is_empty() {
            return Ok(Self::new(USUAL));
        }
        let rate = argument.parse().ok().and_then(SampleRate::new);
        rate.map(Self::new)
            .ok_or_else(|| unknown(&format!("null:{argument}")))
    }

    fn device() -> Device {
        Device::virtual_one("null", "Nothing")
    }

    fn frames(&self) -> usize {
        self.rate.samples(PERIOD) as usize
    }
}

/// From the table.
pub(super) fn source(argument: &str) -> Result<Arc<dyn Source>> {
    Ok(Arc::new(Null::from_argument(argument)?))
}

/// From the table.
pub(super) fn sink(argument: &str) -> Result<Arc<dyn Sink>> {
    Ok(Arc::new(Null::from_argument(argument)?))
}

impl Source for Null {
    fn open(&self, _: Option<&DeviceId>, ear: MakeEar<'_>, _: &Alarm) -> Result<Stream> {
        let mut ear = ear(self.rate);
        let zeros = vec![0.0; self.frames()];
        let clock = Clock::start(true, move |due| {
            ear.hear(&zeros, 1, due);
            true
        });
        Ok(Stream {
            device: Self::device(),
            rate: self.rate,
            _guard: Box::new(clock),
        })
    }

    fn listing(&self) -> Result<Listing> {
        Ok(Listing::of(Self::device()))
    }
}

impl Sink for Null {
    fn open(&self, _: Option<&DeviceId>, mouth: MakeMouth<'_>, _: &Alarm) -> Result<Stream> {
        let mut mouth = mouth(self.rate);
        let mut room = vec![0.0; self.frames()];
        let clock = Clock::start(true, move |due| {
            mouth.speak(&mut room, 1, due + PERIOD);
            true
        });
        Ok(Stream {
            device: Self::device(),
            rate: self.rate,
            _guard: Box::new(clock),
        })
    }

    fn listing(&self) -> Result<Listing> {
        Ok(Listing::of(Self::device()))
    }
}
