// What a reply says of itself: how long it took, where its times come from; and older ones said again.

import { describe, expect, it } from "vitest";

import { type Open, openTheatre, type Scene } from "./stage";

const theatre = openTheatre();
let scene: Scene;

const show = async (open: Open = {}): Promise<void> => {
  scene = await theatre.show(open);
};

async function ask(question: string, reply: string): Promise<void> {
  await scene.stage((stage, reply) => (stage.reply = reply), reply);
  await scene.page.locator("textarea").fill(question);
  await scene.press("Enter");
}

describe("a reply", () => {
  it("is said again however old it is, and is lit where it stands", async () => {
    await show();
    await ask("First?", "One two three.");
    await scene.wait(6_000);
    await ask("Second?", "Something else.");
    await scene.wait(6_000);
    const first = scene.page.locator("article").first();
    await first.getByRole("button", { name: "Replay" }).focus();
    await scene.press("Enter");
    await scene.wait(400);
    expect(await scene.calls("repeat")).toEqual([[{ kind: "turn", id: 1 }, "One two three.", 0]]);
    expect((await scene.painted()).now).toBe("One");
    expect(await scene.page.locator("article").count()).toBe(2);
  });

  it("in the same words as an earlier one is another, unless it says that one again", async () => {
    const exchange = '{ original: { kind: "exchange", id: 4 }, said: null, reply: "Time is up.", heard: 11, cut: false, milestones: [] }';
    await show({ world: `world.snapshot.exchanges = [${exchange}];` });
    // A timer ends: nobody asked for it, and nothing is kept of it before it was heard.
    await scene.stage((stage) => { stage.tell(7, { group: "data", event: { kind: "reply", delta: "Time is up." } }); });
    await scene.wait(50);
    expect(await scene.page.locator("article").count()).toBe(2);
    await scene.stage((stage) => { void stage.repeat({ kind: "exchange", id: 4 }, "Time is up.", 0); });
    await scene.wait(400);
    expect(await scene.page.locator("article").count()).toBe(2);
    const lit = await scene.page.evaluate(() => {
      const [range] = CSS.highlights.get("now") ?? [];
      const article = range?.startContainer.parentElement?.closest("article") ?? null;
      return Array.from(document.querySelectorAll("article")).indexOf(article as HTMLElement);
    });
    expect(lit).toBe(0);
  });

  it("of a session that was resumed is said again too", async () => {
    const exchange = '{ original: { kind: "exchange", id: 4 }, said: "Why?", reply: "Rivers carry salt.", heard: 18, cut: false, milestones: [] }';
    await show({ world: `world.snapshot.exchanges = [${exchange}];` });
    await scene.page.getByRole("region", { name: "Libretto" }).getByRole("button", { name: "Replay" }).click();
    await scene.wait(400);
    expect(await scene.calls("repeat")).toEqual([[{ kind: "exchange", id: 4 }, "Rivers carry salt.", 0]]);
    expect((await scene.painted()).now).toBe("Rivers");
  });

  it("of a session that was resumed is said from a word that is clicked or chosen, though no time is known", async () => {
    const exchange = '{ original: { kind: "exchange", id: 4 }, said: "Why?", reply: "Rivers carry **salt** into it.", heard: 26, cut: false, milestones: [] }';
    await show({ world: `world.snapshot.exchanges = [${exchange}];` });
    await scene.page.getByRole("group", { name: /arrow keys to choose/u }).focus();
    await scene.press("End");
    await scene.press("ArrowLeft");
    expect((await scene.painted()).cursor).toBe("into");
    await scene.press("Enter");
    await scene.wait(400);
    const reply = "Rivers carry **salt** into it.";
    expect(await scene.calls("repeat")).toEqual([[{ kind: "exchange", id: 4 }, reply, 22]]);
    expect((await scene.painted()).now).toBe("into");
    await scene.wait(3_000);
    // Said from there, it can be said from before there too.
    await scene.page.getByText("salt", { exact: true }).click();
    await scene.wait(400);
    expect((await scene.calls("repeat")).at(-1)).toEqual([{ kind: "exchange", id: 4 }, reply, 13]);
  });

  it("shows how long it took where that is wished, and nowhere else", async () => {
    await show();
    await ask("First?", "One two three.");
    await scene.wait(6_000);
    expect(await scene.page.getByRole("region", { name: "Response time" }).count()).toBe(0);
    await scene.close();
    await show({ world: "world.settings.appearance.latency = true;" });
    await ask("First?", "One two three.");
    await scene.wait(6_000);
    const strip = scene.page.getByRole("region", { name: "Response time" });
    const text = (await strip.innerText()).replace(/\s+/gu, " ");
    expect(text).toContain("Transcribed 0.28s");
    expect(text).toContain("First word lit 1.01s");
    expect(text).toContain("Word timing: exact, from the voice");
  });

  it("tells a time that was worked out from one that was measured, by its line and in words", async () => {
    await show({ world: "world.settings.appearance.latency = true;" });
    await ask("When?", "In 1859 there.");
    const seen = new Set<string>();
    for (let n = 0; n < 20; n++) {
      await scene.wait(200);
      for (const [paint, text] of Object.entries(await scene.painted())) seen.add(`${paint}: ${text}`);
    }
    expect(seen).toContain("now: In");
    expect(seen).toContain("guessed: 1859");
    expect(seen).toContain("now: there.");
    const style = await scene.page.evaluate(() => {
      const rules = Array.from(document.styleSheets).flatMap((sheet) => Array.from(sheet.cssRules));
      const rule = (name: string): string => rules.find((rule) => rule.cssText.startsWith(`::highlight(${name})`))?.cssText ?? "";
      return [rule("now"), rule("guessed")];
    });
    expect(style[0]).toMatch(/underline|solid/u);
    expect(style[1]).toContain("dotted");
    expect(await scene.page.getByText("1 of 3 words estimated by Libretto").isVisible()).toBe(true);
  });
});

