//! What a person does in the pages: reading, pressing, typing; and which of the windows they look at.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Window;

/// What comes and goes softly has come or gone by then.
const SOFTLY: Duration = Duration::from_millis(350);

impl Window {
    /// Turns to another of Libretto's windows, once it has a page: what is read and pressed from now on is there.
    /// `window` is its label.
    pub fn turn_to(&self, window: &str, limit: Duration) -> Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            let handles = self.call("GET", "/window/handles", &Value::Null)?;
            for handle in handles.as_array().context("no list of windows")? {
                self.call("POST", "/window", &json!({ "handle": handle }))?;
                if self.run("return document.body?.dataset.window")? == window {
                    return Ok(());
                }
            }
            ensure!(Instant::now() < deadline, "no page of the window {window} came");
            sleep(Duration::from_millis(50));
        }
    }

    /// All that can be read in the page.
    pub fn text(&self) -> Result<String> {
        let text = self.run("return document.body.innerText")?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until this can be read in the page.
    pub fn wait_for_text(&self, text: &str, limit: Duration) -> Result<()> {
        let script = format!("return document.body.innerText.includes({})", json!(text));
        self.wait_for(&format!("the text {text:?}"), limit, &script)
            .map(drop)
    }

    /// Presses the first button that bears this name, to the eye or to a screen reader.
    pub fn press(&self, name: &str) -> Result<()> {
        let path = format!("//button[normalize-space(.)=\"{name}\" or @aria-label=\"{name}\"]");
        self.click_at("xpath", &path)
    }

    /// Switches the setting with this name on or off.
    pub fn switch(&self, name: &str) -> Result<()> {
        let path = format!("//input[@id=//label[normalize-space(.)=\"{name}\"]/@for]");
        self.click_at("xpath", &path)
    }

    /// Clicks the first element that a CSS selector finds.
    pub fn click(&self, selector: &str) -> Result<()> {
        self.click_at("css selector", selector)
    }

    /// Types into the element that has the keyboard's focus, or into the first that a CSS selector finds.
    pub fn write(&self, selector: &str, text: &str) -> Result<()> {
        let element = self.element("css selector", selector)?;
        self.call(
            "POST",
            &format!("/element/{element}/value"),
            &json!({ "text": text }),
        )?;
        Ok(())
    }

    /// Takes a picture of the window with this title as it stands on the display, without its frame, when the page has
    /// drawn what it shows now.
    pub fn picture(&self, title: &str, file: &Path) -> Result<()> {
        const DRAWN: &str = "const [done] = arguments; let left = 3; \
                             const next = () => left-- ? requestAnimationFrame(next) : done(true); next();";
        self.call("POST", "/execute/async", &json!({ "script": DRAWN, "args": [] }))?;
        sleep(SOFTLY);
        self.display.picture_of(title, file)
    }

    fn click_at(&self, using: &str, value: &str) -> Result<()> {
        let element = self.element(using, value)?;
        self.call("POST", &format!("/element/{element}/click"), &json!({}))
            .with_context(|| value.to_owned())?;
        Ok(())
    }

    fn element(&self, using: &str, value: &str) -> Result<String> {
        let found = self.call("POST", "/element", &json!({ "using": using, "value": value }));
        let found = found.with_context(|| value.to_owned())?;
        let id = found.as_object().and_then(|object| object.values().next());
        let id = id
            .and_then(Value::as_str)
            .with_context(|| format!("no {value} in the page"))?;
        Ok(id.to_owned())
    }
}
