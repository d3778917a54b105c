//! On a virtual sound card: the real path through the sound server, heard at the loudspeaker's monitor.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use libretto_audio::{AudioSettings, DeviceId, KeepWarm, Sound, VadKind};
use libretto_testkit::card::{Device, SoundCard};
use libretto_testkit::{correlate, recordings};
use libretto_voice::device::{LoudspeakerEvent, MicrophoneEvent, MicrophoneInput, MicrophoneSession};
use libretto_voice::{Audio, SampleRate, TurnId};
use tokio::sync::broadcast::Receiver;
use tokio::sync::mpsc::Sender;

/// Within this time comes what has to come, on a busy machine too.
const SOON: Duration = Duration::from_secs(20);

/// One card for all tests of this file, one test at a time.
static CARD: LazyLock<Mutex<SoundCard>> = LazyLock::new(|| {
    let card = SoundCard::new().expect("the virtual sound card starts");
    for (name, value) in card.env() {
        // SAFETY: the test threads read the environment only through the sound system, which waits for this card.
        #[allow(unsafe_code)]
        unsafe {
            std::env::set_var(name, value);
        }
    }
    Mutex::new(card)
});

fn card() -> MutexGuard<'static, SoundCard> {
    let _ = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .try_init();
    let card = CARD.lock().unwrap_or_else(PoisonError::into_inner);
    card.restore().unwrap();
    card
}

fn models() -> PathBuf {
    let given = std::env::var_os("LIBRETTO_MODELS").map(PathBuf::from);
    let folder = given
        .unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/libretto/models"));
    assert!(
        folder.join(libretto_audio::vad::MODEL).exists(),
        "{} is missing: ./dev gets the models",
        folder.display()
    );
    folder
}

fn settings() -> AudioSettings {
    AudioSettings {
        models: models(),
        ..AudioSettings::default()
    }
}

fn sound() -> Sound {
    libretto_audio::open(&settings()).unwrap()
}

/// Clicks of 2 ms in silence, `count` of them, not evenly spaced; and the sample at which each begins.
fn clicks(rate: SampleRate, count: usize) -> (Audio, Vec<u64>) {
    let mut audio = Audio::silence(rate, Duration::from_millis(200));
    let mut starts = Vec::new();
    for n in 0..count {
        starts.push(audio.samples.len() as u64);
        let length = rate.samples(Duration::from_millis(2)) as usize;
        audio
            .samples
            .extend((0..length).map(|i| if i % 4 < 2 { 0.7 } else { -0.7 }));
        audio.samples.extend(vec![
            0.0;
            rate.samples(Duration::from_millis(90 + 17 * (n as u64 % 5)))
                as usize
        ]);
    }
    (audio, starts)
}

fn percentile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * part).round() as usize]
}

