//! `output_format`: codec, rate and bit rate in one name.

use libretto_voice::SampleRate;

use crate::failure::{Failure, Fault};
use crate::service::Service;
use crate::sound::{Encoding, Law};

/// A format that can be played here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// As it is sent.
    pub(super) name: String,
    pub(super) encoding: Encoding,
    pub(super) rate: SampleRate,
    /// Bits per second of MP3, which are constant here. Those of Opus are what it aims at.
    pub(super) pace: Option<u32>,
    /// It comes whole: neither sockets nor streams have it.
    pub(super) whole: bool,
}

/// `pcm_24000`, `mp3_44100_128`, `opus_48000_64`, `ulaw_8000`, `wav_24000` and their like; `None` for what cannot be played
/// here.
pub(super) fn of(name: &str) -> Option<Format> {
    let mut parts = name.split('_');
    let (codec, rate) = (parts.next()?, parts.next()?);
    let rate = SampleRate::new(rate.parse().ok().filter(|rate| (8_000..=48_000).contains(rate))?)?;
    let encoding = match codec {
        "pcm" => Encoding::Pcm16(rate),
        "mp3" => Encoding::Mp3,
        "ulaw" => Encoding::G711(Law::Mu, rate),
        "alaw" => Encoding::G711(Law::A, rate),
        "opus" if rate.hertz() == 48_000 => Encoding::Opus,
        "wav" => Encoding::Wav,
        _ => return None,
    };
    let kbps: Option<u32> = parts.next().and_then(|kbps| kbps.parse().ok());
    Some(Format {
        name: name.to_owned(),
        encoding,
        rate,
        pace: kbps
            .filter(|_| codec == "mp3")
            .map(|kbps| kbps.saturating_mul(1_000)),
        whole: codec == "wav",
    })
}

pub(super) fn unsupported(service: &Service, name: &str) -> Failure {
    let what = format!(
        "Libretto plays pcm, mp3, opus, wav, ulaw and alaw, not “{name}”. Choose another output format in the settings, \
         such as mp3_44100_128"
    );
    service.failure(Fault::Unsupported(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_of_the_page() {
        let rated = |codec: &str, rates: &[u32]| -> Vec<String> {
            rates.iter().map(|rate| format!("{codec}_{rate}")).collect()
        };
        let linear = [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
        let mut names = [rated("pcm", &linear), rated("wav", &linear)].concat();
        names.extend(["ulaw_8000", "alaw_8000"].map(str::to_owned));
        names.extend(["32", "64", "96", "128", "192"].map(|kbps| format!("opus_48000_{kbps}")));
        names.extend(["22050_32", "24000_48", "44100_32", "44100_192"].map(|rest| format!("mp3_{rest}")));
        for name in names {
            let format = of(&name).unwrap_or_else(|| panic!("{name} is not known"));
            assert_eq!(format.whole, name.starts_with("wav"), "{name}");
            assert_eq!(format.pace.is_some(), name.starts_with("mp3"), "{name}");
        }
        for none in [
            "",
            "pcm",
            "pcm_",
            "pcm_1",
            "flac_44100",
            "opus_24000_32",
            "mp3_x_128",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
