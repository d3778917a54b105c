//! The settings file on a real disk: what a person wrote stays, what is wrong is told, nothing is lost.
#![allow(clippy::float_cmp, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libretto_store::settings::{self, Mode, VERSION, VadKind, Value, documented};
use libretto_store::{Environment, Error, Places, Settings, SettingsFile, Subject};
use libretto_voice::Kind;
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(text: impl AsRef<[u8]>) -> Self {
        let folder = Self::new();
        fs::write(folder.file(), text).unwrap();
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self) -> PathBuf {
        self.path().join("settings.toml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    fn open(&self) -> SettingsFile {
        self.open_with(&[])
    }

    fn open_with(&self, variables: &[(&str, &str)]) -> SettingsFile {
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        SettingsFile::open(Environment::of(
            variables,
            &[self.path().join(".env")],
            Places::within(self.path()),
        ))
    }

    /// Names of other files in the folder that hold `what`.
    fn aside(&self, what: &str) -> Vec<PathBuf> {
        let files = fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        files
            .filter(|path| path.file_name().unwrap().to_string_lossy().contains(what))
            .collect()
    }
}

#[test]
fn without_a_file_the_defaults_count_and_no_file_is_made() {
    let folder = Folder::new();
    let file = folder.open();
    assert_eq!(*file.get(), Settings::default());
    assert!(file.notices().is_empty(), "{:?}", file.notices());
    assert!(!folder.file().exists());
    let vad = &file.get().vad;
    assert_eq!(
        (vad.min_speech, vad.min_silence, vad.padding),
        (0.1, 0.3, 0.1),
        "the seeds' own"
    );
}

#[test]
fn one_change_leaves_the_rest_of_the_file_as_it_was() {
    let text = "# mine\nversion = 1\n\n[vad] # voice\n# how sure\nthreshold = 0.7  # quite\nfuture = \"kept\"\n\n\
                [later]\nthing = [1, 2]\n\n[[conversation.personas]]\nname = \"Ada\"\nhat = true\n";
    let folder = Folder::with(text);
    let file = folder.open();
    file.update(|s| s.vad.threshold = 0.8).unwrap();
    assert_eq!(folder.text(), text.replace("0.7", "0.8"));
    file.update(|s| s.loudspeaker.volume = 0.5).unwrap();
    assert!(
        folder.text().starts_with(&text.replace("0.7", "0.8")),
        "{}",
        folder.text()
    );
    assert!(
        folder.text().ends_with("[loudspeaker]\nvolume = 0.5\n"),
        "{}",
        folder.text()
    );
    // An entry of a list keeps what nobody knows of it, also when others come before it.
    file.update(|s| {
        let mut other = s.conversation.personas[0].clone();
        other.name = "Bob".into();
        s.conversation.personas[0].speed = Some(1.5);
        s.conversation.personas.insert(0, other);
    })
    .unwrap();
    let text = folder.text();
    let (bob, ada) = (text.find("Bob").unwrap(), text.find("Ada").unwrap());
    assert!(bob < ada && ada < text.find("hat = true").unwrap(), "{text}");
    let again = folder.open();
    assert_eq!(again.get(), file.get());
    assert_eq!(again.get().conversation.personas[1].speed, Some(1.5));
}

#[test]
fn a_new_file_is_private_and_begins_with_what_it_is() {
    let folder = Folder::new();
    let config = folder.path().join("not/yet");
    let file = SettingsFile::open(Environment::of([], &[], Places::within(&config)));
    file.update(|s| s.conversation.mode = Mode::HandsFree).unwrap();
    let text = fs::read_to_string(config.join("settings.toml")).unwrap();
    assert_eq!(
        text,
        format!(
            "# Libretto's settings. What is not in here is as by default.\nversion = {VERSION}\n\n\
                 [conversation]\nmode = \"hands_free\"\n"
        )
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&config.join("settings.toml")), 0o600);
        assert_eq!(mode(&config), 0o700);
    }
}

