// The page with a token, in a real browser against a node whose accounts have keys: logon, reports, mass cancel.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { makeToken, tokenDigest } from "../../src/platform/index.ts";
import { generateKey } from "../../src/runtime/index.ts";
import { NodeProcess } from "../crash/node-process.ts";
import { LAUNCHER } from "../support/launcher.ts";
import { DESK, hideLimits, keepPicture, type Look, PHONE } from "./browser.ts";
import { inBrowser } from "./in-browser.ts";
import { poorContrasts } from "./in-page.ts";

const token = makeToken();
let node: NodeProcess;
let url: string;

const { directory, visit } = inBrowser(async () => {
  const keys = join(directory, "keys.json");
  const rights = { accounts: [1], token: tokenDigest(token) };
  generateKey("alice-key", "trader", join(directory, "alice.key"), keys, rights);
  generateKey("ann", "admin", join(directory, "ann.key"), keys);
  node = await NodeProcess.start([
    ...[
      "--data-dir",
      join(directory, "data"),
      "--segment-bytes",
      "4194304",
      "--keys",
      keys,
      "--admin-port",
      "0",
    ],
    ...["--accounts", "alice=1", "--symbols", "BTC-USD:2:50,ETH-USD:2:5", "--open-order-entry", "off"],
  ]);
  url = `http://127.0.0.1:${node.httpPort}/`;
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
  const { page } = await visit(url, DESK, "alice");
  await page.getByRole("alert").getByText("say a token").waitFor();
  await page.getByRole("button", { name: "Another account" }).click();
  await keepPicture(page, "logon-1440");
  await logOn(page, makeToken());
  await page.getByRole("alert").getByText("no key of this exchange has it").waitFor();
});

test.each<Look>([DESK, { ...DESK, scheme: "light" }, PHONE, { ...PHONE, scheme: "dark" }])(
  "with a token orders are reported, and all cancelled at once, at $width px, $scheme",
  async (look) => {
    const { page, complaints } = await visit(url, look, null);
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
    expect(await page.evaluate(poorContrasts)).toEqual([]);
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
  },
);

/** As an administrator does it. */
async function administer(...words: readonly string[]): Promise<void> {
  const at = ["admin", `127.0.0.1:${node.adminPort}`, "--key", join(directory, "ann.key")];
  const asked = spawn(process.execPath, [LAUNCHER, ...at, ...words], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  expect(await once(asked, "exit")).toEqual([0, null]);
}

// The button went on asking for orders that were all refused.
test("an instrument that is switched off, and trading that is halted, are said on the button", async () => {
  const { page, complaints } = await visit(url, DESK, null);
  await page.getByRole("button", { name: "No account" }).click();
  await logOn(page, token);
  const send = page.locator("button.send[type=submit]").filter({ hasText: "USD" });
  await send.getByText("Buy BTC-USD").waitFor();
  await administer("kill-switch", "symbol", "BTC-USD", "on");
  await page.getByRole("button", { name: "BTC-USD is switched off" }).waitFor();
  await page.keyboard.press("2");
  await send.getByText("Buy ETH-USD").waitFor();
  // The overview leaves it known when it is closed.
  await page.locator(".own-panel label", { hasText: "Market" }).click();
  await page.locator(".market-row", { hasText: "BTC-USD (off)" }).waitFor();
  await page.keyboard.press("1");
  await page.locator(".own-panel label", { hasText: "My orders" }).click();
  await page.getByRole("button", { name: "BTC-USD is switched off" }).waitFor();
  await administer("kill-switch", "symbol", "BTC-USD", "off");
  await send.getByText("Buy BTC-USD").waitFor();
  await administer("halt");
  await page.getByRole("button", { name: "Trading is halted" }).waitFor();
  await page.getByRole("alert").getByText("halted: by ann").waitFor();
  await keepPicture(page, "page-1440-halted");
  await administer("resume");
  await send.getByText("Buy BTC-USD").waitFor();
  expect(complaints).toEqual([]);
});
