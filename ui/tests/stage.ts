// A browser with the windows in it, on a clock that the tests move.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import AxeBuilder from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";

import type { Stage } from "../src/bridge/mock/stage";
import { NOW } from "../src/bridge/mock/world";
import type { Window } from "../src/bridge/types";
import { serve } from "./server";

const DIST = fileURLToPath(new URL("../dist-mock", import.meta.url));
/** Debian's; the shell opens a page in a third of the browser's time. */
export const CHROMIUM =
  process.env.CHROMIUM ?? ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"].find((path) => existsSync(path));

export interface Open {
  window?: Window;
  /** Of the window, in its own pixels. */
  size?: [width: number, height: number];
  /** 1.25 is 125 %: less room, larger pixels. */
  zoom?: number;
  scheme?: "light" | "dark";
  /** Changes the backend's world before the page opens. It runs in the page. */
  world?: string;
}

/** The windows' sizes. */
const SIZES: Record<Window, [number, number]> = {
  main: [960, 720],
  settings: [860, 680],
  "quick-ask": [640, 260],
  overlay: [420, 72],
};

/** One theatre for all tests of a file, in which nobody may complain. */
export function openTheatre(): Pick<Theatre, "show"> {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await Theatre.open();
  });
  afterAll(async () => {
    await theatre.close();
    expect(theatre.complaints).toEqual([]);
  });
  return { show: (open) => theatre.show(open) };
}

class Theatre {
  /** What the pages complained of. */
  readonly complaints: string[] = [];

  private constructor(
    private readonly browser: Browser,
    private readonly address: string,
    private readonly stop: () => void,
  ) {}

  static async open(): Promise<Theatre> {
    const { server, address } = await serve(DIST);
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
    return new Theatre(browser, address, () => server.close());
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.stop();
  }

  async show(open: Open = {}): Promise<Scene> {
    const { window = "main", zoom = 1, scheme = "light", world = "" } = open;
    const [width, height] = open.size ?? SIZES[window];
    // Those without a frame grow with the text.
    const room = window === "main" || window === "settings" ? zoom : 1;
    const context = await this.browser.newContext({
      viewport: { width: Math.round(width / room), height: Math.round(height / room) },
      deviceScaleFactor: zoom,
      colorScheme: scheme,
      locale: "en-GB",
      timezoneId: "UTC",
    });
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    await page.clock.install({ time: NOW });
    await page.addInitScript(`window.librettoWorld = (world) => { ${world} };`);
    await page.goto(`${this.address}/?window=${window}`);
    await page.waitForFunction(() => document.querySelector("#app")?.firstElementChild);
    await page.clock.pauseAt(NOW + 60_000);
    return new Scene(page);
  }
}

/** One window. */
export class Scene {
  constructor(readonly page: Page) {}

  /** Time passes: timers, frames and the playhead with it. */
  async wait(milliseconds: number): Promise<void> {
    await this.page.clock.runFor(milliseconds);
  }

  /** Does something with the backend's stand-in. */
  async stage<T, A>(work: (stage: Stage, argument: A) => T, argument?: A): Promise<T> {
    // As text: the pages' policy forbids what else would carry a function over.
    return this.page.evaluate<T>(`(${work.toString()})(window.libretto, ${JSON.stringify(argument ?? null)})`);
  }

  press(key: string): Promise<void> {
    return this.page.keyboard.press(key);
  }

  /** What has the focus, by its name. */
  focused(): Promise<string> {
    return this.page.evaluate(
      () => document.activeElement?.ariaLabel ?? document.activeElement?.textContent?.trim() ?? "",
    );
  }

  /** What goes on, as a screen reader says it. */
  state(): Promise<string> {
    return this.page.getByTestId("state").innerText();
  }

  /** Goes on with the Tab key until something with this name has the focus. */
  async tabTo(name: RegExp): Promise<void> {
    for (let n = 0; n < 60; n++) {
      await this.press("Tab");
      if (name.test(await this.focused())) return;
    }
    throw new Error(`Tab does not lead to ${String(name)}`);
  }

  async calls(name: string): Promise<unknown[][]> {
    return this.page.evaluate(
      (name) => (window.libretto?.calls ?? []).filter((call) => call.name === name).map((call) => call.with),
      name,
    );
  }

  /** What is painted, as text, by paint. */
  async painted(): Promise<Record<string, string>> {
    return this.page.evaluate(() => {
      const found: Record<string, string> = {};
      for (const [name, highlight] of CSS.highlights) {
        for (const range of highlight) {
          const live = document.createRange();
          live.setStart(range.startContainer, range.startOffset);
          live.setEnd(range.endContainer, range.endOffset);
          found[name] = (found[name] ?? "") + live.toString();
        }
      }
      return found;
    });
  }

  /** What axe finds, as lines; none is good. */
  async axe(): Promise<string[]> {
    // It waits for timers of its own.
    await this.page.clock.resume();
    await this.page.evaluate(AxeBuilder.source);
    const violations = await this.page.evaluate(async () => {
      const axe = (window as unknown as { axe: typeof AxeBuilder }).axe;
      const { violations } = await axe.run(document, { resultTypes: ["violations"] });
      return violations.map((v) => ({ id: v.id, help: v.help, nodes: v.nodes.map((node) => `${node.html} ${node.any.map((a) => a.message).join(" ")}`) }));
    });
    return violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.join("\n  ")}`);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
