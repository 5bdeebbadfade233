// The page's panel of the tape in a real browser, on an exchange that trades and publishes what it does.

import { expect, test } from "vitest";
import { TapeSubscriber } from "../../src/tape-runtime/index.ts";
import { NodeProcess } from "../crash/node-process.ts";
import { DESK, keepPicture, type Look, PHONE } from "./browser.ts";
import { inBrowser } from "./in-browser.ts";
import { poorContrasts } from "./in-page.ts";

/** What this reader says it has done of a topic that grows. */
const DONE = 10;

let reader: TapeSubscriber;
let url: string;

const { directory, visit } = inBrowser(async () => {
  const node = await NodeProcess.start([
    ...["--data-dir", directory, "--segment-bytes", "16777216", "--simulate", "500"],
    ...[
      "--tape-port",
      "0",
      "--tape-publish",
      "reports,levels",
      "--tape-staging",
      "2",
      "--tape-delivery",
      "2",
    ],
  ]);
  url = `http://127.0.0.1:${node.httpPort}/`;
  const topic = "exchange.reports";
  reader = await readerOf({ port: node.tapePort, topic, from: "start", group: "surveillance" });
  for await (const { record } of reader) {
    if (record < DONE) continue;
    reader.commit(DONE);
    break;
  }
});

/** Of a topic that is made when the exchange first publishes. */
async function readerOf(options: Parameters<typeof TapeSubscriber.connect>[0]): Promise<TapeSubscriber> {
  for (;;) {
    try {
      return await TapeSubscriber.connect(options);
    } catch (error) {
      expect(error).toMatchObject({ code: "TOPIC_UNKNOWN" });
    }
  }
}

test.each<Look>([DESK, PHONE])(
  "topics grow, a group is told to be behind, and every text can be read at $width px, $scheme",
  async (look) => {
    const { page, complaints } = await visit(url, look, null);
    const choice =
      look.width < 860
        ? page.getByRole("button", { name: "Tape" })
        : page.getByRole("radio", { name: "Tape" });
    await choice.click();
    const panel = page.getByRole("region", { name: "Tape" });
    const row = panel.getByRole("row").filter({ hasText: "exchange.reports" });
    const records = async () => Number((await row.locator("td").first().textContent())?.replaceAll(",", ""));
    await row.waitFor();
    const before = await records();
    await expect.poll(records).toBeGreaterThan(before);
    await panel.getByRole("row").filter({ hasText: "exchange.levels" }).waitFor();
    await panel.getByText(/surveillance/).waitFor();
    await panel.getByText(/^[\d,]+ behind, 0 members$/).waitFor();
    await panel.getByText("Staging", { exact: true }).waitFor();
    await panel.getByText("Staging full").waitFor();
    await panel.getByText(/^[\d,]+ times?$/).waitFor();
    expect(await page.evaluate(poorContrasts)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(look.width);
    await keepPicture(page, `tape-${look.width}-${look.scheme}`);
    expect(complaints).toEqual([]);
  },
);
