// The order in which providers are tried. This machine stands last and stays there.

export const ON_DEVICE = "on-device";

/** The providers of an order that can be moved. */
export function clouds(names: readonly string[]): string[] {
  return names.filter((name) => name !== ON_DEVICE);
}

/** The order with one of its providers in another place, counted among those that can be moved. */
export function moved(names: readonly string[], name: string, to: number): string[] {
  const rest = clouds(names).filter((other) => other !== name);
  const place = Math.max(0, Math.min(to, rest.length));
  return [...rest.slice(0, place), name, ...rest.slice(place), ON_DEVICE];
}

/** The order without one of its providers. */
export function without(names: readonly string[], name: string): string[] {
  return [...clouds(names).filter((other) => other !== name), ON_DEVICE];
}
