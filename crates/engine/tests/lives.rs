//! The processes: how they come, die, come again and leave.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "it is a test"
)]

mod common;

use std::time::{Duration, Instant};

use common::{event, loaded, settings};
use libretto_ondevice::client::{EngineSettings, Engines, NAME};
use libretto_ondevice::wire::Role;
use libretto_voice::{
    Audio, ChatEvent, ChatRequest, Kind, ListenEvent, ListenInput, ListenOptions, Message, SampleRate,
    SpeakEvent, SpeakInput, SpeakOptions,
};

fn story() -> ChatRequest {
    let messages = vec![Message::new(
        libretto_voice::Role::User,
        "Tell me a long story about the sea.",
    )];
    ChatRequest {
        messages,
        ..ChatRequest::default()
    }
}

async fn speak(engines: &Engines, phrases: &[&str]) -> Vec<SpeakEvent> {
    let mut session = engines.voice().speak(SpeakOptions::default());
    for phrase in phrases {
        session.send(SpeakInput::Text((*phrase).into())).await.unwrap();
    }
    session.send(SpeakInput::Finish).await.unwrap();
    let mut events = Vec::new();
    while events.last() != Some(&SpeakEvent::Finished) {
        events.push(event(&mut session).await.unwrap());
    }
    events
}

