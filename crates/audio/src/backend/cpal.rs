//! The system's own devices, through cpal: PipeWire or PulseAudio where a server answers, else ALSA; WASAPI; CoreAudio.

mod formats;

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, DeviceDirection, ErrorKind, SampleFormat, StreamConfig};
use libretto_voice::SampleRate;

use super::{Alarm, MakeEar, MakeMouth, Ring, Sink, Source, Stream};
use crate::devices::{Device, DeviceId, Listing};
use crate::error::{AudioError, Result};
use formats::{listen, talk};

/// How long a sound system may take to answer before we give up on it.
const PATIENCE: Duration = Duration::from_secs(3);
/// Asked of the host as its period, 10 ms: short enough that a cut is heard at once, long enough for a busy machine.
const PERIODS_PER_SECOND: u32 = 100;

/// The host that answered last. Connecting to a sound server anew for every question would cost milliseconds and a
/// thread each time.
static HOST: Mutex<Option<Arc<cpal::Host>>> = Mutex::new(None);

/// The system's devices.
#[derive(Clone, Copy, Default)]
pub struct System;

/// From the table.
#[expect(clippy::unnecessary_wraps, reason = "the form of the table")]
pub(super) fn source(_: &str) -> Result<Arc<dyn Source>> {
    Ok(Arc::new(System))
}

/// From the table.
#[expect(clippy::unnecessary_wraps, reason = "the form of the table")]
pub(super) fn sink(_: &str) -> Result<Arc<dyn Sink>> {
    Ok(Arc::new(System))
}

/// The system's devices at this moment that people look for.
///
/// # Errors
/// `Hung` when the sound system does not answer.
pub fn listing() -> Result<Listing> {
    let mut listing = everything()?;
    listing
        .inputs
        .retain(|device| is_useful(&device.id) && !is_monitor(&device.id));
    listing.outputs.retain(|device| is_useful(&device.id));
    Ok(listing)
}

/// All that can be chosen, what nobody looks for included.
fn everything() -> Result<Listing> {
    bounded(|| {
        let host = fresh_host();
        let listing = list(&host).or_else(|_| list(&renew()));
        listing.map_err(|error| device_error(&error, host.id().name()))
    })?
}

/// Runs `ask` on a thread of its own, because some hosts wait without limit for a server that hangs.
fn bounded<T: Send + 'static>(ask: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (answer, answered) = channel();
    let asking = std::thread::Builder::new()
        .name("sound-host".into())
        .spawn(move || {
            quieten();
            // Nobody waits any more: the answer is too late.
            let _ = answer.send(ask());
        });
    asking.map_err(|_| AudioError::Hung)?;
    answered.recv_timeout(PATIENCE).map_err(|error| match error {
        RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected => {
            forget_host();
            AudioError::Hung
        }
    })
}

/// ALSA's library writes to standard error whenever something is not there. This sends what it says on this thread
/// nowhere instead; the same comes back as error values.
fn quieten() {
    #[cfg(target_os = "linux")]
    let _ = alsa::Output::local_error_handler();
}

fn locked() -> std::sync::MutexGuard<'static, Option<Arc<cpal::Host>>> {
    HOST.lock().unwrap_or_else(PoisonError::into_inner)
}

fn forget_host() {
    *locked() = None;
}

fn host() -> Arc<cpal::Host> {
    let mut kept = locked();
    kept.get_or_insert_with(|| Arc::new(cpal::default_host())).clone()
}

fn renew() -> Arc<cpal::Host> {
    forget_host();
    host()
}

/// A host that knows what there is now: ALSA's is asked whether a server has come up since, and PipeWire's host keeps
/// the list of devices of the moment when it was made.
fn fresh_host() -> Arc<cpal::Host> {
    let kept = host();
    if cfg!(target_os = "linux") && kept.id().name() != "PulseAudio" {
        renew()
    } else {
        kept
    }
}

/// PulseAudio offers what each loudspeaker plays as a microphone. That is not what people look for under that name.
fn is_monitor(id: &DeviceId) -> bool {
    id.0.ends_with(".monitor")
}

/// ALSA lists each card a dozen times. The default, the sound servers' doors and the converting device are enough.
fn is_useful(id: &DeviceId) -> bool {
    let Some(name) = id.0.strip_prefix("alsa:") else {
        return true;
    };
    matches!(name, "default" | "pulse" | "pipewire") || name.starts_with("plughw:")
}

