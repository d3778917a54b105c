//! A chat completion as it streams, made into events. Pure: bytes and deadlines are elsewhere.

use libretto_voice::ChatEvent;
use libretto_voice::chat::FinishReason;
use serde::Deserialize;
use serde_json::Value;

use super::calls::{Arguments, Calls, News};
use super::chat::Reading;
use super::details::Details;
use super::thinking::{Piece, Thinking};

/// Why an answer cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// The service says that it failed: the JSON that says so.
    Error(String),
    /// It makes no sense.
    Garbled,
}

#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    index: Option<u32>,
    #[serde(alias = "message")]
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<Value>,
    refusal: Option<String>,
    reasoning: Option<Value>,
    reasoning_content: Option<Value>,
    reasoning_details: Option<Vec<Value>>,
    tool_calls: Option<Vec<Fragment>>,
}

#[derive(Deserialize)]
struct Fragment {
    index: Option<usize>,
    id: Option<String>,
    function: Option<Function>,
}

#[derive(Default, Deserialize)]
struct Function {
    name: Option<String>,
    arguments: Option<Value>,
}

/// An answer that is being given.
#[derive(Debug)]
pub(super) struct Completion {
    failed: fn(&Value) -> bool,
    thinking: Thinking,
    details: Details,
    /// By their index.
    calls: Calls<usize>,
    reason: Option<FinishReason>,
    done: bool,
}

impl Completion {
    /// An answer of this model; `failed` knows the service's own way to say that it failed.
    pub(super) fn of(model: &str, failed: fn(&Value) -> bool) -> Self {
        Self {
            failed,
            thinking: Thinking::of(model),
            details: Details::default(),
            calls: Calls::new(),
            reason: None,
            done: false,
        }
    }
}

impl Reading for Completion {
    fn push(&mut self, data: &str) -> Result<Vec<ChatEvent>, Broken> {
        if self.done || data.trim().is_empty() {
            return Ok(Vec::new());
        }
        if data.starts_with("[DONE]") {
            self.done = true;
            return Ok(Vec::new());
        }
        let value: Value = serde_json::from_str(data).map_err(|_| Broken::Garbled)?;
        if (self.failed)(&value) {
            return Err(Broken::Error(data.to_owned()));
        }
        let chunk = Chunk::deserialize(value).map_err(|_| Broken::Garbled)?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(Broken::Error(serde_json::json!({ "error": error }).to_string()));
        }
        let mut events = Vec::new();
        for choice in chunk.choices.unwrap_or_default() {
            if choice.index.unwrap_or(0) == 0 {
                self.choice(choice, &mut events)?;
            }
        }
        Ok(events)
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn finish(mut self: Box<Self>) -> Option<Vec<ChatEvent>> {
        if !self.done && self.reason.is_none() {
            return None;
        }
        let mut events: Vec<ChatEvent> = self.thinking.finish().into_iter().map(event).collect();
        let tools = !self.calls.is_empty();
        events.extend(self.calls.finish(self.details.finish()));
        let reason = if tools {
            FinishReason::Tools
        } else {
            self.reason.unwrap_or(FinishReason::Stop)
        };
        events.push(ChatEvent::Finished(reason));
        Some(events)
    }
}

