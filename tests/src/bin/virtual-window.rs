//! The window on a machine without a display or without sound: virtual ones, a recording of a person that speaks, and
//! pictures of what was seen left in a folder.
#![forbid(unsafe_code)]

#[cfg(unix)]
mod show {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::ExitCode;
    use std::thread::sleep;
    use std::time::Duration;

    use anyhow::{Context, Result};
    use libretto_testkit::recordings;
    use libretto_tests::talk::{ANSWER, WHOLE};
    use libretto_tests::{Hearing, Stage, Window};
    use serde_json::{Value, json};

    /// Which of the shipped recordings speaks.
    const RECORDING: &str = "go-forward";
    /// The talk key, as the display calls it.
    const TALK: &str = "ctrl+shift+space";
    /// Something that happens at once, on a busy machine.
    const SOON: Duration = Duration::from_secs(20);
    /// A window that has just come has drawn its page.
    const DRAWN: Duration = Duration::from_millis(1_500);

    pub(crate) fn main() -> ExitCode {
        let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
        let Some(folder) = arguments.next() else {
            eprintln!("Name the folder in which to leave the pictures, and perhaps an installed program.");
            return ExitCode::from(2);
        };
        match run(&folder, arguments.next()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("The virtual window failed: {error:#}");
                ExitCode::FAILURE
            }
        }
    }

    fn run(folder: &Path, installed: Option<PathBuf>) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let recording = recordings::named(RECORDING)?;
        let said = recording.audio()?;
        let stage = Stage::new()?;
        let ear = stage.card.hear()?;
        let window = match installed {
            Some(program) => Window::of(&stage, &program)?,
            None => Window::start(&stage)?,
        };
        let picture = |name: &str| window.display.picture(&folder.join(format!("{name}.png")));
        sleep(DRAWN);
        picture("first-steps")?;
        window.command(
            "settings_set",
            &json!({ "key": "appearance.first_steps", "value": false }),
        )?;
        sleep(DRAWN);
        picture("idle")?;
        window.watch_light()?;
        println!("A person says:     {}", recording.text);
        window.display.press(TALK)?;
        window.wait_for_phase("listening", SOON)?;
        let speech = stage.card.speak(&said)?;
        sleep(Duration::from_millis(900));
        picture("listening")?;
        speech.wait();
        let released = window.display.release(TALK)?;
        // What was answered in a pause before the key went up sounds at once, and nobody sees it think.
        let phase = |snapshot: &Value| snapshot["state"]["phase"]["kind"].clone();
        let begun = window.wait_until("an answer", ANSWER, |snapshot| {
            ["thinking", "speaking"].iter().any(|one| phase(snapshot) == *one)
        })?;
        if phase(&begun) == "thinking" {
            picture("thinking")?;
        }
        window.wait_for_phase("speaking", ANSWER)?;
        sleep(Duration::from_millis(700));
        picture("speaking")?;
        let turn = window.wait_for_turn(WHOLE)?;
        sleep(Duration::from_millis(300));
        picture("answered")?;
        let sound = ear.sound()?;
        println!("Libretto heard:    {}", turn.said);
        println!("Libretto answered: {}", turn.reply);
        if let Some(hearing) = Hearing::of(&stage, &sound, released)? {
            println!("Recognised at the loudspeaker: {}", hearing.text);
            recordings::write_wav(&folder.join("reply.wav"), &hearing.audio)?;
        }
        fs::write(
            folder.join("transcript.txt"),
            format!("You:      {}\nLibretto: {}\n", turn.said, turn.reply),
        )?;
        for (label, title) in [
            ("settings", "Libretto: settings"),
            ("quick-ask", "Libretto: quick ask"),
        ] {
            window.command("window_open", &json!({ "window": label }))?;
            window.display.wait_for_window(title, SOON)?;
            sleep(DRAWN);
            picture(label)?;
            window.command("window_hide", &json!({ "window": label }))?;
        }
        window.command("window_hide", &json!({ "window": "main" }))?;
        window.display.press(TALK)?;
        window.wait_for_phase("listening", SOON)?;
        window.display.wait_for_window("Libretto: at work", SOON)?;
        stage.card.speak(&said)?.wait();
        picture("overlay")?;
        window.display.release(TALK)?;
        println!("The pictures are in {}.", folder.display());
        Ok(())
    }
}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    show::main()
}

#[cfg(not(unix))]
fn main() {
    eprintln!("Virtual displays need an X server, which this system does not have.");
    std::process::exit(1);
}
