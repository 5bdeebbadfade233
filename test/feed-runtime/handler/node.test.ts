// The feed handler against a whole node: what a client trades is in its books, and a node that comes back begins an epoch of its own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { connectOrderEntry } from "../../../src/client/index.ts";
import {
  CacheReader,
  CacheWriter,
  ChannelCacheListener,
  createCache,
  FeedState,
  OrderBooks,
} from "../../../src/feed/index.ts";
import { FeedHandler } from "../../../src/feed-runtime/index.ts";
import { configurationOf, createLog, type RunningNode, startNode } from "../../../src/node/index.ts";
import { ChannelKind, Side } from "../../../src/protocol/index.ts";
import { until } from "../../support/until.ts";

const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(dataDir: string, mdPort: number): Promise<RunningNode> {
  const log = createLog({ level: "error", human: false, write: () => {} });
  const ports = { orderPort: 0, httpPort: 0, mdPort };
  const quick = { segmentBytes: 2_097_152, durability: "flush", threads: "single" } as const;
  const configuration = configurationOf({ ...ports, ...quick, dataDir });
  return startNode(configuration, log);
}

async function rest(
  port: number,
  id: bigint,
  side: "buy" | "sell",
  price: number,
  quantity: number,
): Promise<void> {
  const client = await connectOrderEntry({ host: "127.0.0.1", port });
  await client.submit({ id, symbol: 0, side, price, quantity });
  await client.close();
}

test("what is traded on a node is in the handler's books and its cache, also after the node came back", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "seriatim-feed-"));
  ends.push(() => rmSync(dataDir, { recursive: true }));
  let node = await start(dataDir, 0);
  ends.push(() => node.stop());
  const { mdPort } = node;
  const figures = createCache(64);
  const reader = new CacheReader(figures);
  const books = new OrderBooks();
  const cache = new ChannelCacheListener(new CacheWriter(figures));
  const handler = new FeedHandler({
    stream: { host: "127.0.0.1", port: mdPort },
    channels: [
      { channel: ChannelKind.Top, listener: cache },
      { channel: ChannelKind.Orders, listener: books },
    ],
    connection: { backoffMin_us: 10_000, backoffMax_us: 50_000 },
  });
  ends.push(() => handler.stop());
  await handler.start();
  const book = books.book(0);
  const seen = (): (readonly number[])[] => {
    reader.read(0);
    return [
      [book.bids.count, book.bids.count > 0 ? book.bids.total(0) : 0, book.count],
      [reader.bid, reader.bidQuantity, reader.ask, reader.askQuantity, reader.last, reader.volume],
    ];
  };
  await rest(node.orderPort, 1n, "buy", 100, 5);
  await rest(node.orderPort, 2n, "buy", 100, 7);
  await rest(node.orderPort, 3n, "sell", 100, 6);
  await until(() => book.count === 1 && reader.read(0) && reader.volume === 6 && reader.bidQuantity === 6);
  expect(seen()).toEqual([
    [1, 6, 1],
    [100, 6, 0, 0, 100, 6],
  ]);
  const queued: number[] = [];
  book.forEachOrder(Side.Buy, 0, (_, quantity) => queued.push(quantity));
  expect(queued).toEqual([6]);
  const { epoch } = handler.channels[1];
  await node.stop();
  await until(() => handler.state !== FeedState.Connected);
  node = await start(dataDir, mdPort);
  await rest(node.orderPort, 4n, "sell", 105, 2);
  await until(() => book.count === 2 && handler.channels.every(({ isStale }) => !isStale));
  expect(handler.channels[1].epoch).toBeGreaterThan(epoch);
  await until(() => reader.read(0) && reader.askQuantity === 2);
  expect(seen()[1].slice(0, 4)).toEqual([100, 6, 105, 2]);
  expect(reader.isStale).toBe(false);
});
