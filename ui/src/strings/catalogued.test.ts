import { describe, expect, it } from "vitest";

import catalogue from "../../../crates/ondevice/src/catalogue/models.toml?raw";
import { SENTENCES } from "./catalogued";
import { LANGUAGES } from "./strings.svelte";

const said = new Set(
  Array.from(catalogue.matchAll(/(?:^description|^quality|\bnote) = "([^"]+)"/gmu), (match) => match[1] ?? ""),
);

describe("what the models' catalogue says", () => {
  it("is there in every language, and nothing that it says no more", () => {
    expect(said.size).toBeGreaterThan(20);
    expect(Object.keys(SENTENCES).sort()).toEqual([...said].sort());
  });

  it("is in no language left empty or in English", () => {
    const foreign = Object.keys(LANGUAGES).filter((tag) => tag !== "en").sort();
    for (const [sentence, translations] of Object.entries(SENTENCES)) {
      expect(Object.keys(translations).sort(), sentence).toEqual(foreign);
      for (const text of Object.values(translations)) expect(["", sentence]).not.toContain(text.trim());
    }
  });
});
