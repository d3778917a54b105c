//! Keys from the desktop's portal `org.freedesktop.portal.GlobalShortcuts`: the desktop asks the user, keeps the keys,
//! and tells of presses and releases.

mod session;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures::StreamExt;
use tokio::sync::watch;
use zbus::{Connection, Error, Result, fdo};

use self::session::Session;
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
/// A session is open within this time: nobody is asked before.
const OPENING: Duration = Duration::from_secs(30);
/// The longest wait.
const LONGEST: Duration = Duration::from_mins(1);

/// Asks for the wished keys, again whenever they change, and tells what comes of it, until nobody wishes any more.
pub async fn follow(bus: Connection, mut wishes: watch::Receiver<Vec<Wish>>, tell: impl Fn(Told)) {
    if let Err(error) = session::register(&bus).await {
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
        let served = serve(&bus, &now, &mut wishes, listen).await;
        // Whatever ended the session, its releases will not be heard.
        held.release(&tell);
        if begun.elapsed() > LONGEST {
            again = AGAIN;
        }
        let wait = match served {
            Ok(Ended::Over) => return,
            Ok(Ended::Outdated) => continue,
            Ok(Ended::Gone) => again,
            Err(error) if is_absent(&error) => {
                tracing::info!(%error, "no_portal_for_keys");
                tell(Told::Absent);
                Duration::MAX
            }
            Err(error) => {
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
        Error::FDO(error) => (**error).clone(),
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

/// How a session ended.
enum Ended {
    /// The portal ended it.
    Gone,
    /// Other keys are wished for: a session's own cannot be changed.
    Outdated,
    /// Nobody wishes for keys any more.
    Over,
}

/// One session with the portal.
async fn serve(
    bus: &Connection,
    now: &[Wish],
    wishes: &mut watch::Receiver<Vec<Wish>>,
    tell: impl Fn(Told),
) -> Result<Ended> {
    let opening = tokio::time::timeout(OPENING, Session::open(bus, now));
    let late = |_| {
        Error::from(fdo::Error::NoReply(
            "The desktop's portal does not answer.".into(),
        ))
    };
    let mut session = opening.await.map_err(late)??;
    let ended = tokio::select! {
        ended = listen(&mut session, now, tell) => ended,
        changed = wishes.changed() => Ok(if changed.is_ok() { Ended::Outdated } else { Ended::Over }),
    };
    // The next one has the same name.
    session.close().await;
    ended
}

/// Asks for the keys and tells of them, until the session ends.
async fn listen(session: &mut Session, wishes: &[Wish], tell: impl Fn(Told)) -> Result<Ended> {
    tell(Told::Given(session.bind(wishes).await?));
    while let Some(told) = session.next().await {
        tell(told);
    }
    Ok(Ended::Gone)
}

#[cfg(test)]
mod tests;
