//! Its parsers, for fuzzers.

use std::sync::{Arc, OnceLock};

use futures::executor::block_on;
use libretto_voice::{ListenOptions, SpeakEvent, SpeakOptions};
use tokio::sync::mpsc;

use super::heard::Heard;
use super::wire::TimedLine;
use super::{Commit, ElevenLabs, Settings, Voice, dialect, live, scribe};
use crate::fuzz::{Target, messages, ordered, refusal};
use crate::live::drive;
use crate::network::Network;
use crate::service::Access;

pub(crate) const TARGETS: [Target; 4] = [
    Target {
        name: "elevenlabs_stream",
        read: stream,
        seeds: &[
            r#"{"audio":"AAAAAAAA","isFinal":null,"alignment":{"chars":["T","h","e"," "],"charStartTimesMs":[0,93,120,150],"charDurationsMs":[93,27,30,46]},"normalizedAlignment":null}
{"audio":"AAA=","alignment":{"chars":["k","e","t","t","l","e"],"char_start_times_ms":[0,10,20,30,40,50],"char_durations_ms":[10,10,10,10,10,10]},"context_id":"c1"}
{"audio":null,"isFinal":true,"normalizedAlignment":null,"alignment":null}"#,
            r#"{"audio":"AAAA","alignment":null,"normalizedAlignment":{"chars":[" ","T"],"charsStartTimesMs":[0,10],"charsDurationsMs":[10,83]},"contextId":"c1"}
{"message":"Have not received a new text input","error":"input_timeout_exceeded","code":1008}"#,
        ],
    },
    Target {
        name: "elevenlabs_lines",
        read: lines,
        seeds: &[
            r#"{"audio_base64":"AAAAAA==","alignment":{"characters":["H","i","."],"character_start_times_seconds":[0.0,0.093,0.186],"character_end_times_seconds":[0.093,0.186,0.325]},"normalized_alignment":null}"#,
        ],
    },
    Target {
        name: "elevenlabs_scribe",
        read: heard,
        seeds: &[
            r#"{"message_type":"committed_transcript_with_timestamps","text":"Go","language_code":"eng","words":[{"text":"Go","start":0.1,"end":0.2,"type":"word","logprob":-0.02,"characters":["a"]}]}"#,
            r#"{"language_code":"eng","text":"Go","words":[{"text":"Go","start":0.1,"end":0.2,"type":"spacing"}]}"#,
            r#"{"message_type":"committed_transcript","text":"I am Ada"}
{"message_type":"redacted_transcript","text":"I am Ada","redacted_text":"I am [name_1]"}
{"message_type":"edited_transcript","text":"I am Ada","edited_text":"Ada."}"#,
            r#"{"transcripts":[{"language_code":"eng","language_probability":0.4,"text":"Go on","words":[{"text":"Go","speaker_id":"speaker_0","start":0.1,"end":0.2,"type":"word"},{"text":" ","type":"spacing"},{"text":"on","speaker_id":"speaker_1","start":0.3,"end":0.4,"type":"word"}]},{"text":null}]}"#,
        ],
    },
    Target {
        name: "elevenlabs_refusals",
        read: refused,
        seeds: &[
            r#"401{"detail":{"type":"validation_error","code":"invalid_parameters","message":"m","status":"s","request_id":"r","param":null}}"#,
            r#"422{"detail":[{"loc":["body","text"],"msg":"Field required","type":"missing"}]}"#,
            r#"200{"message_type":"quota_exceeded","error":"none left"}"#,
        ],
    },
];

fn voice() -> Option<Voice> {
    static ACCOUNT: OnceLock<Option<ElevenLabs>> = OnceLock::new();
    let account = ACCOUNT.get_or_init(|| {
        let network = Network::new().ok()?;
        ElevenLabs::new(network, Settings::new(Access::default())).ok()
    });
    Voice::new(Arc::clone(&account.as_ref()?.0), SpeakOptions::default()).ok()
}

fn stream(bytes: &[u8]) {
    let Some(voice) = voice() else { return };
    // Each message makes two events at most, and the end two more.
    let (events, mut told) = mpsc::channel(4_096);
    let mut heard = Heard::new(&voice, events);
    heard.speech.sent("The kettle is on. It boils in a minute. ");
    for message in messages(bytes) {
        let Ok(taken) = block_on(heard.take(&message, None)) else {
            break;
        };
        if taken.last {
            let _ = block_on(heard.ended(None));
            break;
        }
    }
    let mut marks = Vec::new();
    while let Ok(event) = told.try_recv() {
        if let Ok(SpeakEvent::Marks(more)) = event {
            marks.extend(more);
        }
    }
    ordered(&marks);
}

fn lines(bytes: &[u8]) {
    for line in messages(bytes) {
        if let Ok(line) = serde_json::from_str::<TimedLine>(&line) {
            let _ = (line.times(false), line.times(true));
        }
    }
}

fn heard(bytes: &[u8]) {
    let manners = [
        (Commit::Manual, vec![], None),
        (Commit::Vad, vec![], None),
        (Commit::Manual, vec!["pii".to_owned()], None),
        (Commit::Turns, vec![], Some("Shorter.".to_owned())),
    ];
    for (commit, redacts, edit) in manners {
        let mut settings = Settings::new(Access::default());
        settings.commit = commit;
        settings.hearing.filters_background = commit == Commit::Vad;
        (settings.hearing.redacts, settings.hearing.edit) = (redacts, edit);
        let options = ListenOptions {
            language: (commit == Commit::Vad).then(|| "en".to_owned()),
            ..ListenOptions::default()
        };
        drive(live::Scribe::new(&settings, &options), bytes);
    }
    messages(bytes).for_each(|message| scribe::read(&message));
}

fn refused(bytes: &[u8]) {
    refusal(&dialect::DIALECT, bytes);
}
