//! A session with the portal: what it is asked over the bus, and what it answers.
//!
//! The calls are written out here and not left to a library (ashpd), because of Plasma 5.27, which Debian 12 and Ubuntu
//! 24.04 have: it takes keys only from the call that opens a session, remembers them under the session's name where it
//! knows none of the program, and at the call that is meant for binding only opens the system's settings. So our session
//! always has the same name, and brings its wishes along; newer portals pass over them and are asked to bind.

use std::collections::HashMap;
use std::time::Duration;

use futures::StreamExt;
use serde::Serialize;
use zbus::names::OwnedUniqueName;
use zbus::proxy::{CacheProperties, OwnerChangedStream, SignalStream};
use zbus::zvariant::{DynamicType, ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, Error, Message, Proxy, Result, fdo};

use super::{NAME, Told, Wish};
use crate::wire::hotkeys::HotkeyAction;

const PATH: &str = "/org/freedesktop/portal/desktop";
/// The session's name, under which a desktop may keep its keys.
const SESSION: &str = "libretto";
/// What its requests are called.
const OPEN: &str = "libretto_open";
const BIND: &str = "libretto_bind";
/// A portal that does not even close a session within this time is left to itself.
const CLOSING: Duration = Duration::from_secs(2);

type Options<'a> = HashMap<&'a str, Value<'a>>;
/// A shortcut's name and what is said of it.
type Shortcut = (String, HashMap<String, OwnedValue>);
/// The keys that were given, in the desktop's words.
pub(super) type Given = Vec<(HotkeyAction, String)>;

/// An open session.
pub(super) struct Session {
    bus: Connection,
    shortcuts: Proxy<'static>,
    path: OwnedObjectPath,
    /// One stream for all signals: a tap's press and release must not change places.
    signals: SignalStream<'static>,
    closed: SignalStream<'static>,
    owners: OwnerChangedStream<'static>,
    /// What it was given when it was opened.
    given: Given,
}

/// Tells the portal who we are, so that the desktop remembers the keys that it gives. Older portals know no such call.
pub(super) async fn register(bus: &Connection) -> Result<()> {
    let registry = proxy(bus, PATH, "org.freedesktop.host.portal.Registry").await?;
    let options: Options<'_> = HashMap::new();
    registry
        .call("Register", &("app.libretto.Libretto", options))
        .await
}

impl Session {
    /// Opens one, with these wishes.
    pub(super) async fn open(bus: &Connection, wishes: &[Wish]) -> Result<Self> {
        let shortcuts = proxy(bus, PATH, "org.freedesktop.portal.GlobalShortcuts").await?;
        // A portal that dies takes its sessions with it, without a word.
        let mut owners = shortcuts.receive_owner_changed().await?;
        let signals = shortcuts.receive_all_signals().await?;
        let mut options = HashMap::from([
            ("handle_token", Value::from(OPEN)),
            ("session_handle_token", Value::from(SESSION)),
        ]);
        if !wishes.is_empty() {
            options.insert("shortcuts", Value::from(asked(wishes)));
        }
        let opened = request(&shortcuts, "CreateSession", OPEN, &(options,), &mut owners).await?;
        let refused = || {
            Error::from(fdo::Error::AccessDenied(
                "The desktop opens no session for keys.".into(),
            ))
        };
        let opened = opened.ok_or_else(refused)?;
        // A string in nearly all portals, against their own description.
        let path = match opened.get("session_handle").map(|handle| &**handle) {
            Some(Value::Str(path)) => ObjectPath::try_from(path.as_str())?.into(),
            Some(Value::ObjectPath(path)) => path.to_owned().into(),
            _ => handle(bus, "session", SESSION)?,
        };
        let session = proxy(bus, path.as_str().to_owned(), "org.freedesktop.portal.Session").await?;
        Ok(Self {
            bus: bus.clone(),
            closed: session.receive_signal("Closed").await?,
            given: read(&opened),
            shortcuts,
            path,
            signals,
            owners,
        })
    }

    /// Asks for the wished keys; what was given, perhaps after the desktop has asked the user. Who says no is asked again
    /// when other keys are wished for; the portal itself is there.
    pub(super) async fn bind(&mut self, wishes: &[Wish]) -> Result<Given> {
        if wishes.is_empty() || !self.given.is_empty() {
            return Ok(std::mem::take(&mut self.given));
        }
        let options: Options<'_> = HashMap::from([("handle_token", Value::from(BIND))]);
        let body = (&self.path, asked(wishes), "", options);
        let bound = request(&self.shortcuts, "BindShortcuts", BIND, &body, &mut self.owners).await?;
        Ok(bound.map(|bound| read(&bound)).unwrap_or_default())
    }

    /// What it says next; `None` when it has ended.
    pub(super) async fn next(&mut self) -> Option<Told> {
        loop {
            let signal = tokio::select! {
                signal = self.signals.next() => signal?,
                _ = self.closed.next() => return None,
                _ = self.owners.next() => return None,
            };
            if let Some(told) = understand(&signal, &self.path) {
                return Some(told);
            }
        }
    }

