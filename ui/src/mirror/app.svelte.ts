// What all windows share: the mirrors of the conversation, of the settings and of the desktop's side.

import { getContext, setContext } from "svelte";

import { type Bridge, type Change, Refusal } from "../bridge/bridge";
import { type Patch, type Persona, read, type SettingAt, type SettingKey, type Settings } from "../bridge/settings";
import { type HotkeyAction, type Notice, ON_DEVICE, type ProviderPart, type Providers, type Remark, type Shell } from "../bridge/types";
import { current, t } from "../strings/strings.svelte";
import { Live } from "./live";
import { told } from "./told";
import { lay, NOTHING, of, type View } from "./turns";

/** A short word at the window's edge. */
export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "bad";
  /** The change that it offers to take back. */
  undo: Change;
  /** What the backend said, where the text is another. */
  detail: string;
}

/** A toast with a button stays longer; a refusal stays until it is put away. */
const TOAST = { plain: 4_000, undo: 8_000 };

export class App {
  view: View = $state(structuredClone(NOTHING));
  shell: Shell = $state({ hotkeys: [], way: "own", paused: false, pinned: false, asked: 0, led: null, version: "" });
  toasts: Toast[] = $state([]);
  /** What the user should read, though nobody asked, without what was put away. */
  notices: Remark[] = $state([]);
  /** They are told anew with each session. */
  readonly #away = new Set<string>();
  /** Said to screen readers, once. */
  said = $state("");
  /** The change of the settings that would be undone next. */
  undoable: Change = $state(null);
  /** The providers as they were last looked at; `undefined` before they have come. */
  providers: Providers | undefined = $state();
  readonly live: Live;
  /** What was changed in this window, by its number: what it is called. */
  #changed: Partial<Record<number, string>> = $state({});
  #settings: Settings | undefined = $state();
  #defaults: Settings | undefined = $state();
  #path = $state("");
  #toast = 0;
  /** What is told while a snapshot is awaited: the snapshot may be older than it. */
  #early: Notice[] | undefined;
  #snapshots = 0;
  #looking: Promise<void> | undefined;

  constructor(readonly bridge: Bridge) {
    this.live = new Live(bridge);
  }

