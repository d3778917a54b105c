// Whole flows, by keyboard where a keyboard can do them.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { type Open, Scene, Theatre } from "./stage";

let theatre: Theatre;
let scene: Scene;
beforeAll(async () => {
  theatre = await Theatre.open();
});
afterAll(async () => {
  await theatre.close();
  expect(theatre.complaints).toEqual([]);
});

const show = async (open: Open = {}): Promise<void> => {
  scene = await theatre.show(open);
};
const press = (key: string): Promise<void> => scene.page.keyboard.press(key);
const focused = (): Promise<string> =>
  scene.page.evaluate(() => document.activeElement?.ariaLabel ?? document.activeElement?.textContent?.trim() ?? "");
const state = (): Promise<string> => scene.page.getByTestId("state").innerText();

/** Goes on with the Tab key until something with this name has the focus. */
async function tabTo(name: RegExp): Promise<void> {
  for (let n = 0; n < 60; n++) {
    await press("Tab");
    if (name.test(await focused())) return;
  }
  throw new Error(`Tab does not lead to ${String(name)}`);
}

const REPLY = "One two three four five.";

async function ask(question = "Count.", reply = REPLY): Promise<void> {
  await scene.stage((stage, reply) => (stage.reply = reply), reply);
  await scene.page.locator("textarea").fill(question);
  await press("Enter");
}

