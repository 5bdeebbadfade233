// The node dies under the page and comes back: the page says so, goes on by itself, and loses nothing that was accepted.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPageIfStale } from "../../tools/page.ts";
import { killNodes, NodeProcess } from "../crash/node-process.ts";
import { type BrowserOrReason, DESK, keepPicture, launchBrowser, visit } from "./browser.ts";

const dir = mkdtempSync(join(tmpdir(), "seriatim-restart-"));
const ARGS = ["--data-dir", dir, "--segment-bytes", "4194304", "--accounts", "alice=1"];
let opened: BrowserOrReason;

beforeAll(async () => {
  opened = await launchBrowser();
  if ("browser" in opened) await buildPageIfStale();
});

afterAll(async () => {
  if ("browser" in opened) await opened.browser.close();
  killNodes();
  rmSync(dir, { recursive: true, force: true });
});

test("the node is killed and started again: the page says so, comes back, and the order still rests", async ({
  skip,
}) => {
  if ("reason" in opened) return skip(opened.reason);
  const first = await NodeProcess.start(ARGS);
  const url = `http://127.0.0.1:${first.httpPort}/`;
  const { page } = await visit(opened.browser, url, DESK, "alice");
  await page.getByRole("status").getByText("Live").waitFor();
  await page.getByLabel("Price", { exact: true }).fill("70000");
  await page.getByLabel("Lots", { exact: true }).fill("3");
  await page.keyboard.press("Enter");
  await page.getByRole("log").getByText("accepted").waitFor();

  // After a reload nobody said what became of an order that had no answer.
  first.signal("SIGSTOP");
  await page.getByLabel("Lots", { exact: true }).fill("2");
  await page.keyboard.press("Enter");
  await page.getByRole("log").getByText("Buy 2 BTC-USD at 70000.00: no answer yet").waitFor();
  const reloaded = page.reload();
  first.signal("SIGCONT");
  await reloaded;
  await page.getByText("Buy 2 BTC-USD at 70000.00 had no answer. It is resting, 2 open").waitFor();
  await page.getByRole("button", { name: "Cancel buy 2 BTC-USD" }).click();

  await first.end("SIGKILL");
  await page.getByRole("alert").getByText("Connection lost: nobody answers there").waitFor();
  await page.getByRole("button", { name: "Not connected" }).waitFor();
  await keepPicture(page, "page-1440-disconnected");

  const second = await NodeProcess.start(ARGS, { httpPort: first.httpPort });
  await page.getByRole("alert").getByText("Connection lost").waitFor({ state: "hidden" });
  await page.getByRole("status").getByText("Live").waitFor();
  await page.getByRole("button", { name: "Cancel buy 3 BTC-USD" }).click();
  await page.getByRole("log").getByText("Cancel of BTC-USD order: accepted").waitFor();
  await page.getByText("You have no open orders").waitFor();
  expect(await second.end("SIGTERM")).toBe(0);
});

test("a page that never had a connection says that there is nothing to show yet, not that one was lost", async ({
  skip,
}) => {
  if ("reason" in opened) return skip(opened.reason);
  const node = await NodeProcess.start(ARGS);
  const { page } = await visit(opened.browser, `http://127.0.0.1:${node.httpPort}/`, DESK, null);
  await page.routeWebSocket(/./, (socket) => socket.close());
  await page.reload();
  await page.getByRole("alert").getByText("Nothing to show yet: the node can't be reached").waitFor();
  expect(await page.getByText("Connection lost").count()).toBe(0);
  await page.context().close();
  expect(await node.end("SIGTERM")).toBe(0);
});
