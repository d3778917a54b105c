//! A response as it streams, made into events. Pure: bytes and deadlines are elsewhere.

use libretto_voice::ChatEvent;
use libretto_voice::chat::FinishReason;
use serde_json::{Value, json};

use super::calls::{Arguments, Calls, News};
use super::chat::Reading;
use super::completion::{Broken, event};
use super::thinking::Thinking;

/// An answer that is being given.
#[derive(Debug)]
pub(super) struct Response {
    thinking: Thinking,
    /// Calls by the ids of their items.
    calls: Calls<String>,
    /// Whether any words have come as pieces.
    spoke: bool,
    reason: Option<FinishReason>,
}

impl Response {
    /// An answer of this model.
    pub(super) fn of(model: &str) -> Self {
        Self {
            thinking: Thinking::of(model),
            calls: Calls::new(),
            spoke: false,
            reason: None,
        }
    }

    fn say(&mut self, text: &str) -> Vec<ChatEvent> {
        self.thinking.push(text).into_iter().map(event).collect()
    }

    /// What an item says of a call.
    fn item(&mut self, item: &Value) -> Result<(), Broken> {
        if item["type"] != "function_call" {
            return Ok(());
        }
        let text = |name: &str| {
            let text = item[name].as_str().filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        let id = text("id").or_else(|| text("call_id")).unwrap_or_default();
        let news = News {
            id: text("call_id"),
            name: text("name"),
            arguments: text("arguments").map(Arguments::All),
        };
        self.calls.tell(id, news)
    }

    /// The response itself, which has come to its end.
    fn ended(&mut self, response: &Value) -> Result<Vec<ChatEvent>, Broken> {
        let items = response["output"].as_array().map_or(&[][..], Vec::as_slice);
        let mut events = Vec::new();
        for item in items {
            self.item(item)?;
            let parts = item["content"].as_array().map_or(&[][..], Vec::as_slice);
            if self.spoke || item["type"] != "message" {
                continue;
            }
            // It was not sent in pieces.
            for part in parts {
                let text = part["text"].as_str().or_else(|| part["refusal"].as_str());
                events.extend(self.say(text.unwrap_or_default()));
            }
        }
        let why = response
            .pointer("/incomplete_details/reason")
            .and_then(Value::as_str);
        self.reason = Some(match (response["status"].as_str(), why) {
            (Some("incomplete"), Some("content_filter")) => FinishReason::Filtered,
            (Some("incomplete"), _) => FinishReason::Length,
            (Some("failed"), _) => {
                return Err(Broken::Error(json!({"error": response["error"]}).to_string()));
            }
            _ => FinishReason::Stop,
        });
        Ok(events)
    }
}

impl Reading for Response {
    fn push(&mut self, data: &str) -> Result<Vec<ChatEvent>, Broken> {
        // Not part of this protocol, but of the older one that many know better.
        if self.is_done() || data.trim().is_empty() || data.starts_with("[DONE]") {
            return Ok(Vec::new());
        }
        let value: Value = serde_json::from_str(data).map_err(|_| Broken::Garbled)?;
        let text = |name: &str| value[name].as_str().unwrap_or_default();
        match text("type") {
            "response.output_text.delta" | "response.text.delta" | "response.refusal.delta" => {
                self.spoke = true;
                return Ok(self.say(text("delta")));
            }
            "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" => {
                let thought = ChatEvent::Reasoning(text("delta").to_owned());
                return Ok(Vec::from_iter(
                    Some(thought).filter(|_| !text("delta").is_empty()),
                ));
            }
            "response.output_item.added" | "response.output_item.done" => self.item(&value["item"])?,
            "response.function_call_arguments.delta" => {
                let more = Some(Arguments::More(text("delta").to_owned()));
                let news = News {
                    arguments: more,
                    ..News::default()
                };
                self.calls.tell(text("item_id").to_owned(), news)?;
            }
            "response.function_call_arguments.done" => {
                let news = News {
                    name: Some(text("name").to_owned()),
                    arguments: Some(Arguments::All(text("arguments").to_owned())),
                    id: None,
                };
                self.calls.tell(text("item_id").to_owned(), news)?;
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                let mut response = value["response"].clone();
                if let (None, Some((_, status))) = (response["status"].as_str(), text("type").split_once('.'))
                {
                    response["status"] = status.into();
                }
                return self.ended(&response);
            }
            "error" => {
                let error = value.get("error").filter(|error| !error.is_null());
                let error = error.cloned().unwrap_or_else(
                    || json!({"code": value["code"], "message": value["message"], "param": value["param"]}),
                );
                return Err(Broken::Error(json!({ "error": error }).to_string()));
            }
            // All of it at once, from a server that does not stream.
            "" if value["object"] == "response" => return self.ended(&value),
            "" if value.get("error").is_some_and(|error| !error.is_null()) => {
                return Err(Broken::Error(data.to_owned()));
            }
            _ => {}
        }
        Ok(Vec::new())
    }

