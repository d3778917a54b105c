// The backend's state in words.

import type { State } from "../bridge/types";
import type { View } from "../mirror/turns";
import { type Key, t } from "../strings/strings.svelte";

/** What goes on, in a word or two. `paused`: nothing listens at all. */
export function headline({ state, deaf }: Pick<View, "state" | "deaf">, paused: boolean): string {
  const { phase } = state;
  if (paused && phase.kind === "idle") return t("state.paused");
  if (phase.kind === "speaking" && phase.ducked) return t("state.ducked");
  if (deaf && listens(phase)) return t("state.deaf");
  return t(`state.${phase.kind}`);
}

/** What one can do now; `talk` and `cancel` are the keys as they are read, empty where there are none: nothing is promised
 *  of those. */
export function hint({ state, deaf }: Pick<View, "state" | "deaf">, keys: { talk: string; cancel: string }): string {
  const { phase } = state;
  if (deaf && listens(phase)) return t("hint.deaf");
  const stops = { keys: keys.cancel };
  switch (phase.kind) {
    case "idle":
      return keys.talk ? t("hint.idle", { keys: keys.talk }) : t("hint.idleButton");
    case "listening":
      if (state.mode === "hands_free") return "";
      return t(phase.latched ? "hint.latched" : "hint.held");
    case "finishing":
    case "thinking":
      return keys.cancel && t(`hint.${phase.kind}`, stops);
    case "speaking":
      return keys.cancel && t(state.mode === "hands_free" ? "hint.speakingFree" : "hint.speaking", stops);
    default:
      return t(`hint.${phase.kind}` satisfies Key);
  }
}

/** Whether the microphone is open. */
export function hears(state: State): boolean {
  return ["arming", "waiting", "listening"].includes(state.phase.kind) || isTail(state);
}

/** Whether it is for the person to speak. */
function listens({ kind }: State["phase"]): boolean {
  return kind === "waiting" || kind === "listening";
}

function isTail({ phase }: State): boolean {
  return (phase.kind === "finishing" && phase.tail) || (phase.kind === "speaking" && phase.ducked);
}
