// axe finds nothing, in any state, light, dark and in high contrast, from left to right and from right to left.

import { describe, expect, it } from "vitest";

import type { Window } from "../src/bridge/types";
import { type Open, openTheatre, type Scene } from "./stage";

const theatre = openTheatre();

const nothing = async (): Promise<void> => undefined;
const section =
  (index: number) =>
  async (scene: Scene): Promise<void> => {
    await scene.page.getByRole("navigation").getByRole("button").nth(index).click();
    await scene.wait(300);
  };
const asked = async (scene: Scene): Promise<void> => {
  await scene.page.locator("textarea").fill("Why is the sea salty?");
  await scene.page.keyboard.press("Enter");
  await scene.wait(1_500);
};
const MISSING = `world.missing = [
  { part: "language_model", id: "qwen3-1.7b", name: "Qwen3 1.7B", bytes: 1282439264, verified: true, setting: "on_device.model", download: null },
  { part: "voice", id: "long-gone", name: null, bytes: null, verified: false, setting: "on_device.voice", download: null },
  { part: "vad", id: "silero", name: "Silero VAD 6.2", bytes: 1289603, verified: true, setting: null,
    download: { model: "silero", phase: "downloading", source: null, bytes: 600000, total: 1289603, rate: 70000 } },
];`;
/** Nothing of what Libretto comes with was fetched yet. */
const NONE_YET = `world.missing = [
  ["recogniser", "Moonshine tiny", 28431117], ["language_model", "SmolLM2 135M", 105000000], ["voice", "Heart", 13800000],
].map(([part, name, bytes]) => ({ part, id: name, name, bytes, verified: true, setting: null, download: null }));`;
const fetchAll = async (scene: Scene): Promise<void> => {
  await scene.wait(300);
  await scene.page.getByRole("group").getByRole("button").first().click();
  await scene.wait(100);
};
const first = "world.settings.appearance.first_steps = true;";
const names = ["voice", "models", "devices", "hotkeys", "conversation", "language", "appearance", "privacy", "keys", "providers", "advanced", "about"];