#[test]
fn a_wrong_value_falls_back_alone() {
    let folder = Folder::with(
        "version = 1\n[vad]\nkind = \"magic\"\nthreshold = 7\nmin_speech = nan\nmin_silence = 0.4\n\
         [conversation]\nbarge_in = \"yes\"\n[[conversation.personas]]\nname = 3\n[[conversation.personas]]\n\
         name = \"Ada\"\nspeed = 99\n[recogniser]\nproviders = [\"deepgram\", 5, \"on-device\"]\n[appearance]\n\
         theem = \"dark\"\n",
    );
    let file = folder.open();
    let settings = file.get();
    assert_eq!(settings.vad.kind, VadKind::Both);
    assert_eq!(settings.vad.threshold, 0.5);
    assert_eq!(settings.vad.min_speech, 0.1);
    assert_eq!(settings.vad.min_silence, 0.4);
    assert!(settings.conversation.barge_in);
    assert_eq!(settings.conversation.personas.len(), 1);
    assert_eq!(settings.conversation.personas[0].speed, None);
    assert_eq!(settings.recogniser.providers, ["deepgram", "on-device"]);
    let notices = file.notices();
    let about = |key: &str| {
        notices
            .iter()
            .find(|n| n.key.as_deref() == Some(key))
            .unwrap_or_else(|| panic!("{key}"))
    };
    let threshold = about("vad.threshold");
    assert_eq!(threshold.line, Some(4));
    assert_eq!(
        threshold.sentence,
        "`vad.threshold` on line 4 is 7, but must be a number from 0 to 1; 0.5 counts instead."
    );
    assert!(
        about("vad.kind")
            .sentence
            .contains("one of \"both\", \"gate\", \"judge\"")
    );
    assert_eq!(about("conversation.personas.0.name").line, Some(10));
    assert_eq!(about("conversation.personas.1.speed").line, Some(13));
    assert_eq!(about("recogniser.providers.1").line, Some(15));
    assert!(
        about("appearance.theem")
            .sentence
            .contains("no setting that Libretto knows")
    );
    // Nothing was written: the user's file is the user's.
    assert!(folder.text().contains("threshold = 7"));
    // A change elsewhere leaves the wrong values for the user to mend.
    file.update(|s| s.loudspeaker.volume = 0.3).unwrap();
    assert!(folder.text().contains("threshold = 7") && folder.text().contains("theem"));
}

#[test]
fn a_broken_file_is_kept_aside() {
    let large = vec![0; 2 << 20];
    let inputs: [&[u8]; 4] = [
        b"[vad\nthreshold = 0.6",
        b"\xff\xfe\x00v",
        b"a = 1\na = 2\n",
        &large,
    ];
    for (index, bytes) in inputs.into_iter().enumerate() {
        let folder = Folder::with(bytes);
        let file = folder.open();
        assert_eq!(*file.get(), Settings::default(), "{index}");
        let notices = file.notices();
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert_eq!(notices[0].subject, Subject::Settings);
        let aside = folder.aside("broken-");
        assert_eq!(aside.len(), 1);
        assert!(
            notices[0].sentence.contains(&*aside[0].to_string_lossy()),
            "{}",
            notices[0].sentence
        );
        assert_eq!(fs::read(&aside[0]).unwrap(), bytes);
        file.update(|s| s.vad.threshold = 0.9).unwrap();
        assert_eq!(folder.open().get().vad.threshold, 0.9);
    }
}

#[test]
fn what_is_out_of_bounds_is_refused_and_changes_nothing() {
    let folder = Folder::new();
    let file = folder.open();
    let error = file.update(|s| {
        s.vad.padding = 1.0;
        s.vad.threshold = 2.0;
    });
    let error = error.unwrap_err();
    assert_eq!(error.kind(), Kind::BadInput);
    assert_eq!(
        error.to_string(),
        "The setting vad.threshold cannot be 2.0: it must be a number from 0 to 1. It was left as it is."
    );
    assert!(matches!(
        file.update(|s| s.network.wait = f64::NAN),
        Err(Error::Value { .. })
    ));
    assert_eq!(*file.get(), Settings::default());
    assert!(!folder.file().exists());
}

