//! Opus in Ogg pages, as it streams (RFC 7845). Pages and packets come cut into chunks anywhere; what the coding puts
//! before and behind the sound is left out.

use libretto_voice::{Audio, SampleRate};
use ogg::reading::{BasePacketReader, PageParser};
use opus_pure::{MAX_PACKET_SAMPLES, OggPacket, OpusDecoder, OpusHead, Trim};

use super::BadSound;

/// The rate it is decoded to: its own.
const RATE: u32 = 48_000;
/// A page's head without the lengths of its segments (RFC 3533, section 6).
const HEAD: usize = 27;
/// A packet across pages has no more bytes than this. The longest that is sensible has 61,440 (RFC 7845, section 6).
const PACKET: usize = 128 << 10;
/// Samples that a byte may become, and that come without any: the least bit rate is 6 kbit/s (RFC 6716, section 2), which is
/// 64 samples a byte, and silence may take less.
const EACH: usize = 128;
const FREE: usize = 2 * RATE as usize;

/// Decodes packets; at most a page of them waits inside.
pub(super) struct Opus {
    pages: BasePacketReader,
    pending: Vec<u8>,
    /// Bytes of pages that completed no packet.
    continued: usize,
    /// Bytes that came, and samples that were made of them.
    bytes: usize,
    samples: usize,
    stream: Option<Stream>,
    /// Room for what a packet decodes to.
    pcm: Vec<f32>,
}

/// One stream; another may follow it.
struct Stream {
    decoder: OpusDecoder,
    trim: Trim,
    /// Its remarks have been passed over.
    begun: bool,
}

impl Default for Opus {
    fn default() -> Self {
        Self {
            pages: BasePacketReader::new(),
            pending: Vec::new(),
            continued: 0,
            bytes: 0,
            samples: 0,
            stream: None,
            pcm: vec![0.0; MAX_PACKET_SAMPLES],
        }
    }
}

impl Opus {
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Option<Audio>, BadSound> {
        self.pending.extend_from_slice(bytes);
        self.bytes = self.bytes.saturating_add(bytes.len());
        let pending = std::mem::take(&mut self.pending);
        let (mut rest, mut samples) = (&pending[..], Vec::new());
        while let Some(page) = whole(rest)? {
            let (page, later) = rest.split_at(page);
            self.page(page, &mut samples)?;
            rest = later;
        }
        self.pending = rest.to_vec();
        let rate = SampleRate::new(RATE).filter(|_| !samples.is_empty());
        Ok(rate.map(|rate| Audio::new(rate, samples)))
    }

    fn page(&mut self, page: &[u8], samples: &mut Vec<f32>) -> Result<(), BadSound> {
        let bad = |_| BadSound::Opus;
        let (head, rest) = page.split_first_chunk::<HEAD>().ok_or(BadSound::Opus)?;
        let (lengths, body) = rest
            .split_at_checked(head[HEAD - 1].into())
            .ok_or(BadSound::Opus)?;
        // A stream begins: nothing of the one before is waited for.
        if head[5] & 2 != 0 {
            self.pages = BasePacketReader::new();
        }
        let (mut parser, _) = PageParser::new(*head).map_err(bad)?;
        parser.parse_segments(lengths.to_vec());
        self.pages
            .push_page(parser.parse_packet_data(body.to_vec()).map_err(bad)?)
            .map_err(bad)?;
        self.continued += page.len();
        while let Some(packet) = self.pages.read_packet() {
            self.continued = 0;
            // Only the last page may have less sound than its packets.
            let until = if packet.last_in_stream() {
                i64::try_from(packet.absgp_page()).unwrap_or(-1)
            } else {
                -1
            };
            self.packet(&OggPacket::new(packet.data, until, until >= 0), samples)?;
        }
        if self.continued > PACKET {
            return Err(BadSound::Opus);
        }
        Ok(())
    }

    fn packet(&mut self, packet: &OggPacket, samples: &mut Vec<f32>) -> Result<(), BadSound> {
        if packet.data.starts_with(b"OpusHead") {
            self.stream = Some(begin(&packet.data)?);
            return Ok(());
        }
        let stream = self.stream.as_mut().ok_or(BadSound::Opus)?;
        if !std::mem::replace(&mut stream.begun, true) {
            return Ok(());
        }
        // An empty packet, or one that is broken, is passed over: the next one is whole again.
        let decoded = if packet.data.is_empty() {
            0
        } else {
            let pcm = &mut self.pcm;
            stream
                .decoder
                .decode(&packet.data, MAX_PACKET_SAMPLES, pcm)
                .unwrap_or(0)
        };
        samples.extend_from_slice(stream.trim.keep(packet, &self.pcm[..decoded]));
        self.samples = self.samples.saturating_add(decoded);
        if self.samples > self.bytes.saturating_mul(EACH).saturating_add(FREE) {
            return Err(BadSound::Opus);
        }
        Ok(())
    }
}

/// The length of the first page, where all of it is there.
fn whole(bytes: &[u8]) -> Result<Option<usize>, BadSound> {
    let name = b"OggS";
    if !bytes.starts_with(&name[..bytes.len().min(4)]) {
        return Err(BadSound::Opus);
    }
    let Some(count) = bytes.get(HEAD - 1) else {
        return Ok(None);
    };
    let lengths = bytes.get(HEAD..HEAD + usize::from(*count));
    let page = lengths.map(|all| HEAD + all.len() + all.iter().map(|each| usize::from(*each)).sum::<usize>());
    Ok(page.filter(|page| *page <= bytes.len()))
}

