// Which backend stands behind the bridge: Tauri's, or, in the tests' build alone, the stand-in.

import type { Bridge } from "./bridge";

export async function connect(): Promise<Bridge> {
  if (import.meta.env.MODE === "mock") return (await import("./mock/mock")).mock();
  return (await import("./tauri")).tauri();
}
