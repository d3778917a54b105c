//! Keys from the desktop's portal `org.freedesktop.portal.GlobalShortcuts`: the desktop asks the user, keeps the keys,
//! and tells of presses and releases.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ashpd::desktop::global_shortcuts::{BindShortcutsOptions, GlobalShortcuts, NewShortcut, Shortcut};
use ashpd::zbus::{self, Connection, Message, fdo};
use ashpd::zvariant::{OwnedObjectPath, OwnedValue};
use ashpd::{AppID, Error, PortalError};
use futures::StreamExt;
use tokio::sync::watch;

use crate::libretto::lock;
use crate::wire::hotkeys::HotkeyAction;

/// A key that is wished for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What it does.
    pub action: HotkeyAction,
    /// What the desktop shows the user about it.
    pub description: String,
    /// In the desktop's notation; `None` leaves the choice to the user.
    pub trigger: Option<String>,
}

/// What the portal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// There is none, or it has no keys to give.
    Absent,
    /// It does not answer as it should, and is asked again.
    Silent,
    /// It is there and was asked; these keys it gave, in its own words.
    Given(Vec<(HotkeyAction, String)>),
    /// A key went down or up.
    Used(HotkeyAction, bool),
}

/// The portal's name on the bus.
const NAME: &str = "org.freedesktop.portal.Desktop";
/// A portal that went away or does not answer is asked again after so long, each time after twice as long: desktops
/// start and restart it.
const AGAIN: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST: Duration = Duration::from_mins(1);

/// Asks for the wished keys, again whenever they change, and tells what comes of it, until nobody wishes any more.
pub async fn follow(bus: Connection, mut wishes: watch::Receiver<Vec<Wish>>, tell: impl Fn(Told)) {
    // Programs outside a sandbox say who they are, so that the desktop remembers their keys. Older portals know no
    // such call and look at the process instead.
    if let Ok(id) = AppID::try_from("app.libretto.Libretto")
        && let Err(error) = ashpd::register_host_app_with_connection(bus.clone(), id).await
    {
        tracing::debug!(%error, "portal_does_not_register");
    }
    let mut again = AGAIN;
    loop {
        let now = wishes.borrow_and_update().clone();
        let held = Held::default();
        let listen = |told: Told| {
            held.note(&told);
            tell(told);
        };
        let begun = Instant::now();
        // Looked for before it is asked: one that comes in between is not missed.
        let came = appears(&bus).await;
        let served = tokio::select! {
            served = serve(&bus, &now, listen) => Some(served),
            changed = wishes.changed() => match changed {
                Ok(()) => None,
                Err(_) => return,
            },
        };
        // Whatever ended the session, its releases will not be heard.
        held.release(&tell);
        if begun.elapsed() > LONGEST {
            again = AGAIN;
        }
        let wait = match served {
            None => continue,
            Some(Ok(())) => again,
            Some(Err(error)) if is_absent(&error) => {
                tracing::info!(%error, "no_portal_for_keys");
                tell(Told::Absent);
                Duration::MAX
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "portal_gives_no_keys");
                tell(Told::Silent);
                again
            }
        };
        again = (again * 2).min(LONGEST);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = came => {}
            changed = wishes.changed() => if changed.is_err() { return },
        }
    }
}

/// Whether there is no such portal on this desktop, as far as the bus knows. Everything else may pass.
fn is_absent(error: &Error) -> bool {
    let from_bus = match error {
        Error::PortalNotFound(_) => return true,
        Error::Portal(PortalError::ZBus(error)) | Error::Zbus(error) => error,
        _ => return false,
    };
    let from_bus = match from_bus {
        zbus::Error::FDO(error) => (**error).clone(),
        error => fdo::Error::from(error.clone()),
    };
    matches!(
        from_bus,
        fdo::Error::ServiceUnknown(_)
            | fdo::Error::NameHasNoOwner(_)
            | fdo::Error::UnknownInterface(_)
            | fdo::Error::UnknownMethod(_)
            | fdo::Error::UnknownObject(_)
    )
}

