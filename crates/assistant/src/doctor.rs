//! What works, what is missing, and what to do about it. It holds no key and nothing that was said, so that it can be
//! pasted into a report.

use std::time::Duration;

use libretto_audio::devices;
use libretto_ondevice::catalogue::State;
use libretto_providers::catalogue;
use libretto_store::secrets::Keychain;
use serde::Serialize;

use crate::accounts::nobody;
use crate::missing::missing;
use crate::{Foundation, order};

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It works.
    Good,
    /// Libretto works without it, but less well.
    Limited,
    /// Libretto cannot do its main job.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// What was found.
    pub found: String,
    /// What to do, where something can be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    fn good(name: &str, found: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            health: Health::Good,
            found: found.into(),
            advice: None,
        }
    }

    fn but(name: &str, health: Health, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            health,
            found: found.into(),
            advice: Some(advice.into()),
        }
    }
}

/// The sound system gets this long to name its devices.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks at everything.
pub async fn examine(foundation: &Foundation) -> Vec<Finding> {
    let mut findings = vec![system(), processor()];
    findings.extend(sound().await);
    findings.extend(models(foundation));
    findings.extend(engine(foundation).await);
    findings.push(settings(foundation));
    findings.push(history(foundation).await);
    findings.push(keychain(foundation).await);
    findings.push(providers(foundation).await);
    findings
}

fn system() -> Finding {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    Finding::good(
        "Libretto",
        format!("{} on {os} ({arch})", env!("CARGO_PKG_VERSION")),
    )
}

fn processor() -> Finding {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    Finding::good("Processor", format!("{threads} threads"))
}

async fn sound() -> Vec<Finding> {
    let listing = tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(devices::list)).await;
    let listing = match listing {
        Ok(Ok(Ok(listing))) => listing,
        Ok(Ok(Err(error))) => {
            let advice = "Restart the sound system, or log out and in again.";
            return vec![Finding::but("Sound", Health::Bad, error.to_string(), advice)];
        }
        _ => {
            let advice = "Restart the sound system (PulseAudio or PipeWire on Linux).";
            return vec![Finding::but(
                "Sound",
                Health::Bad,
                "The sound system does not answer.",
                advice,
            )];
        }
    };
    let one = |name, devices: &[devices::Device], advice| match devices
        .iter()
        .find(|d| d.default)
        .or(devices.first())
    {
        Some(device) => {
            let among = match devices.len() {
                1 => String::new(),
                all => format!(", one of {all}"),
            };
            Finding::good(name, format!("{} ({}){among}", device.name, device.host))
        }
        None => Finding::but(name, Health::Bad, "None.", advice),
    };
    vec![
        one(
            "Microphone",
            &listing.inputs,
            "Plug one in; typing works without.",
        ),
        one(
            "Loudspeaker",
            &listing.outputs,
            "Plug one in; reading works without.",
        ),
    ]
}

fn models(foundation: &Foundation) -> Vec<Finding> {
    let shelf = &foundation.shelf;
    let get = "Run `libretto-cli models get --embedded`.";
    let named = missing(&foundation.now(), shelf)
        .into_iter()
        .filter_map(|missing| {
            let setting = missing.setting?;
            let advice = if missing.known {
                format!("Run `libretto-cli models get {}`.", missing.id)
            } else {
                format!("The one that Libretto comes with stands in; `libretto-cli models list` shows what {setting} can be.")
            };
            let health = if missing.known { Health::Bad } else { Health::Limited };
            Some(Finding::but(&missing.id, health, format!("Named by {setting}, and not here."), advice))
        })
        .collect::<Vec<_>>();
    shelf
        .catalogue()
        .embedded()
        .map(|model| match shelf.state(&model.id) {
            Ok(State::Present { folder, .. }) => Finding::good(&model.name, folder.display().to_string()),
            Ok(State::Missing) => Finding::but(&model.name, Health::Bad, "Not here.", get),
            Ok(State::Partial { bytes, .. }) => Finding::but(
                &model.name,
                Health::Bad,
                format!("{bytes} bytes of it are here."),
                get,
            ),
            Ok(State::Corrupt { file, .. }) => {
                Finding::but(&model.name, Health::Bad, format!("{file} is damaged."), get)
            }
            Err(error) => Finding::but(&model.name, Health::Bad, error.to_string(), get),
        })
        .chain(named)
        .collect()
}

