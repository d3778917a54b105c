//! Keys in the notation that desktops understand.

use tauri_plugin_global_shortcut::{Code, Modifiers, Shortcut};

/// A key as the XDG shortcuts specification writes it (`CTRL+SHIFT+space`): the names of modifiers, then a keysym's.
/// `None` for keys that have no keysym of their own.
pub fn of(shortcut: Shortcut) -> Option<String> {
    const MODIFIERS: [(Modifiers, &str); 4] = [
        (Modifiers::CONTROL, "CTRL"),
        (Modifiers::ALT, "ALT"),
        (Modifiers::SHIFT, "SHIFT"),
        (Modifiers::SUPER, "LOGO"),
    ];
    let held = MODIFIERS
        .iter()
        .filter(|(modifier, _)| shortcut.mods.contains(*modifier))
        .map(|(_, name)| (*name).to_owned());
    let parts: Vec<String> = held.chain([keysym(shortcut.key)?]).collect();
    Some(parts.join("+"))
}

/// The keysym of a key on the keyboard that most people have (US).
fn keysym(key: Code) -> Option<String> {
    let name = key.to_string();
    let rest = |prefix: &str| name.strip_prefix(prefix).filter(|rest| rest.len() == 1);
    if let Some(letter) = rest("Key") {
        return Some(letter.to_lowercase());
    }
    if let Some(digit) = rest("Digit") {
        return Some(digit.to_owned());
    }
    if let Some(digit) = rest("Numpad").filter(|digit| digit.chars().all(|c| c.is_ascii_digit())) {
        return Some(format!("KP_{digit}"));
    }
    let known = match key {
        Code::Space => "space",
        Code::Escape => "Escape",
        Code::Enter => "Return",
        Code::Tab => "Tab",
        Code::Backspace => "BackSpace",
        Code::Delete => "Delete",
        Code::Insert => "Insert",
        Code::Home => "Home",
        Code::End => "End",
        Code::PageUp => "Page_Up",
        Code::PageDown => "Page_Down",
        Code::ArrowUp => "Up",
        Code::ArrowDown => "Down",
        Code::ArrowLeft => "Left",
        Code::ArrowRight => "Right",
        Code::Minus => "minus",
        Code::Equal => "equal",
        Code::Comma => "comma",
        Code::Period => "period",
        Code::Slash => "slash",
        Code::Semicolon => "semicolon",
        Code::Quote => "apostrophe",
        Code::Backquote => "grave",
        Code::Backslash => "backslash",
        Code::BracketLeft => "bracketleft",
        Code::BracketRight => "bracketright",
        Code::Pause => "Pause",
        Code::ScrollLock => "Scroll_Lock",
        Code::PrintScreen => "Print",
        _ => {
            let number = name.strip_prefix('F')?.parse::<u8>().ok()?;
            return (1..=35).contains(&number).then(|| format!("F{number}"));
        }
    };
    Some(known.to_owned())
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn keys_are_written_as_desktops_write_them() {
        let written = |keys: &str| of(Shortcut::from_str(keys).unwrap());
        for (keys, trigger) in [
            ("Ctrl+Shift+Space", "CTRL+SHIFT+space"),
            ("Escape", "Escape"),
            ("Ctrl+Alt+J", "CTRL+ALT+j"),
            ("Super+F9", "LOGO+F9"),
            ("Alt+1", "ALT+1"),
            ("Ctrl+PageUp", "CTRL+Page_Up"),
        ] {
            assert_eq!(written(keys).as_deref(), Some(trigger));
        }
        assert_eq!(written("Ctrl+MediaPlayPause"), None);
    }
}
