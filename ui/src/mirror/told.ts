// How a refusal and a problem are told in the window's language.

import { Refusal } from "../bridge/bridge";
import type { FailureKind } from "../bridge/types";
import { t } from "../strings/strings.svelte";

/** What happened, and what to do: two sentences. */
export function sentences(kind: FailureKind): string {
  return `${t(`problem.${kind}`)}. ${t(`next.${kind}`)}`;
}

/** What came of a call that failed; `detail` is what the backend said: English, and it knows the most. */
export function told(error: unknown): { text: string; detail: string } {
  if (error instanceof Refusal) return { text: sentences(error.kind), detail: error.message };
  return { text: sentences("internal"), detail: `${t("problem.internal")}. ${String(error)}` };
}
