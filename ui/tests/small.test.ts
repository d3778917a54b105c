// The small windows and the first run.

import { beforeEach, describe, expect, it } from "vitest";

import { type Open, openTheatre, type Scene } from "./stage";

const theatre = openTheatre();
let scene: Scene;

const show = async (open: Open = {}): Promise<void> => {
  scene = await theatre.show(open);
};

describe("quick ask", () => {
  beforeEach(() => show({ window: "quick-ask" }));

  it("takes words at once, answers, and goes on in the main window", async () => {
    expect(await scene.focused()).toBe("Type a question");
    await scene.page.keyboard.type("Count.");
    await scene.press("Enter");
    await scene.wait(1_200);
    expect((await scene.painted()).now).toBeTruthy();
    await scene.page.getByRole("button", { name: "Keep open" }).click();
    await scene.wait(20);
    expect(await scene.page.getByRole("button", { name: "Keep open" }).getAttribute("aria-pressed")).toBe("true");
    await scene.page.getByRole("button", { name: "Open in main window" }).click();
    await scene.wait(20);
    expect(await scene.calls("show")).toEqual([["main"]]);
    expect(await scene.calls("hide")).toEqual([[]]);
  });

  it("first stops, then closes by Escape", async () => {
    await scene.page.keyboard.type("Count.");
    await scene.press("Enter");
    await scene.wait(1_200);
    await scene.press("Escape");
    await scene.wait(50);
    expect(await scene.calls("hide")).toEqual([]);
    await scene.press("Escape");
    await scene.wait(50);
    expect(await scene.calls("hide")).toEqual([[]]);
  });
});

describe("quick ask and an input method", () => {
  it("leaves Enter and Escape to it while it composes", async () => {
    await show({ window: "quick-ask" });
    await scene.page.keyboard.type("今天");
    const press = (init: object): Promise<void> =>
      scene.page.evaluate((init) => {
        document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init }));
      }, init);
    for (const key of ["Escape", "Enter"]) {
      await press({ key, isComposing: true });
      // WebKit tells the last one after the composing has ended.
      await press({ key, keyCode: 229 });
    }
    await scene.wait(50);
    expect(await scene.calls("hide")).toEqual([]);
    expect(await scene.calls("ask")).toEqual([]);
    await scene.press("Enter");
    await scene.wait(50);
    expect(await scene.calls("ask")).toEqual([["今天"]]);
  });
});

describe("quick ask, opened again", () => {
  it("is empty, unless it was pinned", async () => {
    await show({ window: "quick-ask" });
    await scene.page.keyboard.type("Count.");
    await scene.press("Enter");
    await scene.wait(8_000);
    const articles = async (): Promise<number> => {
      await scene.wait(20);
      return scene.page.locator("article").count();
    };
    const again = (asked: number): Promise<void> =>
      scene.stage((stage, asked) => {
        stage.world.snapshot.shell = { ...stage.world.snapshot.shell, asked };
        stage.emit("shell", stage.world.snapshot.shell);
      }, asked);
    // A click that brings it to the front again leaves the answer there.
    await scene.page.evaluate(() => { dispatchEvent(new Event("focus")); });
    expect(await articles()).toBe(1);
    await scene.page.getByRole("button", { name: "Keep open" }).click();
    await again(1);
    expect(await articles()).toBe(1);
    await scene.page.getByRole("button", { name: "Keep open" }).click();
    expect(await articles()).toBe(1);
    await again(2);
    expect(await articles()).toBe(0);
  });
});

describe("quick ask and the first run", () => {
  const first = "world.settings.appearance.first_steps = true;";
  const event = { stage: "microphone", kind: "device", message: "There is no microphone. Plug one in.", next: null, text: null } as const;

  it.each([["quick-ask", ""], ["main", first]] as const)("say what goes wrong and that nothing listens: %s", async (window, world) => {
    await show({ window, world });
    await scene.wait(50);
    if (window === "main") await scene.page.getByRole("button", { name: "Continue" }).click();
    await scene.stage((stage, event) => {
      stage.tell(null, { group: "problem", event });
      stage.emit("shell", { ...stage.world.snapshot.shell, paused: true });
    }, event);
    await scene.wait(50);
    expect(await scene.page.getByText(event.message).isVisible()).toBe(true);
    expect(await scene.page.locator("footer, .result").getByText("Paused").isVisible()).toBe(true);
    expect(await scene.axe()).toEqual([]);
    await scene.page.getByRole("button", { name: "Resume" }).click();
    await scene.wait(50);
    expect(await scene.calls("pause")).toEqual([[false]]);
    expect(await scene.page.getByText("Paused", { exact: true }).count()).toBe(0);
  });

  it("keep the problem in sight below an answer", async () => {
    await show({ window: "quick-ask" });
    await scene.page.keyboard.type("Count.");
    await scene.press("Enter");
    await scene.wait(8_000);
    await scene.stage((stage, event) => { stage.tell(null, { group: "problem", event }); }, event);
    await scene.wait(50);
    expect(await scene.page.locator("article").count()).toBe(1);
    expect(await scene.page.getByText(event.message).count()).toBe(1);
  });
});

