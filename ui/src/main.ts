import "./styles/fonts.css";
import "./styles/tokens.css";
import "./styles/base.css";

import { type Component, mount } from "svelte";

import type { Bridge } from "./bridge/bridge";
import { connect } from "./bridge/connect";
import type { Window } from "./bridge/types";
import Failed from "./Failed.svelte";
import { App } from "./mirror/app.svelte";
import Root from "./Root.svelte";
import { choose, speak } from "./strings/strings.svelte";

/** Each window loads only what it shows. */
const PAGES: Record<Window, () => Promise<{ default: Component }>> = {
  main: () => import("./conversation/MainWindow.svelte"),
  settings: () => import("./settings/SettingsWindow.svelte"),
  "quick-ask": () => import("./quick/QuickAsk.svelte"),
  overlay: () => import("./overlay/Overlay.svelte"),
};

/** What the window shows, once what it needs has come; where nothing comes, it says so. */
async function page(bridge: Bridge): Promise<(target: HTMLElement) => void> {
  try {
    const app = new App(bridge);
    const [{ default: Page }] = await Promise.all([PAGES[bridge.window](), app.open()]);
    return (target) => mount(Root, { target, props: { app, Page } });
  } catch (error) {
    speak(choose(navigator.languages));
    return (target) => mount(Failed, { target, props: { detail: error instanceof Error ? error.message : String(error) } });
  }
}

/** The font of the first text: what is shown does not change its shape, and does not wait for long. */
async function lettered(): Promise<void> {
  const late = new Promise((done) => setTimeout(done, 300));
  await Promise.race([document.fonts.load('1rem "Inter Variable"').catch(() => undefined), late]);
}

const letters = lettered();
const bridge = await connect();
const [show] = await Promise.all([page(bridge), letters]);
const target = document.getElementById("app");
if (target) show(target);
document.body.dataset.window = bridge.window;
// The window is shown now, and nobody has seen it empty. Frames would be waited for in vain: a hidden page has none.
void document.body.offsetHeight;
bridge.drawn().catch(() => undefined);
