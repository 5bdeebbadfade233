// The page in a real browser against a real node: what a person sees and does, with the mouse and with the keyboard.

import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { connectOrderEntry, type OrderEntryClient } from "../../src/client/index.ts";
import { NodeProcess } from "../crash/node-process.ts";
import { DESK, hideLimits, keepPicture, PHONE, type Visit } from "./browser.ts";
import { inBrowser } from "./in-browser.ts";

let node: NodeProcess;
let url: string;
/** Another participant: account 2 over binary order entry. */
let other: OrderEntryClient;
let page: Page;
let complaints: string[];

const { directory, visit } = inBrowser(async () => {
  const symbols = ["BTC-USD:2:50", "ETH-USD:2:5", "WIDE-WWWWWW-2030:18"];
  node = await NodeProcess.start([
    ...["--data-dir", directory, "--segment-bytes", "4194304"],
    ...["--max-quantity", "100000", "--max-notional", "9007199254740991"],
    ...["--accounts", "alice=1,bob=2", "--symbols", symbols.join(",")],
  ]);
  url = `http://127.0.0.1:${node.httpPort}/`;
  other = await connectOrderEntry({ port: node.orderPort, account: 2 });
});

afterAll(async () => {
  await other?.close();
});

async function open(look = DESK, account: string | null = "alice"): Promise<Visit> {
  const visited = await visit(url, look, account);
  ({ page, complaints } = visited);
  await page.getByRole("status").getByText("Live").waitFor();
  return visited;
}

/** The ladder's row of a price, with what it shows: mine, bid, price, ask, mine. */
function ladderRow(price: string) {
  return page.getByRole("option").filter({ has: page.locator(".ladder-price", { hasText: price }) });
}

async function cell(
  price: string,
  column: "bid" | "ask" | "own:first-child" | "own:last-child",
): Promise<string> {
  return (await ladderRow(price).locator(`.ladder-${column}`).textContent()) ?? "";
}

async function order(side: "Buy" | "Sell", price: string, lots: string): Promise<void> {
  await page.locator(".segments.side label", { hasText: side }).click();
  await page.getByLabel("Price", { exact: true }).fill(price);
  await page.getByLabel("Lots", { exact: true }).fill(lots);
  await page.getByRole("button", { name: `${side} BTC-USD` }).click();
}

async function noticed(text: string | RegExp): Promise<void> {
  await page.getByRole("log").getByText(text).first().waitFor();
}

