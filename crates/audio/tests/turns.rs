//! Without a sound card: the other back ends, and every fault of a device.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libretto_audio::backend::replay::{Pace, ReplaySink, ReplaySource};
use libretto_audio::backend::{self, BACKENDS};
use libretto_audio::{AudioSettings, Sound, VadKind};
use libretto_testkit::{correlate, recordings};
use libretto_voice::device::{LoudspeakerEvent, MicrophoneEvent, MicrophoneInput, MicrophoneSession};
use libretto_voice::{Audio, Kind, SampleRate, TurnId};

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

fn settings(input: &str, output: &str) -> AudioSettings {
    let mut settings = AudioSettings {
        models: models(),
        ..AudioSettings::default()
    };
    settings.input.backend = input.into();
    settings.output.backend = output.into();
    settings
}

/// Events until `last` comes.
async fn until(
    session: &mut MicrophoneSession,
    last: impl Fn(&MicrophoneEvent) -> bool,
) -> Result<Vec<MicrophoneEvent>, libretto_voice::Error> {
    let mut events = Vec::new();
    let all = async {
        while let Some(event) = session.next().await {
            let event = event?;
            let done = last(&event);
            events.push(event);
            if done {
                return Ok::<(), libretto_voice::Error>(());
            }
        }
        panic!("the session ended");
    };
    tokio::time::timeout(Duration::from_secs(20), all)
        .await
        .expect("it comes")?;
    Ok(events)
}

fn audio_of(events: &[MicrophoneEvent]) -> Audio {
    let mut audio = Audio::empty(SampleRate::SPEECH);
    for event in events {
        if let MicrophoneEvent::Frame(frame) = event {
            audio.samples.extend(&frame.samples);
        }
    }
    audio
}

fn told(events: &[MicrophoneEvent]) -> Vec<&MicrophoneEvent> {
    events
        .iter()
        .filter(|e| !matches!(e, MicrophoneEvent::Frame(_) | MicrophoneEvent::Level(_)))
        .collect()
}

