// What the tests steer the stand-in by.

import type { Tells } from "../bridge";
import type { Body, FailureKind, Original, Pulse } from "../types";
import type { World } from "./world";

/** What a test steers it by: `window.libretto`. */
export interface Stage {
  world: World;
  /** Every call, as it came. */
  calls: { name: string; with: unknown[] }[];
  /** What the next question is answered with. */
  reply: string;
  /** What the next utterance is heard as. */
  utterance: string;
  /** What another window would do. */
  talk: (down: boolean) => Promise<void>;
  ask: (text: string) => Promise<void>;
  repeat: (of: Original, reply: string, cluster: number) => Promise<void>;
  /** Refuses the next call of this name. */
  refuse: (name: string, kind: FailureKind, message: string) => void;
  /** Answers the next call of this name so many milliseconds later. */
  slow: (name: string, wait: number) => void;
  tell: (turn: number | null, ...bodies: Body[]) => void;
  emit: <K extends keyof Tells>(name: K, told: Tells[K]) => void;
  pulse: (pulse: Pulse) => void;
}

declare global {
  interface Window {
    libretto?: Stage;
    /** Laid upon the world before the page opens. */
    librettoWorld?: (world: World) => void;
  }
}
