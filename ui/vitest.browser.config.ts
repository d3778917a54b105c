import { defineConfig } from "vitest/config";

// Whole flows in Chromium. One after the other: they share the machine with whatever else runs there.
export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    environment: "node",
    fileParallelism: false,
    // Pictures and axe's rounds have a page each and wait for each other in nothing.
    maxConcurrency: 3,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
