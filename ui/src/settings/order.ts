// The order in which providers are tried. This machine is one of them, and always among them.

import { ON_DEVICE } from "../bridge/types";

/** The order with one of its providers in another place. */
export function moved(names: readonly string[], name: string, to: number): string[] {
  const rest = names.filter((other) => other !== name);
  const place = Math.max(0, Math.min(to, rest.length));
  return [...rest.slice(0, place), name, ...rest.slice(place)];
}

/** The order with another provider: behind all others, but before this machine where that stands last. */
export function joined(names: readonly string[], name: string): string[] {
  return moved(names, name, names.at(-1) === ON_DEVICE ? names.length - 1 : names.length);
}
