// How the page looks with a market on it: contrast in both themes, focus order, and pictures to look at in test-output/.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { NodeProcess } from "../crash/node-process.ts";
import { DESK, keepPicture, type Look, PHONE } from "./browser.ts";
import { inBrowser } from "./in-browser.ts";
import { focused, poorContrasts } from "./in-page.ts";

/** Enough that every part of the page has something to show. */
const TRADERS_PER_SECOND = 1_000;

let url: string;

const { directory, visit } = inBrowser(async () => {
  const node = await NodeProcess.start([
    ...["--data-dir", directory, "--segment-bytes", "16777216", "--accounts", "alice=1"],
    ...["--simulate", String(TRADERS_PER_SECOND)],
  ]);
  url = `http://127.0.0.1:${node.httpPort}/`;
});

/** Rests an order far from the market, so that it stays. */
async function restAnOrder(page: Page): Promise<void> {
  await page.getByLabel("Price", { exact: true }).fill("60000");
  await page.getByLabel("Lots", { exact: true }).fill("3");
  await page.keyboard.press("Enter");
  await page.getByRole("log").getByText("Buy 3 BTC-USD at 60000.00: accepted").waitFor();
}

async function cancelAll(page: Page): Promise<void> {
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press("Escape");
  // Behind a dialog the first one is not meant.
  await page.keyboard.press("Escape");
  await page.getByRole("log").getByText("1 of 1 orders in BTC-USD cancelled").waitFor();
}

test.each<Look>([DESK, { ...DESK, scheme: "light" }, PHONE, { ...PHONE, scheme: "dark" }])(
  "every text can be read, and every field seen, at $width px, $scheme",
  async (look) => {
    const { page, complaints } = await visit(url, look, "alice");
    await page.locator(".best-ask").waitFor();
    await restAnOrder(page);
    expect(await page.evaluate(poorContrasts)).toEqual([]);
    await page.getByLabel("Price", { exact: true }).fill("1.2345");
    expect(await page.evaluate(poorContrasts)).toEqual([]);
    await keepPicture(page, `page-${look.width}-${look.scheme}`);
    await page.getByRole("button", { name: "Help and shortcuts" }).click();
    expect(await page.evaluate(poorContrasts)).toEqual([]);
    await keepPicture(page, `page-${look.width}-${look.scheme}-help`);
    await page.keyboard.press("Escape");
    // Of a field's border one saw next to nothing, and what its empty one asks for could not be read.
    await page.getByTitle("Account").click();
    expect(await page.evaluate(poorContrasts)).toEqual([]);
    await page.keyboard.press("Escape");
    await cancelAll(page);
    expect(complaints).toEqual([]);
  },
);

test("the check of contrast sees a text that can't be read", async () => {
  const { page } = await visit(url, DESK, null);
  await page.locator(".best-ask").waitFor();
  await page.locator(".last-price").evaluate((element) => {
    element.style.color = "rgb(90 90 90)";
  });
  const [{ ratio }] = await page.evaluate(poorContrasts);
  expect(ratio).toBeGreaterThan(1);
});

test("the focus goes through the page in the order in which it is read, and is seen everywhere", async () => {
  const { page } = await visit(url, DESK, "alice");
  await page.locator(".best-ask").waitFor();
  const names: string[] = [];
  for (;;) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(focused);
    if (at === undefined) break;
    expect(at).toEqual({ ...at, isMarked: true });
    names.push(at.name.replace(/( Mid )?[\d.]+$/, ""));
  }
  expect(names).toEqual([
    ...["BTC-USD", "ETH-USD", "EUR-USD", "XAU-USD", "alice", "Light or dark", "Help and shortcuts"],
    ...["1 s", "Step", "Prices"],
    ...["Buy", "Limit", "GTC", "Price", "Lots", "Buy BTC-USD"],
    "My orders ",
  ]);
});
