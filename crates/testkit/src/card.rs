//! A virtual sound card: a PulseAudio server of one's own.
//!
//! Its loudspeaker plays into nothing, but what it plays can be heard ([`SoundCard::hear`]); into its microphone one
//! speaks ([`SoundCard::speak`]). Loading and unloading the server's modules is plugging and unplugging devices.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use libretto_voice::Audio;
use pulseaudio::Client;
use tempfile::TempDir;

use crate::ear::Ear;
use crate::floor::{Floor, Need};
use crate::program::terminate;
use crate::speech::{self, Speech};

/// How long the server may take to start on a busy machine.
const START: Duration = Duration::from_secs(20);

/// A device that can be plugged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Device {
    /// The loudspeaker `speaker`.
    Speaker,
    /// The microphone `mic`.
    Microphone,
    /// Another loudspeaker, `headphones`.
    Headphones,
    /// Another microphone, `headset`.
    Headset,
    /// Loudspeaker and microphone in one case, `speakerphone` and `speakerphone_mic`: it hears itself as loud as it
    /// plays, at once.
    Speakerphone,
}

impl Device {
    /// The server's name of the loudspeaker, or of what one speaks into.
    fn sink(self) -> &'static str {
        match self {
            Device::Speaker => "speaker",
            Device::Headphones => "headphones",
            Device::Microphone => "mic_in",
            Device::Headset => "headset_in",
            Device::Speakerphone => "speakerphone",
        }
    }

    /// The server's name of the microphone.
    fn source(self) -> Option<&'static str> {
        match self {
            Device::Speaker | Device::Headphones => None,
            Device::Microphone => Some("mic"),
            Device::Headset => Some("headset"),
            Device::Speakerphone => Some("speakerphone_mic"),
        }
    }

    /// What a user reads.
    pub fn label(self) -> &'static str {
        match self {
            Device::Speaker => "Desk speaker",
            Device::Microphone => "Desk microphone",
            Device::Headphones => "Headphones",
            Device::Headset => "Headset microphone",
            Device::Speakerphone => "Speakerphone",
        }
    }

    /// What a user reads of the sink.
    fn sink_label(self) -> &'static str {
        match self {
            Device::Microphone | Device::Headset => "Before the microphone",
            _ => self.label(),
        }
    }

    /// The modules that make the device, with their arguments, in the order of loading.
    ///
    /// Without rewinds a block is final once it is played, as on hardware; the recorder on the monitor would otherwise
    /// be held back by up to a block.
    fn modules(self) -> Vec<Vec<String>> {
        let sink = vec![
            "module-null-sink".into(),
            format!("sink_name={}", self.sink()),
            "rate=48000".into(),
            "norewinds=1".into(),
            format!("sink_properties='device.description=\"{}\"'", self.sink_label()),
        ];
        let source = self.source().map(|source| {
            vec![
                "module-remap-source".into(),
                format!("master={}.monitor", self.sink()),
                format!("source_name={source}"),
                format!("source_properties='device.description=\"{}\"'", self.label()),
            ]
        });
        [Some(sink), source].into_iter().flatten().collect()
    }
}

/// A sound card of one's own; it ends when dropped. A test may have several; other tests of its program wait for theirs,
/// unless both share.
#[derive(Debug)]
pub struct SoundCard {
    // Fields are dropped in this order: speakers and listeners, the server, its folder, the floor.
    tones: Mutex<BTreeMap<Device, Speech>>,
    /// Keeps the server alive: it leaves by itself when it has had no client for a while, as when a test was killed.
    client: Client,
    server: Child,
    modules: Mutex<BTreeMap<Device, Vec<u32>>>,
    folder: TempDir,
    _floor: Floor,
}

impl SoundCard {
    /// With a loudspeaker and a microphone in a quiet room.
    pub fn new() -> Result<Self> {
        Self::usual(Need::Whole)
    }

    /// The same for a test that may have another such one beside it: it measures neither when something is heard or
    /// shown nor how well, or no test of its program that shares runs models.
    pub fn shared() -> Result<Self> {
        Self::usual(Need::Half)
    }

    fn usual(need: Need) -> Result<Self> {
        let card = Self::start(need)?;
        card.restore()?;
        Ok(card)
    }

    /// Without any device.
    pub fn bare() -> Result<Self> {
        Self::start(Need::Whole)
    }

    fn start(need: Need) -> Result<Self> {
        let floor = Floor::take(need);
        let folder = tempfile::Builder::new().prefix("libretto-card-").tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
        fs::create_dir(folder.path().join("pulse"))?;
        fs::write(folder.path().join("asound.conf"), ALSA)?;
        fs::write(folder.path().join("cookie"), COOKIE)?;
        let socket = folder.path().join("pulse/native");
        let log = fs::File::create(folder.path().join("log"))?;
        let mut server = Command::new("pulseaudio")
            .args([
                "-n",
                "--daemonize=no",
                "--use-pid-file=no",
                "--exit-idle-time=30",
                "--disable-shm=yes",
            ])
            .args(["--realtime=no", "--high-priority=no", "--log-target=stderr", "-L"])
            .arg(format!(
                "module-native-protocol-unix auth-anonymous=1 socket={}",
                socket.display()
            ))
            .env("HOME", folder.path())
            .env("XDG_RUNTIME_DIR", folder.path())
            .env_remove("DISPLAY")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env_remove("PULSE_SERVER")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("pulseaudio cannot be started; ./dev setup installs it")?;
        let client = match connect(&socket) {
            Ok(client) => client,
            Err(error) => {
                terminate(&mut server);
                return Err(error);
            }
        };
        let (tones, modules) = (Mutex::default(), Mutex::default());
        Ok(Self {
            tones,
            client,
            server,
            modules,
            folder,
            _floor: floor,
        })
    }

