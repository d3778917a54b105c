//! OpenAI and those who speak its protocol, against the fake.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

mod common;

use std::time::Duration;

use common::{access, answer, closed, failing_at, network, question, quick, said};
use libretto_providers::openai::{
    COMPATIBLE, GROQ, Interface, OLLAMA, OPENAI, OPENROUTER, OpenAi, Preset, Settings, XAI,
};
use libretto_providers::{Access, Credit, Fault as Failed, Key};
use libretto_testkit::fakes::Fault;
use libretto_testkit::fakes::openai::{self, Flavour, KEY, no_quota, wait};
use libretto_voice::chat::{FinishReason, Tool, ToolCall};
use libretto_voice::{ChatEvent, Kind, Message, Role};
use serde_json::json;

fn account(fake: &openai::OpenAi, preset: &'static Preset) -> OpenAi {
    through(preset, access(fake.url(), KEY))
}

fn with_key(fake: &openai::OpenAi, preset: &'static Preset, key: Option<&str>) -> OpenAi {
    let access = Access {
        key: key.map(Key::new),
        ..access(fake.url(), KEY)
    };
    through(preset, access)
}

fn through(preset: &'static Preset, access: Access) -> OpenAi {
    let settings = Settings {
        interface: Some(Interface::Chat),
        ..Settings::new(preset, access)
    };
    OpenAi::new(network(), settings).unwrap()
}

const RAIN: &str = "It rains a little, in Oslo.";

#[tokio::test]
async fn an_answer_streams_however_it_is_cut() {
    let fake = openai::OpenAi::start(Flavour::OpenRouter).await.unwrap();
    let model = account(&fake, &OPENROUTER).language_model();
    for (cut, crlf, done) in [
        (None, false, true),
        (Some(1), false, true),
        (Some(7), true, true),
        (Some(64), true, false),
    ] {
        fake.manners(|m| (m.cut, m.crlf, m.done) = (cut, crlf, done));
        let (events, error) = answer(model.reply(question("Weather?"))).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(said(&events), RAIN, "cut {cut:?}");
        assert_eq!(events.last(), Some(&ChatEvent::Finished(FinishReason::Stop)));
    }
    let call = fake.script.last().unwrap();
    assert_eq!(call.body["messages"][0]["role"], "system");
    assert_eq!(call.body["model"], "x-ai/grok-4.1-fast");
}

#[tokio::test]
async fn each_dialect_is_spoken() {
    for (flavour, preset, limit) in [
        (Flavour::OpenAi, &OPENAI, "max_completion_tokens"),
        (Flavour::OpenRouter, &OPENROUTER, "max_tokens"),
        (Flavour::Xai, &XAI, "max_tokens"),
        (Flavour::Groq, &GROQ, "max_completion_tokens"),
        (Flavour::Ollama, &OLLAMA, "max_tokens"),
    ] {
        let fake = openai::OpenAi::start(flavour).await.unwrap();
        let mut request = question("Weather?");
        request.max_tokens = Some(50);
        request.temperature = Some(0.7);
        if flavour == Flavour::Ollama {
            request.model = Some("qwen3:8b".into());
        }
        let (events, error) = answer(account(&fake, preset).language_model().reply(request)).await;
        assert!(error.is_none(), "{flavour:?}: {error:?}");
        assert_eq!(said(&events), RAIN);
        let body = fake.script.last().unwrap().body;
        assert_eq!(
            (&body[limit], &body["temperature"]),
            (&json!(50), &json!(0.7)),
            "{flavour:?}"
        );
    }
}

/// A call and its result, as a conversation goes on.
fn result_of(call: ToolCall) -> [Message; 2] {
    let mut result = Message::new(Role::Tool, "Rain.");
    result.answers = Some(call.id.clone());
    let mut asking = Message::new(Role::Assistant, "");
    asking.calls = vec![call];
    [asking, result]
}