test("the page loads, says that the book is empty, and asks nobody but the node", async () => {
  await open(DESK, null);
  await page.getByText("Nothing rests here yet").waitFor();
  await page.getByText("No trades yet", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Choose an account to trade" }).waitFor();
  expect(complaints).toEqual([]);
});

test("orders of others move the book, and their trades are listed and make candles", async () => {
  await open();
  await other.submit({ id: 1, symbol: 0, side: "buy", price: 69_999_50, quantity: 5 });
  await other.submit({ id: 2, symbol: 0, side: "sell", price: 70_000_50, quantity: 4 });
  await ladderRow("70000.50").waitFor();
  await expect.poll(() => cell("69999.50", "bid")).toBe("5");
  await expect.poll(() => cell("70000.50", "ask")).toBe("4");
  await other.submit({ id: 3, symbol: 0, side: "buy", price: 70_000_50, quantity: 1 });
  await expect.poll(() => cell("70000.50", "ask")).toBe("3");
  await page.locator(".trade-row.buy", { hasText: "70000.50" }).waitFor();
  expect(await page.locator(".last-price").textContent()).toBe("70000.50");
  await page.getByText("No trades yet.").waitFor({ state: "hidden" });
  await ladderRow("69999.50").locator(".ladder-bid").click();
  await page.keyboard.press("Enter");
  await noticed("Buy 1 BTC-USD at 69999.50: accepted");
  await expect.poll(() => cell("69999.50", "own:first-child")).toBe("1");
  await page.getByRole("option", { name: "69999.50, bid 6, mine to buy 1", exact: true }).waitFor();
  await page.getByRole("button", { name: "Cancel buy 1 BTC-USD" }).click();
  await page.getByText("You have no open orders").waitFor();
  expect(complaints).toEqual([]);
});

test("an order of the form rests and is marked in the ladder; changed, filled by another account and cancelled", async () => {
  await open();
  await order("Buy", "69998.5", "7");
  await noticed("Buy 7 BTC-USD at 69998.50: accepted");
  await expect.poll(() => cell("69998.50", "own:first-child")).toBe("7");
  await expect.poll(() => cell("69998.50", "bid")).toBe("7");

  await page.getByRole("button", { name: "Change buy 7 BTC-USD" }).click();
  await page.getByLabel("New price").fill("70000.00");
  await page.getByLabel("New quantity").fill("6");
  await page.keyboard.press("Enter");
  await expect.poll(() => cell("70000.00", "own:first-child")).toBe("6");

  await other.submit({ id: 4, symbol: 0, side: "sell", price: 70_000_00, quantity: 2, timeInForce: "ioc" });
  await noticed("Bought 2 BTC-USD at 70000.00, 4 left");
  await expect.poll(() => cell("70000.00", "own:first-child")).toBe("4");
  await page.getByLabel("My fills 1").check();
  await page.getByRole("cell", { name: "maker" }).waitFor();
  await page.getByText("Fills since this page was opened as alice, newest first").waitFor();
  await keepPicture(page, "page-fills");

  await page.getByLabel("My orders 1").check();
  await page.getByRole("button", { name: "Cancel buy 4 BTC-USD" }).click();
  await page.getByText("You have no open orders").waitFor();
  await expect.poll(() => cell("70000.00", "bid")).toBe("");
  expect(complaints).toEqual([]);
});

test("what is wrong is said in words: beside the field, and when the exchange rejects", async () => {
  await open();
  await order("Buy", "1.234", "0");
  await page.getByText("At most 2 decimals").waitFor();
  await page.getByText("At least 1 lot").waitFor();
  await order("Buy", "0", "1");
  await page.getByText("A price is above zero").waitFor();
  await order("Buy", "", "1");
  await page.getByText("A limit order needs a price").waitFor();
  // The exchange's own limit was not known here: the order was sent, and refused.
  await order("Buy", "70000.00", "500000");
  await page.getByText("At most 100,000 lots").waitFor();
  expect(await page.getByRole("log").getByText("500000").count()).toBe(0);
  await hideLimits(page);
  await page.reload();
  await order("Buy", "70000.00", "500000");
  await noticed(/Buy 500000 BTC-USD at 70000.00: rejected, .*/);
  expect(complaints).toEqual([]);
});

test("everything goes by the keyboard", async () => {
  await open();
  await ladderRow("70000.50").waitFor();
  await page.keyboard.press("s");
  await page.keyboard.type("70100");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Shift+ArrowUp");
  await page.keyboard.press("Enter");
  await noticed("Sell 12 BTC-USD at 70100.50: accepted");

  await page.keyboard.press("Escape");
  await page.keyboard.press("l");
  for (const key of ["ArrowUp", "ArrowUp", "ArrowDown", "Enter"]) await page.keyboard.press(key);
  const price = page.getByLabel("Price", { exact: true });
  await expect
    .poll(() => page.locator(".ladder-row.cursor .ladder-price").textContent())
    .toBe(await price.inputValue());
  const active = await page.locator("#ladder").getAttribute("aria-activedescendant");
  expect(await page.locator(".ladder-row.cursor").getAttribute("id")).toBe(active);

  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "Keyboard" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "Keyboard" }).waitFor({ state: "hidden" });
  // The focus is back in the ladder, which is left first: it cancelled everything at once.
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("ladder");
  await page.keyboard.press("Escape");
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("BODY");
  await page.keyboard.press("Escape");
  await noticed("1 of 1 orders in BTC-USD cancelled");
  await page.keyboard.press("2");
  await page.getByRole("heading", { name: "ETH-USD" }).waitFor();
  expect(complaints).toEqual([]);
});

