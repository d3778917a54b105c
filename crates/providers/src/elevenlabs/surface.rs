//! The four sockets that speak, as addresses and messages: `stream-input` and `multi-stream-input`, for speech (text
//! in pieces) and for dialogue (inputs with a voice each), which alone knows the models of the third generation and
//! later.

use reqwest::Url;
use serde_json::{Map, Value, json};

use super::Voice;

/// One reply's part of a socket.
#[derive(Clone, Debug)]
pub(super) struct Surface {
    dialogue: bool,
    /// Its name where the socket has room for several.
    context: Option<String>,
    /// The service waits until it has enough text to speak.
    holds_back: bool,
}

impl Surface {
    /// A socket of its own.
    pub(super) fn own(voice: &Voice) -> Self {
        let dialogue = voice.is_late_model();
        Self {
            dialogue,
            context: None,
            holds_back: !dialogue && !voice.reading().schedule.is_empty(),
        }
    }

    /// A part of a socket that others use too.
    pub(super) fn shared(voice: &Voice, context: &str) -> Self {
        Self {
            context: Some(context.to_owned()),
            ..Self::own(voice)
        }
    }

    /// Where the socket is, for one reply or for several.
    pub(super) fn url(voice: &Voice, several: bool) -> Url {
        let dialogue = voice.is_late_model();
        let mut query = vec![
            ("model_id", voice.model.clone()),
            ("output_format", voice.format.name.clone()),
            ("sync_alignment", "true".to_owned()),
        ];
        query.extend(voice.language.clone().map(|code| ("language_code", code)));
        voice.reading().query(dialogue, &mut query);
        if !dialogue {
            // Phrases come whole: nothing is gained by waiting for more, if nobody wants it.
            if voice.reading().schedule.is_empty() {
                query.push(("auto_mode", "true".to_owned()));
            }
            query.extend(voice.latency().map(|level| ("optimize_streaming_latency", level)));
        }
        let last = if several {
            "multi-stream-input"
        } else {
            "stream-input"
        };
        let service = &voice.account.service;
        if dialogue {
            service.url(&["v1", "text-to-dialogue", last], query)
        } else {
            service.url(&["v1", "text-to-speech", &voice.id, last], query)
        }
    }

    /// The first message.
    pub(super) fn hello(&self, voice: &Voice) -> String {
        let mut hello = Map::new();
        let settings = if self.dialogue {
            hello.insert("voices".into(), json!([voice.id]));
            voice.dialogue_settings(&["stability", "clone_strength"])
        } else {
            hello.insert("text".into(), " ".into());
            voice.settings.clone()
        };
        if !settings.is_empty() {
            hello.insert("voice_settings".into(), settings.into());
        }
        if self.holds_back {
            hello.insert("generation_config".into(), voice.reading().schedule());
        }
        voice.reading().hello(&mut hello);
        self.message(hello.into())
    }

    /// A phrase.
    pub(super) fn phrase(&self, voice: &Voice, text: &str) -> String {
        // Without the space, a word could be glued to the next.
        let space = if text.ends_with(char::is_whitespace) {
            ""
        } else {
            " "
        };
        let text = format!("{text}{space}");
        self.message(match (self.dialogue, &self.context) {
            (true, _) => json!({"inputs": [{"text": text, "voice_id": voice.id}], "flush": true}),
            (false, Some(_)) if !self.holds_back => json!({"text": text, "flush": true}),
            (false, _) => json!({ "text": text }),
        })
    }

    /// Whether phrases may lie there until they are asked for.
    pub(super) fn holds_back(&self) -> bool {
        self.holds_back
    }

    /// What has those spoken.
    pub(super) fn flush(&self) -> String {
        self.message(match &self.context {
            Some(_) => json!({"flush": true}),
            None => json!({"text": " ", "flush": true}),
        })
    }

    /// What keeps it open while nothing is said. The one form ends the other socket.
    pub(super) fn alive(&self) -> String {
        self.message(match (self.dialogue, &self.context) {
            (true, _) => json!({"keep_alive": true}),
            (false, Some(_)) => json!({"text": ""}),
            (false, None) => json!({"text": " "}),
        })
    }

    /// Nothing more will come.
    pub(super) fn end(&self) -> String {
        self.message(match (self.dialogue, &self.context) {
            (_, Some(_)) => json!({"close_context": true}),
            (true, None) => json!({"close_socket": true}),
            (false, None) => json!({"text": ""}),
        })
    }

    /// Whether the end may follow the last text at once. Contexts that were closed within a moment of their text have
    /// been seen to lose it; those of dialogue speak what they have first.
    pub(super) fn ends_at_once(&self) -> bool {
        self.dialogue || self.context.is_none()
    }

    /// What ends a context whose name alone is known.
    pub(super) fn leave(context: &str) -> String {
        json!({"context_id": context, "close_context": true}).to_string()
    }

    /// What ends a socket with all of its contexts.
    pub(super) fn hang_up() -> String {
        json!({"close_socket": true}).to_string()
    }

    fn message(&self, mut message: Value) -> String {
        if let (Some(context), Some(fields)) = (&self.context, message.as_object_mut()) {
            fields.insert("context_id".into(), context.as_str().into());
        }
        message.to_string()
    }
}
