import { defineConfig } from "vitest/config";

// A real browser against a real server: slow enough to want its own limits, and one
// at a time.
export default defineConfig({
  test: {
    include: ["e2e/*.spec.ts"],
    environment: "node",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
