//! When the person has finished: pauses, verdicts, and the utterance's longest times.

use libretto_voice::{Kind, Milestone, Time};

use super::Machine;
use super::action::Action;
use super::event::{Fault, Job};

use super::capture::{By, Capture, Piece, Stage, Verdict};

impl Machine {
    pub(super) fn pause(&mut self, voice: Time) {
        let job = self.next_job();
        let until = self.now + self.policy.deadlines.verdict;
        let detector = self.providers.turn_detector;
        let Some(capture) = &mut self.capture else { return };
        let verdict = match capture.live() {
            Some(recognition) if detector => {
                let of = recognition.job;
                self.out.push(Action::Judge { job, of });
                Verdict::Asked { job, until }
            }
            _ => Verdict::Without,
        };
        capture.stage = Stage::Pause { voice, verdict };
        self.tick_capture();
    }

    pub(super) fn verdict(&mut self, job: Job, score: Option<f32>) {
        if let Some(Capture {
            stage: Stage::Pause { verdict, .. },
            ..
        }) = &mut self.capture
            && matches!(verdict, Verdict::Asked { job: asked, .. } if *asked == job)
        {
            *verdict = score.map_or(Verdict::Without, Verdict::Given);
            self.tick_capture();
        }
    }

    /// When a pause becomes the end.
    pub(super) fn pause_ends(&self, voice: Time, verdict: Verdict) -> Time {
        let rules = &self.policy.turn_end;
        match verdict {
            Verdict::Without => voice + rules.plain_silence,
            Verdict::Given(score) if score >= rules.score => voice + rules.min_silence,
            Verdict::Given(_) | Verdict::Asked { .. } => voice + rules.max_silence,
        }
    }

    /// No more audio belongs to the utterance: the recogniser is to say all.
    pub(super) fn end_utterance(&mut self) {
        self.keys.forget();
        let wait = self.policy.deadlines.transcript;
        let Some(capture) = &mut self.capture else { return };
        capture.stage = Stage::Finishing;
        capture.ledger.renote(Milestone::TurnEnd, self.now);
        if let Some(recognition) = capture.live() {
            recognition.ended = Some(self.now);
            recognition.deadline = Some(self.now + wait);
            let job = recognition.job;
            self.out.push(Action::EndUtterance(job));
        }
        self.settle_transcript();
    }

    pub(super) fn capture_deadline(&self) -> Option<Time> {
        let capture = self.capture.as_ref()?;
        let rules = &self.policy.turn_end;
        let stage = match capture.stage {
            Stage::Open | Stage::Finishing => None,
            Stage::Tail { until } => Some(until),
            Stage::Pause { voice, verdict } => {
                let end = self.pause_ends(voice, verdict);
                Some(if let Verdict::Asked { until, .. } = verdict {
                    end.min(until)
                } else {
                    end
                })
            }
        };
        let longest = capture.records().then(|| capture.since + rules.max_utterance);
        let idle = matches!(capture.by, By::Key { .. }) && capture.records() && !capture.spoke;
        let idle = idle.then(|| capture.since + rules.max_idle);
        let transcript = capture
            .pieces
            .iter()
            .filter_map(|p| if let Piece::Open(r) = p { r.deadline } else { None })
            .min();
        let doubt = self.doubt_deadline();
        [stage, longest, idle, transcript, doubt]
            .into_iter()
            .flatten()
            .min()
    }

    pub(super) fn tick_capture(&mut self) {
        let now = self.now;
        self.tick_doubt();
        let Some(capture) = &mut self.capture else { return };
        if let Stage::Pause {
            verdict: verdict @ Verdict::Asked { .. },
            ..
        } = &mut capture.stage
            && let Verdict::Asked { job, until } = *verdict
            && now >= until
        {
            *verdict = Verdict::Without;
            self.out.push(Action::Drop(job));
        }
        let Some(capture) = &self.capture else { return };
        let rules = &self.policy.turn_end;
        let idle =
            matches!(capture.by, By::Key { .. }) && !capture.spoke && now >= capture.since + rules.max_idle;
        let over = match capture.stage {
            Stage::Finishing => false,
            _ if now >= capture.since + rules.max_utterance || idle => true,
            Stage::Open => false,
            Stage::Tail { until } => now >= until,
            Stage::Pause { voice, verdict } => now >= self.pause_ends(voice, verdict),
        };
        if over {
            self.relent();
            self.end_utterance();
        }
        let Some(capture) = &self.capture else { return };
        let late = capture.pieces.iter().find_map(|p| match p {
            Piece::Open(r) if r.deadline.is_some_and(|deadline| now >= deadline) => Some(r.job),
            _ => None,
        });
        if let Some(job) = late {
            let fault = Fault::new(
                Kind::Timeout,
                "The recogniser took too long to say what it had heard. Say it again, or choose another one in the settings.",
            );
            self.recogniser_failed(job, fault);
        }
    }
}
