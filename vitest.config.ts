import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    // Most tests wait for disks, sockets and processes: three files at a time also on two cores.
    maxWorkers: 3,
    reporters: ["default", "./tools/vitest-summary.ts"],
  },
});