describe("the main window", () => {
  beforeEach(() => show());

  it("holds to talk by space, and lights the words", async () => {
    await tabTo(/Hold to talk/u);
    await scene.page.keyboard.down(" ");
    await scene.wait(50);
    expect(await state()).toBe("Opening the microphone …");
    await scene.wait(400);
    expect(await state()).toBe("Listening");
    await scene.page.keyboard.up(" ");
    await scene.wait(100);
    expect(await state()).toBe("Understanding …");
    await scene.wait(200);
    expect(await state()).toBe("Thinking …");
    await scene.wait(900);
    expect(await state()).toBe("Speaking");
    expect((await scene.painted()).now).toBeTruthy();
    await scene.wait(6_000);
    expect(await state()).toBe("Ready");
    expect(await scene.painted()).toEqual({});
    expect(await scene.calls("talkKey")).toEqual([[true], [false]]);
  });

  it("takes a tap for a beginning and an end", async () => {
    await tabTo(/Hold to talk/u);
    await press("Enter");
    await scene.wait(600);
    expect(await focused()).toBe("End and send");
    await press("Enter");
    await scene.wait(100);
    expect(await state()).toBe("Understanding …");
  });

  it("lets the key go when the window loses the focus (Whispering 1671: a lost release latches)", async () => {
    await tabTo(/Hold to talk/u);
    await scene.page.keyboard.down(" ");
    await scene.wait(500);
    await scene.page.evaluate(() => window.dispatchEvent(new Event("blur")));
    await scene.wait(20);
    expect(await scene.calls("talkKey")).toEqual([[true], [false]]);
  });

  it("ignores the repeats of a held key (Handy 1539)", async () => {
    await tabTo(/Hold to talk/u);
    for (let n = 0; n < 5; n++) await scene.page.keyboard.down(" ");
    await scene.wait(500);
    await scene.page.keyboard.up(" ");
    await scene.wait(20);
    expect(await scene.calls("talkKey")).toEqual([[true], [false]]);
  });

  it("talks by space wherever nothing has the focus", async () => {
    await scene.page.keyboard.down(" ");
    await scene.wait(400);
    expect(await state()).toBe("Listening");
    await scene.page.keyboard.up(" ");
    await scene.wait(20);
    expect(await scene.calls("talkKey")).toEqual([[true], [false]]);
  });

  it("lights each word when it sounds, and moves nothing", async () => {
    await ask();
    await scene.wait(520);
    const geometry = (): Promise<string> =>
      scene.page.evaluate(() => JSON.stringify(Array.from(document.querySelectorAll("article *"), (e) => e.getBoundingClientRect())));
    const before = await geometry();
    const seen: string[] = [];
    for (let n = 0; n < 240; n++) {
      await scene.wait(16);
      const { now } = await scene.painted();
      if (now && now !== seen.at(-1)) seen.push(now);
      if ((await state()) === "Ready") break;
      expect(await geometry()).toBe(before);
    }
    expect(seen).toEqual(["One", "two", "three", "four", "five."]);
  });

  it("lights a word within a frame of its sample", async () => {
    await ask();
    // 400 ms to think, 5 pieces of 8 ms, 40 ms to queue, 20 ms until the first sample; "two" begins 8400 samples later.
    const begins = 400 + 5 * 8 + 40 + 20 + ((2_400 + 3 * 1_700 + 900) * 1_000) / 24_000;
    await scene.wait(begins - 40);
    expect((await scene.painted()).now).toBe("One");
    await scene.wait(40 + 17);
    expect((await scene.painted()).now).toBe("two");
  });

  it("shows heard, now and to come apart, and leaves the text one piece", async () => {
    await ask("ما عاصمة فرنسا؟", "عاصمة فرنسا هي باريس.");
    await scene.wait(1_150);
    const { heard, now, ahead } = await scene.painted();
    expect((heard ?? "") + (now ?? "") + (ahead ?? "")).toBe("عاصمة فرنسا هي باريس.");
    expect(now).toBe("فرنسا");
    const nodes = await scene.page.evaluate(() => document.querySelector(".reply p")?.childNodes.length);
    expect(nodes).toBe(1);
  });

  it("stops by Escape, and tells what was not heard", async () => {
    await ask();
    await scene.wait(1_500);
    await press("Escape");
    await scene.wait(100);
    expect(await state()).toBe("Ready");
    const painted = await scene.painted();
    expect(painted.now).toBeUndefined();
    expect(painted.unheard).toContain("five.");
    expect(await scene.page.getByText(/You cut in here: \d words were not heard/u).isVisible()).toBe(true);
  });

  it("says it again from a word that was clicked", async () => {
    await ask();
    await scene.wait(8_000);
    const place = await scene.page.evaluate(() => {
      const text = document.querySelector(".reply p")?.firstChild;
      const range = document.createRange();
      if (!text) throw new Error("no reply");
      range.setStart(text, 8);
      range.setEnd(text, 13);
      const box = range.getBoundingClientRect();
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    });
    await scene.page.mouse.click(place.x, place.y);
    await scene.wait(400);
    expect(await scene.calls("replay")).toEqual([[8]]);
    expect((await scene.painted()).now).toBe("three");
    // It is lit where it stands: no second copy of it.
    expect(await scene.page.locator("article").count()).toBe(1);
  });

  it("says it again from a word chosen by keys", async () => {
    await ask();
    await scene.wait(8_000);
    await scene.page.locator(".reply").focus();
    await press("Home");
    await press("ArrowRight");
    expect((await scene.painted()).cursor).toBe("two");
    await press("Enter");
    await scene.wait(20);
    expect(await scene.calls("replay")).toEqual([[4]]);
  });

  it("keeps a question that was refused", async () => {
    await scene.stage((stage) => { stage.refuse("ask", "rate_limited", "Too much is waiting. Try again in a moment."); });
    await ask("Do not lose this");
    await scene.wait(50);
    expect(await scene.page.locator("textarea").inputValue()).toBe("Do not lose this");
    expect(await scene.page.getByText("Too much is waiting").isVisible()).toBe(true);
  });

  it("shows Markdown without letting anything in", async () => {
    await ask("?", "Hello **you** <img src=x onerror=alert(1)> [bad](javascript:alert(1)) [good](https://example.org)");
    await scene.wait(20_000);
    expect(await scene.page.locator(".reply img").count()).toBe(0);
    expect(await scene.page.locator(".reply a[href]").count()).toBe(1);
    await scene.page.locator(".reply a[href]").click();
    expect(await scene.calls("openLink")).toEqual([["https://example.org"]]);
    expect(scene.page.url()).toContain("127.0.0.1");
  });

  it("changes the volume close at hand, and copies a reply", async () => {
    await tabTo(/^Sound$/u);
    await press("Enter");
    await press("Tab");
    await press("ArrowRight");
    await scene.wait(50);
    expect(await scene.calls("set")).toEqual([["loudspeaker.volume", 0.85]]);
    await press("Escape");
    expect(await focused()).toBe("Sound");
    await ask();
    await scene.wait(8_000);
    await scene.page.locator("article").getByRole("button", { name: "Copy" }).click();
    expect(await scene.calls("copy")).toEqual([[REPLY]]);
  });

  it("follows the conversation, not the reader who has scrolled away", async () => {
    await ask("Long", "A sentence that fills a line or more. ".repeat(40));
    await scene.wait(3_000);
    await scene.page.mouse.move(400, 200);
    await scene.page.mouse.wheel(0, 2_000);
    await new Promise((done) => setTimeout(done, 300));
    await scene.page.mouse.wheel(0, -10_000);
    await new Promise((done) => setTimeout(done, 300));
    const top = (): Promise<number> => scene.page.evaluate(() => document.querySelector(".scroller")?.scrollTop ?? -1);
    const before = await top();
    await scene.wait(1_000);
    expect(await top()).toBe(before);
  });
});

