// The stand-in's settings: changes by their numbers, each undone alone.

import type { Change } from "../bridge";
import type { Settings } from "../settings";

/** What a path held before a change, and holds since. */
interface Step {
  path: string;
  before: unknown;
  after: unknown;
}

export class Changes {
  #made = 0;
  readonly #all: { number: number; steps: Step[] }[] = [];

  /** Changes a tree; `undefined` and `null` are the defaults. */
  make(tree: Settings, defaults: Settings, values: Record<string, unknown>): Change {
    const steps = Object.entries(values).flatMap(([path, value]) => {
      const before = at(tree, path);
      const after = value ?? at(defaults, path);
      put(tree, path, after);
      return same(before, after) ? [] : [{ path, before, after }];
    });
    // As the backend has it: how long is kept is changed by hand only.
    if (steps.every(({ path }) => path === "history.keep_days")) return null;
    this.#made += 1;
    this.#all.push({ number: this.#made, steps });
    return this.#made;
  }

  /** Takes a change of a tree back, as far as it was not changed again; `null` is the last. The keys. */
  undo(tree: Settings, number: Change): string[] {
    const index = this.#all.findIndex((change) => change.number === (number ?? this.next(tree)));
    const steps = this.#all[index]?.steps.filter(({ path, after }) => same(at(tree, path), after)) ?? [];
    if (steps.length > 0) this.#all.splice(index, 1);
    for (const { path, before } of steps) put(tree, path, before);
    return steps.map(({ path }) => path);
  }

  /** What would be undone next. */
  next(tree: Settings): Change {
    const holds = ({ path, after }: Step): boolean => same(at(tree, path), after);
    return this.#all.findLast(({ steps }) => steps.some(holds))?.number ?? null;
  }
}

function at(tree: Settings, path: string): unknown {
  const [section, field] = path.split(".") as [keyof Settings, string];
  return (tree[section] as Record<string, unknown>)[field];
}

function put(tree: Settings, path: string, value: unknown): void {
  const [section, field] = path.split(".") as [keyof Settings, string];
  const part = tree[section] as Record<string, unknown>;
  if (value === undefined || value === null) Reflect.deleteProperty(part, field);
  else part[field] = value;
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
