// What starts a node as a process: in a test run the bundle (tools/bundle.ts), whose start is cheap; elsewhere the sources.

import { fileURLToPath } from "node:url";

export const LAUNCHER: string =
  process.env.TEST_LAUNCHER ?? fileURLToPath(new URL("../../bin/seriatim", import.meta.url));
