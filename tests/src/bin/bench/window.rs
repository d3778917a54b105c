//! The window's figures: how soon it is there and listens, what it takes of the machine, and how smoothly it lights.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use libretto_testkit::{Display, program};
use libretto_tests::process::Usage;
use libretto_tests::talk::{ANSWER, WHOLE};
use libretto_tests::{Figure, Figures, Stage, Window, hearing, process};
use serde_json::json;

/// The talk key, as the display calls it.
const TALK: &str = "ctrl+shift+space";
/// A reply of some length.
const LONG: &str =
    "Tell me in a few sentences what a library is, what people do there, and why they like it.";
/// Something that happens at once, on a busy machine.
const SOON: Duration = Duration::from_secs(20);
const STARTS: usize = 5;
const PRESSES: usize = 8;
const REPLIES: usize = 3;
/// Engines that nobody uses leave after so long.
const LEAVE: Duration = Duration::from_secs(6);
/// How long the window is watched while nothing happens, and while it lights words.
const IDLE: Duration = Duration::from_secs(20);
const LIT: Duration = Duration::from_secs(4);
/// How often the display shows a picture, in milliseconds.
const FRAME: f64 = 1_000.0 / 60.0;

/// All of them.
pub(crate) fn measure() -> Result<Figures> {
    let mut figures = starts()?;
    for part in [keys()?, lighting()?, idle()?] {
        figures.figures.extend(part.figures);
    }
    Ok(figures)
}

/// From nothing running to a page that can be read, which is looked for every 50 ms. The programs' files may be in the system's memory already.
fn starts() -> Result<Figures> {
    let stage = Stage::new()?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(Window::start(&stage)?.opening().as_secs_f64());
    }
    let figures = vec![Figure::of("start to the window with its page", "s", &starts).aim(1.0, Some(1.5))];
    Ok(Figures { figures })
}

/// From the hotkey to the frame that says that it listens: with the microphone shut, and kept ready after a turn. The
/// few milliseconds that the key takes through a program to the display are in it.
fn keys() -> Result<Figures> {
    let mut figures = Figures::default();
    for (name, warm, aim) in [
        ("hotkey to \"Listening\" shown, microphone shut", 0, 0.3),
        ("hotkey to \"Listening\" shown, microphone ready", 300, 0.1),
    ] {
        let stage = Stage::new()?;
        stage.set(&format!("[microphone]\nkeep_warm = {warm}.0\n"))?;
        let window = opened(&stage)?;
        window.watch_frames()?;
        let mut shown = Vec::new();
        for _ in 0..=PRESSES {
            let pressed = Instant::now();
            window.display.press(TALK)?;
            window.wait_for_phase("listening", SOON)?;
            // What the page noted last may still be of the press before.
            let deadline = pressed + SOON;
            let mut at = window.headline("Listening", SOON)?;
            while at < pressed {
                ensure!(Instant::now() < deadline, "\"Listening\" was not shown");
                at = window.headline("Listening", SOON)?;
            }
            shown.push((at - pressed).as_secs_f64());
            window.display.release(TALK)?;
            window.display.tap("Escape")?;
            window.wait_for_phase("idle", SOON)?;
            window.headline("Ready", SOON)?;
        }
        // The first press opens the microphone in either case.
        let figure = Figure::of(name, "s", &shown[1..]).aim(aim, Some(aim * 2.0));
        figures.figures.push(figure);
    }
    Ok(figures)
}

