//! Pictures of the real window in every state, light and dark. They are left in `target/pictures`; look at them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libretto_store::history::{History, NewExchange, SessionId};
use libretto_testkit::fakes::elevenlabs;
use libretto_testkit::keychain::Keyring;
use libretto_testkit::{Device, SoundCard, program, recordings};
use libretto_tests::talk::{ANSWER, WHOLE};
use libretto_tests::{Cloud, Stage, Window, process};
use serde_json::{Value, json};

use super::history::look_at;
use super::outside::wait_for_key;
use super::{LONG, SOON, TALK};

const MAIN: &str = "Libretto";
const SETTINGS: &str = "Libretto: settings";
const SETTINGS_ARABIC: &str = "Libretto: الإعدادات";
const QUICK: &str = "Libretto: quick ask";
const STRIP: &str = "Libretto: at work";

/// An exchange in Arabic. No voice on this machine speaks it.
const ARABIC: (&str, &str) = (
    "ما هي عاصمة فرنسا؟",
    "عاصمة فرنسا هي باريس، وهي مدينة كبيرة على ضفاف نهر السين. يزورها الملايين كل عام.",
);

/// The sections of the settings, in their order.
const SECTIONS: [&str; 12] = [
    "voice",
    "models",
    "devices",
    "hotkeys",
    "conversation",
    "language",
    "appearance",
    "privacy",
    "keys",
    "providers",
    "advanced",
    "about",
];

const LIT: &str = "return CSS.highlights.get('now')?.size > 0";
const RIGHT_TO_LEFT: &str = "return document.documentElement.dir === 'rtl'";

/// One walk through everything, in one theme.
struct Walk<'a> {
    stage: &'a Stage,
    window: &'a Window,
    theme: &'static str,
    folder: PathBuf,
}

#[test]
fn every_state_light_and_dark() {
    let stage = Stage::with(SoundCard::shared().unwrap(), Keyring::Unlocked).unwrap();
    // Somebody listens: a virtual loudspeaker that nobody hears gives its samples in blocks of seconds.
    let _ear = stage.card.hear().unwrap();
    let arabic = remember(&stage);
    let cloud = Cloud::start().unwrap();
    let base = json!(cloud.elevenlabs.url());
    stage
        .set(&format!("[providers.elevenlabs]\nbase_url = {base}\n"))
        .unwrap();
    let window = Window::start(&stage).unwrap();
    window.watch_light().unwrap();
    let folder = program::binary("libretto")
        .unwrap()
        .parent()
        .unwrap()
        .join("../pictures");
    fs::create_dir_all(&folder).unwrap();
    for theme in ["light", "dark", "high_contrast"] {
        let folder = folder.canonicalize().unwrap();
        let walk = Walk {
            stage: &stage,
            window: &window,
            theme,
            folder,
        };
        walk.set("appearance.theme", &json!(theme));
        if theme == "high_contrast" {
            walk.talking();
            continue;
        }
        walk.first_steps();
        walk.talking();
        walk.trouble();
        walk.history();
        walk.arabic(&arabic);
        walk.settings();
        walk.quick_ask();
        walk.strip();
        walk.large();
        println!("The pictures are in {}.", walk.folder.display());
    }
}

/// A history of earlier days; returns the session in Arabic.
pub(super) fn remember(stage: &Stage) -> SessionId {
    let file = stage.home.path().join(".local/share/libretto/history.sqlite3");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let history = History::open(file);
        let sessions = [
            (
                "Why is the sea salty?",
                "Rivers carry salt into it, and the sun takes only the water back.",
            ),
            (
                "Who wrote Faust?",
                "Johann Wolfgang von Goethe wrote it, over sixty years.",
            ),
            ARABIC,
        ];
        let mut last = SessionId::new();
        for (said, reply) in sessions {
            last = SessionId::new();
            let heard = libretto_voice::text::Graphemes::of(reply).len();
            let exchange = NewExchange {
                user: said.into(),
                reply: reply.into(),
                heard,
                ..NewExchange::default()
            };
            history.append(last, exchange).await.unwrap();
        }
        history.flush().await;
        last
    })
}