#[tokio::test]
async fn tools_there_and_back() {
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    let model = account(&fake, &OPENAI).language_model();
    fake.manners(|m| {
        m.deltas = vec![
            json!({"tool_calls": [{"index": 0, "id": "call_a", "type": "function", "function": {"name": "weather", "arguments": ""}}]}),
            json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"ci"}}]}),
            json!({"tool_calls": [{"index": 0, "function": {"arguments": "ty\":\"Oslo\"}"}}]}),
        ];
        m.finish = Some("tool_calls");
    });
    let mut request = question("Weather?");
    request.tools = vec![Tool {
        name: "weather".into(),
        description: "Weather now".into(),
        parameters: r#"{"type":"object","properties":{"city":{"type":"string"}}}"#.into(),
    }];
    let (events, _) = answer(model.reply(request.clone())).await;
    let call = ToolCall::new("call_a", "weather", r#"{"city":"Oslo"}"#);
    assert_eq!(
        events,
        [
            ChatEvent::Call(call.clone()),
            ChatEvent::Finished(FinishReason::Tools)
        ]
    );

    // The fake refuses a result that does not follow its call.
    request.messages.extend(result_of(call));
    fake.manners(|m| *m = openai::Manners::default());
    let (events, error) = answer(model.reply(request)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(said(&events), RAIN);
}

#[tokio::test]
async fn what_was_thought_before_a_call_goes_back_with_its_result() {
    let fake = openai::OpenAi::start(Flavour::OpenRouter).await.unwrap();
    let model = account(&fake, &OPENROUTER).language_model();
    let sealed = json!({"type": "reasoning.encrypted", "data": "eyJ", "index": 1});
    let piece = |text: &str| json!({"type": "reasoning.text", "text": text, "signature": null, "index": 0});
    fake.manners(|m| {
        m.deltas = vec![
            json!({"content": "", "reasoning": "Is it ", "reasoning_details": [piece("Is it ")]}),
            json!({"reasoning_details": [piece("wet?")]}),
            json!({"reasoning_details": [{"type": "reasoning.text", "signature": "s", "index": 0}, sealed]}),
            json!({"tool_calls": [{"index": 0, "id": "call_a", "function": {"name": "weather", "arguments": "{}"}}]}),
        ];
    });
    let (events, error) = answer(model.reply(question("Weather?"))).await;
    assert!(error.is_none(), "{error:?}");
    let thought = |text: &str| ChatEvent::Reasoning(text.into());
    assert_eq!(events[..2], [thought("Is it "), thought("wet?")]);
    let ChatEvent::Call(call) = &events[2] else {
        panic!("{events:?}")
    };
    let mut request = question("Weather?");
    request.messages.extend(result_of(call.clone()));
    fake.manners(|m| *m = openai::Manners::default());
    let (_, error) = answer(model.reply(request.clone())).await;
    assert!(error.is_none(), "{error:?}");
    let block = json!({"type": "reasoning.text", "text": "Is it wet?", "signature": "s", "index": 0});
    let asked = fake.script.last().unwrap().body;
    assert_eq!(asked["messages"][2]["reasoning_details"], json!([block, sealed]));
    // Whoever answers instead is not told: the others refuse what they do not know.
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    let (events, error) = answer(account(&fake, &OPENAI).language_model().reply(request)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(said(&events), RAIN);
}

#[tokio::test(start_paused = true)]
async fn comments_keep_a_slow_answer_alive() {
    let fake = openai::OpenAi::start(Flavour::OpenRouter).await.unwrap();
    let settings = Settings::new(
        &OPENROUTER,
        Access {
            base: Some(fake.url()),
            key: Some(Key::new(KEY)),
            ..Access::default()
        },
    );
    // Nothing but comments for more than twenty seconds, which is longer than nothing at all may come.
    fake.script.fail(Fault::Drip(Duration::from_millis(300)));
    let model = OpenAi::new(network(), settings).unwrap().language_model();
    let (start, mut session) = (tokio::time::Instant::now(), model.reply(question("Weather?")));
    let mut said = String::new();
    while let Some(event) = session.next().await {
        if let ChatEvent::Text(text) = event.unwrap() {
            assert!(start.elapsed() > Duration::from_secs(22), "{:?}", start.elapsed());
            said += &text;
        }
    }
    assert_eq!(said, RAIN);
}

#[tokio::test]
async fn what_may_pass_is_tried_three_times_and_nothing_else() {
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    let model = account(&fake, &OPENAI).language_model();
    for (fault, kind, calls) in [
        (Fault::Status(400), Kind::BadInput, 1),
        (Fault::Status(401), Kind::Unauthorised, 1),
        (Fault::Status(402), Kind::Quota, 1),
        (Fault::Status(403), Kind::Unauthorised, 1),
        (Fault::Status(404), Kind::BadInput, 1),
        (Fault::Status(413), Kind::BadInput, 1),
        (Fault::Status(422), Kind::BadInput, 1),
        (no_quota(), Kind::Quota, 1),
        (wait("retry-after", "600"), Kind::RateLimited, 1),
        (Fault::Status(429), Kind::RateLimited, 3),
        (wait("retry-after-ms", "5"), Kind::RateLimited, 3),
        (Fault::Status(500), Kind::Unavailable, 3),
        (Fault::Status(503), Kind::Unavailable, 3),
        (Fault::BreakAfter(0), Kind::Unavailable, 3),
        (Fault::TruncateAfter(0), Kind::Unavailable, 3),
        (Fault::Garble(0), Kind::Unavailable, 1),
        (Fault::ContentType("text/html"), Kind::Unavailable, 1),
        (
            Fault::Say(
                0,
                "data: {\"error\":{\"message\":\"busy\",\"code\":\"rate_limit_exceeded\"}}\n\n".into(),
            ),
            Kind::RateLimited,
            3,
        ),
    ] {
        let before = fake.script.calls().len();
        for _ in 0..calls {
            fake.script.fail(fault.clone());
        }
        let (events, error) = answer(model.reply(question("Weather?"))).await;
        let error = error.unwrap_or_else(|| panic!("{fault:?} went well: {events:?}"));
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
        assert!(events.is_empty(), "{fault:?}");
        assert_eq!(fake.script.calls().len() - before, calls, "{fault:?}");
        assert!(
            !error.to_string().contains(KEY) && error.to_string().ends_with(['.', '”']),
            "{error}"
        );
        assert_eq!(error.origin(), Some("openai"));
    }
    // A slow drip is no failure.
    fake.script.fail(Fault::Drip(Duration::from_micros(1)));
    let (events, error) = answer(model.reply(question("Weather?"))).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(said(&events), RAIN);
    // Two failures and a success.
    fake.script.fail(Fault::Status(429));
    fake.script.fail(Fault::BreakAfter(0));
    let (events, error) = answer(model.reply(question("Weather?"))).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(said(&events), RAIN);
    assert_eq!(fake.script.open(), 0, "no call is left open");
}

#[tokio::test]
async fn after_the_first_word_nothing_is_tried_again() {
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    let access = failing_at(fake.url(), KEY, Kind::Timeout, 1);
    let model = through(&OPENAI, access).language_model();
    for fault in [
        Fault::BreakAfter(3),
        Fault::TruncateAfter(3),
        Fault::StallAfter(3),
        Fault::Garble(3),
        Fault::Say(
            3,
            "data: {\"error\":{\"message\":\"upstream dropped\",\"code\":\"server_error\"}}\n\n".into(),
        ),
        // The same as OpenRouter says it.
        Fault::Say(
            3,
            "data: {\"id\":\"gen-1\",\"provider\":\"p\",\"error\":{\"code\":502,\"message\":\"upstream dropped\"},\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}\n\n".into(),
        ),
    ] {
        let before = fake.script.calls().len();
        fake.script.fail(fault.clone());
        let (events, error) = answer(model.reply(question("Weather?"))).await;
        assert!(
            !said(&events).is_empty() && said(&events).len() < RAIN.len(),
            "{fault:?}"
        );
        let error = error.unwrap_or_else(|| panic!("{fault:?} went unnoticed"));
        assert!(
            matches!(error.kind(), Kind::Unavailable | Kind::Timeout),
            "{fault:?}: {error}"
        );
        assert!(!error.can_retry());
        assert_eq!(fake.script.calls().len() - before, 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_service_that_says_nothing_is_left() {
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    let access = failing_at(fake.url(), KEY, Kind::Timeout, 3);
    let model = through(&OPENAI, access).language_model();
    for _ in 0..3 {
        fake.script.fail(Fault::Silence);
    }
    let (_, error) = answer(model.reply(question("Weather?"))).await;
    assert_eq!(error.unwrap().kind(), Kind::Timeout);
}

#[tokio::test]
async fn cancelling_closes_the_connection() {
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    fake.script.fail(Fault::StallAfter(2));
    let mut session = account(&fake, &OPENAI)
        .language_model()
        .reply(question("Weather?"));
    assert!(matches!(session.next().await, Some(Ok(ChatEvent::Text(_)))));
    assert_eq!(fake.script.open(), 1);
    session.cancel();
    closed(&fake.script).await;
}

#[tokio::test]
async fn nobody_there() {
    let settings = Settings::new(
        &COMPATIBLE,
        Access {
            base: Some("http://127.0.0.1:9/v1".into()),
            retry: quick(),
            ..Access::default()
        },
    );
    let model = OpenAi::new(network(), settings).unwrap().language_model();
    let mut request = question("Weather?");
    request.model = Some("m".into());
    let (_, error) = answer(model.reply(request)).await;
    let error = error.unwrap();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.to_string().contains("could not be reached"), "{error}");
    let settings = |base: &str| {
        Settings::new(
            &COMPATIBLE,
            Access {
                base: Some(base.into()),
                ..Access::default()
            },
        )
    };
    for base in ["", "no address", "ftp://x", "mailto:a@b"] {
        assert!(OpenAi::new(network(), settings(base)).is_err(), "{base}");
    }
}

#[tokio::test]
async fn keys_are_tested() {
    for (flavour, preset) in [
        (Flavour::OpenAi, &OPENAI),
        (Flavour::OpenRouter, &OPENROUTER),
        (Flavour::Xai, &XAI),
        (Flavour::Groq, &GROQ),
    ] {
        let fake = openai::OpenAi::start(flavour).await.unwrap();
        let good = account(&fake, preset).check().await.unwrap();
        assert!(good.credit != Credit::Empty && !good.limited);
        for (key, fault) in [
            (Some("sk-planted-wrong"), Failed::WrongKey),
            (None, Failed::NoKey),
            (Some(""), Failed::WrongKey),
        ] {
            let failure = with_key(&fake, preset, key).check().await.unwrap_err();
            assert_eq!(failure.fault(), &fault, "{flavour:?} {key:?}");
            assert!(
                !format!("{failure} {failure:?}").contains("planted"),
                "{failure:?}"
            );
        }
        fake.manners(|m| m.empty = true);
        let empty = account(&fake, preset).check().await.unwrap();
        // Groq's page names no way to tell.
        assert_eq!(
            empty.credit == Credit::Empty,
            flavour != Flavour::Groq,
            "{flavour:?}"
        );
    }
    let fake = openai::OpenAi::start(Flavour::OpenAi).await.unwrap();
    fake.script.fail(Fault::Status(403));
    assert!(account(&fake, &OPENAI).check().await.unwrap().limited);
    let models = account(&fake, &OPENAI).models().await.unwrap();
    assert!(models.iter().any(|model| model.id == "gpt-5.4-mini"));
}
