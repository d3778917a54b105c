import { expect, it } from "vitest";

import type { State } from "../bridge/types";
import { hint } from "./state";

it("promises no key that cannot be had", () => {
  const view = (phase: State["phase"], mode: State["mode"] = "push_to_talk") => ({ state: { mode, turn: 1, phase }, deaf: false });
  const speaking = view({ kind: "speaking", ducked: false });
  expect(hint(speaking, { talk: "", cancel: "Esc" })).toContain("Esc");
  for (const running of [speaking, view({ kind: "thinking" }), view({ kind: "finishing", tail: false })]) {
    expect(hint(running, { talk: "", cancel: "" })).toBe("");
  }
});
