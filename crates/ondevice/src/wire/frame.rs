//! Frames on a byte stream. Nothing that arrives can make the reader panic or take more memory than [`MAX`].

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::VERSION;

/// The longest frame: room for 90 s of speech at 24 kHz with its marks, far more than any phrase, and small enough
/// that a broken length cannot exhaust memory.
pub const MAX: usize = 16 << 20;

/// What a greeting begins with.
const MAGIC: [u8; 8] = *b"libretto";

/// Length of a greeting in bytes.
pub const GREETING: usize = 12;

/// Why a frame cannot be had. Each ends the conversation: after one bad frame the next cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The pipe failed.
    #[error("The pipe to the other side failed: {0}.")]
    Pipe(#[from] io::Error),
    /// The length before a frame is not to be believed.
    #[error("A frame of {0} bytes was announced; the limit is {MAX}.")]
    TooLong(usize),
    /// The bytes are not of the expected type.
    #[error("A frame could not be read: {0}.")]
    Malformed(#[from] postcard::Error),
    /// The other side does not begin as it should.
    #[error("The other side is not a Libretto engine.")]
    Stranger,
    /// The other side is of another build.
    #[error(
        "The engine speaks version {theirs} of the protocol and the app version {VERSION}. Install both again."
    )]
    Version {
        /// What the other side speaks.
        theirs: u32,
    },
}

/// What either side sends first.
pub fn greeting() -> [u8; GREETING] {
    let mut bytes = [0; GREETING];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..].copy_from_slice(&VERSION.to_le_bytes());
    bytes
}

/// Checks what the other side sent first.
pub fn check_greeting(bytes: [u8; GREETING]) -> Result<(), FrameError> {
    let [magic @ .., a, b, c, d] = bytes;
    if magic != MAGIC {
        return Err(FrameError::Stranger);
    }
    match u32::from_le_bytes([a, b, c, d]) {
        VERSION => Ok(()),
        theirs => Err(FrameError::Version { theirs }),
    }
}

/// A message as a whole frame, its length first.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut frame = postcard::to_extend(message, vec![0; 4])?;
    let length = frame.len() - 4;
    if length > MAX {
        return Err(FrameError::TooLong(length));
    }
    frame[..4].copy_from_slice(&(length as u32).to_le_bytes());
    Ok(frame)
}

/// The length that stands before a frame.
pub fn length(header: [u8; 4]) -> Result<usize, FrameError> {
    match u32::from_le_bytes(header) as usize {
        length if length > MAX => Err(FrameError::TooLong(length)),
        length => Ok(length),
    }
}

/// The message in a frame's body. Bytes left over are an error: they mean that the types differ.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, FrameError> {
    match postcard::take_from_bytes(body)? {
        (message, []) => Ok(message),
        _ => Err(postcard::Error::DeserializeBadEncoding.into()),
    }
}

