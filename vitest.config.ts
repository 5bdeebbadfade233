import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Tests start hundreds of threads and processes from the sources: what one has compiled the others read (bin/seriatim does the same).
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("node_modules/.cache/seriatim", import.meta.url));

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    // Most tests wait for disks, sockets and processes: three files at a time also on two cores.
    maxWorkers: 3,
    reporters: ["default", "./tools/vitest-summary.ts"],
  },
});
