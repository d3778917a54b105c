//! The other shapes in which language models answer: OpenAI's responses, and Ollama's own.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

mod common;

use common::{access, answer, closed, failing_at, network, question, said};
use libretto_providers::Access;
use libretto_providers::openai::{Interface, LLAMA_CPP, LM_STUDIO, OLLAMA, OPENAI, OpenAi, Settings};
use libretto_testkit::fakes::Fault;
use libretto_testkit::fakes::openai::{self, Flavour, KEY, no_quota};
use libretto_voice::chat::{FinishReason, Tool, ToolCall};
use libretto_voice::{ChatEvent, ChatRequest, Kind, Message, Role};
use serde_json::json;

const INTERFACES: [Interface; 2] = [Interface::Responses, Interface::Ollama];
const RAIN: &str = "It rains a little, in Oslo.";

async fn fake(interface: Interface) -> openai::OpenAi {
    let flavour = match interface {
        Interface::Ollama => Flavour::Ollama,
        _ => Flavour::OpenAi,
    };
    openai::OpenAi::start(flavour).await.unwrap()
}

/// So many pieces of an answer have come when it is in the middle of its words.
fn middle(interface: Interface) -> usize {
    match interface {
        Interface::Responses => 7,
        _ => 2,
    }
}

fn account(fake: &openai::OpenAi, interface: Interface) -> OpenAi {
    through(interface, access(fake.url(), KEY))
}

fn through(interface: Interface, access: Access) -> OpenAi {
    let preset = match interface {
        Interface::Ollama => &OLLAMA,
        _ => &OPENAI,
    };
    let settings = Settings {
        interface: Some(interface),
        context: Some(16_384),
        ..Settings::new(preset, access)
    };
    OpenAi::new(network(), settings).unwrap()
}

fn asked(interface: Interface) -> ChatRequest {
    ChatRequest {
        model: (interface == Interface::Ollama).then(|| "qwen3:8b".to_owned()),
        max_tokens: Some(5),
        temperature: Some(0.7),
        ..question("Weather?")
    }
}

#[tokio::test]
async fn an_answer_streams_however_it_is_cut() {
    for interface in INTERFACES {
        let fake = fake(interface).await;
        let model = account(&fake, interface).language_model();
        for cut in [None, Some(1), Some(7), Some(64)] {
            fake.manners(|m| m.cut = cut);
            let (events, error) = answer(model.reply(asked(interface))).await;
            assert!(error.is_none(), "{interface:?}: {error:?}");
            assert_eq!(said(&events), RAIN, "{interface:?}, cut {cut:?}");
            assert_eq!(events.last(), Some(&ChatEvent::Finished(FinishReason::Stop)));
        }
        let body = fake.script.last().unwrap().body;
        if interface == Interface::Ollama {
            let options = json!({"num_predict": 5, "temperature": 0.7, "num_ctx": 16_384});
            assert_eq!(
                (&body["options"], &body["keep_alive"], &body["think"]),
                (&options, &json!("30m"), &json!(false))
            );
        } else {
            assert_eq!(
                (&body["instructions"], &body["max_output_tokens"], &body["store"]),
                (&json!("Be short."), &json!(16), &json!(false))
            );
            assert_eq!(body["input"][0]["content"], "Weather?");
        }
    }
}

#[tokio::test]
async fn thinking_is_kept_apart_and_ends_are_told() {
    for interface in INTERFACES {
        let fake = fake(interface).await;
        let model = account(&fake, interface).language_model();
        fake.manners(|m| {
            m.deltas = vec![json!({"reasoning": "hm"}), json!({"content": "It rains."})];
            m.finish = Some("length");
        });
        let (events, error) = answer(model.reply(asked(interface))).await;
        assert!(error.is_none(), "{error:?}");
        let expected = [
            ChatEvent::Reasoning("hm".into()),
            ChatEvent::Text("It rains.".into()),
            ChatEvent::Finished(FinishReason::Length),
        ];
        assert_eq!(events, expected, "{interface:?}");
    }
}

