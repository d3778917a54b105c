import type { Bridge } from "./bridge";
export function tauri(): Bridge { throw new Error("not yet"); }
