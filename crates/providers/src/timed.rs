//! What a voice with timings gives: its sound decoded and counted, its times turned into marks, both told in order.

use libretto_voice::shapes::{Aligner, TimeBase, Timed};
use libretto_voice::{Audio, Error, Mark, Result as VoiceResult, SampleRate, SpeakEvent, SpeakInput, text};
use tokio::sync::mpsc::{Receiver, Sender};

use crate::context::{Around, Pieces};
use crate::failure::Failure;
use crate::retry::{self, Work};
use crate::service::Service;
use crate::sound::{BadSound, Encoding, SoundDecoder};

/// Whoever listened has gone.
#[derive(Debug)]
pub(crate) struct Gone;

/// Why a call that speaks has ended before its time.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Whoever listened has gone.
    Gone,
    /// It failed.
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Gone> for Stop {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// A voice with times that makes one call for each piece of text.
pub(crate) trait ByPiece {
    /// Who is asked.
    fn service(&self) -> &Service;
    /// Most characters in one call.
    fn longest(&self) -> usize;
    /// What it tells.
    fn speech(&mut self) -> &mut Speech;
    /// Speaks a piece that the speech's text has already. Gives the id by which a later call can follow this one.
    async fn call(&mut self, piece: &str, around: &Around) -> Result<Option<String>, Stop>;
}

/// Speaks what is given, piece by piece.
pub(crate) async fn by_piece(mut voice: impl ByPiece, input: Receiver<SpeakInput>) -> VoiceResult<()> {
    let gone = |_| Error::cancelled();
    voice.speech().tell(SpeakEvent::Ready).await.map_err(gone)?;
    let mut pieces = Pieces::new(input, voice.longest());
    while let Some(piece) = pieces.next().await {
        voice.speech().sent(&piece);
        let id = if text::speaks(&piece) {
            let service = voice.service().clone();
            let _place = service.limit.enter().await;
            let mut call = Call {
                voice: &mut voice,
                piece: &piece,
                around: &pieces.around,
                begun: false,
            };
            retry::through(service.retry, &mut call).await?
        } else {
            None
        };
        pieces.said(&piece, id);
    }
    voice.speech().tell(SpeakEvent::Finished).await.map_err(gone)
}

struct Call<'a, V> {
    voice: &'a mut V,
    piece: &'a str,
    around: &'a Around,
    /// Something of it has been told.
    begun: bool,
}

impl<V: ByPiece> Work for Call<'_, V> {
    type Done = Option<String>;

    async fn attempt(&mut self) -> Result<Option<String>, Stop> {
        let before = self.voice.speech().told();
        let done = self.voice.call(self.piece, self.around).await;
        self.begun = self.voice.speech().told() > before;
        done
    }

    fn begun(&self) -> bool {
        self.begun
    }

    fn renew(&mut self) {
        self.voice.speech().again();
    }
}

/// The sound and the marks of one session.
#[derive(Debug)]
pub(crate) struct Speech {
    events: Sender<VoiceResult<SpeakEvent>>,
    encoding: Encoding,
    rate: SampleRate,
    base: TimeBase,
    decoder: SoundDecoder,
    aligner: Aligner,
    /// Where the text and the sound of the aligner begin in the session's.
    from: (usize, u64),
    /// Samples since then, and bytes.
    samples: u64,
    bytes: u64,
    /// Bits per second of compressed sound, where it is constant.
    pace: Option<u64>,
    told: u64,
    /// How far the last mark reaches: clusters of the aligner's text, and samples.
    reached: (usize, u64),
}

/// Times and sound are this much apart at the end, and all has been said still.
const SLACK: f64 = 0.25;

impl Speech {
    /// Nothing yet, of sound in this encoding and rate, whose times have this base.
    pub(crate) fn new(
        events: Sender<VoiceResult<SpeakEvent>>,
        encoding: Encoding,
        rate: SampleRate,
        base: TimeBase,
    ) -> Self {
        Self {
            events,
            encoding,
            rate,
            base,
            decoder: SoundDecoder::new(encoding),
            aligner: Aligner::new(rate, base),
            from: (0, 0),
            samples: 0,
            bytes: 0,
            pace: None,
            told: 0,
            reached: (0, 0),
        }
    }

    /// The sound is compressed to this many bits per second, always the same. Then its bytes tell how much has come:
    /// decoded samples lag behind by a frame or two.
    pub(crate) fn paced(mut self, bits_per_second: Option<u32>) -> Self {
        self.pace = bits_per_second.filter(|bits| *bits > 0).map(u64::from);
        self
    }

    /// Samples of the aligner's sound that have come.
    fn come(&self) -> u64 {
        match self.pace {
            Some(pace) => self.bytes * 8 * u64::from(self.rate.hertz()) / pace,
            None => self.samples,
        }
    }

    /// Seconds of sound that have come for what was sent since the last end.
    pub(crate) fn seconds(&self) -> f64 {
        self.come() as f64 / f64::from(self.rate.hertz())
    }

