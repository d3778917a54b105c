//! A back end that misbehaves on purpose, around another one that does not.
//!
//! `fault:zeros=0-1.5,vanish=2-4:cpal` gives zeros for the first 1.5 s and dies after 2 s;
//! its device is not to be found until second 4. Seconds go by the clock since the first opening.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use libretto_voice::SampleRate;

use super::{Alarm, Ear, MakeEar, MakeMouth, Mouth, Ring, Sink, Source, Stream, unknown};
use crate::devices::{Device, DeviceId, Listing};
use crate::error::{AudioError, Result};

/// Something that goes wrong. Times are seconds since the first opening.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Only zeros arrive.
    Zeros(Range<f64>),
    /// Nothing arrives, and nothing is taken.
    Stall(Range<f64>),
    /// The device is gone: the stream dies, and it cannot be opened until the end of the range.
    Vanish(Range<f64>),
    /// It says this rate, whatever the real one is.
    Rate(SampleRate),
    /// Every n-th block is lost.
    Drop(u32),
    /// The first openings fail.
    Refuse(u32),
}

/// Faults around a back end.
pub struct Faulty<T: ?Sized> {
    inner: Arc<T>,
    faults: Arc<[Fault]>,
    began: std::sync::OnceLock<Instant>,
    openings: AtomicU32,
}

impl<T: ?Sized> Faulty<T> {
    /// These faults befall `inner`.
    pub fn new(inner: Arc<T>, faults: Vec<Fault>) -> Self {
        Self {
            inner,
            faults: faults.into(),
            began: std::sync::OnceLock::new(),
            openings: AtomicU32::new(0),
        }
    }

    fn began(&self) -> Instant {
        *self.began.get_or_init(Instant::now)
    }

    fn gone(&self) -> bool {
        let now = self.began().elapsed().as_secs_f64();
        self.faults
            .iter()
            .any(|f| matches!(f, Fault::Vanish(range) if range.contains(&now)))
    }

    /// Fails where this opening is to fail.
    fn try_open(&self) -> Result<()> {
        let opening = self.openings.fetch_add(1, Ordering::Relaxed);
        let refused = self
            .faults
            .iter()
            .any(|f| matches!(f, Fault::Refuse(first) if opening < *first));
        if refused || self.gone() {
            let device = Device::virtual_one("fault", "The faulty device").name;
            return Err(AudioError::Device {
                device,
                reason: "it was told to fail".into(),
            });
        }
        Ok(())
    }

    fn rate(&self, real: SampleRate) -> SampleRate {
        let said = self.faults.iter().find_map(|f| {
            if let Fault::Rate(rate) = f {
                Some(*rate)
            } else {
                None
            }
        });
        said.unwrap_or(real)
    }

    fn script(&self, alarm: &Alarm) -> Script {
        Script {
            faults: self.faults.clone(),
            began: self.began(),
            blocks: 0,
            alarm: alarm.clone(),
        }
    }

    fn present(&self, listing: Listing) -> Listing {
        if self.gone() { Listing::default() } else { listing }
    }
}

/// What befalls a running stream.
struct Script {
    faults: Arc<[Fault]>,
    began: Instant,
    blocks: u32,
    alarm: Alarm,
}

#[derive(PartialEq)]
enum Verdict {
    Pass,
    Zeros,
    Lose,
}

impl Script {
    fn block(&mut self) -> Verdict {
        let now = self.began.elapsed().as_secs_f64();
        self.blocks = self.blocks.wrapping_add(1);
        let mut verdict = Verdict::Pass;
        for fault in self.faults.iter() {
            match fault {
                Fault::Vanish(range) if range.contains(&now) => {
                    self.alarm.ring(Ring::Dead);
                    return Verdict::Lose;
                }
                Fault::Stall(range) if range.contains(&now) => return Verdict::Lose,
                Fault::Drop(every) if self.blocks.is_multiple_of(*every) => return Verdict::Lose,
                Fault::Zeros(range) if range.contains(&now) => verdict = Verdict::Zeros,
                _ => {}
            }
        }
        verdict
    }
}

struct FaultyEar {
    ear: Box<dyn Ear>,
    script: Script,
}

/// Zeros that stand in for what was heard.
static ZEROS: [f32; 4_096] = [0.0; 4_096];

impl Ear for FaultyEar {
    fn hear(&mut self, samples: &[f32], channels: usize, captured: Instant) {
        match self.script.block() {
            Verdict::Pass => self.ear.hear(samples, channels, captured),
            Verdict::Zeros => {
                for part in samples.chunks(ZEROS.len() / channels.max(1) * channels.max(1)) {
                    self.ear.hear(&ZEROS[..part.len()], channels, captured);
                }
            }
            Verdict::Lose => {}
        }
    }
}

