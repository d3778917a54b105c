// What is shipped, against Tauri's own door: the generated commands and events, the channel, frozen prototypes and the
// windows' policy. Behind the door stands a table of answers.

import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { serve } from "./server";
import { CHROMIUM } from "./stage";
import { world } from "../src/bridge/mock/world";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));

let browser: Browser;
let address: string;
let stop: () => void;
const complaints: string[] = [];

beforeAll(async () => {
  const served = await serve(DIST);
  address = served.address;
  stop = () => served.server.close();
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
});
afterAll(async () => {
  await browser.close();
  stop();
});

/** Stands in for the webview's side of Tauri. It runs in the page. */
function door(answers: Record<string, unknown>): void {
  const callbacks = new Map<number, (payload: unknown) => void>();
  const invoked: { command: string; args: Record<string, unknown> }[] = [];
  const listeners = new Map<string, number>();
  let channel = 0;
  let index = 0;
  Object.assign(window, {
    invoked,
    tell: (event: string, payload: unknown) => callbacks.get(listeners.get(event) ?? -1)?.({ event, id: 0, payload }),
    pulse: (message: unknown) => callbacks.get(channel)?.({ index: index++, message }),
    __TAURI_EVENT_PLUGIN_INTERNALS__: { unregisterListener: (event: string) => listeners.delete(event) },
    __TAURI_INTERNALS__: {
      metadata: { currentWindow: { label: "main" }, currentWebview: { label: "main", windowLabel: "main" } },
      transformCallback: (callback: (payload: unknown) => void) => {
        const id = callbacks.size + 1;
        callbacks.set(id, callback);
        return id;
      },
      unregisterCallback: (id: number) => callbacks.delete(id),
      invoke: (command: string, args: Record<string, unknown> = {}) => {
        invoked.push({ command, args });
        if (command === "plugin:event|listen") {
          listeners.set(String(args.event), Number(args.handler));
          return Promise.resolve(listeners.size);
        }
        if (command === "watch") channel = (args.pulses as { id: number }).id;
        if (command === "ask" && args.text === "refuse") {
          return Promise.reject({ kind: "rate_limited", message: "Too much is waiting.", retry: true } as unknown as Error);
        }
        return Promise.resolve(answers[command] ?? null);
      },
    },
  });
  // As the window does it.
  Object.freeze(Object.prototype);
}

interface Behind {
  invoked: { command: string; args: Record<string, unknown> }[];
  tell: (event: string, payload: unknown) => void;
  pulse: (message: unknown) => void;
}

async function open(): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 960, height: 720 } });
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  const { snapshot, settings, defaults } = world();
  const document = { values: settings, defaults, schema: {}, notices: [], path: "/settings.toml" };
  await page.addInitScript(door, { snapshot, settings_get: document });
  await page.goto(address);
  await page.waitForSelector(".dock");
  return page;
}

it("shows a turn as it is told, and lights the word that the playhead has reached", async () => {
  const page = await open();
  await page.evaluate(() => {
    const { tell, pulse } = window as unknown as Behind;
    let sequence = 0;
    const notice = (group: string, event: unknown): void => {
      tell("notice", { sequence: ++sequence, turn: 1, at: Date.now(), body: { group, event } });
    };
    const word = (start: number, end: number, from: number, to: number): unknown => ({
      text: { start, end }, audio: { start: from, end: to }, cluster: start,
    });
    notice("lifecycle", { kind: "state", state: { mode: "push_to_talk", turn: 1, phase: { kind: "speaking", ducked: false } } });
    notice("data", { kind: "said", text: "Count." });
    notice("data", { kind: "reply", delta: "One two three." });
    notice("data", { kind: "words", rate: 24_000, words: [word(0, 3, 0, 24_000), word(4, 7, 24_000, 480_000), word(8, 14, 480_000, 500_000)] });
    pulse({ kind: "playhead", turn: 1, sample: 30_000, rate: 24_000, at: Date.now() });
  });
  await page.waitForFunction(() => CSS.highlights.get("now")?.size === 1);
  const lit = await page.evaluate(() => Array.from(CSS.highlights.get("now") ?? [], (range) => {
    const live = document.createRange();
    live.setStart(range.startContainer, range.startOffset);
    live.setEnd(range.endContainer, range.endOffset);
    return live.toString();
  }));
  expect(lit).toEqual(["two"]);
  expect(complaints).toEqual([]);
  await page.close();
});

it("calls the commands by their names, and shows the sentence of a refusal", async () => {
  const page = await open();
  await page.locator("textarea").fill("refuse");
  await page.keyboard.press("Enter");
  await page.getByText("Too much is waiting.").waitFor();
  await page.getByRole("button", { name: "Hold to talk" }).focus();
  await page.keyboard.down(" ");
  await page.keyboard.up(" ");
  await page.getByRole("button", { name: "Settings" }).click();
  const invoked = await page.evaluate(() => (window as unknown as Behind).invoked);
  const commands = invoked.map((call) => call.command);
  for (const command of ["snapshot", "settings_get", "watch", "ask", "key_down", "key_up", "window_open"]) {
    expect(commands).toContain(command);
  }
  expect(invoked.find((call) => call.command === "window_open")?.args).toEqual({ window: "settings", section: null });
  // What is told while the window opens is not missed: it listens first.
  expect(commands.lastIndexOf("plugin:event|listen")).toBeGreaterThan(-1);
  expect(commands.indexOf("plugin:event|listen")).toBeLessThan(commands.indexOf("snapshot"));
  expect(complaints).toEqual([]);
  await page.close();
});