describe("the end of a reply", () => {
  it("comes into sight with what stands below it, however large the text is", async () => {
    await show({ world: "world.settings.appearance.latency = true; world.settings.appearance.text_size = 2;" });
    await ask("When was it first heard?", "It was first heard in Paris in 1859.");
    await scene.wait(8_000);
    const strip = scene.page.getByRole("region", { name: "Response time" });
    const view = await scene.page.getByRole("region", { name: "Conversation" }).boundingBox();
    const bottom = async (): Promise<number> => {
      const box = await strip.boundingBox();
      return box ? box.y + box.height : Infinity;
    };
    await expect.poll(bottom).toBeLessThanOrEqual((view?.y ?? 0) + (view?.height ?? 0));
  });

  it("is read where no voice spoke it, and what was there before is not", async () => {
    await show({ world: `world.snapshot.exchanges = [
      { original: { kind: "turn", id: 1 }, said: "First?", reply: "It is old.", heard: null, cut: false, milestones: [] },
    ];` });
    const read = async (): Promise<string> => (await scene.page.locator(".only-read[aria-live]:not([role])").allInnerTexts()).join("");
    expect(await read()).toBe("");
    await scene.stage((stage) => { stage.tell(2, { group: "data", event: { kind: "said", text: "Second?" } }, { group: "data", event: { kind: "reply", delta: "It is new." } }); });
    await scene.wait(50);
    expect(await read()).toBe("");
    await scene.stage((stage) => { stage.tell(2, { group: "lifecycle", event: { kind: "closed", end: { kind: "complete" } } }); });
    await scene.wait(50);
    expect(await read()).toBe("It is new.");
  });
});

describe("who hears, answers and speaks", () => {
  const using = (stage: "recogniser" | "model" | "voice", provider: string) =>
    ({ group: "progress", event: { kind: "using", stage, provider } }) as const;

  it("stands below the reply, by their titles, and so does who took over and why", async () => {
    await show();
    await scene.stage((stage, told) => { stage.tell(7, ...told); }, [
      using("recogniser", "deepgram"),
      { group: "data", event: { kind: "said", text: "Hello?" } } as const,
      using("model", "openai"),
      { group: "problem", event: { stage: "model", kind: "quota", message: "OpenAI is used up.", next: "openrouter", text: null } } as const,
      using("model", "openrouter"),
      { group: "data", event: { kind: "reply", delta: "Hello." } } as const,
      using("voice", "on-device"),
      { group: "lifecycle", event: { kind: "closed", end: { kind: "complete" } } } as const,
    ]);
    await scene.wait(50);
    const who = (await scene.page.getByRole("region", { name: "Providers used" }).innerText()).replace(/\s+/gu, " ");
    expect(who).toBe("Speech recognition Deepgram Language model OpenRouter instead of OpenAI Voice This computer");
    const article = await scene.page.locator("article").innerText();
    expect(article).toContain("OpenAI is used up.");
    expect(article).toContain("OpenRouter is taking over.");
  });

  it("stands in the strip with gaps that were heard and sound that was lost", async () => {
    await show({ world: "world.settings.appearance.latency = true;" });
    await ask("First?", "One two three.");
    await scene.wait(700);
    await scene.stage((stage) => {
      stage.tell(1, { group: "progress", event: { kind: "gap" } }, { group: "progress", event: { kind: "gap" } });
      stage.tell(1, { group: "progress", event: { kind: "dropped", samples: 160 } });
    });
    await scene.wait(6_000);
    const strip = await scene.page.getByRole("region", { name: "Response time" }).innerText();
    expect(strip).toContain("2 dropouts in the audio");
    expect(strip).toContain("Some microphone audio was lost");
  });
});

