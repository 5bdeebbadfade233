// The page's panel of nodes in a real browser, on a cluster as `npm run cluster` starts one: who is there, who is gone.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { LAUNCHER } from "../support/launcher.ts";
import { DESK, keepPicture, type Look, PHONE } from "./browser.ts";
import { inBrowser } from "./in-browser.ts";
import { crowded, poorContrasts } from "./in-page.ts";

const RUN = fileURLToPath(new URL("../../tools/cluster/run.ts", import.meta.url));

let cluster: ChildProcess;
/** By node: where its page is, and its process. */
const nodes = new Map<string, { readonly url: string; readonly pid: number }>();
const said: string[] = [];

const { visit } = inBrowser(async () => {
  cluster = spawn(process.execPath, [RUN, "--free-ports", "--simulate", "50"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const isReady = Promise.withResolvers<void>();
  createInterface({ input: cluster.stdout as NodeJS.ReadableStream }).on("line", (line) => {
    said.push(line);
    const node = /^cluster +(\w+) +\w+ +(http:\S+) +process (\d+)/.exec(line);
    if (node !== null) nodes.set(node[1], { url: `${node[2]}/`, pid: Number(node[3]) });
    if (line.includes("Ctrl-C")) isReady.resolve();
  });
  await isReady.promise;
});

afterAll(async () => {
  if (cluster === undefined) return;
  const ended = once(cluster, "exit");
  cluster.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});

function nodeOf(name: string): { readonly url: string; readonly pid: number } {
  const node = nodes.get(name);
  if (node === undefined) throw new Error(`the cluster has not said where ${name} is: ${said.join("\n")}`);
  return node;
}

/** A line that the cluster has said, or says now. */
async function whenSaid(what: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    for (const line of said) {
      const match = what.exec(line);
      if (match !== null) return match;
    }
    await sleep(50);
  }
}

const rowOf = (page: Page, name: string) =>
  page.getByLabel("Nodes", { exact: true }).getByRole("row").filter({ hasText: name });

test.each<Look>([DESK, { ...DESK, scheme: "light" }, PHONE, { ...PHONE, scheme: "dark" }])(
  "the primary's page has a row for every node that can be read at $width px, $scheme",
  async (look) => {
    const { page, complaints } = await visit(nodeOf("north").url, look, null);
    await page.locator(".node-badge").getByText("north").waitFor();
    if (look.width < 860) await page.getByRole("button", { name: "Nodes" }).click();
    for (const [name, role] of [
      ["north", "primary"],
      ["south", "replica"],
      ["west", "replica"],
    ]) {
      await rowOf(page, name).getByText(role).waitFor();
    }
    await page.getByText("3 of 3 connected").waitFor();
    expect(await page.evaluate(poorContrasts)).toEqual([]);
    await keepPicture(page, `cluster-${look.width}-${look.scheme}`);
    expect(complaints).toEqual([]);
  },
);

test("a replica that is lost is shown as gone and falling behind, and as there again when it is", async () => {
  const { page } = await visit(nodeOf("north").url, DESK, null);
  await page.getByText("3 of 3 connected").waitFor();
  process.kill(nodeOf("west").pid, "SIGKILL");
  await rowOf(page, "west").getByText("gone").waitFor();
  await rowOf(page, "west").getByText("·").waitFor();
  expect(await page.evaluate(poorContrasts)).toEqual([]);
  await keepPicture(page, "cluster-1440-gone");
  await page.getByText("3 of 3 connected").waitFor();
});

test("a replica's page shows the market and says that it takes no orders", async () => {
  const { page, complaints } = await visit(nodeOf("south").url, DESK, "7");
  await page.locator(".node-badge").getByText("replica").waitFor();
  await page.locator(".best-ask").waitFor();
  await page.getByRole("button", { name: "A replica takes no orders" }).waitFor();
  expect(await page.getByRole("button", { name: "A replica takes no orders" }).isDisabled()).toBe(true);
  await rowOf(page, "north").getByText("primary").waitFor();
  expect(await page.evaluate(poorContrasts)).toEqual([]);
  await keepPicture(page, "cluster-1440-replica");
  // "Epo..." at 1400 px, "prim..." and positions without their last digits at 1200.
  await page.locator(".node-table td[data-label='In memory']").evaluateAll((cells) => {
    for (const cell of cells) cell.textContent = "999,999,999";
  });
  for (const width of [1600, 1480, 1400, 1200, 1000]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await page.evaluate(crowded)).toEqual([]);
    await keepPicture(page, `cluster-${width}-replica`);
  }
  expect(complaints).toEqual([]);
});

test("the primary is killed, the printed command promotes a replica, and its page goes on as the primary's", async () => {
  const pages = new Map<string, Page>();
  for (const name of ["south", "west"]) {
    const { page } = await visit(nodeOf(name).url, DESK, "7");
    await page.locator(".node-badge").getByText("replica").waitFor();
    await page.locator(".best-ask").waitFor();
    pages.set(name, page);
  }
  process.kill(nodeOf("north").pid, "SIGKILL");
  const [, name, args] = await whenSaid(/(\w+) has position \d+, to let it lead: bin\/seriatim (.*)$/);
  const page = pages.get(name) as Page;
  // Its prices looked like those of now.
  const banner = page.locator(".banner", { hasText: "What this replica shows is old" });
  await banner.getByText("it is not connected to its primary").waitFor();
  await page.getByRole("status").getByText("Behind").waitFor();
  expect(await page.locator(".page.stale").count()).toBe(1);
  const command = `exec "$0" "$1" ${args}`;
  const promotion = spawn("sh", ["-c", command, process.execPath, LAUNCHER], { stdio: "inherit" });
  expect(await once(promotion, "exit")).toEqual([0, null]);
  await page.locator(".node-badge").getByText("primary").waitFor();
  await page.getByRole("button", { name: "Buy BTC-USD" }).waitFor();
  expect(await page.locator(".page.stale").count()).toBe(0);
  await rowOf(page, "north").getByText("gone").waitFor();
  // The one that led comes back as a replica.
  await page.getByText("3 of 3 connected").waitFor();
  await rowOf(page, "north").getByText("replica").waitFor();
  await keepPicture(page, "cluster-1440-promoted");
  for (const each of pages.values()) await each.context().close();
}, 150_000);
