//! The real window, driven through the webview's own driver: what it shows is asked of its page, while keys are pressed
//! on the display and words are spoken into the microphone.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use libretto_testkit::{Display, program};
use serde_json::{Value, json};

use crate::{Stage, Turn, process};

mod accessibility;
mod light;
mod page;

use light::WATCH;

pub use accessibility::{Accessibility, Node};

/// The window is there, and a page answers, within this time, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running Libretto with its window. It ends when dropped.
#[derive(Debug)]
pub struct Window {
    agent: ureq::Agent,
    driver: Child,
    /// The session's address.
    session: String,
    /// How long it took to open.
    opening: Duration,
    /// Where the window is.
    pub display: Display,
}

impl Window {
    /// Starts Libretto on this stage and on a display of its own, and waits until its page is there.
    pub fn start(stage: &Stage) -> Result<Self> {
        Self::of(stage, &program::binary("libretto")?)
    }

    /// Starts this program, such as an installed one, in the same way.
    pub fn of(stage: &Stage, program: &Path) -> Result<Self> {
        let display = Display::new()?;
        let port = free_port()?;
        let mut driver = Command::new("WebKitWebDriver")
            .args(["--host=127.0.0.1", &format!("--port={port}")])
            .envs(stage.env()?)
            .envs(display.env())
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("WebKitWebDriver cannot be started; ./dev setup installs it")?;
        // What Libretto logs comes out here; a full pipe would hold it up.
        if let Some(errors) = driver.stderr.take() {
            std::thread::spawn(move || {
                BufReader::new(errors)
                    .lines()
                    .map_while(Result::ok)
                    .for_each(|line| eprintln!("window: {line}"));
            });
        }
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .build()
            .into();
        let mut window = Self {
            agent,
            driver,
            session: format!("http://127.0.0.1:{port}"),
            opening: Duration::ZERO,
            display,
        };
        window.open(program, port)?;
        Ok(window)
    }

