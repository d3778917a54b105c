import { describe, expect, it } from "vitest";

import type { Mark, Provenance } from "../bridge/types";
import { Graphemes } from "./graphemes";
import { timed, wordAt, words } from "./words";

function cut(text: string): string[] {
  const graphemes = new Graphemes(text);
  return words(text).map((word) => text.slice(graphemes.offset(word.start), graphemes.offset(word.end)));
}

function mark(text: [number, number], audio: [number, number], provenance: Provenance = "measured"): Mark {
  return { text: { start: text[0], end: text[1] }, audio: { start: audio[0], end: audio[1] }, provenance };
}

describe("graphemes", () => {
  it("count a family as one", () => {
    const graphemes = new Graphemes("a👨‍👩‍👧b");
    expect(graphemes.length).toBe(3);
    expect(graphemes.offset(2)).toBe("a👨‍👩‍👧".length);
    expect(graphemes.index(3)).toBe(1);
    expect(graphemes.index(99)).toBe(3);
  });

  it("keep vowel signs with their letters", () => {
    expect(new Graphemes("مَرحَباً").length).toBe(5);
    expect(new Graphemes("नमस्ते").length).toBeLessThan("नमस्ते".length);
  });

  it("of nothing are none", () => {
    const graphemes = new Graphemes("");
    expect([graphemes.length, graphemes.offset(0), graphemes.index(0)]).toEqual([0, 0, 0]);
  });
});

describe("words", () => {
  it("take their punctuation along, as the backend's do", () => {
    expect(cut("“Well,” she said—twice.")).toEqual(["“Well,”", "she", "said—twice."]);
    expect(cut("It's 3.14, O'Neil  (really)!")).toEqual(["It's", "3.14,", "O'Neil", "(really)!"]);
    expect(cut("  ")).toEqual([]);
    expect(cut("a - b")).toEqual(["a", "-", "b"]);
  });

  it("stay whole in Arabic and are cut in Chinese", () => {
    expect(cut("مَرحَباً بالعالم")).toEqual(["مَرحَباً", "بالعالم"]);
    expect(cut("今天天气很好。").length).toBeGreaterThan(2);
  });

  it("are found by a cluster, or the next one is", () => {
    expect(wordAt("One two", 1)).toEqual({ start: 0, end: 3 });
    expect(wordAt("One two", 3)).toEqual({ start: 4, end: 7 });
    expect(wordAt("One two", 7)).toBeUndefined();
  });
});

describe("timed words", () => {
  it("join the marks of their characters", () => {
    const marks = [..."ab, cd"].flatMap((c, i) => (c === " " ? [] : [mark([i, i + 1], [i * 10, i * 10 + 10])]));
    expect(timed("ab, cd", marks).map((word) => [word.text, word.audio])).toEqual([
      [{ start: 0, end: 3 }, { start: 0, end: 30 }],
      [{ start: 4, end: 6 }, { start: 40, end: 60 }],
    ]);
  });

  it("share a mark that reaches over two", () => {
    expect(timed("New York", [mark([0, 8], [0, 80])]).map((word) => word.audio.start)).toEqual([0, 0]);
  });

  it("are a guess only where what is said was guessed", () => {
    const marks = [mark([0, 2], [0, 5]), mark([2, 3], [5, 6], "estimated"), mark([4, 6], [6, 9], "estimated")];
    expect(timed("ab, cd", marks).map((word) => word.provenance)).toEqual(["measured", "estimated"]);
  });

  it("leave out what has no time", () => {
    expect(timed("One two three", [mark([0, 3], [0, 5]), mark([8, 13], [5, 9])])).toHaveLength(2);
  });
});
