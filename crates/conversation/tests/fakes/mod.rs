//! Parts that behave as told, in virtual time.

// Each test uses a part of it, and tests may panic.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use libretto_voice::chat::{ChatSession, FinishReason};
use libretto_voice::device::{
    Heard, Loudspeaker, LoudspeakerEvent, Microphone, MicrophoneEvent, MicrophoneInput, MicrophoneSession,
    Playhead,
};
use libretto_voice::listen::ListenSession;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{
    Audio, ChatEvent, ChatRequest, Error, Kind, LanguageModel, ListenEvent, ListenInput, ListenOptions, Mark,
    Provenance, Result, SampleRate, Session, SpeakEvent, SpeakInput, SpeakOptions, SpeechToText,
    TextToSpeech, Transcript, TurnId, text,
};
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, sleep, sleep_until};

/// How a part behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Well,
    /// Fails at once.
    Dead,
    /// Never says anything.
    Stalled,
    /// Fails in the middle.
    Dying,
    /// Stops in the middle without a word.
    Vanishing,
}

fn broken() -> Error {
    Error::new(Kind::Unavailable, "It broke.")
}

/// Counts sessions that are under way: cancel must reach every worker.
#[derive(Clone, Debug, Default)]
pub struct Alive(Arc<AtomicUsize>);

struct Life(Arc<AtomicUsize>);

impl Alive {
    fn live(&self) -> Life {
        self.0.fetch_add(1, Ordering::SeqCst);
        Life(Arc::clone(&self.0))
    }

    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A microphone whose events the test sends; it says that it listens after `delay`, and then sends frames whose
/// samples count up.
#[derive(Clone)]
pub struct Mic {
    pub delay: Option<Duration>,
    pub events: broadcast::Sender<Option<MicrophoneEvent>>,
}

impl Mic {
    pub fn new(delay: Option<Duration>) -> Self {
        Self {
            delay,
            events: broadcast::channel(64).0,
        }
    }

    pub fn says(&self, event: MicrophoneEvent) {
        let _ = self.events.send(Some(event));
    }

    pub fn unplug(&self) {
        let _ = self.events.send(None);
    }
}

impl Microphone for Mic {
    fn open(&self) -> MicrophoneSession {
        let (delay, mut told) = (self.delay, self.events.subscribe());
        Session::spawn(move |mut ends| async move {
            let mut on = false;
            let mut frame = Box::pin(sleep(Duration::MAX));
            loop {
                let event = tokio::select! {
                    input = ends.input.recv() => match input {
                        Some(MicrophoneInput::Start) => {
                            let Some(delay) = delay else { continue };
                            sleep(delay).await;
                            on = true;
                            frame.as_mut().reset(Instant::now());
                            MicrophoneEvent::Listening { device: "Test".into() }
                        }
                        Some(MicrophoneInput::Stop) => {
                            on = false;
                            MicrophoneEvent::Stopped
                        }
                        Some(MicrophoneInput::Mute(_)) => continue,
                        None => return Ok(()),
                    },
                    event = told.recv() => match event {
                        Ok(Some(event)) => event,
                        _ => return Err(Error::new(Kind::Device, "Unplugged.")),
                    },
                    () = &mut frame, if on => {
                        frame.as_mut().reset(Instant::now() + Duration::from_millis(10));
                        MicrophoneEvent::Frame(Audio::new(SampleRate::SPEECH, vec![0.1; 160]))
                    }
                };
                if ends.events.send(Ok(event)).await.is_err() {
                    return Ok(());
                }
            }
        })
    }
}

/// A loudspeaker that plays in virtual time, 10 ms late.
#[derive(Clone)]
pub struct Speaker {
    state: Arc<Mutex<Playing>>,
    events: broadcast::Sender<LoudspeakerEvent>,
    pub broken: bool,
}

#[derive(Default)]
struct Playing {
    turn: Option<TurnId>,
    audible: Option<Instant>,
    samples: u64,
    cut: Option<TurnId>,
    pub most: usize,
    ducks: Vec<f32>,
    /// Everything that was ever queued, by turn.
    queued: Vec<(TurnId, u64)>,
}

const LATENCY: Duration = Duration::from_millis(10);

impl Speaker {
    pub fn new() -> Self {
        Self {
            state: Arc::default(),
            events: broadcast::channel(64).0,
            broken: false,
        }
    }

    pub fn ducks(&self) -> Vec<f32> {
        self.state.lock().unwrap().ducks.clone()
    }

    pub fn queued(&self) -> Vec<(TurnId, u64)> {
        self.state.lock().unwrap().queued.clone()
    }
}

impl Loudspeaker for Speaker {
    fn queue(&self, turn: TurnId, audio: Audio) -> Result<()> {
        if self.broken {
            return Err(Error::new(Kind::Device, "There is no loudspeaker. Plug one in."));
        }
        let mut state = self.state.lock().unwrap();
        if state.cut.is_some_and(|cut| turn <= cut) {
            return Ok(());
        }
        if state.turn != Some(turn) {
            state.turn = Some(turn);
            state.samples = 0;
            let audible = Instant::now() + LATENCY;
            state.audible = Some(audible);
            let _ = self.events.send(LoudspeakerEvent::Started {
                turn,
                audible: audible.into_std(),
            });
        }
        let samples = audio.samples.len() as u64;
        state.samples += samples;
        state.queued.push((turn, samples));
        Ok(())
    }

    fn finish(&self, turn: TurnId) {
        let this = self.clone();
        tokio::spawn(async move {
            loop {
                let end = {
                    let state = this.state.lock().unwrap();
                    let (Some(audible), true) = (state.audible, state.turn == Some(turn)) else {
                        return;
                    };
                    audible + SampleRate::VOICE.duration(state.samples)
                };
                if Instant::now() >= end {
                    break;
                }
                sleep_until(end).await;
            }
            let _ = this.events.send(LoudspeakerEvent::Drained { turn });
        });
    }