describe("the first run", () => {
  const world = "world.settings.appearance.first_steps = true;";

  it("goes through three steps by keyboard", async () => {
    await show({ world });
    await scene.wait(500);
    expect(await scene.focused()).toBe("Can Libretto hear you?");
    expect(await scene.page.getByText("Libretto hears you.").isVisible()).toBe(true);
    await scene.tabTo(/^Continue$/u);
    await scene.press("Enter");
    await scene.stage((stage) => { stage.emit("hotkey", { action: "talk", down: true }); });
    expect(await scene.page.getByText("Got it!").isVisible()).toBe(true);
    await scene.tabTo(/^Continue$/u);
    await scene.press("Enter");
    await scene.tabTo(/What time is it/u);
    await scene.press("Enter");
    await scene.wait(1_500);
    expect((await scene.painted()).now).toBeTruthy();
    await scene.tabTo(/^Finish$/u);
    await scene.press("Enter");
    await scene.wait(50);
    expect(await scene.calls("set")).toEqual([["appearance.first_steps", false]]);
    expect(await scene.page.locator(".dock").isVisible()).toBe(true);
    expect(await scene.calls("endTest")).toEqual([[]]);
  });

  const owned = "Another program has these keys; choose others.";
  const without = async (more: string): Promise<void> => {
    await show({ world: world + more });
    await scene.page.getByRole("button", { name: "Continue" }).click();
    await scene.wait(50);
    expect(await scene.page.getByText("Hold it to talk").count()).toBe(0);
    expect(await scene.page.getByRole("button", { name: "Hold to talk" }).isVisible()).toBe(true);
    expect(await scene.axe()).toEqual([]);
  };

  it("promises no key where the desktop gives none", async () => {
    const why = "This desktop (Wayland) gives programs no keys of their own.";
    await without(`world.snapshot.shell.way = "command"; world.snapshot.shell.hotkeys[0].problem = "${why}";`);
    expect(await scene.page.getByText("On this desktop (Wayland), apps can’t set global hotkeys. Hold the button").isVisible()).toBe(true);
    expect(await scene.page.getByText("libretto toggle", { exact: true }).isVisible()).toBe(true);
    expect(await scene.page.getByRole("button", { name: /Change/u }).count()).toBe(0);
    await scene.page.getByRole("button", { name: "Continue" }).click();
    expect(await scene.page.getByText("Hold the button and speak").isVisible()).toBe(true);
  });

  it.each([
    ["another program has", `world.snapshot.shell.hotkeys[0].problem = "${owned}";`, owned],
    ["the desktop has not given", `world.snapshot.shell.way = "portal"; world.snapshot.shell.hotkeys[0].problem = "Allow it.";`, "The desktop hasn’t assigned a key yet."],
    ["nobody set", `world.snapshot.shell.hotkeys[0].keys = "";`, "Off"],
  ])("says what is wrong with a key that %s, until it is put right", async (_, more, sentence) => {
    await without(more);
    expect(await scene.page.getByText("No key works right now.").isVisible()).toBe(true);
    expect(await scene.page.locator(".hotkey").getByText(sentence).isVisible()).toBe(true);
    await scene.stage((stage) => {
      const { shell } = stage.world.snapshot;
      const trigger = shell.way === "portal" ? "Meta+T" : null;
      const hotkeys = shell.hotkeys.map((one) => ({ ...one, keys: one.keys || "Ctrl+Alt+T", problem: null, trigger }));
      stage.emit("shell", { ...shell, hotkeys });
    });
    await scene.wait(50);
    expect(await scene.page.getByText("Hold it to talk, in any app.").isVisible()).toBe(true);
    expect(await scene.page.getByText("No key works right now.").count()).toBe(0);
    await scene.page.getByRole("button", { name: "Continue" }).click();
    expect(await scene.page.locator(".result").innerText()).toMatch(/^Hold .+ or the button and speak$/u);
  });

  it("takes no key for dead that is known a moment later", async () => {
    await show({ world: `${world} world.late = world.snapshot.shell.hotkeys; world.snapshot.shell.hotkeys = [];` });
    await scene.stage((stage) => {
      const hotkeys = (stage.world as unknown as { late: typeof stage.world.snapshot.shell.hotkeys }).late;
      stage.emit("shell", { ...stage.world.snapshot.shell, hotkeys });
    });
    await scene.page.getByRole("button", { name: "Continue" }).click();
    expect(await scene.page.getByText("Hold it to talk, in any app.").isVisible()).toBe(true);
    expect(await scene.page.getByRole("button", { name: "Change" }).isVisible()).toBe(true);
  });

  it("shows the keys once, and the way on at every size of text", async () => {
    for (const [size, more] of [[[960, 720], ""], [[640, 480], ""], [[960, 720], `world.snapshot.shell.hotkeys[0].problem = "${owned}";`]] as const) {
      await show({ world: `${world} ${more} world.settings.appearance.text_size = 2;`, size: [...size] });
      for (const step of ["microphone", "key", "question"]) {
        await scene.wait(500);
        const keys = await scene.page.locator("kbd", { hasText: "Space" }).count();
        expect(keys, step).toBe(step === "microphone" || (step === "question" && more) ? 0 : 1);
        for (const button of await scene.page.locator("footer button").all()) {
          const { x, y, width, height } = await button.boundingBox() ?? { x: -1, y: -1, width: 0, height: 0 };
          expect(Math.min(x, y, size[0] - x - width, size[1] - y - height), step).toBeGreaterThanOrEqual(0);
        }
        if (step !== "question") await scene.page.locator("footer button").last().click();
      }
      await scene.close();
    }
  });

  it("is skipped at once", async () => {
    await show({ world });
    await scene.page.getByRole("button", { name: "Skip all" }).click();
    await scene.wait(50);
    expect(await scene.page.locator(".dock").isVisible()).toBe(true);
  });
});