describe("the history", () => {
  beforeEach(async () => {
    await show();
    await tabTo(/^History$/u);
    await press("Enter");
    await scene.wait(100);
  });

  it("is searched, and a session gone on with", async () => {
    expect(await focused()).toBe("Search conversations");
    await scene.page.keyboard.type("salt");
    await scene.wait(50);
    expect(await scene.page.locator("mark").innerText()).toBe("salt");
    await tabTo(/Why is the sea salty/u);
    await press("Enter");
    await scene.wait(100);
    expect(await scene.calls("resume")).toEqual([["s1"]]);
    expect(await scene.page.locator("article").innerText()).toContain("Rivers carry salt into it.");
  });

  it("renames, exports and deletes", async () => {
    await tabTo(/More about Why is the sea/u);
    await press("Enter");
    await tabTo(/^Rename$/u);
    await press("Enter");
    await scene.page.keyboard.type("Salt");
    await press("Enter");
    await scene.wait(50);
    expect(await scene.calls("rename")).toEqual([["s1", "Salt"]]);
    await tabTo(/Export as SRT/u);
    await press("Enter");
    await scene.wait(50);
    expect(await scene.calls("exportTo")).toEqual([["s1", "srt"]]);
    expect(await scene.page.getByText("Saved as /home/ana/Documents/Libretto.srt").isVisible()).toBe(true);
    await scene.page.getByRole("button", { name: "Delete", exact: true }).focus();
    await press("Enter");
    // The harmless answer has the focus.
    expect(await focused()).toBe("Cancel");
    await press("Tab");
    await press("Enter");
    await scene.wait(50);
    expect(await scene.calls("remove")).toEqual([["s1"]]);
  });

  it("closes by Escape, and gives the focus back", async () => {
    await press("Escape");
    expect(await focused()).toBe("History");
    expect(await scene.page.locator("aside").count()).toBe(0);
  });
});