#[tokio::test]
async fn thinking_that_is_written_into_an_answer_is_kept_apart() {
    let fake = fake(Interface::Ollama).await;
    let settings = Settings {
        interface: Some(Interface::Chat),
        ..Settings::new(&OLLAMA, access(fake.url(), KEY))
    };
    let model = OpenAi::new(network(), settings).unwrap().language_model();
    fake.manners(|m| {
        m.deltas = ["hm, rain", "</thi", "nk>\n\nIt rains."]
            .map(|text| json!({ "content": text }))
            .into();
    });
    let mut request = question("Weather?");
    request.model = Some("deepseek-r1:8b".into());
    let (events, _) = answer(model.reply(request)).await;
    assert_eq!(said(&events), "It rains.");
    assert_eq!(events[0], ChatEvent::Reasoning("hm, rain".into()));
    // As gpt-oss writes it where nobody has read it first.
    fake.manners(|m| {
        m.deltas = [
            "<|channel|>analysis<|mess",
            "age|>hm<|end|><|start|>assistant<|channel|>final",
            "<|message|>It rains.<|return|>",
        ]
        .map(|text| json!({ "content": text }))
        .into();
    });
    let mut request = question("Weather?");
    request.model = Some("gpt-oss-20b".into());
    let (events, _) = answer(model.reply(request)).await;
    assert_eq!(said(&events), "It rains.");
}

#[tokio::test]
async fn tools_there_and_back() {
    for interface in INTERFACES {
        let fake = fake(interface).await;
        let model = account(&fake, interface).language_model();
        fake.manners(|m| {
            m.deltas = vec![
                json!({"tool_calls": [{"index": 0, "id": "call_a", "type": "function", "function": {"name": "weather", "arguments": ""}}]}),
                json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"city\":\"Oslo\"}"}}]}),
            ];
        });
        let mut request = asked(interface);
        request.tools = vec![Tool {
            name: "weather".into(),
            description: "Weather now".into(),
            parameters: r#"{"type":"object","properties":{"city":{"type":"string"}}}"#.into(),
        }];
        let (events, _) = answer(model.reply(request.clone())).await;
        let call = ToolCall::new("call_a", "weather", r#"{"city":"Oslo"}"#);
        let expected = [
            ChatEvent::Call(call.clone()),
            ChatEvent::Finished(FinishReason::Tools),
        ];
        assert_eq!(events, expected, "{interface:?}");

        // The fakes refuse a result that does not fit its call.
        let mut asking = Message::new(Role::Assistant, "");
        asking.calls = vec![call];
        let mut result = Message::new(Role::Tool, "Rain.");
        result.answers = Some("call_a".into());
        request.messages.extend([asking, result]);
        fake.manners(|m| *m = openai::Manners::default());
        let (events, error) = answer(model.reply(request)).await;
        assert!(error.is_none(), "{interface:?}: {error:?}");
        assert_eq!(said(&events), RAIN);
    }
}

#[tokio::test]
async fn failures_before_and_after_the_first_word() {
    for interface in INTERFACES {
        let fake = fake(interface).await;
        let access = failing_at(fake.url(), KEY, Kind::Timeout, 1);
        let model = through(interface, access).language_model();
        let middle = middle(interface);
        let (ends, code) = match interface {
            Interface::Ollama => ("{\"error\":\"cuda is gone\"}\n".to_owned(), Kind::Unavailable),
            _ => (
                "data: {\"type\":\"error\",\"code\":\"rate_limit_exceeded\",\"message\":\"m\"}\n\n"
                    .to_owned(),
                Kind::RateLimited,
            ),
        };
        for (fault, kind, calls) in [
            (Fault::Status(400), Kind::BadInput, 1),
            (Fault::Status(401), Kind::Unauthorised, 1),
            (Fault::Status(404), Kind::BadInput, 1),
            (no_quota(), Kind::Quota, 1),
            (Fault::Status(429), Kind::RateLimited, 3),
            (Fault::Status(503), Kind::Unavailable, 3),
            (Fault::BreakAfter(0), Kind::Unavailable, 3),
            (Fault::TruncateAfter(0), Kind::Unavailable, 3),
            (Fault::Say(0, ends.clone()), code, 3),
            (Fault::Garble(0), Kind::Unavailable, 1),
            (Fault::ContentType("text/html"), Kind::Unavailable, 1),
            // After the first word.
            (Fault::BreakAfter(middle), Kind::Unavailable, 1),
            (Fault::TruncateAfter(middle), Kind::Unavailable, 1),
            (Fault::StallAfter(middle), Kind::Timeout, 1),
            (Fault::Say(middle, ends.clone()), code, 1),
        ] {
            let before = fake.script.calls().len();
            for _ in 0..calls {
                fake.script.fail(fault.clone());
            }
            let (_, error) = answer(model.reply(asked(interface))).await;
            let error = error.unwrap_or_else(|| panic!("{interface:?} {fault:?} went well"));
            assert_eq!(error.kind(), kind, "{interface:?} {fault:?}: {error}");
            let made = fake.script.calls().len() - before;
            assert_eq!(made, calls, "{interface:?} {fault:?}: {error}");
            assert!(!format!("{error} {error:?}").contains(KEY));
        }
    }
}