    fn open(&mut self, program: &Path, port: u16) -> Result<()> {
        let options = json!({ "binary": program, "args": [] });
        let wish = json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } } });
        let deadline = Instant::now() + PATIENCE;
        while let Err(error) = TcpStream::connect(("127.0.0.1", port)) {
            ensure!(Instant::now() < deadline, "the driver does not listen: {error}");
            sleep(Duration::from_millis(20));
        }
        let begun = Instant::now();
        let answer = self
            .call("POST", "/session", &wish)
            .context("the window did not open")?;
        let id = answer["sessionId"].as_str().context("a session without an id")?;
        self.session = format!("{}/session/{id}", self.session);
        self.wait_for(
            "the page",
            PATIENCE,
            "return document.readyState === 'complete' && document.body.innerText !== ''",
        )?;
        self.opening = begun.elapsed();
        // The hotkeys come a moment after the page.
        self.wait_until("the hotkeys", PATIENCE, |snapshot| {
            snapshot["shell"]["hotkeys"]
                .as_array()
                .is_some_and(|keys| !keys.is_empty())
        })?;
        Ok(())
    }

    /// The process under which Libretto and its engines run.
    pub fn id(&self) -> u32 {
        self.driver.id()
    }

    /// Libretto's own process; the webview's and the engines' are its children.
    pub fn program(&self) -> Result<u32> {
        let found = process::named(self.id(), "libretto")?;
        found.first().copied().context("Libretto does not run")
    }

    /// How long it took from the program's start until its page was there; it was looked for every 50 ms.
    pub fn opening(&self) -> Duration {
        self.opening
    }

    /// Shows the conversation instead of the first steps.
    pub fn skip_first_steps(&self) -> Result<()> {
        let done = json!({ "key": "appearance.first_steps", "value": false });
        self.command("settings_set", &done).map(drop)
    }

    /// Runs JavaScript in the page; what it returns is returned.
    pub fn run(&self, script: &str) -> Result<Value> {
        self.call("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Runs JavaScript in the page until it returns something that is true.
    pub fn wait_for(&self, what: &str, limit: Duration, script: &str) -> Result<Value> {
        let deadline = Instant::now() + limit;
        loop {
            let value = self.run(script)?;
            let yes = match &value {
                Value::Null => false,
                Value::Bool(yes) => *yes,
                Value::String(text) => !text.is_empty(),
                Value::Array(list) => !list.is_empty(),
                Value::Number(_) | Value::Object(_) => true,
            };
            if yes {
                return Ok(value);
            }
            if Instant::now() >= deadline {
                let page = self.run("return document.body.innerText")?;
                bail!("{what} did not come within {limit:?}; the page says: {page}");
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// Calls one of Libretto's commands, as the page does, and returns its answer.
    pub fn command(&self, name: &str, arguments: &Value) -> Result<Value> {
        let script = "const [name, given, done] = arguments; \
                      window.__TAURI_INTERNALS__.invoke(name, given).then((ok) => done({ ok }), (error) => done({ error }));";
        let body = json!({ "script": script, "args": [name, arguments] });
        let answer = self.call("POST", "/execute/async", &body)?;
        ensure!(answer.get("error").is_none(), "{name}: {}", answer["error"]);
        Ok(answer["ok"].clone())
    }

    /// Waits until the conversation comes into a phase, as the page would be told.
    pub fn wait_for_phase(&self, phase: &str, limit: Duration) -> Result<Value> {
        let what = format!("the phase {phase}");
        self.wait_until(&what, limit, |snapshot| {
            snapshot["state"]["phase"]["kind"] == phase
        })
    }

    /// Waits until a snapshot is as wanted.
    pub fn wait_until(&self, what: &str, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let deadline = Instant::now() + limit;
        loop {
            let snapshot = self.command("snapshot", &json!({}))?;
            if wanted(&snapshot) {
                return Ok(snapshot);
            }
            ensure!(
                Instant::now() < deadline,
                "{what} did not come within {limit:?}: {snapshot}"
            );
            sleep(Duration::from_millis(20));
        }
    }

    /// Notes from now on, frame by frame, which word the page paints as the one that is heard now, and every notice.
    pub fn watch_light(&self) -> Result<()> {
        self.run(WATCH).map(drop)
    }

    /// Notes from now on when each headline was first painted, and every frame in which a word is lit.
    pub fn watch_frames(&self) -> Result<()> {
        self.run(light::WATCH_FRAMES).map(drop)
    }

    /// When this headline was painted for the last time since the watch began.
    pub fn headline(&self, words: &str, limit: Duration) -> Result<Instant> {
        let script = format!(
            "return window.__headlines.findLast(([, words]) => words === {})?.[0] ?? null",
            json!(words)
        );
        light::moment(&self.wait_for(&format!("the headline {words:?}"), limit, &script)?)
    }

    /// Milliseconds between each two frames in which a word was lit, since this was asked last. Pauses between two
    /// replies are among them.
    pub fn frames(&self) -> Result<Vec<f64>> {
        let noted = self.run("return window.__frames.splice(0)")?;
        let times: Vec<f64> = serde_json::from_value(noted)?;
        Ok(times.windows(2).map(|pair| pair[1] - pair[0]).collect())
    }

    /// What was noted: the turn that is named, with each word and the frame that painted it first.
    pub fn turn(&self, id: u64) -> Result<Turn> {
        let noted = self.run("return { light: window.__light, notices: window.__notices }")?;
        light::turn(id, &noted)
    }

    /// What was lit of a text that belongs to no turn, such as a voice's sample.
    pub fn sample(&self, text: &str) -> Result<Turn> {
        light::sample(text, &self.run("return window.__light")?)
    }

    /// Waits until a turn has been closed that was not void; returns it.
    pub fn wait_for_turn(&self, limit: Duration) -> Result<Turn> {
        self.wait_for_turn_after(0, limit)
    }

    /// The same, for a later one than this.
    pub fn wait_for_turn_after(&self, before: u64, limit: Duration) -> Result<Turn> {
        let closed = self.wait_for("the end of a turn", limit, &light::closed_after(before))?;
        self.turn(closed.as_u64().context("the end of no turn")?)
    }

    /// The newest turn of which anything was told since the watch began; 0 before the first.
    pub fn newest_turn(&self) -> Result<u64> {
        let newest = "return Math.max(0, ...window.__notices.map((notice) => notice.turn ?? 0))";
        self.run(newest)?.as_u64().context("no number")
    }

    /// Waits until so many words were painted as heard since the watch began; returns the turn so far to which the last
    /// of them belongs.
    pub fn wait_for_words(&self, count: usize, limit: Duration) -> Result<Turn> {
        let painted = format!("return window.__light.length >= {count}");
        self.wait_for(&format!("{count} words to be lit"), limit, &painted)?;
        let state = self.command("snapshot", &json!({}))?["state"].clone();
        self.turn(state["turn"].as_u64().context("nothing is being spoken")?)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let url = format!("{}{path}", self.session);
        let mut response = match method {
            "DELETE" => self.agent.delete(&url).call()?,
            "GET" => self.agent.get(&url).call()?,
            _ => self.agent.post(&url).send_json(body)?,
        };
        let answer: Value = response.body_mut().read_json()?;
        let value = answer["value"].clone();
        ensure!(response.status().is_success(), "{path}: {}", value["message"]);
        Ok(value)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // Ends Libretto too.
        let _ = self.call("DELETE", "", &Value::Null);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A port that nobody listens on at the moment.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
