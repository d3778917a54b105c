//! Keys from the desktop's portal `org.freedesktop.portal.GlobalShortcuts`: the desktop asks the user, keeps the keys,
//! and tells of presses and releases.

use std::collections::HashMap;
use std::time::Duration;

use ashpd::desktop::global_shortcuts::{BindShortcutsOptions, GlobalShortcuts, NewShortcut, Shortcut};
use ashpd::zbus::{Connection, Message};
use ashpd::zvariant::{OwnedObjectPath, OwnedValue};
use ashpd::{AppID, Error};
use futures::StreamExt;
use tokio::sync::watch;

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
    /// It is there and was asked; these keys it gave, in its own words.
    Given(Vec<(HotkeyAction, String)>),
    /// A key went down or up.
    Used(HotkeyAction, bool),
}

/// A portal that went away is looked for again after so long: desktops restart it.
const AGAIN: Duration = Duration::from_secs(5);

/// Asks for the wished keys, again whenever they change, and tells what comes of it, until nobody wishes any more.
pub async fn follow(bus: Connection, mut wishes: watch::Receiver<Vec<Wish>>, tell: impl Fn(Told)) {
    // Programs outside a sandbox say who they are, so that the desktop remembers their keys. Older portals know no
    // such call and look at the process instead.
    if let Ok(id) = AppID::try_from("app.libretto.Libretto")
        && let Err(error) = ashpd::register_host_app_with_connection(bus.clone(), id).await
    {
        tracing::debug!(%error, "portal_does_not_register");
    }
    loop {
        let now = wishes.borrow_and_update().clone();
        let served = tokio::select! {
            served = serve(&bus, &now, &tell) => served,
            changed = wishes.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        let wait = match served {
            Ok(()) => AGAIN,
            Err(error) => {
                tracing::info!(%error, "portal_gives_no_keys");
                tell(Told::Absent);
                Duration::MAX
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait.min(Duration::from_hours(24))) => {}
            changed = wishes.changed() => if changed.is_err() { return },
        }
    }
}

/// One session with the portal, until it closes it. A session's keys cannot be changed: dropping it and beginning anew
/// is how others are asked for.
async fn serve(bus: &Connection, wishes: &[Wish], tell: &impl Fn(Told)) -> Result<(), Error> {
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