  /** Takes what is so now; everything afterwards comes by itself. */
  async open(): Promise<void> {
    const { bridge } = this;
    // Listening comes first: what is told meanwhile is laid upon the snapshot, and what it contains is passed over.
    this.#early = [];
    bridge.on("notice", (notice) => {
      if (this.#early) this.#early.push(notice);
      else lay(this.view, notice);
    });
    bridge.on("settings", ({ values, undoable }) => {
      this.#settings = values;
      this.undoable = undoable;
    });
    bridge.on("notices", (notices) => { this.#take(notices); });
    bridge.on("shell", (shell) => (this.shell = shell));
    bridge.on("session", () => {
      void this.try(this.#refresh());
    });
    await bridge.listening();
    const [document] = await Promise.all([bridge.settings(), this.#refresh()]);
    this.#defaults = document.defaults;
    this.#path = document.path;
    // What was told meanwhile is newer.
    if (!this.#settings) {
      this.#settings = document.values;
      this.undoable = document.undoable;
    }
    // Their names; the strip has no room for them.
    if (bridge.window !== "overlay") void this.look();
  }

  async #refresh(): Promise<void> {
    this.#early ??= [];
    const mine = ++this.#snapshots;
    try {
      const snapshot = await this.bridge.snapshot();
      // Of several, the last one counts.
      if (mine !== this.#snapshots) return;
      this.view = of(snapshot);
      this.shell = snapshot.shell;
      this.#take(snapshot.notices);
    } finally {
      if (mine === this.#snapshots) {
        const early = this.#early;
        this.#early = undefined;
        for (const notice of early) lay(this.view, notice);
      }
    }
  }

  /** Looks at the providers again, once for all who ask meanwhile. Where that fails, what was known counts. */
  look(): Promise<void> {
    this.#looking ??= this.bridge
      .providers()
      .then((providers) => void (this.providers = providers))
      .catch(() => undefined)
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** What a provider is called; this machine's own has its name in the window's language. */
  title(provider: string): string {
    if (provider === ON_DEVICE) return t("providers.here");
    return this.providers?.providers.find(({ name }) => name === provider)?.title ?? provider;
  }

  /** Whether this machine is the first that is tried for a part, with those left out that have no key. False while nobody
   *  knows. */
  here(part: ProviderPart): boolean {
    if (!this.providers) return false;
    const { persona, providers: all } = this;
    const own = { recogniser: undefined, model: persona?.model_provider, voice: persona?.voice_provider }[part];
    const usable = (name: string): boolean =>
      name === ON_DEVICE || all.providers.some((one) => one.name === name && (one.hasKey || !one.needsKey));
    return [...(own === undefined ? [] : [own]), ...all[part]].find(usable) === ON_DEVICE;
  }

  get settings(): Settings {
    if (!this.#settings) throw new Error("the settings are read before they have come");
    return this.#settings;
  }

  /** The persona that answers, where one is chosen. */
  get persona(): Persona | undefined {
    const { persona, personas } = this.settings.conversation;
    return personas.find(({ name }) => name === persona);
  }

  /** That the persona sets this, in place of the setting that has no effect then; `undefined` where it does not. */
  setBy(what: "speed" | "language"): string | undefined {
    const { persona } = this;
    if (persona?.[what] === undefined) return undefined;
    return t("voice.setBy", { name: persona.name, section: t("settings.conversation") });
  }

  /** Nothing listens, and what went on has ended. */
  get paused(): boolean {
    return this.shell.paused && this.view.state.phase.kind === "idle";
  }

  /** Where the settings' file is. */
  get path(): string {
    return this.#path;
  }

  /** What counts where nothing was set. */
  standard<K extends SettingKey>(key: K): SettingAt<K> | undefined {
    return this.#defaults && read(this.#defaults, key);
  }

  /** Changes a setting, and offers to undo it where it is called by a name. False where it was refused. */
  async change<K extends SettingKey>(key: K, value: SettingAt<K> | undefined, name?: string): Promise<boolean> {
    const change = await this.try(this.bridge.set(key, value));
    this.changed(change, name);
    return change !== undefined;
  }

  /** Changes several settings of a section at once. */
  async patch<S extends keyof Settings>(section: S, values: Patch<S>, name: string): Promise<void> {
    this.changed(await this.try(this.bridge.patch(section, values)), name);
  }

  /** Something was changed: that, and nothing else, is offered to be undone. */
  changed(change: Change | undefined, name?: string): void {
    if (typeof change !== "number" || !name) return;
    this.#changed[change] = name;
    this.say(t("settings.changed", { name }), "plain", change);
  }

  /** What the change that would be undone next is called, where it was made in this window. */
  get next(): string | undefined {
    return this.undoable === null ? undefined : this.#changed[this.undoable];
  }

  /** Takes a change back, whatever was changed since; `null` is the last. */
  async undo(change: Change): Promise<void> {
    const name = this.#changed[change ?? this.undoable ?? 0];
    const undone = await this.try(this.bridge.undo(change));
    if (!undone) return;
    const back = name === undefined ? t("settings.undoneLast") : t("settings.undone", { name });
    this.say(undone.keys.length > 0 ? back : t("settings.changedSince"));
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
      // What was called off was wished so.
      if (error instanceof Refusal && error.kind === "cancelled") return undefined;
      const { text, detail } = told(error);
      this.say(text, "bad", null, detail);
      return undefined;
    }
  }

  /** `detail` is what the backend said: English, and it knows the most. */
  say(text: string, tone: Toast["tone"] = "plain", undo: Change = null, detail = text): void {
    const toast = { id: ++this.#toast, text: current() === "en" ? detail : text, tone, undo, detail };
    // One at a time, beside what went wrong.
    this.toasts = [...this.toasts.filter((other) => other.tone === "bad"), toast].slice(-3);
    if (tone === "bad") return;
    setTimeout(() => {
      this.dismiss(toast.id);
    }, undo === null ? TOAST.plain : TOAST.undo);
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  /** What the user should read now, but for what was put away. */
  #take(notices: Remark[]): void {
    this.notices = notices.filter(({ sentence }) => !this.#away.has(sentence));
  }

  /** A notice was read, and does not come back as long as the window is there. */
  putAway(sentence: string): void {
    this.#away.add(sentence);
    this.notices = this.notices.filter((notice) => notice.sentence !== sentence);
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
