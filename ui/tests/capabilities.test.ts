// What each window is allowed (`tauri.conf.json`) is what its pages ask for, and no more.

import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, it } from "vitest";

const SRC = fileURLToPath(new URL("../src", import.meta.url));
/** Where each window's pages begin (`Root.svelte`), beside what all of them have. */
const PAGES: Record<string, string[]> = {
  main: ["conversation/MainWindow.svelte", "first/FirstRun.svelte"],
  settings: ["settings/SettingsWindow.svelte"],
  "quick-ask": ["quick/QuickAsk.svelte"],
  overlay: ["overlay/Overlay.svelte"],
};
const EVERYWHERE = ["main.ts", "Root.svelte", "Failed.svelte", "mirror/app.svelte.ts"];
/**
 * What the strip never asks for, though it shares the file that has it, and what only the window itself asks for: Escape
 * and the desktop put windows away.
 */
const NOT_ON_THE_STRIP = ["settings-set", "settings-undo", "link-open"];
const BY_THE_WINDOW = { main: ["window-hide", "window-pin"] } as Record<string, string[]>;

const read = (path: string): string => readFileSync(path, "utf8");

/** A file and everything that it imports, without the bridge. */
function reached(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file) || file.includes("/bridge/")) return found;
  found.add(file);
  for (const [, path = ""] of read(file).matchAll(/from "(\.[^"]+)"/gu)) {
    const there = ["", ".ts", ".svelte.ts"].map((ending) => resolve(dirname(file), path) + ending);
    const next = there.find((candidate) => existsSync(candidate) && /\.\w+$/u.test(candidate));
    if (next) reached(next, found);
  }
  return found;
}

/** The commands behind each method of the bridge, as permissions name them. */
const COMMANDS = new Map(
  Array.from(read(`${SRC}/bridge/tauri.ts`).split(/^ {4}(?=\w+(?:: |\())/mu), (method) => [
    /^\w+/u.exec(method)?.[0] ?? "",
    Array.from(method.matchAll(/commands\.(\w+)/gu), ([, name = ""]) => name.replace(/[A-Z]/gu, (c) => `-${c.toLowerCase()}`)),
  ]),
);

function asked(files: Iterable<string>): string[] {
  const methods = Array.from(files, (file) => Array.from(read(file).matchAll(/bridge\s*\.(\w+)/gu), ([, name = ""]) => name));
  return methods.flat().flatMap((method) => COMMANDS.get(method) ?? []);
}

interface Capability {
  windows: string[];
  permissions: string[];
}
const { app } = JSON.parse(read(`${SRC}/../../tauri.conf.json`)) as {
  app: { security: { capabilities: Capability[] } };
};

it.each(Object.entries(PAGES))("%s may do what it asks for", (window, pages) => {
  const starts = pages.map((page) => `${SRC}/${page}`);
  const files = new Set(starts.flatMap((start) => [...reached(start)]));
  const common = EVERYWHERE.map((file) => `${SRC}/${file}`);
  for (const file of [...common, ...reached(`${SRC}/mirror/app.svelte.ts`)]) files.add(file);
  if (window !== "overlay") for (const file of reached(`${SRC}/parts/Toasts.svelte`)) files.add(file);
  const wanted = new Set([...asked(files), ...(BY_THE_WINDOW[window] ?? [])]);
  if (window === "overlay") for (const command of NOT_ON_THE_STRIP) wanted.delete(command);
  const allowed = app.security.capabilities.filter(({ windows }) => windows.includes(window));
  const permissions = allowed.flatMap(({ permissions }) => permissions).filter((name) => name.startsWith("allow-"));
  expect(permissions.map((name) => name.slice("allow-".length)).sort()).toEqual([...wanted].sort());
});
