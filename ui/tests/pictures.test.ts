// A picture of every state, light and dark, from left to right and from right to left, at 100, 125 and 200 %. They go to
// `pictures/`; look at them.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

import { type Open, openTheatre, type Scene } from "./stage";

const FOLDER = fileURLToPath(new URL("../pictures/", import.meta.url));

mkdirSync(FOLDER, { recursive: true });
const theatre = openTheatre();

/** What is done before the picture is taken. */
type Play = (scene: Scene) => Promise<void>;

const LONG =
  "The sea is salty because **rivers carry salt** into it. Rain takes a little of it from the rocks, and the sea keeps it when its water rises as clouds. It has done so for about four thousand million years.";
const ARABIC = "عاصمة فرنسا هي باريس، وهي مدينة كبيرة على ضفاف نهر السين. يزورها الملايين كل عام.";
const MARKDOWN =
  "Here is a plan:\n\n1. Boil **one litre** of water\n2. Add `salt` and the potatoes\n3. Wait for *twenty minutes*\n\n> Patience is the best spice.\n\n```sh\nboil --litres 1 potatoes\n```\n\nSee [the recipe](https://example.org).";

const ask =
  (question: string, reply: string, wait: number): Play =>
  async (scene) => {
    await scene.stage((stage, reply) => (stage.reply = reply), reply);
    await scene.page.locator("textarea").first().fill(question);
    await scene.page.keyboard.press("Enter");
    await scene.wait(wait);
    await scene.page.locator("textarea").first().blur();
  };

const hold: Play = async (scene) => {
  await scene.page.getByRole("button", { name: "Hold to talk" }).dispatchEvent("pointerdown", { button: 0, pointerId: 1 });
};

const section =
  (name: string): Play =>
  async (scene) => {
    await scene.page.getByRole("navigation").getByRole("button", { name, exact: true }).click();
    await scene.wait(200);
  };

const EXCHANGES = `world.snapshot.exchanges = [
  { original: { kind: "exchange", id: 1 }, said: "Who wrote Faust?", reply: "Johann Wolfgang von Goethe wrote it, over sixty years.", heard: 53, cut: false, milestones: [] },
  { original: { kind: "exchange", id: 2 }, said: "And the opera?", reply: "Charles Gounod wrote the best known one. It was first heard in Paris in 1859, and has been sung ever since.", heard: 40, cut: true, milestones: [] },
];`;

const MISSING = `world.missing = [
  { part: "language_model", id: "qwen3-1.7b", name: "Qwen3 1.7B", bytes: 1282439264, verified: true, setting: "on_device.model", download: null },
  { part: "voice", id: "long-gone", name: null, bytes: null, verified: false, setting: "on_device.voice", download: null },
];`;
const PORTAL = `world.snapshot.shell.way = "portal"; world.snapshot.shell.hotkeys[0].trigger = "Press Ctrl+Shift+Space";`;
const BY_COMMAND = 'world.snapshot.shell.way = "command";';
const OWNED = 'world.snapshot.shell.hotkeys[0].problem = "Another program has these keys; choose others.";';
const KEYLESS = "for (const one of world.providers.providers) one.hasKey = false;";
const LATENCY = "world.settings.appearance.latency = true;";

