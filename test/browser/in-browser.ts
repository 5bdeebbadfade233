// What every test file with a browser begins and ends with.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { buildPageIfStale } from "../../tools/page.ts";
import { killNodes } from "../crash/node-process.ts";
import { type BrowserOrReason, type Look, launchBrowser, type Visit, visit } from "./browser.ts";

export interface InBrowser {
  /** For the file's data, gone with its last test. */
  readonly directory: string;
  /** Opens the page in a browser profile of its own, as an account when one is given; it is closed when the test ends. */
  visit(url: string, look: Look, account: string | null): Promise<Visit>;
}

/**
 * The browser of a test file. `prepare` starts what its tests look at, when the page is built; nodes that are processes are
 * ended behind the last test. Without a browser every test is skipped.
 */
export function inBrowser(prepare: () => Promise<void> = async () => {}): InBrowser {
  const directory = mkdtempSync(join(tmpdir(), "seriatim-browser-"));
  let opened: BrowserOrReason;
  beforeAll(async () => {
    opened = await launchBrowser();
    if ("reason" in opened) return;
    await buildPageIfStale();
    await prepare();
  });
  beforeEach(({ skip }) => {
    skip("reason" in opened, "reason" in opened ? opened.reason : "");
  });
  afterEach(async ({ task }) => {
    if (!("browser" in opened)) return;
    for (const context of opened.browser.contexts()) {
      if (task.result?.state === "fail") for (const page of context.pages()) await tellText(page);
      await context.close();
    }
  });
  afterAll(async () => {
    if ("browser" in opened) await opened.browser.close();
    killNodes();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    directory,
    visit(url, look, account) {
      if ("reason" in opened) throw new Error(opened.reason);
      return visit(opened.browser, url, look, account);
    },
  };
}

/** A wait that was in vain names what was looked for; here is what stood there. */
async function tellText(page: Page): Promise<void> {
  const text = await page.locator("body").innerText();
  console.log(`${page.url()} showed:\n${text}`);
}
