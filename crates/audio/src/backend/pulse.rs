//! A microphone of a PulseAudio server, without a client library between: one thread that waits for samples.
//!
//! cpal 0.18 lets the server keep no more than one fragment for us, so that samples are lost whenever the server gives
//! more at once or we are a moment late (2 % of them on a virtual device), and it asks for the stream's latency after
//! every fragment. The client of `pulseaudio` 0.3 clears a megabyte for each read, which was half of what listening
//! cost (0.6 % of a core); its protocol is used here. Playback has no such trouble.

use std::ffi::CString;
use std::io::{BufReader, Cursor, Read};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use libretto_voice::SampleRate;
use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{
    self, AuthParams, AuthReply, ChannelMap, ChannelVolume, Command, CommandReply, CreateRecordStreamReply,
    LatencyParams, Prop, Props, ProtocolError, RecordLatency, RecordStreamParams, SampleFormat, SampleSpec,
    SetClientNameReply, TagStructRead, TagStructReader,
};

use super::{Alarm, Ear, Ring};

/// How much is given at once: each fragment wakes three threads, 0.02 % of a core for each in a second, and beside the
/// silence that ends an utterance 50 ms are short.
const FRAGMENT: Duration = Duration::from_millis(50);
/// How often the server is asked how old its samples are.
const ASK: Duration = Duration::from_millis(500);
/// How long the server may take to answer while the stream is being made.
const PATIENCE: Duration = Duration::from_secs(2);
/// Samples that are converted at once, on the thread's own stack.
const SCRATCH: usize = 1_024;
/// Bytes that are read at once: some fragments at 48 kHz.
const READ: usize = 64 * 1024;
/// Number of our questions after the stream was made; nobody looks for a certain answer.
const QUESTION: u32 = 3;

/// An open microphone; it closes when dropped.
pub(super) struct Recording {
    ended: Arc<AtomicBool>,
    socket: UnixStream,
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // The thread waits in a read, which ends with this. A socket that is closed already needs no closing.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// A connection whose server has let us in.
struct Connection {
    reader: BufReader<UnixStream>,
    version: u16,
}

impl Connection {
    fn open() -> Result<Self, String> {
        let path = pulseaudio::socket_path_from_env().ok_or("there is no PulseAudio server")?;
        let cookie = pulseaudio::cookie_path_from_env().and_then(|path| std::fs::read(path).ok());
        let socket = UnixStream::connect(path).map_err(|error| error.to_string())?;
        let patience = socket.set_read_timeout(Some(PATIENCE));
        patience.map_err(|error| error.to_string())?;
        let mut connection = Self {
            reader: BufReader::with_capacity(READ, socket),
            version: protocol::MAX_VERSION,
        };
        let auth: AuthReply = connection.ask(
            0,
            &Command::Auth(AuthParams {
                version: protocol::MAX_VERSION,
                supports_shm: false,
                supports_memfd: false,
                cookie: cookie.unwrap_or_default(),
            }),
        )?;
        connection.version = auth.version.min(protocol::MAX_VERSION);
        let mut props = Props::new();
        props.set(Prop::ApplicationName, c"Libretto");
        let _: SetClientNameReply = connection.ask(1, &Command::SetClientName(props))?;
        Ok(connection)
    }

    /// Asks and waits for the answer; before there is a stream, nothing else comes.
    fn ask<R: CommandReply>(&mut self, number: u32, command: &Command) -> Result<R, String> {
        let answer = self.send(number, command).and_then(|()| {
            let (_, answer) = protocol::read_reply_message(&mut self.reader, self.version)?;
            Ok(answer)
        });
        answer.map_err(|error| error.to_string())
    }

