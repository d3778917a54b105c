//! When somebody speaks while a reply is under way. Three steps: the reply is ducked (or held, when it does not sound
//! yet) with the first voiced sample; it is cut when the speech lasts or has words in it; it is loud again when it was
//! a cough, or the echo of the reply itself. Only the second step cannot be undone, and only it changes the history.

use std::time::Duration;

use libretto_voice::{Time, text};

use super::Machine;
use super::action::Action;
use super::capture::Piece;
use super::reply::{Kind, Reply};
use crate::notice::End;

/// What sounded so long before speech was detected can be its echo: pre-roll and the detector's onset.
const ECHO_BEFORE: Duration = Duration::from_secs(1);
/// Marks may lag behind the sound by so much.
const ECHO_AFTER: Duration = Duration::from_millis(500);
/// A room answers for so long after the last sample (vellum-assistant #38348).
const ROOM: Duration = Duration::from_millis(300);

/// It is not clear yet that the person means to cut in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doubt {
    since: Time,
    /// Since when it has been loud without a pause; `None` in a pause.
    loud: Option<Time>,
    /// How long it was loud before.
    before: Duration,
    peak: f32,
    /// Only words decide: the reply itself is heard in this microphone.
    words_only: bool,
}

impl Doubt {
    fn lasted(&self, now: Time) -> Duration {
        self.before + self.loud.map_or(Duration::ZERO, |since| now.since(since))
    }
}

impl Machine {
    /// The doubt with which an utterance begins now: none when no reply is under way or has just ended. With `echo`
    /// in the microphone nothing but words can clear it.
    pub(super) fn doubt(&mut self, echo: bool) -> Option<Doubt> {
        let now = self.now;
        let new = Doubt {
            since: now,
            loud: Some(now),
            before: Duration::ZERO,
            peak: 0.0,
            words_only: echo,
        };
        let Some(reply) = self.reply.as_ref() else {
            return self
                .echo
                .as_ref()
                .is_some_and(|(until, _)| now <= *until)
                .then_some(new);
        };
        if reply.sounds(now) {
            self.ducked = true;
            self.out.push(Action::Duck(self.policy.barge_in.duck));
        } else {
            self.held = true;
            self.out.push(Action::Hold(true));
        }
        Some(new)
    }

    /// Loudness at the microphone: a pause in it shows earlier than the detector's hangover lets it say so.
    pub(super) fn level(&mut self, level: f32) {
        let (now, part) = (self.now, self.policy.barge_in.pause_level);
        let Some(doubt) = self.capture.as_mut().and_then(|c| c.doubt.as_mut()) else {
            return;
        };
        doubt.peak = doubt.peak.max(level);
        if level >= doubt.peak * part {
            doubt.loud.get_or_insert(now);
        } else if doubt.loud.is_some() {
            doubt.before = doubt.lasted(now);
            doubt.loud = None;
        }
    }

    pub(super) fn doubt_deadline(&self) -> Option<Time> {
        let capture = self.capture.as_ref().filter(|capture| capture.records())?;
        let doubt = capture.doubt.filter(|doubt| !doubt.words_only)?;
        let rules = &self.policy.barge_in;
        let certain = doubt.since + rules.certain;
        Some(match doubt.loud {
            Some(since) => certain.min(since + rules.sustained.saturating_sub(doubt.before)),
            None => certain,
        })
    }

    pub(super) fn tick_doubt(&mut self) {
        if self.doubt_deadline().is_some_and(|deadline| self.now >= deadline) {
            self.confirm();
        }
    }

    /// The person means it: what is under way gives way.
    pub(super) fn confirm(&mut self) {
        if let Some(capture) = &mut self.capture
            && capture.doubt.take().is_some()
        {
            self.give_way();
            let words = self.capture.as_ref().map(|c| (c.turn, c.words()));
            if let Some((turn, text)) = words
                && !text.is_empty()
            {
                self.data(turn, crate::notice::Data::Partial { text });
            }
        }
    }