const STATES: Record<string, [Open, Play]> = {
  idle: [{}, async () => undefined],
  arming: [{}, async (s) => { await hold(s); await s.wait(50); }],
  listening: [{}, async (s) => { await hold(s); await s.wait(1_100); }],
  thinking: [{}, ask("Why is the sea salty?", LONG, 300)],
  speaking: [{ world: EXCHANGES }, ask("Why is the sea salty?", LONG, 4_400)],
  "speaking-arabic": [{}, ask("ما عاصمة فرنسا؟", ARABIC, 3_300)],
  markdown: [{}, ask("How do I cook potatoes?", MARKDOWN, 4_000)],
  done: [{ world: EXCHANGES }, ask("Why is the sea salty?", LONG, 30_000)],
  cut: [{}, async (s) => {
    await ask("Why is the sea salty?", LONG, 4_400)(s);
    await s.page.keyboard.press("Escape");
    await s.wait(400);
  }],
  resumed: [{ world: EXCHANGES }, async (s) => { await s.wait(300); }],
  error: [{}, async (s) => {
    await s.stage((stage) => {
      const message = "The language model took too long to answer. Try again, or choose a smaller model in the settings.";
      stage.tell(1,
        { group: "data", event: { kind: "said", text: "What is the meaning of life?" } },
        { group: "problem", event: { stage: "model", kind: "timeout", message, next: null, text: null } },
        { group: "lifecycle", event: { kind: "closed", end: { kind: "failed" } } },
      );
    });
    await s.wait(800);
  }],
  "microphone-gone": [{}, async (s) => {
    await s.stage((stage) => {
      const message = "The microphone gives no sound. Check that it is plugged in and allowed, or choose another one.";
      stage.tell(null, { group: "problem", event: { stage: "microphone", kind: "device", message, next: null, text: null } });
    });
    await s.wait(100);
  }],
  "microphone-silent": [{}, async (s) => {
    await hold(s);
    await s.wait(600);
    await s.stage((stage) => {
      const message = "Desk microphone gives only silence. Check whether it is muted, or choose another one.";
      stage.tell(1, { group: "problem", event: { stage: "microphone", kind: "device", message, next: null, text: null } });
    });
    await s.wait(100);
  }],
  latency: [{ world: LATENCY }, ask("When was it first heard?", "It was first heard in Paris in 1859.", 8_000)],
  guessed: [{}, ask("When was it first heard?", "It was first heard in Paris in 1859, and ever since.", 3_350)],
  missing: [{ world: MISSING }, async (s) => { await s.wait(200); }],
  "first-missing": [{ world: `world.settings.appearance.first_steps = true; world.missing = [
    ["recogniser", "Moonshine tiny", 28431117], ["language_model", "SmolLM2 135M", 105000000], ["voice", "Heart", 13800000],
    ["turn_detector", "Smart Turn 3.2", 8679182], ["vad", "Silero VAD 6.2", 1289603],
  ].map(([part, name, bytes]) => ({ part, id: name, name, bytes, verified: true, setting: null, download: null }));` }, async (s) => { await s.wait(300); }],
  "hands-free": [{ world: 'world.settings.conversation.mode = "hands_free";' }, async () => undefined],
  paused: [{ world: "world.snapshot.shell.paused = true;" }, async () => undefined],
  history: [{ world: EXCHANGES }, async (s) => {
    await s.page.getByRole("button", { name: "History" }).click();
    await s.wait(300);
    await s.page.getByRole("button", { name: /^More options for Why is the sea/u }).click();
    await s.wait(100);
  }],
  "history-past": [{ world: LATENCY }, async (s) => {
    await s.page.getByRole("button", { name: "History", exact: true }).click();
    await s.wait(300);
    await s.page.getByRole("button", { name: /^Why is the sea salty/u }).click();
    await s.wait(300);
  }],
  sound: [{}, async (s) => { await s.page.getByRole("button", { name: "Sound" }).click(); await s.wait(50); }],
  "first-1": [{ world: "world.settings.appearance.first_steps = true;" }, async (s) => { await s.wait(1_000); }],
  "first-2": [{ world: "world.settings.appearance.first_steps = true;" }, async (s) => {
    await s.page.getByRole("button", { name: "Continue" }).click();
    await s.wait(100);
  }],
  "first-2-command": [{ world: `world.settings.appearance.first_steps = true; ${BY_COMMAND}${OWNED}` }, async (s) => {
    await s.page.locator("footer button").last().click();
    await s.wait(100);
  }],
  "first-2-problem": [{ world: `world.settings.appearance.first_steps = true; ${OWNED}` }, async (s) => {
    await s.page.locator("footer button").last().click();
    await s.wait(100);
  }],
  "first-3": [{ world: "world.settings.appearance.first_steps = true;" }, async (s) => {
    await s.page.getByRole("button", { name: "Continue" }).click();
    await s.page.getByRole("button", { name: "Continue" }).click();
    await s.page.getByRole("button", { name: /the sea/u }).click();
    await s.wait(1_800);
  }],
  "settings-voice": [{ window: "settings" }, async (s) => { await s.wait(100); }],
  "settings-models": [{ window: "settings" }, section("Models")],
  "settings-devices": [{ window: "settings" }, async (s) => {
    await section("Devices")(s);
    await s.page.getByRole("button", { name: "Test" }).click();
    await s.wait(600);
  }],
  "notice": [{ world: `world.snapshot.notices = [{ about: "secrets", sentence: "The keychain is locked: unlock it. Until then this computer answers." }];
    world.settings.appearance.language = "de";` }, async () => undefined],
  "key-taken": [{ world: 'world.snapshot.shell.hotkeys[0].problem = "Another app is using it.";' }, async () => undefined],
  "settings-hotkeys": [{ window: "settings" }, section("Hotkeys")],
  "settings-voice-sample": [{ window: "settings" }, async (s) => {
    await s.wait(100);
    await s.page.getByRole("button", { name: "Listen to Fenrir" }).click();
    await s.wait(900);
  }],
  "settings-hotkeys-portal": [{ window: "settings", world: PORTAL }, section("Hotkeys")],
  "settings-hotkeys-command": [{ window: "settings", world: BY_COMMAND }, section("Hotkeys")],
  "settings-persona": [{ window: "settings" }, async (s) => {
    await section("Conversation")(s);
    await s.page.getByRole("button", { name: "Add persona" }).click();
    await s.page.getByRole("button", { name: "Patient tutor" }).click();
    await s.wait(200);
    await s.page.getByRole("button", { name: "Add persona" }).click();
    await s.wait(100);
  }],
  "settings-conversation": [{ window: "settings" }, section("Conversation")],
  "settings-language": [{ window: "settings" }, section("Language")],
  "settings-appearance": [{ window: "settings" }, section("Appearance")],
  "settings-privacy": [{ window: "settings" }, section("Privacy")],
  "settings-keys": [{ window: "settings" }, section("API keys")],
  "settings-providers": [{ window: "settings", size: [860, 1700] }, section("Providers")],
  "settings-advanced": [{ window: "settings" }, section("Advanced")],
  "settings-advanced-here": [{ window: "settings", world: KEYLESS }, section("Advanced")],
  "settings-language-here": [{ window: "settings", world: KEYLESS }, section("Language")],
  "settings-conversation-here": [{ window: "settings", world: KEYLESS }, section("Conversation")],
  "settings-about": [{ window: "settings" }, section("About")],
  "settings-search": [{ window: "settings" }, async (s) => { await s.page.getByRole("searchbox").fill("voice"); await s.wait(100); }],
  "quick-ask": [{ window: "quick-ask" }, async (s) => { await s.wait(100); }],
  "quick-ask-speaking": [{ window: "quick-ask" }, ask("Why is the sea salty?", LONG, 3_600)],
  "overlay-listening": [{ window: "overlay" }, async (s) => {
    await s.stage((stage) => { void stage.talk(true); });
    await s.wait(1_000);
  }],
  "overlay-speaking": [{ window: "overlay" }, async (s) => {
    await s.stage((stage, reply) => { stage.reply = reply; void stage.ask("Why is the sea salty?"); }, LONG);
    await s.wait(9_000);
  }],
  "overlay-problem": [{ window: "overlay" }, async (s) => {
    await s.stage((stage) => {
      const message = "There is no microphone to be heard with. Plug one in, or choose another one in the settings.";
      stage.tell(1, { group: "problem", event: { stage: "microphone", kind: "device", message, next: null, text: null } });
    });
    await s.wait(100);
  }],
  failover: [{}, async (s) => {
    await s.stage((stage) => {
      const using = (stage: "recogniser" | "model" | "voice", provider: string) => ({ group: "progress", event: { kind: "using", stage, provider } }) as const;
      const message = "OpenAI says that the account has nothing left. Top it up, or choose another provider.";
      stage.tell(1,
        using("recogniser", "elevenlabs"),
        { group: "data", event: { kind: "said", text: "Why is the sea salty?" } },
        using("model", "openai"),
        { group: "problem", event: { stage: "model", kind: "quota", message, next: "on-device", text: null } },
        using("model", "on-device"),
        { group: "data", event: { kind: "reply", delta: "Rivers carry salt into it." } },
        using("voice", "elevenlabs"),
        { group: "lifecycle", event: { kind: "closed", end: { kind: "complete" } } },
      );
    });
    await s.wait(800);
  }],
  "overlay-thinking": [{ window: "overlay" }, async (s) => {
    await s.stage((stage) => { void stage.ask("Why is the sea salty?"); });
    await s.wait(200);
  }],
};