describe("a window that gets no answer", () => {
  it("says so, and is there when it is tried again", async () => {
    const world = `if (!sessionStorage.getItem("tried")) {
      sessionStorage.setItem("tried", "yes");
      Object.defineProperty(world, "settings", { get() { throw new Error("Nobody answers."); } });
    }`;
    for (const window of ["main", "settings"] as const) {
      await show({ window, world });
      expect(await scene.page.getByRole("alert").innerText()).toContain("Can’t reach Libretto.");
      expect(await scene.page.getByRole("alert").innerText()).toContain("Nobody answers.");
      expect(await scene.calls("drawn")).toEqual([[]]);
      expect(await scene.axe()).toEqual([]);
      await scene.page.getByRole("button", { name: "Try again" }).click();
      await scene.page.waitForSelector(window === "main" ? ".dock" : "nav");
    }
  });
});

describe("examples", () => {
  it("are in the window's language where somebody understands it, else in English, which is said", async () => {
    const german = 'world.settings.appearance.language = "de";';
    await show({ world: german });
    await scene.wait(50);
    const first = scene.page.locator(".examples button").first();
    expect(await first.getAttribute("lang")).toBe(null);
    await scene.close();
    for (const more of ["", "world.settings.appearance.first_steps = true;"]) {
      await show({ world: `${german} ${more} for (const one of world.providers.providers) one.hasKey = false;` });
      await scene.wait(50);
      for (let n = 0; more && n < 2; n++) await scene.page.locator("footer button").last().click();
      await scene.wait(50);
      const first = scene.page.locator(".examples button").first();
      expect(await first.getAttribute("lang")).toBe("en");
      await first.click();
      await scene.wait(20);
      expect(await scene.calls("ask")).toEqual([["What time is it?"]]);
    }
    await scene.close();
    await show({ world: `${german} for (const one of world.providers.providers) one.hasKey = false;` });
    await scene.wait(50);
    expect(await scene.page.getByText("verstehen nur Englisch").count()).toBe(1);
  });
});

describe("the overlay", () => {
  it("says what went wrong and what to do, in the window's language", async () => {
    await show({ window: "overlay", world: 'world.settings.appearance.language = "de";' });
    await scene.stage((stage) => {
      const message = "There is no microphone. Plug one in.";
      stage.tell(1, { group: "problem", event: { stage: "microphone", kind: "device", message, next: null, text: null } });
    });
    await scene.wait(50);
    expect(await scene.page.locator(".text").innerText()).toMatch(/^Problem mit Mikrofon oder Lautsprecher\. .+/u);
  });

  it("says it in hands-free too, where it waits for the next turn already", async () => {
    await show({ window: "overlay" });
    const event = { stage: "model", kind: "quota", message: "Your plan is used up.", next: null, text: null } as const;
    await scene.stage((stage, event) => {
      stage.tell(1, { group: "data", event: { kind: "said", text: "Hello?" } }, { group: "problem", event });
      stage.tell(null, { group: "lifecycle", event: { kind: "state", state: { mode: "hands_free", turn: null, phase: { kind: "waiting" } } } });
    }, event);
    await scene.wait(50);
    expect(await scene.page.locator(".text").innerText()).toBe("Your plan is used up.");
    // Somebody took over: there is nothing to be done.
    await scene.stage((stage, event) => { stage.tell(1, { group: "problem", event: { ...event, next: "on-device" } }); }, event);
    await scene.wait(50);
    expect(await scene.page.locator(".text").innerText()).toBe("Libretto listens as soon as you start");
  });

  it("shows the words of an older reply that is said again", async () => {
    await show({ window: "overlay" });
    for (const reply of ["One two three four five.", "Something else."]) {
      await scene.stage((stage, reply) => { stage.reply = reply; void stage.ask("Count."); }, reply);
      await scene.wait(8_000);
    }
    await scene.stage((stage) => { void stage.repeat({ kind: "turn", id: 1 }, "One two three four five.", 0); });
    await scene.wait(700);
    expect(await scene.page.locator(".text .reply").innerText()).toBe("One two three four five.");
    expect((await scene.painted()).now).toBeTruthy();
  });

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
