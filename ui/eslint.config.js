import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

import svelteConfig from "./svelte.config.js";

export default defineConfig(
  globalIgnores(["dist", "dist-mock", "pictures", "src/lib/bindings.ts"]),
  js.configs.recommended,
  ts.configs.strict,
  svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser } } },
  { files: ["*.ts", "*.js", "tests/**"], languageOptions: { globals: { ...globals.node } } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { extraFileExtensions: [".svelte"], parser: ts.parser, svelteConfig } },
  },
  {
    rules: {
      eqeqeq: "error",
      "no-console": "error",
      // Sets and dates that nothing on the page hangs upon are plain ones.
      "svelte/prefer-svelte-reactivity": "off",
      // Nothing that came from outside is ever read as HTML.
      "svelte/no-at-html-tags": "error",
      // The policy forbids inline styles.
      "svelte/no-inline-styles": ["error", { allowTransitions: true }],
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Build nodes instead." },
        { property: "outerHTML", message: "Build nodes instead." },
        { property: "insertAdjacentHTML", message: "Build nodes instead." },
      ],
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["@tauri-apps/*"], message: "Only src/bridge talks to the backend." }] },
      ],
    },
  },
  { files: ["src/bridge/**"], rules: { "no-restricted-imports": "off" } },
);