    /// Ends it, so that its keys are free and its name is, too.
    pub(super) async fn close(self) {
        let closed = async {
            let session = proxy(&self.bus, self.path.as_str(), "org.freedesktop.portal.Session").await?;
            session.call::<_, _, ()>("Close", &()).await
        };
        // It may have ended by itself.
        let _ = tokio::time::timeout(CLOSING, closed).await;
    }
}

/// Something of the portal, without its properties: nobody asks for any.
async fn proxy<'a>(
    bus: &Connection,
    path: impl TryInto<ObjectPath<'a>, Error: Into<Error>>,
    interface: &'static str,
) -> Result<Proxy<'a>> {
    zbus::proxy::Builder::new(bus)
        .destination(NAME)?
        .path(path)?
        .interface(interface)?
        .cache_properties(CacheProperties::No)
        .build()
        .await
}

/// Asks for something and waits for the answer, which comes as a signal; `None` when the user said no. `token` stands in the
/// body, too.
async fn request(
    shortcuts: &Proxy<'_>,
    method: &'static str,
    token: &str,
    body: &(impl Serialize + DynamicType + Sync),
    owners: &mut OwnerChangedStream<'static>,
) -> Result<Option<HashMap<String, OwnedValue>>> {
    let gone = || Error::from(fdo::Error::NoReply("The desktop's portal went away.".into()));
    let path = handle(shortcuts.connection(), "request", token)?;
    // Before the call: the answer may be quicker than its return.
    let request = proxy(
        shortcuts.connection(),
        path.as_str(),
        "org.freedesktop.portal.Request",
    )
    .await?;
    let mut answers = request.receive_signal("Response").await?;
    let _: OwnedObjectPath = shortcuts.call(method, body).await?;
    let answer = tokio::select! {
        answer = answers.next() => answer.ok_or_else(gone)?,
        () = left(owners) => return Err(gone()),
    };
    let (code, results): (u32, HashMap<String, OwnedValue>) = answer.body().deserialize()?;
    Ok((code == 0).then_some(results))
}

/// Waits until nobody has the portal's name any more.
async fn left(owners: &mut OwnerChangedStream<'static>) {
    while let Some(owner) = owners.next().await {
        let owner: Option<OwnedUniqueName> = owner.map(Into::into);
        if owner.is_none() {
            return;
        }
    }
}

/// Where a request's answer comes, or a session stands.
fn handle(bus: &Connection, kind: &str, token: &str) -> Result<OwnedObjectPath> {
    let sender = bus.unique_name().map(|name| name.as_str()).unwrap_or_default();
    let sender = sender.trim_start_matches(':').replace('.', "_");
    Ok(ObjectPath::try_from(format!("{PATH}/{kind}/{sender}/{token}"))?.into())
}

/// The wishes as a portal reads them.
fn asked(wishes: &[Wish]) -> Vec<(&'static str, HashMap<&'static str, Value<'_>>)> {
    let said = |wish: &Wish| {
        let mut said = HashMap::from([("description", Value::from(wish.description.clone()))]);
        if let Some(trigger) = &wish.trigger {
            said.insert("preferred_trigger", Value::from(trigger.clone()));
        }
        said
    };
    wishes
        .iter()
        .map(|wish| (name(wish.action), said(wish)))
        .collect()
}

/// What a signal of the portal says; `None` for what is none of ours: everybody's signals come to all.
fn understand(signal: &Message, session: &OwnedObjectPath) -> Option<Told> {
    let (header, body) = (signal.header(), signal.body());
    let down = match header.member()?.as_str() {
        "Activated" => true,
        "Deactivated" => false,
        "ShortcutsChanged" => {
            let (of, shortcuts): (OwnedObjectPath, Vec<Shortcut>) = body.deserialize().ok()?;
            return (of == *session).then(|| Told::Given(given(&shortcuts)));
        }
        _ => return None,
    };
    let (of, id, _, _): (OwnedObjectPath, String, u64, HashMap<String, OwnedValue>) =
        body.deserialize().ok()?;
    (of == *session).then_some(Told::Used(action(&id)?, down))
}

/// The keys in an answer.
fn read(answer: &HashMap<String, OwnedValue>) -> Given {
    let shortcuts = answer
        .get("shortcuts")
        .and_then(|shortcuts| shortcuts.try_clone().ok());
    let shortcuts = shortcuts.and_then(|shortcuts| Vec::<Shortcut>::try_from(shortcuts).ok());
    given(&shortcuts.unwrap_or_default())
}

/// Shortcuts that have a key.
fn given(shortcuts: &[Shortcut]) -> Given {
    let trigger = |said: &HashMap<String, OwnedValue>| -> Option<String> {
        let trigger: &str = said.get("trigger_description")?.downcast_ref().ok()?;
        (!trigger.is_empty()).then(|| trigger.to_owned())
    };
    let given = shortcuts
        .iter()
        .filter_map(|(id, said)| Some((action(id)?, trigger(said)?)));
    given.collect()
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
