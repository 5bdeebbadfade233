// A recording of an exchange's own feed, played to feed handlers: they take the player for the exchange, and prove their books.

import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { type FeedState, LevelBooks, OrderBooks } from "../../../src/feed/index.ts";
import { FeedHandler, FeedRecorder, RecordingPlayer } from "../../../src/feed-runtime/index.ts";
import { configurationOf, createLog, startNode } from "../../../src/node/index.ts";
import { ChannelKind } from "../../../src/protocol/index.ts";
import { until } from "../../support/until.ts";
import { scratchDirectory } from "./support.ts";

test("handlers of levels and of orders prove their books on a player, faster than it was", async () => {
  const settings = { orderPort: 0, httpPort: 0, mdPort: 0, durability: "off", simulate: 1_000 } as const;
  const node = await startNode(
    configurationOf({ ...settings, ordersMax: 20_000 }),
    createLog({ level: "silent" }),
  );
  onTestFinished(() => node.stop());
  const directory = scratchDirectory();
  const recorder = await FeedRecorder.start({
    ...{ host: "127.0.0.1", port: node.mdPort, protocol: "channel", directory },
  });
  // Sums of books are told once a second: when this one has two of each, the recorder, which was there before, has one.
  const live = new FeedHandler({
    stream: { host: "127.0.0.1", port: node.mdPort },
    channels: [
      { channel: ChannelKind.Levels, listener: new LevelBooks() },
      { channel: ChannelKind.Orders, listener: new OrderBooks() },
    ],
  });
  await live.start();
  await until(() => live.channels.every(({ figures }) => figures.checksums > 1));
  await live.stop();
  expect(await recorder.stop()).toBe(undefined);
  const player = await RecordingPlayer.start({ directory, speed: 10, port: 0 });
  onTestFinished(() => player.stop());
  const books = { levels: new LevelBooks(), orders: new OrderBooks() };
  const lost: FeedState[] = [];
  const handler = new FeedHandler({
    stream: { host: "127.0.0.1", port: player.port },
    channels: [
      { channel: ChannelKind.Levels, listener: books.levels },
      { channel: ChannelKind.Orders, listener: books.orders },
    ],
    onState: (state, why) => void (why !== undefined && lost.push(state)),
  });
  await handler.start();
  while (lost.length === 0) await sleep(5);
  await handler.stop();
  for (const { figures } of handler.channels) {
    expect(figures.checksums).toBeGreaterThan(0);
    expect(figures).toMatchObject({ mismatches: 0, gaps: 0, lost: 0 });
  }
});