fn list(host: &cpal::Host) -> Result<Listing, cpal::Error> {
    let id_of = |device: Option<cpal::Device>| device.and_then(|d| describe(&d, None)).map(|d| d.id);
    let (default_in, default_out) = (
        id_of(host.default_input_device()),
        id_of(host.default_output_device()),
    );
    let mut listing = Listing::default();
    for device in host.devices()? {
        let Ok(description) = device.description() else {
            continue;
        };
        let Some(known) = describe(&device, None) else {
            continue;
        };
        let direction = description.direction();
        if !matches!(direction, DeviceDirection::Output) && takes(&device, true) {
            listing.inputs.push(Device {
                default: default_in.as_ref() == Some(&known.id),
                ..known.clone()
            });
        }
        if !matches!(direction, DeviceDirection::Input) && takes(&device, false) {
            listing.outputs.push(Device {
                default: default_out.as_ref() == Some(&known.id),
                ..known
            });
        }
    }
    Ok(listing)
}

/// Whether a device can be used in a direction. ALSA's answer costs opening it, and its direction says enough.
fn takes(device: &cpal::Device, input: bool) -> bool {
    let alsa = device.id().is_ok_and(|id| id.host().name() == "ALSA");
    alsa || if input {
        device.supports_input()
    } else {
        device.supports_output()
    }
}

fn describe(device: &cpal::Device, default: Option<bool>) -> Option<Device> {
    let id = device.id().ok()?;
    let name = device
        .description()
        .map_or_else(|_| id.id().to_owned(), |d| d.name().to_owned());
    let host = id.host().name().to_owned();
    Some(Device {
        id: DeviceId(id.to_string()),
        name,
        host,
        default: default.unwrap_or(false),
    })
}

/// The wanted device, else the default one.
fn choose(wanted: Option<&DeviceId>, input: bool) -> Result<(cpal::Device, Device)> {
    let wanted = wanted.cloned();
    let none = if input {
        AudioError::NoInput
    } else {
        AudioError::NoOutput
    };
    let find = move |host: &cpal::Host| {
        let wanted = wanted.as_ref().and_then(|id| {
            let id: cpal::DeviceId = id.0.parse().ok()?;
            let elsewhere = (id.host() != host.id())
                .then(|| cpal::host_from_id(id.host()).ok())
                .flatten();
            let device = elsewhere.as_ref().unwrap_or(host).device_by_id(&id)?;
            takes(&device, input).then_some(device)
        });
        let default = wanted.is_none();
        let device = wanted.or_else(|| {
            if input {
                // A server without a microphone calls what its loudspeaker plays one: Libretto would hear itself.
                let heard = |device: &cpal::Device| {
                    let id = device.id().map(|id| DeviceId(id.to_string()));
                    !id.is_ok_and(|id| is_monitor(&id))
                };
                let other = || host.input_devices().ok()?.find(heard);
                host.default_input_device().filter(heard).or_else(other)
            } else {
                host.default_output_device()
            }
        })?;
        describe(&device, Some(default)).map(|known| (device, known))
    };
    bounded(move || find(&host()).or_else(|| find(&renew())))?.ok_or(none)
}

fn device_error(error: &cpal::Error, device: &str) -> AudioError {
    match error.kind() {
        ErrorKind::PermissionDenied => AudioError::Denied {
            device: device.to_owned(),
        },
        _ => AudioError::Device {
            device: device.to_owned(),
            // It stands within a sentence.
            reason: error.to_string().trim_end_matches('.').to_owned(),
        },
    }
}

/// The samples' format as we ask for it. A sound server converts, so it is asked for our own.
fn format_of(device: &cpal::Device, own: SampleFormat) -> SampleFormat {
    let server = device
        .id()
        .is_ok_and(|id| matches!(id.host().name(), "PulseAudio" | "PipeWire"));
    if server { SampleFormat::F32 } else { own }
}

/// Calls `build` with a period of 10 ms, and with the host's own choice where it does not let us choose.
fn with_period<T>(
    config: &StreamConfig,
    mut build: impl FnMut(StreamConfig) -> Result<T, cpal::Error>,
) -> Result<T, cpal::Error> {
    let ours = StreamConfig {
        buffer_size: BufferSize::Fixed((config.sample_rate / PERIODS_PER_SECOND).max(1)),
        ..*config
    };
    match build(ours) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::UnsupportedConfig | ErrorKind::InvalidInput
            ) =>
        {
            build(StreamConfig {
                buffer_size: BufferSize::Default,
                ..*config
            })
        }
        done => done,
    }
}

