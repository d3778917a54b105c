//! Recordings of people, where the models lie, and how wrong a transcript is.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "it serves tests"
)]
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use libretto_ondevice::catalogue::Catalogue;
use libretto_ondevice::client::{EngineSettings, Engines, LanguageChoice, Models, RoleStatus};
use libretto_ondevice::wire::Role;
use libretto_voice::{Error, Session};

/// From the Debian package `pocketsphinx-testdata`: 16 kHz, 16 bit.
const RECORDINGS: &str = "/usr/share/pocketsphinx/test/data";

/// A recording and the words that are said in it.
pub(crate) struct Clip {
    pub(crate) name: &'static str,
    pub(crate) words: &'static str,
}

/// Read sentences, commands and playing cards, by several speakers.
pub(crate) const CLIPS: &[Clip] = &[
    Clip {
        name: "librivox/sense_and_sensibility_01_austen_64kb-0870.wav",
        words: "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do for them",
    },
    Clip {
        name: "librivox/sense_and_sensibility_01_austen_64kb-0880.wav",
        words: "he was not an ill disposed young man",
    },
    Clip {
        name: "librivox/sense_and_sensibility_01_austen_64kb-0890.wav",
        words: "unless to be rather cold hearted and rather selfish is to be ill disposed",
    },
    Clip {
        name: "librivox/sense_and_sensibility_01_austen_64kb-0920.wav",
        words: "had he married a more amiable woman he might have been made still more respectable than he was",
    },
    Clip {
        name: "librivox/sense_and_sensibility_01_austen_64kb-0930.wav",
        words: "he might even have been made amiable himself",
    },
    Clip {
        name: "goforward.raw",
        words: "go forward ten meters",
    },
    Clip {
        name: "something.raw",
        words: "go somewhere and do something",
    },
];

/// The samples of a recording.
pub(crate) fn recording(name: &str) -> Vec<f32> {
    let path = Path::new(RECORDINGS).join(name);
    let file = std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{} cannot be read ({error}). Install the Debian package pocketsphinx-testdata.",
            path.display()
        )
    });
    // A WAV file's header is 44 bytes here; the raw ones have none.
    let header = if name.starts_with("librivox") { 44 } else { 0 };
    let sample = |b: &[u8]| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0;
    file[header..].chunks_exact(2).map(sample).collect()
}

thread_local! {
    static MINE: RefCell<Option<MutexGuard<'static, ()>>> = const { RefCell::new(None) };
}

/// From now on to the end of this test, which has a thread of its own, no other test has models: they take all of the
/// processor, and their speed is measured.
fn alone() {
    static MODELS: Mutex<()> = Mutex::new(());
    MINE.with(|mine| {
        mine.borrow_mut()
            .get_or_insert_with(|| MODELS.lock().unwrap_or_else(PoisonError::into_inner));
    });
}

/// The folder of a model of the embedded set.
pub(crate) fn model(id: &str) -> PathBuf {
    alone();
    let cache = || {
        let chosen = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = || Path::new(&std::env::var_os("HOME").expect("no home folder")).join(".cache");
        chosen.unwrap_or_else(home).join("libretto/models")
    };
    let root = std::env::var_os("LIBRETTO_MODELS").map_or_else(cache, PathBuf::from);
    let dir = root.join(id);
    assert!(
        dir.is_dir(),
        "The model {id} is not in {}. Run ./dev test, which fetches it.",
        root.display()
    );
    dir
}

/// Lower-case words without punctuation.
pub(crate) fn words(text: &str) -> Vec<String> {
    let plain: String = text
        .to_lowercase()
        .chars()
        .map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' })
        .collect();
    let word = |w: &str| match w {
        "mr" => "mister".to_owned(),
        "metres" => "meters".to_owned(),
        "10" => "ten".to_owned(),
        other => other.to_owned(),
    };
    plain.split_whitespace().map(word).collect()
}

/// Words to insert, remove or exchange to make `heard` what was said.
pub(crate) fn errors(said: &str, heard: &str) -> usize {
    let (said, heard) = (words(said), words(heard));
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, word) in said.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in heard.iter().enumerate() {
            let change = diagonal + usize::from(word != other);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[heard.len()]
}

/// The engines with the real models and the program that was just built.
pub(crate) fn settings() -> EngineSettings {
    let catalogue = Catalogue::shipped().unwrap();
    let smollm = catalogue.get("smollm2-135m").unwrap();
    let mut settings = EngineSettings::new(Models {
        recogniser: model("moonshine-tiny-en"),
        language: LanguageChoice {
            file: model(&smollm.id).join(&smollm.files[0].name),
            chat: smollm.chat.unwrap(),
        },
        voice: model("hibari-heart"),
        turn: model("smart-turn-3.2"),
    });
    settings.program = Some(env!("CARGO_BIN_EXE_libretto-engine").into());
    settings.faults = true;
    // To measure with: LIBRETTO_THREADS=1 cargo test …
    settings.threads = std::env::var("LIBRETTO_THREADS")
        .ok()
        .and_then(|threads| threads.parse().ok());
    settings
}

/// Longer than anything should take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until a role's process has a model in memory.
pub(crate) async fn loaded(engines: &Engines, role: Role) {
    let began = Instant::now();
    let has = |status: &RoleStatus| status.role == role && !status.loaded.is_empty();
    while !engines.status().await.iter().any(has) {
        assert!(began.elapsed() < PATIENCE, "{role} loads nothing");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The next event of a session, which must come.
pub(crate) async fn event<I: Send + 'static, E: Send + 'static>(
    session: &mut Session<I, E>,
) -> Result<E, Error> {
    let next = tokio::time::timeout(PATIENCE, session.next())
        .await
        .expect("nothing came for a minute");
    next.expect("the session ended without its last event")
}
