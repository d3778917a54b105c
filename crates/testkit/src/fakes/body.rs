//! Answers piece by piece, with what goes wrong in them.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use tokio::time::sleep;

use super::script::{Entry, Fault};

/// What no parser takes.
pub(crate) const GARBLE: &str = "{\"half\": [1, ";

/// An answer of these pieces. The call is over when the body is.
pub(crate) fn answer(
    entry: Entry,
    fault: Option<&Fault>,
    content_type: &str,
    pieces: Vec<Bytes>,
) -> Response {
    let content_type = match fault {
        Some(Fault::ContentType(other)) => other,
        _ => content_type,
    };
    let steps = steps(fault, pieces);
    let body = stream::unfold((steps.into_iter(), entry), |(mut steps, entry)| async {
        let item = match steps.next()? {
            Step::Give(bytes) => Ok(bytes),
            Step::After(wait, bytes) => {
                // A sleep of nothing lasts a millisecond.
                if !wait.is_zero() {
                    sleep(wait).await;
                }
                Ok(bytes)
            }
            Step::Break => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
            Step::Stall => std::future::pending().await,
        };
        Some((item, (steps, entry)))
    });
    // Whatever comes at once would go out in one packet: a client must not depend on either.
    let body = body.then(|item| async {
        tokio::task::yield_now().await;
        item
    });
    (
        [(header::CONTENT_TYPE, content_type.to_owned())],
        Body::from_stream(body),
    )
        .into_response()
}

/// Pieces of an answer as the network brings them: as they are, or in chunks of this many bytes, cut anywhere.
pub(crate) fn cut(pieces: Vec<String>, size: Option<usize>) -> Vec<Bytes> {
    match size {
        Some(size) => {
            let bytes = pieces.concat();
            bytes
                .as_bytes()
                .chunks(size)
                .map(Bytes::copy_from_slice)
                .collect()
        }
        None => pieces.into_iter().map(Bytes::from).collect(),
    }
}

enum Step {
    Give(Bytes),
    After(Duration, Bytes),
    Break,
    Stall,
}

fn steps(fault: Option<&Fault>, mut pieces: Vec<Bytes>) -> Vec<Step> {
    let mut end = None;
    match fault {
        Some(Fault::StallAfter(count)) => {
            pieces.truncate(*count);
            end = Some(Step::Stall);
        }
        Some(Fault::TruncateAfter(count)) => pieces.truncate(*count),
        Some(Fault::BreakAfter(count)) => {
            pieces.truncate(*count);
            end = Some(Step::Break);
        }
        Some(Fault::Garble(at)) => {
            if let Some(piece) = pieces.get_mut(*at) {
                // Still a whole event where it was one: what is in it makes no sense.
                let event = piece.starts_with(b"data:") || piece.starts_with(b"event:");
                *piece = if event {
                    format!("data: {GARBLE}\n\n").into()
                } else {
                    GARBLE.into()
                };
            }
        }
        Some(Fault::Say(at, text)) => {
            pieces.truncate(*at);
            pieces.push(text.clone().into());
        }
        Some(Fault::Drip(wait)) => {
            let bytes = pieces.concat();
            let byte = |byte: u8| Step::After(*wait, Bytes::copy_from_slice(&[byte]));
            return bytes.into_iter().map(byte).collect();
        }
        _ => {}
    }
    pieces.into_iter().map(Step::Give).chain(end).collect()
}

/// A refusal with this body; `None` where the fault is none.
pub(crate) async fn refusal(
    fault: Option<&Fault>,
    in_own_words: impl Fn(u16) -> (HeaderMap, String),
) -> Option<Response> {
    let (status, headers, body) = match fault? {
        Fault::Status(status) => {
            let (headers, body) = in_own_words(*status);
            (*status, headers, body)
        }
        Fault::Refusal {
            status,
            headers,
            body,
        } => {
            let pair = |(name, value): &(&'static str, String)| {
                Some((HeaderName::from_static(name), HeaderValue::from_str(value).ok()?))
            };
            (*status, headers.iter().filter_map(pair).collect(), body.clone())
        }
        Fault::Silence => std::future::pending().await,
        _ => return None,
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if body.starts_with('{') {
        "application/json"
    } else {
        "text/plain"
    };
    Some((status, headers, [(header::CONTENT_TYPE, kind)], body).into_response())
}
