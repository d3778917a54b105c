//! What refusals mean: one shape, filled in differently by everyone.

use reqwest::header::AUTHORIZATION;
use serde_json::Value;

use crate::failure::Fault;
use crate::service::{Answer, Dialect, Verdict};

const REQUEST_IDS: &[&str] = &["x-request-id", "x-generation-id", "request-id"];

/// OpenAI and those who keep to its error codes.
pub(super) static OPENAI: Dialect = Dialect {
    auth: (AUTHORIZATION, "Bearer "),
    needs_key: true,
    headers: &[],
    request_ids: REQUEST_IDS,
    judge,
};

/// xAI answers a wrong key with 400, and a missing one with 401.
pub(super) static XAI: Dialect = Dialect {
    auth: (AUTHORIZATION, "Bearer "),
    needs_key: true,
    headers: &[],
    request_ids: REQUEST_IDS,
    judge: judge_xai,
};

/// Servers of one's own, which mostly need no key.
pub(super) static LOCAL: Dialect = Dialect {
    auth: (AUTHORIZATION, "Bearer "),
    needs_key: false,
    headers: &[],
    request_ids: REQUEST_IDS,
    judge,
};

/// Type or code of a 429 that no waiting helps against.
const EMPTY: &[&str] = &[
    "insufficient_quota",
    "billing_hard_limit_reached",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "payment_required",
];

/// What a refusal in OpenAI's shape means.
pub(crate) fn judge(answer: &Answer<'_>) -> Verdict {
    let json = answer.json.as_ref();
    let error = json.and_then(|json| json.get("error").or_else(|| json.pointer("/x_groq/error")));
    let text = |field: &str| error?.get(field)?.as_str();
    let said = match error {
        Some(Value::String(said)) => Some(said.clone()),
        _ => text("message").map(str::to_owned),
    };
    let code = error.and_then(|error| error.get("code"));
    // Some write the status into the code, as a number or as text.
    let status = match code.and_then(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok())) {
        Some(code) if answer.status == 200 => u16::try_from(code).unwrap_or(500),
        _ => answer.status,
    };
    let detail = error.and_then(|error| error.pointer("/metadata/error_type")?.as_str());
    let names = [detail, code.and_then(Value::as_str), text("type")];
    let named = names.into_iter().flatten().find_map(named);
    let fault = named.unwrap_or_else(|| match status {
        // An error in a stream that says nothing else. Where there is a status, it says more than these.
        200 if names.contains(&Some("invalid_request_error")) || names.contains(&Some("invalid_request")) => {
            Fault::Refused
        }
        // The last two are Groq's own: something that it needs has failed; its machines for such calls are busy.
        200 | 424 => Fault::Down,
        498 => Fault::Busy,
        status => Fault::of_status(status),
    });
    Verdict::new(fault, said)
}

fn named(name: &str) -> Option<Fault> {
    Some(match name {
        name if EMPTY.contains(&name) => Fault::Empty,
        "invalid_api_key" | "authentication" => Fault::WrongKey,
        "account_deactivated" | "permission_denied" => Fault::Forbidden,
        "rate_limit_exceeded" | "slow_down" => Fault::Busy,
        "server_is_overloaded"
        | "provider_overloaded"
        | "provider_unavailable"
        | "server_error"
        | "server"
        | "unavailable_error" => Fault::Down,
        "timeout" => Fault::Late,
        "model_not_found" | "not_found" | "not_found_error" => Fault::Unknown,
        "context_length_exceeded" | "max_tokens_exceeded" => Fault::TooLong,
        "content_policy_violation" | "refusal" | "invalid_prompt" => Fault::Blocked,
        // A realtime session of an hour.
        "session_expired" => Fault::BrokeOff,
        _ => return None,
    })
}

fn judge_xai(answer: &Answer<'_>) -> Verdict {
    let mut verdict = judge(answer);
    // There are no codes for these: its reference names the texts only. Its sockets say them in a message.
    let text = answer.text.to_ascii_lowercase();
    if matches!(answer.status, 200 | 400) && text.contains("api key") {
        verdict.fault = Fault::WrongKey;
    } else if matches!(answer.status, 200 | 403 | 429) && text.contains("credits") {
        verdict.fault = Fault::Empty;
    }
    let message = answer.json.as_ref().and_then(|json| json["message"].as_str());
    verdict.said = verdict.said.or(message.map(str::to_owned));
    verdict
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn fault(dialect: &Dialect, status: u16, text: &str) -> Fault {
        let answer = Answer {
            status,
            headers: &HeaderMap::new(),
            text,
            json: serde_json::from_str(text).ok(),
        };
        (dialect.judge)(&answer).fault
    }

    #[test]
    fn each_shape_is_understood() {
        let openai = |status, text| fault(&OPENAI, status, text);
        let quota = r#"{"error":{"message":"m","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#;
        assert_eq!(openai(429, quota), Fault::Empty);
        assert_eq!(
            openai(429, r#"{"error":{"code":"rate_limit_exceeded"}}"#),
            Fault::Busy
        );
        assert_eq!(openai(429, "no json"), Fault::Busy);
        assert_eq!(openai(401, r#"{"error":"plain string"}"#), Fault::WrongKey);
        assert_eq!(
            openai(
                402,
                r#"{"error":{"code":402,"metadata":{"error_type":"payment_required"}}}"#
            ),
            Fault::Empty
        );
        assert_eq!(
            openai(503, r#"{"error":{"code":503,"type":"unavailable_error"}}"#),
            Fault::Down
        );
        assert_eq!(
            openai(404, r#"{"error":{"code":"model_not_found"}}"#),
            Fault::Unknown
        );
        // In a stream, with the code as text, as a number, or as a status in a string.
        assert_eq!(openai(200, r#"{"error":{"code":"server_error"}}"#), Fault::Down);
        assert_eq!(openai(200, r#"{"error":{"code":429}}"#), Fault::Busy);
        assert_eq!(openai(200, r#"{"error":{"code":"402"}}"#), Fault::Empty);
        assert_eq!(openai(200, r#"{"error":"cuda is gone"}"#), Fault::Down);
        // What is wrong with a message is said in a stream as it is in a refusal.
        let invalid = r#"{"error":{"type":"invalid_request_error","code":"invalid_value"}}"#;
        assert_eq!(
            (openai(200, invalid), openai(401, invalid)),
            (Fault::Refused, Fault::WrongKey)
        );
        assert_eq!((openai(498, ""), openai(424, "")), (Fault::Busy, Fault::Down));
        let moderated = r#"{"error":{"code":403,"metadata":{"error_type":"content_policy_violation"}}}"#;
        assert_eq!(openai(403, moderated), Fault::Blocked);
        let broke = r#"{"code":"The caller does not have permission","error":"Your team doesn't have any credits yet."}"#;
        for status in [403, 429] {
            assert_eq!(fault(&XAI, status, broke), Fault::Empty);
        }
        let wrong = r#"{"code":"Client error","error":"Incorrect API key provided: xa***."}"#;
        assert_eq!(
            (fault(&XAI, 400, wrong), openai(400, wrong)),
            (Fault::WrongKey, Fault::Refused)
        );
    }
}
