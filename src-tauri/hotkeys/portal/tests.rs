//! Against a small portal on a message bus of its own: it does what `xdg-desktop-portal` does on this interface.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use libretto_testkit::Keychain;
use libretto_testkit::keychain::Keyring;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

use super::*;

const PATH: &str = "/org/freedesktop/portal/desktop";

/// Shortcuts as a client binds them: their names and what is said of each.
type Bound = Vec<(String, HashMap<String, OwnedValue>)>;

/// A shortcut's name and the keys that were wished for.
type Asked = Vec<(String, String)>;

/// A portal whose user agrees to everything.
#[derive(Default)]
struct Desktop {
    /// All sessions that were opened.
    sessions: Arc<Mutex<Vec<OwnedObjectPath>>>,
    /// What each asked for.
    asked: Arc<Mutex<Vec<Asked>>>,
    version: u32,
    /// As Plasma 5.27: keys come with the session, and who asks to bind gets the system's settings.
    early: bool,
    /// How often somebody asked to bind.
    bindings: Arc<AtomicU32>,
    /// So many sessions are not opened: it is starting itself.
    starting: AtomicU32,
}

/// Where a request's answer is awaited.
fn handle(
    header: &Header<'_>,
    kind: &str,
    options: &HashMap<String, OwnedValue>,
    token: &str,
) -> OwnedObjectPath {
    let sender = header.sender().unwrap().trim_start_matches(':').replace('.', "_");
    let token: &str = options[token].downcast_ref().unwrap();
    ObjectPath::try_from(format!("{PATH}/{kind}/{sender}/{token}"))
        .unwrap()
        .into()
}

async fn respond(bus: &zbus::Connection, request: &OwnedObjectPath, results: HashMap<&str, Value<'_>>) {
    let interface = "org.freedesktop.portal.Request";
    bus.emit_signal(None::<&str>, request, interface, "Response", &(0_u32, results))
        .await
        .unwrap();
}

impl Desktop {
    /// Notes what is asked for, and gives it.
    fn give(&self, shortcuts: &Bound) -> Value<'static> {
        let wished = |said: &HashMap<String, OwnedValue>| -> String {
            said.get("preferred_trigger")
                .map_or("", |v| v.downcast_ref().unwrap())
                .to_owned()
        };
        let asked = shortcuts
            .iter()
            .map(|(name, said)| (name.clone(), wished(said)))
            .collect();
        self.asked.lock().unwrap().push(asked);
        let given: Vec<(String, HashMap<String, Value<'_>>)> = shortcuts
            .iter()
            .map(|(name, said)| {
                let words = HashMap::from([
                    ("description".to_owned(), Value::from(name.clone())),
                    (
                        "trigger_description".to_owned(),
                        Value::from(format!("Press {}", wished(said))),
                    ),
                ]);
                (name.clone(), words)
            })
            .collect();
        Value::from(given)
    }
}