describe("the settings", () => {
  const section = (name: string): Promise<void> =>
    scene.page.getByRole("navigation").getByRole("button", { name, exact: true }).click();
  beforeEach(() => show({ window: "settings" }));

  it("take effect at once and are undone", async () => {
    await section("Appearance");
    await scene.page.getByLabel("Light and dark").selectOption("dark");
    await scene.wait(50);
    const theme = (): Promise<string | undefined> => scene.page.evaluate(() => document.documentElement.dataset.theme);
    expect(await theme()).toBe("dark");
    await scene.page.getByRole("button", { name: "Undo" }).click();
    await scene.wait(50);
    expect(await theme()).toBe("light");
  });

  it("speak another language at once, from right to left too", async () => {
    await section("Language");
    await scene.page.getByLabel("Language of the windows").selectOption("ar");
    await scene.wait(50);
    expect(await scene.page.evaluate(() => document.documentElement.dir)).toBe("rtl");
    expect(await scene.page.getByRole("heading", { level: 2 }).innerText()).toBe("اللغة");
  });

  it("make the text larger", async () => {
    await section("Appearance");
    await scene.page.getByLabel("Size of text").focus();
    await press("End");
    await scene.wait(50);
    expect(await scene.page.evaluate(() => getComputedStyle(document.documentElement).fontSize)).toBe("32px");
  });

  it("capture a hotkey by its keys, by keyboard alone", async () => {
    await section("Hotkeys");
    await tabTo(/Change the key for “Quick ask”/u);
    await press("Enter");
    await press("a");
    expect(await scene.page.getByText("Add Ctrl, Alt or Shift").isVisible()).toBe(true);
    await scene.page.keyboard.press("Control+Alt+KeyJ");
    await scene.wait(50);
    expect(await scene.calls("setHotkey")).toEqual([["quick_ask", "Ctrl+Alt+J"]]);
    expect(await scene.calls("captureHotkeys")).toEqual([[true], [false]]);
    await scene.stage((stage) => { stage.emit("hotkey", { action: "quick_ask", down: true }); });
    expect(await scene.page.getByText("Heard it!").isVisible()).toBe(true);
  });

  it("say so when another program owns a key, and when another hotkey does", async () => {
    await section("Hotkeys");
    await tabTo(/Change the key for “Talk”/u);
    await press("Enter");
    await scene.stage((stage) => { stage.refuse("setHotkey", "unavailable", "Another program has these keys; choose others."); });
    await scene.page.keyboard.press("Control+Alt+KeyJ");
    await scene.wait(50);
    expect(await scene.page.getByText("Another program has these keys").count()).toBe(2);
    await press("Enter");
    await scene.page.keyboard.press("Control+Shift+KeyK");
    await scene.wait(50);
    expect(await scene.page.getByText("“Quick ask” has these keys already.").isVisible()).toBe(true);
  });

  it("switch a hotkey off by Backspace, and leave it by Tab", async () => {
    await section("Hotkeys");
    await tabTo(/Change the key for “Call off”/u);
    await press("Enter");
    await press("Tab");
    await scene.wait(20);
    expect(await scene.calls("captureHotkeys")).toEqual([[true], [false]]);
    expect(await scene.calls("setHotkey")).toEqual([]);
    await press("Shift+Tab");
    await press("Enter");
    await press("Backspace");
    await scene.wait(20);
    expect(await scene.calls("setHotkey")).toEqual([["cancel", ""]]);
  });

  it("take a key, show its end only, and remove it", async () => {
    await section("Keys");
    await scene.wait(50);
    await scene.page.getByRole("group", { name: "Deepgram" }).getByRole("button", { name: "Set" }).click();
    await scene.page.keyboard.type("dg-secret-abcd");
    await press("Enter");
    await scene.wait(50);
    expect(await scene.page.getByText("Ends in …abcd").isVisible()).toBe(true);
    expect(await scene.page.evaluate(() => new XMLSerializer().serializeToString(document).includes("dg-secret"))).toBe(false);
    await scene.page.getByRole("group", { name: "Deepgram" }).getByRole("button", { name: "Remove" }).click();
    await scene.page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await scene.wait(50);
    expect(await scene.calls("removeKey")).toEqual([["deepgram"]]);
    // What the environment gives cannot be taken away here.
    expect(await scene.page.getByRole("group", { name: "OpenAI" }).getByRole("button", { name: "Remove" }).count()).toBe(0);
  });

  it("download, pause and choose models", async () => {
    await section("Models");
    await scene.wait(50);
    const qwen = scene.page.getByRole("group", { name: "Qwen3 1.7B" });
    expect(await qwen.innerText()).toContain("412 MB of 1.3 GB");
    await qwen.getByRole("button", { name: "Pause" }).click();
    await scene.wait(50);
    expect(await scene.calls("pauseDownload")).toEqual([["qwen3-1.7b", true]]);
    expect(await qwen.innerText()).toContain("Paused");
    // A model that nobody can check is only fetched when the user agrees.
    await scene.page.getByRole("group", { name: "Gemma 3 4B" }).getByRole("button", { name: /Download/u }).click();
    await scene.page.getByRole("dialog").getByRole("button", { name: "Download" }).click();
    await scene.wait(50);
    expect(await scene.calls("download")).toEqual([["gemma-3-4b", true]]);
  });

  it("test a microphone, and end the test with the page", async () => {
    await section("Devices");
    await scene.page.getByRole("button", { name: "Test" }).click();
    await scene.wait(400);
    expect(await scene.page.getByText("It hears you.").isVisible()).toBe(true);
    await section("Voice");
    await scene.wait(20);
    expect(await scene.calls("endTest")).toEqual([[]]);
  });

  it("are found by a word", async () => {
    await scene.page.getByRole("searchbox").fill("dark");
    await scene.wait(50);
    const names = await scene.page.locator(".row label:visible").allInnerTexts();
    expect(names).toEqual(["Light and dark"]);
  });

  it("give everything that was ever said away only after a question", async () => {
    await section("Privacy");
    await scene.page.getByRole("button", { name: "Delete everything" }).click();
    await press("Escape");
    expect(await scene.calls("removeAll")).toEqual([]);
    await scene.page.getByRole("button", { name: "Delete everything" }).click();
    await scene.page.getByRole("dialog").getByRole("button", { name: "Delete everything" }).click();
    await scene.wait(50);
    expect(await scene.calls("removeAll")).toEqual([[]]);
  });

  it("copy the diagnostics", async () => {
    await section("About");
    await scene.wait(50);
    await scene.page.getByRole("button", { name: "Copy it all" }).click();
    const [[text]] = (await scene.calls("copy")) as [[string]];
    expect(text).toContain("[bad] Engine: The program is not there. Install Libretto again.");
  });
});

