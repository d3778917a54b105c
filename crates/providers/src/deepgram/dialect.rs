//! What refusals mean: three shapes and plain text, all live at the same time.

use reqwest::header::AUTHORIZATION;
use serde_json::Value;

use crate::failure::Fault;
use crate::service::{Answer, Dialect, Verdict};

pub(super) static DIALECT: Dialect = Dialect {
    auth: (AUTHORIZATION, "Token "),
    needs_key: true,
    headers: &[],
    request_ids: &["dg-request-id"],
    judge,
};

/// With a granted token instead of the key.
pub(super) static GRANTED: Dialect = Dialect {
    auth: (AUTHORIZATION, "Bearer "),
    needs_key: true,
    headers: &[],
    request_ids: &["dg-request-id"],
    judge,
};

fn judge(answer: &Answer<'_>) -> Verdict {
    let json = answer.json.as_ref().unwrap_or(&Value::Null);
    let text = |names: &[&str]| names.iter().find_map(|name| json[*name].as_str());
    let code = text(&["err_code", "error_code", "category", "code", "warn_code"]);
    let said = text(&["err_msg", "message", "details", "description", "warn_msg"])
        .or_else(|| answer.headers.get("dg-error").and_then(|said| said.to_str().ok()))
        .or_else(|| Some(answer.text).filter(|text| answer.json.is_none() && !text.starts_with('<')));
    let fault = code.and_then(named).unwrap_or(match answer.status {
        200 => Fault::Down,
        status => Fault::of_status(status),
    });
    Verdict {
        request: json["request_id"].as_str().map(str::to_owned),
        ..Verdict::new(fault, said.map(str::to_owned))
    }
}

fn named(code: &str) -> Option<Fault> {
    Some(match code {
        "INVALID_AUTH" => Fault::WrongKey,
        "INSUFFICIENT_PERMISSIONS" | "FORBIDDEN" => Fault::Forbidden,
        "ASR_PAYMENT_REQUIRED" => Fault::Empty,
        "PROJECT_NOT_FOUND" => Fault::Unknown,
        "PAYLOAD_TOO_LARGE" => Fault::TooLong,
        "INVALID_QUERY_PARAMETER" | "Bad Request" | "PAYLOAD_ERROR" | "UNSUPPORTED_MEDIA_TYPE" => {
            Fault::Refused
        }
        // The last is a voice that was given more text in a minute than it takes.
        "TOO_MANY_REQUESTS" | "Too Many Requests" | "DATA-0001" => Fault::Busy,
        code => return of_code(code),
    })
}

/// The codes that sockets close with, as in `NET-0001`.
fn of_code(code: &str) -> Option<Fault> {
    Some(match code.get(..4)? {
        "DATA" | "MESS" => Fault::Refused,
        "BIG-" => Fault::TooLong,
        "NET-" => Fault::BrokeOff,
        _ => return None,
    })
}

/// What a socket's close means: its reason has the code, or a link with it.
pub(super) fn closed(code: Option<u16>, reason: &str) -> Fault {
    let upper = reason.to_ascii_uppercase();
    let mut words = upper.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let told = words.find_map(|word| {
        let known = ["DATA", "MESSAGE", "BIG", "NET"]
            .iter()
            .any(|name| word.starts_with(name));
        let numbered = word.ends_with(|c: char| c.is_ascii_digit());
        let dashed = match word.find(|c: char| c.is_ascii_digit()) {
            Some(at) if !word.contains('-') => format!("{}-{}", &word[..at], &word[at..]),
            _ => word.to_owned(),
        };
        (known && numbered).then(|| named(&dashed)).flatten()
    });
    told.unwrap_or(match code {
        Some(1_003 | 1_008) => Fault::Refused,
        Some(1_009) => Fault::TooLong,
        _ => Fault::BrokeOff,
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    #[test]
    fn each_shape_of_a_refusal() {
        for (status, text, fault, said) in [
            (
                401,
                r#"{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials.","request_id":"r"}"#,
                Fault::WrongKey,
                Some("Invalid credentials."),
            ),
            (
                400,
                r#"{"category":"INVALID_QUERY_PARAMETER","message":"m","details":"d","request_id":"r"}"#,
                Fault::Refused,
                Some("m"),
            ),
            (
                503,
                r#"{"error_code":"overloaded","err_msg":"m"}"#,
                Fault::Down,
                Some("m"),
            ),
            (
                402,
                r#"{"err_code":"ASR_PAYMENT_REQUIRED","err_msg":"m"}"#,
                Fault::Empty,
                Some("m"),
            ),
            (429, "Too many", Fault::Busy, Some("Too many")),
            (502, "<html>", Fault::Down, None),
            (
                401,
                r#"{"err_code":"INSUFFICIENT_PERMISSIONS","err_msg":"m"}"#,
                Fault::Forbidden,
                Some("m"),
            ),
            (
                200,
                r#"{"type":"Error","code":"DATA-0000","description":"m"}"#,
                Fault::Refused,
                Some("m"),
            ),
        ] {
            let answer = Answer {
                status,
                headers: &HeaderMap::new(),
                text,
                json: serde_json::from_str(text).ok(),
            };
            let verdict = judge(&answer);
            assert_eq!((verdict.fault, verdict.said.as_deref()), (fault, said), "{text}");
        }
    }

    #[test]
    fn each_close() {
        let live = "Deepgram did not receive audio data or a text message within the timeout window. See https://dpgr.am/net0001";
        for (code, reason, fault) in [
            (1_011, live, Fault::BrokeOff),
            (1_011, "NET-0000", Fault::BrokeOff),
            (1_008, "DATA-0000", Fault::Refused),
            (1_008, "DATA-0001", Fault::Busy),
            (1_008, "See https://dpgr.am/data0001", Fault::Busy),
            (1_009, "BIG-0001", Fault::TooLong),
            (1_003, "MESSAGE-0000: unknown", Fault::Refused),
            (1_008, "", Fault::Refused),
            (1_006, "whatever", Fault::BrokeOff),
        ] {
            assert_eq!(closed(Some(code), reason), fault, "{code} {reason}");
        }
        assert_eq!(closed(None, ""), Fault::BrokeOff);
    }
}
