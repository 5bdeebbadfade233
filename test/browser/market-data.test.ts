// The parts of the page that show market data as a whole: the overview, the queue at a price, the health of the feeds.

import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { connectOrderEntry, type OrderEntryClient } from "../../src/client/index.ts";
import { configurationOf, createLog, type RunningNode, startNode } from "../../src/node/index.ts";
import { DESK, keepPicture, PHONE } from "./browser.ts";
import { inBrowser } from "./in-browser.ts";
import { poorContrasts } from "./in-page.ts";

/** More than the page watches all the time, and than the panel has room for. */
const SYMBOLS = Array.from({ length: 300 }, (_, i) => `S${String(i).padStart(3, "0")}-USD:2:50`);

let node: RunningNode;
let other: OrderEntryClient;
let url: string;

const { visit } = inBrowser(async () => {
  const settings = { orderPort: 0, httpPort: 0, mdPort: 0, durability: "off", symbols: SYMBOLS } as const;
  node = await startNode(
    configurationOf({ ...settings, accounts: ["alice=1"] }),
    createLog({ level: "silent" }),
  );
  url = `http://127.0.0.1:${node.httpPort}/`;
  other = await connectOrderEntry({ host: "127.0.0.1", port: node.orderPort, account: 2 });
  await trade(0, 100_00, 5);
  await trade(0, 101_00, 5);
  await trade(299, 50_00, 70);
  await other.submit({ id: 10, symbol: 0, side: "buy", price: 99_00, quantity: 7 });
});

afterAll(async () => {
  await other?.close();
  await node?.stop();
});

async function trade(symbol: number, price: number, quantity: number): Promise<void> {
  await other.submit({ id: 1, symbol, side: "sell", price, quantity });
  await other.submit({ id: 2, symbol, side: "buy", price, quantity });
}

/** The cells of an instrument's row. */
function rowOf(page: Page, symbol: string) {
  return page.getByRole("listbox", { name: "Instruments" }).getByRole("option").filter({ hasText: symbol });
}

test("the overview has every instrument, sorts those it doesn't show too, and selects one by click and by key", async () => {
  const { page, complaints } = await visit(url, DESK, null);
  const first = rowOf(page, "S000-USD");
  await first.getByText("+1.00 %").waitFor();
  expect(await first.locator(".market-volume").textContent()).toBe("10");
  await page.getByRole("option", { name: /^S000-USD, last 101\.00, day \+1\.00 %, .*, lots 10$/ }).waitFor();
  await first.locator(".market-bid", { hasText: "99.00" }).waitFor();
  await expect.poll(() => first.locator("polyline").getAttribute("points")).toMatch(/^0\.0,/);
  expect(await page.locator(".market-row").count()).toBeLessThan(60);
  await page.getByRole("button", { name: "Lots", exact: true }).click();
  await page.mouse.move(0, 0);
  const last = rowOf(page, "S299-USD");
  await last.getByText("50.00").first().waitFor();
  await last.click();
  await page.getByRole("heading", { name: "S299-USD" }).waitFor();
  await page.keyboard.press("o");
  for (const key of ["ArrowDown", "Enter"]) await page.keyboard.press(key);
  await page.getByRole("heading", { name: "S000-USD" }).waitFor();
  expect(await page.evaluate(poorContrasts)).toEqual([]);
  await keepPicture(page, "market-1440");
  expect(complaints).toEqual([]);
});

test("a click on a price shows its queue with one's own orders marked, and it follows the market", async () => {
  const { page, complaints } = await visit(url, DESK, "alice");
  const row = page.getByRole("option").filter({ has: page.locator(".ladder-price", { hasText: "99.00" }) });
  await row.locator(".ladder-bid").click();
  await page.keyboard.press("Enter");
  const queue = page.getByRole("region", { name: "Queue" });
  await queue.getByText("8 lots in 2 orders; mine is no. 2, behind 7 lots").waitFor();
  expect(await queue.locator("li.own").textContent()).toBe("21mine");
  await other.cancel({ id: 10, symbol: 0 });
  await queue.getByText("1 lot in 1 order; mine is first").waitFor();
  expect(await page.evaluate(poorContrasts)).toEqual([]);
  // Each row of 10.00: its quantity means the price that is first to trade, its price means itself, in the form as in the queue.
  await page.getByRole("combobox", { name: /^Step/ }).selectOption("1000");
  const grouped = page.getByRole("option", { name: /^90\.00, bid/ });
  const price = page.getByLabel("Price", { exact: true });
  await grouped.locator(".ladder-bid").click();
  await queue.getByText("Bid 99.00 in row 90.00").waitFor();
  expect(await price.inputValue()).toBe("99.00");
  await grouped.locator(".ladder-price").click();
  await queue.getByText("Nothing rests at exactly this price").waitFor();
  expect([await price.inputValue(), await queue.getByText("Bid").textContent()]).toEqual([
    "90.00",
    "Bid 90.00",
  ]);
  await grouped.locator(".ladder-own").first().click();
  await queue.getByText("mine is first").waitFor();
  expect(await price.inputValue()).toBe("99.00");
  await keepPicture(page, "queue-1440");
  await page.getByRole("button", { name: "Close the queue" }).click();
  await page.getByRole("region", { name: "Depth" }).waitFor();
  expect(complaints).toEqual([]);
});

test("the feed's health names sequences and counts; on a phone both parts have tabs of their own", async () => {
  const { page, complaints } = await visit(url, PHONE, "alice");
  await page.getByRole("button", { name: "Market", exact: true }).click();
  await rowOf(page, "S000-USD").getByText("101.00").waitFor();
  await page.getByRole("button", { name: "Feed", exact: true }).click();
  const mine = page.getByRole("region", { name: "This browser" });
  await mine.getByRole("row", { name: /depth \d+ live/ }).waitFor();
  await page.getByRole("region", { name: "WebSockets of the node" }).getByText("Subscribers").waitFor();
  const feeds = page.getByRole("region", { name: "Binary feeds of the node" });
  for (const name of ["top", "levels", "orders"]) await feeds.getByRole("row", { name }).waitFor();
  expect(await page.evaluate(poorContrasts)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await keepPicture(page, "feed-390");
  expect(complaints).toEqual([]);
});
