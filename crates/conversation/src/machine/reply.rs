//! Libretto's side of a turn: what is known of a reply, and what follows from it.

use std::time::Duration;

use libretto_voice::text::{self, Graphemes};
use libretto_voice::{Alignment, Ledger, Milestone, SampleRate, Time, TurnId};

use super::event::Job;
use super::policy::AHEAD;
use super::script::Script;
use crate::memory::Exchange;
use crate::notice::Notice;

/// A reply under way.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) turn: TurnId,
    pub(super) ledger: Ledger,
    pub(super) kind: Kind,
    /// It answers what may not be all; what it has to tell so far.
    pub(super) guess: Option<Vec<Notice>>,
    /// The model at work; `None` when there is no more text to come.
    pub(super) thinking: Option<Thinking>,
    pub(super) script: Script,
    pub(super) voice: Voice,
    pub(super) alignment: Option<Alignment>,
    /// Samples queued, in the alignment's rate.
    pub(super) queued: u64,
    /// When its first sample leaves the loudspeaker.
    pub(super) audible: Option<Time>,
    /// Silence heard in it: gaps.
    pub(super) gaps: Duration,
    pub(super) starved: Option<Time>,
    /// For the loudspeaker's next sign of life.
    pub(super) playback: Option<Time>,
    /// No more audio will be queued.
    pub(super) drained: bool,
    /// A provider failed, so that some of it could not be spoken.
    pub(super) broken: bool,
    /// The loudspeaker failed when so many samples had been heard: the rest is only read.
    pub(super) unheard_from: Option<u64>,
}

/// Why Libretto speaks.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Answer { said: String },
    Replay,
    Announcement,
}

#[derive(Debug)]
pub(super) struct Thinking {
    pub(super) job: Job,
    pub(super) provider: usize,
    pub(super) deadline: Time,
    /// The first token has come: no other model can take over.
    pub(super) begun: bool,
}

/// Who speaks.
#[derive(Debug)]
pub(super) enum Voice {
    /// Nobody yet: there is no phrase.
    None,
    Open(Speech),
    /// All that was given has been spoken, or nobody can speak.
    Done,
}

#[derive(Debug)]
pub(super) struct Speech {
    pub(super) job: Job,
    pub(super) provider: usize,
    /// Samples of the reply before this voice's first, in the reply's rate.
    pub(super) base: u64,
    pub(super) rate: Option<SampleRate>,
    /// Samples of this voice, in its rate.
    pub(super) samples: u64,
    pub(super) deadline: Option<Time>,
    /// It was told that no more text comes.
    pub(super) ended: bool,
}

/// Speech has at least so many grapheme clusters per second; only for guessing how much audio is still to come.
const CLUSTERS_PER_SECOND: u32 = 15;

impl Reply {
    pub(super) fn new(turn: TurnId, ledger: Ledger, kind: Kind) -> Self {
        Self {
            turn,
            ledger,
            kind,
            guess: None,
            thinking: None,
            script: Script::default(),
            voice: Voice::None,
            alignment: None,
            queued: 0,
            audible: None,
            gaps: Duration::ZERO,
            starved: None,
            playback: None,
            drained: false,
            broken: false,
            unheard_from: None,
        }
    }

    pub(super) fn jobs(&self) -> impl Iterator<Item = Job> {
        let voice = if let Voice::Open(speech) = &self.voice {
            Some(speech.job)
        } else {
            None
        };
        self.thinking.as_ref().map(|t| t.job).into_iter().chain(voice)
    }

    /// True once it is heard.
    pub(super) fn sounds(&self, now: Time) -> bool {
        self.audible.is_some_and(|audible| now >= audible)
    }

    fn rate(&self) -> Option<SampleRate> {
        self.alignment.as_ref().map(Alignment::rate)
    }

    /// How long all queued audio is.
    pub(super) fn length(&self) -> Duration {
        self.rate()
            .map_or(Duration::ZERO, |rate| rate.duration(self.queued))
    }