/// What a stream says of itself: `OpusHead`, version, channels, samples before the sound, rate of the recording, gain, and how
/// channels are mapped (RFC 7845, section 5.1). Of two channels one is made.
fn begin(head: &[u8]) -> Result<Stream, BadSound> {
    let [
        version,
        channels,
        low,
        high,
        _,
        _,
        _,
        _,
        gain_low,
        gain_high,
        mapping,
    ] = *head
        .get(8..)
        .and_then(|rest| rest.first_chunk::<11>())
        .ok_or(BadSound::Opus)?;
    if version >> 4 != 0 || !(1..=2).contains(&channels) || mapping != 0 {
        return Err(BadSound::Opus);
    }
    let bad = |_| BadSound::Opus;
    let mut known = OpusHead::new(channels, RATE).map_err(bad)?;
    known.pre_skip = u16::from_le_bytes([low, high]);
    let mut decoder = OpusDecoder::new(RATE.cast_signed(), 1).map_err(bad)?;
    decoder.gain_q8 = i16::from_le_bytes([gain_low, gain_high]).into();
    Ok(Stream {
        decoder,
        trim: Trim::new(&known, RATE.cast_signed(), 1).map_err(bad)?,
        begun: false,
    })
}

#[cfg(test)]
mod tests {
    use libretto_testkit::fakes::speech;
    use opus_pure::{OggOpusReader, OggOpusWriter};
    use proptest::prelude::*;

    use super::*;

    fn decode(bytes: &[u8], size: usize) -> Result<Vec<f32>, BadSound> {
        let mut opus = Opus::default();
        let mut samples = Vec::new();
        for chunk in bytes.chunks(size) {
            samples.extend(opus.push(chunk)?.into_iter().flat_map(|audio| audio.samples));
        }
        Ok(samples)
    }

    #[test]
    fn speech_cut_anywhere_sounds_the_same() {
        let spoken = speech::sentence().clone().at(SampleRate::new(RATE).unwrap());
        let bytes = speech::opus(&spoken.audio);
        let whole = decode(&bytes, bytes.len()).unwrap();
        assert_eq!(whole.len(), spoken.audio.samples.len(), "to the sample");
        for size in [1, 26, 27, 28, 1_000, 4_096] {
            assert_eq!(decode(&bytes, size).unwrap(), whole, "chunks of {size}");
        }
        // It begins where it did: it goes with the original, and not with the same a little later.
        let alike = |late: usize| -> f32 {
            whole[late..]
                .iter()
                .zip(&spoken.audio.samples)
                .map(|(a, b)| a * b)
                .sum()
        };
        let energy: f32 = spoken.audio.samples.iter().map(|a| a * a).sum();
        assert!(alike(0) > energy * 0.8, "{} of {energy}", alike(0));
        // Two streams, one behind the other.
        let twice = [&bytes[..], &bytes[..]].concat();
        assert_eq!(decode(&twice, 999).unwrap(), [&whole[..], &whole[..]].concat());
    }

    #[test]
    fn what_is_no_opus_is_refused() {
        let bytes = speech::opus(&speech::sentence().audio.clone());
        let mut spoilt = bytes.clone();
        spoilt[40] ^= 1;
        for wrong in [&b"{\"error\":\"no\"}"[..], b"OggX", &spoilt, &bytes[47..]] {
            assert_eq!(decode(wrong, 5), Err(BadSound::Opus));
        }
        assert_eq!(decode(b"Ogg", 5), Ok(vec![]));
    }

    /// Packets in whole pages.
    fn paged(packets: &[Vec<u8>]) -> Vec<u8> {
        let mut writer = OggOpusWriter::new(Vec::new(), OpusHead::new(1, RATE).unwrap()).unwrap();
        for packet in packets.iter().filter(|packet| !packet.is_empty()) {
            writer.write_packet_with_duration(packet, 960).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn sound_out_of_nothing_is_refused() {
        // 48 frames of 2.5 ms in two bytes: a tenth of a second each.
        let nothing = vec![vec![0xE3, 48]; 5_000];
        assert_eq!(decode(&paged(&nothing), 4_096), Err(BadSound::Opus));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_packet_is_survived(spoils in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..40)) {
            let bytes = speech::opus(&speech::speak("Tea is good.").at(SampleRate::new(RATE).unwrap()).audio);
            let mut reader = OggOpusReader::new(&bytes[..]).unwrap();
            let mut packets: Vec<Vec<u8>> = reader.packets().map(|packet| packet.unwrap().data).collect();
            for (packet, byte, value) in spoils {
                let packet = packet.index(packets.len());
                let at = byte.index(packets[packet].len().max(1));
                match value % 5 {
                    0 => packets[packet].truncate(at),
                    // The first byte says how the others are coded.
                    1 => packets[packet][..1].fill(value),
                    _ => packets[packet].iter_mut().skip(at).take(1).for_each(|old| *old ^= value),
                }
                packets.retain(|packet| !packet.is_empty());
            }
            let _ = decode(&paged(&packets), 777);
        }
    }
}