async function take(name: string, open: Open, play: Play): Promise<void> {
  const scene = await theatre.show(open);
  await play(scene);
  // The page's clock stands still; the browser's own gliding and fading goes by the real one.
  await new Promise((done) => setTimeout(done, 450));
  await scene.page.screenshot({ path: `${FOLDER}${name}.png` });
  expect(await scene.page.locator('main > [role="alert"] > h1').count(), "Libretto was not reached: that is no picture of it").toBe(0);
  await expectNothingClipped(scene);
  await scene.close();
}

/** Nothing stands over the window's edge, and no button's text over its button's. */
async function expectNothingClipped(scene: Scene): Promise<void> {
  const clipped = await scene.page.evaluate(() => {
    const found: string[] = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) found.push(`the page is ${String(root.scrollWidth)} wide`);
    for (const element of document.querySelectorAll("button, select, label, h1, h2, h3, kbd, input")) {
      if (element.closest(".only-read")) continue;
      const box = element.getBoundingClientRect();
      if (box.width === 0) continue;
      const name = `${element.localName} “${(element.textContent || element.ariaLabel || "").trim().slice(0, 40)}”`;
      // What stands in a row that scrolls is reached all the same.
      let row: Element | null = element;
      while (row && !(row.scrollWidth > row.clientWidth && getComputedStyle(row).overflowX === "auto")) row = row.parentElement;
      const over = box.left < -1 || box.right > root.clientWidth + 1;
      if (over && !row) found.push(`${name} stands over the edge`);
      const written = (element.textContent || "").trim() !== "" && !["select", "input"].includes(element.localName);
      if (written && element.scrollWidth > element.clientWidth + 1) {
        if (getComputedStyle(element).textOverflow !== "ellipsis") found.push(`${name} is too narrow`);
      }
    }
    return found;
  });
  expect(clipped).toEqual([]);
}