// Eight repetitions of Enter were sixteen orders.
test("a key that is held down sends one order, and keys count while a choice has the focus", async () => {
  await open();
  await page.keyboard.press("b");
  await page.keyboard.type("60000");
  for (let i = 0; i < 8; i++) await page.keyboard.down("Enter");
  await page.keyboard.up("Enter");
  await noticed("Buy 1 BTC-USD at 60000.00: accepted");
  await order("Buy", "60000", "2");
  await noticed("Buy 2 BTC-USD at 60000.00: accepted");
  await page.getByText("My orders 2").waitFor();

  await page.locator(".candle-panel label", { hasText: "10 s" }).click();
  await page.keyboard.press("s");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("price");
  await page.keyboard.press("Escape");
  // One too many behind a dialog cancelled everything.
  await page.keyboard.press("?");
  for (let i = 0; i < 4; i++) await page.keyboard.down("Escape");
  await page.keyboard.up("Escape");
  await page.getByRole("heading", { name: "Keyboard" }).waitFor({ state: "hidden" });
  await page.keyboard.press("Escape");
  await noticed("Nothing was cancelled. Esc once more cancels all your orders in BTC-USD");
  await page.getByText("My orders 2").waitFor();
  await page.keyboard.press("Escape");
  await noticed("2 of 2 orders in BTC-USD cancelled");
});

// Escape, meant for a row that had just gone, cancelled everything.
test("an order that is filled while it is being changed takes its row, and Escape then cancels nothing", async () => {
  await open();
  await order("Buy", "60000", "2");
  await noticed("Buy 2 BTC-USD at 60000.00: accepted");
  await order("Buy", "69999.50", "3");
  await noticed("Buy 3 BTC-USD at 69999.50: accepted");
  await page.getByRole("button", { name: "Change buy 3 BTC-USD" }).click();
  await page.getByLabel("New price").fill("69000.00");
  await other.submit({ id: 5, symbol: 0, side: "sell", price: 69_999_50, quantity: 100, timeInForce: "ioc" });
  await page.getByLabel("New price").waitFor({ state: "hidden" });
  await page.keyboard.press("Escape");
  await page.waitForTimeout(200);
  await page.getByText("My orders 1").waitFor();
  await page.keyboard.press("Escape");
  await noticed("1 of 1 orders in BTC-USD cancelled");
});

test("an account is chosen by name, remembered, and refused in words when there is none", async () => {
  await open(DESK, null);
  await page.getByRole("button", { name: "Choose an account to trade" }).click();
  // The field has the focus.
  await page.keyboard.type("nobody");
  await page.keyboard.press("Enter");
  await page.getByText('Refused by the exchange (account: there is no account "nobody")').waitFor();
  await page.getByRole("button", { name: "Another account" }).click();
  await page.getByLabel("Name or number").fill("bob");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "bob" }).first().waitFor();
  await page.reload();
  await page.getByRole("button", { name: "bob" }).first().waitFor();
});

test("on a phone one part is shown at a time, and nothing is wider than the screen", async () => {
  await open(PHONE);
  for (const [tab, shown] of [
    ["Chart", "Candles"],
    ["Trades", "Trades"],
    ["Orders", "My orders and fills"],
    ["Trade", "Price ladder"],
  ]) {
    await page.getByRole("button", { name: tab, exact: true }).click();
    await page.getByRole("region", { name: shown }).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await keepPicture(page, `page-390-${tab.toLowerCase()}`);
  }
});

