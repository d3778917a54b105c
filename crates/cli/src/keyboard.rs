//! Keys of the terminal. Those that report releases (the kitty protocol) can be held; in others every press is a tap.

use std::io::{self, IsTerminal};
use std::thread;

use crossterm::event::{
    self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, KeyboardEnhancementFlags,
    PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::{execute, terminal};
use libretto_assistant::voice::{Error, Kind};

/// What was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Press {
    Down,
    Up,
    Cancel,
    Replay,
    Quit,
}

/// The terminal in raw mode; it is as it was before when this is dropped.
pub(crate) struct Keyboard {
    releases: bool,
}

impl Keyboard {
    /// Reads keys on a thread of its own until `press` returns false.
    pub(crate) fn open(mut press: impl FnMut(Press) -> bool + Send + 'static) -> Result<Self, Error> {
        if !io::stdin().is_terminal() {
            let message =
                "There is no keyboard here. Use `--json` and write commands to standard input instead.";
            return Err(Error::new(Kind::BadInput, message));
        }
        let failed = |error: io::Error| {
            Error::new(
                Kind::Unavailable,
                format!("The terminal cannot be read key by key ({error}); try another one."),
            )
        };
        terminal::enable_raw_mode().map_err(failed)?;
        let releases = terminal::supports_keyboard_enhancement().unwrap_or(false);
        if releases {
            let flags = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES
                | KeyboardEnhancementFlags::REPORT_EVENT_TYPES;
            execute!(io::stdout(), PushKeyboardEnhancementFlags(flags)).map_err(failed)?;
        }
        let keyboard = Self { releases };
        thread::Builder::new()
            .name("keyboard".into())
            .spawn(move || {
                while let Ok(event) = event::read() {
                    let Event::Key(key) = event else { continue };
                    if !presses(&key, releases).iter().all(|pressed| press(*pressed)) {
                        return;
                    }
                }
            })
            .map_err(failed)?;
        Ok(keyboard)
    }

    /// Whether a key can be held.
    pub(crate) fn tells_releases(&self) -> bool {
        self.releases
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        // Nothing can be done when the terminal has gone.
        if self.releases {
            let _ = execute!(io::stdout(), PopKeyboardEnhancementFlags);
        }
        let _ = terminal::disable_raw_mode();
    }
}

fn presses(key: &KeyEvent, releases: bool) -> &'static [Press] {
    let down = key.kind != KeyEventKind::Release;
    match key.code {
        KeyCode::Char(' ') | KeyCode::Enter => match (key.kind, releases) {
            (KeyEventKind::Release, _) => &[Press::Up],
            (KeyEventKind::Press | KeyEventKind::Repeat, true) => &[Press::Down],
            // The terminal tells no release: each press is a tap.
            (_, false) => &[Press::Down, Press::Up],
        },
        KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) && down => &[Press::Quit],
        KeyCode::Char('q') if down => &[Press::Quit],
        KeyCode::Char('r') if down => &[Press::Replay],
        KeyCode::Esc if down => &[Press::Cancel],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_without_releases_gives_taps() {
        let space = KeyEvent::new(KeyCode::Char(' '), KeyModifiers::NONE);
        assert_eq!(presses(&space, false), [Press::Down, Press::Up]);
        assert_eq!(presses(&space, true), [Press::Down]);
        let up = KeyEvent {
            kind: KeyEventKind::Release,
            ..space
        };
        assert_eq!(presses(&up, true), [Press::Up]);
        let quit = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(presses(&quit, false), [Press::Quit]);
    }
}
