import type { Catalogue } from "./strings.svelte"; import { en } from "./en"; export const de: Catalogue = en;
