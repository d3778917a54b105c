//! A reply that waits to be played, and its way into blocks at the device's rate.

use std::collections::VecDeque;

use libretto_signal::Converter;
use libretto_voice::{Audio, SampleRate, TurnId};
use rtrb::Producer;

use super::mixer::{BLOCK, Block};
use crate::error::{AudioError, Result};

/// The longest reply that is kept waiting. A reply is synthesised far faster than it is heard, so this bounds memory:
/// 115 MB at 24 kHz.
const MOST_MINUTES: u64 = 20;

/// Audio of one turn, in its own rate.
pub(crate) struct Reply {
    pub(crate) turn: TurnId,
    pub(crate) generation: u64,
    pub(crate) rate: SampleRate,
    samples: VecDeque<f32>,
    /// Sample of the turn that `samples` begins with.
    base: u64,
    /// Audio of another rate than the first is converted to it.
    foreign: Option<(SampleRate, Converter)>,
    pub(crate) finished: bool,
}

impl Reply {
    pub(crate) fn new(turn: TurnId, generation: u64, rate: SampleRate) -> Self {
        Self {
            turn,
            generation,
            rate,
            samples: VecDeque::new(),
            base: 0,
            foreign: None,
            finished: false,
        }
    }

    /// Takes more audio.
    pub(crate) fn push(&mut self, audio: &Audio) -> Result<()> {
        let room = u64::from(self.rate.hertz()) * 60 * MOST_MINUTES;
        let more = audio.rate.convert(audio.samples.len() as u64, self.rate);
        if self.samples.len() as u64 + more > room {
            return Err(AudioError::QueueFull {
                minutes: MOST_MINUTES,
            });
        }
        if self.foreign.as_ref().is_none_or(|(rate, _)| *rate != audio.rate) {
            self.flush();
        }
        let clean = |s: &f32| if s.is_finite() { s.clamp(-1.0, 1.0) } else { 0.0 };
        if audio.rate == self.rate {
            self.samples.extend(audio.samples.iter().map(clean));
            return Ok(());
        }
        let (_, foreign) = match &mut self.foreign {
            Some(foreign) => foreign,
            none => none.insert((audio.rate, Converter::new(audio.rate, self.rate)?)),
        };
        let mut converted = Vec::new();
        let samples: Vec<f32> = audio.samples.iter().map(clean).collect();
        foreign.push(&samples, &mut converted);
        self.samples.extend(converted);
        Ok(())
    }

    /// Nothing more will come.
    pub(crate) fn finish(&mut self) {
        self.flush();
        self.finished = true;
    }

    fn flush(&mut self) {
        if let Some((_, mut converter)) = self.foreign.take() {
            let mut rest = Vec::new();
            converter.finish(&mut rest);
            self.samples.extend(rest);
        }
    }

    /// Samples of the turn so far.
    pub(crate) fn end(&self) -> u64 {
        self.base + self.samples.len() as u64
    }

    /// Forgets what lies before `sample`.
    fn forget(&mut self, sample: u64) {
        let gone = sample.saturating_sub(self.base).min(self.samples.len() as u64);
        self.samples.drain(..gone as usize);
        self.base += gone;
    }
}

/// Turns a reply into blocks for one opened device. A new one is made for every reply and every opening.
pub(crate) struct Feed {
    pub(crate) turn: TurnId,
    pub(crate) generation: u64,
    /// Sample of the turn with which this feed began.
    origin: u64,
    /// Sample of the turn that is read next.
    next: u64,
    /// Samples at the device's rate that have gone into blocks.
    made: u64,
    converter: Converter,
    ready: VecDeque<f32>,
    flushed: bool,
    /// The last block has gone.
    pub(crate) ended: bool,
}

/// Samples of the turn that are converted at once: 40 ms at 24 kHz.
const CHUNK: u64 = 960;

impl Feed {
    /// From sample `from` of the reply on, to a device of this rate.
    pub(crate) fn new(reply: &Reply, from: u64, device: SampleRate) -> Result<Self> {
        let origin = from.clamp(reply.base, reply.end());
        Ok(Self {
            turn: reply.turn,
            generation: reply.generation,
            origin,
            next: origin,
            made: 0,
            converter: Converter::new(reply.rate, device)?,
            ready: VecDeque::new(),
            flushed: false,
            ended: false,
        })
    }

