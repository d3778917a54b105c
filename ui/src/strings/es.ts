import type { Catalogue } from "./strings.svelte"; import { en } from "./en"; export const es: Catalogue = en;
