import { describe, expect, it } from "vitest";

import { words } from "./words";

const cut = (text: string): string[] => words(text).map(({ text: { start, end } }) => text.slice(start, end));

describe("the words of a text", () => {
  it("take their punctuation along, and leave out what is not said", () => {
    expect(cut("“Well,” she said – it's 3.5 km!")).toEqual(["“Well,”", "she", "said", "it's", "3.5", "km!"]);
    expect(cut("# A **bold** word\n- and `code`")).toEqual(["A", "**bold**", "word", "and", "`code`"]);
    expect(cut("  \n … ")).toEqual([]);
    expect(cut("")).toEqual([]);
  });

  it("are found where no spaces are written", () => {
    const text = "今天天气很好。明天呢？";
    const found = cut(text);
    expect(found.length).toBeGreaterThan(3);
    expect(found.join("")).toBe(text);
    expect(cut("كيف حال الطقس غداً؟")).toEqual(["كيف", "حال", "الطقس", "غداً؟"]);
  });

  it("are counted in grapheme clusters", () => {
    // A family is one cluster of eleven units; é is one of two.
    const found = words("👨‍👩‍👧‍👦 cafe\u0301 noir");
    expect(found.map(({ cluster }) => cluster)).toEqual([2, 7]);
    expect(found.map(({ text }) => text)).toEqual([{ start: 12, end: 17 }, { start: 18, end: 22 }]);
  });
});