const dark = 'world.settings.appearance.theme = "dark";';
const arabic = 'world.settings.appearance.language = "ar";';

describe("light", () => {
  it.concurrent.each(Object.keys(STATES))("%s", async (name) => {
    const [open, play] = STATES[name] ?? [{}, async () => undefined];
    await take(name, open, play);
  });
});

describe("dark", () => {
  it.concurrent.each(["idle", "listening", "speaking", "speaking-arabic", "cut", "error", "history", "history-past", "settings-models", "settings-hotkeys", "settings-voice-sample", "settings-hotkeys-command", "settings-advanced-here", "latency", "missing", "quick-ask-speaking", "overlay-speaking", "first-1", "first-2-command", "first-2-problem", "key-taken"])(
    "%s",
    async (name) => {
      const [open, play] = STATES[name] ?? [{}, async () => undefined];
      await take(`${name}-dark`, { ...open, world: (open.world ?? "") + dark }, play);
    },
  );
});

describe("125 % and 200 %", () => {
  const names = ["idle", "speaking", "cut", "error", "history", "history-past", "settings-models", "settings-hotkeys", "settings-voice", "settings-voice-sample", "settings-hotkeys-command", "settings-persona", "latency", "missing", "first-1", "first-2-command", "first-2-problem", "quick-ask-speaking", "settings-providers", "settings-advanced", "settings-keys", "settings-about", "failover", "sound"];
  it.concurrent.each(names.flatMap((name) => [[name, 1.25], [name, 2]] as const))("%s at %f", async (name, zoom) => {
    const [open, play] = STATES[name] ?? [{}, async () => undefined];
    await take(`${name}-${String(zoom * 100)}`, { ...open, zoom }, play);
  });
  it.concurrent.each(["idle", "speaking", "settings-conversation", "settings-hotkeys", "history", "first-1", "first-2", "first-2-problem", "first-3"])("%s with text at 200 %", async (name) => {
    const [open, play] = STATES[name] ?? [{}, async () => undefined];
    const world = `${open.world ?? ""} world.settings.appearance.text_size = 2;`;
    await take(`${name}-text-200`, { ...open, world }, play);
  });
});