/// Reads a frame, waiting for it; `None` at a clean end. `body` is scratch space.
pub fn read<T: DeserializeOwned>(from: &mut impl Read, body: &mut Vec<u8>) -> Result<Option<T>, FrameError> {
    let mut header = [0; 4];
    match from.read_exact(&mut header[..1]) {
        Err(end) if end.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    from.read_exact(&mut header[1..])?;
    body.resize(length(header)?, 0);
    from.read_exact(body)?;
    decode(body).map(Some)
}

/// Writes a frame and flushes it.
pub fn write<T: Serialize>(to: &mut (impl Write + ?Sized), message: &T) -> Result<(), FrameError> {
    to.write_all(&encode(message)?)?;
    Ok(to.flush()?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use libretto_voice::chat::Role;
    use libretto_voice::{Kind, Mark, Provenance};
    use proptest::prelude::*;

    use super::super::{
        Answer, Ask, Chat, Failure, LanguageFile, Model, Request, Response, Sampling, Status, Usage,
    };
    use super::*;

    fn requests() -> Vec<Ask> {
        let file = LanguageFile {
            path: "model.gguf".into(),
            context: 2_048,
        };
        let sampling = Sampling {
            max_tokens: 60,
            temperature: 0.0,
            repeat_penalty: 1.1,
            repeat_window: 64,
        };
        let messages = vec![(Role::System, "Be brief.".into()), (Role::User, "Héllo?".into())];
        vec![
            Ask::Warm(Model::Recogniser("r".into())),
            Ask::Warm(Model::Language(file.clone())),
            Ask::WarmPrompt(
                file.clone(),
                vec![(libretto_voice::Role::System, "Be brief.".into())],
            ),
            Ask::Listen("r".into()),
            Ask::Audio(vec![0.0, -1.0, f32::MIN_POSITIVE]),
            Ask::Finish,
            Ask::Reply(Chat {
                model: file,
                messages,
                sampling,
            }),
            Ask::Speak {
                model: "v".into(),
                text: "Hello.".into(),
                speed: 1.5,
            },
            Ask::Judge {
                model: "t".into(),
                samples: vec![0.25; 300],
            },
            Ask::Cancel,
            Ask::Status,
            Ask::Crash,
        ]
    }

    fn answers() -> Vec<Answer> {
        let mark = Mark {
            text: 0..5,
            audio: 10..9_000,
            provenance: Provenance::Measured,
        };
        vec![
            Answer::Ready,
            Answer::Partial("Go".into()),
            Answer::Segment {
                text: "Go on.".into(),
                end: 16_000,
            },
            Answer::Text("é".into()),
            Answer::Replied(Usage {
                prompt: 30,
                reused: 20,
                generated: 8,
                cut: false,
            }),
            Answer::Spoken {
                rate: 24_000,
                samples: vec![0.5; 1_000],
                marks: vec![mark],
            },
            Answer::Spoke {
                pause: Duration::from_millis(300),
            },
            Answer::Judged(0.75),
            Answer::Done,
            Answer::Status(Status {
                memory: 1 << 30,
                loaded: vec![Model::Voice("v".into())],
            }),
            Answer::Failed(Failure {
                kind: Kind::Unavailable,
                message: "Gone.".into(),
            }),
        ]
    }

    #[test]
    fn everything_arrives_as_it_was_sent() {
        let mut pipe = Vec::new();
        let sent: Vec<Request> = (1..)
            .zip(requests())
            .map(|(id, ask)| Request { id, ask })
            .collect();
        for request in &sent {
            write(&mut pipe, request).unwrap();
        }
        let (mut from, mut body) = (pipe.as_slice(), Vec::new());
        for request in sent {
            assert_eq!(read::<Request>(&mut from, &mut body).unwrap(), Some(request));
        }
        assert!(read::<Request>(&mut from, &mut body).unwrap().is_none());
        for (id, answer) in (1..).zip(answers()) {
            let response = Response { id, answer };
            let frame = encode(&response).unwrap();
            assert_eq!(length(frame[..4].try_into().unwrap()).unwrap(), frame.len() - 4);
            assert_eq!(decode::<Response>(&frame[4..]).unwrap(), response);
        }
    }

    #[test]
    fn strangers_and_other_builds_are_told_apart() {
        assert!(check_greeting(greeting()).is_ok());
        let mut other = greeting();
        other[8] ^= 0xFF;
        assert!(matches!(check_greeting(other), Err(FrameError::Version { .. })));
        assert!(matches!(
            check_greeting(*b"Usage: progr"),
            Err(FrameError::Stranger)
        ));
    }

    #[test]
    fn too_long_is_refused_on_both_sides() {
        let long = Response {
            id: 1,
            answer: Answer::Text("x".repeat(MAX)),
        };
        assert!(matches!(encode(&long), Err(FrameError::TooLong(_))));
        let announced = [0xFF; 8];
        let result = read::<Request>(&mut announced.as_slice(), &mut Vec::new());
        assert!(matches!(result, Err(FrameError::TooLong(_))));
    }

    #[test]
    fn what_ends_in_the_middle_is_an_error() {
        let frame = encode(&Response {
            id: 7,
            answer: Answer::Partial("Go on".into()),
        })
        .unwrap();
        for cut in 1..frame.len() {
            assert!(
                read::<Response>(&mut &frame[..cut], &mut Vec::new()).is_err(),
                "after {cut} bytes"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode::<Request>(&bytes);
            let _ = decode::<Response>(&bytes);
            let (mut from, mut body) = (bytes.as_slice(), Vec::new());
            while let Ok(Some(_)) = read::<Response>(&mut from, &mut body) {}
        }

        #[test]
        fn any_damage_is_survived(which in 0..12usize, at in any::<prop::sample::Index>(), to in any::<u8>()) {
            let request = Request { id: 300, ask: requests().swap_remove(which) };
            let mut frame = encode(&request).unwrap();
            let at = at.index(frame.len());
            frame[at] = to;
            let _ = read::<Request>(&mut frame.as_slice(), &mut Vec::new());
            let _ = decode::<Response>(&frame[4..]);
        }

        #[test]
        fn any_samples_arrive_bit_for_bit(bits in prop::collection::vec(any::<u32>(), 0..200)) {
            let samples: Vec<f32> = bits.iter().map(|bits| f32::from_bits(*bits)).collect();
            let frame = encode(&Request { id: 1, ask: Ask::Audio(samples) }).unwrap();
            let Ask::Audio(back) = decode::<Request>(&frame[4..]).unwrap().ask else { panic!("other") };
            prop_assert_eq!(back.iter().map(|s| s.to_bits()).collect::<Vec<_>>(), bits);
        }
    }
}
