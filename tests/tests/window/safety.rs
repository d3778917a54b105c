//! What the pages may not do, whatever got into them: reach another address, run a text as a program, use a command that
//! is not theirs.

use std::io::ErrorKind;
use std::net::TcpListener;

use libretto_tests::Stage;
use serde_json::{Value, json};

use super::{SOON, opened};

/// Tries whatever would bring something in from elsewhere or run a text, and notes what was refused.
const ATTEMPTS: &str = r#"
    window.__refused = [];
    document.addEventListener("securitypolicyviolation", (event) => window.__refused.push(event.effectiveDirective));
    const put = (name, attributes, text) => {
        const element = Object.assign(document.createElement(name), attributes);
        if (text) element.textContent = text;
        document.body.append(element);
    };
    fetch(`${AT}/fetch`).catch(() => {});
    try { new WebSocket(AT.replace("http", "ws")); } catch {}
    try { new EventSource(`${AT}/events`); } catch {}
    navigator.sendBeacon?.(`${AT}/beacon`, "words");
    put("img", { src: `${AT}/image.png` });
    put("audio", { src: `${AT}/sound.mp3` });
    put("link", { rel: "stylesheet", href: `${AT}/style.css` });
    put("style", {}, "body { background: red }");
    put("script", { src: `${AT}/script.js` });
    put("script", {}, "window.__ran = 'a script in the page'");
    put("iframe", { src: `${AT}/frame` });
    put("object", { data: `${AT}/object` });
    put("base", { href: AT });
    document.body.setAttribute("onclick", "window.__ran = 'an attribute'");
    document.body.click();
    setTimeout("window.__ran = 'a text'", 0);
"#;

/// What must have been refused, by the policy's own words.
const REFUSED: [&str; 8] = [
    "connect-src",
    "img-src",
    "media-src",
    "style-src-elem",
    "script-src-elem",
    "script-src-attr",
    "script-src",
    "frame-src",
];

#[test]
fn a_page_reaches_nothing_outside_and_runs_no_text() {
    let stage = Stage::shared().unwrap();
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let at = format!("http://{}", elsewhere.local_addr().unwrap());
    let window = opened(&stage);
    window
        .run(&ATTEMPTS.replace("AT", &json!(at).to_string()))
        .unwrap();
    let all = format!(
        "return {}.every((directive) => window.__refused.includes(directive))",
        json!(REFUSED)
    );
    let refused = window.wait_for("every refusal", SOON, &all);
    let told = window
        .run("return [...new Set(window.__refused)].sort()")
        .unwrap();
    println!("refused: {told}");
    refused.unwrap();
    assert_eq!(window.run("return window.__ran ?? null").unwrap(), Value::Null);
    let came = elsewhere.accept().map(|(_, from)| from);
    assert!(
        came.as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::WouldBlock),
        "something was fetched: {came:?}"
    );
}

/// What each window may not ask of the program: nothing that the desktop toolkit could do beside Libretto's commands, and
/// of these only what its pages ask for (`ui/tests/capabilities.test.ts` says which).
#[test]
fn a_page_has_the_commands_that_its_window_needs() {
    let stage = Stage::shared().unwrap();
    let window = opened(&stage);
    let refused = |command: &str, arguments: Value| {
        let error = window.command(command, &arguments).unwrap_err().to_string();
        assert!(error.contains("not allowed"), "{command}: {error}");
    };
    refused("plugin:window|close", json!({ "label": "main" }));
    refused("plugin:webview|create_webview_window", json!({ "options": {} }));
    refused("plugin:event|emit", json!({ "event": "notice", "payload": {} }));
    refused("plugin:opener|open_url", json!({ "url": "file:///etc/passwd" }));
    refused("plugin:dialog|open", json!({ "options": {} }));
    // What a reply is shown in has no business with keys, and deletes one conversation at a time.
    refused("keys_list", json!({}));
    refused(
        "keys_set",
        json!({ "provider": "deepgram", "key": "sk-0123456789" }),
    );
    refused("history_delete_all", json!({}));
    window
        .command("window_hide", &json!({ "window": "main" }))
        .unwrap();
    window.display.tap(super::TALK).unwrap();
    window.turn_to("overlay", SOON).unwrap();
    window.command("snapshot", &json!({})).unwrap();
    refused("keys_list", json!({}));
    refused("ask", json!({ "text": "What time is it?" }));
    refused("history_sessions", json!({}));
}
