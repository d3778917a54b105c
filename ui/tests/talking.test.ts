// Talking, typing, listening and reading along in the main window, by keyboard where a keyboard can do it.

import { beforeEach, describe, expect, it } from "vitest";

import { type Open, openTheatre, type Scene } from "./stage";

const theatre = openTheatre();
let scene: Scene;

const show = async (open: Open = {}): Promise<void> => {
  scene = await theatre.show(open);
};

const REPLY = "One two three four five.";

async function ask(question = "Count.", reply = REPLY): Promise<void> {
  await scene.stage((stage, reply) => (stage.reply = reply), reply);
  await scene.page.locator("textarea").fill(question);
  await scene.press("Enter");
}

describe("the main window", () => {
  beforeEach(() => show());

  it("holds to talk by space, and lights the words", async () => {
    await scene.tabTo(/Hold to talk/u);
    await scene.page.keyboard.down(" ");
    await scene.wait(50);
    expect(await scene.state()).toBe("Opening the microphone…");
    await scene.wait(400);
    expect(await scene.state()).toBe("Listening");
    await scene.page.keyboard.up(" ");
    await scene.wait(100);
    expect(await scene.state()).toBe("Transcribing…");
    await scene.wait(200);
    expect(await scene.state()).toBe("Thinking…");
    await scene.wait(900);
    expect(await scene.state()).toBe("Speaking");
    expect((await scene.painted()).now).toBeTruthy();
    await scene.wait(6_000);
    expect(await scene.state()).toBe("Ready");
    expect(await scene.painted()).toEqual({});
    expect(await scene.calls("talkKey")).toEqual([[true], [false]]);
  });

  it("takes a tap for a beginning and an end", async () => {
    await scene.tabTo(/Hold to talk/u);
    await scene.press("Enter");
    await scene.wait(600);
    expect(await scene.focused()).toBe("Stop and send");
    await scene.press("Enter");
    await scene.wait(100);
    expect(await scene.state()).toBe("Transcribing…");
  });

  it("lets the key go when the window loses the focus (Whispering 1671: a lost release latches)", async () => {
    await scene.tabTo(/Hold to talk/u);
    await scene.page.keyboard.down(" ");
    await scene.wait(500);
    await scene.page.evaluate(() => window.dispatchEvent(new Event("blur")));
    await scene.wait(20);
    expect(await scene.calls("talkKey")).toEqual([[true], [false]]);
  });

  it("ignores the repeats of a held key (Handy 1539)", async () => {
    await scene.tabTo(/Hold to talk/u);
    for (let n = 0; n < 5; n++) await scene.page.keyboard.down(" ");
    await scene.wait(500);
    await scene.page.keyboard.up(" ");
    await scene.wait(20);
    expect(await scene.calls("talkKey")).toEqual([[true], [false]]);
  });

  it("talks by space wherever nothing has the focus", async () => {
    await scene.page.keyboard.down(" ");
    await scene.wait(400);
    expect(await scene.state()).toBe("Listening");
    await scene.page.keyboard.up(" ");
    await scene.wait(20);
    expect(await scene.calls("talkKey")).toEqual([[true], [false]]);
  });

  it("lights each word when it sounds, and moves nothing", async () => {
    await ask();
    await scene.wait(520);
    const geometry = (): Promise<string> =>
      scene.page.evaluate(() => JSON.stringify(Array.from(document.querySelectorAll("article :not(.grounds > *)"), (e) => e.getBoundingClientRect())));
    const before = await geometry();
    const seen: string[] = [];
    for (let n = 0; n < 240; n++) {
      await scene.wait(16);
      const { now } = await scene.painted();
      if (now && now !== seen.at(-1)) seen.push(now);
      if ((await scene.state()) === "Ready") break;
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

  it("lays a ground behind the word, also when there is less room", async () => {
    await ask();
    await scene.wait(1_500);
    // The word's own box and the ground's, which reaches a little beyond both ends.
    const beside = (): Promise<number[]> =>
      scene.page.evaluate(() => {
        const range = [...(CSS.highlights.get("now") ?? [])][0] as AbstractRange;
        const word = document.createRange();
        word.setStart(range.startContainer, range.startOffset);
        word.setEnd(range.endContainer, range.endOffset);
        const [own, ground] = [word.getBoundingClientRect(), document.querySelector(".grounds > .now")?.getBoundingClientRect()];
        if (!ground) return [];
        return [ground.left - own.left, ground.right - own.right, ground.top - own.top, ground.bottom - own.bottom];
      });
    const lies = async (): Promise<void> => {
      const [left, right, top, bottom] = await beside();
      expect([top, bottom].map((value) => Math.round((value ?? 99) * 10))).toEqual([0, 0]);
      expect(left).toBeLessThan(0);
      expect(left).toBeGreaterThan(-4);
      expect(right).toBeCloseTo(-(left ?? 99), 1);
    };
    await lies();
    await scene.page.setViewportSize({ width: 430, height: 720 });
    await scene.wait(50);
    await lies();
    await scene.wait(9_000);
    expect(await scene.page.locator(".grounds > *").count()).toBe(0);
  });

  it("shows heard, now and to come apart, and leaves words in one piece", async () => {
    await ask("ما عاصمة فرنسا؟", "عاصمة فرنسا هي باريس.");
    await scene.wait(1_150);
    const { heard, now, ahead } = await scene.painted();
    expect([heard, now, ahead].map((text) => text?.trim()).join(" ")).toBe("عاصمة فرنسا هي باريس.");
    expect(now).toBe("فرنسا");
    // Letters join within a word: each stands in one node, which the light does not touch.
    const words = (): Promise<string[]> =>
      scene.page.evaluate(() => {
        const nodes = [...(document.querySelector(".reply p")?.childNodes ?? [])];
        return nodes.map((node) => (node instanceof Text ? node.data : `<${node.nodeName}>`));
      });
    const before = await words();
    expect(before).toEqual(["عاصمة ", "فرنسا ", "هي ", "باريس."]);
    await scene.wait(400);
    expect(await words()).toEqual(before);
  });

  it("stops by Escape, and tells what was not heard", async () => {
    await ask();
    await scene.wait(1_500);
    await scene.press("Escape");
    await scene.wait(100);
    expect(await scene.state()).toBe("Ready");
    const painted = await scene.painted();
    expect(painted.now).toBeUndefined();
    expect(painted.unheard).toContain("five.");
    expect(await scene.page.getByText(/You interrupted here: \d words weren’t heard/u).isVisible()).toBe(true);
  });

  it("says it again from a word that was clicked", async () => {
    await ask();
    await scene.wait(8_000);
    const place = await scene.page.evaluate(() => {
      const word = document.querySelector(".reply p")?.childNodes[2];
      const range = document.createRange();
      if (word?.textContent !== "three ") throw new Error("no third word");
      range.selectNode(word);
      const box = range.getBoundingClientRect();
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    });
    await scene.page.mouse.click(place.x, place.y);
    await scene.wait(400);
    expect(await scene.calls("repeat")).toEqual([[{ kind: "turn", id: 1 }, REPLY, 8]]);
    expect((await scene.painted()).now).toBe("three");
    // It is lit where it stands: no second copy of it.
    expect(await scene.page.locator("article").count()).toBe(1);
  });

  it("says it again from a word chosen by keys", async () => {
    await ask();
    await scene.wait(8_000);
    await scene.page.locator(".reply").focus();
    await scene.press("Home");
    await scene.press("ArrowRight");
    expect((await scene.painted()).cursor).toBe("two");
    await scene.press("Enter");
    await scene.wait(20);
    expect(await scene.calls("repeat")).toEqual([[{ kind: "turn", id: 1 }, REPLY, 4]]);
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
    await scene.tabTo(/^Sound$/u);
    await scene.press("Enter");
    await scene.press("Tab");
    await scene.press("ArrowRight");
    await scene.wait(50);
    expect(await scene.calls("set")).toEqual([["loudspeaker.volume", 0.85]]);
    await scene.press("Escape");
    expect(await scene.focused()).toBe("Sound");
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

describe("hands-free", () => {
  const free = () => scene.page.getByRole("button", { name: "Hands-free" });

  it.each([[[960, 720], 1], [[420, 480], 1], [[840, 720], 2]] as const)("is one press away: %s at %f", async (size, text) => {
    await show({ size: [...size], world: `world.settings.appearance.text_size = ${String(text)};` });
    for (const mode of ["hands_free", "push_to_talk"]) {
      await scene.tabTo(/^Hands-free$/u);
      await scene.press("Enter");
      await scene.wait(50);
      expect((await scene.calls("set")).at(-1)).toEqual(["conversation.mode", mode]);
      expect(await free().getAttribute("aria-pressed")).toBe(String(mode === "hands_free"));
      await scene.page.locator("textarea").focus();
    }
    expect(await scene.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  });

  it("is promised by nobody while nothing listens", async () => {
    await show({ world: "world.snapshot.shell.paused = true;" });
    expect(await free().isDisabled()).toBe(true);
    expect(await free().getAttribute("title")).toContain("Microphone and hotkeys are off");
    await scene.page.locator(".hint button").click();
    await scene.wait(20);
    expect(await free().isDisabled()).toBe(false);
  });
});

describe("a pause", () => {
  it("begins in the window, for which nobody needs the tray", async () => {
    await show();
    await scene.page.getByRole("button", { name: "Sound" }).click();
    await scene.page.getByRole("button", { name: "Pause Libretto" }).click();
    await scene.wait(20);
    expect(await scene.calls("pause")).toEqual([[true]]);
    expect(await scene.state()).toBe("Paused");
    expect(await scene.focused()).toBe("Sound");
    expect(await scene.page.getByRole("button", { name: "Resume" }).count()).toBeGreaterThan(0);
  });

  it("is said in words, and ended by a button", async () => {
    await show({ world: "world.snapshot.shell.paused = true;" });
    expect(await scene.state()).toBe("Paused");
    await scene.tabTo(/^Resume$/u);
    await scene.press("Enter");
    await scene.wait(20);
    expect(await scene.calls("pause")).toEqual([[false]]);
    expect(await scene.state()).toBe("Ready");
  });
});