    fn cut(&self) -> Option<Heard> {
        let mut state = self.state.lock().unwrap();
        let (turn, audible) = (state.turn.take()?, state.audible.take()?);
        state.cut = Some(turn);
        let played = SampleRate::VOICE.samples(Instant::now().saturating_duration_since(audible));
        Some(Heard {
            turn,
            samples: played.min(state.samples),
        })
    }

    fn pause(&self, _paused: bool) {}

    fn duck(&self, gain: f32) {
        self.state.lock().unwrap().ducks.push(gain);
    }

    fn set_volume(&self, _volume: f32) {}

    fn playhead(&self) -> Playhead {
        Playhead::default()
    }

    fn events(&self) -> broadcast::Receiver<LoudspeakerEvent> {
        self.events.subscribe()
    }
}

/// A recogniser that says how many samples it heard.
pub struct Ear {
    pub name: &'static str,
    pub manner: Manner,
    pub says: &'static str,
    pub heard: Arc<Mutex<usize>>,
    pub alive: Alive,
}

impl SpeechToText for Ear {
    fn name(&self) -> &str {
        self.name
    }

    fn listen(&self, _options: ListenOptions) -> ListenSession {
        let (manner, says, heard, life) =
            (self.manner, self.says, Arc::clone(&self.heard), self.alive.live());
        Session::spawn(move |mut ends| async move {
            let _life = life;
            if manner == Manner::Dead {
                return Err(broken());
            }
            let mut samples = 0;
            while let Some(input) = ends.input.recv().await {
                match input {
                    ListenInput::Silence(_) | ListenInput::Hurry => {}
                    ListenInput::Audio(audio) => samples += audio.samples.len(),
                    ListenInput::Finish => break,
                }
                match manner {
                    Manner::Dying if samples > 8_000 => return Err(broken()),
                    Manner::Vanishing if samples > 8_000 => return Ok(()),
                    _ => {}
                }
            }
            *heard.lock().unwrap() = samples;
            if manner == Manner::Stalled {
                std::future::pending::<()>().await;
            }
            sleep(Duration::from_millis(50)).await;
            let _ = ends
                .events
                .send(Ok(ListenEvent::Segment(Transcript::text(says))))
                .await;
            let _ = ends.events.send(Ok(ListenEvent::Finished)).await;
            Ok(())
        })
    }
}

/// A model that answers each question with the same words, one by one.
pub struct Mind {
    pub name: &'static str,
    pub manner: Manner,
    pub says: &'static str,
    pub asked: mpsc::UnboundedSender<ChatRequest>,
    pub alive: Alive,
}

impl LanguageModel for Mind {
    fn name(&self) -> &str {
        self.name
    }

    fn reply(&self, request: ChatRequest) -> ChatSession {
        let _ = self.asked.send(request);
        let (manner, says, life) = (self.manner, self.says, self.alive.live());
        Session::spawn(move |ends| async move {
            let _life = life;
            match manner {
                Manner::Dead => return Err(broken()),
                Manner::Stalled => std::future::pending::<()>().await,
                _ => {}
            }
            sleep(Duration::from_millis(100)).await;
            for (n, word) in says.split_inclusive(' ').enumerate() {
                match manner {
                    Manner::Dying if n == 3 => return Err(broken()),
                    Manner::Vanishing if n == 3 => return Ok(()),
                    _ => {}
                }
                let _ = ends.events.send(Ok(ChatEvent::Text(word.into()))).await;
                sleep(Duration::from_millis(10)).await;
            }
            let _ = ends
                .events
                .send(Ok(ChatEvent::Finished(FinishReason::Stop)))
                .await;
            Ok(())
        })
    }
}

/// A voice: half a second for each word, made ten times as fast as it sounds.
pub struct Throat {
    pub name: &'static str,
    pub manner: Manner,
    pub timed: bool,
    pub alive: Alive,
}

/// Samples of a word.
pub const WORD: u64 = 12_000;

impl TextToSpeech for Throat {
    fn name(&self) -> &str {
        self.name
    }

    fn timed(&self) -> bool {
        self.timed
    }

    fn speak(&self, _options: SpeakOptions) -> SpeakSession {
        let (manner, timed, life) = (self.manner, self.timed, self.alive.live());
        Session::spawn(move |mut ends| async move {
            let _life = life;
            match manner {
                Manner::Dead => return Err(broken()),
                Manner::Stalled => std::future::pending::<()>().await,
                _ => {}
            }
            let (mut session, mut done, mut count) = (String::new(), 0, 0);
            while let Some(SpeakInput::Text(phrase)) = ends.input.recv().await {
                session.push_str(&phrase);
                for word in text::words(&session)
                    .into_iter()
                    .filter(|word| word.start >= done)
                {
                    match manner {
                        Manner::Dying if count == 2 => return Err(broken()),
                        Manner::Vanishing if count == 2 => return Ok(()),
                        _ => {}
                    }
                    sleep(Duration::from_millis(50)).await;
                    let audio = Audio::new(SampleRate::VOICE, vec![0.3; WORD as usize]);
                    if timed {
                        let mark = Mark {
                            text: word.clone(),
                            audio: count * WORD..(count + 1) * WORD,
                            provenance: Provenance::Measured,
                        };
                        let _ = ends.events.send(Ok(SpeakEvent::Marks(vec![mark]))).await;
                    }
                    let _ = ends.events.send(Ok(SpeakEvent::Audio(audio))).await;
                    count += 1;
                }
                done = text::count(&session);
            }
            let _ = ends.events.send(Ok(SpeakEvent::Finished)).await;
            Ok(())
        })
    }
}
