// The node dies under the page and comes back: the page says so, goes on by itself, and loses nothing that was accepted.

import { afterEach, expect, test } from "vitest";
import { killNodes, NodeProcess } from "../crash/node-process.ts";
import { DESK, keepPicture } from "./browser.ts";
import { inBrowser } from "./in-browser.ts";

const { directory, visit } = inBrowser();
const ARGS = ["--data-dir", directory, "--segment-bytes", "4194304", "--accounts", "alice=1"];
// All of them have the same directory.
afterEach(killNodes);

test("the node is killed and started again: the page says so, comes back, and the order still rests", async () => {
  const first = await NodeProcess.start(ARGS);
  const url = `http://127.0.0.1:${first.httpPort}/`;
  const { page } = await visit(url, DESK, "alice");
  await page.getByRole("status").getByText("Live").waitFor();
  await page.getByLabel("Price", { exact: true }).fill("70000");
  await page.getByLabel("Lots", { exact: true }).fill("3");
  await page.keyboard.press("Enter");
  await page.getByRole("log").getByText("accepted").waitFor();

  await first.end("SIGKILL");
  await page.getByRole("alert").getByText("Connection lost: nobody answers there").waitFor();
  await page.getByRole("button", { name: "Not connected" }).waitFor();
  await keepPicture(page, "page-1440-disconnected");

  const second = await NodeProcess.start(ARGS, { httpPort: first.httpPort });
  await page.getByRole("alert").getByText("Connection lost").waitFor({ state: "hidden" });
  await page.getByRole("status").getByText("Live").waitFor();
  await page.getByRole("button", { name: "Cancel buy 3 BTC-USD" }).click();
  await page.getByText("You have no open orders").waitFor();
  expect(await second.end("SIGTERM")).toBe(0);
});

test("an order whose answer never came is told after a reload, with what became of it", async () => {
  const node = await NodeProcess.start(ARGS);
  const { page } = await visit(`http://127.0.0.1:${node.httpPort}/`, DESK, "alice");
  let isHolding = false;
  const held = Promise.withResolvers<void>();
  await page.routeWebSocket(/./, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => {
      if (!isHolding) socket.send(message);
      else if (message.includes("accepted")) held.resolve();
    });
  });
  await page.reload();
  await page.getByRole("status").getByText("Live").waitFor();
  await page.getByLabel("Price", { exact: true }).fill("70000");
  await page.getByLabel("Lots", { exact: true }).fill("2");
  isHolding = true;
  await page.keyboard.press("Enter");
  await page.getByRole("log").getByText("Buy 2 BTC-USD at 70000.00: no answer yet").waitFor();
  await held.promise;
  await page.goto("about:blank");
  isHolding = false;
  await page.goto(`http://127.0.0.1:${node.httpPort}/`);
  await page.getByText("Buy 2 BTC-USD at 70000.00 had no answer. It is resting, 2 open").waitFor();
  await page.getByRole("button", { name: "Cancel buy 2 BTC-USD" }).click();
  await page.getByRole("log").getByText("Cancel of BTC-USD order: accepted").waitFor();
  expect(await node.end("SIGTERM")).toBe(0);
});

test("a page that never had a connection says that there is nothing to show yet, not that one was lost", async () => {
  const node = await NodeProcess.start(ARGS);
  const { page } = await visit(`http://127.0.0.1:${node.httpPort}/`, DESK, null);
  await page.routeWebSocket(/./, (socket) => socket.close());
  await page.reload();
  await page.getByRole("alert").getByText("Nothing to show yet: the node can't be reached").waitFor();
  expect(await page.getByText("Connection lost").count()).toBe(0);
  expect(await node.end("SIGTERM")).toBe(0);
});
