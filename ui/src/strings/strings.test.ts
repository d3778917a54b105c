import { describe, expect, it, vi } from "vitest";

import { ar } from "./ar";
import { de } from "./de";
import { en, type Plural } from "./en";
import { es } from "./es";
import { fr } from "./fr";
import { bytes, type Catalogue, choose, fill, type Key } from "./strings.svelte";
import { zh } from "./zh";

const ALL: Record<string, Catalogue> = { en, de, fr, es, ar, zh };
const keys = Object.keys(en) as Key[];
const blanks = (text: string): string[] => Array.from(text.matchAll(/\{\w+\}/gu), (match) => match[0]).sort();
const forms = (text: string | Plural): string[] => (typeof text === "string" ? [text] : Object.values(text));

describe.each(Object.keys(ALL))("the catalogue of %s", (tag) => {
  const catalogue = ALL[tag] ?? en;

  it("has every text, and none empty or left in English by mistake", () => {
    expect(Object.keys(catalogue).sort()).toEqual([...keys].sort());
    for (const key of keys) for (const form of forms(catalogue[key])) expect(form.trim(), key).not.toBe("");
    const same = keys.filter((key) => JSON.stringify(catalogue[key]) === JSON.stringify(en[key]));
    if (tag !== "en") expect(same.length, same.join(" ")).toBeLessThan(20);
  });

  it("has the same blanks", () => {
    for (const key of keys) {
      const wanted = typeof en[key] === "string" ? blanks(en[key]) : [];
      if (typeof en[key] === "string") for (const form of forms(catalogue[key])) expect(blanks(form), key).toEqual(wanted);
    }
  });

  it("has every plural that its language knows", () => {
    const rules = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
    for (const key of keys) {
      const text: string | Plural = catalogue[key];
      if (typeof text !== "string") expect(Object.keys(text).sort(), key).toEqual([...rules].sort());
    }
  });
});

describe("texts", () => {
  it("count as their language counts", () => {
    expect(fill(en, "en", "privacy.days", { count: 1 })).toBe("One day");
    expect(fill(en, "en", "privacy.days", { count: 2_000 })).toBe("2,000 days");
    expect(fill(ar, "ar", "privacy.days", { count: 2 })).toBe("يومان");
    expect(fill(ar, "ar", "privacy.days", { count: 11 })).toContain("يومًا");
    expect(fill(zh, "zh", "privacy.days", { count: 1 })).toBe("1 天");
  });

  it("fill in what they are given, whatever is in it", () => {
    expect(fill(en, "en", "history.deleteSure", { title: "{title} $& <b>" })).toBe(
      "Delete “{title} $& <b>”? This cannot be undone.",
    );
  });

  it("give sizes in the unit that they are written in", () => {
    vi.stubGlobal("navigator", { languages: ["en"] });
    expect([0, 999, 28_431_117, 999_600, 1_300_000_000].map(bytes)).toEqual(["0 byte", "999 byte", "28.4 MB", "1 MB", "1.3 GB"]);
  });

  it("are in the first language that is known", () => {
    expect(choose(["pt-BR", "fr-CA", "en"])).toBe("fr");
    expect(choose(["zh-Hant-HK"])).toBe("zh");
    expect(choose(["tlh"])).toBe("en");
  });
});
