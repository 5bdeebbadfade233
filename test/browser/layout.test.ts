// Whether everything has its place in windows of all sizes: quantities that are seen whole, panels' heads, what is said and where.

import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { NodeProcess } from "../crash/node-process.ts";
import { keepPicture, type Look, PHONE } from "./browser.ts";
import { inBrowser } from "./in-browser.ts";
import { crowded } from "./in-page.ts";

/** The longest names that differ in their ends alone, and as many as the header shows with their prices. */
const WIDE = Array.from({ length: 11 }, (_, i) => `WIDE-WWWWWW-20${20 + i}`);

let url: string;
let page: Page;

const { directory, visit } = inBrowser(async () => {
  const node = await NodeProcess.start([
    ...["--data-dir", directory, "--segment-bytes", "4194304"],
    ...["--symbols", `BTC-USD:2:50,${WIDE.join(",")}`],
  ]);
  url = `http://127.0.0.1:${node.httpPort}/`;
});

/** As an account of its own for each width: it has no orders yet. */
async function open(look: Look): Promise<void> {
  ({ page } = await visit(url, look, String(look.width)));
  await page.getByRole("button", { name: "Buy BTC-USD" }).waitFor();
}

async function buy(price: string, lots: string): Promise<void> {
  await page.getByLabel("Price", { exact: true }).fill(price);
  await page.getByLabel("Lots", { exact: true }).fill(lots);
  await page.keyboard.press("Enter");
  await page.getByRole("log").getByText(`Buy ${lots} BTC-USD at ${price}: accepted`).waitFor();
}

const mine = () =>
  page
    .locator(".ladder-own:first-child b:not(:empty)")
    .evaluateAll((marks) => marks.map((b) => b.textContent));

// Of 12345 lots one saw 1234; and at 1000 px "Cancel all" stood upon "Feed" and "Tape".
test.each([360, 390, 820, 861, 1000, 1200, 1366, 1600])(
  "quantities and the heads of panels are seen whole in a window of %i px",
  async (width) => {
    await open({ width, height: 800, scheme: "dark" });
    const lots = ["480", "12345", "100000", "999999"];
    for (const [i, quantity] of lots.entries()) await buy((100 + i / 2).toFixed(2), quantity);
    await expect.poll(mine).toHaveLength(lots.length);
    expect(await page.evaluate(crowded)).toEqual([]);
    // All digits where there is room for them, and no others elsewhere.
    const wide = ["999999", "100000", "12345", "480"];
    expect([wide, ["1.00M", "100k", "12345", "480"], ["1.0M", "100k", "12k", "480"]]).toContainEqual(
      await mine(),
    );
    await keepPicture(page, `layout-${width}`);
  },
);

test.each([360, 1000, 1200])("what is wrong with an order is said in whole words at %i px", async (width) => {
  await open({ width, height: 800, scheme: "light" });
  const price = page.getByLabel("Price", { exact: true });
  await page.getByLabel("Lots", { exact: true }).fill("99999999999");
  await price.fill("99999999999999999");
  await page.getByText("This is no price here: too large, or zeros in front").waitFor();
  await page.getByText("At most 1,000,000 lots").waitFor();
  expect(await page.evaluate(crowded)).toEqual([]);
  await page.getByLabel("Lots", { exact: true }).fill("200000");
  await price.fill("70000.50");
  await page.getByText("At this price at most 142,856").waitFor();
  expect(await page.evaluate(crowded)).toEqual([]);
  await keepPicture(page, `layout-${width}-problem`);
});

// They lay over the orders and the button that cancels them all.
test("on a phone notices cover the header and nothing below it", async () => {
  await open({ ...PHONE, width: 391 });
  await buy("1.00", "11");
  await buy("1.00", "12");
  await buy("1.00", "13");
  const [notices, panel] = await page.evaluate(() =>
    [".notices", ".ladder-panel"].map((part) => document.querySelector(part)?.getBoundingClientRect()),
  );
  expect(notices?.bottom).toBeLessThanOrEqual(panel?.top ?? 0);
  await page.getByRole("button", { name: "Orders", exact: true }).click();
  await page.getByRole("button", { name: "Cancel all in BTC-USD" }).click();
  await page.getByText("You have no open orders").waitFor();
});

// Each second all of them moved.
test("a figure of the status that gets longer moves no other", async () => {
  await open({ width: 1366, height: 768, scheme: "dark" });
  await page.locator(".status dl").waitFor();
  const moved = await page.evaluate(() => {
    const figures = [...document.querySelectorAll<HTMLElement>(".status dd")];
    const places = () => figures.map((figure) => figure.getBoundingClientRect().left);
    const say = (texts: string[]) => {
      for (const [i, text] of texts.entries()) figures[i].textContent = text;
    };
    say(["5 /s", "410 µs p50, 1.25 ms p99", "812", "all of it", "9 /s"]);
    const before = places();
    say(["2,014 /s", "99.99 ms p50, 100.66 ms p99", "1,204,812", "12 behind", "213 /s"]);
    return places().map((place, i) => place - before[i]);
  });
  expect(moved).toEqual([0, 0, 0, 0, 0]);
});

// Of the ends by which contracts differ nothing was seen, nor of the one that a key had chosen.
test.each([390, 1000])(
  "long names are seen whole, and the chosen one is in view, at %i px",
  async (width) => {
    await open({ width, height: 800, scheme: "light" });
    await page.keyboard.press("9");
    await page.getByRole("heading", { name: WIDE[7] }).waitFor();
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>(".instruments .symbol, .summary h2")]
        .filter((name) => name.scrollWidth > name.clientWidth && getComputedStyle(name).display !== "inline")
        .map((name) => name.textContent),
    );
    expect(cut).toEqual([]);
    const inView = () =>
      page.evaluate(() => {
        const list = document.querySelector(".instruments")?.getBoundingClientRect() ?? new DOMRect();
        const chosen = document.querySelector(".instruments [aria-pressed=true] .symbol");
        const { left, right } = chosen?.getBoundingClientRect() ?? new DOMRect();
        return left >= list.left && right <= list.right;
      });
    await expect.poll(inView).toBe(true);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    await keepPicture(page, `layout-${width}-names`);
  },
);

// They went from 8.00 to -7.50, and a click on one put it into the form.
test("a ladder without a market has no prices, and one near nothing none that no order can have", async () => {
  await open({ width: 1001, height: 800, scheme: "dark" });
  await page.keyboard.press("2");
  await page.getByText("Nothing rests here yet").waitFor();
  const prices = () => page.locator(".ladder-price b").allTextContents();
  expect((await prices()).join("")).toBe("");
  await keepPicture(page, "layout-1001-empty");
  await page.getByLabel("Price", { exact: true }).fill("0.03");
  await page.keyboard.press("Enter");
  await page.getByRole("log").getByText(`Buy 1 ${WIDE[0]} at 0.03: accepted`).waitFor();
  await expect.poll(prices).toContain("0.01");
  for (const price of await prices()) expect(price).not.toMatch(/^(-.*|0\.00)$/);
  await page.keyboard.press("Escape");
  await page.keyboard.press("l");
  for (let i = 0; i < 30; i++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  expect(await page.getByLabel("Price", { exact: true }).inputValue()).toBe("0.01");
});