#[test]
fn values_from_a_window() {
    let folder = Folder::new();
    let file = folder.open();
    file.put("voice.speed", 1.5.into()).unwrap();
    let personas = serde_json::json!([{ "name": "Pirate", "speed": 0.9 }]);
    file.put("conversation.personas", personas).unwrap();
    file.put("hotkeys", serde_json::json!({ "talk": "F9" })).unwrap();
    let settings = file.get();
    assert_eq!(settings.voice.speed, 1.5);
    assert_eq!(settings.conversation.personas[0].name, "Pirate");
    assert_eq!(settings.hotkeys.talk, "F9");
    assert_eq!(
        settings.hotkeys.cancel, "Escape",
        "what a section leaves out is as by default"
    );
    let wrong = file.put("voice.speed", "fast".into()).unwrap_err();
    assert!(matches!(wrong, Error::Value { .. }), "{wrong}");
    assert!(matches!(
        file.put("voice.colour", 1.into()),
        Err(Error::NoSuchSetting(_))
    ));
    file.put("voice.speed", serde_json::Value::Null).unwrap();
    assert_eq!(file.get().voice.speed, 1.0, "null takes it out");
    assert_eq!(file.undo().unwrap().unwrap().keys, ["voice.speed"]);
    assert_eq!(file.get().voice.speed, 1.5);
    assert_eq!(
        (
            settings::defaults()["voice"]["speed"].as_f64(),
            settings::schema()["type"].as_str()
        ),
        (Some(1.0), Some("object"))
    );
}

#[test]
fn typed_values() {
    let folder = Folder::new();
    let file = folder.open();
    file.set("vad.threshold", "0.25").unwrap();
    file.set("voice.providers", "openai, on-device").unwrap();
    file.set("recogniser.vocabulary", "[\"Libretto\", \"Aida, too\"]")
        .unwrap();
    file.set("conversation.system_prompt", "Speak like a pirate.")
        .unwrap();
    file.set("conversation.persona", "42").unwrap();
    file.set("conversation.barge_in", "false").unwrap();
    file.set("providers.elevenlabs.base_url", "http://127.0.0.1:9999")
        .unwrap();
    file.set("providers.elevenlabs.latency", "3").unwrap();
    let settings = file.get();
    assert_eq!(settings.vad.threshold, 0.25);
    assert_eq!(settings.voice.providers, ["openai", "on-device"]);
    assert_eq!(settings.recogniser.vocabulary, ["Libretto", "Aida, too"]);
    assert_eq!(settings.conversation.system_prompt, "Speak like a pirate.");
    assert_eq!(settings.conversation.persona.as_deref(), Some("42"));
    assert!(!settings.conversation.barge_in);
    assert_eq!(
        settings.provider("elevenlabs").text("base_url"),
        Some("http://127.0.0.1:9999")
    );
    assert_eq!(settings.provider("elevenlabs").number("latency"), Some(3.0));
    assert_eq!(settings.provider("elevenlabs").0["latency"], Value::Integer(3));
    assert!(settings.provider("nobody").0.is_empty());
    assert_eq!(file.value("vad.threshold").unwrap(), 0.25);
    assert!(file.value("voice.model").unwrap().is_null());
    assert_eq!(folder.open().get(), settings);

    assert!(matches!(
        file.set("vad.threshold", "loud"),
        Err(Error::Value { .. })
    ));
    assert!(matches!(
        file.set("conversation.mode", "psychic"),
        Err(Error::Value { .. })
    ));
    for key in [
        "",
        ".",
        "vad.",
        "vad.treshold",
        "nothing",
        "vad.threshold.deep",
        "version",
    ] {
        assert!(
            matches!(file.set(key, "1"), Err(Error::NoSuchSetting(_))),
            "{key}"
        );
    }
    file.reset("vad.threshold").unwrap();
    file.reset("providers.elevenlabs").unwrap();
    assert_eq!(file.get().vad.threshold, 0.5);
    assert!(!folder.text().contains("elevenlabs"));
}

#[test]
fn the_last_change_can_be_undone_and_the_one_before() {
    let text = "version = 1\n[vad]\n# sure\nthreshold = 0.7 # quite\n";
    let folder = Folder::with(text);
    let file = folder.open();
    file.update(|s| {
        s.vad.threshold = 0.1;
        s.vad.padding = 0.2;
    })
    .unwrap();
    file.reset("vad.threshold").unwrap();
    file.update(|s| s.hotkeys.talk = "F9".into()).unwrap();
    // Somebody edits the file meanwhile: that stays.
    fs::write(
        folder.file(),
        format!("{}\n[microphone]\nkeep_warm = 5\n", folder.text()),
    )
    .unwrap();
    assert_eq!(file.undo().unwrap().unwrap().keys, ["hotkeys.talk"]);
    assert_eq!(file.get().hotkeys.talk, "Ctrl+Shift+Space");
    assert_eq!(file.get().microphone.keep_warm, 5.0);
    assert_eq!(file.undo().unwrap().unwrap().keys, ["vad.threshold"]);
    assert_eq!(file.get().vad.threshold, 0.1);
    assert_eq!(
        file.undo().unwrap().unwrap().keys,
        ["vad.threshold", "vad.padding"]
    );
    assert_eq!(file.get().vad.threshold, 0.7);
    assert!(folder.text().starts_with(text), "{}", folder.text());
    assert_eq!(file.undo().unwrap(), None);
}

