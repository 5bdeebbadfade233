// The page with a token, in a real browser against a node whose accounts have keys: logon, reports, mass cancel.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { makeToken, tokenDigest } from "../../src/platform/index.ts";
import { generateKey } from "../../src/runtime/index.ts";
import { buildPageIfStale } from "../../tools/page.ts";
import { killNodes, NodeProcess } from "../crash/node-process.ts";
import {
  type BrowserOrReason,
  DESK,
  hideLimits,
  keepPicture,
  type Look,
  launchBrowser,
  PHONE,
  visit,
} from "./browser.ts";
import { poorTexts } from "./in-page.ts";

const dir = mkdtempSync(join(tmpdir(), "seriatim-logon-"));
const token = makeToken();
let opened: BrowserOrReason;
let browser: Browser;
let url: string;

beforeAll(async () => {
  opened = await launchBrowser();
  if (!("browser" in opened)) return;
  browser = opened.browser;
  await buildPageIfStale();
  const keys = join(dir, "keys.json");
  const rights = { accounts: [1], token: tokenDigest(token) };
  generateKey("alice-key", "trader", join(dir, "alice.key"), keys, rights);
  const node = await NodeProcess.start([
    ...["--data-dir", join(dir, "data"), "--segment-bytes", "4194304", "--keys", keys, "--admin-port", "0"],
    ...["--accounts", "alice=1", "--symbols", "BTC-USD:2:50,ETH-USD:2:5", "--open-order-entry", "off"],
  ]);
  url = `http://127.0.0.1:${node.httpPort}/`;
});

afterAll(async () => {
  await browser?.close();
  killNodes();
  rmSync(dir, { recursive: true, force: true });
});

beforeEach(({ skip }) => {
  skip("reason" in opened, "reason" in opened ? opened.reason : "");
});

async function logOn(page: Page, secret: string): Promise<void> {
  await page.getByLabel("Name or number").fill("alice");
  await page.getByLabel("Token").fill(secret);
  await page.keyboard.press("Enter");
}

async function order(page: Page, price: string, lots: string): Promise<void> {
  await page.getByLabel("Price", { exact: true }).fill(price);
  await page.getByLabel("Lots", { exact: true }).fill(lots);
  await page.keyboard.press("Enter");
}

/** Notices lie over the header of a phone. */
async function dismissAll(page: Page): Promise<void> {
  const dismiss = page.getByRole("button", { name: "Dismiss" });
  while ((await dismiss.count()) > 0) await dismiss.first().click();
}

test("who only says a name is told to say a token, and a wrong one is refused in words", async () => {
  const { page } = await visit(browser, url, DESK, "alice");
  await page.getByRole("alert").getByText("say a token").waitFor();
  await page.getByRole("button", { name: "Another account" }).click();
  await keepPicture(page, "logon-1440");
  await logOn(page, makeToken());
  await page.getByRole("alert").getByText("no key of this exchange has it").waitFor();
  await page.context().close();
});

test.each<Look>([DESK, { ...DESK, scheme: "light" }, PHONE, { ...PHONE, scheme: "dark" }])(
  "with a token orders are reported, and all cancelled at once, at $width px, $scheme",
  async (look) => {
    const { page, complaints } = await visit(browser, url, look, null);
    await hideLimits(page);
    await page.reload();
    await page.getByRole("button", { name: "No account" }).click();
    await logOn(page, token);
    await page.getByRole("button", { name: "alice" }).first().waitFor();
    await order(page, "60000", "3");
    await page.getByRole("log").getByText("Buy 3 BTC-USD at 60000.00: accepted").waitFor();
    await order(page, "60000", "1000001");
    await page.getByRole("log").getByText("rejected, the quantity is larger").waitFor();
    await page.keyboard.press("Escape");
    if (look.width < 860) await page.getByRole("button", { name: "Orders", exact: true }).click();
    await dismissAll(page);
    await page.getByLabel("Reports").check();
    await page.getByRole("cell", { name: "Accepted" }).waitFor();
    await page.getByRole("cell", { name: "Rejected: the quantity is larger" }).waitFor();
    expect(await page.evaluate(poorTexts)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(look.width);
    await keepPicture(page, `reports-${look.width}-${look.scheme}`);
    await page.reload();
    if (look.width < 860) await page.getByRole("button", { name: "Orders", exact: true }).click();
    await page.getByText("My orders 1").waitFor();
    await keepPicture(page, `session-${look.width}-${look.scheme}`);
    await page.getByRole("button", { name: "Cancel all in BTC-USD" }).click();
    await page.getByRole("log").getByText("1 order in BTC-USD cancelled").waitFor();
    await page.getByText("You have no open orders").waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  },
);