impl Walk<'_> {
    fn set(&self, key: &str, value: &Value) {
        self.command("settings_set", &json!({ "key": key, "value": value }));
    }

    fn command(&self, name: &str, arguments: &Value) -> Value {
        self.window.command(name, arguments).unwrap()
    }

    /// Takes a picture, and sees that it is one of this theme.
    fn picture(&self, title: &str, name: &str) {
        let file = self.folder.join(format!("{name}-{}.png", self.theme));
        self.window.picture(title, &file).unwrap();
        let mean = brightness(&file);
        let fits = if self.theme == "light" {
            mean > 0.6
        } else {
            mean < 0.4
        };
        assert!(fits, "{}: mean brightness {mean}", file.display());
    }

    fn idle(&self) {
        self.command("cancel", &json!({}));
        self.window.wait_for_phase("idle", SOON).unwrap();
    }

    fn first_steps(&self) {
        self.set("appearance.first_steps", &json!(true));
        self.window.wait_for_text("Step 1 of 3", SOON).unwrap();
        let recording = recordings::named("librivox-0920").unwrap().audio().unwrap();
        let speech = self.stage.card.speak(&recording).unwrap();
        self.window.wait_for_text("Libretto hears you.", SOON).unwrap();
        self.picture(MAIN, "first-steps-microphone");
        drop(speech);
        for (step, name) in [
            ("Step 2 of 3", "first-steps-key"),
            ("Step 3 of 3", "first-steps-question"),
        ] {
            self.window.press("Continue").unwrap();
            self.window.wait_for_text(step, SOON).unwrap();
            self.picture(MAIN, name);
        }
        self.set("appearance.first_steps", &json!(false));
        self.window
            .wait_for_text("What would you like to know?", SOON)
            .unwrap();
    }

    fn talking(&self) {
        let window = self.window;
        self.picture(MAIN, "idle");
        window.display.press(TALK).unwrap();
        window.wait_for_phase("listening", SOON).unwrap();
        let recording = recordings::named("librivox-0920").unwrap().audio().unwrap();
        let speech = self.stage.card.speak(&recording).unwrap();
        window
            .wait_until("some words", WHOLE, |snapshot| {
                let partial = snapshot["turn"]["partial"].as_str().unwrap_or_default();
                partial.split_whitespace().count() > 4
            })
            .unwrap();
        self.picture(MAIN, "listening");
        drop(speech);
        window.display.release(TALK).unwrap();
        window.display.tap("Escape").unwrap();
        self.idle();
        // Engines that hang: it thinks for as long as the picture takes.
        let engines = process::named(window.id(), "libretto-engine").unwrap();
        engines.iter().copied().for_each(process::freeze);
        self.command("ask", &json!({ "text": LONG }));
        window.wait_for_phase("thinking", SOON).unwrap();
        self.picture(MAIN, "thinking");
        engines.into_iter().for_each(process::thaw);
        self.idle();
        let before = self.lit();
        self.command("ask", &json!({ "text": LONG }));
        window.wait_for_words(before + 8, ANSWER).unwrap();
        self.picture(MAIN, "speaking");
        // Cut by the key.
        window.display.tap(TALK).unwrap();
        window.wait_for_text("You interrupted here:", SOON).unwrap();
        window.display.tap("Escape").unwrap();
        self.idle();
        self.picture(MAIN, "cut");
    }

    fn lit(&self) -> usize {
        let count = self.window.run("return window.__light.length").unwrap();
        usize::try_from(count.as_u64().unwrap()).unwrap()
    }

    fn trouble(&self) {
        // Without a sentence of earlier trouble in the page.
        self.command("session_resume", &json!({ "session": null }));
        self.window
            .wait_for_text("What would you like to know?", SOON)
            .unwrap();
        self.stage.card.unplug(Device::Microphone).unwrap();
        self.window.display.press(TALK).unwrap();
        let shown = "return document.querySelector('.notice.danger') !== null";
        self.window.wait_for("a sentence", ANSWER, shown).unwrap();
        self.picture(MAIN, "error");
        self.window.display.release(TALK).unwrap();
        self.stage.card.plug(Device::Microphone).unwrap();
        self.idle();
    }

    fn history(&self) {
        // Without what went wrong before.
        self.command("session_resume", &json!({ "session": null }));
        self.window.press("History").unwrap();
        self.window.wait_for_text("Who wrote Faust?", SOON).unwrap();
        self.picture(MAIN, "history");
        self.window.press("Close").unwrap();
        look_at(self.window, "Who wrote Faust?");
        self.picture(MAIN, "history-past");
        self.window.press("Back to current conversation").unwrap();
        self.window.press("Close").unwrap();
    }

    /// The windows in Arabic, and a reply in Arabic in the middle of a word. Nothing on this machine speaks Arabic: a
    /// cloud's voice says it again.
    fn arabic(&self, session: &SessionId) {
        self.set("appearance.language", &json!("ar"));
        self.window
            .wait_for("the direction", SOON, RIGHT_TO_LEFT)
            .unwrap();
        self.command("session_resume", &json!({ "session": session.to_string() }));
        self.window.wait_for_text(ARABIC.1, SOON).unwrap();
        self.key("set", true);
        self.set("voice.providers", &json!(["elevenlabs"]));
        let snapshot = self.command("snapshot", &json!({}));
        let of = &snapshot["exchanges"][0]["original"];
        self.command("repeat", &json!({ "of": of, "reply": ARABIC.1, "cluster": 0 }));
        // Some words are heard already, and others are to come.
        let within = "return ['heard', 'now', 'ahead'].every((name) => CSS.highlights.get(name)?.size > 0)";
        self.window
            .wait_for("a word in the middle", ANSWER, within)
            .unwrap();
        self.picture(MAIN, "speaking-arabic");
        self.command("cancel", &json!({}));
        self.idle();
        self.set("voice.providers", &Value::Null);
        self.key("remove", false);
        self.set("appearance.language", &json!("en"));
        self.command("session_resume", &json!({ "session": null }));
        self.window
            .wait_for_text("What would you like to know?", SOON)
            .unwrap();
    }

    /// Sets the cloud's key, or removes it.
    fn key(&self, what: &str, there: bool) {
        let mut command = self.stage.cli(["keys", what, "elevenlabs"]).unwrap();
        let line = format!("{}\n", elevenlabs::KEY);
        let output = program::run(&mut command, line.as_bytes(), ANSWER).unwrap();
        assert!(output.status.success(), "{output:?}");
        wait_for_key(self.window, "elevenlabs", there);
    }

    fn settings(&self) {
        self.open("settings", SETTINGS);
        for (place, section) in (1..).zip(SECTIONS) {
            self.section(place);
            self.picture(SETTINGS, &format!("settings-{section}"));
        }
        self.set("appearance.language", &json!("ar"));
        self.window
            .wait_for("the direction", SOON, RIGHT_TO_LEFT)
            .unwrap();
        for (place, section) in (1..).zip(SECTIONS) {
            self.section(place);
            self.picture(SETTINGS_ARABIC, &format!("settings-{section}-arabic"));
        }
        self.set("appearance.language", &json!("en"));
        self.command("window_hide", &json!({ "window": "settings" }));
        self.window.turn_to("main", SOON).unwrap();
    }

    fn open(&self, label: &str, title: &str) {
        self.command("window_open", &json!({ "window": label }));
        self.window.display.wait_for_window(title, SOON).unwrap();
        self.window.turn_to(label, SOON).unwrap();
    }

    /// Turns to a section of the settings, by its place in the list: its name is another in each language.
    fn section(&self, place: usize) {
        let button = format!("nav li:nth-child({place}) button");
        self.window.click(&button).unwrap();
    }

    fn quick_ask(&self) {
        self.open("quick-ask", QUICK);
        self.picture(QUICK, "quick-ask");
        self.window
            .write("textarea, input", "Tell me something about the sea.")
            .unwrap();
        self.window.write("textarea, input", "\u{E007}").unwrap();
        self.window.wait_for("words that are lit", ANSWER, LIT).unwrap();
        self.picture(QUICK, "quick-ask-speaking");
        self.idle();
        self.command("window_hide", &json!({ "window": "quick-ask" }));
        self.window.turn_to("main", SOON).unwrap();
    }

    fn strip(&self) {
        let window = self.window;
        self.command("window_hide", &json!({ "window": "main" }));
        window.display.press(TALK).unwrap();
        window.display.wait_for_window(STRIP, SOON).unwrap();
        let recording = recordings::named("librivox-0920").unwrap().audio().unwrap();
        let speech = self.stage.card.speak(&recording).unwrap();
        window.turn_to("overlay", SOON).unwrap();
        window.wait_for_text("Listening", SOON).unwrap();
        self.picture(STRIP, "overlay-listening");
        drop(speech);
        window.display.release(TALK).unwrap();
        window.display.tap("Escape").unwrap();
        window.display.wait_until_gone(STRIP, SOON).unwrap();
        window.turn_to("main", SOON).unwrap();
        // A page that nobody sees may be slow to answer: asked is where it is seen.
        self.command("window_open", &json!({ "window": "main" }));
        window.display.wait_for_focus(MAIN, SOON).unwrap();
        self.command("ask", &json!({ "text": "Tell me something about the sea." }));
        self.command("window_hide", &json!({ "window": "main" }));
        window.display.wait_for_window(STRIP, SOON).unwrap();
        window.turn_to("overlay", SOON).unwrap();
        window.wait_for("words that are lit", ANSWER, LIT).unwrap();
        self.picture(STRIP, "overlay-speaking");
        window.display.tap("Escape").unwrap();
        window.display.wait_until_gone(STRIP, SOON).unwrap();
        window.turn_to("main", SOON).unwrap();
        self.command("window_open", &json!({ "window": "main" }));
        window.display.wait_for_focus(MAIN, SOON).unwrap();
        self.idle();
    }

    /// Text at 125 % and 200 %: nothing is clipped.
    fn large(&self) {
        for size in [1.25, 2.0] {
            self.set("appearance.text_size", &json!(size));
            let name = format!("answered-{}", (size * 100.0) as u32);
            self.picture(MAIN, &name);
            self.whole(&name);
            self.window.press("History").unwrap();
            self.window.wait_for_text("Who wrote Faust?", SOON).unwrap();
            self.whole("the history");
            self.window.press("Close").unwrap();
            self.open("settings", SETTINGS);
            for (place, section) in (1..).zip(SECTIONS) {
                self.section(place);
                self.whole(section);
            }
            self.command("window_hide", &json!({ "window": "settings" }));
            self.window.turn_to("main", SOON).unwrap();
            self.set("appearance.first_steps", &json!(true));
            self.window.wait_for_text("Step 1 of 3", SOON).unwrap();
            for step in ["Step 2 of 3", "Step 3 of 3"] {
                self.whole("the first steps");
                self.window.press("Continue").unwrap();
                self.window.wait_for_text(step, SOON).unwrap();
            }
            self.whole("the last step");
            self.set("appearance.first_steps", &json!(false));
        }
        self.set("appearance.text_size", &json!(1.0));
        self.command("session_resume", &json!({ "session": null }));
    }
}

