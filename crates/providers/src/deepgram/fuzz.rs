//! Its parsers, for fuzzers.

use libretto_voice::SampleRate;
use tokio::sync::watch;

use super::flux::Ear;
use super::live::Nova;
use super::tuning::Wishes;
use super::{Settings, dialect, recorded, stream};
use crate::fuzz::{Target, messages, refusal};
use crate::live::drive;
use crate::service::Access;

pub(crate) const TARGETS: [Target; 4] = [
    Target {
        name: "deepgram_nova",
        read: nova,
        seeds: &[
            r#"{"type":"SpeechStarted","channel":[0,1],"timestamp":9.54}
{"type":"Results","channel_index":[0,1],"duration":1.51,"start":2.0,"is_final":true,"speech_final":true,"from_finalize":false,"channel":{"alternatives":[{"transcript":"Turn","confidence":0.991,"words":[{"word":"turn","start":2.08,"end":2.32,"confidence":0.99,"punctuated_word":"Turn"}]}]}}
{"type":"UtteranceEnd","channel":[0,1],"last_word_end":3.2}
{"type":"ConfigureFailure","request_id":"r","code":"CONFIGURE_ALREADY_PENDING","description":"d"}"#,
            r#"{"metadata":{"request_id":"r"},"results":{"channels":[{"alternatives":[{"transcript":"hello","confidence":0.99,"words":[{"word":"hello","start":0.1,"end":0.4}]}],"detected_language":"en"}]}}"#,
        ],
    },
    Target {
        name: "deepgram_flux",
        read: flux,
        seeds: &[r#"{"type":"Connected","request_id":"r","sequence_id":0}
{"type":"Warning","request_id":"r","sequence_id":1,"code":"c","description":"d"}
{"type":"ConfigureFailure","request_id":"r","sequence_id":2,"code":"c","description":"d"}
{"type":"TurnInfo","request_id":"r","sequence_id":9,"event":"EagerEndOfTurn","turn_index":0,"audio_window_start":0.0,"audio_window_end":2.4,"transcript":"What time","words":[{"word":"What","confidence":0.99,"start":0.1,"end":0.3},{"word":"time","confidence":0.99}],"end_of_turn_confidence":0.86}
{"type":"TurnInfo","event":"TurnResumed","turn_index":0,"transcript":"What time"}
{"type":"TurnInfo","event":"EndOfTurn","turn_index":0,"transcript":"What time?","trigger":"model"}"#],
    },
    Target {
        name: "deepgram_aura",
        read: aura,
        seeds: &[r#"{"type":"Flushed","sequence_id":0}
{"type":"Warning","warn_code":"EXCESSIVE_FLUSH","warn_msg":"m"}
{"type":"Warning","code":"c","description":"d"}"#],
    },
    Target {
        name: "deepgram_refusals",
        read: refused,
        seeds: &[
            r#"401{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials.","request_id":"r"}"#,
            r#"400{"category":"INVALID_QUERY_PARAMETER","message":"m","details":"d","request_id":"r"}"#,
            "200See https://dpgr.am/net0001 NET-0001",
        ],
    },
];

/// Settings that never change.
fn unchanged() -> Wishes {
    let settings = watch::Sender::new(Settings::new(Access::default()));
    Wishes::new(settings.subscribe(), Box::new(|_, _| serde_json::Map::new()))
}

fn nova(bytes: &[u8]) {
    drive(Nova::new(SampleRate::SPEECH, unchanged()), bytes);
    messages(bytes).for_each(|message| recorded::read(&message));
}

fn flux(bytes: &[u8]) {
    drive(Ear::new(SampleRate::SPEECH, Vec::new(), unchanged()), bytes);
}

fn aura(bytes: &[u8]) {
    for message in messages(bytes) {
        let _ = (stream::aura(&message), stream::flux(&message));
    }
}

fn refused(bytes: &[u8]) {
    refusal(&dialect::DIALECT, bytes);
    let _ = dialect::closed(Some(1_011), &String::from_utf8_lossy(bytes));
}