/// Waits for an event; panics when it does not come.
fn await_event<T>(
    events: &mut Receiver<LoudspeakerEvent>,
    limit: Duration,
    mut pick: impl FnMut(LoudspeakerEvent) -> Option<T>,
) -> T {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        match events.try_recv() {
            Ok(event) => {
                if let Some(found) = pick(event) {
                    return found;
                }
            }
            Err(_) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
    panic!("the event did not come");
}

fn drained(events: &mut Receiver<LoudspeakerEvent>) {
    await_event(events, Duration::from_mins(1), |e| {
        matches!(e, LoudspeakerEvent::Drained { .. }).then_some(())
    });
}

#[test]
fn the_playhead_says_what_is_heard() {
    let card = card();
    let ear = card.hear().unwrap();
    let sound = sound();
    let speaker = sound.loudspeaker();
    let mut errors = Vec::new();
    let mut waits = Vec::new();
    for turn in 1..=3 {
        let (audio, starts) = clicks(SampleRate::VOICE, 60);
        let mut events = speaker.events();
        let playhead = speaker.playhead();
        let asked = Instant::now();
        // In pieces, as a voice gives them.
        for piece in audio.samples.chunks(5_000) {
            speaker
                .queue(TurnId(turn), Audio::new(audio.rate, piece.to_vec()))
                .unwrap();
        }
        speaker.finish(TurnId(turn));
        let mut said = Vec::new();
        let mut next = 0;
        while next < starts.len() && asked.elapsed() < Duration::from_secs(30) {
            let now = Instant::now();
            let position = playhead.at(now).filter(|p| p.turn == TurnId(turn));
            while next < starts.len() && position.is_some_and(|p| p.sample >= starts[next]) {
                said.push(now);
                next += 1;
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        let started = await_event(&mut events, SOON, |e| match e {
            LoudspeakerEvent::Started { audible, .. } => Some(audible),
            _ => None,
        });
        waits.push((started - asked).as_secs_f64() * 1e3);
        drained(&mut events);
        std::thread::sleep(Duration::from_millis(100));
        let heard = ear.sound().unwrap();
        let mut from = heard.sample(asked);
        let mut turn_errors = Vec::new();
        for said in &said {
            let onset = heard.onset(from, 0.2).expect("every click is heard");
            let at = heard.moment(onset);
            turn_errors.push(
                if at > *said {
                    -(at - *said).as_secs_f64()
                } else {
                    (*said - at).as_secs_f64()
                } * 1e3,
            );
            from = onset + 48 * 50;
        }
        eprintln!(
            "turn {turn}: first errors {:.1?}, spread of the ear {:?}",
            &turn_errors[..8],
            heard.spread
        );
        errors.extend(turn_errors);
    }
    let mut sizes: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
    let (bias, median, p90) = (
        percentile(&mut errors, 0.5),
        percentile(&mut sizes, 0.5),
        percentile(&mut sizes, 0.9),
    );
    eprintln!(
        "playhead error of {} clicks: bias {bias:.1} ms, |median| {median:.1} ms, |p90| {p90:.1} ms",
        sizes.len()
    );
    eprintln!("queue to first sample audible: {waits:.1?} ms");
    // The aim at p95 is for ./dev bench: here, one moment in which the machine does something else is no failure.
    assert!(median <= 10.0 && p90 <= 30.0, "median {median}, p90 {p90}");
}

/// A session whose events are collected with their times.
struct Hearing {
    input: Sender<MicrophoneInput>,
    events: Arc<Mutex<Vec<(Instant, MicrophoneEvent)>>>,
    _guard: libretto_voice::session::Guard,
}

impl Hearing {
    fn of(session: MicrophoneSession) -> Self {
        let (input, mut coming, guard) = session.split();
        let events = Arc::new(Mutex::new(Vec::new()));
        let kept = events.clone();
        std::thread::spawn(move || {
            while let Some(event) = coming.blocking_recv() {
                kept.lock().unwrap().push((Instant::now(), event.unwrap()));
            }
        });
        Self {
            input: input.unwrap(),
            events,
            _guard: guard,
        }
    }

    fn tell(&self, message: MicrophoneInput) {
        self.input.blocking_send(message).unwrap();
    }

    fn events(&self) -> Vec<(Instant, MicrophoneEvent)> {
        self.events.lock().unwrap().clone()
    }

    fn await_event(&self, limit: Duration, pick: impl Fn(&MicrophoneEvent) -> bool) -> Instant {
        self.await_after(0, limit, pick).0
    }

    /// The first such event among those from number `from` on, and the number behind it.
    fn await_after(
        &self,
        from: usize,
        limit: Duration,
        pick: impl Fn(&MicrophoneEvent) -> bool,
    ) -> (Instant, usize) {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            let events = self.events();
            if let Some(at) = events.iter().skip(from).position(|(_, event)| pick(event)) {
                return (events[from + at].0, from + at + 1);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let told: Vec<_> = self.events().into_iter().map(|(_, e)| e).filter(told).collect();
        panic!("the event did not come, but {told:?}");
    }

    fn audio(&self) -> Audio {
        let mut audio = Audio::empty(SampleRate::SPEECH);
        for (_, event) in self.events() {
            if let MicrophoneEvent::Frame(frame) = event {
                assert_eq!((frame.rate, frame.samples.len()), (SampleRate::SPEECH, 160));
                audio.samples.extend(frame.samples);
            }
        }
        audio
    }
}

fn told(event: &MicrophoneEvent) -> bool {
    !matches!(event, MicrophoneEvent::Frame(_) | MicrophoneEvent::Level(_))
}

const LISTENING: fn(&MicrophoneEvent) -> bool = |e| matches!(e, MicrophoneEvent::Listening { .. });

#[test]
fn what_is_said_is_heard_from_the_first_word() {
    let card = card();
    let mut settings = settings();
    settings.input.keep_warm = KeepWarm::Always;
    let sound = libretto_audio::open(&settings).unwrap();
    assert_eq!(sound.recorder().vad_in_use(), VadKind::Both);
    let hearing = Hearing::of(sound.microphone().open());
    let recording = recordings::named("goforward").unwrap().audio().unwrap();
    let witness = card.overhear(Device::Microphone).unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let speech = card.speak(&recording).unwrap();
    let began = speech.started();
    // The key goes down a quarter of a second late: the pre-roll has the beginning.
    std::thread::sleep((began + Duration::from_millis(250)).saturating_duration_since(Instant::now()));
    let asked = Instant::now();
    hearing.tell(MicrophoneInput::Start);
    let listening = hearing.await_event(SOON, LISTENING);
    let ended = hearing.await_event(SOON, |e| matches!(e, MicrophoneEvent::SpeechEnded { .. }));
    let ends = speech.ends();
    hearing.tell(MicrophoneInput::Stop);
    let stopped = hearing.await_event(SOON, |e| *e == MicrophoneEvent::Stopped);
    let audio = hearing.audio();
    let found = correlate::find(
        &audio,
        &Audio::new(recording.rate, recording.samples[..16_000].to_vec()),
    )
    .unwrap();
    let speech_started = hearing.await_event(SOON, |e| matches!(e, MicrophoneEvent::SpeechStarted { .. }));
    eprintln!(
        "start → listening {:.1?}; speech said → told {:.0?}; its end told {:.0?} before or {:.0?} after the file's; likeness {:.3} at {}",
        listening - asked,
        speech_started - began,
        ends.saturating_duration_since(ended),
        ended.saturating_duration_since(ends),
        found.likeness,
        found.sample,
    );
    let there = witness.sound().unwrap().audio;
    let there = correlate::find(
        &there,
        &Audio::new(recording.rate, recording.samples[..16_000].to_vec()),
    )
    .unwrap();
    eprintln!("the microphone itself: likeness {:.3}", there.likeness);
    assert!(found.likeness > there.likeness.min(0.99) - 0.02, "{found:?}");
    assert!(
        found.sample > 16 * 100,
        "the pre-roll reaches back before the speech: {found:?}"
    );
    let length = audio.duration().as_secs_f64();
    let expected = (stopped - asked).as_secs_f64() + 0.5;
    assert!(
        (length - expected).abs() < 0.3,
        "{length} s of frames in {expected} s"
    );
    assert!(
        !hearing
            .events()
            .iter()
            .any(|(_, e)| matches!(e, MicrophoneEvent::Dropped(_)))
    );
}

#[test]
fn opening_is_quick_and_listening_is_cheap() {
    let card = card();
    let sound = sound();
    let mut opened = Vec::new();
    for _ in 0..5 {
        let hearing = Hearing::of(sound.microphone().open());
        let asked = Instant::now();
        hearing.tell(MicrophoneInput::Start);
        hearing.await_event(SOON, |e| matches!(e, MicrophoneEvent::Arming { .. }));
        opened.push((hearing.await_event(SOON, LISTENING) - asked).as_secs_f64() * 1e3);
    }
    eprintln!("start → first real samples, cold: {opened:.0?} ms");
    assert!(percentile(&mut opened, 0.5) < 1_000.0);

    let hearing = Hearing::of(sound.microphone().open());
    hearing.tell(MicrophoneInput::Start);
    hearing.await_event(SOON, LISTENING);
    let cost = |label: &str| {
        std::thread::sleep(Duration::from_secs(1));
        let from = hearing.events().len();
        let before = processor_time();
        std::thread::sleep(Duration::from_secs(5));
        let after = processor_time();
        let mut used: Vec<(f64, String)> = after
            .into_iter()
            .map(|(id, (name, time))| ((time - before.get(&id).map_or(0.0, |b| b.1)) / 5.0 * 100.0, name))
            .filter(|(part, _)| *part > 0.0)
            .collect();
        used.sort_by(|a, b| b.0.total_cmp(&a.0));
        let ours: f64 = used
            .iter()
            .filter(|(_, name)| name.starts_with("sound-"))
            .map(|(part, _)| part)
            .sum();
        let mut pieces = 0;
        hearing.events()[from..]
            .windows(2)
            .for_each(|w| pieces += usize::from(w[1].0 - w[0].0 > Duration::from_millis(1)));
        eprintln!("frames came in {} pieces per second", pieces / 5);
        eprintln!("{label}: {ours:.2} % of a core in our threads; {used:.2?}");
        ours
    };
    let listening = cost("listening in a quiet room");
    hearing.tell(MicrophoneInput::Stop);
    let warm = cost("kept warm");
    drop(card);
    // The aim on a quiet machine is 1 %; other tests beside this one and the card's small blocks double it.
    assert!(listening < 10.0 && warm < 8.0, "{listening} {warm}");
}

/// Seconds of processor time of each thread.
fn processor_time() -> std::collections::BTreeMap<String, (String, f64)> {
    let mut times = std::collections::BTreeMap::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let read = |file: &str| std::fs::read_to_string(task.path().join(file)).unwrap_or_default();
        let time: f64 = read("schedstat")
            .split(' ')
            .next()
            .and_then(|n| n.parse().ok())
            .unwrap_or(0.0);
        times.insert(
            task.file_name().to_string_lossy().into_owned(),
            (read("comm").trim().to_owned(), time / 1e9),
        );
    }
    times
}

fn tone(rate: SampleRate, seconds: f64) -> Audio {
    let samples = rate.sample_at(seconds);
    let step = std::f64::consts::TAU * 440.0 / f64::from(rate.hertz());
    Audio::new(
        rate,
        (0..samples)
            .map(|n| (n as f64 * step).sin() as f32 * 0.5)
            .collect(),
    )
}

#[test]
fn a_cut_is_silence_at_once_and_says_what_was_heard() {
    let card = card();
    let ear = card.hear().unwrap();
    let sound = sound();
    let speaker = sound.loudspeaker();
    let (mut delays, mut errors) = (Vec::new(), Vec::new());
    for turn in 1..=10_u64 {
        let mut events = speaker.events();
        speaker.queue(TurnId(turn), tone(SampleRate::VOICE, 5.0)).unwrap();
        let audible = await_event(&mut events, SOON, |e| match e {
            LoudspeakerEvent::Started { audible, .. } => Some(audible),
            _ => None,
        });
        std::thread::sleep(Duration::from_millis(300 + 7 * turn));
        let at = Instant::now();
        let heard = speaker.cut().unwrap();
        // Late audio of the turn is dropped.
        speaker.queue(TurnId(turn), tone(SampleRate::VOICE, 1.0)).unwrap();
        assert_eq!(heard.turn, TurnId(turn));
        let wanted = (at - audible).as_secs_f64() * 24_000.0;
        errors.push((heard.samples as f64 - wanted).abs() / 24.0);
        std::thread::sleep(Duration::from_millis(200));
        let heard = ear.sound().unwrap();
        let last = heard.last(0.01).unwrap();
        let silent = heard.moment(last);
        delays.push(silent.saturating_duration_since(at).as_secs_f64() * 1e3);
        assert!(speaker.cut().is_none(), "nothing is left to cut");
    }
    // A device that runs dry for a moment plays less than the time that has passed.
    let wrong = percentile(&mut errors, 0.5);
    assert!(wrong < 10.0, "what was heard is wrong by {errors:.1?} ms");
    let median = percentile(&mut delays, 0.5);
    eprintln!("cut → silence at the monitor: {delays:.1?} ms, median {median:.1}");
    // One period of 10 ms behind one that the sound server holds already, and the fade.
    assert!(median < 40.0 && percentile(&mut delays, 0.8) < 80.0, "{delays:?}");
}

/// A click of ours is there each time; a busy machine, on which the sound server runs dry, is not.
#[test]
fn pausing_and_ducking_do_not_click() {
    let tries: Vec<_> = (0..3)
        .map(|_| pause_and_duck())
        .take_while(|(jump, length)| !(*jump < 0.06 && (length - 2.4).abs() < 0.08))
        .collect();
    assert!(tries.len() < 3, "each time: {tries:?}");
}

/// The largest step between two samples, and how long 2 s of tone with a pause of 0.4 s lasted.
fn pause_and_duck() -> (f32, f64) {
    let card = card();
    let ear = card.hear().unwrap();
    let sound = sound();
    let speaker = sound.loudspeaker();
    let mut events = speaker.events();
    let rate = SampleRate::new(48_000).unwrap();
    speaker.queue(TurnId(1), tone(rate, 2.0)).unwrap();
    speaker.finish(TurnId(1));
    let audible = await_event(&mut events, SOON, |e| match e {
        LoudspeakerEvent::Started { audible, .. } => Some(audible),
        _ => None,
    });
    std::thread::sleep(Duration::from_millis(400));
    speaker.pause(true);
    std::thread::sleep(Duration::from_millis(150));
    let held = speaker.playhead().now().unwrap();
    std::thread::sleep(Duration::from_millis(250));
    let still = speaker.playhead().now().unwrap();
    assert_eq!(
        (held.sample, held.rate, still),
        (still.sample, 0, held),
        "it stands still"
    );
    let held_from = Instant::now();
    speaker.pause(false);
    std::thread::sleep(Duration::from_millis(300));
    speaker.duck(0.2);
    std::thread::sleep(Duration::from_millis(300));
    speaker.duck(1.0);
    drained(&mut events);
    std::thread::sleep(Duration::from_millis(100));
    let heard = ear.sound().unwrap();
    let played = heard.between(audible, Instant::now());
    // A tone of 440 Hz at half scale rises by 0.029 per sample at most; a click would jump.
    let jump = played
        .samples
        .windows(2)
        .map(|w| (w[1] - w[0]).abs())
        .fold(0.0, f32::max);
    eprintln!("largest step between two samples: {jump:.4}");
    let first = heard.onset(0, 0.001).unwrap();
    let last = heard.last(0.001).unwrap();
    let gap = 0.4;
    let length = (last - first) as f64 / 48_000.0;
    eprintln!("2 s of tone and a pause of {gap} s lasted {length:.3} s; gap from {held_from:?}");
    (jump, length)
}

#[test]
fn an_unplugged_loudspeaker_does_not_end_the_turn() {
    let card = card();
    card.plug(Device::Headphones).unwrap();
    let desk = card.hear().unwrap();
    let listing = libretto_audio::devices::list().unwrap();
    eprintln!("{listing:#?}");
    let headphones = listing.outputs.iter().find(|d| d.name == "Headphones").unwrap();
    assert!(listing.inputs.iter().all(|d| !d.id.0.ends_with(".monitor")));
    let mut settings = settings();
    settings.output.device = Some(headphones.id.clone());
    let sound = libretto_audio::open(&settings).unwrap();
    let speaker = sound.loudspeaker();
    let mut events = speaker.events();
    let (audio, starts) = clicks(SampleRate::VOICE, 80);
    let ear = card.hear_at(Device::Headphones).unwrap();
    speaker.queue(TurnId(1), audio).unwrap();
    speaker.finish(TurnId(1));
    std::thread::sleep(Duration::from_millis(1_500));
    let before = ear.sound().unwrap().audio;
    let pulled = Instant::now();
    drop(ear);
    card.unplug(Device::Headphones).unwrap();
    let before = count_clicks(&before);
    let changed = |events: &mut Receiver<LoudspeakerEvent>| {
        await_event(events, SOON, |e| match e {
            LoudspeakerEvent::Changed { device } => Some(device),
            _ => None,
        })
    };
    assert_eq!(changed(&mut events), "Desk speaker");
    let away = pulled.elapsed();
    std::thread::sleep(Duration::from_millis(1_500));
    let plugged = Instant::now();
    card.plug(Device::Headphones).unwrap();
    let ear = card.hear_at(Device::Headphones).unwrap();
    assert_eq!(changed(&mut events), "Headphones");
    eprintln!(
        "unplugged → other device {away:.0?}; plugged → back {:.0?}",
        plugged.elapsed()
    );
    drained(&mut events);
    std::thread::sleep(Duration::from_millis(100));
    let (on_desk, after) = (
        count_clicks(&desk.sound().unwrap().audio),
        count_clicks(&ear.sound().unwrap().audio),
    );
    eprintln!("{before} + {on_desk} + {after} of {} clicks", starts.len());
    assert!(before > 5 && on_desk > 5 && after > 5);
    assert!((before + on_desk + after).abs_diff(starts.len()) <= 4);
}

fn count_clicks(audio: &Audio) -> usize {
    let mut count = 0;
    let mut quiet = 10_000;
    for sample in &audio.samples {
        if sample.abs() > 0.2 {
            count += usize::from(quiet > 480);
            quiet = 0;
        } else {
            quiet += 1;
        }
    }
    count
}

#[test]
fn an_unplugged_microphone_does_not_end_the_session() {
    let card = card();
    card.plug(Device::Headset).unwrap();
    let listing = libretto_audio::devices::list().unwrap();
    let headset = listing
        .inputs
        .iter()
        .find(|d| d.name == "Headset microphone")
        .unwrap();
    let sound = sound();
    let choose = |device: DeviceId| {
        let mut input = settings().input;
        input.device = Some(device);
        sound.recorder().set_input(input);
    };
    choose(headset.id.clone());
    let hearing = Hearing::of(sound.microphone().open());
    hearing.tell(MicrophoneInput::Start);
    let began = hearing.await_event(SOON, |e| {
        *e == MicrophoneEvent::Listening {
            device: headset.name.clone(),
        }
    });
    card.unplug(Device::Headset).unwrap();
    let is_changed = |name: &'static str| {
        move |e: &MicrophoneEvent| *e == MicrophoneEvent::Changed { device: name.into() }
    };
    let (_, next) = hearing.await_after(0, SOON, is_changed("Desk microphone"));
    card.plug(Device::Headset).unwrap();
    let (_, next) = hearing.await_after(next, SOON, is_changed("Headset microphone"));
    // Another one is chosen while it listens.
    choose(DeviceId("pulseaudio:mic".into()));
    let (_, _) = hearing.await_after(next, SOON, is_changed("Desk microphone"));
    let recording = recordings::named("goforward").unwrap().audio().unwrap();
    card.speak(&recording).unwrap().wait();
    hearing.tell(MicrophoneInput::Stop);
    let stopped = hearing.await_event(SOON, |e| *e == MicrophoneEvent::Stopped);
    let audio = hearing.audio();
    // Its last moment is still on its way when we stop.
    let opening = Audio::new(recording.rate, recording.samples[..32_000].to_vec());
    let found = correlate::find(&audio, &opening).unwrap();
    let (length, expected) = (audio.duration().as_secs_f64(), (stopped - began).as_secs_f64());
    eprintln!(
        "likeness after the changes {:.3}; {length:.2} s of frames in {expected:.2} s",
        found.likeness
    );
    assert!(found.likeness > 0.95);
    assert!((length - expected).abs() < 1.0);
}

/// An echo that stays is there each time; gaps in what a busy machine plays, each of which is learnt anew, are not.
#[test]
fn our_own_voice_is_taken_out_of_what_is_heard() {
    let card = card();
    card.plug(Device::Speakerphone).unwrap();
    let voice = recordings::named("not-ill-disposed").unwrap().audio().unwrap();
    let loudness = |cancel: bool| {
        let mut settings = settings();
        settings.echo.enabled = cancel;
        let sound = libretto_audio::open(&settings).unwrap();
        let hearing = Hearing::of(sound.microphone().open());
        hearing.tell(MicrophoneInput::Start);
        hearing.await_event(SOON, LISTENING);
        let speaker = sound.loudspeaker();
        let mut events = speaker.events();
        speaker.queue(TurnId(1), voice.clone()).unwrap();
        speaker.queue(TurnId(1), voice.clone()).unwrap();
        speaker.finish(TurnId(1));
        drained(&mut events);
        hearing.tell(MicrophoneInput::Stop);
        hearing.await_event(SOON, |e| *e == MicrophoneEvent::Stopped);
        let audio = hearing.audio();
        let onsets = hearing
            .events()
            .iter()
            .filter(|(_, e)| matches!(e, MicrophoneEvent::SpeechStarted { .. }))
            .count();
        // Half a second at a time, from the second sentence on, and of these the middle one: a gap in what is played on
        // a busy machine has to be learnt anew.
        let mut loud: Vec<f32> = audio.samples[audio.samples.len() / 2..]
            .chunks(8_000)
            .map(libretto_voice::audio::rms)
            .collect();
        loud.sort_by(f32::total_cmp);
        (loud[loud.len() / 2], onsets)
    };
    let (plain, heard) = loudness(false);
    assert!(plain > 0.005, "there is an echo");
    let removed = || {
        let (cleaned, heard_cleaned) = loudness(true);
        let removed = 20.0 * (plain / cleaned.max(1e-9)).log10();
        eprintln!(
            "echo {plain:.4}, cancelled {cleaned:.5}: {removed:.0} dB; speech told {heard} and {heard_cleaned} times"
        );
        removed
    };
    let tries: Vec<_> = (0..3)
        .map(|_| removed())
        .take_while(|removed| *removed <= 20.0)
        .collect();
    assert!(tries.len() < 3, "dB each time: {tries:?}");
}

#[test]
fn after_all_devices_were_gone_a_reply_is_heard_again() {
    let card = card();
    let sound = sound();
    let speaker = sound.loudspeaker();
    let mut events = speaker.events();
    let say = |turn| {
        let (audio, _) = clicks(SampleRate::VOICE, 8);
        speaker.queue(TurnId(turn), audio).unwrap();
        speaker.finish(TurnId(turn));
    };
    let hearing = Hearing::of(sound.microphone().open());
    hearing.tell(MicrophoneInput::Start);
    hearing.await_event(SOON, LISTENING);
    say(1);
    drained(&mut events);
    for device in [Device::Speaker, Device::Microphone] {
        card.unplug(device).unwrap();
    }
    // Nobody says that it listens while it cannot, nor that a microphone is silent which is not there.
    let (_, next) = hearing.await_after(0, SOON, |e| matches!(e, MicrophoneEvent::Gone { .. }));
    std::thread::sleep(Duration::from_secs(3));
    assert!(!hearing.events()[next..].iter().any(|(_, e)| matches!(
        e,
        MicrophoneEvent::Silent { .. } | MicrophoneEvent::Listening { .. }
    )));
    for device in [Device::Speaker, Device::Microphone] {
        card.plug(device).unwrap();
    }
    hearing.await_after(next, SOON, LISTENING);
    let ear = card.hear().unwrap();
    say(2);
    drained(&mut events);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(count_clicks(&ear.sound().unwrap().audio), 8);
}
