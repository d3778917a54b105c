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
    let live = json["message_type"].as_str();
    let code = detail["code"]
        .as_str()
        .and_then(|code| named(code).map(|_| code))
        .or_else(|| detail["status"].as_str())
        .or(live)
        .or_else(|| json["error"].as_str());
    let said = detail["message"]
        .as_str()
        .or_else(|| detail[0]["msg"].as_str())
        .or_else(|| detail.as_str())
        .or_else(|| json["message"].as_str())
        .or_else(|| json["error"].as_str());
    let fault = code
        .and_then(named)
        .unwrap_or_else(|| match (answer.status, live) {
            (200, Some(_)) => Fault::Down,
            (200, None) => Fault::BrokeOff,
            (status, _) => Fault::of_status(status),
        });
    Verdict {
        request: detail["request_id"].as_str().map(str::to_owned),
        ..Verdict::new(fault, said.map(str::to_owned))
    }
}

fn named(code: &str) -> Option<Fault> {
    Some(match code {
        "invalid_api_key" | "needs_authorization" | "auth_error" => Fault::WrongKey,
        "missing_permissions" | "unauthorized" | "detected_unusual_activity" | "unaccepted_terms" => {
            Fault::Forbidden
        }
        "quota_exceeded" => Fault::Empty,
        "payment_required" | "paid_plan_required" | "only_for_creator+" => Fault::Plan,
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

    #[test]
    fn each_shape_and_each_401() {
        let cases: [(u16, &str, Fault, Option<&str>); 13] = [
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
                Some("Field required"),
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
        ];
        for (status, text, fault, said) in cases {
            let answer = Answer {
                status,
                headers: &HeaderMap::new(),
                text,
                json: serde_json::from_str(text).ok(),
            };
            let verdict = judge(&answer);
            assert_eq!(
                (verdict.fault, verdict.said.as_deref()),
                (fault, said),
                "{status} {text}"
            );
        }
    }
}
