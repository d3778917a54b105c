//! What Libretto itself adds on the way through each provider: fakes that never wait, a tap in each line, and a device
//! that asks for samples all the time, in one process with the conversation as the assistant puts it together.
//!
//! How long a phrase takes to be complete is a rule and not a cost: what is measured begins with the piece of the answer
//! that completes it. Connections are open, as they are when a person has held the key and spoken. There is no TLS.

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use libretto_assistant::audio::backend::{self, Alarm, MakeMouth, Sink, Stream};
use libretto_assistant::audio::{AudioSettings, Device, DeviceId, Listing, Sound};
use libretto_assistant::conversation::memory::ShortMemory;
use libretto_assistant::conversation::notice::{Body, Lifecycle};
use libretto_assistant::conversation::{Conversation, Notice, Parts, Policy};
use libretto_assistant::desk::WithIntents;
use libretto_assistant::providers::Network;
use libretto_assistant::voice::{SampleRate, TurnId};
use libretto_tests::ways::{MODELS, VOICES, Way};
use libretto_tests::{Cloud, Figure, Figures, Tap};
use tokio::sync::broadcast::Receiver;
use tokio::time::{sleep, timeout};

/// Replies on each path that count, after one that does not.
const REPLIES: usize = 40;
/// What is added at most, in milliseconds.
const AIM: f64 = 5.0;
/// Time for connections to open, and for what was cut to die down.
const PAUSE: Duration = Duration::from_millis(50);
/// What never happens by then has failed.
const LIMIT: Duration = Duration::from_secs(10);
/// How often the device asks for samples: not at all as seldom as a real one, whose period would be all that is seen.
const PERIOD: Duration = Duration::from_micros(250);
const RATE: SampleRate = match SampleRate::new(48_000) {
    Some(rate) => rate,
    None => SampleRate::SPEECH,
};

/// All paths.
pub(crate) fn measure() -> Result<Figures> {
    let cloud = Cloud::start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut figures = Figures::default();
    let figure = |name: String, values: &[f64]| Figure::of(&name, "ms", values).aim(AIM, Some(AIM));
    for voice in VOICES {
        let spans = runtime.block_on(replies(&cloud, &MODELS[0], voice))?;
        let name = voice.name();
        let sound = format!("first byte of sound received to first sample at the device: {name}");
        let text = format!("piece of the answer received to phrase sent: openai to {name}");
        figures.figures.push(figure(sound, &spans.sound));
        figures.figures.push(figure(text, &spans.text));
    }
    for model in &MODELS[1..] {
        let spans = runtime.block_on(replies(&cloud, model, &VOICES[0]))?;
        let (model, voice) = (model.name(), VOICES[0].name());
        let text = format!("piece of the answer received to phrase sent: {model} to {voice}");
        figures.figures.push(figure(text, &spans.text));
    }
    Ok(figures)
}

/// Milliseconds.
#[derive(Default)]
struct Spans {
    sound: Vec<f64>,
    text: Vec<f64>,
}

/// A sentence that is said once on each path.
fn sentence(number: usize) -> String {
    const KINDS: [&str; 7] = [
        "quiet", "yellow", "narrow", "friendly", "heavy", "distant", "crooked",
    ];
    const THINGS: [&str; 7] = [
        "river", "teapot", "garden", "letter", "window", "pencil", "mountain",
    ];
    let (kind, thing) = (KINDS[number % 7], THINGS[number / 7 % 7]);
    format!("The {kind} {thing} is here today.")
}

