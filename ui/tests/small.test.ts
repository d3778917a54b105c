// The small windows and the first run.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { type Open, type Scene, Theatre } from "./stage";

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

describe("quick ask", () => {
  beforeEach(() => show({ window: "quick-ask" }));

  it("takes words at once, answers, and goes on in the main window", async () => {
    expect(await scene.focused()).toBe("Type a question");
    await scene.page.keyboard.type("Count.");
    await scene.press("Enter");
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

describe("quick ask, opened again", () => {
  it("is empty, unless it was pinned", async () => {
    await show({ window: "quick-ask" });
    await scene.page.keyboard.type("Count.");
    await scene.press("Enter");
    await scene.wait(8_000);
    const focus = (): Promise<void> => scene.page.evaluate(() => { dispatchEvent(new Event("focus")); });
    await scene.page.getByRole("button", { name: "Keep it open" }).click();
    await scene.wait(20);
    await focus();
    expect(await scene.page.locator("article").count()).toBe(1);
    await scene.page.getByRole("button", { name: "Keep it open" }).click();
    await scene.wait(20);
    await focus();
    expect(await scene.page.locator("article").count()).toBe(0);
  });
});

describe("the first run", () => {
  const world = "world.settings.appearance.first_steps = true;";

  it("goes through three steps by keyboard", async () => {
    await show({ world });
    await scene.wait(500);
    expect(await scene.focused()).toBe("Can it hear you?");
    expect(await scene.page.getByText("It hears you.").isVisible()).toBe(true);
    await scene.tabTo(/^Go on$/u);
    await scene.press("Enter");
    await scene.stage((stage) => { stage.emit("hotkey", { action: "talk", down: true }); });
    expect(await scene.page.getByText("Heard it!").isVisible()).toBe(true);
    await scene.tabTo(/^Go on$/u);
    await scene.press("Enter");
    await scene.tabTo(/What time is it/u);
    await scene.press("Enter");
    await scene.wait(1_500);
    expect((await scene.painted()).now).toBeTruthy();
    await scene.tabTo(/^Begin$/u);
    await scene.press("Enter");
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
