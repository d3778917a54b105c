import { describe, expect, it } from "vitest";

import { read } from "./capture";

const press = (code: string, key: string, ...held: ("ctrl" | "alt" | "shift" | "meta")[]) =>
  read({
    code,
    key,
    ctrlKey: held.includes("ctrl"),
    altKey: held.includes("alt"),
    shiftKey: held.includes("shift"),
    metaKey: held.includes("meta"),
  });

describe("a captured hotkey", () => {
  it("is written as the settings write it", () => {
    expect(press("Space", " ", "ctrl", "shift")).toEqual({ kind: "keys", keys: "Ctrl+Shift+Space" });
    expect(press("KeyK", "K", "shift", "ctrl")).toEqual({ kind: "keys", keys: "Ctrl+Shift+K" });
    expect(press("Digit1", "!", "meta")).toEqual({ kind: "keys", keys: "Super+1" });
  });

  it("counts places, not letters: an Arabic or German layout changes nothing", () => {
    expect(press("KeyZ", "ئ", "alt")).toEqual({ kind: "keys", keys: "Alt+Z" });
    expect(press("KeyY", "z", "ctrl")).toEqual({ kind: "keys", keys: "Ctrl+Y" });
  });

  it("may stand alone where nobody types with it", () => {
    expect(press("F9", "F9")).toEqual({ kind: "keys", keys: "F9" });
    expect(press("Escape", "Escape")).toEqual({ kind: "keys", keys: "Escape" });
    expect(press("Pause", "Pause")).toEqual({ kind: "keys", keys: "Pause" });
  });

  it("needs a modifier otherwise (Whispering 2033: the default was plain Space)", () => {
    expect(press("Space", " ")).toEqual({ kind: "needs_modifier" });
    expect(press("KeyA", "A", "shift")).toEqual({ kind: "needs_modifier" });
    expect(press("Comma", ",")).toEqual({ kind: "needs_modifier" });
  });

  it("shows the modifiers that are held", () => {
    expect(press("ControlLeft", "Control", "ctrl")).toEqual({ kind: "held", keys: "Ctrl" });
    expect(press("ShiftLeft", "Shift", "ctrl", "shift")).toEqual({ kind: "held", keys: "Ctrl+Shift" });
  });

  it("is nothing for a key without a name", () => {
    expect(press("", "Unidentified", "ctrl")).toEqual({ kind: "unknown" });
    expect(press("Lang1", "x", "ctrl")).toEqual({ kind: "unknown" });
  });
});