/// Replies: memory, processor, frames, and when words are painted and heard.
fn lighting() -> Result<Figures> {
    let stage = Stage::new()?;
    let ear = stage.card.hear()?;
    let window = opened(&stage)?;
    let program = window.program()?;
    let (mut memory, mut shell, mut engines) = (Vec::new(), Vec::new(), Vec::new());
    // Nothing of the test runs in the page meanwhile. The first reply loads the models; it is not counted.
    for round in 0..=REPLIES {
        window.command("ask", &json!({ "text": LONG }))?;
        window.wait_for_phase("speaking", ANSWER)?;
        sleep(Duration::from_secs(1));
        let before = used(program)?;
        sleep(LIT);
        let after = used(program)?;
        if round > 0 && phase(&window)? == "speaking" {
            let share = |time: Duration| time.as_secs_f64() / LIT.as_secs_f64() * 100.0;
            let models: Duration = after
                .1
                .iter()
                .zip(&before.1)
                .map(|(to, from)| to.since(from))
                .sum();
            memory.push(process::memory(program)? as f64 / 1e6);
            shell.push(share(after.0.since(&before.0).saturating_sub(models)));
            engines.push(share(models));
        }
        window.wait_for_phase("idle", WHOLE)?;
    }
    ensure!(!shell.is_empty(), "no reply was long enough");
    let loaded = process::memory(program)? as f64 / 1e6;
    window.watch_light()?;
    window.watch_frames()?;
    let (mut errors, mut dropped, mut last) = (Vec::new(), Vec::new(), 0);
    for _ in 0..REPLIES {
        window.command("ask", &json!({ "text": LONG }))?;
        let turn = window.wait_for_turn_after(last, WHOLE)?;
        last = turn.id;
        let frames = window.frames()?;
        let missed: f64 = frames
            .iter()
            .map(|time| ((time / FRAME).round() - 1.0).max(0.0))
            .sum();
        dropped.push(missed / (missed + frames.len() as f64) * 100.0);
        let found = hearing::compare(&stage, &ear.sound()?, &turn)?;
        errors.extend(found.errors.iter().map(|error| error.abs() * 1e3));
    }
    let figures = vec![
        Figure::of("memory of everything while talking", "MB", &memory).aim(900.0, None),
        Figure::of("memory of everything, idle, models loaded", "MB", &[loaded]).aim(900.0, None),
        Figure::of("processor while lighting words, without the models", "%", &shell).aim(10.0, None),
        Figure::of("processor of the models meanwhile", "%", &engines),
        Figure::of("frames dropped while lighting words", "%", &dropped).aim(1.0, None),
        Figure::of("word painted to word audible", "ms", &errors).aim(20.0, Some(50.0)),
    ];
    Ok(Figures { figures })
}

/// What waiting takes when the engines have left: of a window that nothing drives, since what drives one asks its page
/// for everything, which leaves tens of megabytes there.
fn idle() -> Result<Figures> {
    let stage = Stage::new()?;
    stage.set(&format!(
        "[on_device]\nidle_minutes = {}\n[appearance]\nfirst_steps = false\n",
        LEAVE.as_secs_f64() / 60.0
    ))?;
    let display = Display::new()?;
    let libretto = |words: &[&str]| -> Result<Command> {
        let mut command = Command::new(program::binary("libretto")?);
        command.args(words).envs(stage.env()?).envs(display.env());
        Ok(command)
    };
    let mut window = libretto(&[])?.spawn()?;
    let measured = display.wait_for_window("Libretto", ANSWER).and_then(|()| {
        // A second start hands its question over; the answer is short, so that it is over before the engines leave.
        program::run(&mut libretto(&["ask", "What", "time", "is", "it?"])?, b"", ANSWER)?;
        rest(window.id())
    });
    process::kill(window.id());
    window.wait()?;
    let (busy, memory) = measured?;
    let figures = vec![
        Figure::of("processor of the idle window", "%", &[busy]).aim(1.0, None),
        Figure::of("memory of the window, idle, models have left", "MB", &[memory]).aim(300.0, None),
    ];
    Ok(Figures { figures })
}

/// Waits until the engines of a program came and left, and returns what it takes from then on: of a core in %, and in MB.
fn rest(program: u32) -> Result<(f64, f64)> {
    for (come, limit) in [(true, ANSWER), (false, LEAVE * 10)] {
        let deadline = Instant::now() + limit;
        while process::named(program, "libretto-engine")?.is_empty() == come {
            ensure!(Instant::now() < deadline, "the engines do not come and leave");
            sleep(Duration::from_millis(100));
        }
    }
    sleep(Duration::from_secs(3));
    let before = Usage::of(program)?;
    sleep(IDLE);
    let busy = Usage::of(program)?.since(&before).as_secs_f64() / IDLE.as_secs_f64() * 100.0;
    Ok((busy, process::memory(program)? as f64 / 1e6))
}

/// The window as somebody finds it who has used Libretto before.
fn opened(stage: &Stage) -> Result<Window> {
    let window = Window::start(stage)?;
    window.skip_first_steps()?;
    Ok(window)
}

fn phase(window: &Window) -> Result<String> {
    let snapshot = window.command("snapshot", &json!({}))?;
    Ok(snapshot["state"]["phase"]["kind"]
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

/// What all of it has used of the processor, and each engine.
fn used(program: u32) -> Result<(Usage, Vec<Usage>)> {
    let engines = process::named(program, "libretto-engine")?;
    let engines = engines.into_iter().map(Usage::of).collect::<Result<_>>()?;
    Ok((Usage::of(program)?, engines))
}
