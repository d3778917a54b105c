//! What refusals mean. Most of them come with status 200: what counts is `base_resp.status_code`.

use std::time::Duration;

use reqwest::header::AUTHORIZATION;
use serde_json::Value;

use crate::failure::Fault;
use crate::openai;
use crate::service::{Answer, Dialect, Verdict};

pub(super) static DIALECT: Dialect = Dialect {
    auth: (AUTHORIZATION, "Bearer "),
    needs_key: true,
    headers: &[],
    request_ids: &["trace-id", "x-trace-id", "minimax-request-id", "alb_request_id"],
    judge,
};

/// How long its documentation asks to wait where there were too many calls.
const WAIT: Duration = Duration::from_secs(10);

/// The code of an answer, where it says that something failed.
pub(super) fn code(answer: &Value) -> Option<i64> {
    answer
        .pointer("/base_resp/status_code")
        .and_then(Value::as_i64)
        .filter(|code| *code != 0)
}

fn judge(answer: &Answer<'_>) -> Verdict {
    let json = answer.json.as_ref().unwrap_or(&Value::Null);
    let Some(code) = code(json) else {
        // Its language models complain in OpenAI's way, and what stands before all of them in plain HTTP.
        let mut verdict = openai::judge(answer);
        if verdict.fault == Fault::WrongKey {
            verdict.fault = Fault::KeyOrRegion;
        }
        verdict.request = json["request_id"].as_str().map(str::to_owned);
        return verdict;
    };
    let said = json.pointer("/base_resp/status_msg").and_then(Value::as_str);
    let trace = json["trace_id"]
        .as_str()
        .or_else(|| json.pointer("/base_resp/trace_id").and_then(Value::as_str));
    Verdict {
        wait: matches!(code, 1002 | 1039 | 1041).then_some(WAIT),
        request: trace.map(str::to_owned),
        ..Verdict::new(named(code), said.map(str::to_owned))
    }
}

/// What its list of codes says.
fn named(code: i64) -> Fault {
    match code {
        1001 => Fault::Late,
        1002 | 1039 | 1041 | 2205 => Fault::Busy,
        1004 | 2049 => Fault::KeyOrRegion,
        1008 | 1028 | 1030 | 2056 => Fault::Empty,
        1026 | 1027 | 1042 => Fault::Blocked,
        2038 => Fault::Forbidden,
        2042 | 2054 | 20_132 => Fault::Unknown,
        2061 => Fault::Plan,
        2048 | 2204 => Fault::TooLong,
        2201 => Fault::BrokeOff,
        // Wrong parameters, and messages in the wrong order.
        1043 | 1044 | 2013 | 2037 | 2039 | 2202 | 2203 | 2206 => Fault::Refused,
        // Unknown and internal errors: 1000, 1013, 1024, 1033, and whatever is new.
        _ => Fault::Down,
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn verdict(status: u16, text: &str) -> Verdict {
        judge(&Answer {
            status,
            headers: &HeaderMap::new(),
            text,
            json: serde_json::from_str(text).ok(),
        })
    }

    #[test]
    fn every_code_of_the_list_has_its_meaning() {
        for (code, fault) in [
            (1000, Fault::Down),
            (1001, Fault::Late),
            (1002, Fault::Busy),
            (1004, Fault::KeyOrRegion),
            (1008, Fault::Empty),
            (1013, Fault::Down),
            (1024, Fault::Down),
            (1026, Fault::Blocked),
            (1027, Fault::Blocked),
            (1028, Fault::Empty),
            (1030, Fault::Empty),
            (1033, Fault::Down),
            (1039, Fault::Busy),
            (1041, Fault::Busy),
            (1042, Fault::Blocked),
            (1043, Fault::Refused),
            (1044, Fault::Refused),
            (2013, Fault::Refused),
            (2037, Fault::Refused),
            (2038, Fault::Forbidden),
            (2039, Fault::Refused),
            (2042, Fault::Unknown),
            (2048, Fault::TooLong),
            (2049, Fault::KeyOrRegion),
            (2054, Fault::Unknown),
            (2056, Fault::Empty),
            (2061, Fault::Plan),
            (20_132, Fault::Unknown),
            (2201, Fault::BrokeOff),
            (2202, Fault::Refused),
            (2203, Fault::Refused),
            (2204, Fault::TooLong),
            (2205, Fault::Busy),
            (2206, Fault::Refused),
            (9999, Fault::Down),
        ] {
            let text = format!(
                r#"{{"data":null,"trace_id":"t1","base_resp":{{"status_code":{code},"status_msg":"m"}}}}"#
            );
            let verdict = verdict(200, &text);
            assert_eq!(
                (verdict.fault, verdict.said.as_deref(), verdict.request.as_deref()),
                (fault, Some("m"), Some("t1")),
                "{code}"
            );
        }
        let mainland = r#"{"base_resp":{"status_code":1002,"status_msg":"m","trace_id":"t2"}}"#;
        let busy = verdict(200, mainland);
        assert_eq!((busy.wait, busy.request.as_deref()), (Some(WAIT), Some("t2")));
    }

    #[test]
    fn what_stands_before_it_speaks_plain_http() {
        for (status, text, fault) in [
            (401, "<html>no</html>", Fault::KeyOrRegion),
            (429, "slow down", Fault::Busy),
            (504, "", Fault::Down),
            (
                401,
                r#"{"type":"error","error":{"type":"authentication_error","message":"login fail"}}"#,
                Fault::KeyOrRegion,
            ),
            (400, r#"{"base_resp":{"status_code":1008}}"#, Fault::Empty),
        ] {
            assert_eq!(verdict(status, text).fault, fault, "{text}");
        }
    }
}