/// Some hosts call it on the device's thread: the worker, which the alarm wakes, writes to the log.
fn on_error(alarm: &Alarm) -> impl FnMut(cpal::Error) + Send + 'static {
    let bell = alarm.clone();
    move |failure| match failure.kind() {
        // A glitch or a missing right to hurry: the stream goes on.
        ErrorKind::Xrun | ErrorKind::RealtimeDenied => {}
        ErrorKind::DeviceChanged => bell.ring(Ring::Moved),
        ErrorKind::StreamInvalidated => bell.ring(Ring::Changed),
        ErrorKind::DeviceNotAvailable => bell.ring(Ring::Gone),
        _ => bell.ring(Ring::Dead),
    }
}

/// How long closing a stream may take. A stream that its PulseAudio server ended because no device was left is never
/// closed by cpal 0.18, which waits for it to play to its end.
const CLOSING: Duration = Duration::from_secs(1);

/// A stream that is closed where it can hang alone.
struct Closing(Option<cpal::Stream>);

impl Drop for Closing {
    fn drop(&mut self) {
        let Some(stream) = self.0.take() else { return };
        let (closed, waits) = channel();
        let closing = std::thread::Builder::new()
            .name("sound-closing".into())
            .spawn(move || {
                drop(stream);
                // Nobody waits any more: it was given up.
                let _ = closed.send(());
            });
        if closing.is_ok() && waits.recv_timeout(CLOSING).is_err() {
            tracing::warn!("stream_left_behind");
        }
    }
}

fn rate_of(hertz: u32, device: &Device) -> Result<SampleRate> {
    let reason = "it says that it runs at no rate at all".to_owned();
    SampleRate::new(hertz).ok_or(AudioError::Device {
        device: device.name.clone(),
        reason,
    })
}

impl Source for System {
    fn open(&self, wanted: Option<&DeviceId>, ear: MakeEar<'_>, alarm: &Alarm) -> Result<Stream> {
        quieten();
        let (device, known) = choose(wanted, true)?;
        let failure = |error: cpal::Error| device_error(&error, &known.name);
        let own = device.default_input_config().map_err(failure)?;
        let rate = rate_of(own.sample_rate(), &known)?;
        #[cfg(target_os = "linux")]
        if let Some(name) = known.id.0.strip_prefix("pulseaudio:") {
            let (name, ear, alarm) = (name.to_owned(), ear(rate), alarm.clone());
            let opened = bounded(move || super::pulse::record(&name, rate, ear, &alarm))?;
            let recording = opened.map_err(|reason| AudioError::Device {
                device: known.name.clone(),
                reason,
            })?;
            return Ok(Stream {
                device: known,
                rate,
                _guard: Box::new(recording),
            });
        }
        let format = format_of(&device, own.sample_format());
        let built = with_period(&own.config(), |config| {
            listen(&device, config, format, ear(rate), on_error(alarm))
        });
        let stream = built.map_err(failure)?;
        stream.play().map_err(failure)?;
        Ok(Stream {
            device: known,
            rate,
            _guard: Box::new(Closing(Some(stream))),
        })
    }

    fn listing(&self) -> Result<Listing> {
        everything()
    }
}

impl Sink for System {
    fn open(&self, wanted: Option<&DeviceId>, mouth: MakeMouth<'_>, alarm: &Alarm) -> Result<Stream> {
        quieten();
        let (device, known) = choose(wanted, false)?;
        let failure = |error: cpal::Error| device_error(&error, &known.name);
        let own = device.default_output_config().map_err(failure)?;
        let rate = rate_of(own.sample_rate(), &known)?;
        let format = format_of(&device, own.sample_format());
        let built = with_period(&own.config(), |config| {
            talk(&device, config, format, mouth(rate), on_error(alarm))
        });
        let stream = built.map_err(failure)?;
        stream.play().map_err(failure)?;
        Ok(Stream {
            device: known,
            rate,
            _guard: Box::new(Closing(Some(stream))),
        })
    }

    fn listing(&self) -> Result<Listing> {
        everything()
    }
}
