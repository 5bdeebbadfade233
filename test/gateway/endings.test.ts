// The transport rules of endings, over real sockets; those that plain TCP and TLS could keep differently, over both.

import { once } from "node:events";
import { expect, test } from "vitest";
import { Reason } from "../../src/protocol/index.ts";
import { TLS } from "../support/tls.ts";
import { acks, nextTurn, readAll, startVenue } from "./socket-venue.ts";
import { concat, hello, order } from "./support.ts";

const orders = (count: number) => concat(...Array.from({ length: count }, (_, id) => order(id)));
const BOTH = [
  ["TCP", undefined],
  ["TLS", TLS],
] as const;

test.each(BOTH)(
  "over %s a peer that sends and half-closes gets all its answers, then the close",
  async (_, tls) => {
    const venue = await startVenue({ outputSoft_bytes: 8_192, turn_frames: 100 }, 0, 8, tls);
    const peer = await venue.open({ allowHalfOpen: true });
    const answers = readAll(peer);
    peer.end(orders(3_000));
    expect(await answers).toEqual(acks(3_000));
    expect(venue.gateway.counters.closes.PeerEnded).toBe(1);
  },
);

test.each(BOTH)(
  "over %s a peer that reads late is sent all that waited at its cap, whole",
  async (_, tls) => {
    const limits = { outputMax_bytes: 2_000_000, outputSoft_bytes: 1_000_000 };
    const venue = await startVenue(limits, 2_000, 8, tls);
    const [late, busy] = [await venue.open(), await venue.open()];
    late.pause();
    late.write(hello(7));
    busy.resume();
    for (let id = 0; venue.gateway.counters.closes.OutputFull === 0; id++) {
      busy.write(order(id));
      while (venue.sink.commands.length <= id) await nextTurn();
      await nextTurn();
    }
    const seen = await readAll(late);
    expect(seen).not.toContain("cut");
    expect(seen.length * 52).toBeGreaterThan(limits.outputMax_bytes - 104);
  },
);

test("an error closes at once, whatever waits to be sent", async () => {
  const venue = await startVenue();
  venue.isHeld = true;
  const peer = await venue.open();
  peer.on("error", () => {}).write(orders(10));
  while (venue.sink.commands.length < 10) await nextTurn();
  peer.resetAndDestroy();
  while (venue.gateway.counters.connections > 0) await nextTurn();
  expect(venue.gateway.counters.closes.Broken).toBe(1);
  expect(venue.transport.open).toBe(0);
});

test("when the node is to stop new orders are refused with the reason, what is in flight is answered, then comes the close", async () => {
  const venue = await startVenue();
  venue.isHeld = true;
  const peer = await venue.open();
  const answers = readAll(peer);
  peer.write(order(1));
  while (venue.sink.commands.length === 0) await nextTurn();
  await nextTurn();
  venue.gateway.refuseOrders(Reason.ShuttingDown);
  peer.write(order(2));
  await once(peer, "data");
  const stopped = venue.gateway.stop();
  venue.gateway.release(1);
  // A gateway's own refusal waits for nothing.
  expect(await answers).toEqual([`Reject 2 ${Reason.ShuttingDown}`, "Ack 1"]);
  await stopped;
});
