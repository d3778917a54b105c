// From a turn's milestones to what a person waits for. Pure.

import type { Milestone, Passed, Word } from "../bridge/types";

/** What is waited for, in the order in which it comes. */
const STEPS = {
  understood: "final_transcript",
  written: "first_token",
  heard: "first_sound",
  lit: "first_word_lit",
} as const satisfies Record<string, Milestone>;
export type StepName = keyof typeof STEPS;

export interface Step {
  name: StepName;
  /** Milliseconds since the person had finished. */
  at: number;
}

/** The steps of a turn; none where it is not known when the person had finished, or nothing came of it. */
export function steps(passed: readonly Passed[]): Step[] {
  const at = (milestone: Milestone): number | undefined => passed.find((one) => one.milestone === milestone)?.at ?? undefined;
  const opened = at("opened");
  const typed = opened !== undefined && at("final_transcript") === opened;
  const begin = at("speech_end") ?? at("key_up") ?? opened;
  if (begin === undefined) return [];
  const found: Step[] = [];
  for (const name of Object.keys(STEPS) as StepName[]) {
    // What is typed need not be understood first.
    if (typed && name === "understood") continue;
    const moment = at(STEPS[name]);
    if (moment !== undefined) found.push({ name, at: Math.max(0, moment - begin) });
  }
  return found;
}

/** How many of the words' times were worked out, of how many. */
export function estimated(words: readonly Word[]): { count: number; all: number } {
  return { count: words.filter((word) => word.provenance === "estimated").length, all: words.length };
}
