//! What is seen to while an assistant runs, beside the conversation: what is too old leaves the history, keys are read
//! once they can be, and what other programs of ours or an editor change counts here too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use libretto_store::Stamp;
use libretto_store::settings::Settings;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use crate::Foundation;
use crate::accounts::Accounts;

/// Another time for which things are kept counts when it has stood for so long: what is forgotten does not come back.
const GRACE: Duration = Duration::from_mins(1);
/// So often it is looked for what is too old.
const ROUND: Duration = Duration::from_hours(1);
/// So often it is looked whether another program changed something. A look costs two questions to the file system.
const LOOK: Duration = Duration::from_secs(1);

/// What is older than the user wants to keep leaves the history: now, and every hour.
pub(crate) async fn forget(foundation: Arc<Foundation>) {
    let mut rounds = Rounds::new(foundation.settings.watch());
    while let Some(days) = rounds.next(&foundation.keeps).await {
        if let Err(error) = foundation.history.forget(days).await {
            tracing::warn!(%error, "history_not_forgotten");
        }
    }
}

/// When something is to be forgotten.
struct Rounds {
    hourly: Interval,
    settings: watch::Receiver<Arc<Settings>>,
}

impl Rounds {
    fn new(settings: watch::Receiver<Arc<Settings>>) -> Self {
        Self {
            hourly: interval(ROUND),
            settings,
        }
    }

    /// Waits until what is older than so many days is to be forgotten; `None` when nobody sets that any longer. `keeps`
    /// is the time that counts, 0 for ever.
    async fn next(&mut self, keeps: &AtomicU32) -> Option<u32> {
        loop {
            let days = keeps.load(Ordering::Relaxed);
            let wanted = tokio::select! {
                // What counts already does not wait for what may count later.
                biased;
                _ = self.hourly.tick() => days,
                wanted = other(&mut self.settings, days) => wanted?,
            };
            if wanted != days && timeout(GRACE, other(&mut self.settings, wanted)).await.is_ok() {
                // They thought better of it, or choose among several.
                continue;
            }
            keeps.store(wanted, Ordering::Relaxed);
            if wanted > 0 {
                return Some(wanted);
            }
        }
    }
}

/// The time for which things are to be kept, once it is another than this; `None` when nobody sets it any longer.
async fn other(settings: &mut watch::Receiver<Arc<Settings>>, days: u32) -> Option<u32> {
    let other = settings.wait_for(|now| now.history.keep_days != days).await;
    other.ok().map(|now| now.history.keep_days)
}

/// Keys that could not be read are read as soon as they can be.
pub(crate) async fn unlocked(accounts: Arc<Accounts>) {
    loop {
        accounts.readable().await;
        accounts.read_keys().await;
    }
}

/// What an editor, the command line or a second Libretto changes in settings and keys counts here too.
pub(crate) async fn others(foundation: Arc<Foundation>) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut settings = Settled::default();
    let mut keys = Settled::default();
    loop {
        looks.tick().await;
        let look = {
            let foundation = Arc::clone(&foundation);
            move || (foundation.settings.stamp(), foundation.secrets.stamp())
        };
        // A disk may be far away.
        let Ok((file, stored)) = tokio::task::spawn_blocking(look).await else {
            return;
        };
        if settings.changed(file) {
            let foundation = Arc::clone(&foundation);
            if tokio::task::spawn_blocking(move || foundation.settings.reload())
                .await
                .is_err()
            {
                return;
            }
        }
        if keys.changed(stored) {
            foundation.accounts.read_keys().await;
        }
    }
}

/// Tells when a file has changed and is written to the end: it looks the same twice. Editors write some in pieces, or
/// take them away first.
#[derive(Default)]
struct Settled {
    seen: Option<Stamp>,
    counts: Option<Stamp>,
}

impl Settled {
    fn changed(&mut self, now: Stamp) -> bool {
        let settled = self.seen.replace(now) == Some(now);
        settled && self.counts.replace(now) != Some(now)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use libretto_store::{Environment, Places, SettingsFile};
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_shorter_time_counts_after_a_while_unless_it_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = SettingsFile::open(Environment::of([], &[], Places::within(folder.path())));
        let keep = |days: u32| {
            file.put("history.keep_days", days.into()).unwrap();
        };
        keep(90);
        let (keeps, cleared) = (AtomicU32::new(90), Mutex::new(Vec::new()));
        let clear = async || {
            let mut rounds = Rounds::new(file.watch());
            while let Some(days) = rounds.next(&keeps).await {
                cleared.lock().unwrap().push(days);
            }
        };
        let told = || std::mem::take(&mut *cleared.lock().unwrap());
        let person = async {
            sleep(Duration::from_secs(1)).await;
            assert_eq!(told(), [90], "at the start");
            keep(7);
            sleep(Duration::from_secs(50)).await;
            keep(90);
            sleep(Duration::from_mins(3)).await;
            assert_eq!(told(), [0; 0], "it was taken back");
            keep(30);
            sleep(Duration::from_secs(50)).await;
            keep(7);
            sleep(Duration::from_secs(50)).await;
            assert_eq!(told(), [0; 0], "the last of several has its own while");
            sleep(Duration::from_secs(20)).await;
            assert_eq!(told(), [7]);
            keep(0);
            sleep(Duration::from_hours(3)).await;
            assert_eq!(told(), [0; 0], "for ever");
            keep(14);
            sleep(Duration::from_mins(150)).await;
            assert_eq!(told(), [14; 3], "and hourly");
            keep(1);
        };
        // A conversation that begins while a time has not stood long enough forgets as the one before it.
        tokio::select! {
            () = clear() => unreachable!("the settings are still there"),
            () = person => {}
        }
        assert!(timeout(Duration::from_secs(30), clear()).await.is_err());
        assert_eq!(told(), [14]);
    }

    #[test]
    fn a_file_counts_when_it_has_come_to_rest() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::within(folder.path());
        let file = SettingsFile::open(Environment::of([], &[], places));
        let mut settled = Settled::default();
        assert!(!settled.changed(file.stamp()));
        assert!(settled.changed(file.stamp()), "as it was found, once");
        assert!(!settled.changed(file.stamp()));
        std::fs::write(file.path(), "version").unwrap();
        assert!(!settled.changed(file.stamp()));
        std::fs::write(file.path(), "version = 1").unwrap();
        assert!(!settled.changed(file.stamp()), "it is still being written");
        assert!(settled.changed(file.stamp()));
        assert!(!settled.changed(file.stamp()));
    }
}