async fn engine(foundation: &Foundation) -> Vec<Finding> {
    let name = "Engine";
    match foundation.engines.program() {
        Ok(program) => {
            let running = foundation.engines.status().await;
            let here = running.iter().filter(|role| role.pid.is_some()).count();
            vec![Finding::good(
                name,
                format!("{} ({here} running)", program.display()),
            )]
        }
        Err(error) => vec![Finding::but(
            name,
            Health::Bad,
            error.message(),
            "Install Libretto again.",
        )],
    }
}

fn settings(foundation: &Foundation) -> Finding {
    let path = foundation.settings.path().display().to_string();
    let notices = foundation.notices();
    if notices.is_empty() {
        return Finding::good("Settings", path);
    }
    let sentences: Vec<_> = notices.into_iter().map(|notice| notice.sentence).collect();
    Finding::but(
        "Settings",
        Health::Limited,
        sentences.join(" "),
        format!("The file is {path}."),
    )
}

async fn history(foundation: &Foundation) -> Finding {
    let place = foundation.environment.places().history().display().to_string();
    let state = foundation.history.ready().await;
    if !foundation.now().history.on {
        let kept = foundation
            .history
            .latest()
            .await
            .is_ok_and(|latest| latest.is_some());
        let found = if kept {
            format!("Switched off; what was kept before is still in {place}.")
        } else {
            "Switched off.".into()
        };
        return Finding::good("History", found);
    }
    match (&state.problem, state.notices.first()) {
        (Some(problem), _) => Finding::but(
            "History",
            Health::Limited,
            problem,
            format!("The file is {place}."),
        ),
        (None, Some(notice)) => Finding::but(
            "History",
            Health::Limited,
            &notice.sentence,
            format!("The file is {place}."),
        ),
        (None, None) => Finding::good("History", place),
    }
}

async fn keychain(foundation: &Foundation) -> Finding {
    match foundation.secrets.check().await {
        Keychain::Works { name } => Finding::good("Keychain", name),
        Keychain::Checking => Finding::but(
            "Keychain",
            Health::Limited,
            "It does not answer.",
            "Look for its password window.",
        ),
        Keychain::Absent { sentence } | Keychain::Locked { sentence } | Keychain::Failed { sentence } => {
            Finding::but(
                "Keychain",
                Health::Limited,
                sentence,
                "Without any key, everything runs on this machine.",
            )
        }
    }
}

/// Which providers can be used; nothing is asked of them.
async fn providers(foundation: &Foundation) -> Finding {
    let (name, accounts) = ("Providers", &foundation.accounts);
    accounts.read_keys().await;
    let settings = foundation.now();
    let keyed = catalogue::all().filter(|entry| accounts.has_key(entry));
    let (usable, not): (Vec<_>, Vec<_>) = keyed.partition(|entry| accounts.get(&settings, entry).is_some());
    let problems = not
        .iter()
        .filter_map(|entry: &&catalogue::Entry| accounts.health(entry.name)?.problem);
    let unknown = order::unknown(&settings).into_iter().map(|name| {
        let sentence = nobody(&name).message().to_owned();
        format!("{sentence} The name stands in the settings, and is passed over.")
    });
    let problems: Vec<String> = problems.chain(unknown).collect();
    let titles: Vec<&str> = usable.iter().map(|entry| entry.title).collect();
    let found = match titles.as_slice() {
        [] => "There are no keys; everything runs on this machine.".to_owned(),
        titles => format!("There are keys for {}.", titles.join(", ")),
    };
    if problems.is_empty() {
        Finding::good(name, found)
    } else {
        Finding::but(name, Health::Limited, found, problems.join(" "))
    }
}
