// What the view counts of a channel whose connection is lost: all that it has missed, where the exchange keeps it no more, and nothing where
// it does.

import { connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { watchChannel } from "../../../src/cli/feed/watch/channel-feed.ts";
import { MarketTable } from "../../../src/cli/feed/watch/market-table.ts";
import { summaryOf } from "../../../src/cli/feed/watch/summary.ts";
import { SystemClock } from "../../../src/platform/index.ts";
import { ChannelKind } from "../../../src/protocol/index.ts";
import { ServedExchange } from "../../feed-runtime/serving/support.ts";
import { until } from "../../support/until.ts";

/** A way to `port` that can be cut, and opened again. */
async function wayTo(port: number) {
  const sockets = new Set<Socket>();
  let isOpen = true;
  const server = createServer((near) => {
    sockets.add(near.on("error", () => {}));
    if (!isOpen) return void near.destroy();
    const far = connect(port, "127.0.0.1").on("error", () => {});
    near.pipe(far).pipe(near);
    near.on("close", () => far.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    isOpen = false;
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const open = () => {
    isOpen = true;
  };
  return { port: (server.address() as { port: number }).port, cut, open };
}

test("after a lost connection what the exchange keeps no more is a gap, with all that it lacks; what it keeps is none", async () => {
  const exchange = await ServedExchange.open({});
  onTestFinished(() => exchange.feeds.close());
  const next = () => exchange.next(ChannelKind.Levels);
  exchange.run(500);
  // What is said once a second is said.
  exchange.clock.moved_us += 1_000_000;
  exchange.run(0);
  const way = await wayTo(exchange.tcp);
  const feed = watchChannel("127.0.0.1", way.port, "levels", new SystemClock(), undefined);
  onTestFinished(() => void feed.stop());
  await until(() => feed.standing().isLive);
  const joined = next();
  const words = () => summaryOf(feed, new MarketTable(feed)).counts;
  const isCounted = () => feed.figures().messages + feed.figures().lost === next() - joined;
  const cut = async () => {
    await until(isCounted);
    way.cut();
    await until(() => !feed.standing().isLive);
  };
  exchange.run(25);
  await cut();
  exchange.run(25);
  way.open();
  await until(() => feed.standing().isLive && isCounted());
  expect(feed.figures()).toMatchObject({ gaps: 0, lost: 0, connects: 2 });
  expect(words()).toEqual(expect.arrayContaining(["no gaps", "connected 2 times"]));
  await cut();
  const before = next();
  // A MiB is kept.
  while (next() - before < 30_000) exchange.run(2_000);
  const missed = next() - before;
  way.open();
  await until(() => feed.standing().isLive && isCounted());
  expect(feed.figures()).toMatchObject({ gaps: 1, connects: 3 });
  expect(feed.figures().lost).toBeGreaterThanOrEqual(missed);
  expect(words()[0]).toMatch(/^1 gap, [0-9.]+k messages lost$/);
  expect(words().at(-1)).toBe("connected 3 times");
});

// It was said to speak TLS, or ticks/1.
test("an exchange that has not the channel is said to refuse it", async () => {
  const exchange = await ServedExchange.open({ channels: [ChannelKind.Top] });
  onTestFinished(() => exchange.feeds.close());
  const feed = watchChannel("127.0.0.1", exchange.tcp, "levels", new SystemClock(), undefined);
  onTestFinished(() => void feed.stop());
  await until(() => feed.standing().state === "reconnecting");
  expect(feed.standing().why).toBe("it refused a subscription: it has no such channel");
});

test("a channel that is connected to and has told nothing yet is called so, and not live", async () => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const feed = watchChannel("127.0.0.1", port, "top", new SystemClock(), undefined);
  onTestFinished(() => void feed.stop());
  await until(() => feed.standing().state === "connected, not up to date yet");
  expect(feed.standing().isLive).toBe(false);
});