/// Replies through a model and a voice, and what their taps and the device saw.
async fn replies(cloud: &Cloud, model: &Way, voice: &Way) -> Result<Spans> {
    let network = Network::new()?;
    let open = |way: &Way| {
        let (url, key) = way.fake(cloud)?;
        let tap = Tap::before(&url)?;
        let opened = way.open(&tap.url(&url), key, &network)?;
        anyhow::Ok((tap, opened))
    };
    let ((model_tap, model), (voice_tap, voice)) = (open(model)?, open(voice)?);
    let (mut model, voice) = (model.model()?, voice.voice()?);
    // As the assistant does.
    model.provider = Arc::new(WithIntents::new(Arc::default(), model.provider));
    let device = Arc::new(Prompt::default());
    let sound = Sound::new(
        backend::source("null")?,
        Arc::clone(&device) as Arc<dyn Sink>,
        &AudioSettings::default(),
    )?;
    let loudspeaker = sound.loudspeaker();
    let parts = Parts {
        microphone: sound.microphone(),
        loudspeaker: Arc::clone(&loudspeaker),
        recognisers: Vec::new(),
        models: vec![model.clone()],
        voices: vec![voice.clone()],
        turn_detector: None,
        memory: Arc::new(ShortMemory::new(1)),
    };
    let conversation = Conversation::start(parts, Policy::default());
    let mut notices = conversation.subscribe();
    let mut heard = Vec::new();
    for number in 0..=REPLIES {
        // What comes behind the sentence makes its end certain.
        let answer = [format!("{} And", sentence(number)), " that is all.".into()];
        cloud.streams(answer.iter().map(String::as_str));
        // As the key does when it goes down.
        model.provider.warm(&model.options.messages);
        voice.provider.warm();
        loudspeaker.warm();
        sleep(PAUSE).await;
        device.forget();
        conversation.ask("What is there to be seen?");
        let begun = timeout(LIMIT, given(&device, &mut notices)).await;
        heard.push(begun.with_context(|| format!("nothing was heard of {answer:?}"))??);
        conversation.stop();
        timeout(LIMIT, closed(&mut notices))
            .await
            .context("it goes on")??;
        sleep(PAUSE).await;
    }
    let (answers, voices) = (model_tap.lines(), voice_tap.lines());
    let mut spans = Spans::default();
    for (number, heard) in heard.iter().enumerate().skip(1) {
        let sentence = sentence(number);
        let sentence = sentence.trim_end_matches('.');
        let told = answers
            .iter()
            .find_map(|line| line.told.find(format!("{sentence}. And").as_bytes()))
            .context("the answer did not pass")?;
        let (line, sent) = voices
            .iter()
            .find_map(|line| Some((line, line.asked_for(sentence)?)))
            .with_context(|| format!("{sentence:?} did not pass"))?;
        let sounded = line
            .sound_after(sent)
            .with_context(|| format!("no sound passed: {line:?}"))?;
        spans.text.push(milliseconds(told, sent));
        spans.sound.push(milliseconds(sounded, *heard));
    }
    Ok(spans)
}

/// Negative where the later came first: then something was measured that is not there.
fn milliseconds(from: Instant, to: Instant) -> f64 {
    let late = to.saturating_duration_since(from).as_secs_f64();
    (late - from.saturating_duration_since(to).as_secs_f64()) * 1e3
}

/// When the device was given the first sound of a reply; fails with what the conversation says failed.
async fn given(device: &Prompt, notices: &mut Receiver<Notice>) -> Result<Instant> {
    loop {
        if let Some(at) = device.given() {
            return Ok(at);
        }
        tokio::select! {
            () = sleep(PAUSE / 10) => {}
            notice = notices.recv() => if let Body::Problem(problem) = notice?.body {
                bail!("{}", problem.message);
            },
        }
    }
}

async fn closed(notices: &mut Receiver<Notice>) -> Result<Option<TurnId>> {
    loop {
        let notice = notices.recv().await?;
        if let Body::Lifecycle(Lifecycle::Closed { .. }) = notice.body {
            return Ok(notice.turn);
        }
    }
}

/// A device that asks for samples all the time, and notes when it was first given sound.
#[derive(Default)]
struct Prompt {
    first: Arc<Mutex<Option<Instant>>>,
}

fn lock(first: &Mutex<Option<Instant>>) -> MutexGuard<'_, Option<Instant>> {
    first.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the device's thread when dropped.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Prompt {
    fn forget(&self) {
        *lock(&self.first) = None;
    }

    fn given(&self) -> Option<Instant> {
        *lock(&self.first)
    }

    fn device() -> Device {
        Device {
            id: DeviceId("prompt".into()),
            name: "A device that asks all the time".into(),
            host: "Libretto".into(),
            default: true,
        }
    }
}

impl Sink for Prompt {
    fn open(
        &self,
        _: Option<&DeviceId>,
        mouth: MakeMouth<'_>,
        _: &Alarm,
    ) -> libretto_assistant::audio::Result<Stream> {
        let mut mouth = mouth(RATE);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let first = Arc::clone(&self.first);
        let mut room = vec![0.0; RATE.samples(PERIOD) as usize];
        std::thread::spawn(move || {
            let mut due = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                mouth.speak(&mut room, 1, due + PERIOD);
                if room.iter().any(|sample| *sample != 0.0) {
                    lock(&first).get_or_insert_with(Instant::now);
                }
                due += PERIOD;
            }
        });
        let guard: Box<dyn Any> = Box::new(Stop(stop));
        Ok(Stream::new(Self::device(), RATE, guard))
    }

    fn listing(&self) -> libretto_assistant::audio::Result<Listing> {
        Ok(Listing {
            inputs: Vec::new(),
            outputs: vec![Self::device()],
        })
    }
}