describe("quick ask", () => {
  beforeEach(() => show({ window: "quick-ask" }));

  it("takes words at once, answers, and goes on in the main window", async () => {
    expect(await focused()).toBe("Type a question");
    await scene.page.keyboard.type("Count.");
    await press("Enter");
    await scene.wait(1_200);
    expect((await scene.painted()).now).toBeTruthy();
    await scene.page.getByRole("button", { name: "Keep it open" }).click();
    await scene.wait(20);
    expect(await scene.page.getByRole("button", { name: "Keep it open" }).getAttribute("aria-pressed")).toBe("true");
    await scene.page.getByRole("button", { name: "Open in the main window" }).click();
    await scene.wait(20);
    expect(await scene.calls("show")).toEqual([["main"]]);
    expect(await scene.calls("hide")).toEqual([[]]);
  });

  it("first stops, then closes by Escape", async () => {
    await scene.page.keyboard.type("Count.");
    await press("Enter");
    await scene.wait(1_200);
    await press("Escape");
    await scene.wait(50);
    expect(await scene.calls("hide")).toEqual([]);
    await press("Escape");
    await scene.wait(50);
    expect(await scene.calls("hide")).toEqual([[]]);
  });
});

describe("the first run", () => {
  const world = "world.settings.appearance.first_steps = true;";

  it("goes through three steps by keyboard", async () => {
    await show({ world });
    await scene.wait(500);
    expect(await focused()).toBe("Can it hear you?");
    expect(await scene.page.getByText("It hears you.").isVisible()).toBe(true);
    await tabTo(/^Go on$/u);
    await press("Enter");
    await scene.stage((stage) => { stage.emit("hotkey", { action: "talk", down: true }); });
    expect(await scene.page.getByText("Heard it!").isVisible()).toBe(true);
    await tabTo(/^Go on$/u);
    await press("Enter");
    await tabTo(/What time is it/u);
    await press("Enter");
    await scene.wait(1_500);
    expect((await scene.painted()).now).toBeTruthy();
    await tabTo(/^Begin$/u);
    await press("Enter");
    await scene.wait(50);
    expect(await scene.calls("set")).toEqual([["appearance.first_steps", false]]);
    expect(await scene.page.locator(".dock").isVisible()).toBe(true);
    expect(await scene.calls("endTest")).toEqual([[]]);
  });

  it("is skipped at once", async () => {
    await show({ world });
    await scene.page.getByRole("button", { name: "Skip all" }).click();
    await scene.wait(50);
    expect(await scene.page.locator(".dock").isVisible()).toBe(true);
  });
});

describe("the overlay", () => {
  it("shows what is said and the words being spoken, and nothing in it takes the focus", async () => {
    await show({ window: "overlay" });
    await scene.stage((stage) => { void stage.talk(true); });
    await scene.wait(900);
    expect(await scene.page.getByRole("meter").isVisible()).toBe(true);
    await scene.stage((stage) => { stage.reply = "One two three four five."; void stage.ask("Count."); });
    await scene.wait(1_200);
    expect((await scene.painted()).now).toBeTruthy();
    expect(await scene.page.locator("button, input, [tabindex]").count()).toBe(0);
  });
});