impl Completion {
    fn choice(&mut self, choice: Choice, events: &mut Vec<ChatEvent>) -> Result<(), Broken> {
        if let Some(delta) = choice.delta {
            // The same words may stand under each of the names.
            let details = self.details.push(delta.reasoning_details.unwrap_or_default())?;
            let names = [delta.reasoning, delta.reasoning_content, Some(details.into())];
            let mut thoughts = names.iter().flatten().filter_map(Value::as_str);
            let thought = thoughts.find(|text| !text.is_empty());
            events.extend(thought.map(|text| ChatEvent::Reasoning(text.to_owned())));
            let said = delta.content.as_ref().and_then(Value::as_str);
            for text in said.into_iter().chain(delta.refusal.as_deref()) {
                events.extend(self.thinking.push(text).into_iter().map(event));
            }
            for (place, fragment) in delta.tool_calls.unwrap_or_default().into_iter().enumerate() {
                self.fragment(place, fragment)?;
            }
        }
        self.reason = match choice.finish_reason.as_deref() {
            Some("error") => return Err(Broken::Error(r#"{"error":{"code":"server_error"}}"#.into())),
            Some("length") => Some(FinishReason::Length),
            Some("content_filter") => Some(FinishReason::Filtered),
            Some("tool_calls" | "function_call") => Some(FinishReason::Tools),
            Some(_) => Some(FinishReason::Stop),
            None => self.reason,
        };
        Ok(())
    }

    fn fragment(&mut self, place: usize, fragment: Fragment) -> Result<(), Broken> {
        let key = fragment.index.unwrap_or(place);
        let Function { name, arguments } = fragment.function.unwrap_or_default();
        let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let begins = self.calls.newest(&key).is_some_and(|known| {
            // Some give every call the same index, or none.
            let other = match &fragment.id {
                Some(id) if given(&fragment.id) && !known.id.is_empty() => *id != known.id,
                _ => fragment.index.is_none(),
            };
            other && given(&name) && !known.name.is_empty()
        });
        let news = News {
            id: fragment.id,
            name,
            arguments: match arguments {
                Some(Value::String(text)) => Some(Arguments::More(text)),
                Some(Value::Null) | None => None,
                // Some send the object itself.
                Some(object) => Some(Arguments::All(object.to_string())),
            },
        };
        if begins {
            self.calls.add(key, news)
        } else {
            self.calls.tell(key, news)
        }
    }
}

/// A piece of a model's writing as an event.
pub(super) fn event(piece: Piece) -> ChatEvent {
    match piece {
        Piece::Answer(text) => ChatEvent::Text(text),
        Piece::Thought(text) => ChatEvent::Reasoning(text),
    }
}

#[cfg(test)]
mod tests {
    use libretto_voice::chat::ToolCall;

    use super::*;

    fn read(chunks: &[&str]) -> (Vec<ChatEvent>, Option<Broken>) {
        let mut completion = Box::new(Completion::of("m", super::super::GROQ.failed));
        let mut events = Vec::new();
        for chunk in chunks {
            match completion.push(chunk) {
                Ok(more) => events.extend(more),
                Err(broken) => return (events, Some(broken)),
            }
        }
        events.extend(completion.finish().into_iter().flatten());
        (events, None)
    }

    fn call(id: &str, name: &str, arguments: &str) -> ChatEvent {
        ChatEvent::Call(ToolCall::new(id, name, arguments))
    }

    #[test]
    fn tool_calls_in_fragments_whole_and_side_by_side() {
        let (events, _) = read(&[
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"ci"}},{"index":1,"id":"b","function":{"name":"g","arguments":{"x":1}}}]}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"ty\":1}"}}]}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":2,"function":{"name":"h"}}]},"finish_reason":"stop"}]}"#,
        ]);
        let expected = [
            call("a", "f", r#"{"city":1}"#),
            call("b", "g", r#"{"x":1}"#),
            call("call_2", "h", "{}"),
            ChatEvent::Finished(FinishReason::Tools),
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn calls_without_an_index_or_an_id_of_their_own() {
        let whole = |index: &str, id: &str, name: &str| {
            format!(
                r#"{{"choices":[{{"delta":{{"tool_calls":[{{{index}"id":{id},"function":{{"name":"{name}","arguments":"{{}}"}}}}]}}}}]}}"#
            )
        };
        let end = r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#;
        for (index, one, two, ids) in [
            ("", "\"a\"", "\"b\"", ["a", "b"]),
            ("", "null", "null", ["call_0", "call_1"]),
            ("", "\"\"", "\"b\"", ["call_0", "b"]),
            (r#""index":0,"#, "\"a\"", "\"b\"", ["a", "b"]),
        ] {
            let (events, _) = read(&[&whole(index, one, "f"), &whole(index, two, "g"), end]);
            let expected = [
                call(ids[0], "f", "{}"),
                call(ids[1], "g", "{}"),
                ChatEvent::Finished(FinishReason::Tools),
            ];
            assert_eq!(events, expected, "{index} {one} {two}");
        }
        let twice = [
            whole(r#""index":0,"#, "\"a\"", "f"),
            whole(r#""index":1,"#, "\"a\"", "f"),
        ];
        let (events, _) = read(&[&twice[0], &twice[1], end]);
        assert_eq!(events[..2], [call("a", "f", "{}"), call("call_1", "f", "{}")]);
        // Said again with each piece, it is the same call.
        let again = whole(r#""index":0,"#, "\"a\"", "f").replace("{}", "");
        let (events, _) = read(&[&again, &again, end]);
        assert_eq!(events[..1], [call("a", "f", "{}")]);
    }

    #[test]
    fn reasoning_has_many_names_and_is_never_text() {
        let (events, _) = read(&[
            r#"{"choices":[]}"#,
            r#"{"choices":[{"delta":{"role":"assistant","content":null,"reasoning":"a"}}]}"#,
            r#"{"choices":[{"delta":{"reasoning_content":"b","content":""}}]}"#,
            r#"{"choices":[{"delta":{"reasoning":"","reasoning_details":[{"type":"reasoning.text","text":"bb"}]}}]}"#,
            r#"{"choices":[{"delta":{"content":"<think>c</think>\nHi"}}]}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"length"}],"usage":null}"#,
            r#"{"choices":[],"usage":{"total_tokens":3}}"#,
            "[DONE]",
            "whatever comes then",
        ]);
        let thought = |text: &str| ChatEvent::Reasoning(text.into());
        let expected = [
            thought("a"),
            thought("b"),
            thought("bb"),
            thought("c"),
            ChatEvent::Text("Hi".into()),
            ChatEvent::Finished(FinishReason::Length),
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn errors_in_a_stream() {
        for error in [
            r#"{"error":{"message":"gone","code":"server_error"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#,
            r#"{"choices":[],"x_groq":{"error":"gone"}}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"error"}]}"#,
        ] {
            let (events, broken) = read(&[r#"{"choices":[{"delta":{"content":"One"}}]}"#, error]);
            assert_eq!(events, [ChatEvent::Text("One".into())]);
            assert!(matches!(broken, Some(Broken::Error(_))), "{error}");
        }
        assert_eq!(read(&["{"]).1, Some(Broken::Garbled));
        assert_eq!(
            read(&[r#"{"choices":[{"delta":{"content":"half"}}]}"#]).0.len(),
            1,
            "no end was invented"
        );
    }
}