async fn pids(engines: &Engines) -> Vec<Option<u32>> {
    engines
        .status()
        .await
        .into_iter()
        .map(|status| status.pid)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_runs_before_it_is_needed() {
    let engines = Engines::new(settings());
    assert_eq!(pids(&engines).await, [None, None]);
    engines.language_model().warm(&[]);
    let began = Instant::now();
    loaded(&engines, Role::Language).await;
    println!("the language model was ready after {:?}", began.elapsed());
    assert_eq!(pids(&engines).await[0], None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_mid_reply_is_told_and_healed() {
    let engines = Engines::new(settings());
    let model = engines.language_model();
    let mut session = model.reply(story());
    assert!(matches!(event(&mut session).await.unwrap(), ChatEvent::Text(_)));
    let first = pids(&engines).await[1];
    engines.crash(Role::Language).await.unwrap();
    let error = loop {
        if let Err(error) = event(&mut session).await {
            break error;
        }
    };
    println!("{error}");
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.can_retry());
    assert_eq!(error.origin(), Some(NAME));
    assert!(error.message().contains("language engine"));
    let mut session = model.reply(story());
    assert!(matches!(event(&mut session).await.unwrap(), ChatEvent::Text(_)));
    let status = &engines.status().await[1];
    assert_ne!(status.pid, first);
    assert_eq!(status.restarts, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_keeps_dying_is_left_alone_for_a_while() {
    let engines = Engines::new(settings());
    let model = engines.language_model();
    for _ in 0..3 {
        let mut session = model.reply(story());
        assert!(event(&mut session).await.is_ok());
        engines.crash(Role::Language).await.unwrap();
        while event(&mut session).await.is_ok() {}
    }
    let error = event(&mut model.reply(story())).await.unwrap_err();
    println!("{error}");
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.wait().is_some_and(|wait| wait <= Duration::from_secs(30)));
    // The other role has nothing to do with it.
    assert!(speak(&engines, &["Hello."]).await.len() > 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_idle_leaves() {
    let engines = Engines::new(EngineSettings {
        idle: Some(Duration::from_secs(2)),
        ..settings()
    });
    speak(&engines, &["Hello."]).await;
    assert!(pids(&engines).await[0].is_some());
    let began = Instant::now();
    while pids(&engines).await[0].is_some() {
        assert!(
            began.elapsed() < common::PATIENCE,
            "asking how it is must not keep it"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // And is there again.
    speak(&engines, &["Hello."]).await;
    // Whoever works stays.
    let mut listening = engines.recogniser().listen(ListenOptions::default());
    let audio = Audio::silence(SampleRate::SPEECH, Duration::from_secs(1));
    listening.send(ListenInput::Audio(audio)).await.unwrap();
    assert!(matches!(event(&mut listening).await.unwrap(), ListenEvent::Ready));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(pids(&engines).await[0].is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn they_leave_with_the_app() {
    let engines = Engines::new(settings());
    speak(&engines, &["Hello."]).await;
    let pid = pids(&engines).await[0].unwrap();
    drop(engines);
    let began = Instant::now();
    while alive(pid) {
        assert!(began.elapsed() < common::PATIENCE);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("it left after {:?}", began.elapsed());
}

/// On systems with `/proc`; elsewhere every process counts as gone.
fn alive(pid: u32) -> bool {
    std::fs::exists(format!("/proc/{pid}")).unwrap_or(false)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_missing_or_broken_is_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let mut missing = settings();
    missing.models.recogniser = dir.path().join("nowhere");
    missing.models.voice = dir.path().into();
    missing.models.turn = dir.path().into();
    missing.models.language.file = dir.path().join("model.gguf");
    for broken in [false, true] {
        if broken {
            std::fs::create_dir(dir.path().join("nowhere")).unwrap();
            for file in [
                "nowhere/encoder_model.onnx",
                "hibari.onnx",
                "smart-turn-v3.2-cpu.onnx",
                "model.gguf",
            ] {
                std::fs::write(dir.path().join(file), b"GGUF not a model").unwrap();
            }
        }
        let engines = Engines::new(missing.clone());
        let listening = event(&mut engines.recogniser().listen(ListenOptions::default()))
            .await
            .unwrap_err();
        let speaking = event(&mut engines.voice().speak(SpeakOptions::default()))
            .await
            .unwrap_err();
        let answering = event(&mut engines.language_model().reply(story()))
            .await
            .unwrap_err();
        let judging = engines
            .turn_detector()
            .finished(Audio::empty(SampleRate::SPEECH))
            .await
            .unwrap_err();
        for error in [listening, speaking, answering, judging] {
            println!("{error}");
            assert_eq!(error.kind(), Kind::Unavailable, "{error}");
            assert!(
                error.message().contains(&*dir.path().to_string_lossy()),
                "it names the file: {error}"
            );
            assert!(error.message().contains("again"), "it says what to do: {error}");
        }
        assert!(
            engines.status().await.iter().all(|status| status.restarts == 0),
            "nothing died of it"
        );
    }
    let nowhere = EngineSettings {
        program: Some(dir.path().join("engine")),
        ..settings()
    };
    let error = event(&mut Engines::new(nowhere).language_model().reply(story()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    println!("{error}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_recognised() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let (draft, program) = (dir.path().join("draft"), dir.path().join("engine"));
    for says in ["echo this is something else", "exit 3"] {
        std::fs::write(&draft, format!("#!/bin/sh\n{says}\n")).unwrap();
        std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o755)).unwrap();
        // Another test's child may inherit what this process has open for writing, and nothing that is can be started.
        let copied = std::process::Command::new("cp").args([&draft, &program]).status();
        assert!(copied.unwrap().success());
        let stranger = EngineSettings {
            program: Some(program.clone()),
            ..settings()
        };
        let error = event(&mut Engines::new(stranger).language_model().reply(story()))
            .await
            .unwrap_err();
        println!("{error}");
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_speaks_phrase_by_phrase_with_marks_over_the_whole_text() {
    let engines = Engines::new(settings());
    let phrases = ["Well, hello there. ", "It costs £3m, ", "they say."];
    let began = Instant::now();
    let events = speak(&engines, &phrases).await;
    println!("{:?}", began.elapsed());
    assert_eq!(events.first(), Some(&SpeakEvent::Ready));
    let text = phrases.concat();
    let (mut samples, mut marks) = (0, Vec::new());
    for event in events {
        match event {
            SpeakEvent::Audio(audio) => {
                assert_eq!(audio.rate, SampleRate::VOICE);
                samples += audio.samples.len() as u64;
            }
            SpeakEvent::Marks(more) => marks.extend(more),
            _ => {}
        }
    }
    assert!(
        marks
            .windows(2)
            .all(|pair| pair[0].text.end <= pair[1].text.start)
    );
    assert!(
        marks
            .windows(2)
            .all(|pair| pair[0].audio.end <= pair[1].audio.start)
    );
    assert_eq!(marks.last().unwrap().text.end, libretto_voice::text::count(&text));
    assert!(marks.last().unwrap().audio.end <= samples);
    let second = marks.iter().position(|mark| mark.text.start >= 19).unwrap();
    let pause = marks[second].audio.start - marks[second - 1].audio.end;
    // Between sentences a voice breathes.
    assert!(pause > 24 * 150, "{pause} samples");
}
