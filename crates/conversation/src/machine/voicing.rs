//! The reply's sound: which voice is given its phrases, and where each word of them sounds.

use libretto_voice::{Kind as ErrorKind, Mark, Milestone, SampleRate};

use super::Machine;
use super::action::Action;
use super::event::{Fault, Job, Voice as VoiceEvent};
use super::reply::{Speech, Voice};
use crate::notice::{Data, Stage};

impl Machine {
    /// Opens this voice; after the last one the reply is only read.
    pub(super) fn speak(&mut self, provider: usize, fault: Option<Fault>) {
        let job = self.next_job();
        let Some(reply) = &mut self.reply else { return };
        let turn = reply.turn;
        let name = self.providers.voices.get(provider).cloned();
        if let Some(fault) = fault {
            self.problem(Some(turn), Stage::Voice, fault, name.clone(), None);
        }
        let Some(reply) = &mut self.reply else { return };
        let Some(name) = name else {
            // With no voice at all the reply is meant to be read.
            reply.broken = !self.providers.voices.is_empty();
            reply.voice = Voice::Done;
            reply.script.silence();
            return;
        };
        let base = reply.queued;
        let speech = Speech {
            job,
            provider,
            base,
            rate: None,
            samples: 0,
            deadline: None,
            ended: false,
        };
        reply.voice = Voice::Open(speech);
        self.using(turn, Stage::Voice, name);
        self.out.push(Action::Speak {
            job,
            turn,
            voice: provider,
        });
    }

    pub(super) fn voice(&mut self, job: Job, event: VoiceEvent) {
        let Some(reply) = &mut self.reply else { return };
        if !matches!(&reply.voice, Voice::Open(speech) if speech.job == job) {
            return;
        }
        match event {
            VoiceEvent::Audio { rate, samples } => self.audio(rate, samples),
            VoiceEvent::Marks(marks) => self.marks(&marks),
            VoiceEvent::Finished => {
                self.out.push(Action::Drop(job));
                let ended = matches!(&reply.voice, Voice::Open(speech) if speech.ended);
                if ended {
                    reply.voice = Voice::Done;
                    self.drain();
                } else {
                    self.voice_failed(Fault::new(
                        ErrorKind::Unavailable,
                        "The voice stopped in mid-reply. Ask again, or choose another one in the settings.",
                    ));
                }
            }
            VoiceEvent::Failed(fault) => {
                self.out.push(Action::Drop(job));
                self.voice_failed(fault);
            }
        }
        self.pump();
    }

    pub(super) fn audio(&mut self, rate: SampleRate, samples: u64) {
        let (now, deadlines) = (self.now, self.policy.deadlines);
        let Some(reply) = &mut self.reply else { return };
        reply.queue(rate, samples, now);
        reply.ledger.note(Milestone::FirstAudio, now);
        if reply.audible.is_none() && reply.guess.is_none() {
            reply.playback.get_or_insert(now + deadlines.playback);
        }
        self.voice_lives();
    }

    pub(super) fn marks(&mut self, marks: &[Mark]) {
        let Some(reply) = &mut self.reply else { return };
        let placed = reply.script.place(marks);
        let (base, from) = match &reply.voice {
            Voice::Open(speech) => (speech.base, speech.rate),
            _ => (0, None),
        };
        // Marks may come before the first audio tells the rate; what the runner sends has it by then.
        let (Some(alignment), Some(from)) = (&mut reply.alignment, from) else {
            return;
        };
        let (to, old) = (alignment.rate(), alignment.marks().len());
        for mut mark in placed {
            mark.audio = from.convert(mark.audio.start, to) + base..from.convert(mark.audio.end, to) + base;
            alignment.push(mark);
        }
        let (rate, new) = (alignment.rate(), alignment.marks()[old..].to_vec());
        reply.note_first_light();
        let turn = reply.turn;
        if !new.is_empty() {
            self.data(turn, Data::Marks { rate, marks: new });
        }
        self.voice_lives();
    }

    /// A sign of life from the voice: its deadline begins anew while it owes anything.
    pub(super) fn voice_lives(&mut self) {
        let (now, stall) = (self.now, self.policy.deadlines.stall);
        let Some(reply) = &mut self.reply else { return };
        let owes = reply.script.owes();
        if let Voice::Open(speech) = &mut reply.voice {
            speech.deadline = (speech.ended || owes).then_some(now + stall);
        }
    }

    /// The next voice goes on with the first word that the queue does not hold in full.
    pub(super) fn voice_failed(&mut self, fault: Fault) {
        if self.guess_failed() {
            return;
        }
        let Some(reply) = &mut self.reply else { return };
        let Voice::Open(speech) = &reply.voice else { return };
        let next = speech.provider + 1;
        reply.script.take_back(speech.samples);
        reply.voice = Voice::None;
        if reply.script.is_given() && reply.script.is_finished() {
            // It had spoken everything before it died.
            reply.voice = Voice::Done;
            return;
        }
        self.speak(next, Some(fault));
    }
}