    fn send(&mut self, number: u32, command: &Command) -> Result<(), ProtocolError> {
        protocol::write_command_message(self.reader.get_mut(), number, command, self.version)
    }
}

/// Opens the source of this name as one channel, which the server mixes.
pub(super) fn record(
    name: &str,
    rate: SampleRate,
    ear: Box<dyn Ear>,
    alarm: &Alarm,
) -> Result<Recording, String> {
    let mut connection = Connection::open()?;
    let params = RecordStreamParams {
        sample_spec: SampleSpec {
            format: SampleFormat::Float32Le,
            channels: 1,
            sample_rate: rate.hertz(),
        },
        channel_map: ChannelMap::mono(),
        source_name: Some(CString::new(name).map_err(|error| error.to_string())?),
        // The server's own limit for what waits is half a minute.
        buffer_attr: BufferAttr {
            fragment_size: rate.samples(FRAGMENT) as u32 * 4,
            ..BufferAttr::default()
        },
        flags: StreamFlags {
            adjust_latency: true,
            ..StreamFlags::default()
        },
        cvolume: Some(ChannelVolume::norm(1)),
        ..RecordStreamParams::default()
    };
    let made: CreateRecordStreamReply = connection.ask(2, &Command::CreateRecordStream(params))?;
    let socket = connection.reader.get_ref();
    let ready = socket.set_read_timeout(None).and_then(|()| socket.try_clone());
    let ended = Arc::new(AtomicBool::new(false));
    let recording = Recording {
        ended: ended.clone(),
        socket: ready.map_err(|error| error.to_string())?,
    };
    let mut listening = Listening {
        connection,
        channel: made.channel,
        rate,
        ear,
        age: Duration::ZERO,
        asked: None,
        message: Vec::with_capacity(READ),
    };
    let alarm = alarm.clone();
    let listen = move || {
        let Err(end) = listening.run();
        if !ended.load(Ordering::Relaxed) {
            tracing::debug!(%end, "microphone_ended");
            alarm.ring(Ring::Dead);
        }
    };
    std::thread::Builder::new()
        .name("microphone".into())
        .spawn(listen)
        .map_err(|error| error.to_string())?;
    Ok(recording)
}

/// The thread's side of a stream.
struct Listening {
    connection: Connection,
    channel: u32,
    rate: SampleRate,
    ear: Box<dyn Ear>,
    /// From the microphone to the newest sample that the server has.
    age: Duration,
    asked: Option<Instant>,
    /// The message that was read last; its memory is kept.
    message: Vec<u8>,
}

impl Listening {
    /// Passes samples on until the stream ends.
    fn run(&mut self) -> Result<std::convert::Infallible, ProtocolError> {
        loop {
            let descriptor = protocol::read_descriptor(&mut self.connection.reader)?;
            let length = descriptor.length as usize;
            if length > protocol::MAX_MEMBLOCKQ_LENGTH {
                return Err(ProtocolError::Invalid(format!("a message of {length} bytes")));
            }
            self.message.resize(length, 0);
            self.connection.reader.read_exact(&mut self.message)?;
            if descriptor.channel == self.channel {
                self.hear();
            } else if descriptor.channel == u32::MAX {
                self.obey()?;
            }
            let now = Instant::now();
            if self.asked.is_none_or(|asked| now.duration_since(asked) >= ASK) {
                self.asked = Some(now);
                let (channel, now) = (self.channel, SystemTime::now());
                let question = Command::GetRecordLatency(LatencyParams { channel, now });
                self.connection.send(QUESTION, &question)?;
            }
        }
    }

    fn hear(&mut self) {
        let (samples, _) = self.message.as_chunks::<4>();
        let now = Instant::now();
        let age = self.age + self.rate.duration(samples.len() as u64);
        let mut captured = now.checked_sub(age).unwrap_or(now);
        let mut scratch = [0.0_f32; SCRATCH];
        for part in samples.chunks(SCRATCH) {
            for (to, sample) in scratch.iter_mut().zip(part) {
                *to = f32::from_le_bytes(*sample);
            }
            self.ear.hear(&scratch[..part.len()], 1, captured);
            captured += self.rate.duration(part.len() as u64);
        }
    }

    fn obey(&mut self) -> Result<(), ProtocolError> {
        let version = self.connection.version;
        let mut message = Cursor::new(self.message.as_slice());
        // What this protocol's library does not know does not end the stream.
        let Ok(command) = Command::read_tag_prefixed(&mut message, version) else {
            return Ok(());
        };
        match command {
            (QUESTION, Command::Reply) => {
                let mut answer = TagStructReader::new(&mut message, version);
                let latency = RecordLatency::read(&mut answer, version)?;
                self.age = Duration::from_micros(latency.source_usec);
                Ok(())
            }
            (_, Command::RecordStreamKilled(_)) => {
                Err(ProtocolError::Invalid("the stream was killed".into()))
            }
            _ => Ok(()),
        }
    }
}