// A phone of 360 px showed 6900... for 69000.50 and for 690000.50 alike.
test.each([360, 390, 1000, 1440])(
  "price and lots to be sent are seen whole in a window of %i px",
  async (width) => {
    await open({ width, height: 740, scheme: "light" });
    const price = page.getByLabel("Price", { exact: true });
    const lots = page.getByLabel("Lots", { exact: true });
    await lots.fill("1000000");
    for (const text of ["69000.50", "999999.50", "9000000.50", "90071992547409.91"]) {
      await price.fill(text);
      for (const field of [price, lots])
        expect(await field.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
      await keepPicture(page, `page-${width}-price-${text.length}`);
    }
  },
);

// The quantity was cut, a button at the edge, and what was wrong had no words.
test("on the smallest phone an order is changed in fields that show it whole, and what is wrong is said", async () => {
  await open({ width: 360, height: 740, scheme: "light" });
  await order("Buy", "60000", "100000");
  await noticed("Buy 100000 BTC-USD at 60000.00: accepted");
  await page.getByRole("button", { name: "Orders", exact: true }).click();
  await page.getByRole("button", { name: "Change buy 100000 BTC-USD" }).click();
  for (const label of ["New price", "New quantity"])
    expect(await page.getByLabel(label).evaluate((field) => field.scrollWidth - field.clientWidth)).toBe(0);
  const leave = await page.getByRole("button", { name: "Leave it as it is" }).boundingBox();
  expect((leave?.x ?? 360) + (leave?.width ?? 0)).toBeLessThanOrEqual(352);
  await keepPicture(page, "page-360-change");
  await page.getByLabel("New quantity").fill("0");
  await page.getByRole("alert").getByText("At least 1 lot").waitFor();
  await page.getByLabel("New price").fill("abc");
  await page.getByRole("alert").getByText("A price is digits and one point").waitFor();
  await keepPicture(page, "page-360-change-wrong");
  const status = page.locator(".status");
  await status.locator("dl .roomy + div dd").evaluate((figure) => {
    figure.textContent = "10.05 ms p50, 99.44 ms p99";
  });
  expect(await status.evaluate((bar) => bar.scrollWidth - bar.clientWidth)).toBe(0);
  await page.getByRole("button", { name: "Leave it as it is" }).click();
  await page.getByRole("button", { name: "Cancel buy 100000 BTC-USD" }).click();
  await page.getByText("You have no open orders").waitFor();
});

// They covered the trades.
test.each([1000, 1440])("in a window of %i px notices cover nothing but candles", async (width) => {
  await open({ ...DESK, width });
  await hideLimits(page);
  await page.reload();
  await order("Buy", "1", "100000");
  await order("Buy", "70000.00", "500000");
  await noticed(/Buy 500000 BTC-USD at 70000.00: rejected, .*/);
  const covered = await page.evaluate(() => {
    const box = document.querySelector(".notices")?.getBoundingClientRect() ?? new DOMRect();
    const panels = [...document.querySelectorAll(".panel:not(.candle-panel), .top, .summary, .status")];
    return panels.flatMap((panel) => {
      const { left, right, top, bottom } = panel.getBoundingClientRect();
      const isApart = left >= box.right || right <= box.left || top >= box.bottom || bottom <= box.top;
      return isApart ? [] : [panel.className];
    });
  });
  expect(covered).toEqual([]);
  await keepPicture(page, `page-${width}-notices`);
  await page.getByRole("button", { name: "Cancel buy 100000 BTC-USD" }).click();
  await page.getByText("You have no open orders").waitFor();
});

test("the price on top and those of the instruments say which prices they are", async () => {
  await open();
  await page.getByRole("region", { name: "Market summary" }).getByText("Last").waitFor();
  const instrument = page.getByTitle("BTC-USD: middle of the best bid and ask");
  await instrument.getByText(/^ ?Mid \d+\.\d\d$/).waitFor();
});

test("on a phone the counts of many orders and fills are not cut", async () => {
  await open(PHONE);
  await order("Buy", "60000", "1");
  await page.getByRole("button", { name: "Orders", exact: true }).click();
  const cancel = page.getByRole("button", { name: "Cancel all in BTC-USD" });
  await cancel.waitFor();
  const overlaps = await page.locator(".tabs").evaluate((tabs) => {
    const [orders, fills] = tabs.querySelectorAll("span");
    orders.textContent = "My orders 10,000+";
    fills.textContent = "My fills 200";
    const [{ right, bottom }, button] = [fills, tabs.nextElementSibling as Element].map((element) =>
      element.getBoundingClientRect(),
    );
    return right > button.left && bottom > button.top;
  });
  expect(overlaps).toBe(false);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await keepPicture(page, "page-390-many-orders");
  await cancel.click();
  await noticed("1 of 1 orders in BTC-USD cancelled");
});

// Its tab was hidden when the candles came: what followed them was drawn to the right of what one sees, for ever.
test("the candles of a phone go with the market, whenever their tab was opened", async () => {
  const trade = async (price: number) => {
    await other.submit({ id: 20, symbol: 1, side: "sell", price, quantity: 1 });
    await other.submit({ id: 21, symbol: 1, side: "buy", price, quantity: 1 });
  };
  await open(PHONE);
  for (const price of [3_490_00, 3_480_00, 3_500_00]) {
    await trade(price);
    await page.waitForTimeout(1_100);
  }
  await page.getByTitle("ETH-USD").first().click();
  await expect.poll(() => page.locator(".last-price").textContent()).toBe("3500.00");
  const candles = page.locator(".candle-body");
  const tab = (name: string) => page.getByRole("button", { name, exact: true }).click();
  for (const price of [3_600_00, 3_700_00]) {
    await tab("Chart");
    await page.waitForTimeout(1_500);
    const before = await candles.screenshot();
    await trade(price);
    await expect.poll(() => page.locator(".last-price").textContent()).toBe((price / 100).toFixed(2));
    await expect.poll(async () => before.equals(await candles.screenshot())).toBe(false);
    await tab("Trade");
  }
});

// At 1366 x 650, a common laptop's, the form ended above its button. On a phone that lies on its side, and on a screen of 1280 px at
// 200 and 400 %, the form lay over the tabs, of the ladder nothing was left, and the page could not be scrolled.
test.each([
  [1366, 650],
  [1366, 600],
  [1000, 600],
  [740, 360],
  [640, 400],
  [320, 256],
])("the form has all its parts in a window of %i x %i, also without a connection", async (width, height) => {
  await open({ width, height, scheme: "light" });
  await page.evaluate(() => document.querySelector("header.top")?.after(document.createElement("p")));
  await page.locator("header.top + p").evaluate((banner) => {
    banner.className = "banner";
    banner.textContent = "Connection lost";
  });
  const [scrollable, row, ...bottoms] = await page.evaluate(() => [
    document.documentElement.scrollHeight,
    document.querySelector(".ladder-body")?.clientHeight ?? 0,
    ...["button.send", ".form-panel", "main", ".own-panel", "footer"].map(
      (part) => document.querySelector(part)?.getBoundingClientRect().bottom ?? Number.NaN,
    ),
  ]);
  const [send, form, main, own, footer] = bottoms;
  expect(send).toBeLessThan(form);
  expect(form).toBeLessThanOrEqual(main);
  expect(own).toBeLessThanOrEqual(main);
  expect(footer).toBeLessThanOrEqual(width > 860 ? height : scrollable);
  expect(row).toBeGreaterThan(22);
  await keepPicture(page, `page-${width}-${height}`);
});

test("the longest names and the smallest and largest prices stay in their places", async () => {
  await other.submit({ id: 9, symbol: 2, side: "buy", price: Number.MAX_SAFE_INTEGER - 3, quantity: 1 });
  await other.submit({ id: 10, symbol: 2, side: "sell", price: Number.MAX_SAFE_INTEGER, quantity: 1 });
  await other.submit({ id: 11, symbol: 1, side: "buy", price: Number.MAX_SAFE_INTEGER - 3, quantity: 1 });
  const uncut = () =>
    page.evaluate(() => {
      const prices = [...document.querySelectorAll<HTMLElement>(".ladder-price b")];
      return prices.every((price) => price.offsetWidth <= (price.parentElement?.clientWidth ?? 0));
    });
  for (const look of [DESK, PHONE]) {
    await open(look);
    await page.getByTitle("ETH-USD").first().click();
    // Its step is 0.05: an order between two rows counts to the worse one.
    await expect.poll(() => cell("90071992547409.85", "bid")).toBe("1");
    expect(await uncut()).toBe(true);
    await page.getByTitle("WIDE-WWWWWW-2030").first().click();
    await expect.poll(() => cell("0.009007199254740988", "bid")).toBe("1");
    await page.locator(".best-ask", { hasText: "0.009007199254740991" }).click();
    expect(await page.getByLabel("Price", { exact: true }).inputValue()).toBe("0.009007199254740991");
    expect(await uncut()).toBe(true);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(look.width);
    await keepPicture(page, `page-extremes-${look.width}`);
  }
});
