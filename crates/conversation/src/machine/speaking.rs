//! Carrying a reply from the model through the voice to the loudspeaker's last sample.

use libretto_voice::{Kind as ErrorKind, Milestone, Time};

use super::Machine;
use super::action::Action;
use super::closing::Closing;
use super::event::Fault;
use super::policy::AHEAD;
use super::reply::Voice;

impl Machine {
    /// Gives the voice what it may have, and closes what is complete.
    pub(super) fn pump(&mut self) {
        let now = self.now;
        let deadlines = self.policy.deadlines;
        if self
            .reply
            .as_ref()
            .is_some_and(|r| matches!(r.voice, Voice::None) && !r.script.is_given())
        {
            self.speak(0, None);
        }
        let Some(reply) = &mut self.reply else { return };
        while let Voice::Open(speech) = &reply.voice {
            let job = speech.job;
            if reply.ahead(now) > AHEAD {
                break;
            }
            let Some(text) = reply.script.next_phrase() else {
                break;
            };
            reply.ledger.note(Milestone::FirstPhrase, now);
            if let Voice::Open(speech) = &mut reply.voice {
                let wait = if speech.samples == 0 {
                    deadlines.first_audio
                } else {
                    deadlines.stall
                };
                speech.deadline.get_or_insert(now + wait);
            }
            self.out.push(Action::Say { job, text });
        }
        if !reply.script.is_finished() || !reply.script.is_given() {
            return;
        }
        match &mut reply.voice {
            Voice::Open(speech) if !speech.ended => {
                speech.ended = true;
                let wait = if speech.samples == 0 {
                    deadlines.first_audio
                } else {
                    deadlines.stall
                };
                speech.deadline = Some(now + wait);
                self.out.push(Action::EndSpeech(speech.job));
            }
            Voice::Open(_) => {}
            Voice::None | Voice::Done => self.drain(),
        }
    }

    pub(super) fn reply_deadline(&self) -> Option<Time> {
        let closing = self.closing.iter().map(|closing| closing.deadline).min();
        let Some(reply) = &self.reply else { return closing };
        let thinking = reply.thinking.as_ref().map(|thinking| thinking.deadline);
        let voice = if let Voice::Open(speech) = &reply.voice {
            speech.deadline
        } else {
            None
        };
        let playback = if self.held { None } else { reply.playback };
        [closing, thinking, voice, playback, reply.pace(self.now)]
            .into_iter()
            .flatten()
            .min()
    }

    pub(super) fn tick_reply(&mut self) {
        let now = self.now;
        let late = |deadline: Option<Time>| deadline.is_some_and(|deadline| now >= deadline);
        while let Some(at) = self.closing.iter().position(|closing| now >= closing.deadline) {
            let Closing { reply, end, .. } = self.closing.remove(at);
            // The loudspeaker did not answer: the clock has to do.
            let samples = reply
                .alignment
                .as_ref()
                .map_or(0, |a| a.rate().samples(reply.played(now)));
            self.close(reply, end, samples.min(u64::MAX / 2));
        }
        let Some(reply) = &self.reply else { return };
        if let Some(thinking) = reply
            .thinking
            .as_ref()
            .filter(|thinking| late(Some(thinking.deadline)))
        {
            let job = thinking.job;
            self.model_failed(
                job,
                Fault::new(ErrorKind::Timeout, "The language model took too long to answer. Try again, or choose a smaller model in the settings."),
            );
        }
        let Some(reply) = &self.reply else { return };
        if let Voice::Open(speech) = &reply.voice
            && late(speech.deadline)
        {
            self.out.push(Action::Drop(speech.job));
            self.voice_failed(Fault::new(
                ErrorKind::Timeout,
                "The voice took too long to speak. Try again, or choose another one in the settings.",
            ));
        }
        let held = self.held;
        if self
            .reply
            .as_ref()
            .is_some_and(|reply| !held && late(reply.playback))
        {
            self.loudspeaker_failed(Fault::new(
                ErrorKind::Timeout,
                "The loudspeaker does not play. Choose another one in the settings.",
            ));
        }
        self.pump();
    }
}
