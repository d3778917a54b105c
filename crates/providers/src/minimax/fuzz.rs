//! Its parsers, for fuzzers.

use super::dialect;
use super::times::Times;
use super::wire::Message;
use crate::fuzz::{Target, messages, refusal};

pub(crate) const TARGETS: [Target; 2] = [
    Target {
        name: "minimax_speech",
        read: speech,
        seeds: &[
            r#"{"data":{"audio":"0000ff7f","status":1,"subtitle":[{"text":"The kettle","time_begin":0,"time_end":520.5,"timestamped_words":[{"word":"The","word_begin":0,"word_end":3,"time_begin":0,"time_end":130},{"word":"[SPACE]","time_begin":130,"time_end":150},{"word":"kettle","word_begin":4,"word_end":10,"time_begin":150,"time_end":520}]}]},"trace_id":"t","base_resp":{"status_code":0,"status_msg":""}}
{"event":"sentence_start","session_id":"s","base_resp":{"status_code":0,"status_msg":"success"}}
{"data":null,"is_final":true,"event":"task_continued","extra_info":{"audio_length":1240},"base_resp":{"status_code":0}}"#,
            r#"{"data":{"audio":"","status":2,"subtitle_file":"https://a/b.json"},"base_resp":{"status_code":2205}}"#,
        ],
    },
    Target {
        name: "minimax_refusals",
        read: refused,
        seeds: &[
            r#"200{"data":null,"trace_id":"t","base_resp":{"status_code":1002,"status_msg":"rate limit"}}"#,
            r#"401{"type":"error","error":{"type":"authentication_error","message":"login fail"},"request_id":"r"}"#,
        ],
    },
];

fn speech(bytes: &[u8]) {
    let mut times = Times::default();
    for message in messages(bytes) {
        let Ok(message) = serde_json::from_str::<Message>(&message) else {
            continue;
        };
        match message.event() {
            "sentence_start" => times.sentence(1.0),
            _ if message.is_final() || message.is_whole() => times.phrase(2.0),
            _ => {}
        }
        let _ = (message.code(), message.sound(), message.subtitle_file());
        if let Some(subtitle) = message.subtitle() {
            let _ = times.read(subtitle);
        }
    }
}

fn refused(bytes: &[u8]) {
    refusal(&dialect::DIALECT, bytes);
}