    /// It was nothing, or may have been: the reply goes on as loud as before.
    pub(super) fn relent(&mut self) {
        if std::mem::take(&mut self.ducked) {
            self.out.push(Action::Duck(1.0));
        }
        if std::mem::take(&mut self.held) {
            self.out.push(Action::Hold(false));
            if let Some(reply) = &mut self.reply {
                reply.released(self.now, self.policy.deadlines.playback);
            }
        }
    }

    /// The reply is over: what it said last may still come back as an echo.
    pub(super) fn remember_echo(&mut self, reply: &Reply) {
        let began = self.capture.as_ref().map_or(self.now, |capture| capture.since);
        let said = reply.said_between(began - ECHO_BEFORE, self.now + ECHO_AFTER);
        if let Some(capture) = &mut self.capture {
            capture.over = Some(said.clone());
        }
        self.echo = Some((self.now + ROOM, said));
        self.relent();
    }

    /// What is under way makes room for an utterance. A reply that sounded is cut, and its turn ends there. Of one
    /// that did not sound the question lives on in the utterance; an announcement waits again.
    pub(super) fn give_way(&mut self) {
        let Some(reply) = self.reply.take() else { return };
        let sounded = reply.sounds(self.now);
        match (&reply.kind, &mut self.capture) {
            (Kind::Answer { said }, Some(capture)) if !sounded => {
                capture.pieces.insert(0, Piece::Known(said.clone()));
                let by = capture.turn;
                self.abandon(reply, End::Continued { by });
            }
            (Kind::Announcement, Some(_)) if !sounded => {
                self.waiting
                    .push_front(super::Waiting::Announcement(reply.script.text().to_owned()));
                self.abandon(reply, End::Cancelled);
            }
            _ => self.cut(reply, End::Cut),
        }
        self.relent();
    }

    /// True when these words begin as the ones before them did, or need not: of what a canceller leaves of an echo a
    /// recogniser makes other words each time.
    pub(super) fn is_steady(&mut self, said: &str) -> bool {
        let Some(capture) = &mut self.capture else {
            return true;
        };
        let first = plain_words(said).into_iter().next();
        let before = std::mem::replace(&mut capture.first_word, first.clone());
        !capture.doubt.is_some_and(|doubt| doubt.words_only) || before == first
    }

    /// True when what was recognised is what the reply itself has just said: the microphone hears the loudspeaker.
    /// Nobody who is known to speak is suspected of it.
    pub(super) fn is_echo(&self, said: &str) -> bool {
        let Some(capture) = self.capture.as_ref().filter(|capture| capture.doubt.is_some()) else {
            return false;
        };
        let over = match &self.reply {
            Some(reply) => reply.said_between(capture.since - ECHO_BEFORE, self.now + ECHO_AFTER),
            None => capture.over.clone().unwrap_or_default(),
        };
        let said = plain_words(said);
        let longest = longest_run(&said, &plain_words(&over)).unwrap_or(0);
        longest > 0 && longest as f32 >= said.len() as f32 * self.policy.barge_in.echo
    }
}

/// The words without case and punctuation.
pub(super) fn plain_words(written: &str) -> Vec<String> {
    let graphemes = text::Graphemes::of(written);
    let plain = |word: std::ops::Range<usize>| -> String {
        written[graphemes.bytes(word)]
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    text::words(written)
        .into_iter()
        .map(plain)
        .filter(|word| !word.is_empty())
        .collect()
}

/// How many words of `said` follow each other in `over` in the same order, at most; `None` for no words.
fn longest_run(said: &[String], over: &[String]) -> Option<usize> {
    if said.is_empty() {
        return None;
    }
    // The longest common run, row by row.
    let mut row = vec![0_usize; said.len() + 1];
    let mut longest = 0;
    for word in over {
        for at in (0..said.len()).rev() {
            row[at + 1] = if said[at] == *word { row[at] + 1 } else { 0 };
            longest = longest.max(row[at + 1]);
        }
    }
    Some(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_is_a_run_of_the_replys_own_words() {
        let words = |t| plain_words(t);
        let reply = words("The capital of France is Paris, and it lies on the Seine.");
        assert_eq!(longest_run(&words("of France is paris"), &reply), Some(4));
        assert_eq!(longest_run(&words("is it on the river?"), &reply), Some(2));
        assert_eq!(longest_run(&words("…"), &reply), None);
    }
}