#[test]
fn one_deed_is_one_change_whatever_it_sets() {
    let folder = Folder::with("version = 1\n[conversation]\nmemory = 7 # mine\n");
    let file = folder.open();
    let ada = serde_json::json!([{ "name": "Ada", "speed": 1.2 }]);
    let deed = serde_json::json!({ "personas": ada, "persona": "Ada" });
    assert_eq!(file.put("conversation", deed).unwrap(), Some(1));
    assert_eq!(file.get().persona().map(|p| p.name.as_str()), Some("Ada"));
    assert_eq!(file.get().conversation.memory, 7, "what is not named stays");
    assert!(folder.text().contains("# mine"), "{}", folder.text());
    // She is renamed, and then removed.
    let bea = serde_json::json!([{ "name": "Bea", "speed": 1.2 }]);
    file.put(
        "conversation",
        serde_json::json!({ "personas": bea, "persona": "Bea" }),
    )
    .unwrap();
    let none = serde_json::json!({ "personas": [], "persona": null });
    assert_eq!(file.put("conversation", none).unwrap(), Some(3));
    assert_eq!(file.get().conversation.personas, []);
    for name in [Some("Bea"), Some("Ada"), None] {
        file.undo().unwrap().unwrap();
        assert_eq!(file.get().persona().map(|p| p.name.as_str()), name);
    }
    let wrong = serde_json::json!({ "memory": 3, "tail": 99 });
    assert!(matches!(
        file.put("conversation", wrong),
        Err(Error::Value { .. })
    ));
    assert_eq!(file.get().conversation.memory, 7, "all of it or nothing");
    assert_eq!(file.undo().unwrap(), None);
}

/// What was deleted does not come back with the number, and to undo a longer time would delete more, unasked.
#[test]
fn how_long_conversations_are_kept_is_changed_by_hand_only() {
    let folder = Folder::new();
    let file = folder.open();
    assert_eq!(file.put("voice.speed", 1.5.into()).unwrap(), Some(1));
    assert_eq!(file.put("history.keep_days", 30.into()).unwrap(), None);
    assert_eq!(file.update(|s| s.history.keep_days = 90).unwrap(), None);
    assert_eq!(file.undo().unwrap().unwrap().keys, ["voice.speed"]);
    assert_eq!(file.undo().unwrap(), None);
    assert_eq!(file.get().history.keep_days, 90);
    // What else is changed with it can be undone alone.
    let both = serde_json::json!({ "keep_days": 7, "store_alignment": false });
    assert_eq!(file.put("history", both).unwrap(), Some(2));
    assert_eq!(file.undo().unwrap().unwrap().keys, ["history.store_alignment"]);
    assert_eq!(file.get().history.keep_days, 7);
    assert_eq!(file.reset("history").unwrap(), None);
    assert_eq!((file.get().history.keep_days, file.undoable()), (0, None));
}

#[test]
fn what_changes_nothing_is_no_change() {
    let folder = Folder::new();
    let file = folder.open();
    assert_eq!(file.put("voice.speed", 1.5.into()).unwrap(), Some(1));
    assert_eq!(file.put("voice.speed", 1.5.into()).unwrap(), None);
    assert_eq!(file.update(|s| s.voice.speed = 1.5).unwrap(), None);
    assert_eq!(file.reset("vad.padding").unwrap(), None);
    // It is written, for it may be meant to stay; nothing sounds different.
    assert_eq!(file.put("loudspeaker.volume", 1.0.into()).unwrap(), None);
    assert!(folder.text().contains("volume = 1.0"), "{}", folder.text());
    assert_eq!(file.undoable(), Some(1));
    assert_eq!(file.undo().unwrap().unwrap().keys, ["voice.speed"]);
    assert_eq!(file.undoable(), None);
    assert_eq!(
        file.set("voice.speed", "1.5").unwrap(),
        Some(2),
        "no number twice"
    );
}