/// Waits until a portal comes onto the bus, from now on.
async fn appears(bus: &Connection) -> impl Future<Output = ()> + use<> {
    let owners = async {
        let names = fdo::DBusProxy::new(bus).await?;
        names.receive_name_owner_changed_with_args(&[(0, NAME)]).await
    };
    let owners = owners.await;
    async move {
        match owners {
            Ok(mut owners) => {
                while let Some(change) = owners.next().await {
                    if change.args().is_ok_and(|args| args.new_owner().is_some()) {
                        return;
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "portal_not_watched"),
        }
        std::future::pending::<()>().await;
    }
}

/// Keys that are down.
#[derive(Default)]
struct Held(Mutex<Vec<HotkeyAction>>);

impl Held {
    fn note(&self, told: &Told) {
        if let Told::Used(action, down) = told {
            let mut held = lock(&self.0);
            held.retain(|other| other != action);
            if *down {
                held.push(*action);
            }
        }
    }

    /// Tells their releases.
    fn release(self, tell: impl Fn(Told)) {
        for action in std::mem::take(&mut *lock(&self.0)) {
            tell(Told::Used(action, false));
        }
    }
}

/// One session with the portal, until it closes it. A session's keys cannot be changed: dropping it and beginning anew
/// is how others are asked for.
async fn serve(bus: &Connection, wishes: &[Wish], tell: impl Fn(Told)) -> Result<(), Error> {
    let shortcuts = GlobalShortcuts::with_connection(bus.clone()).await?;
    let session = Closing(Some(
        shortcuts
            .create_session(ashpd::desktop::CreateSessionOptions::default())
            .await?,
    ));
    // One stream for all signals: a tap's press and release must not change places.
    let mut signals = shortcuts.receive_all_signals().await?;
    let Some(session) = &session.0 else { return Ok(()) };
    let mut closed = std::pin::pin!(session.receive_closed().await?);
    // A portal that dies takes its sessions with it, without a word.
    let mut owners = shortcuts.receive_owner_changed().await?;
    let mut given = Vec::new();
    if !wishes.is_empty() {
        let new: Vec<NewShortcut> = wishes
            .iter()
            .map(|wish| {
                NewShortcut::new(name(wish.action), &wish.description)
                    .preferred_trigger(wish.trigger.as_deref())
            })
            .collect();
        let request = shortcuts
            .bind_shortcuts(session, &new, None, BindShortcutsOptions::default())
            .await?;
        // Who says no is asked again when the keys are set anew; the portal itself is there.
        given = request
            .response()
            .map(|bound| read(bound.shortcuts()))
            .unwrap_or_default();
    }
    tell(Told::Given(given));
    loop {
        let signal = tokio::select! {
            signal = signals.next() => signal,
            _ = closed.next() => None,
            _ = owners.next() => None,
        };
        let Some(signal) = signal else { return Ok(()) };
        if let Some(told) = understand(&signal) {
            tell(told);
        }
    }
}

/// What a signal of the portal says; `None` for what is none of ours.
fn understand(signal: &Message) -> Option<Told> {
    let header = signal.header();
    let down = match header.member()?.as_str() {
        "Activated" => true,
        "Deactivated" => false,
        "ShortcutsChanged" => {
            let body = signal.body();
            let (_, shortcuts): (OwnedObjectPath, Vec<Shortcut>) = body.deserialize().ok()?;
            return Some(Told::Given(read(&shortcuts)));
        }
        _ => return None,
    };
    let body = signal.body();
    let (_, id, _, _): (OwnedObjectPath, String, u64, HashMap<String, OwnedValue>) =
        body.deserialize().ok()?;
    Some(Told::Used(action(&id)?, down))
}

/// The keys that were given, in the desktop's words.
fn read(shortcuts: &[Shortcut]) -> Vec<(HotkeyAction, String)> {
    shortcuts
        .iter()
        .filter_map(|shortcut| Some((action(shortcut.id())?, shortcut.trigger_description().to_owned())))
        .collect()
}

/// What the portal calls a key.
fn name(action: HotkeyAction) -> &'static str {
    match action {
        HotkeyAction::Talk => "talk",
        HotkeyAction::Cancel => "cancel",
        HotkeyAction::QuickAsk => "quick-ask",
    }
}

fn action(name: &str) -> Option<HotkeyAction> {
    [HotkeyAction::Talk, HotkeyAction::Cancel, HotkeyAction::QuickAsk]
        .into_iter()
        .find(|action| self::name(*action) == name)
}

/// A session that is closed when it is dropped, so that its keys are given back.
struct Closing(Option<ashpd::desktop::Session<GlobalShortcuts>>);

impl Drop for Closing {
    fn drop(&mut self) {
        if let (Some(session), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                // It may be closed already.
                let _ = session.close().await;
            });
        }
    }
}

#[cfg(test)]
mod tests;
