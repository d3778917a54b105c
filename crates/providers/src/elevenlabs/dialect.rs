//! What refusals mean. A 401 has five meanings: the machine code decides, never the number alone.

use reqwest::header::HeaderName;
use serde_json::Value;

use crate::failure::Fault;
use crate::service::{Answer, Dialect, Verdict};

pub(super) static DIALECT: Dialect = Dialect {
    auth: (HeaderName::from_static("xi-api-key"), ""),
    needs_key: true,
    headers: &[],
    request_ids: &["request-id", "x-trace-id"],
    judge,
};

fn judge(answer: &Answer<'_>) -> Verdict {
    let json = answer.json.as_ref().unwrap_or(&Value::Null);
    let detail = &json["detail"];
    // `detail` is an object, a list of what was invalid, or plain text. On sockets the code stands in `error` beside
    // the `message`; of the live recogniser in `message_type`, and its words in `error`.
    let live = &json["message_type"];
    let codes = [
        &detail["code"],
        &detail["status"],
        &detail["type"],
        live,
        &json["error"],
    ];
    let words = [
        &detail["message"],
        &detail[0]["msg"],
        detail,
        &json["message"],
        &json["error"],
    ];
    let named = codes.iter().filter_map(|code| code.as_str()).find_map(named);
    let fault = named.unwrap_or_else(|| match answer.status {
        200 if live.is_string() => Fault::Down,
        200 => Fault::BrokeOff,
        // What is there already does not go away.
        409 => Fault::Refused,
        status => Fault::of_status(status),
    });
    let said = words.iter().find_map(|words| words.as_str());
    Verdict {
        request: detail["request_id"].as_str().map(str::to_owned),
        ..Verdict::new(fault, said.map(|said| with_place(said, json)))
    }
}

/// The service's words, with the name of the field that they are about where they do not say it: “Field required” alone
/// helps nobody.
fn with_place(said: &str, json: &Value) -> String {
    let detail = &json["detail"];
    // The first part says where fields are: in the body, or in the address.
    let parts = detail[0]["loc"].as_array().map_or(&[][..], Vec::as_slice);
    let parts = parts.iter().skip(1).map(|part| match part {
        Value::String(name) => name.clone(),
        number => number.to_string(),
    });
    let named = detail["param"].as_str().or_else(|| json["param"].as_str());
    let place = named.map_or_else(|| parts.collect::<Vec<_>>().join("."), str::to_owned);
    if place.is_empty() || said.contains(&place) {
        said.to_owned()
    } else {
        format!("{place}: {said}")
    }
}

