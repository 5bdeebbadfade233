// How a test waits for what comes about by itself: it looks again and again, for as long as the configuration says (expect.poll
// of vitest.config.ts), so that no bound of a single test is one that a busy machine misses.

import { expect } from "vitest";

export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(isSo).toBe(true);
}