const STATES: [name: string, window: Window, world: string, play: (scene: Scene) => Promise<void>][] = [
  ["idle", "main", "", nothing],
  ["speaking", "main", "", asked],
  ["cut", "main", "", async (s) => { await asked(s); await s.page.keyboard.press("Escape"); await s.wait(200); }],
  ["listening", "main", "", async (s) => { await s.stage((stage) => { void stage.talk(true); }); await s.wait(600); }],
  ["error", "main", "", async (s) => {
    await s.stage((stage) => {
      const event = { stage: "model", kind: "timeout", message: "It took too long.", next: "another", text: null } as const;
      stage.tell(1, { group: "problem", event });
      stage.tell(null, { group: "problem", event: { ...event, stage: "microphone", next: null } });
    });
    await s.wait(100);
  }],
  ["history", "main", "", async (s) => {
    await s.page.locator("header button").first().click();
    await s.wait(300);
    await s.page.locator("aside .item button.icon").nth(1).click();
  }],
  ["history: a conversation", "main", "world.settings.appearance.latency = true;", async (s) => {
    await s.page.locator("header button").first().click();
    await s.wait(300);
    await s.page.locator("aside .item .title").nth(1).click();
    await s.wait(200);
  }],
  ["sound", "main", "", async (s) => { await s.page.locator(".dock .sound button").click(); }],
  ["first 1", "main", first, async (s) => { await s.wait(500); }],
  ["first 2", "main", first, async (s) => { await s.page.locator("footer button").last().click(); }],
  ["first 3", "main", first, async (s) => {
    await s.page.locator("footer button").last().click();
    await s.page.locator("footer button").last().click();
  }],
  ...names.map((name, index): (typeof STATES)[number] => [`settings: ${name}`, "settings", "", section(index)]),
  ["settings: persona", "settings", "", async (s) => {
    await section(4)(s);
    await s.page.getByRole("button", { name: "Add persona" }).or(s.page.locator(".pick button")).first().click();
    await s.page.locator(".begin button").first().click();
    await s.wait(200);
  }],
  ["settings: search", "settings", "", async (s) => { await s.page.getByRole("searchbox").fill("a"); await s.wait(300); }],
  ["settings: hotkeys by the portal", "settings", 'world.snapshot.shell.way = "portal"; world.snapshot.shell.hotkeys[0].trigger = "Press Super+T";', section(3)],
  ["settings: hotkeys by command", "settings", 'world.snapshot.shell.way = "command";', section(3)],
  ["settings: a voice's sample", "settings", "", async (s) => {
    await s.page.locator(".voice button").first().click();
    await s.wait(600);
  }],
  ["latency", "main", "world.settings.appearance.latency = true;", async (s) => { await asked(s); await s.wait(6_000); }],
  ["missing models", "main", MISSING, nothing],
  ["no models yet", "main", NONE_YET, async (s) => { await s.wait(300); }],
  ["no models yet, being fetched", "main", NONE_YET, fetchAll],
  ["first 1, no models yet", "main", first + NONE_YET, async (s) => { await s.wait(500); }],
  ["first 1, models being fetched", "main", first + NONE_YET, fetchAll],
  ["a silent microphone", "main", "", async (s) => {
    await s.stage((stage) => { void stage.talk(true); });
    await s.wait(600);
    await s.stage((stage) => {
      const event = { stage: "microphone", kind: "device", message: "It gives only silence.", next: null, text: null } as const;
      stage.tell(null, { group: "problem", event });
    });
    await s.wait(100);
  }],
  ["a notice", "main", 'world.snapshot.notices = [{ about: "secrets", sentence: "The keychain is locked." }];', nothing],
  ["a talk key that another app has", "main", 'world.snapshot.shell.hotkeys[0].problem = "Another app is using it.";', nothing],
  ["quick ask", "quick-ask", "", nothing],
  ["quick ask, speaking", "quick-ask", "", asked],
  ["a turn that another provider took over", "main", "", async (s) => {
    await s.stage((stage) => {
      const using = (stage: "model" | "voice", provider: string) => ({ group: "progress", event: { kind: "using", stage, provider } }) as const;
      const event = { stage: "model", kind: "quota", message: "OpenAI is used up.", next: "on-device", text: null } as const;
      stage.tell(1, using("model", "openai"), { group: "problem", event }, using("model", "on-device"), using("voice", "elevenlabs"));
      stage.tell(1, { group: "data", event: { kind: "said", text: "Hello?" } }, { group: "data", event: { kind: "reply", delta: "Hello." } });
    });
    await s.wait(100);
  }],
  ["examples that are in English only", "main", "for (const one of world.providers.providers) one.hasKey = false;", nothing],
  ["overlay, a problem", "overlay", "", async (s) => {
    await s.stage((stage) => {
      const event = { stage: "microphone", kind: "device", message: "There is no microphone. Plug one in.", next: null, text: null } as const;
      stage.tell(1, { group: "problem", event });
    });
    await s.wait(100);
  }],
  ["overlay", "overlay", "", async (s) => { await s.stage((stage) => { void stage.ask("What?"); }); await s.wait(1_500); }],
];

const LOOKS: Record<string, string> = {
  light: "",
  dark: 'world.settings.appearance.theme = "dark";',
  "high contrast": 'world.settings.appearance.theme = "high_contrast";',
  "Arabic, from right to left": 'world.settings.appearance.language = "ar";',
};

describe.each(Object.keys(LOOKS))("%s", (look) => {
  it.concurrent.each(STATES)("%s", async (_, window, world, play) => {
    const open: Open = { window, world: world + (LOOKS[look] ?? "") };
    const scene = await theatre.show(open);
    await play(scene);
    // Colours glide by the browser's own clock.
    await new Promise((done) => setTimeout(done, 300));
    expect(await scene.axe()).toEqual([]);
    await scene.close();
  });
});
