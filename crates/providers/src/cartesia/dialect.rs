//! What refusals mean: structured since March 2026, a line of text before.

use reqwest::header::AUTHORIZATION;
use serde_json::Value;

use super::VERSION;
use crate::failure::Fault;
use crate::service::{Answer, Dialect, Verdict};

pub(super) static DIALECT: Dialect = Dialect {
    auth: (AUTHORIZATION, "Bearer "),
    needs_key: true,
    headers: &[("cartesia-version", VERSION)],
    request_ids: &["x-request-id"],
    judge,
};

fn judge(answer: &Answer<'_>) -> Verdict {
    let json = answer.json.as_ref().unwrap_or(&Value::Null);
    let text = |name: &str| json[name].as_str();
    let said = text("message")
        .or_else(|| text("error"))
        .or_else(|| text("title"))
        .or_else(|| Some(answer.text).filter(|text| answer.json.is_none() && !text.starts_with('<')));
    // In a stream, the status stands in the message.
    let status = json["status_code"]
        .as_u64()
        .and_then(|status| u16::try_from(status).ok());
    let status = if answer.status == 200 {
        status.unwrap_or(500)
    } else {
        answer.status
    };
    let fault = text("error_code")
        .and_then(named)
        .unwrap_or_else(|| Fault::of_status(status));
    Verdict {
        request: text("request_id").map(str::to_owned),
        ..Verdict::new(fault, said.map(str::to_owned))
    }
}

fn named(code: &str) -> Option<Fault> {
    Some(match code {
        "quota_exceeded" => Fault::Empty,
        "concurrency_limited" => Fault::Busy,
        "plan_upgrade_required" => Fault::Plan,
        "voice_not_found" | "model_not_found" => Fault::Unknown,
        "voice_model_mismatch" | "language_not_supported" | "unsupported_audio_format" => Fault::Refused,
        "file_too_large" => Fault::TooLong,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    #[test]
    fn both_generations_of_refusals() {
        for (status, text, fault, said) in [
            (
                429,
                r#"{"error_code":"concurrency_limited","title":"t","message":"m","request_id":"r"}"#,
                Fault::Busy,
                "m",
            ),
            (
                429,
                r#"{"error_code":"quota_exceeded","title":"t","message":"m"}"#,
                Fault::Empty,
                "m",
            ),
            (
                401,
                r#"{"error_code":null,"title":"Unauthorized","message":"m"}"#,
                Fault::WrongKey,
                "m",
            ),
            (
                401,
                "Unauthorized: bad key",
                Fault::WrongKey,
                "Unauthorized: bad key",
            ),
            (
                200,
                r#"{"type":"error","done":true,"error":"Title: Message","status_code":400}"#,
                Fault::Refused,
                "Title: Message",
            ),
            (
                200,
                r#"{"type":"error","error_code":"voice_not_found","message":"m"}"#,
                Fault::Unknown,
                "m",
            ),
            (200, r#"{"type":"error","message":"m"}"#, Fault::Down, "m"),
        ] {
            let answer = Answer {
                status,
                headers: &HeaderMap::new(),
                text,
                json: serde_json::from_str(text).ok(),
            };
            let verdict = judge(&answer);
            assert_eq!(
                (verdict.fault, verdict.said.as_deref()),
                (fault, Some(said)),
                "{text}"
            );
        }
    }
}
