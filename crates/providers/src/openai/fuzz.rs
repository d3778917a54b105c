//! Its parsers, for fuzzers.

use super::chat::Reading;
use super::completion::Completion;
use super::{GROQ, OPENAI, dialect, ollama, response};
use crate::fuzz::{Target, messages, refusal};

pub(crate) const TARGETS: [Target; 2] = [
    Target {
        name: "openai_completion",
        read: completion,
        seeds: &[
            r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"Tea <think>why</think> is"},"finish_reason":null}]}
{"choices":[{"index":0,"delta":{"reasoning_content":"hm","tool_calls":[{"index":0,"id":"c1","function":{"name":"time","arguments":"{\"a\":"}}]}}]}
{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":null}
[DONE]"#,
            r#"{"error":{"message":"m","code":429,"type":"t"}}"#,
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

fn refused(bytes: &[u8]) {
    for dialect in [&dialect::OPENAI, &dialect::XAI, &dialect::LOCAL] {
        refusal(dialect, bytes);
    }
}
