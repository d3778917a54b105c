//! Its parsers, for fuzzers.

use libretto_voice::SampleRate;

use super::chat::Reading;
use super::completion::Completion;
use super::realtime::Realtime;
use super::{GROQ, OPENAI, dialect, ollama, response, speech, xai};
use crate::fuzz::{Target, messages, refusal};
use crate::live::drive;

pub(crate) const TARGETS: [Target; 3] = [
    Target {
        name: "openai_completion",
        read: completion,
        seeds: &[
            r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"Tea <think>why</think> is"},"finish_reason":null}]}
{"choices":[{"index":0,"delta":{"reasoning_content":"hm","tool_calls":[{"index":0,"id":"c1","function":{"name":"time","arguments":"{\"a\":"}}]}}]}
{"choices":[{"delta":{"content":"<|channel|>analysis<|message|>hm<|channel|>final<|message|>Tea","reasoning_details":[{"type":"reasoning.text","text":"hm","index":0}]}}]}
{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":null}
[DONE]"#,
            r#"{"error":{"message":"m","code":429,"type":"t"}}"#,
        ],
    },
    Target {
        name: "openai_listening",
        read: listening,
        seeds: &[
            r#"{"type":"input_audio_buffer.committed","previous_item_id":null,"item_id":"a"}
{"type":"conversation.item.input_audio_transcription.delta","item_id":"a","content_index":0,"delta":"Go "}
{"type":"conversation.item.input_audio_transcription.segment","item_id":"b","text":"Go","speaker":"A"}
{"type":"conversation.item.input_audio_transcription.completed","item_id":"a","transcript":"Go on."}
{"type":"error","error":{"type":"invalid_request_error","code":"input_audio_buffer_commit_empty","message":"m"}}"#,
            r#"{"type":"transcript.partial","text":"Go on","is_final":true,"speech_final":true,"words":[{"text":"Go","start":0.1,"end":0.3}]}
{"type":"transcript.done","text":"Go on"}
{"type":"audio.delta","delta":"AAAA"}
{"type":"speech.audio.delta","audio":"AAAB"}
{"type":"speech.audio.done","usage":{"total_tokens":115}}
{"voices":[{"voice_id":"eve","name":"Eve"},"ara"]}"#,
            r#"{"type":"input_audio_buffer.speech_stopped","audio_end_ms":900,"item_id":"a"}
{"type":"input_audio_buffer.committed","previous_item_id":null,"item_id":"a"}"#,
        ],
    },
    Target {
        name: "openai_refusals",
        read: refused,
        seeds: &[
            r#"401{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#,
            r#"400{"error":"Bad Request"}"#,
        ],
    },
];

fn completion(bytes: &[u8]) {
    let answers: [Box<dyn Reading>; 4] = [
        Box::new(Completion::of("gpt-5", OPENAI.failed)),
        Box::new(Completion::of("qwen3", GROQ.failed)),
        Box::new(ollama::Answer::of("qwen3")),
        Box::new(response::Response::of("gpt-5")),
    ];
    for mut answer in answers {
        let broke = messages(bytes).any(|message| answer.push(&message).is_err());
        if !broke {
            let _ = answer.finish();
        }
    }
}

fn listening(bytes: &[u8]) {
    // In the rate that it takes: converting sound is not what is looked at here, and takes long.
    if let Some(realtime) = Realtime::new("{}".into(), SampleRate::VOICE) {
        drive(realtime, bytes);
    }
    drive(xai::Ear::new(SampleRate::SPEECH), bytes);
    for message in messages(bytes) {
        let _ = (xai::said(&message), speech::said(&message));
        if let Ok(list) = serde_json::from_str(&message) {
            xai::voices(&list);
        }
    }
}

fn refused(bytes: &[u8]) {
    for dialect in [&dialect::OPENAI, &dialect::XAI, &dialect::LOCAL] {
        refusal(dialect, bytes);
    }
}
