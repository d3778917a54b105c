import { describe, expect, it } from "vitest";

import type { Word } from "../bridge/types";
import { LEAD, untilChange } from "./frames";
import { LINGER, lightAt, nextChange, sampleAt } from "./light";

const RATE = 24_000;
/** "One two … three": a pause of a second before the last. */
const WORDS: Word[] = [
  { text: { start: 0, end: 3 }, audio: { start: 2_400, end: 12_000 }, cluster: 0, provenance: "measured" },
  { text: { start: 4, end: 7 }, audio: { start: 12_000, end: 24_000 }, cluster: 0, provenance: "measured" },
  { text: { start: 8, end: 13 }, audio: { start: 48_000, end: 60_000 }, cluster: 0, provenance: "measured" },
];

describe("light", () => {
  it("goes from word to word", () => {
    expect(lightAt(WORDS, 0, RATE)).toEqual({ heard: 0, now: -1 });
    expect(lightAt(WORDS, 2_400, RATE)).toEqual({ heard: 0, now: 0 });
    expect(lightAt(WORDS, 11_999, RATE)).toEqual({ heard: 0, now: 0 });
    expect(lightAt(WORDS, 12_000, RATE)).toEqual({ heard: 4, now: 1 });
  });

  it("lingers, and goes out in a pause", () => {
    expect(lightAt(WORDS, 24_000 + LINGER * RATE - 1, RATE).now).toBe(1);
    expect(lightAt(WORDS, 24_000 + LINGER * RATE, RATE)).toEqual({ heard: 7, now: -1 });
    expect(lightAt(WORDS, 99_999, RATE)).toEqual({ heard: 13, now: -1 });
  });

  it("of nothing is nothing", () => {
    expect(lightAt([], 5, RATE)).toEqual({ heard: 0, now: -1 });
    expect(nextChange([], 5, RATE)).toBeUndefined();
  });

  it("knows when it changes next", () => {
    expect(nextChange(WORDS, 0, RATE)).toBe(2_400);
    expect(nextChange(WORDS, 2_400, RATE)).toBe(12_000);
    expect(nextChange(WORDS, 12_000, RATE)).toBe(24_000 + LINGER * RATE);
    expect(nextChange(WORDS, 40_000, RATE)).toBe(48_000);
    expect(nextChange(WORDS, 99_999, RATE)).toBeUndefined();
  });

  it("never changes between two changes", () => {
    for (let sample = 0; sample < 70_000; sample += 97) {
      const next = nextChange(WORDS, sample, RATE);
      if (next === undefined) continue;
      expect(next).toBeGreaterThan(sample);
      expect(lightAt(WORDS, next - 1, RATE)).toEqual(lightAt(WORDS, sample, RATE));
      expect(lightAt(WORDS, next, RATE)).not.toEqual(lightAt(WORDS, sample, RATE));
    }
  });
});

describe("the playhead's anchor", () => {
  const anchor = { turn: 1, sample: 1_000, at: 500, rate: RATE };

  it("moves on at its rate", () => {
    expect(sampleAt(anchor, 500)).toBe(1_000);
    expect(sampleAt(anchor, 1_500)).toBe(25_000);
    expect(sampleAt({ ...anchor, rate: 0 }, 9_999)).toBe(1_000);
  });

  it("says how long nothing changes, for the frame that is seen later", () => {
    const start = { turn: 1, sample: 0, at: 0, rate: RATE };
    expect(untilChange(start, WORDS, 0)).toBeCloseTo(100 - LEAD);
    expect(untilChange({ ...start, rate: 0 }, WORDS, 0)).toBeGreaterThan(100);
    expect(untilChange(null, WORDS, 0)).toBeGreaterThan(100);
  });
});
