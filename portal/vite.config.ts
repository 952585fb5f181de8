import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const control = process.env.TOLLGATE_URL ?? "http://127.0.0.1:8080";

// /marketplace is a page and an API: who asks for HTML gets the page, as on the host.
const pageOrApi = {
  target: control,
  bypass: (request: { headers: { accept?: string } }) => (request.headers.accept?.includes("text/html") ? "/index.html" : undefined),
};

export default defineConfig({
  base: "/",
  plugins: [react(), tailwindcss()],
  resolve: {
    alias: { "~": here("./src"), "@tollgate/sdk": here("../sdk/typescript/src/index.ts") },
    dedupe: ["openapi-fetch"],
  },
  // Assets stay files: the content security policy allows no data: fonts.
  build: { target: "es2022", cssTarget: ["chrome123", "firefox120", "safari17.5"], assetsInlineLimit: 0, sourcemap: false },
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: { "/api/": { target: control }, "/auth/": { target: control }, "/me": { target: control }, "/marketplace": pageOrApi },
  },
  test: { environment: "node", include: ["tests/**/*.test.ts"] },
});
