//! Voices, models, the account.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::{body, script::Call};
use super::{Caller, Desk, caller, errors};

/// How many voices there are: more than two pages.
const VOICES: usize = 230;

pub(super) async fn models(State(desk): State<Arc<Desk>>, uri: Uri, headers: HeaderMap) -> Response {
    let model = |id: &str, speaks: bool| {
        json!({"model_id": id, "name": id.replace('_', " "), "can_do_text_to_speech": speaks, "new_field": 1,
            "languages": [{"language_id": "en", "name": "English"}], "maximum_text_length_per_request": 40000})
    };
    let list = json!([
        model("eleven_flash_v2_5", true),
        model("eleven_v3", true),
        model("eleven_english_sts_v2", false),
        {"model_id": "of_which_nothing_is_known", "name": null, "can_do_text_to_speech": null, "languages": null}
    ]);
    give(&desk, &uri, &headers, &list).await
}

pub(super) async fn voices(State(desk): State<Arc<Desk>>, uri: Uri, headers: HeaderMap) -> Response {
    let call = Call::of("GET", &uri, Value::Null);
    let size: usize = call
        .query("page_size")
        .and_then(|size| size.parse().ok())
        .unwrap_or(10);
    if !(1..=100).contains(&size) {
        return errors::invalid("page_size", "Input should be less than or equal to 100");
    }
    let from: usize = call
        .query("next_page_token")
        .and_then(|token| token.strip_prefix('o')?.parse().ok())
        .unwrap_or(0);
    let search = call.query("search").unwrap_or_default().to_lowercase();
    let names: Vec<String> = (0..VOICES).map(|n| format!("Voice {n}")).collect();
    let fitting: Vec<&String> = names
        .iter()
        .filter(|name| name.to_lowercase().contains(&search))
        .collect();
    let voice = |name: &&String| {
        if name.ends_with('9') {
            // Nothing but the id is promised.
            return json!({"voice_id": name.replace("Voice ", "v"), "name": name, "description": null, "labels": null,
                "preview_url": null, "verified_languages": null, "settings": null, "is_owner": null});
        }
        json!({"voice_id": name.replace("Voice ", "v"), "name": name, "description": null, "category": "premade",
            "labels": {"gender": "female", "language": "en"}, "preview_url": "http://127.0.0.1/preview.mp3",
            "verified_languages": [{"language": "ar", "model_id": "eleven_flash_v2_5"}], "settings": null})
    };
    let page: Vec<Value> = fitting.iter().skip(from).take(size).map(voice).collect();
    let next = (from + size < fitting.len()).then(|| format!("o{}", from + size));
    let list = json!({"voices": page, "has_more": next.is_some(), "total_count": fitting.len(), "next_page_token": next});
    give(&desk, &uri, &headers, &list).await
}

pub(super) async fn subscription(State(desk): State<Arc<Desk>>, uri: Uri, headers: HeaderMap) -> Response {
    let body = spent(desk.manners().used);
    about(&desk, &uri, &headers, &body).await
}

pub(super) async fn user(State(desk): State<Arc<Desk>>, uri: Uri, headers: HeaderMap) -> Response {
    let body = json!({"user_id": "user_1", "subscription": spent(desk.manners().used), "workspace_id": "ws_1",
        "is_new_user": false, "first_name": null, "xi_api_key_preview": null, "created_at": 1_700_000_000});
    about(&desk, &uri, &headers, &body).await
}

fn spent(used: u32) -> Value {
    json!({"tier": "creator", "character_count": used, "character_limit": 10_000, "status": "active",
        "max_credit_limit_extension": 0, "max_character_limit_extension": null, "currency": null,
        "next_character_count_reset_unix": 1_790_000_000, "next_invoice": null})
}

/// What keys without that right are not told.
async fn about(desk: &Desk, uri: &Uri, headers: &HeaderMap, body: &Value) -> Response {
    if caller(headers) == Caller::Limited {
        let said = "The API key you used is missing the permission user_read";
        return errors::refuse(401, "missing_permissions", said);
    }
    give(desk, uri, headers, body).await
}

async fn give(desk: &Desk, uri: &Uri, headers: &HeaderMap, list: &Value) -> Response {
    let call = Call::of("GET", uri, Value::Null);
    match desk.begin(call, headers).await {
        Ok((entry, fault)) => body::answer(
            entry,
            fault.as_ref(),
            "application/json",
            vec![list.to_string().into()],
        ),
        Err(refusal) => refusal,
    }
}
