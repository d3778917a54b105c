//! Microphone and loudspeaker: what they say, as events for the machine.

use libretto_voice::device::{LoudspeakerEvent, MicrophoneEvent, MicrophoneInput};
use libretto_voice::{Kind, Time};

use crate::machine::{Event, Fault, Loudspeaker, Microphone};
use crate::notice::{Progress, Stage};

use super::carry::Runner;

impl Runner {
    pub(super) fn switch(&mut self, on: bool) -> Option<Event> {
        self.pre_roll.clear();
        if !on && self.microphone.is_none() {
            return None;
        }
        let session = self
            .microphone
            .get_or_insert_with(|| self.parts.microphone.open());
        let input = if on {
            MicrophoneInput::Start
        } else {
            MicrophoneInput::Stop
        };
        // It takes its inputs at once unless it has ended; then its last event says why.
        let sent = futures::FutureExt::now_or_never(session.send(input));
        if on && !matches!(sent, Some(Ok(()))) {
            tracing::warn!("microphone_takes_no_orders");
        }
        None
    }

    fn silence(&self, silence: bool) {
        if let Some((_, utterance)) = &self.live {
            utterance.silence(silence);
        }
    }

    pub(super) fn microphone(&mut self, event: Option<libretto_voice::Result<MicrophoneEvent>>) {
        let event = match event {
            Some(Ok(event)) => event,
            Some(Err(error)) => {
                self.microphone = None;
                return self.step(Event::Microphone(Microphone::Failed(error.into())));
            }
            None => {
                self.microphone = None;
                let fault = Fault::new(
                    Kind::Device,
                    "The microphone was closed. Choose another one in the settings.",
                );
                return self.step(Event::Microphone(Microphone::Failed(fault)));
            }
        };
        match event {
            MicrophoneEvent::Frame(audio) => match &self.live {
                Some((_, utterance)) => utterance.push(&audio.samples),
                None => self.pre_roll.push(&audio.samples),
            },
            MicrophoneEvent::Level(level) => {
                self.progress(Progress::Level { level });
                self.step(Event::Microphone(Microphone::Level(level)));
            }
            MicrophoneEvent::SpeechPaused => self.silence(true),
            MicrophoneEvent::SpeechResumed => self.silence(false),
            MicrophoneEvent::SpeechStarted { echo } => {
                self.silence(false);
                self.step(Event::Microphone(Microphone::SpeechStarted { echo }));
            }
            MicrophoneEvent::SpeechEnded { silence } => {
                self.step(Event::Microphone(Microphone::SpeechEnded(silence)));
            }
            MicrophoneEvent::Listening { device } => {
                self.progress(Progress::Device {
                    stage: Stage::Microphone,
                    device,
                });
                self.step(Event::Microphone(Microphone::Listening));
            }
            MicrophoneEvent::Arming { device } | MicrophoneEvent::Changed { device } => {
                self.progress(Progress::Device {
                    stage: Stage::Microphone,
                    device,
                });
            }
            MicrophoneEvent::Gone { device } => {
                tracing::info!(device, "microphone_gone");
                self.progress(Progress::Level { level: 0.0 });
                self.step(Event::Microphone(Microphone::Gone));
            }
            MicrophoneEvent::Silent { device } => {
                let message =
                    format!("{device} gives only silence. Check whether it is muted, or choose another one.");
                self.problem(Stage::Microphone, Fault::new(Kind::Device, message), None);
                // It may be a noise gate that opens with the first word: the user was told, and it listens.
                self.step(Event::Microphone(Microphone::Listening));
            }
            MicrophoneEvent::Dropped(samples) => self.progress(Progress::Dropped { samples }),
            _ => {}
        }
    }

    pub(super) fn loudspeaker(&mut self, event: LoudspeakerEvent) {
        let event = match event {
            LoudspeakerEvent::Started { turn, audible } => {
                let since = audible.saturating_duration_since(self.started.into_std());
                Loudspeaker::Started(turn, Time(since))
            }
            LoudspeakerEvent::Starved { turn } => Loudspeaker::Starved(turn),
            LoudspeakerEvent::Drained { turn } => Loudspeaker::Drained(turn),
            LoudspeakerEvent::Failed(error) => Loudspeaker::Failed(error.into()),
            LoudspeakerEvent::Changed { device } => {
                self.progress(Progress::Device {
                    stage: Stage::Loudspeaker,
                    device,
                });
                Loudspeaker::Changed
            }
            _ => return,
        };
        self.step(Event::Loudspeaker(event));
    }
}
