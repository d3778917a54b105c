//! What the page painted and when, put together as a turn.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use libretto_testkit::clock;
use libretto_voice::text::Graphemes;
use serde_json::Value;

use crate::Turn;
use crate::talk::Lit;

/// Notes the painted word in every frame, and every notice. A note is made in the frame's own callback: what is painted
/// there is on the screen with this frame.
pub(super) const WATCH: &str = r"
    window.__light = [];
    window.__notices = [];
    const tauri = window.__TAURI_INTERNALS__;
    tauri.invoke('plugin:event|listen', {
        event: 'notice',
        target: { kind: 'Any' },
        handler: tauri.transformCallback((event) => window.__notices.push(event.payload)),
    });
    const words = (range) => {
        const copy = document.createRange();
        copy.setStart(range.startContainer, range.startOffset);
        copy.setEnd(range.endContainer, range.endOffset);
        return copy.toString();
    };
    let last = '';
    const note = () => {
        const now = CSS.highlights.get('now');
        const painted = now ? [...now].map(words).join('|') : '';
        if (painted !== last) {
            last = painted;
            if (painted) window.__light.push([performance.timeOrigin + performance.now(), painted]);
        }
        requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
";

/// Notes when each headline was first painted, and the time of every frame in which a word is lit.
pub(super) const WATCH_FRAMES: &str = r"
    window.__headlines = [];
    window.__frames = [];
    const now = () => performance.timeOrigin + performance.now();
    let last = '';
    const note = () => {
        const headline = document.querySelector('.dock .line strong')?.textContent ?? '';
        if (headline !== last) {
            last = headline;
            window.__headlines.push([now(), headline]);
        }
        if (CSS.highlights.get('now')?.size) window.__frames.push(now());
        requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
";

/// No light comes so much too early, in seconds.
const EARLY: f64 = 0.2;

/// The newest turn that was closed and was not void, if it is later than this one.
pub(super) fn closed_after(before: u64) -> String {
    format!(
        r"
        const closed = window.__notices.filter((notice) => {{
            const event = notice.body.event;
            return notice.turn > {before} && notice.body.group === 'lifecycle' && event.kind === 'closed'
                && event.end.kind !== 'heard_nothing' && event.end.kind !== 'continued';
        }});
        return closed.length ? closed.at(-1).turn : null;
        "
    )
}

/// A turn from what was noted.
pub(super) fn turn(id: u64, noted: &Value) -> Result<Turn> {
    let mut turn = Turn::new(id);
    let mut words: Vec<(u64, u64, usize)> = Vec::new();
    let mut ends: Vec<u64> = Vec::new();
    let notices = noted["notices"].as_array().context("nothing was noted")?;
    for notice in notices.iter().filter(|notice| notice["turn"] == id) {
        let event = &notice["body"]["event"];
        match (
            notice["body"]["group"].as_str().unwrap_or_default(),
            event["kind"].as_str().unwrap_or_default(),
        ) {
            ("data", "said") => turn.said = text(&event["text"])?,
            ("data", "reply") => turn.reply.push_str(&text(&event["delta"])?),
            ("data", "words") => {
                for word in event["words"].as_array().context("no words")? {
                    let at = |key: &str| word["text"][key].as_u64().context("a word nowhere");
                    let cluster = word["cluster"].as_u64().context("a word without a cluster")?;
                    words.push((at("start")?, at("end")?, cluster as usize));
                }
                ends.extend(words.last().map(|word| word.1));
            }
            ("data", "started") => turn.started = Some(moment(&event["audible"])?),
            ("data", "exchange") => turn.exchange = Some(event["exchange"].clone()),
            ("lifecycle", "closed") => turn.end = text(&event["end"]["kind"])?,
            ("progress", "gap") => turn.gaps += 1,
            ("problem", _) => turn.problems.push(text(&event["message"])?),
            _ => {}
        }
    }
    let clusters = Graphemes::of(&turn.reply);
    let cluster = |unit: u64| clusters.index(byte(&turn.reply, unit));
    turn.phrases = ends.into_iter().map(cluster).collect();
    let painted = noted["light"].as_array().context("no light was noted")?;
    // Light that was seen before it sounded belongs to an earlier turn.
    let begins = turn.started.map(|started| clock::shift(started, -EARLY));
    let mut rest = words.as_slice();
    for frame in painted {
        let at = moment(&frame[0])?;
        if begins.is_none_or(|begins| at < begins) {
            continue;
        }
        let word = text(&frame[1])?;
        // Words that were painted in one frame are one note; of a word that comes twice, the next one is meant.
        let found = rest.iter().position(|(start, end, _)| {
            turn.reply.get(byte(&turn.reply, *start)..byte(&turn.reply, *end)) == Some(word.as_str())
        });
        let Some(found) = found else { continue };
        let cluster = rest[found].2;
        rest = &rest[found + 1..];
        turn.lit.push(Lit { word, cluster, at });
    }
    Ok(turn)
}

/// A text that belongs to no turn, and when each of its words was painted.
pub(super) fn sample(shown: &str, painted: &Value) -> Result<Turn> {
    let mut turn = Turn {
        reply: shown.to_owned(),
        ..Turn::new(0)
    };
    let clusters = Graphemes::of(shown);
    let mut from = 0;
    for frame in painted.as_array().context("no light was noted")? {
        let word = text(&frame[1])?;
        let at = shown[from..].find(&word);
        let begins = from + at.with_context(|| format!("{word:?} was lit, and is not in {shown:?}"))?;
        from = begins + word.len();
        turn.lit.push(Lit {
            cluster: clusters.index(begins),
            at: moment(&frame[0])?,
            word,
        });
    }
    Ok(turn)
}

/// A moment as the pages count time: milliseconds since 1970.
pub(super) fn moment(value: &Value) -> Result<Instant> {
    let at = value.as_f64().with_context(|| format!("{value} is no moment"))?;
    Ok(clock::of_wall(
        SystemTime::UNIX_EPOCH + Duration::from_secs_f64(at / 1_000.0),
    ))
}

/// Where a UTF-16 code unit of a text lies in bytes.
fn byte(text: &str, unit: u64) -> usize {
    let mut units = 0;
    for (byte, char) in text.char_indices() {
        if units >= unit {
            return byte;
        }
        units += char.len_utf16() as u64;
    }
    text.len()
}

fn text(value: &Value) -> Result<String> {
    value
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("{value} is no text"))
}
