//! `output_format`: codec, rate and bit rate in one name.

use libretto_voice::SampleRate;

use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::sound::Encoding;

/// A format that can be played here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// As it is sent.
    pub(super) name: String,
    pub(super) encoding: Encoding,
    pub(super) rate: SampleRate,
    /// Bits per second of MP3, which are constant here.
    pub(super) pace: Option<u32>,
}

/// `pcm_24000`, `mp3_44100_128` and their like; `None` for what cannot be played here.
pub(super) fn of(name: &str) -> Option<Format> {
    let mut parts = name.split('_');
    let (codec, rate) = (parts.next()?, parts.next()?);
    let rate = SampleRate::new(rate.parse().ok().filter(|rate| (8_000..=48_000).contains(rate))?)?;
    let encoding = match codec {
        "pcm" => Encoding::Pcm16(rate),
        "mp3" => Encoding::Mp3,
        _ => return None,
    };
    Some(Format {
        name: name.to_owned(),
        encoding,
        rate,
        pace: parts
            .next()
            .and_then(|kbps| kbps.parse().ok())
            .map(|kbps: u32| kbps.saturating_mul(1_000)),
    })
}

pub(super) fn unsupported(service: &Service, name: &str) -> Failure {
    let what =
        format!("Libretto plays pcm and mp3, not “{name}”. Choose another output format in the settings");
    service.failure(Fault::Unsupported(what))
}