    /// How much of it has been played, as far as the clock can tell. The playhead knows better; this serves for
    /// pacing and for deadlines.
    pub(super) fn played(&self, now: Time) -> Duration {
        let until = self.starved.unwrap_or(now);
        let played = self
            .audible
            .map_or(Duration::ZERO, |audible| until.since(audible));
        played.saturating_sub(self.gaps).min(self.length())
    }

    /// How much speech the voices were given beyond what has been played.
    pub(super) fn ahead(&self, now: Time) -> Duration {
        let given = Duration::from_secs(1) * self.script.given() as u32 / CLUSTERS_PER_SECOND;
        self.length().max(given).saturating_sub(self.played(now))
    }

    /// When the voice may be given the next phrase.
    pub(super) fn pace(&self, now: Time) -> Option<Time> {
        let waits = !self.script.is_given() && matches!(self.voice, Voice::Open(_));
        let over = self.ahead(now).checked_sub(AHEAD)?;
        (waits && self.audible.is_some() && self.starved.is_none())
            .then(|| now + over + Duration::from_millis(10))
    }

    /// Audio was queued: the voice's own samples so far, in the reply's rate.
    pub(super) fn queue(&mut self, rate: SampleRate, samples: u64, now: Time) {
        let own = self.alignment.get_or_insert_with(|| Alignment::new(rate)).rate();
        if let Voice::Open(speech) = &mut self.voice {
            let rate = *speech.rate.get_or_insert(rate);
            speech.samples += samples;
            self.queued = speech.base + rate.convert(speech.samples, own);
        }
        if let Some(starved) = self.starved.take() {
            self.gaps += now.since(starved);
        }
    }

    /// Forgotten waiting: it was held, and goes on.
    pub(super) fn released(&mut self, now: Time, wait: Duration) {
        if self.playback.is_some() {
            self.playback = Some(now + self.length().saturating_sub(self.played(now)) + wait);
        }
    }

    /// The first word's light, once both its mark and the loudspeaker's start are known.
    pub(super) fn note_first_light(&mut self) {
        if let (Some(audible), Some(alignment)) = (self.audible, &self.alignment)
            && let Some(first) = alignment.marks().first()
        {
            let lit = audible + alignment.rate().duration(first.audio.start);
            self.ledger.note(Milestone::FirstWordLit, lit);
        }
    }

    /// What it said from one time to another, as far as the clock can tell.
    pub(super) fn said_between(&self, from: Time, to: Time) -> String {
        let (Some(audible), Some(alignment)) = (self.audible, &self.alignment) else {
            return String::new();
        };
        let sample = |at: Time| {
            alignment
                .rate()
                .samples(at.since(audible).saturating_sub(self.gaps))
        };
        let all = self.script.text();
        let first = alignment
            .marks()
            .iter()
            .find(|mark| mark.audio.end >= sample(from));
        let last = alignment.lit(sample(to));
        let Some(first) = first.filter(|mark| mark.text.start < last) else {
            return String::new();
        };
        all[Graphemes::of(all).bytes(first.text.start..last)].to_owned()
    }

    /// How many grapheme clusters were heard when so many samples had sounded.
    pub(super) fn heard(&self, samples: u64) -> usize {
        self.alignment
            .as_ref()
            .map_or(0, |alignment| alignment.heard(self.script.text(), samples))
    }

    /// True when every word of it was given to a voice that spoke all of it.
    pub(super) fn is_whole(&self) -> bool {
        self.thinking.is_none() && self.script.is_given() && !self.broken && self.drained
    }

    /// What is remembered of it.
    pub(super) fn exchange(&self, heard: usize, cut: bool) -> Exchange {
        let all = self.script.text();
        let (heard, unheard) = all.split_at(Graphemes::of(all).byte(heard.min(text::count(all))));
        Exchange {
            turn: self.turn,
            said: if let Kind::Answer { said } = &self.kind {
                Some(said.clone())
            } else {
                None
            },
            heard: heard.to_owned(),
            unheard: unheard.to_owned(),
            cut,
            alignment: self.alignment.clone(),
        }
    }
}
