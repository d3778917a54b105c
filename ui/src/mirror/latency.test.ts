import { describe, expect, it } from "vitest";

import type { Milestone, Passed } from "../bridge/types";
import { steps } from "./latency";

const passed = (...all: [Milestone, number][]): Passed[] => all.map(([milestone, at]) => ({ milestone, at }));

describe("how long a turn took", () => {
  it("is counted from the last word that was said", () => {
    const turn = passed(["opened", 0], ["speech_end", 1_900], ["key_up", 2_000], ["final_transcript", 2_150], ["first_token", 2_400], ["first_sound", 2_800], ["first_word_lit", 2_830]);
    expect(steps(turn)).toEqual([
      { name: "understood", at: 250 },
      { name: "written", at: 500 },
      { name: "heard", at: 900 },
      { name: "lit", at: 930 },
    ]);
  });

  it("is counted from the question when it was typed", () => {
    const turn = passed(["opened", 0], ["final_transcript", 0], ["first_token", 400], ["first_sound", 700]);
    expect(steps(turn)).toEqual([{ name: "written", at: 400 }, { name: "heard", at: 700 }]);
  });

  it("is nothing when nothing is known, and never less than nothing", () => {
    expect(steps([])).toEqual([]);
    expect(steps(passed(["opened", 0], ["key_up", 500], ["final_transcript", 450]))).toEqual([{ name: "understood", at: 0 }]);
  });
});