describe("a failure", () => {
  const event = { stage: "model", kind: "quota", message: "Your plan is used up.", next: null, text: null } as const;

  it("says what to do in the window's language, and keeps the detail", async () => {
    await show({ world: 'world.settings.appearance.language = "de";' });
    await scene.stage((stage, event) => { stage.tell(1, { group: "problem", event }); }, event);
    await scene.wait(50);
    expect(await scene.page.getByText("Lade Guthaben auf").isVisible()).toBe(true);
    const detail = scene.page.getByText("Your plan is used up.");
    expect(await detail.isVisible()).toBe(false);
    await scene.page.getByText("Details", { exact: true }).click();
    expect(await detail.isVisible()).toBe(true);
    expect(await detail.getAttribute("lang")).toBe("en");
    await scene.stage((stage) => { stage.refuse("ask", "rate_limited", "Too much is waiting."); });
    await scene.page.locator("textarea").fill("Hallo?");
    await scene.press("Enter");
    await scene.wait(50);
    const toast = scene.page.locator(".toast");
    expect(await toast.innerText()).toContain("Warte einen Moment");
    expect(await toast.innerText()).toContain("Too much is waiting.");
  });

  it("is one sentence in English", async () => {
    await show();
    await scene.stage((stage, event) => { stage.tell(1, { group: "problem", event }); }, event);
    await scene.wait(50);
    expect(await scene.page.getByText("Your plan is used up.").count()).toBe(1);
    expect(await scene.page.getByText("Add credit").count()).toBe(0);
  });
});

describe("a model that is missing", () => {
  const missing = (more: string): string =>
    `world.missing = [{ part: "voice", id: "x", name: "Fenrir", bytes: 14000000, verified: true, setting: "on_device.voice", download: null, ${more} }];`;

  it("is told in the window, with a button to get it", async () => {
    await show({ world: missing("") });
    expect(await scene.page.getByText("Fenrir isn’t downloaded.").isVisible()).toBe(true);
    await scene.page.getByRole("button", { name: "Download (14 MB)" }).click();
    await scene.wait(50);
    expect(await scene.calls("download")).toEqual([["x", false]]);
    await scene.page.getByRole("button", { name: "Use default" }).click();
    await scene.wait(50);
    expect(await scene.calls("set")).toEqual([["on_device.voice", undefined]]);
  });

  it("is undone by its own toast, and nothing else is", async () => {
    await show({ world: `${missing("")} world.settings.on_device.voice = "x";` });
    await scene.page.getByRole("button", { name: "Use default" }).click();
    await scene.wait(50);
    await scene.page.getByRole("button", { name: "Sound" }).click();
    await scene.page.getByLabel("Volume").focus();
    await scene.press("Home");
    await scene.wait(50);
    await scene.page.getByRole("button", { name: "Undo" }).click();
    await scene.wait(50);
    const now = await scene.stage((stage) => [stage.world.settings.on_device.voice, stage.world.settings.loudspeaker.volume]);
    expect(now).toEqual(["x", 0]);
  });

  it("goes when it has come", async () => {
    await show({ world: missing("") });
    await scene.stage((stage) => {
      stage.world.missing = [];
      stage.emit("modelEnded", { model: "x", failure: null });
    });
    await scene.wait(50);
    expect(await scene.page.getByText("Fenrir").count()).toBe(0);
  });

  it("among several that Libretto comes with is fetched with all of them", async () => {
    const own = (id: string): string => `{ part: "vad", id: "${id}", name: "${id}", bytes: 7000000, verified: true, setting: null, download: null }`;
    await show({ world: `world.missing = [${own("a")}, ${own("b")}];` });
    await scene.page.getByRole("button", { name: "Download all (14 MB)" }).click();
    await scene.wait(50);
    expect(await scene.calls("download")).toEqual([["a", false], ["b", false]]);
  });

  it("that nobody knows is replaced, not downloaded", async () => {
    await show({ world: missing("name: null") });
    expect(await scene.page.getByText("Your settings name an unknown model: x").isVisible()).toBe(true);
    expect(await scene.page.getByRole("button", { name: "Download" }).count()).toBe(0);
  });

  it("that failed leads to the section of the settings where something is done about it", async () => {
    const wrong = [
      ["model", "unauthorised", "keys"], ["model", "quota", "providers"], ["model", "unsupported", "providers"],
      ["loudspeaker", "unsupported", "devices"], ["microphone", "device", "devices"], ["memory", "internal", "about"],
    ] as const;
    await show();
    for (const [index, [stage, kind, section]] of wrong.entries()) {
      const event = { stage, kind, message: "It went wrong.", next: null, text: null };
      const turn = index + 1;
      await scene.stage((stage, { event, turn }) => { stage.tell(turn, { group: "problem", event }); }, { event, turn });
      await scene.wait(50);
      const name = section === "devices" ? `Choose ${stage === "loudspeaker" ? "speaker" : stage}` : "Settings";
      await scene.page.locator(".notice.danger").last().getByRole("button", { name }).click();
    }
    await scene.wait(50);
    expect(await scene.calls("show")).toEqual(wrong.map(([, , section]) => ["settings", section]));
  });
});