    /// What a program needs in its environment to find this card and no other.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        let folder = self.folder.path();
        let path = |name: &str| folder.join(name).display().to_string();
        vec![
            ("XDG_RUNTIME_DIR", folder.display().to_string()),
            ("PULSE_SERVER", format!("unix:{}", path("pulse/native"))),
            ("PULSE_COOKIE", path("cookie")),
            ("ALSA_CONFIG_PATH", path("asound.conf")),
        ]
    }

    /// Plugs a device in; a microphone comes with the faint noise of a quiet room, since real ones never give zeros.
    /// The first of its kind becomes the default.
    pub fn plug(&self, device: Device) -> Result<()> {
        let mut loaded = Vec::new();
        for module in device.modules() {
            let index = self.pactl("load-module", module.iter().map(String::as_str))?;
            loaded.push(index.trim().parse().context("pactl names no module")?);
        }
        lock(&self.modules).insert(device, loaded);
        if matches!(device, Device::Speaker | Device::Speakerphone) {
            self.pactl("set-default-sink", [device.sink()])?;
        }
        if let (Device::Microphone | Device::Speakerphone, Some(source)) = (device, device.source()) {
            self.pactl("set-default-source", [source])?;
        }
        if device.source().is_some() {
            lock(&self.tones).insert(device, speech::room(&self.client, device.sink())?);
        }
        Ok(())
    }

    /// Pulls a device out.
    pub fn unplug(&self, device: Device) -> Result<()> {
        lock(&self.tones).remove(&device);
        let modules = lock(&self.modules)
            .remove(&device)
            .with_context(|| format!("{device:?} is not plugged in"))?;
        for module in modules.iter().rev() {
            self.pactl("unload-module", [module.to_string().as_str()])?;
        }
        Ok(())
    }

    /// Has again what a new card has, and no more: a test that failed half-way may have left it otherwise.
    pub fn restore(&self) -> Result<()> {
        const USUAL: [Device; 2] = [Device::Speaker, Device::Microphone];
        let there: Vec<_> = lock(&self.modules).keys().copied().collect();
        for device in there.iter().filter(|device| !USUAL.contains(device)) {
            self.unplug(*device)?;
        }
        for device in USUAL.iter().filter(|device| !there.contains(device)) {
            self.plug(*device)?;
        }
        Ok(())
    }

    /// Makes the microphone give zeros, as one does whose switch is off.
    pub fn mute(&self, muted: bool) -> Result<()> {
        let muted = if muted { "1" } else { "0" };
        self.pactl("set-source-mute", ["mic", muted]).map(drop)
    }

    /// Speaks into the microphone. Returns once the first sample is on its way.
    pub fn speak(&self, audio: &Audio) -> Result<Speech> {
        self.speak_into(Device::Microphone, audio)
    }

    /// Speaks into one of the microphones.
    pub fn speak_into(&self, microphone: Device, audio: &Audio) -> Result<Speech> {
        microphone
            .source()
            .with_context(|| format!("{microphone:?} is no microphone"))?;
        speech::play(&self.client, microphone.sink(), audio)
    }

    /// Plays on a loudspeaker, as another program would.
    pub fn play(&self, speaker: Device, audio: &Audio) -> Result<Speech> {
        speech::play(&self.client, speaker.sink(), audio)
    }

    /// Begins to hear what the loudspeaker plays.
    pub fn hear(&self) -> Result<Ear> {
        self.hear_at(Device::Speaker)
    }

    /// Begins to hear what one of the loudspeakers plays.
    pub fn hear_at(&self, speaker: Device) -> Result<Ear> {
        // A connection of its own, so that nothing delays the moments of arrival.
        Ear::open(
            connect(&self.folder.path().join("pulse/native"))?,
            &format!("{}.monitor", speaker.sink()),
        )
    }

    /// Begins to hear what a microphone gives. Its clock is the server's and less exact than a loudspeaker's.
    pub fn overhear(&self, microphone: Device) -> Result<Ear> {
        let source = microphone
            .source()
            .with_context(|| format!("{microphone:?} is no microphone"))?;
        Ear::open(connect(&self.folder.path().join("pulse/native"))?, source)
    }

    /// Runs `pactl COMMAND ARGUMENTS` against this card and returns what it printed.
    pub fn pactl<'a>(&self, command: &str, arguments: impl IntoIterator<Item = &'a str>) -> Result<String> {
        let output = Command::new("pactl")
            .arg(command)
            .args(arguments)
            .envs(self.env())
            .output()
            .context("pactl cannot be started; ./dev setup installs it")?;
        if !output.status.success() {
            bail!(
                "pactl {command}: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for SoundCard {
    fn drop(&mut self) {
        lock(&self.tones).clear();
        terminate(&mut self.server);
    }
}

/// The server asks for no password, but for something of its length.
const COOKIE: [u8; 256] = [0; 256];

/// Programs that know only ALSA find the server as its default device.
const ALSA: &str = "</usr/share/alsa/alsa.conf>\npcm.!default { type pulse }\nctl.!default { type pulse }\n";

fn connect(socket: &PathBuf) -> Result<Client> {
    let deadline = Instant::now() + START;
    loop {
        let failure = match UnixStream::connect(socket) {
            Ok(stream) => match Client::new_unix(c"libretto-testkit", stream, Some(COOKIE)) {
                Ok(client) => return Ok(client),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        if Instant::now() >= deadline {
            bail!("the virtual sound card did not start: {failure}");
        }
        sleep(Duration::from_millis(10));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
