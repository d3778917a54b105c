//! Its parsers, for fuzzers.

use std::sync::OnceLock;

use futures::executor::block_on;
use libretto_voice::{SampleRate, SpeakEvent, SpeakOptions};
use tokio::sync::{mpsc, watch};

use super::heard::{Heard, Taken};
use super::{ENTRY, Settings, Turns, Voice, dialect, fields, live, recorded, turns};
use crate::failure::{Failure, Fault, Who};
use crate::fuzz::{Target, messages, ordered, refusal};
use crate::live::drive;
use crate::network::Network;
use crate::service::{Access, Service};

pub(crate) const TARGETS: [Target; 3] = [
    Target {
        name: "cartesia_sonic",
        read: sonic,
        seeds: &[
            r#"{"type":"timestamps","done":false,"status_code":206,"context_id":"c","word_timestamps":{"words":["The","kettle","is","on."],"start":[0.0,0.14,0.52,0.66],"end":[0.12,0.5,0.64,0.98]}}
{"type":"chunk","data":"AAAB","done":false,"status_code":206,"step_time":38.5,"context_id":"c"}
{"type":"phoneme_timestamps","done":false,"phoneme_timestamps":{"phonemes":["d","e"],"start":[0.0,0.06],"end":[0.06,0.12]}}
{"type":"flush_done","done":false,"flush_done":true,"flush_id":1}
{"type":"done","done":true,"status_code":206}"#,
        ],
    },
    Target {
        name: "cartesia_ink",
        read: ink,
        seeds: &[
            r#"{"type":"transcript","request_id":"f","text":" kettle is on.","is_final":true,"duration":1.2,"language":"en","words":[{"word":"on.","start":0.0,"end":0.1}]}"#,
            r#"{"type":"turn.start","request_id":"f"}
{"type":"turn.update","request_id":"f","transcript":"The kettle"}
{"type":"turn.eager_end","transcript":"The kettle"}
{"type":"turn.resume"}
{"type":"turn.end","request_id":"f","transcript":"The kettle is on."}"#,
        ],
    },
    Target {
        name: "cartesia_refusals",
        read: refused,
        seeds: &[
            r#"429{"error_code":"concurrency_limited","title":"t","message":"m","request_id":"r"}"#,
            r#"200{"type":"error","done":true,"error":"Title: Message","status_code":400,"context_id":"c"}"#,
            "401Unauthorized: bad key",
        ],
    },
];

fn settings() -> Settings {
    Settings::new(Access::default())
}

fn voice() -> Option<Voice> {
    static SERVICE: OnceLock<Option<Service>> = OnceLock::new();
    let service = SERVICE.get_or_init(|| {
        let network = Network::new().ok()?;
        Service::new(&ENTRY, Access::default(), &dialect::DIALECT, network).ok()
    });
    Some(Voice {
        service: service.clone()?,
        fields: fields(&settings(), &SpeakOptions::default()),
        // A queue that is soon full.
        phonemes: Some(mpsc::channel(2).0),
    })
}

fn sonic(bytes: &[u8]) {
    let Some(voice) = voice() else { return };
    // Each message makes one event at most, and the end two more.
    let (events, mut told) = mpsc::channel(4_096);
    let mut heard = Heard::new(&voice, events);
    heard.speech.sent("The kettle is on. It boils in a minute. ");
    let garbled = Failure::new(&Who::new("cartesia", "Cartesia"), Fault::Garbled);
    for message in messages(bytes) {
        let Ok(message) = serde_json::from_str(&message) else {
            break;
        };
        match block_on(heard.take(message, &garbled)) {
            Ok(Taken::Done) => drop(block_on(heard.speech.ended())),
            Ok(Taken::Sound | Taken::Other) => {}
            Ok(Taken::Complaint) | Err(_) => break,
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

fn ink(bytes: &[u8]) {
    messages(bytes).for_each(|message| recorded::read(&message));
    drive(live::Ink::new(SampleRate::SPEECH), bytes);
    let changes = watch::Sender::new(settings()).subscribe();
    drive(
        turns::Ink::new(SampleRate::SPEECH, Turns::default(), changes),
        bytes,
    );
}

fn refused(bytes: &[u8]) {
    refusal(&dialect::DIALECT, bytes);
}
