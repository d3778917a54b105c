//! What comes back: the same objects in a stream of events and through sockets.

use data_encoding::HEXLOWER_PERMISSIVE as HEX;
use serde::Deserialize;
use serde_json::Value;

/// One message.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Message {
    event: Option<String>,
    /// Null where there is nothing to say.
    data: Option<Data>,
    is_final: Option<bool>,
    base_resp: Option<Outcome>,
}

#[derive(Debug, Default, Deserialize)]
struct Data {
    audio: Option<String>,
    status: Option<i64>,
    /// Times that come with their sound.
    subtitle: Option<Value>,
    /// Where the times can be fetched.
    subtitle_file: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Outcome {
    #[serde(default)]
    status_code: i64,
}

/// Sound that is no hexadecimal text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sound is no hexadecimal text")]
pub(super) struct NoHex;

impl Message {
    /// What it is about. Sound need not say that it is sound.
    pub(super) fn event(&self) -> &str {
        match self.event.as_deref() {
            Some(event) => event,
            None if self.data.is_some() || self.is_final.is_some() => "task_continued",
            None => "",
        }
    }

    /// What went wrong; 0 where nothing did.
    pub(super) fn code(&self) -> i64 {
        self.base_resp.as_ref().map_or(0, |outcome| outcome.status_code)
    }

    /// Whether what it belongs to has been spoken.
    pub(super) fn is_final(&self) -> bool {
        self.is_final.unwrap_or(false)
    }

    /// Whether it is the last of a stream of events, which says all of the sound again.
    pub(super) fn is_whole(&self) -> bool {
        self.data.as_ref().and_then(|data| data.status) == Some(2)
    }

    /// Its sound, as bytes; empty where it has none.
    pub(super) fn sound(&self) -> Result<Vec<u8>, NoHex> {
        let audio = self.data.as_ref().and_then(|data| data.audio.as_deref());
        HEX.decode(audio.unwrap_or_default().as_bytes())
            .map_err(|_| NoHex)
    }

    /// Times that came with it.
    pub(super) fn subtitle(&self) -> Option<&Value> {
        let subtitle = self.data.as_ref()?.subtitle.as_ref()?;
        (!subtitle.is_null()).then_some(subtitle)
    }

    /// The address of its times.
    pub(super) fn subtitle_file(&self) -> Option<&str> {
        let address = self.data.as_ref()?.subtitle_file.as_deref()?;
        (!address.is_empty()).then_some(address)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_missing_is_missed_quietly() {
        let read = |text: &str| serde_json::from_str::<Message>(text).unwrap();
        let sound = read(r#"{"data":{"audio":"00FF7f00"},"is_final":false,"base_resp":{"status_code":0}}"#);
        assert_eq!(
            (sound.event(), sound.sound()),
            ("task_continued", Ok(vec![0, 255, 127, 0]))
        );
        let last = read(r#"{"data":null,"is_final":true,"extra_info":{"audio_length":3},"new":[]}"#);
        assert_eq!(
            (last.event(), last.is_final(), last.sound()),
            ("task_continued", true, Ok(vec![]))
        );
        assert_eq!(read(r#"{"data":{"audio":"0"}}"#).sound(), Err(NoHex));
        assert_eq!(
            read(r#"{"event":"task_failed","base_resp":{"status_code":2201}}"#).code(),
            2_201
        );
    }

    proptest! {
        #[test]
        fn anything_is_survived(text in "\\PC{0,80}", audio in "\\PC{0,20}") {
            let _ = serde_json::from_str::<Message>(&text);
            let message = serde_json::json!({"data": {"audio": audio, "subtitle": text}});
            let message: Message = serde_json::from_value(message).unwrap();
            let _ = message.sound();
        }
    }
}