#[test]
fn each_change_has_a_number_of_its_own_however_many_are_made_at_once() {
    let folder = Folder::new();
    let file = folder.open();
    let numbers = std::thread::scope(|scope| {
        let changers: Vec<_> = (0..4)
            .map(|index| {
                let file = &file;
                scope.spawn(move || {
                    let change = |round| file.set(&format!("providers.p{index}.k"), &format!("{round}"));
                    (0..10)
                        .map(|round| change(round).unwrap().unwrap())
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        changers
            .into_iter()
            .map(|changer| changer.join().unwrap())
            .collect::<Vec<_>>()
    });
    let mut all: Vec<u64> = numbers.iter().flatten().copied().collect();
    all.sort_unstable();
    assert_eq!(all, (1..=40).collect::<Vec<_>>());
    // And it is that change's: the last of each takes that one's value back.
    for (index, own) in numbers.iter().enumerate() {
        let undone = file.undo_change(*own.last().unwrap()).unwrap().unwrap();
        assert_eq!(undone.keys, [format!("providers.p{index}.k")]);
    }
}

#[test]
fn an_older_change_is_undone_alone_and_one_that_was_changed_again_not_at_all() {
    let folder = Folder::new();
    let file = folder.open();
    file.put("appearance.theme", "dark".into()).unwrap();
    file.put("voice.speed", 1.5.into()).unwrap();
    file.put("vad", serde_json::json!({ "threshold": 0.3, "padding": 0.4 }))
        .unwrap();
    file.put("voice.speed", 2.0.into()).unwrap();
    file.put("vad.padding", 0.5.into()).unwrap();
    assert_eq!(file.undo_change(1).unwrap().unwrap().keys, ["appearance.theme"]);
    assert_eq!(file.get().voice.speed, 2.0, "what came later stays");
    assert_eq!(file.undo_change(1).unwrap(), None, "once");
    assert_eq!(file.undo_change(2).unwrap(), None);
    assert_eq!(file.get().voice.speed, 2.0);
    assert_eq!(file.undo_change(3).unwrap().unwrap().keys, ["vad.threshold"]);
    assert_eq!(file.get().vad.padding, 0.5);
    // The later one taken back, the earlier one can be.
    assert_eq!(file.undo_change(4).unwrap().unwrap().keys, ["voice.speed"]);
    assert_eq!(file.undo_change(2).unwrap().unwrap().keys, ["voice.speed"]);
    assert_eq!(file.get().voice.speed, 1.0);
    assert_eq!(file.undo_change(99).unwrap(), None);
    assert_eq!(file.undoable(), Some(5));
}

#[test]
fn the_environment_stands_between_defaults_and_file() {
    let folder =
        Folder::with("version = 1\n[vad]\nmin_speech = 0.9\n[providers.elevenlabs]\nvoice = \"mine\"\n");
    fs::write(
        folder.path().join(".env"),
        "VAD_PADDING_DURATION=0.7\nTTS_VOICE=nova\n=broken=\nSYSTEM_PROMPT='You are a friendly travel assistant.'\n",
    )
    .unwrap();
    let file = folder.open_with(&[
        ("VAD_MIN_SPEECH_DURATION", "0.2"),
        ("VAD_MIN_SILENCE_DURATION", "0.4"),
        ("TTS_VOICE", "alloy"),
        ("STT_PROVIDER", "OpenAI"),
        ("LLM_PROVIDER", "on-device, openai"),
        ("ELEVENLABS_DEFAULT_VOICE_ID", "first"),
        ("ELEVEN_VOICE_ID", "second"),
        ("ELEVEN_OPTIMIZE_LATENCY", "3"),
        ("ELEVENLABS_REALTIME_ENABLED", "maybe"),
    ]);
    let settings = file.get();
    assert_eq!(settings.vad.min_speech, 0.9, "the file counts first");
    assert_eq!(settings.vad.min_silence, 0.4);
    assert_eq!(settings.vad.padding, 0.7, "from .env");
    assert_eq!(
        settings.voice.voice.as_deref(),
        Some("alloy"),
        "the process before .env"
    );
    assert_eq!(
        settings.conversation.system_prompt,
        "You are a friendly travel assistant."
    );
    assert_eq!(settings.recogniser.providers, ["openai", "on-device"]);
    assert_eq!(settings.model.providers, ["on-device", "openai"]);
    assert_eq!(settings.provider("elevenlabs").text("voice"), Some("mine"));
    assert_eq!(
        settings.provider("elevenlabs").number("optimize_latency"),
        Some(3.0)
    );
    let notices = file.notices();
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(notices.iter().all(|n| n.subject == Subject::Environment));
    assert!(notices.iter().any(|n| {
        n.sentence
            .starts_with("ELEVENLABS_REALTIME_ENABLED must be true or false")
    }));
    // A change writes only itself, not what the environment said.
    file.update(|s| s.loudspeaker.volume = 0.5).unwrap();
    assert!(!folder.text().contains("alloy"));
    file.reset("vad.min_speech").unwrap();
    assert_eq!(file.get().vad.min_speech, 0.2);
}

#[test]
fn bad_variables_are_told_and_passed_over() {
    let folder = Folder::new();
    let file = folder.open_with(&[
        ("VAD_MIN_SPEECH_DURATION", "soon"),
        ("VAD_PADDING_DURATION", "-1"),
    ]);
    assert_eq!(*file.get(), Settings::default());
    let sentences: Vec<_> = file.notices().into_iter().map(|n| n.sentence).collect();
    assert!(
        sentences
            .contains(&"VAD_PADDING_DURATION must be a number from 0 to 5; it was passed over.".to_owned())
    );
    assert_eq!(sentences.len(), 2);
}

#[test]
fn the_first_draft_is_migrated() {
    let frozen = include_str!("frozen/settings-0.toml");
    let folder = Folder::with(frozen);
    let file = folder.open();
    let settings = file.get();
    assert_eq!(settings.conversation.mode, Mode::HandsFree);
    assert_eq!(settings.conversation.system_prompt, "You are a polite butler.");
    assert_eq!(settings.recogniser.providers, ["deepgram", "on-device"]);
    assert_eq!(settings.model.providers, ["on-device"]);
    assert_eq!(settings.voice.providers, ["elevenlabs", "on-device"]);
    assert_eq!(settings.voice.voice.as_deref(), Some("JBFqnCBsd6RMkjVDRZzb"));
    assert_eq!(settings.microphone.device.as_deref(), Some("usb-mic"));
    assert_eq!(settings.loudspeaker.volume, 0.8);
    assert_eq!((settings.vad.threshold, settings.vad.min_speech), (0.6, 0.25));
    assert_eq!((settings.vad.min_silence, settings.vad.padding), (0.5, 0.1));
    let text = folder.text();
    for kept in [
        "# My settings",
        "colour = \"green\"   # nobody",
        "# Keep it polite.",
        "# and brief",
        "mood = \"sunny\"",
    ] {
        assert!(text.contains(kept), "{kept} is gone from\n{text}");
    }
    assert!(
        text.contains("version = 1") && !text.contains("_ms") && !text.contains("[audio]"),
        "{text}"
    );
    let old = folder.aside("old-");
    assert_eq!(fs::read_to_string(&old[0]).unwrap(), frozen);
    assert!(
        file.notices()
            .iter()
            .any(|n| n.sentence.contains("brought to the present layout"))
    );
    // Once is enough.
    let again = folder.open();
    assert_eq!(again.get(), settings);
    assert_eq!(folder.aside("old-").len(), 1);
}

#[test]
fn a_file_of_a_newer_libretto_is_used_as_far_as_it_is_known() {
    let folder = Folder::with("version = 99\n[vad]\nthreshold = 0.6\nmood = \"new\"\n");
    let file = folder.open();
    assert_eq!(file.get().vad.threshold, 0.6);
    assert!(file.notices()[0].sentence.contains("newer Libretto"));
    file.update(|s| s.vad.threshold = 0.4).unwrap();
    assert_eq!(
        folder.text(),
        "version = 99\n[vad]\nthreshold = 0.4\nmood = \"new\"\n"
    );
}

#[test]
fn keys_in_the_settings_are_told_but_not_shown() {
    let folder = Folder::with("version = 1\n[providers.openai]\napi_key = \"sk-planted-0123456789\"\n");
    let notices = folder.open().notices();
    assert_eq!(
        (notices.len(), notices[0].line, notices[0].subject),
        (1, Some(3), Subject::Secrets)
    );
    assert!(!format!("{notices:?}").contains("planted"));
}

#[test]
fn changes_that_cannot_be_written_hold_and_are_written_later() {
    let folder = Folder::new();
    // A file stands where the folder should be.
    let config = folder.path().join("config");
    fs::write(&config, "in the way").unwrap();
    let file = SettingsFile::open(Environment::of([], &[], Places::within(&config)));
    let error = file.update(|s| s.vad.threshold = 0.3).unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(
        error
            .to_string()
            .starts_with("The change holds until Libretto ends"),
        "{error}"
    );
    assert_eq!(file.get().vad.threshold, 0.3);
    fs::remove_file(&config).unwrap();
    // Meanwhile somebody else wrote a file: both count.
    fs::create_dir(&config).unwrap();
    fs::write(
        config.join("settings.toml"),
        "version = 1\n[microphone]\nkeep_warm = 1\n",
    )
    .unwrap();
    file.update(|s| s.loudspeaker.volume = 0.2).unwrap();
    let again = SettingsFile::open(Environment::of([], &[], Places::within(&config))).get();
    assert_eq!(
        (
            again.vad.threshold,
            again.loudspeaker.volume,
            again.microphone.keep_warm
        ),
        (0.3, 0.2, 1.0)
    );
}

#[test]
fn who_watches_learns_of_changes_and_of_nothing_else() {
    let folder = Folder::new();
    let file = folder.open();
    let mut watch = file.watch();
    watch.mark_unchanged();
    file.update(|_| {}).unwrap();
    assert!(!watch.has_changed().unwrap());
    file.update(|s| s.appearance.text_size = 1.25).unwrap();
    assert!(watch.has_changed().unwrap());
    assert_eq!(watch.borrow_and_update().appearance.text_size, 1.25);
    fs::write(folder.file(), "version = 1\n").unwrap();
    assert!(file.reload());
    assert_eq!(watch.borrow_and_update().appearance.text_size, 1.0);
    assert!(!file.reload());
}

/// Somebody saves the file in the middle of an edit, or made a mistake in it.
#[test]
fn a_file_that_is_broken_while_it_is_edited_stays_where_it_is_and_what_counted_counts() {
    let folder = Folder::with("version = 1\n[vad]\nthreshold = 0.7\n");
    let file = folder.open();
    let mut watch = file.watch();
    watch.mark_unchanged();
    let broken = "version = 1\n[vad]\nthreshold = \n[voice]\nspeed = 1.5\n";
    fs::write(folder.file(), broken).unwrap();
    assert!(!file.reload());
    assert_eq!(file.get().vad.threshold, 0.7);
    assert_eq!(
        (folder.text(), folder.aside("broken-")),
        (broken.to_owned(), vec![])
    );
    assert!(watch.has_changed().unwrap(), "who shows notices is told");
    let notices = file.notices();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(
        notices[0].sentence.contains("line 3") && notices[0].sentence.contains("stay as they were"),
        "{notices:?}"
    );
    // What is set meanwhile counts, is not written over the edit, and is said not to be written yet.
    let error = file.update(|s| s.loudspeaker.volume = 0.5).unwrap_err();
    assert!(matches!(error, Error::NotSaved { .. }), "{error}");
    assert_eq!(
        (file.get().loudspeaker.volume, folder.text().as_str()),
        (0.5, broken)
    );
    assert_eq!(file.notices(), notices);
    // The edit is finished: all of it counts, and what was set meanwhile is written.
    fs::write(
        folder.file(),
        broken.replace("threshold = \n", "threshold = 0.2\n"),
    )
    .unwrap();
    assert!(file.reload());
    let now = file.get();
    assert_eq!(
        (now.vad.threshold, now.voice.speed, now.loudspeaker.volume),
        (0.2, 1.5, 0.5)
    );
    assert!(file.notices().is_empty(), "{:?}", file.notices());
    assert_eq!(folder.open().get(), now);
    // So it is with one that has become too large, or no text.
    for bytes in [vec![b'#'; 2 << 20], vec![0xff]] {
        fs::write(folder.file(), &bytes).unwrap();
        assert!(!file.reload());
        assert!(file.update(|s| s.voice.speed = 2.0).is_err());
        assert_eq!(fs::read(folder.file()).unwrap(), bytes);
    }
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let folder = Folder::with("version = 1\n[vad]\nthreshold = 0.7\n");
    let file = folder.open();
    // A provider's own values are of any length; together they are more than is read.
    for index in 0..3 {
        let text = "x".repeat(300_000);
        file.put(&format!("providers.p{index}.k"), text.into()).unwrap();
    }
    let (before, text) = (file.get(), folder.text());
    let more = serde_json::json!("x".repeat(300_000));
    let error = file.put("providers.p3.k", more).unwrap_err();
    assert!(matches!(error, Error::SettingsFull(_)), "{error}");
    assert_eq!(error.kind(), Kind::BadInput);
    assert_eq!((file.get(), folder.text()), (before, text));
    // It goes on being a file like any other.
    file.reset("providers.p0").unwrap();
    file.update(|s| s.vad.threshold = 0.8).unwrap();
    assert_eq!(folder.open().get().vad.threshold, 0.8);
    // What a person types has bounds of its own.
    for (key, value) in [
        ("recogniser.vocabulary", serde_json::json!(["a".repeat(201)])),
        ("voice.voice", "a".repeat(1001).into()),
        ("hotkeys.talk", "a".repeat(1001).into()),
        (
            "conversation.personas",
            vec![serde_json::json!({ "name": "Ada" }); 201].into(),
        ),
        ("voice.providers", serde_json::json!(["a".repeat(65)])),
    ] {
        let error = file.put(key, value).unwrap_err();
        assert!(matches!(error, Error::Value { .. }), "{key}: {error}");
    }
}

#[test]
fn many_writers_lose_nothing() {
    let folder = Folder::new();
    let file = Arc::new(folder.open());
    let other = Arc::new(folder.open());
    std::thread::scope(|scope| {
        for (index, file) in [&file, &other, &file, &other].into_iter().enumerate() {
            scope.spawn(move || {
                for round in 0..10 {
                    file.set(&format!("providers.p{index}.k{round}"), "1").unwrap();
                }
            });
        }
    });
    let settings = folder.open().get();
    assert_eq!(settings.providers.values().map(|p| p.0.len()).sum::<usize>(), 40);
}

#[test]
fn the_reference_file_is_in_step() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("settings.example.toml");
    if std::env::var_os("LIBRETTO_BLESS").is_some() {
        fs::write(&path, documented()).unwrap();
    }
    let shipped = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        shipped,
        documented(),
        "run this test once with LIBRETTO_BLESS=1 to write it anew"
    );
    // As it stands it changes nothing, and with every default freed it changes nothing either.
    for text in [shipped.clone(), freed(&shipped)] {
        let file = Folder::with(text).open();
        assert_eq!(*file.get(), Settings::default());
        assert!(file.notices().is_empty(), "{:?}", file.notices());
    }
}

/// Takes the `#` from every line that sets a default.
fn freed(text: &str) -> String {
    let free = |line: &str| match line.strip_prefix("# ") {
        Some(rest)
            if rest.split_once(" = ").is_some_and(|(key, value)| {
                key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
                    && !value.contains('…')
                    && key != "base_url"
            }) =>
        {
            rest.to_owned()
        }
        _ => line.to_owned(),
    };
    text.lines().map(free).collect::<Vec<_>>().join("\n")
}

proptest::proptest! {
    /// Whatever the file holds, it opens, and nothing that was in it is lost.
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let folder = Folder::with(&bytes);
        let file = folder.open();
        let kept = fs::read(folder.file()).is_ok_and(|now| now == bytes)
            || folder.aside("broken-").iter().any(|path| fs::read(path).unwrap() == bytes);
        proptest::prop_assert!(kept);
        file.update(|s| s.vad.threshold = 0.33).unwrap();
        proptest::prop_assert_eq!(folder.open().get().vad.threshold, 0.33);
    }

    /// Any value under any known key, and any key: it opens, the good neighbour counts, a change survives.
    #[test]
    fn any_values(
        section in "(vad|voice|conversation|history|providers|providers\\.x|[a-z]{1,4})",
        key in "(threshold|speed|personas|providers|keep_days|on|mode|[a-z\"' =]{1,6})",
        value in "(-?[0-9]{1,20}|[0-9]\\.[0-9]{1,3}e[0-9]{1,3}|true|\"[a-zé]{0,8}\"|\\[1, \"a\"\\]|\\{ a = 1 \\}|nan|1979-05-27|\\[\\{name=1\\}\\])",
    ) {
        let text = format!("version = 1\n[loudspeaker]\nvolume = 0.25\n[{section}]\n{key} = {value}\n");
        let folder = Folder::with(&text);
        let file = folder.open();
        let broken = !folder.aside("broken-").is_empty();
        proptest::prop_assert_eq!(file.get().loudspeaker.volume, if broken { 1.0 } else { 0.25 });
        file.update(|s| { s.hotkeys.talk = "F1".into(); s.vad.padding = 0.5; }).unwrap();
        let again = folder.open().get();
        proptest::prop_assert_eq!(&again.hotkeys.talk, "F1");
        proptest::prop_assert_eq!(again.vad.padding, 0.5);
    }
}
