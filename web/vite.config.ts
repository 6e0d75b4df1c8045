import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `npm run dev` serves the page with hot reload beside a running `felt`; name another
// one with FELT_URL.
const target = process.env.FELT_URL ?? "http://127.0.0.1:3358";

export default defineConfig({
  // Every address in the built page is relative, so that it works behind a proxy
  // under any base path.
  base: "./",
  plugins: [react()],
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 600 },
  server: {
    proxy: { "/api": { target, changeOrigin: true, headers: { origin: target } } },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node", env: { TZ: "UTC" } },
});
