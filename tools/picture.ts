// Takes the README's picture of the page: from a real node with simulated traders that has run long enough for a chart.
// By hand, after the page's look has changed: node tools/picture.ts

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DESK, launchBrowser, visit } from "../test/browser/browser.ts";
import { killNodes, NodeProcess } from "../test/crash/node-process.ts";
import { buildPageIfStale } from "./page.ts";

/** A screenful of candles of one second. */
const MARKET_MS = 80_000;
const PICTURE = fileURLToPath(new URL("../docs/images/page.png", import.meta.url));

const dir = mkdtempSync(join(tmpdir(), "seriatim-picture-"));
process.once("exit", () => {
  killNodes();
  rmSync(dir, { recursive: true, force: true });
});
const opened = await launchBrowser();
if ("reason" in opened) throw new Error(opened.reason);
await buildPageIfStale();
const node = await NodeProcess.start([
  ...["--data-dir", dir, "--segment-bytes", "16777216"],
  ...["--simulate", "2000", "--accounts", "alice=1"],
]);
const { page } = await visit(opened.browser, `http://127.0.0.1:${node.httpPort}/`, DESK, "alice");
await page.locator(".best-ask").waitFor();
await sleep(MARKET_MS);

// Some orders of the visitor's own, around the market but behind it, and one that trades.
const middle = Number(await page.locator(".last-price").textContent());
for (const [key, away, lots] of [
  ["b", -9.5, 25],
  ["b", -15.5, 40],
  ["s", 9.5, 30],
  ["s", 15.5, 20],
  ["s", -30, 12],
] as const) {
  await page.keyboard.press(key);
  await page.getByLabel("Price", { exact: true }).fill((Math.round(middle) + away).toFixed(2));
  await page.getByLabel("Lots", { exact: true }).fill(String(lots));
  await page.keyboard.press("Enter");
  await page.getByRole("log").getByText(`${lots} BTC-USD`).first().waitFor();
  await page.locator("h1").click();
  await page.evaluate("document.activeElement.blur()");
}
await page.getByRole("log").getByText("accepted").first().waitFor({ state: "hidden" });
await sleep(6_000);
// Who stands in line where one of them rests, and all instruments.
const column = (side: "bid" | "ask", mark: string) =>
  page.locator(".ladder-row", { has: page.locator(`${mark} b:not(:empty)`) }).locator(`.ladder-${side}`);
await column("bid", ".ladder-own:first-child").or(column("ask", ".ladder-own:last-child")).first().click();
await page.locator(".own-panel label", { hasText: "Market" }).click();
await sleep(1_000);
await page.screenshot({ path: PICTURE });
await opened.browser.close();
await node.end("SIGTERM");
