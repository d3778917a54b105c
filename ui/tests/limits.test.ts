// What has no effect as things are says so beside it.

import { describe, expect, it } from "vitest";

import { ar } from "../src/strings/ar";
import { de } from "../src/strings/de";
import { en } from "../src/strings/en";
import { es } from "../src/strings/es";
import { fr } from "../src/strings/fr";
import { zh } from "../src/strings/zh";
import { openTheatre, type Scene } from "./stage";

const theatre = openTheatre();
let scene: Scene;

const show = async (world = ""): Promise<void> => {
  scene = await theatre.show({ window: "settings", world });
};
const section = async (name: string): Promise<void> => {
  await scene.page.getByRole("navigation").getByRole("button", { name, exact: true }).click();
  await scene.wait(50);
};

const KEYLESS = "for (const one of world.providers.providers) one.hasKey = false;";
const ALL = { en, de, fr, es, ar, zh };
/** Where each stands, and what it says. */
const NOTES = [
  ["settings.advanced", "advanced.temperature", "advanced.temperatureHere"],
  ["settings.advanced", "advanced.tokens", "advanced.tokensHere"],
  ["settings.conversation", "conversation.memory", "conversation.memoryHere"],
  ["settings.language", "language.vocabulary", "language.vocabularyHere"],
] as const;

/** How often each of them is told. */
async function told(): Promise<number[]> {
  const found: number[] = [];
  for (const [place, , note] of NOTES) {
    await section(en[place]);
    found.push(await scene.page.getByText(en[note]).count());
  }
  return found;
}

describe("settings that this computer's models do not follow", () => {
  it.each(Object.keys(ALL) as (keyof typeof ALL)[])("say so where these are in use: %s", async (language) => {
    const texts = ALL[language];
    await show(`${KEYLESS} world.settings.appearance.language = "${language}";`);
    for (const [place, name, note] of NOTES) {
      await section(texts[place]);
      expect(await scene.page.getByText(texts[note]).isVisible()).toBe(true);
      // Whoever does not see it hears it with the control.
      const ids = await scene.page.getByLabel(texts[name], { exact: true }).getAttribute("aria-describedby");
      const hints = await Promise.all((ids ?? "").split(" ").map((id) => scene.page.locator(`[id="${id}"]`).innerText()));
      expect(hints).toContain(texts[note]);
    }
    if (language === "ar") expect(await scene.axe()).toEqual([]);
  });

  it("say nothing where a service is asked first, until this computer comes before it", async () => {
    await show();
    expect(await told()).toEqual([0, 0, 0, 0]);
    await section("Providers");
    const move = scene.page.getByRole("button", { name: "Move This computer up" });
    for (let n = 0; n < 3; n++) {
      await move.first().click();
      await scene.wait(50);
    }
    expect(await told()).toEqual([0, 0, 0, 1]);
  });

  it("go by the persona where it has a model of its own", async () => {
    const persona = (provider: string): string => `world.settings.conversation.personas = [{ name: "Own", model_provider: "${provider}" }];
      world.settings.conversation.persona = "Own";`;
    await show(persona("on-device"));
    expect(await told()).toEqual([1, 1, 1, 0]);
    await show(`world.providers.model = ["on-device", "openai"]; ${persona("openai")}`);
    expect(await told()).toEqual([0, 0, 0, 0]);
    // Nobody can be asked without a key.
    await show(`world.providers.model = ["on-device", "openai"]; ${persona("openrouter")}`);
    expect(await told()).toEqual([1, 1, 1, 0]);
  });
});