struct FaultyMouth {
    mouth: Box<dyn Mouth>,
    script: Script,
}

impl Mouth for FaultyMouth {
    fn speak(&mut self, samples: &mut [f32], channels: usize, audible: Instant) {
        let verdict = self.script.block();
        if verdict != Verdict::Lose {
            self.mouth.speak(samples, channels, audible);
        }
        if verdict != Verdict::Pass {
            samples.fill(0.0);
        }
    }
}

impl Source for Faulty<dyn Source> {
    fn open(&self, wanted: Option<&DeviceId>, ear: MakeEar<'_>, alarm: &Alarm) -> Result<Stream> {
        self.try_open()?;
        let mut make = |real| -> Box<dyn Ear> {
            Box::new(FaultyEar {
                ear: ear(self.rate(real)),
                script: self.script(alarm),
            })
        };
        let stream = self.inner.open(wanted, &mut make, alarm)?;
        Ok(Stream {
            rate: self.rate(stream.rate),
            ..stream
        })
    }

    fn listing(&self) -> Result<Listing> {
        self.inner.listing().map(|listing| self.present(listing))
    }
}

impl Sink for Faulty<dyn Sink> {
    fn open(&self, wanted: Option<&DeviceId>, mouth: MakeMouth<'_>, alarm: &Alarm) -> Result<Stream> {
        self.try_open()?;
        let mut make = |real| -> Box<dyn Mouth> {
            Box::new(FaultyMouth {
                mouth: mouth(self.rate(real)),
                script: self.script(alarm),
            })
        };
        let stream = self.inner.open(wanted, &mut make, alarm)?;
        Ok(Stream {
            rate: self.rate(stream.rate),
            ..stream
        })
    }

    fn listing(&self) -> Result<Listing> {
        self.inner.listing().map(|listing| self.present(listing))
    }
}

/// From the table.
pub(super) fn source(argument: &str) -> Result<Arc<dyn Source>> {
    let (faults, inner) = parse(argument)?;
    Ok(Arc::new(Faulty::new(super::source(inner)?, faults)))
}

/// From the table.
pub(super) fn sink(argument: &str) -> Result<Arc<dyn Sink>> {
    let (faults, inner) = parse(argument)?;
    Ok(Arc::new(Faulty::new(super::sink(inner)?, faults)))
}

fn parse(argument: &str) -> Result<(Vec<Fault>, &str)> {
    let error = || unknown(&format!("fault:{argument}"));
    let (faults, inner) = argument.split_once(':').ok_or_else(error)?;
    let faults = faults
        .split(',')
        .map(|f| fault(f).ok_or_else(error))
        .collect::<Result<_>>()?;
    Ok((faults, inner))
}

/// `zeros=1-2`, `stall=1`, `vanish=2-4`, `rate=44100`, `drop=7`, `refuse=2`; a range without an end has none.
fn fault(text: &str) -> Option<Fault> {
    let (name, value) = text.split_once('=')?;
    let range = || {
        let (start, end) = value.split_once('-').unwrap_or((value, "inf"));
        let (start, end): (f64, f64) = (start.parse().ok()?, end.parse().ok()?);
        // A time beyond what a clock can hold is no time.
        Duration::try_from_secs_f64(start).ok()?;
        Some(start..end)
    };
    match name {
        "zeros" => Some(Fault::Zeros(range()?)),
        "stall" => Some(Fault::Stall(range()?)),
        "vanish" => Some(Fault::Vanish(range()?)),
        "rate" => value.parse().ok().and_then(SampleRate::new).map(Fault::Rate),
        "drop" => value.parse().ok().filter(|n| *n > 0).map(Fault::Drop),
        "refuse" => value.parse().ok().map(Fault::Refuse),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn faults_are_read_from_a_line() {
        let (faults, inner) = parse("zeros=0-1.5,vanish=2,rate=44100,drop=3:null:16000").unwrap();
        let wanted = [
            Fault::Zeros(0.0..1.5),
            Fault::Vanish(2.0..f64::INFINITY),
            Fault::Rate(SampleRate::new(44_100).unwrap()),
            Fault::Drop(3),
        ];
        assert_eq!((faults.as_slice(), inner), (wanted.as_slice(), "null:16000"));
    }

    proptest! {
        #[test]
        fn no_line_panics(line in ".{0,40}") {
            let _ = super::super::source(&format!("fault:{line}:null"));
            let _ = super::super::sink(&format!("null:{line}"));
        }
    }
}
