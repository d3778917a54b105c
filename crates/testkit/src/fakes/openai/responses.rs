//! `POST /v1/responses`, as events.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::body;
use super::chat::{MODELS, calls, read};
use super::{Desk, Manners, errors};

pub(super) async fn create(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (call, headers, body) = read(request).await;
    let (entry, fault) = match desk.begin(call, &headers).await {
        Ok(begun) => begun,
        Err(refusal) => return refusal,
    };
    if let Err(said) = check(&body) {
        return errors::refuse(400, said, "invalid_request_error", Some("invalid_value"));
    }
    let model = body["model"].as_str().unwrap_or_default();
    if !MODELS.contains(&model) {
        let said = format!("The model `{model}` does not exist or you do not have access to it.");
        return errors::refuse(404, &said, "invalid_request_error", Some("model_not_found"));
    }
    if let Some(refusal) = desk.empty() {
        return refusal;
    }
    let manners = desk.manners().clone();
    let mut response = body::answer(entry, fault.as_ref(), "text/event-stream", stream(&manners));
    response.headers_mut().extend(errors::identified());
    response
}

/// What the service would refuse.
fn check(body: &Value) -> Result<(), &'static str> {
    if body["stream"] != true || body["store"] != false {
        return Err("this fake wants streams, and nothing stored");
    }
    if body["max_output_tokens"].as_u64().is_some_and(|most| most < 16) {
        return Err("Invalid 'max_output_tokens': integer below minimum value.");
    }
    for field in [
        "messages",
        "max_tokens",
        "max_completion_tokens",
        "reasoning_effort",
    ] {
        if body.get(field).is_some() {
            return Err("Unknown parameter.");
        }
    }
    let mut asked: Vec<&str> = Vec::new();
    for item in body["input"]
        .as_array()
        .ok_or("Missing required parameter: 'input'.")?
    {
        match item["type"].as_str() {
            Some("function_call") if item["arguments"].is_string() => {
                asked.extend(item["call_id"].as_str());
            }
            Some("function_call_output") => {
                if !item["call_id"].as_str().is_some_and(|id| asked.contains(&id)) {
                    return Err("No tool call found for function call output.");
                }
            }
            Some("message") if item["content"].is_string() => {}
            _ => return Err("Invalid value: 'input'."),
        }
    }
    let flat = |tool: &Value| tool["type"] == "function" && tool["name"].is_string();
    let mut tools = body["tools"].as_array().into_iter().flatten();
    tools
        .all(flat)
        .then_some(())
        .ok_or("Missing required parameter: 'tools[0].name'.")
}

/// A message of these pieces, said once in pieces and twice whole.
fn message(texts: &[String], (name, kind): (&str, &str), events: &mut Vec<Value>, output: &mut Vec<Value>) {
    // Where its words stand in a part, and in what says that they are done.
    let field = if name == "refusal" { "refusal" } else { "text" };
    let id = format!("msg_{}", output.len());
    let mut item = json!({"id": id, "type": "message", "role": "assistant", "content": []});
    let mut part = json!({"type": kind});
    part[field] = "".into();
    events.push(json!({"type": "response.output_item.added", "item": item}));
    events.push(
        json!({"type": "response.content_part.added", "item_id": id, "content_index": 0, "part": part}),
    );
    for text in texts {
        events.push(
            json!({"type": format!("response.{kind}.delta"), "item_id": id, "content_index": 0, "delta": text,
            "obfuscation": "x"}),
        );
    }
    let mut done = json!({"type": format!("response.{kind}.done"), "item_id": id, "content_index": 0});
    for whole in [&mut done, &mut part] {
        whole[field] = texts.concat().into();
    }
    events.push(done);
    events
        .push(json!({"type": "response.content_part.done", "item_id": id, "content_index": 0, "part": part}));
    item["content"] = json!([part]);
    events.push(json!({"type": "response.output_item.done", "item": item}));
    output.push(item);
}

fn stream(manners: &Manners) -> Vec<Bytes> {
    let mut events: Vec<Value> = ["created", "queued", "in_progress"]
        .map(|stage| json!({"type": format!("response.{stage}"), "response": {"id": "resp_1", "status": stage}}))
        .into();
    let mut output = Vec::new();
    let of = |name: &str| -> Vec<String> {
        let texts = manners.deltas.iter().filter_map(|delta| delta[name].as_str());
        texts.map(str::to_owned).collect()
    };
    let thoughts = of("reasoning");
    if !thoughts.is_empty() {
        let item = json!({"id": "rs_1", "type": "reasoning", "summary": []});
        events.push(json!({"type": "response.output_item.added", "item": item}));
        events.push(json!({"type": "response.reasoning_summary_part.added", "item_id": "rs_1"}));
        let delta = |thought: &String| json!({"type": "response.reasoning_summary_text.delta", "item_id": "rs_1", "delta": thought});
        events.extend(thoughts.iter().map(delta));
        events.push(
            json!({"type": "response.reasoning_summary_text.done", "item_id": "rs_1", "text": thoughts.concat()}),
        );
        events.push(json!({"type": "response.output_item.done", "item": item}));
        output.push(item);
    }
    for (name, kind) in [("content", "output_text"), ("refusal", "refusal")] {
        let texts = of(name);
        if !texts.is_empty() {
            message(&texts, (name, kind), &mut events, &mut output);
        }
    }
    for (number, call) in calls(manners).into_iter().enumerate() {
        let id = format!("fc_{number}");
        let mut item = json!({"id": id, "type": "function_call", "call_id": call["id"], "name": call["name"],
            "arguments": ""});
        events.push(json!({"type": "response.output_item.added", "item": item}));
        let arguments = call["arguments"].as_str().unwrap_or_default();
        let (one, two) = arguments.split_at(arguments.len() / 2);
        for part in [one, two] {
            events.push(
                json!({"type": "response.function_call_arguments.delta", "item_id": id, "delta": part}),
            );
        }
        events.push(
            json!({"type": "response.function_call_arguments.done", "item_id": id, "name": call["name"],
            "arguments": arguments}),
        );
        item["arguments"] = arguments.into();
        events.push(json!({"type": "response.output_item.done", "item": item}));
        output.push(item);
    }
    let (end, status, details) = match manners.finish {
        Some("length") => (
            "response.incomplete",
            "incomplete",
            json!({"reason": "max_output_tokens"}),
        ),
        Some("content_filter") => (
            "response.incomplete",
            "incomplete",
            json!({"reason": "content_filter"}),
        ),
        _ => ("response.completed", "completed", Value::Null),
    };
    if manners.finish.is_some() {
        events.push(
            json!({"type": end, "response": {"id": "resp_1", "status": status, "output": output,
            "incomplete_details": details}}),
        );
    }
    let pieces = events.iter().enumerate().map(|(number, event)| {
        let mut event = event.clone();
        event["sequence_number"] = number.into();
        format!(
            "event: {}\ndata: {event}\n\n",
            event["type"].as_str().unwrap_or_default()
        )
    });
    let pieces: Vec<String> = pieces.collect();
    body::cut(pieces, manners.cut)
}
