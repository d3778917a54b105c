import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// The oldest webviews that the words' light works in: WebKit 17.2 has the CSS Custom Highlight API.
export default defineConfig({
  plugins: [svelte()],
  build: {
    target: ["safari17.2", "chrome120"],
    // The policy forbids inline script, and there are no browsers here that need it.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: { port: 5173, strictPort: true },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