fn go_forward() -> Audio {
    recordings::named("goforward").unwrap().audio().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_heard_whole_with_its_speech() {
    for kind in [VadKind::Gate, VadKind::Judge, VadKind::Both] {
        let recording = go_forward();
        let mut settings = settings("null", "null");
        settings.vad.kind = kind;
        let source = Arc::new(ReplaySource::new(recording.clone(), Pace::Fast));
        let sound = Sound::new(source, backend::sink("null").unwrap(), &settings).unwrap();
        assert_eq!(sound.recorder().vad_in_use(), kind);
        let mut session = sound.microphone().open();
        session.send(MicrophoneInput::Start).await.unwrap();
        let mut events = until(&mut session, |e| matches!(e, MicrophoneEvent::SpeechEnded { .. }))
            .await
            .unwrap();
        session.send(MicrophoneInput::Stop).await.unwrap();
        events.extend(
            until(&mut session, |e| *e == MicrophoneEvent::Stopped)
                .await
                .unwrap(),
        );
        let started = events
            .iter()
            .filter(|e| matches!(e, MicrophoneEvent::SpeechStarted { .. }))
            .count();
        assert!(started >= 1, "{kind:?}: {:?}", told(&events));
        let heard = audio_of(&events);
        let begin = Audio::new(
            recording.rate,
            recording.samples[..recording.samples.len() / 2].to_vec(),
        );
        let found = correlate::find(&heard, &begin).unwrap();
        assert!(found.likeness > 0.999, "{kind:?}: {found:?}");
        let levels = events
            .iter()
            .filter(|e| matches!(e, MicrophoneEvent::Level(_)))
            .count();
        assert!(levels >= 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_microphone_that_gives_zeros_is_told() {
    let sound = libretto_audio::open(&settings("null:44100", "null")).unwrap();
    let mut session = sound.microphone().open();
    session.send(MicrophoneInput::Start).await.unwrap();
    let began = Instant::now();
    let events = until(&mut session, |e| matches!(e, MicrophoneEvent::Silent { .. }))
        .await
        .unwrap();
    let took = began.elapsed().as_secs_f64();
    assert!(took >= 1.4, "{took}");
    assert!(
        !events
            .iter()
            .any(|e| matches!(e, MicrophoneEvent::Listening { .. })),
        "{:?}",
        told(&events)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_headset_that_begins_with_zeros_is_waited_for() {
    let file = tempfile::tempdir().unwrap();
    let path = file.path().join("noise.wav");
    let mut wav = backend::file::create(&path, SampleRate::SPEECH).unwrap();
    (0..64_000).for_each(|n| wav.write_sample((n * 7_919 % 400 - 200) as i16).unwrap());
    wav.finalize().unwrap();
    let spec = format!("fault:zeros=0-0.7:file:{}", path.display());
    let sound = libretto_audio::open(&settings(&spec, "null")).unwrap();
    let mut session = sound.microphone().open();
    session.send(MicrophoneInput::Start).await.unwrap();
    let events = until(&mut session, |e| matches!(e, MicrophoneEvent::Listening { .. }))
        .await
        .unwrap();
    let zeros = audio_of(&events).duration().as_secs_f64();
    assert!((0.5..3.0).contains(&zeros), "{zeros}");
    assert!(matches!(told(&events)[0], MicrophoneEvent::Arming { .. }));
    session.send(MicrophoneInput::Mute(true)).await.unwrap();
    session.send(MicrophoneInput::Stop).await.unwrap();
    let rest = until(&mut session, |e| *e == MicrophoneEvent::Stopped)
        .await
        .unwrap();
    assert!(!rest.iter().any(|e| matches!(e, MicrophoneEvent::Silent { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_vanishes_and_returns_keeps_the_session() {
    let sound = libretto_audio::open(&settings("fault:vanish=0.5-1.5:null", "null")).unwrap();
    let mut session = sound.microphone().open();
    let began = Instant::now();
    session.send(MicrophoneInput::Start).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    session.send(MicrophoneInput::Stop).await.unwrap();
    let went = began.elapsed().as_secs_f64();
    let events = until(&mut session, |e| *e == MicrophoneEvent::Stopped)
        .await
        .unwrap();
    let heard = audio_of(&events).duration().as_secs_f64();
    assert!(
        (heard - went).abs() < 0.3,
        "time goes on without the device: {heard} of {went}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_does_not_open_is_a_sentence() {
    let sound = libretto_audio::open(&settings("fault:refuse=1000:null", "fault:refuse=1000:null")).unwrap();
    let mut session = sound.microphone().open();
    session.send(MicrophoneInput::Start).await.unwrap();
    let error = until(&mut session, |_| false).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Device);
    assert!(
        error.can_retry() && error.message().contains("cannot be used"),
        "{error}"
    );

    // One that opens at the third try is no failure.
    let sound = libretto_audio::open(&settings("fault:refuse=2:null", "null")).unwrap();
    let mut session = sound.microphone().open();
    session.send(MicrophoneInput::Start).await.unwrap();
    until(&mut session, |e| matches!(e, MicrophoneEvent::Frame(_)))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loudspeaker_that_fails_says_so_and_plays_once_it_is_back() {
    let sound = libretto_audio::open(&settings("null", "fault:vanish=0-1:null")).unwrap();
    let speaker = sound.loudspeaker();
    let mut events = speaker.events();
    let audio = Audio::silence(SampleRate::VOICE, Duration::from_millis(500));
    speaker.queue(TurnId(1), audio.clone()).unwrap();
    let failed = events.recv().await.unwrap();
    assert!(
        matches!(&failed, LoudspeakerEvent::Failed(e) if e.kind() == Kind::Device),
        "{failed:?}"
    );
    assert_eq!(speaker.queue(TurnId(1), audio).unwrap_err().kind(), Kind::Device);
    speaker.finish(TurnId(1));
    let rest = async {
        loop {
            if let LoudspeakerEvent::Drained { turn } = events.recv().await.unwrap() {
                return turn;
            }
        }
    };
    let turn = tokio::time::timeout(Duration::from_secs(10), rest).await.unwrap();
    assert_eq!(turn, TurnId(1));
    assert_eq!(
        speaker.playhead().now().unwrap().sample,
        24_000,
        "nothing was lost"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_queued_is_what_is_played() {
    let recording = go_forward();
    let sink = Arc::new(ReplaySink::new(SampleRate::new(44_100).unwrap()).held());
    let tape = sink.tape();
    let sound = Sound::new(backend::source("null").unwrap(), sink, &settings("null", "null")).unwrap();
    let speaker = sound.loudspeaker();
    let mut events = speaker.events();
    // An older turn is silenced by a newer one, and its late audio is dropped.
    speaker
        .queue(
            TurnId(4),
            Audio::silence(SampleRate::VOICE, Duration::from_secs(9)),
        )
        .unwrap();
    for piece in recording.samples.chunks(777) {
        speaker
            .queue(TurnId(5), Audio::new(recording.rate, piece.to_vec()))
            .unwrap();
        speaker
            .queue(
                TurnId(4),
                Audio::silence(SampleRate::VOICE, Duration::from_secs(9)),
            )
            .unwrap();
    }
    speaker.finish(TurnId(5));
    tape.start();
    loop {
        match tokio::time::timeout(Duration::from_secs(20), events.recv())
            .await
            .unwrap()
            .unwrap()
        {
            LoudspeakerEvent::Drained { turn } => break assert_eq!(turn, TurnId(5)),
            LoudspeakerEvent::Started { turn, .. } => assert_eq!(turn, TurnId(5)),
            LoudspeakerEvent::Starved { turn } => panic!("{turn} starved"),
            _ => {}
        }
    }
    let (played, began) = tape.played();
    let played = libretto_signal::whole(&played, SampleRate::SPEECH).unwrap();
    let found = correlate::find(&played, &recording).unwrap();
    assert!(found.likeness > 0.999, "{found:?}");
    assert!(began.is_some());
    let position = speaker.playhead().now().unwrap();
    assert_eq!(
        (position.turn, position.sample, position.rate),
        (TurnId(5), recording.samples.len() as u64, 0)
    );
    // A turn without a sound is over at once.
    speaker.finish(TurnId(6));
    let event = events.recv().await.unwrap();
    assert!(
        matches!(event, LoudspeakerEvent::Drained { turn } if turn == TurnId(6)),
        "{event:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_told() {
    let sound = libretto_audio::open(&settings("null", "fault:drop=10:null")).unwrap();
    let speaker = sound.loudspeaker();
    let mut events = speaker.events();
    speaker
        .queue(
            TurnId(1),
            Audio::silence(SampleRate::VOICE, Duration::from_millis(300)),
        )
        .unwrap();
    let mut kinds = Vec::new();
    while kinds.last() != Some(&"drained") {
        let event = tokio::time::timeout(Duration::from_secs(5), events.recv())
            .await
            .unwrap()
            .unwrap();
        kinds.push(match event {
            LoudspeakerEvent::Started { .. } => "started",
            LoudspeakerEvent::Starved { .. } => {
                speaker
                    .queue(
                        TurnId(1),
                        Audio::silence(SampleRate::VOICE, Duration::from_millis(300)),
                    )
                    .unwrap();
                speaker.finish(TurnId(1));
                "starved"
            }
            LoudspeakerEvent::Drained { .. } => "drained",
            _ => "other",
        });
    }
    assert_eq!(kinds, ["started", "starved", "drained"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wav_file_is_written_where_the_user_names_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reply.wav");
    let recording = go_forward();
    {
        let sound = libretto_audio::open(&settings("null", &format!("file:{}", path.display()))).unwrap();
        let speaker = sound.loudspeaker();
        let mut events = speaker.events();
        speaker.queue(TurnId(1), recording.clone()).unwrap();
        speaker.finish(TurnId(1));
        while !matches!(events.recv().await.unwrap(), LoudspeakerEvent::Drained { .. }) {}
    }
    let written = libretto_audio::decode::whole(&path, SampleRate::SPEECH).unwrap();
    assert!(correlate::find(&written, &recording).unwrap().likeness > 0.99);
}

#[test]
fn a_missing_judge_leaves_the_gate() {
    let mut settings = settings("null", "null");
    settings.models = "/nowhere".into();
    let sound = libretto_audio::open(&settings).unwrap();
    assert_eq!(sound.recorder().vad_in_use(), VadKind::Gate);
}

#[test]
fn the_table_names_what_it_knows() {
    for backend in BACKENDS.iter().filter(|b| matches!(b.name, "cpal" | "null")) {
        assert!(backend::source(backend.name).is_ok() && backend::sink(backend.name).is_ok());
    }
    let error = backend::source("gramophone").err().unwrap();
    assert!(
        error.to_string().contains("cpal, file, null, replay, fault"),
        "{error}"
    );
    assert_eq!(error.kind(), Kind::BadInput);
}

/// With or without a sound server: an answer soon, and a sentence where there is nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_systems_devices_are_told_soon() {
    let asked = Instant::now();
    let listing = libretto_audio::devices::list();
    assert!(asked.elapsed() < Duration::from_secs(8), "{listing:?}");
    if listing.is_ok_and(|listing| listing.inputs.is_empty()) {
        let sound = libretto_audio::open(&settings("cpal", "cpal")).unwrap();
        let mut session = sound.microphone().open();
        session.send(MicrophoneInput::Start).await.unwrap();
        let error = until(&mut session, |_| false).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Device, "{error}");
    }
}
