import "./styles/tokens.css";
import "./styles/base.css";

import { type Component, mount } from "svelte";

import { connect } from "./bridge/connect";
import type { Window } from "./bridge/types";
import { App } from "./mirror/app.svelte";
import Root from "./Root.svelte";

/** Each window loads only what it shows. */
const PAGES: Record<Window, () => Promise<{ default: Component }>> = {
  main: () => import("./conversation/MainWindow.svelte"),
  settings: () => import("./settings/SettingsWindow.svelte"),
  "quick-ask": () => import("./quick/QuickAsk.svelte"),
  overlay: () => import("./overlay/Overlay.svelte"),
};

const bridge = await connect();
const app = new App(bridge);
const [page] = await Promise.all([PAGES[bridge.window](), app.open()]);
const target = document.getElementById("app");
if (target) mount(Root, { target, props: { app, Page: page.default } });
document.body.dataset.window = bridge.window;
// The window is shown now, and nobody has seen it empty. Frames would be waited for in vain: a hidden page has none.
void document.body.offsetHeight;
void app.try(bridge.drawn());