    /// Fills the ring as far as there are samples and room. `heard` is what has sounded of the turn, which need not be
    /// kept.
    pub(crate) fn fill(&mut self, reply: &mut Reply, heard: u64, ring: &mut Producer<Block>) {
        while !self.ended && ring.slots() > 0 {
            while self.ready.len() < BLOCK && self.read(reply) {}
            let len = self.ready.len().min(BLOCK);
            let last = self.flushed && self.ready.len() <= BLOCK;
            if len == 0 && !last {
                break;
            }
            let mut block = Block {
                generation: self.generation,
                turn: self.turn,
                rate: reply.rate,
                origin: self.origin,
                first: self.made,
                last,
                len,
                samples: [0.0; BLOCK],
            };
            for (to, sample) in block.samples.iter_mut().zip(self.ready.drain(..len)) {
                *to = sample;
            }
            self.made += len as u64;
            self.ended = last;
            // There was a slot, and nobody else fills them.
            let _ = ring.push(block);
        }
        // Half a second behind what sounds stays, for a device that has to be opened anew.
        reply.forget(
            heard
                .saturating_sub(u64::from(reply.rate.hertz() / 2))
                .min(self.next),
        );
    }

    /// Converts the next samples; `false` when there are none.
    fn read(&mut self, reply: &Reply) -> bool {
        let start = self.next.saturating_sub(reply.base) as usize;
        let end = (start as u64 + CHUNK).min(reply.samples.len() as u64) as usize;
        if start >= end {
            if !reply.finished || self.flushed {
                return false;
            }
            let mut rest = Vec::new();
            self.converter.finish(&mut rest);
            self.ready.extend(rest);
            self.flushed = true;
            return true;
        }
        let chunk: Vec<f32> = reply.samples.range(start..end).copied().collect();
        let mut converted = Vec::new();
        self.converter.push(&chunk, &mut converted);
        self.ready.extend(converted);
        self.next += chunk.len() as u64;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(from: usize, samples: usize) -> Vec<f32> {
        (from..from + samples).map(|n| n as f32 / 1e6).collect()
    }

    #[test]
    fn blocks_carry_their_place_in_the_reply() {
        let mut reply = Reply::new(TurnId(1), 0, SampleRate::VOICE);
        reply
            .push(&Audio::new(SampleRate::VOICE, ramp(0, 5_000)))
            .unwrap();
        let device = SampleRate::new(48_000).unwrap();
        let mut feed = Feed::new(&reply, 1_000, device).unwrap();
        let (mut ring, mut blocks) = rtrb::RingBuffer::new(100);
        feed.fill(&mut reply, 0, &mut ring);
        reply.finish();
        feed.fill(&mut reply, 0, &mut ring);
        let mut total = 0;
        let mut last = false;
        while let Ok(block) = blocks.pop() {
            assert_eq!((block.first, block.origin, last), (total, 1_000, false));
            total += block.len as u64;
            last = block.last;
            for (index, sample) in block.samples[..block.len].iter().enumerate() {
                // Away from the ends, where the filter rings, the ramp says which sample of the reply it is.
                let place = 1_000.0 + (block.first + index as u64) as f32 / 2.0;
                if (1_500.0..4_500.0).contains(&place) {
                    assert!((sample * 1e6 - place).abs() < 2.0, "{place}: {}", sample * 1e6);
                }
            }
        }
        assert!(last);
        assert_eq!(total, 8_000);
    }

    #[test]
    fn audio_of_another_rate_joins_in_the_first_ones() {
        let mut reply = Reply::new(TurnId(1), 0, SampleRate::VOICE);
        reply
            .push(&Audio::new(SampleRate::VOICE, vec![0.1; 2_400]))
            .unwrap();
        reply
            .push(&Audio::new(SampleRate::SPEECH, vec![0.1; 1_600]))
            .unwrap();
        reply
            .push(&Audio::new(SampleRate::VOICE, vec![f32::NAN; 2_400]))
            .unwrap();
        reply.finish();
        assert_eq!(reply.end(), 7_200);
    }
}
