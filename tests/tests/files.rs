//! What a spoken conversation writes to the disk: no audio.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use libretto_testkit::{program, recordings, trace::Trace};
use libretto_tests::talk::WHOLE;
use libretto_tests::{Stage, Talk};

#[test]
fn no_audio_is_written() {
    let stage = Stage::new().unwrap();
    let trace = Trace::new().unwrap();
    let mut command = trace.command(&program::binary("libretto-cli").unwrap());
    command.args(["--json", "listen"]).envs(stage.env().unwrap());
    let mut talk = Talk::of(&mut command).unwrap();
    let recording = recordings::named("librivox-0890").unwrap();
    let audio = recording.audio().unwrap();
    talk.key_down().unwrap();
    stage.card.speak(&audio).unwrap().wait();
    talk.send("key_up").unwrap();
    let turn = talk.wait_for_turn(WHOLE).unwrap();
    assert_eq!(turn.end, "complete", "{turn:#?}");
    talk.quit().unwrap();
    let writes = trace.writes().unwrap();
    println!("files written: {writes:#?}");
    // Half a second of speech in the tightest form in which we have it: 16 kHz, 16 bit. What is known to be text (the
    // history, its index and log) may be larger; everything else must be smaller.
    let audio = 16_000;
    for (path, written) in &writes {
        let name = path.to_string_lossy();
        let text = name.contains("history") || name.ends_with(".toml");
        let inside = path.starts_with(stage.home.path());
        assert!(inside, "it writes outside of its own folders: {name}");
        assert!(
            text || (written.bytes < audio && !written.mapped),
            "{name}: {written:?}"
        );
    }
    for file in writes.keys().filter(|path| path.is_file()) {
        let bytes = std::fs::read(file).unwrap();
        let magic = [&b"RIFF"[..], b"OggS", b"fLaC", b"ID3"];
        assert!(
            !magic.iter().any(|magic| bytes.starts_with(magic)),
            "{}",
            file.display()
        );
        assert!(
            !holds(&bytes, &samples(&recording)),
            "{} holds what was said",
            file.display()
        );
    }
}

/// A tenth of a second from the middle of what was said, as it comes from the microphone's file.
fn samples(recording: &libretto_testkit::Recording) -> Vec<u8> {
    let audio = recording.audio().unwrap();
    let middle = audio.samples.len() / 2;
    let piece = libretto_voice::Audio::new(audio.rate, audio.samples[middle..middle + 1_600].to_vec());
    piece.to_pcm16()
}

fn holds(bytes: &[u8], piece: &[u8]) -> bool {
    bytes.windows(piece.len()).any(|window| window == piece)
}
