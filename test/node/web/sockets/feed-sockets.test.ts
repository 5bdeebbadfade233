// The carrier of the binary feed over WebSocket, without a feed behind it.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import type { FeedCarrier } from "../../../../src/feed/index.ts";
import type { MarketFeeds } from "../../../../src/feed-runtime/index.ts";
import { FeedSockets } from "../../../../src/node/web/sockets/feed-sockets.ts";
import { until } from "../../../support/until.ts";

/** A piece of 46 messages, of the longest packets. */
function piece(): Uint8Array {
  const bytes = new Uint8Array(46 * 1_400);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += 1_400) view.setUint16(at, 1_400, true);
  return bytes;
}

/** The port of a server whose upgrades go to the subscribers of `feeds`. */
async function serve(feeds: object): Promise<number> {
  const sockets = new FeedSockets(feeds as MarketFeeds, () => {});
  const server = createServer().on("upgrade", (request, stream, head) =>
    sockets.upgrade(request, stream as Socket, head),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function subscriberTo(port: number): WebSocket {
  const client = new WebSocket(`ws://127.0.0.1:${port}/md`);
  onTestFinished(() => client.terminate());
  return client;
}

// The library's error was nobody's to hear: it ended the web's thread.
test("who is refused and then breaks the rules of frames ends nothing but his own connection", async () => {
  const port = await serve({ wake: () => {}, enter: () => "AddressFull" });
  const client = subscriberTo(port);
  const closed = once(client, "close");
  // A frame without a mask, in the same packet as the end of the handshake is taken.
  client.on("upgrade", ({ socket }) => socket.write(Buffer.from([0x81, 0x00])));
  client.on("error", () => {});
  const [code, why] = await closed;
  expect([code, String(why)]).toEqual([4_000, "AddressFull"]);
  // As before: the server is there.
  const next = subscriberTo(port);
  const [again] = await once(next, "close");
  expect(again).toBe(4_000);
});

test("who reads nothing is held after what the system takes, and drained once, when he has read", async () => {
  let carrier: FeedCarrier | undefined;
  let drained = 0;
  const feeds = {
    wake: () => {},
    enter: (one: FeedCarrier) => {
      carrier = one;
      return { session: { received: () => {}, drained: () => drained++ }, leave: () => {} };
    },
  };
  const client = subscriberTo(await serve(feeds));
  let received = 0;
  client.on("message", (bytes: Buffer) => {
    received += bytes.length;
  });
  await once(client, "open");
  client.pause();
  let sent = 0;
  // What the system takes is some megabytes.
  for (let isTaken = true; isTaken; sent++) {
    expect(sent).toBeLessThan(2_000);
    isTaken = (carrier as FeedCarrier).send(piece());
    await new Promise(setImmediate);
  }
  expect(drained).toBe(0);
  client.resume();
  await until(() => received === sent * 46 * 1_400);
  await until(() => drained > 0);
  expect(drained).toBe(1);
});
