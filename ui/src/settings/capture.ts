// From a pressed key to a hotkey's name, as the settings write it: `Ctrl+Shift+Space`.

const MODIFIERS = ["Control", "Shift", "Alt", "Meta", "AltGraph", "OS"];

/** What a press of keys is. */
export type Pressed =
  /** Only modifiers so far: to be shown while more is awaited. */
  | { kind: "held"; keys: string }
  | { kind: "keys"; keys: string }
  /** A key that everybody types with: alone it would be missing everywhere. */
  | { kind: "needs_modifier" }
  /** A key that has no name. */
  | { kind: "unknown" };

interface Press {
  code: string;
  key: string;
  ctrlKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  metaKey: boolean;
}

/** Reads a press. The place of a key counts, not what the layout writes with it: hotkeys are places. */
export function read(press: Press): Pressed {
  const held = [
    press.ctrlKey ? "Ctrl" : "",
    press.altKey ? "Alt" : "",
    press.shiftKey ? "Shift" : "",
    press.metaKey ? "Super" : "",
  ].filter(Boolean);
  if (MODIFIERS.includes(press.key)) return { kind: "held", keys: held.join("+") };
  const name = nameOf(press.code);
  if (!name) return { kind: "unknown" };
  // Function keys and the rare ones may stand alone; Shift alone still types.
  const typing = /^(?:Key[A-Z]|Digit\d|Space|Enter|Tab|Backspace|Delete|Arrow\w+|Home|End|Page\w+|Numpad\w+|[A-Z][a-z]+)$/u;
  const free = /^(?:F\d+|Escape|Pause|ScrollLock|Insert|PrintScreen|ContextMenu|Media\w+)$/u;
  const strong = press.ctrlKey || press.altKey || press.metaKey;
  if (!strong && !free.test(press.code) && typing.test(press.code)) return { kind: "needs_modifier" };
  return { kind: "keys", keys: [...held, name].join("+") };
}

function nameOf(code: string): string | undefined {
  const letter = /^(?:Key([A-Z])|Digit(\d))$/u.exec(code);
  if (letter) return letter[1] ?? letter[2];
  if (/^F(?:[1-9]|1\d|2[0-4])$/u.test(code)) return code;
  const named =
    /^(?:Space|Enter|Tab|Backspace|Delete|Insert|Escape|Home|End|PageUp|PageDown|Arrow(?:Up|Down|Left|Right)|Pause|ScrollLock|PrintScreen|Minus|Equal|BracketLeft|BracketRight|Backslash|Semicolon|Quote|Backquote|Comma|Period|Slash|Numpad\w+|Media\w+)$/u;
  return named.test(code) ? code : undefined;
}