    fn is_done(&self) -> bool {
        self.reason.is_some()
    }

    fn finish(mut self: Box<Self>) -> Option<Vec<ChatEvent>> {
        let reason = self.reason?;
        let mut events: Vec<ChatEvent> = self.thinking.finish().into_iter().map(event).collect();
        let tools = !self.calls.is_empty();
        events.extend(self.calls.finish(None));
        let reason = match reason {
            FinishReason::Stop if tools => FinishReason::Tools,
            reason => reason,
        };
        events.push(ChatEvent::Finished(reason));
        Some(events)
    }
}

#[cfg(test)]
mod tests {
    use libretto_voice::chat::ToolCall;
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&str]) -> (Vec<ChatEvent>, Option<Broken>) {
        let mut response = Box::new(Response::of("m"));
        let mut events = Vec::new();
        for piece in pieces {
            match response.push(piece) {
                Ok(more) => events.extend(more),
                Err(broken) => return (events, Some(broken)),
            }
        }
        events.extend(response.finish().into_iter().flatten());
        (events, None)
    }

    #[test]
    fn calls_are_whole_however_they_are_told() {
        let call =
            |id: &str, name: &str, arguments: &str| ChatEvent::Call(ToolCall::new(id, name, arguments));
        let (events, _) = read(&[
            r#"{"type":"response.created","response":{"id":"r"}}"#,
            r#"{"type":"response.output_item.added","item":{"id":"i1","type":"function_call","call_id":"a","name":"f","arguments":""}}"#,
            r#"{"type":"response.function_call_arguments.delta","item_id":"i1","delta":"{\"x\""}"#,
            r#"{"type":"response.function_call_arguments.delta","item_id":"i1","delta":":1}"}"#,
            r#"{"type":"response.output_item.done","item":{"id":"i2","type":"function_call","call_id":"b","name":"g","arguments":"{}"}}"#,
            r#"{"type":"response.function_call_arguments.done","item_id":"i3","name":"h","arguments":""}"#,
            r#"{"type":"response.completed","response":{"status":"completed","output":[]}}"#,
            r#"{"type":"response.output_text.delta","delta":"late"}"#,
        ]);
        let expected = [
            call("a", "f", r#"{"x":1}"#),
            call("b", "g", "{}"),
            call("call_2", "h", "{}"),
            ChatEvent::Finished(FinishReason::Tools),
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn ends_of_every_kind() {
        let text = r#"{"type":"response.output_text.delta","delta":"Hi"}"#;
        let said = ChatEvent::Text("Hi".into());
        for (end, reason) in [
            (
                r#"{"type":"response.completed","response":{}}"#,
                FinishReason::Stop,
            ),
            (
                r#"{"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"}}}"#,
                FinishReason::Length,
            ),
            (
                r#"{"type":"response.incomplete","response":{"incomplete_details":{"reason":"content_filter"}}}"#,
                FinishReason::Filtered,
            ),
        ] {
            assert_eq!(
                read(&[text, end]).0,
                [said.clone(), ChatEvent::Finished(reason)],
                "{end}"
            );
        }
        for end in [
            r#"{"type":"response.failed","response":{"error":{"code":"server_error","message":"m"}}}"#,
            r#"{"type":"error","code":"rate_limit_exceeded","message":"m","param":null}"#,
            r#"{"type":"error","error":{"code":"rate_limit_exceeded"}}"#,
        ] {
            assert!(matches!(read(&[text, end]).1, Some(Broken::Error(_))), "{end}");
        }
        assert_eq!(
            read(&[text]).0,
            std::slice::from_ref(&said),
            "no end was invented"
        );
        let whole = r#"{"object":"response","status":"completed","output":[{"type":"reasoning"},
            {"type":"message","content":[{"type":"output_text","text":"Hi"}]}]}"#;
        assert_eq!(read(&[whole]).0, [said, ChatEvent::Finished(FinishReason::Stop)]);
    }

    proptest! {
        #[test]
        fn anything_is_survived(kind in "[a-z_.]{0,40}", text in "\\PC{0,60}") {
            let mut response = Response::of("m");
            let _ = response.push(&text);
            let _ = response.push(&json!({"type": format!("response.{kind}"), "item": text, "delta": [text]}).to_string());
        }
    }
}
