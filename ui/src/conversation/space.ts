// Space talks and Escape calls off while the window has the focus, whatever the global hotkeys are.

import type { App } from "../mirror/app.svelte";
import { composes } from "../parts/composing";

/** Begins to listen for both; the returned function ends it. */
export function spaceTalks(app: App): () => void {
  let down = false;
  const key = (next: boolean): void => {
    down = next;
    void app.try(app.bridge.talkKey(next));
  };
  const pressed = (event: KeyboardEvent): void => {
    // In a question Escape means no; while an input method composes, all keys are its own.
    if (event.defaultPrevented || composes(event) || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      // Whether anything goes on the backend knows: a turn may have begun that this page has not heard of yet.
      void app.try(app.bridge.cancel());
      return;
    }
    // Anywhere else it presses a button or writes a space.
    const free = event.target === document.body && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (event.key !== " " || !free) return;
    event.preventDefault();
    if (!event.repeat) key(true);
  };
  const released = (event: KeyboardEvent): void => {
    if (event.key === " " && down) key(false);
  };
  // A release that the window does not see any more would leave the microphone open.
  const left = (): void => {
    if (down) key(false);
  };
  addEventListener("keydown", pressed);
  addEventListener("keyup", released);
  addEventListener("blur", left);
  return () => {
    removeEventListener("keydown", pressed);
    removeEventListener("keyup", released);
    removeEventListener("blur", left);
  };
}