#[tokio::test]
async fn cancelling_closes_the_connection() {
    for interface in INTERFACES {
        let fake = fake(interface).await;
        fake.script.fail(Fault::StallAfter(middle(interface)));
        let mut session = account(&fake, interface).language_model().reply(asked(interface));
        assert!(matches!(session.next().await, Some(Ok(ChatEvent::Text(_)))));
        session.cancel();
        closed(&fake.script).await;
    }
}

#[tokio::test]
async fn models_are_listed_as_each_server_lists_them() {
    let fake = fake(Interface::Ollama).await;
    let ids =
        |models: Vec<libretto_providers::ModelInfo>| models.into_iter().map(|m| m.id).collect::<Vec<_>>();
    // Wherever its address ends.
    for base in [
        fake.url(),
        fake.url().replace("/v1", ""),
        fake.url().replace("/v1", "/api"),
    ] {
        let settings = Settings::new(
            &OLLAMA,
            Access {
                base: Some(base.clone()),
                ..Access::default()
            },
        );
        let models = OpenAi::new(network(), settings).unwrap().models().await.unwrap();
        assert_eq!(ids(models), ["old:1b", "qwen3:8b"], "{base}");
    }
    // LM Studio tells models that answer from others; and what only looks like it knows nothing of its list.
    let studio = openai::OpenAi::start(Flavour::LmStudio).await.unwrap();
    for (fake, expected) in [(&studio, &["gemma-3-4b", "qwen3:8b"][..]), (&fake, &["qwen3:8b"])] {
        let settings = Settings::new(&LM_STUDIO, access(fake.url(), KEY));
        let account = OpenAi::new(network(), settings).unwrap();
        account.check().await.unwrap();
        let ids = ids(account.models().await.unwrap());
        assert!(
            expected.iter().all(|id| ids.iter().any(|known| known == id)),
            "{ids:?}"
        );
        assert!(!ids.iter().any(|id| id.contains("embed")), "{ids:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_said_and_nothing_twice() {
    let fake = fake(Interface::Responses).await;
    fake.manners(|m| {
        m.deltas = vec![
            json!({"content": "Well, "}),
            json!({"refusal": "I would "}),
            json!({"refusal": "rather not."}),
        ];
    });
    let model = account(&fake, Interface::Responses).language_model();
    let (events, error) = answer(model.reply(asked(Interface::Responses))).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(said(&events), "Well, I would rather not.");
}

#[tokio::test]
async fn llama_cpp_thinks_where_it_is_asked_to() {
    let fake = openai::OpenAi::start(Flavour::LlamaCpp).await.unwrap();
    fake.manners(|m| {
        m.deltas = vec![
            json!({"reasoning_content": "hm"}),
            json!({"content": "It rains."}),
        ];
    });
    for (effort, thinks) in [(None, false), (Some("none"), false), (Some("low"), true)] {
        let settings = Settings {
            effort: effort.map(str::to_owned),
            ..Settings::new(&LLAMA_CPP, access(fake.url(), KEY))
        };
        let model = OpenAi::new(network(), settings).unwrap().language_model();
        let request = ChatRequest {
            model: Some("qwen3:8b".into()),
            ..question("Weather?")
        };
        let (events, error) = answer(model.reply(request)).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(said(&events), "It rains.");
        let thought = events.contains(&ChatEvent::Reasoning("hm".into()));
        assert_eq!(thought, thinks, "{effort:?}");
    }
}