fn named(code: &str) -> Option<Fault> {
    Some(match code {
        "invalid_api_key" | "needs_authorization" | "authentication_required" | "auth_error" => {
            Fault::WrongKey
        }
        "missing_permissions" | "unauthorized" | "unaccepted_terms" => Fault::Forbidden,
        "quota_exceeded" => Fault::Empty,
        // Those without a plan are guarded against abuse, and a plan ends it.
        "detected_unusual_activity" | "payment_required" | "paid_plan_required" | "only_for_creator+" => {
            Fault::Plan
        }
        "max_character_limit_exceeded" | "chunk_size_exceeded" => Fault::TooLong,
        "voice_not_found" | "model_not_found" => Fault::Unknown,
        "invalid_voice_settings" | "invalid_parameters" | "invalid_request" | "input_error" => Fault::Refused,
        "too_many_concurrent_requests"
        | "concurrent_limit_exceeded"
        | "rate_limit_exceeded"
        | "rate_limited" => Fault::Busy,
        "system_busy" | "queue_overflow" | "resource_exhausted" | "transcriber_error" => Fault::Down,
        "input_timeout_exceeded"
        | "session_time_limit_exceeded"
        | "insufficient_audio_activity"
        | "commit_throttled" => Fault::BrokeOff,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    type Case<'a> = (u16, &'a str, Fault, Option<&'a str>);

    #[test]
    fn each_shape_and_each_401() {
        judged(&[
            (
                401,
                r#"{"detail":{"status":"invalid_api_key","message":"Invalid API key"}}"#,
                Fault::WrongKey,
                Some("Invalid API key"),
            ),
            (
                401,
                r#"{"detail":{"status":"missing_permissions","message":"user_read"}}"#,
                Fault::Forbidden,
                Some("user_read"),
            ),
            (
                401,
                r#"{"detail":{"status":"quota_exceeded","message":"m"}}"#,
                Fault::Empty,
                Some("m"),
            ),
            (
                401,
                r#"{"detail":{"type":"authentication_error","code":"unauthorized","message":"m"}}"#,
                Fault::Forbidden,
                Some("m"),
            ),
            (
                401,
                r#"{"detail":"who are you"}"#,
                Fault::WrongKey,
                Some("who are you"),
            ),
            (
                402,
                r#"{"detail":{"type":"payment_required","code":"paid_plan_required","message":"m"}}"#,
                Fault::Plan,
                Some("m"),
            ),
            (
                422,
                r#"{"detail":[{"loc":["body","text"],"msg":"Field required","type":"missing"}]}"#,
                Fault::Refused,
                Some("text: Field required"),
            ),
            (
                429,
                r#"{"detail":{"status":"system_busy","message":"m"}}"#,
                Fault::Down,
                Some("m"),
            ),
            (429, "busy", Fault::Busy, None),
            (
                404,
                r#"{"detail":"Not Found"}"#,
                Fault::Unknown,
                Some("Not Found"),
            ),
            (
                200,
                r#"{"message":"Have not received","error":"input_timeout_exceeded","code":1008}"#,
                Fault::BrokeOff,
                Some("Have not received"),
            ),
            (
                200,
                r#"{"message_type":"quota_exceeded","error":"none left"}"#,
                Fault::Empty,
                Some("none left"),
            ),
            (
                200,
                r#"{"message_type":"new_kind","error":"who knows"}"#,
                Fault::Down,
                Some("who knows"),
            ),
        ]);
    }

    #[test]
    fn fields_are_named_and_newer_codes_are_known() {
        judged(&[
            (
                422,
                r#"{"detail":[{"loc":["body","inputs",0,"text"],"msg":"Too short","type":"t","input":""}]}"#,
                Fault::Refused,
                Some("inputs.0.text: Too short"),
            ),
            (
                400,
                r#"{"detail":{"type":"validation_error","code":"new","message":"not allowed","param":"seed"}}"#,
                Fault::Refused,
                Some("seed: not allowed"),
            ),
            (
                401,
                r#"{"detail":{"status":"detected_unusual_activity","message":"m"}}"#,
                Fault::Plan,
                Some("m"),
            ),
            (
                400,
                r#"{"detail":{"type":"payment_required","code":"new","message":"m","param":null}}"#,
                Fault::Plan,
                Some("m"),
            ),
            (409, r#"{"detail":"Conflict"}"#, Fault::Refused, Some("Conflict")),
            (
                429,
                r#"{"detail":{"code":"concurrent_limit_exceeded","status":"s","message":"m"}}"#,
                Fault::Busy,
                Some("m"),
            ),
            (
                200,
                r#"{"message":"No key","error":"authentication_required","code":1008,"param":"xi_api_key"}"#,
                Fault::WrongKey,
                Some("xi_api_key: No key"),
            ),
        ]);
    }

    fn judged(cases: &[Case<'_>]) {
        for (status, text, fault, said) in cases {
            let answer = Answer {
                status: *status,
                headers: &HeaderMap::new(),
                text,
                json: serde_json::from_str(text).ok(),
            };
            let verdict = judge(&answer);
            let got = (&verdict.fault, verdict.said.as_deref());
            assert_eq!(got, (fault, *said), "{status} {text}");
        }
    }
}