impl Walk<'_> {
    /// Nothing on this page is wider than it, or than what holds it, but where it can be scrolled.
    fn whole(&self, what: &str) {
        const WIDE: &str = "\
            const scrolls = (element) => element && (['auto', 'scroll'].includes(getComputedStyle(element).overflowX) \
                && element.scrollWidth > element.clientWidth || scrolls(element.parentElement)); \
            return [...document.querySelectorAll('body *')].filter((element) => { \
            const box = element.getBoundingClientRect(); const style = getComputedStyle(element); \
            if (box.width <= 1 || element.closest('.only-read') || scrolls(element.parentElement)) return false; \
            const more = ['hidden', 'clip'].includes(style.overflowX) && style.textOverflow !== 'ellipsis' \
                && element.scrollWidth > element.clientWidth + 1; \
            return box.left < -1 || box.right > innerWidth + 1 || more; \
            }).map((element) => element.outerHTML.slice(0, 200))";
        assert_eq!(self.window.run(WIDE).unwrap(), json!([]), "{what} is cut off");
    }
}

/// The mean of all pixels, from 0 to 1.
fn brightness(file: &Path) -> f64 {
    let output = Command::new("convert")
        .arg(file)
        .args(["-colorspace", "gray", "-format", "%[fx:mean]", "info:"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    told.trim().parse().expect(&told)
}
