// What all windows share: the mirrors of the conversation, of the settings and of the desktop's side.

import { getContext, setContext } from "svelte";

import { type Bridge, Refusal } from "../bridge/bridge";
import { read, type SettingAt, type SettingKey, type Settings } from "../bridge/settings";
import type { HotkeyAction, Shell } from "../bridge/types";
import { current, t } from "../strings/strings.svelte";
import { Live } from "./live";
import { lay, NOTHING, of, type View } from "./turns";

/** A short word at the window's edge. */
export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "bad";
  undo: boolean;
  /** What the backend said, where the text is another. */
  detail: string;
}

/** A toast with a button stays longer; a refusal stays until it is put away. */
const TOAST = { plain: 4_000, undo: 8_000 };

export class App {
  view: View = $state(structuredClone(NOTHING));
  shell: Shell = $state({ hotkeys: [], way: "own", paused: false, pinned: false, version: "" });
  toasts: Toast[] = $state([]);
  /** Sentences about what was found odd while starting. */
  notices: string[] = $state([]);
  /** Said to screen readers, once. */
  said = $state("");
  readonly live: Live;
  #settings: Settings | undefined = $state();
  #defaults: Settings | undefined = $state();
  #path = $state("");
  #toast = 0;

  constructor(readonly bridge: Bridge) {
    this.live = new Live(bridge);
  }

  /** Takes what is so now; everything afterwards comes by itself. */
  async open(): Promise<void> {
    const { bridge } = this;
    // Listening comes first: what is told meanwhile is laid upon the snapshot, and what it contains is passed over.
    const early: Parameters<typeof lay>[1][] = [];
    let opened = false;
    bridge.on("notice", (notice) => {
      if (opened) lay(this.view, notice);
      else early.push(notice);
    });
    bridge.on("settings", (values) => (this.#settings = values));
    bridge.on("shell", (shell) => (this.shell = shell));
    bridge.on("session", () => {
      void this.try(this.#refresh());
    });
    await bridge.listening();
    const document = await bridge.settings();
    this.#settings = document.values;
    this.#defaults = document.defaults;
    this.#path = document.path;
    this.notices = document.notices;
    await this.#refresh();
    opened = true;
    for (const notice of early) lay(this.view, notice);
  }

  async #refresh(): Promise<void> {
    const snapshot = await this.bridge.snapshot();
    this.view = of(snapshot);
    this.shell = snapshot.shell;
    this.notices = [...new Set([...this.notices, ...snapshot.notices])];
  }

  get settings(): Settings {
    if (!this.#settings) throw new Error("the settings are read before they have come");
    return this.#settings;
  }

  /** Where the settings' file is. */
  get path(): string {
    return this.#path;
  }

  /** What counts where nothing was set. */
  standard<K extends SettingKey>(key: K): SettingAt<K> | undefined {
    return this.#defaults && read(this.#defaults, key);
  }

  /** Changes a setting, and offers to undo it. */
  async change<K extends SettingKey>(key: K, value: SettingAt<K> | undefined, name?: string): Promise<void> {
    const done = await this.try(this.bridge.set(key, value).then(() => true));
    if (done && name) this.say(t("settings.changed", { name }), "plain", true);
  }

  /** The keys of a hotkey as they are shown; empty when it is off or does not work. */
  keys(action: HotkeyAction): string {
    const hotkey = this.shell.hotkeys.find((hotkey) => hotkey.action === action);
    if (!hotkey || hotkey.problem) return "";
    return hotkey.trigger ?? hotkey.keys;
  }

  /** What was refused is told; `undefined` stands for it. */
  async try<T>(call: Promise<T>): Promise<T | undefined> {
    try {
      return await call;
    } catch (error) {
      const kind = error instanceof Refusal ? error.kind : "internal";
      const detail = error instanceof Refusal ? error.message : `${t("problem.internal")}. ${String(error)}`;
      // The detail is English and knows the most; elsewhere the next step stands before it.
      this.say(current() === "en" ? detail : `${t(`problem.${kind}`)}. ${t(`next.${kind}`)}`, "bad", false, detail);
      return undefined;
    }
  }

  say(text: string, tone: Toast["tone"] = "plain", undo = false, detail = text): void {
    const toast = { id: ++this.#toast, text, tone, undo, detail };
    // One offer to undo at a time: it takes back the last change.
    this.toasts = [...this.toasts.filter((other) => other.tone === "bad"), toast].slice(-3);
    if (tone === "bad") return;
    setTimeout(() => {
      this.dismiss(toast.id);
    }, undo ? TOAST.undo : TOAST.plain);
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  async copy(text: string): Promise<void> {
    const done = await this.try(this.bridge.copy(text).then(() => true));
    if (done) this.say(t("app.copied"));
  }
}

const APP = Symbol("app");

export function provide(app: App): App {
  return setContext(APP, app);
}

export function useApp(): App {
  return getContext(APP);
}