describe("high contrast", () => {
  it.concurrent.each(["idle", "hands-free", "history", "speaking", "cut", "missing", "settings-models"])("%s", async (name) => {
    const [open, play] = STATES[name] ?? [{}, async () => undefined];
    const world = `${open.world ?? ""} world.settings.appearance.theme = "high_contrast";`;
    await take(`${name}-contrast`, { ...open, world }, play);
  });
});

describe("from right to left", () => {
  const plays: Record<string, [Open, Play]> = {
    idle: [{}, async () => undefined],
    speaking: [{}, ask("ما عاصمة فرنسا؟", ARABIC, 3_300)],
    "speaking-english": [{}, ask("Why is the sea salty?", LONG, 4_400)],
    history: [{}, async (s) => { await s.page.getByRole("button", { name: "السجل" }).click(); await s.wait(300); }],
    settings: [{ window: "settings" }, section("الاختصارات")],
    "settings-voice": [{ window: "settings" }, async (s) => { await s.wait(100); }],
    "settings-hotkeys-command": [{ window: "settings", world: BY_COMMAND }, section("الاختصارات")],
    latency: [{ world: LATENCY }, ask("ما عاصمة فرنسا؟", ARABIC, 12_000)],
    missing: [{ world: MISSING }, async (s) => { await s.wait(200); }],
    error: [{}, async (s) => {
      await s.stage((stage) => {
        const message = "The language model took too long to answer. Try again, or choose a smaller model.";
        stage.tell(1, { group: "problem", event: { stage: "model", kind: "timeout", message, next: null, text: "ما عاصمة فرنسا؟" } });
      });
      await s.wait(800);
    }],
    "settings-models": [{ window: "settings" }, section("النماذج")],
    "settings-providers": [{ window: "settings", size: [860, 1700] }, async (s) => {
      await s.page.locator("nav li button").nth(9).click();
      await s.wait(200);
    }],
    examples: [{ world: KEYLESS }, async (s) => { await s.wait(100); }],
    "settings-advanced-here": [{ window: "settings", world: KEYLESS }, section("متقدم")],
    "settings-language-here": [{ window: "settings", world: KEYLESS }, section("اللغة")],
    "settings-appearance": [{ window: "settings" }, section("المظهر")],
    "quick-ask": [{ window: "quick-ask" }, ask("ما عاصمة فرنسا؟", ARABIC, 3_300)],
    overlay: [{ window: "overlay" }, async (s) => {
      await s.stage((stage, reply) => { stage.reply = reply; void stage.ask("ما عاصمة فرنسا؟"); }, ARABIC);
      await s.wait(3_300);
    }],
  };
  for (const name of ["first-2-command", "first-2-problem"]) plays[name] = STATES[name] ?? [{}, async () => undefined];
  it.concurrent.each(Object.keys(plays))("%s", async (name) => {
    const [open, play] = plays[name] ?? [{}, async () => undefined];
    await take(`${name}-rtl`, { ...open, world: (open.world ?? "") + arabic }, play);
  });
});

describe("other languages", () => {
  it.concurrent.each(["de", "fr", "es", "zh"])("%s", async (language) => {
    const world = `world.settings.appearance.language = "${language}";`;
    await take(`idle-${language}`, { world }, async () => undefined);
    await take(`idle-small-${language}`, { size: [420, 480], world }, async () => undefined);
    await take(`settings-${language}`, { window: "settings", size: [640, 680], world }, async () => undefined);
  });
});
