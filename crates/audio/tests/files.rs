//! Sound files, and files that are none.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;

use libretto_audio::{AudioError, decode};
use libretto_testkit::{correlate, recordings};
use libretto_voice::{Audio, Kind, SampleRate};
use proptest::prelude::*;

fn go_forward() -> Audio {
    recordings::named("goforward").unwrap().audio().unwrap()
}

/// Writes the recording in another format with `sox`.
fn written(folder: &Path, name: &str, arguments: &[&str]) -> PathBuf {
    let wav = folder.join("source.wav");
    recordings::write_wav(&wav, &go_forward()).unwrap();
    let path = folder.join(name);
    let output = Command::new("sox")
        .arg(&wav)
        .args(arguments)
        .arg(&path)
        .output()
        .expect("sox is installed");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    path
}

#[test]
fn every_format_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let recording = go_forward();
    for (name, arguments) in [
        ("speech.wav", &["-r", "44100", "-c", "2", "-b", "24"][..]),
        ("speech8.wav", &["-r", "8000", "-b", "8"]),
        ("speech.flac", &["-r", "48000"]),
        ("speech.ogg", &["-r", "44100"]),
        // Not every machine can write these; they are shipped.
        ("go-forward.mp3", &[]),
        ("go-forward.m4a", &[]),
    ] {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/sounds")
            .join(name);
        let path = if shipped.exists() {
            shipped
        } else {
            written(folder.path(), name, arguments)
        };
        let decoded = decode::whole(&path, SampleRate::SPEECH).unwrap();
        let found = correlate::find(
            &decoded,
            &Audio::new(recording.rate, recording.samples[..30_000].to_vec()),
        )
        .unwrap();
        assert!(found.likeness > 0.9, "{name}: {found:?}");
        assert!(
            decoded.duration().abs_diff(recording.duration()).as_secs_f64() < 0.1,
            "{name}"
        );
    }
}

#[test]
fn blocks_need_no_memory_for_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), "long.flac", &["-r", "48000"]);
    let mut total = 0;
    for block in decode::file(&path, SampleRate::SPEECH).unwrap() {
        let block = block.unwrap();
        assert!(block.samples.len() < 8_000);
        total += block.samples.len();
    }
    assert!(total.abs_diff(go_forward().samples.len()) < 16);
    let bytes = std::fs::read(&path).unwrap();
    let of_bytes = decode::bytes(bytes, "standard input", SampleRate::SPEECH).unwrap();
    assert_eq!(of_bytes.map(|b| b.unwrap().samples.len()).sum::<usize>(), total);
}

#[test]
fn what_is_no_sound_is_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let with = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        decode::whole(&path, SampleRate::SPEECH).unwrap_err()
    };
    assert!(matches!(
        with("text.mp3", b"This is not a sound."),
        AudioError::NotAudio { .. }
    ));
    assert!(matches!(with("empty.wav", b""), AudioError::NotAudio { .. }));
    let picture = with("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    assert!(
        picture.to_string().contains("wav, mp3, flac, ogg and m4a"),
        "{picture}"
    );
    let missing = decode::whole(&folder.path().join("missing.wav"), SampleRate::SPEECH).unwrap_err();
    assert!(matches!(missing, AudioError::File { .. }) && missing.kind() == Kind::BadInput);
    assert!(matches!(
        decode::whole(folder.path(), SampleRate::SPEECH).unwrap_err(),
        AudioError::File { .. }
    ));
    let silent = folder.path().join("silent.wav");
    recordings::write_wav(&silent, &Audio::empty(SampleRate::SPEECH)).unwrap();
    assert!(matches!(
        decode::whole(&silent, SampleRate::SPEECH).unwrap_err(),
        AudioError::Empty { .. }
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Broken files end, with an error or with what could be read.
    #[test]
    fn no_file_panics(format in 0usize..3, cut in 0usize..20_000, at in 0usize..2_000, with in any::<[u8; 4]>()) {
        static FILES: std::sync::LazyLock<Vec<Vec<u8>>> = std::sync::LazyLock::new(|| {
            let folder = tempfile::tempdir().unwrap();
            let names = [("a.wav", "16000"), ("a.flac", "16000"), ("a.ogg", "16000")];
            names.iter().map(|(name, rate)| std::fs::read(written(folder.path(), name, &["-r", rate])).unwrap()).collect()
        });
        let mut bytes = FILES[format].clone();
        bytes.truncate(cut.max(4));
        let at = at.min(bytes.len() - 4);
        bytes[at..at + 4].copy_from_slice(&with);
        if let Ok(blocks) = decode::bytes(bytes, "broken", SampleRate::SPEECH) {
            let read: usize = blocks.take(1_000).map_while(Result::ok).map(|b| b.samples.len()).sum();
            prop_assert!(read < 10_000_000);
        }
    }
}
