// Conversations of earlier times, by keyboard.

import { beforeEach, describe, expect, it } from "vitest";

import { type Open, openTheatre, type Scene } from "./stage";

const theatre = openTheatre();
let scene: Scene;

const show = async (open: Open = {}): Promise<void> => {
  scene = await theatre.show(open);
};

describe("the history", () => {
  beforeEach(async () => {
    await show();
    await scene.tabTo(/^History$/u);
    await scene.press("Enter");
    await scene.wait(100);
  });

  it("is searched, and a session looked at before it is gone on with", async () => {
    expect(await scene.focused()).toBe("Search conversations");
    await scene.page.keyboard.type("salt");
    await scene.wait(50);
    expect(await scene.page.locator("mark").innerText()).toBe("salt");
    await scene.tabTo(/Why is the sea salty/u);
    await scene.press("Enter");
    await scene.wait(100);
    expect(await scene.calls("look")).toEqual([["s1"]]);
    expect(await scene.focused()).toBe("Why is the sea salty, and since when?");
    expect(await scene.page.locator("article").first().innerText()).toContain("Rivers carry salt into it.");
    expect(await scene.calls("resume")).toEqual([]);
    await scene.tabTo(/^Continue$/u);
    await scene.press("Enter");
    await scene.wait(100);
    expect(await scene.calls("resume")).toEqual([["s1"]]);
    expect(await scene.page.locator(".past").count()).toBe(0);
    expect(await scene.page.locator("article").innerText()).toContain("Rivers carry salt into it.");
  });

  it("opens what was found at its exchange, and marks it", async () => {
    await scene.stage((stage) => {
      const [one] = stage.world.past;
      if (!one) return;
      stage.world.past = Array.from({ length: 12 }, (_, at) => ({ ...one, id: at, said: `Question ${String(at)}?`, reply: `Answer ${String(at)}.` }));
      stage.world.hits = [9, 2].map((exchange) => ({
        session: "s1", title: "Why?", exchange, created: 0, snippet: `Answer ${String(exchange)}.`, marked: [{ start: 0, end: 6 }],
      }));
    });
    await scene.page.keyboard.type("Answer");
    await scene.wait(50);
    const found = scene.page.locator(".past .found");
    for (const at of [9, 2]) {
      await scene.page.locator("aside").getByText(`Answer ${String(at)}.`).click();
      await scene.wait(50);
      expect(await found.count()).toBe(1);
      expect(await found.innerText()).toContain(`Question ${String(at)}?`);
      const [top, above] = await scene.page.evaluate(() =>
        [".past .found", ".past .scroller"].map((one) => document.querySelector(one)?.getBoundingClientRect().top ?? -1));
      expect(Math.abs((top ?? 0) - (above ?? 0))).toBeLessThan(60);
    }
    expect(await scene.axe()).toEqual([]);
  });

  it("opens what was found in the present conversation, and goes back to it", async () => {
    await scene.stage((stage) => { for (const hit of stage.world.hits) Object.assign(hit, { session: "s0", exchange: 2 }); });
    await scene.page.keyboard.type("salt");
    await scene.wait(50);
    await scene.page.locator("aside mark").click();
    await scene.wait(50);
    expect(await scene.page.locator(".past .found").innerText()).toContain("And since when?");
    await scene.page.getByRole("button", { name: "Continue" }).click();
    await scene.wait(50);
    expect(await scene.page.locator(".past").count()).toBe(0);
    expect(await scene.calls("resume")).toEqual([]);
  });

  it("shows what was looked at last, whichever answer comes first", async () => {
    await scene.stage((stage) => { stage.slow("look", 500); });
    await scene.page.locator("aside .title", { hasText: "Kartoffelsuppe" }).click();
    await scene.page.locator("aside .title", { hasText: "Why is the sea salty" }).click();
    await scene.wait(1_000);
    expect(await scene.calls("look")).toEqual([["s3"], ["s1"]]);
    expect(await scene.page.locator("#past-title").innerText()).toBe("Why is the sea salty, and since when?");
  });

  it("renames, exports and deletes", async () => {
    await scene.tabTo(/More options for Why is the sea/u);
    await scene.press("Enter");
    await scene.tabTo(/^Rename$/u);
    await scene.press("Enter");
    await scene.page.keyboard.type("Salt");
    await scene.press("Enter");
    await scene.wait(50);
    expect(await scene.calls("rename")).toEqual([["s1", "Salt"]]);
    await scene.tabTo(/Export as JSON/u);
    await scene.press("Enter");
    await scene.wait(50);
    expect(await scene.calls("exportTo")).toEqual([["s1", "json"]]);
    expect(await scene.page.getByText("Saved to /home/ana/Documents/Libretto.json").isVisible()).toBe(true);
    await scene.page.getByRole("button", { name: "Delete", exact: true }).focus();
    await scene.press("Enter");
    // The harmless answer has the focus.
    expect(await scene.focused()).toBe("Cancel");
    await scene.press("Tab");
    await scene.press("Enter");
    await scene.wait(50);
    expect(await scene.calls("remove")).toEqual([["s1"]]);
  });

  it("says a reply again in a conversation that is only looked at, and lights it there", async () => {
    await scene.tabTo(/Why is the sea salty/u);
    await scene.press("Enter");
    await scene.wait(100);
    // What is said again is no part of the present conversation.
    await scene.page.locator("article").first().getByRole("button", { name: "Replay" }).click();
    await scene.wait(900);
    expect(await scene.calls("repeat")).toEqual([[{ kind: "exchange", id: 1 }, "Rivers carry salt into it.", 0]]);
    const { now = "" } = await scene.painted();
    expect(["Rivers", "carry", "salt", "into", "it."]).toContain(now.trim());
    await scene.wait(8_000);
    await scene.page.getByRole("button", { name: "Back to current conversation" }).click();
    await scene.wait(100);
    expect(await scene.page.locator("article").count()).toBe(0);
  });

  it("gives way to what is said now", async () => {
    await scene.tabTo(/Why is the sea salty/u);
    await scene.press("Enter");
    await scene.wait(100);
    expect(await scene.page.locator(".past").count()).toBe(1);
    await scene.stage((stage) => void stage.ask("What is the capital of France?"), undefined);
    await scene.wait(500);
    expect(await scene.page.locator(".past").count()).toBe(0);
    expect(await scene.page.locator("article").innerText()).toContain("What is the capital of France?");
  });

  /** The times of words are kept from now on, or no longer. */
  function keepTimes(on: boolean): Promise<void> {
    return scene.stage((stage, on) => {
      stage.world.settings.history.store_alignment = on;
      stage.emit("settings", { values: stage.world.settings, undoable: null });
    }, on);
  }

  it("says where subtitles of old replies come from, and leads there", async () => {
    await keepTimes(false);
    await scene.tabTo(/More options for Why is the sea/u);
    await scene.press("Enter");
    expect(await scene.page.locator("aside").innerText()).toContain("Turn on “Keep word timings” in Settings");
    await scene.page.locator("aside").getByRole("button", { name: "Settings" }).click();
    await scene.wait(20);
    expect(await scene.calls("show")).toEqual([["settings", "privacy"]]);
  });

  it("makes subtitles of conversations whose times are known, and of no others", async () => {
    const subtitles = (): Promise<boolean[]> =>
      Promise.all(["Markdown", "JSON", "SRT", "VTT"].map((format) =>
        scene.page.locator("aside").getByRole("button", { name: `Export as ${format}` }).isEnabled()));
    const more = (title: string): Promise<void> =>
      scene.page.getByRole("button", { name: `More options for ${title}` }).click();
    const [sea, soup] = ["Why is the sea salty, and since when?", "Ein Rezept für Kartoffelsuppe"];
    await keepTimes(false);
    await more(sea);
    expect(await subtitles()).toEqual([true, true, false, false]);
    const why = scene.page.locator("aside").getByRole("group", { name: "Export" });
    expect(await scene.page.locator(`[id="${String(await why.getAttribute("aria-describedby"))}"]`).innerText()).toContain("need word timings");
    expect(await scene.axe()).toEqual([]);
    // The setting does not bring back what was not kept.
    await keepTimes(true);
    await scene.wait(50);
    expect(await subtitles()).toEqual([true, true, false, false]);
    expect(await why.innerText()).toContain("this conversation has none");
    expect(await scene.page.locator("aside").getByRole("button", { name: "Settings" }).count()).toBe(0);
    await more(sea);
    await more(soup);
    expect(await subtitles()).toEqual([true, true, true, true]);
    expect(await why.innerText()).not.toContain("need word timings");
    await scene.page.getByRole("button", { name: "Export as SRT" }).click();
    await scene.wait(50);
    expect(await scene.calls("exportTo")).toEqual([["s3", "srt"]]);
  });

  it("loads older ones once, and keeps them when something is said", async () => {
    await scene.stage((stage) => {
      stage.world.older = Array.from({ length: 3 }, (_, n) => ({
        id: `old${String(n)}`, title: `Old ${String(n)}`, created: 0, updated: 0, exchanges: 1, timed: false,
      }));
    });
    await scene.stage((stage) => void stage.ask("What is new?"), undefined);
    await scene.wait(8_000);
    await scene.page.getByRole("button", { name: "Show older" }).dblclick();
    await scene.wait(50);
    const items = scene.page.locator("aside .item");
    expect(await items.count()).toBe(9);
    await scene.stage((stage) => void stage.ask("And now?"), undefined);
    await scene.wait(8_000);
    expect(await items.count()).toBe(9);
    // Where the list cannot be had, what is there stays.
    await scene.stage((stage) => { stage.refuse("sessions", "internal", "The history does not answer."); });
    await scene.stage((stage) => void stage.ask("And then?"), undefined);
    await scene.wait(8_000);
    expect(await items.count()).toBe(9);
    expect(await scene.page.getByText("Nothing here yet").count()).toBe(0);
  });

  it("closes by Escape, and calls nothing off by it", async () => {
    await scene.stage((stage) => void stage.ask("What is the capital of France?"), undefined);
    await scene.wait(1_000);
    await scene.press("Escape");
    await scene.wait(50);
    expect(await scene.page.locator("aside").count()).toBe(0);
    expect(await scene.calls("cancel")).toEqual([]);
    await scene.press("Escape");
    await scene.wait(50);
    expect(await scene.calls("cancel")).toEqual([[]]);
  });

  it("closes by Escape, and gives the focus back", async () => {
    await scene.press("Escape");
    expect(await scene.focused()).toBe("History");
    expect(await scene.page.locator("aside").count()).toBe(0);
  });
});
