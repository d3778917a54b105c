//! How much memory the engines take while a conversation runs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "it is a test"
)]

mod common;

use std::time::{Duration, Instant};

use common::{CLIPS, PATIENCE, event, recording, settings};
use libretto_ondevice::client::Engines;
use libretto_voice::{
    Audio, ChatEvent, ChatRequest, ListenEvent, ListenInput, ListenOptions, Message, Role, SampleRate,
    SpeakEvent, SpeakInput, SpeakOptions,
};

/// Both processes while they talk; the whole app has 550 MB, and the rest of it takes its share.
const LIMIT: u64 = 500_000_000;

/// How many bytes each process takes, once all have said so: one that is busy does not at once.
async fn memory(engines: &Engines) -> Vec<u64> {
    let began = Instant::now();
    loop {
        let status = engines.status().await;
        if let Some(memory) = status.iter().map(|role| role.memory).collect() {
            return memory;
        }
        assert!(began.elapsed() < PATIENCE, "{status:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn talking_takes_less_than_its_share() {
    let engines = Engines::new(settings());
    let mut most = 0;
    for clip in CLIPS {
        let began = Instant::now();
        let audio = Audio::new(SampleRate::SPEECH, recording(clip.name));
        let mut listening = engines.recogniser().listen(ListenOptions::default());
        listening.send(ListenInput::Audio(audio.clone())).await.unwrap();
        listening.send(ListenInput::Finish).await.unwrap();
        let mut said = String::new();
        loop {
            match event(&mut listening).await.unwrap() {
                ListenEvent::Segment(words) => said.push_str(&words.text),
                ListenEvent::Finished => break,
                _ => {}
            }
        }
        let heard = began.elapsed();
        engines.turn_detector().finished(audio).await.unwrap();
        let began = Instant::now();
        let instructions = "You are a helpful voice assistant. Answer in one short spoken sentence.";
        let messages = vec![
            Message::new(Role::System, instructions),
            Message::new(Role::User, said),
        ];
        let mut answering = engines.language_model().reply(ChatRequest {
            messages,
            ..ChatRequest::default()
        });
        let (mut answer, mut first) = (String::new(), Duration::ZERO);
        loop {
            match event(&mut answering).await.unwrap() {
                ChatEvent::Text(text) => {
                    if answer.is_empty() {
                        first = began.elapsed();
                    }
                    answer.push_str(&text);
                }
                ChatEvent::Finished(_) => break,
                _ => {}
            }
        }
        let answered = began.elapsed();
        let began = Instant::now();
        let mut speaking = engines.voice().speak(SpeakOptions::default());
        speaking.send(SpeakInput::Text(answer)).await.unwrap();
        speaking.send(SpeakInput::Finish).await.unwrap();
        while event(&mut speaking).await.unwrap() != SpeakEvent::Finished {}
        let spoken = began.elapsed();
        let memory = memory(&engines).await;
        println!(
            "{memory:?} bytes; heard in {heard:?}, first words in {first:?}, answered in {answered:?}, spoken in {spoken:?}"
        );
        most = most.max(memory.iter().sum());
    }
    assert!(most < LIMIT, "{most} bytes");
}