#[zbus::interface(name = "org.freedesktop.portal.GlobalShortcuts")]
impl Desktop {
    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        self.version
    }

    async fn create_session(
        &self,
        options: HashMap<String, OwnedValue>,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] bus: &zbus::Connection,
    ) -> fdo::Result<OwnedObjectPath> {
        let starting = self.starting.load(Ordering::Relaxed);
        if starting > 0 {
            self.starting.store(starting - 1, Ordering::Relaxed);
            return Err(fdo::Error::NoReply("It is not up yet.".into()));
        }
        let request = handle(&header, "request", &options, "handle_token");
        let session = handle(&header, "session", &options, "session_handle_token");
        self.sessions.lock().unwrap().push(session.clone());
        let mut results = HashMap::from([("session_handle", Value::from(session.as_str().to_owned()))]);
        if self.early {
            let wishes = options["shortcuts"].try_clone().unwrap();
            results.insert("shortcuts", self.give(&Bound::try_from(wishes).unwrap()));
        }
        respond(bus, &request, results).await;
        Ok(request)
    }

    async fn bind_shortcuts(
        &self,
        session: OwnedObjectPath,
        shortcuts: Bound,
        parent: String,
        options: HashMap<String, OwnedValue>,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] bus: &zbus::Connection,
    ) -> OwnedObjectPath {
        assert!(self.sessions.lock().unwrap().contains(&session) && parent.is_empty());
        let request = handle(&header, "request", &options, "handle_token");
        self.bindings.fetch_add(1, Ordering::Relaxed);
        let given = if self.early {
            Value::from(Vec::<(String, HashMap<String, Value<'_>>)>::new())
        } else {
            self.give(&shortcuts)
        };
        respond(bus, &request, HashMap::from([("shortcuts", given)])).await;
        request
    }

    #[zbus(signal)]
    async fn activated(
        emitter: &SignalEmitter<'_>,
        session: OwnedObjectPath,
        name: &str,
        at: u64,
        options: HashMap<&str, Value<'_>>,
    ) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn deactivated(
        emitter: &SignalEmitter<'_>,
        session: OwnedObjectPath,
        name: &str,
        at: u64,
        options: HashMap<&str, Value<'_>>,
    ) -> zbus::Result<()>;
}

async fn connect(bus: &Keychain) -> zbus::Connection {
    let (_, address) = bus.env().remove(0);
    zbus::connection::Builder::address(address.as_str())
        .unwrap()
        .build()
        .await
        .unwrap()
}

fn wish(action: HotkeyAction, trigger: &str) -> Wish {
    Wish {
        action,
        description: "Talk".into(),
        trigger: Some(trigger.into()),
    }
}

/// Puts a desktop's portal on the bus, for as long as the connection lives.
async fn serve(bus: &Keychain, desktop: Desktop) -> zbus::Connection {
    let portal = connect(bus).await;
    portal.object_server().at(PATH, desktop).await.unwrap();
    portal
        .request_name("org.freedesktop.portal.Desktop")
        .await
        .unwrap();
    portal
}

/// The next that is told, on a busy machine.
async fn next(told: &mut mpsc::UnboundedReceiver<Told>) -> Told {
    tokio::time::timeout(Duration::from_secs(30), told.recv())
        .await
        .unwrap()
        .unwrap()
}

/// What is wished for, what is told, and the task between them, which ends with the test.
type Followed = (
    watch::Sender<Vec<Wish>>,
    mpsc::UnboundedReceiver<Told>,
    JoinSet<()>,
);

async fn follow_wishes(bus: &Keychain, wishes: Vec<Wish>) -> Followed {
    let (wishes, following) = watch::channel(wishes);
    let (tell, told) = mpsc::unbounded_channel();
    let mut task = JoinSet::new();
    task.spawn(follow(connect(bus).await, following, move |said| {
        tell.send(said).unwrap();
    }));
    (wishes, told, task)
}

#[tokio::test]
async fn the_desktop_gives_keys_and_tells_of_them() {
    let bus = Keychain::start(Keyring::Absent).unwrap();
    let desktop = Desktop {
        version: 1,
        ..Desktop::default()
    };
    let (sessions, asked) = (desktop.sessions.clone(), desktop.asked.clone());
    let portal = serve(&bus, desktop).await;

    let wished = vec![wish(HotkeyAction::Talk, "CTRL+SHIFT+space")];
    let (wishes, mut told, mut following) = follow_wishes(&bus, wished).await;
    let given = |keys: &str| Told::Given(vec![(HotkeyAction::Talk, keys.to_owned())]);
    assert_eq!(next(&mut told).await, given("Press CTRL+SHIFT+space"));

    // A tap: both at once, and in their order.
    let emitter = SignalEmitter::new(&portal, PATH).unwrap();
    let session = sessions.lock().unwrap()[0].clone();
    for _ in 0..3 {
        Desktop::activated(&emitter, session.clone(), "talk", 0, HashMap::new())
            .await
            .unwrap();
        Desktop::deactivated(&emitter, session.clone(), "talk", 0, HashMap::new())
            .await
            .unwrap();
    }
    // Everybody's signals come to all.
    let other = ObjectPath::try_from(format!("{PATH}/session/1_99/other"))
        .unwrap()
        .into();
    for (session, name) in [(session, "somebody-elses"), (other, "talk")] {
        Desktop::activated(&emitter, session, name, 0, HashMap::new())
            .await
            .unwrap();
    }
    for _ in 0..3 {
        assert_eq!(next(&mut told).await, Told::Used(HotkeyAction::Talk, true));
        assert_eq!(next(&mut told).await, Told::Used(HotkeyAction::Talk, false));
    }

    // Other keys are asked for in a session of their own.
    wishes.send(vec![wish(HotkeyAction::Talk, "F9")]).unwrap();
    assert_eq!(next(&mut told).await, given("Press F9"));
    let all = asked.lock().unwrap().clone();
    assert_eq!(all[1], [("talk".to_owned(), "F9".to_owned())]);
    assert_eq!(sessions.lock().unwrap().len(), 2);

    drop(wishes);
    tokio::time::timeout(Duration::from_secs(30), following.join_next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

/// Handy #1287, #1560, #1568: a second call takes the place of the first, and one key of two is dead.
#[tokio::test]
async fn all_keys_are_asked_for_in_one_call() {
    let bus = Keychain::start(Keyring::Absent).unwrap();
    let desktop = Desktop {
        version: 1,
        ..Desktop::default()
    };
    let asked = desktop.asked.clone();
    let _portal = serve(&bus, desktop).await;
    let both = vec![
        wish(HotkeyAction::Talk, "CTRL+SHIFT+space"),
        wish(HotkeyAction::QuickAsk, "CTRL+SHIFT+k"),
    ];
    let (_wishes, mut told, _following) = follow_wishes(&bus, both).await;
    let Told::Given(given) = next(&mut told).await else {
        panic!("nothing was given");
    };
    let actions: Vec<_> = given.iter().map(|(action, _)| *action).collect();
    assert_eq!(actions, [HotkeyAction::Talk, HotkeyAction::QuickAsk]);
    let asked: Vec<_> = asked.lock().unwrap().iter().map(Vec::len).collect();
    assert_eq!(asked, [2]);
}

/// What was seen of a real Plasma 5.27: it remembers keys under the session's name, takes them only from the call that
/// opens one, and opens the system's settings at the call that is meant for binding.
#[tokio::test]
async fn a_desktop_that_gives_keys_with_the_session_is_not_asked_to_bind() {
    let bus = Keychain::start(Keyring::Absent).unwrap();
    let desktop = Desktop {
        early: true,
        ..Desktop::default()
    };
    let (sessions, bindings) = (desktop.sessions.clone(), desktop.bindings.clone());
    let _portal = serve(&bus, desktop).await;
    let (wishes, mut told, _following) = follow_talk(&bus).await;
    assert_eq!(next(&mut told).await, given());
    wishes.send(vec![wish(HotkeyAction::Talk, "F10")]).unwrap();
    let other = Told::Given(vec![(HotkeyAction::Talk, "Press F10".to_owned())]);
    assert_eq!(next(&mut told).await, other);
    assert_eq!(bindings.load(Ordering::Relaxed), 0);
    let sessions = sessions.lock().unwrap();
    assert!(
        sessions.iter().all(|path| path.ends_with("/libretto")),
        "{sessions:?}"
    );
}

/// Wishes for a key to talk with.
async fn follow_talk(bus: &Keychain) -> Followed {
    follow_wishes(bus, vec![wish(HotkeyAction::Talk, "F9")]).await
}

fn given() -> Told {
    Told::Given(vec![(HotkeyAction::Talk, "Press F9".to_owned())])
}

/// At login the portal may come later than Libretto.
#[tokio::test]
async fn a_desktop_without_a_portal_says_so_until_one_comes() {
    let bus = Keychain::start(Keyring::Absent).unwrap();
    let (_wishes, mut told, _following) = follow_talk(&bus).await;
    assert_eq!(next(&mut told).await, Told::Absent);
    let _portal = serve(&bus, Desktop::default()).await;
    assert_eq!(next(&mut told).await, given());
}

/// At login the portal may be there and not be up to anything.
#[tokio::test]
async fn a_portal_that_does_not_answer_is_asked_again() {
    let bus = Keychain::start(Keyring::Absent).unwrap();
    let desktop = Desktop {
        starting: AtomicU32::new(2),
        ..Desktop::default()
    };
    let _portal = serve(&bus, desktop).await;
    let (_wishes, mut told, _following) = follow_talk(&bus).await;
    assert_eq!(next(&mut told).await, Told::Silent);
    assert_eq!(next(&mut told).await, Told::Silent);
    assert_eq!(next(&mut told).await, given());
}

/// Libretto would listen on and on.
#[tokio::test]
async fn a_key_that_is_down_when_its_session_ends_is_released() {
    let bus = Keychain::start(Keyring::Absent).unwrap();
    let desktop = Desktop::default();
    let sessions = desktop.sessions.clone();
    let portal = serve(&bus, desktop).await;
    let (wishes, mut told, _following) = follow_talk(&bus).await;
    let press = async |portal: &zbus::Connection, session: OwnedObjectPath| {
        let emitter = SignalEmitter::new(portal, PATH).unwrap();
        Desktop::activated(&emitter, session, "talk", 0, HashMap::new())
            .await
            .unwrap();
    };
    assert_eq!(next(&mut told).await, given());
    let newest = || sessions.lock().unwrap().last().unwrap().clone();
    // Other keys are wished for.
    press(&portal, newest()).await;
    assert_eq!(next(&mut told).await, Told::Used(HotkeyAction::Talk, true));
    wishes.send(vec![wish(HotkeyAction::Talk, "F10")]).unwrap();
    assert_eq!(next(&mut told).await, Told::Used(HotkeyAction::Talk, false));
    let other = Told::Given(vec![(HotkeyAction::Talk, "Press F10".to_owned())]);
    assert_eq!(next(&mut told).await, other);
    // The portal dies.
    press(&portal, newest()).await;
    assert_eq!(next(&mut told).await, Told::Used(HotkeyAction::Talk, true));
    portal.close().await.unwrap();
    assert_eq!(next(&mut told).await, Told::Used(HotkeyAction::Talk, false));
    assert_eq!(next(&mut told).await, Told::Absent);
    let _portal = serve(&bus, Desktop::default()).await;
    assert_eq!(next(&mut told).await, other);
}