    /// Seconds of all sound that has come.
    pub(crate) fn total(&self) -> f64 {
        self.from.1 as f64 / f64::from(self.rate.hertz()) + self.seconds()
    }

    /// Seconds of the session's sound before what is spoken now.
    pub(crate) fn begun(&self) -> f64 {
        self.from.1 as f64 / f64::from(self.rate.hertz())
    }

    /// How many pieces of sound and marks have been told. What has told any may not be tried again.
    pub(crate) fn told(&self) -> u64 {
        self.told
    }

    /// Whether times and sound reach to the end of the text: a connection that ends here has not lost a word.
    pub(crate) fn is_whole(&self) -> bool {
        let text = self.aligner.text();
        let spoken = text.trim_end_matches(|c: char| !c.is_alphanumeric());
        let samples = self.samples + self.rate.sample_at(SLACK);
        self.reached.0 >= text::count(spoken) && self.reached.1 <= samples
    }

    /// The text that has not ended yet is spoken once more, after a call that came to nothing.
    pub(crate) fn again(&mut self) {
        let text = self.aligner.text().to_owned();
        self.renew();
        self.aligner.sent(&text);
    }

    fn renew(&mut self) {
        self.decoder = SoundDecoder::new(self.encoding);
        self.aligner = Aligner::new(self.rate, self.base);
        self.bytes = 0;
        self.reached = (0, 0);
    }

    /// Text of the session on its way to the voice.
    pub(crate) fn sent(&mut self, text: &str) {
        self.aligner.sent(text);
    }

    /// `rest`, the end of what was sent, is not on its way any more, and will be sent again.
    pub(crate) fn unsent(&mut self, rest: &str) {
        let text = self.aligner.text();
        let kept = text.strip_suffix(rest).unwrap_or(text).to_owned();
        self.renew();
        self.aligner.sent(&kept);
    }

    /// Times that come with the next piece of sound. Told before it: then a word can be lit as soon as it sounds.
    pub(crate) async fn times(&mut self, timed: &[Timed<'_>]) -> Result<(), Gone> {
        let marks = self.aligner.push(self.come(), timed);
        self.tell_marks(marks).await
    }

    /// The next bytes of sound.
    pub(crate) async fn sound(&mut self, bytes: &[u8]) -> Result<Result<(), BadSound>, Gone> {
        self.bytes += bytes.len() as u64;
        match self.decoder.push(bytes) {
            Ok(Some(audio)) => self.tell_audio(audio).await.map(Ok),
            Ok(None) => Ok(Ok(())),
            Err(bad) => Ok(Err(bad)),
        }
    }

    /// The sound of what was sent has ended: the rest of it, and estimated marks for text without times. What is sent
    /// from now on is counted anew.
    pub(crate) async fn ended(&mut self) -> Result<Result<(), BadSound>, Gone> {
        match self.decoder.finish() {
            Ok(Some(audio)) => self.tell_audio(audio).await?,
            Ok(None) => {}
            Err(bad) => return Ok(Err(bad)),
        }
        let marks = self.aligner.finish(self.samples);
        self.tell_marks(marks).await?;
        self.from.0 += text::count(self.aligner.text());
        self.from.1 += self.samples;
        self.samples = 0;
        self.renew();
        Ok(Ok(()))
    }

    /// The voice stopped before it spoke `rest`, the end of what was sent: that is counted anew, and need not be noted
    /// again.
    pub(crate) async fn ended_before(&mut self, rest: &str) -> Result<Result<(), BadSound>, Gone> {
        match self.decoder.finish() {
            Ok(Some(audio)) => self.tell_audio(audio).await?,
            Ok(None) => {}
            Err(bad) => return Ok(Err(bad)),
        }
        let text = self.aligner.text();
        self.from.0 += text::count(text.strip_suffix(rest).unwrap_or(text));
        self.from.1 += self.samples;
        self.samples = 0;
        self.renew();
        self.aligner.sent(rest);
        Ok(Ok(()))
    }

    async fn tell_audio(&mut self, audio: Audio) -> Result<(), Gone> {
        self.told += 1;
        self.samples += audio.samples.len() as u64;
        self.tell(SpeakEvent::Audio(audio)).await
    }

    async fn tell_marks(&mut self, marks: Vec<Mark>) -> Result<(), Gone> {
        let Some(last) = marks.last() else { return Ok(()) };
        self.reached = (last.text.end, last.audio.end);
        self.told += 1;
        let (clusters, samples) = self.from;
        let shifted = marks.into_iter().map(|mark| mark.shifted(clusters, samples));
        self.tell(SpeakEvent::Marks(shifted.collect())).await
    }

    /// Any other event.
    pub(crate) async fn tell(&self, event: SpeakEvent) -> Result<(), Gone> {
        self.events.send(Ok(event)).await.map_err(|_| Gone)
    }
}
