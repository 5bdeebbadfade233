// Builds the page to dist/web: hashed assets under relative addresses, nothing loaded from anywhere else.

import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  build: {
    outDir: "../dist/web",
    emptyOutDir: true,
    // The licences of what is bundled travel with it.
    license: { fileName: "licenses.md" },
  },
});
