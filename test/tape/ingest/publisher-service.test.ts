import { expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { TapeReason } from "../../../src/protocol/index.ts";
import { BATCH_us, ByteRate, SILENT_us } from "../../../src/tape/index.ts";
import { Bench, batch, bye, concat, heartbeat, PUBLISHER } from "./support.ts";

/** Sends what the service has not taken yet, as a socket would: nothing while it is paused. */
class Sender {
  readonly connection: number;
  readonly stream: Uint8Array;
  at = 0;

  constructor(connection: number, stream: Uint8Array) {
    this.connection = connection;
    this.stream = stream;
  }

  /** False: paused, or all is sent. */
  send(bench: Bench, bytes: number): boolean {
    if (this.at === this.stream.length || bench.transport.paused.has(this.connection)) return false;
    const end = Math.min(this.stream.length, this.at + bytes);
    bench.receive(this.connection, this.stream.subarray(this.at, end));
    this.at = end;
    return true;
  }
}

test("acks are cumulative, one a turn, and wait for a held send without being lost", () => {
  const bench = new Bench(2);
  const connection = bench.open(0);
  bench.transport.holding.add(connection);
  for (const number of [1, 2, 3]) {
    bench.receive(connection, batch(number, 64));
    bench.commitAll();
  }
  expect(bench.told(connection)).toEqual([]);
  bench.transport.holding.delete(connection);
  bench.transport.drain(connection);
  bench.service.drained(connection);
  expect(bench.told(connection)).toEqual(["ack 1", "ack 3"]);
  expect(bench.service.figures()).toMatchObject({ publishers: 1, ackLag: 0, batchesDrained: 3 });
});

test.each([
  ["at once", false],
  ["behind what is held", true],
])("a fault follows the ack that was due before it, %s", (_, isHeld) => {
  const bench = new Bench(2);
  const connection = bench.open(0);
  bench.receive(connection, concat(batch(1, 64), batch(2, 64)));
  bench.commitAll();
  if (isHeld) bench.transport.holding.add(connection);
  bench.service.acked(connection, 3, 0);
  if (isHeld) bench.service.settle();
  bench.service.acked(connection, 4, 0);
  bench.service.fault(connection, TapeReason.Records, 4);
  bench.service.settle();
  if (isHeld) {
    bench.transport.holding.delete(connection);
    bench.transport.drain(connection);
    bench.service.drained(connection);
  }
  expect(bench.told(connection)).toEqual(["ack 2", ...(isHeld ? ["ack 3"] : []), "ack 4", "Records"]);
});

test.each([1, 2, 3, 4])("%i buffers under 64 publishers: no batch lost, none starved", (buffers) => {
  const bench = new Bench(buffers);
  const seed = 4711 + buffers;
  const prng = new Prng(seed);
  const senders = Array.from({ length: 64 }, (_, slot) => {
    const stream = concat(...Array.from({ length: 10 }, (_, i) => batch(i + 1, 64 + 8 * i)));
    return new Sender(bench.open(slot), stream);
  });
  const last: number[] = [];
  for (let round = 0; senders.some(({ at, stream }) => at < stream.length); round++) {
    expect(round, `seed ${seed}`).toBeLessThan(200_000);
    const sender = senders[prng.between(0, senders.length - 1)];
    sender.send(bench, 1 + prng.between(0, 400 - 1));
    if (prng.between(0, 3 - 1) === 0) bench.transport.turn();
    if (prng.between(0, 3 - 1) === 0) bench.commitOne();
    if (sender.at === sender.stream.length && !last.includes(sender.connection)) last.push(sender.connection);
  }
  bench.commitAll();
  for (const { connection, stream } of senders) expect(bench.stream(connection)).toEqual(stream);
  expect(last.length).toBe(64);
  expect(bench.pool).toMatchObject({ inUse: 0, waiting: 0 });
  expect(bench.pool.timesExhausted).toBeGreaterThan(0);
});

test("commit queue full: reads stop, nothing is lost, and the oldest goes on first", () => {
  const bench = new Bench(8);
  bench.queue.capacity = 1;
  const [a, b, c] = [0, 1, 2].map((slot) => bench.open(slot));
  for (const connection of [a, b, c]) {
    bench.receive(connection, concat(batch(1, 64), batch(2, 64).subarray(0, 150)));
    bench.transport.turn();
  }
  expect(bench.queue.parts.map(({ connection }) => connection)).toEqual([a]);
  expect([...bench.transport.paused]).toEqual([b, c]);
  bench.commitOne();
  expect(bench.queue.parts.map(({ connection }) => connection)).toEqual([b]);
  expect([...bench.transport.paused]).toEqual([c]);
  for (const connection of [a, b]) bench.receive(connection, batch(2, 64).subarray(150));
  bench.commitAll();
  bench.receive(c, batch(2, 64).subarray(150));
  bench.commitAll();
  for (const connection of [a, b, c]) {
    expect(bench.stream(connection)).toEqual(concat(batch(1, 64), batch(2, 64)));
  }
});

test("a disconnect while a part is queued: the buffer comes back, and nothing is acked", () => {
  const bench = new Bench(1);
  const connection = bench.open(0);
  bench.receive(connection, batch(1, 64));
  bench.transport.turn();
  bench.service.closed(connection);
  expect(bench.pool.inUse).toBe(1);
  bench.commitAll();
  expect(bench.pool.inUse).toBe(0);
  expect(bench.told(connection)).toEqual([]);
});

test("a disconnect while it waits for a buffer or for the queue leaves no trace", () => {
  const bench = new Bench(1);
  const [a, b] = [bench.open(0), bench.open(1)];
  bench.receive(a, batch(1, 64).subarray(0, 150));
  bench.receive(b, batch(1, 64));
  bench.transport.turn();
  expect(bench.pool.waiting).toBe(1);
  bench.service.closed(b);
  expect(bench.pool.waiting).toBe(0);
  bench.queue.capacity = 0;
  bench.receive(a, batch(1, 64).subarray(150));
  bench.transport.turn();
  bench.service.closed(a);
  bench.service.settle();
  bench.transport.turn();
  expect(bench.pool.inUse).toBe(0);
  expect(bench.queue.parts).toEqual([]);
});

test("a slow connection beside fast ones: it keeps its buffer until others wait for it too long", () => {
  const bench = new Bench(2);
  const [slow, fast, other] = [bench.open(0), bench.open(1), bench.open(2)];
  bench.receive(slow, batch(1, 64).subarray(0, 150));
  bench.transport.turn();
  // Alone with a free buffer beside it, it may take its time.
  for (let i = 0; i < 3; i++) {
    bench.now_us += BATCH_us;
    bench.service.tick();
    bench.receive(fast, batch(i + 1, 64));
    bench.commitAll();
  }
  expect(bench.told(slow).filter((word) => word !== "heartbeat")).toEqual([]);
  bench.receive(fast, batch(4, 64).subarray(0, 140));
  bench.receive(other, batch(1, 64));
  bench.transport.turn();
  bench.service.tick();
  bench.receive(fast, batch(4, 64).subarray(140));
  bench.receive(fast, batch(5, 64).subarray(0, 140));
  bench.now_us += BATCH_us - 1;
  bench.service.tick();
  expect(bench.transport.closed.size).toBe(0);
  bench.now_us += 2;
  bench.service.tick();
  expect(bench.told(slow)).toContain("TooSlow");
  expect(bench.transport.closed).toEqual(new Set([slow]));
  bench.commitAll();
  expect(bench.told(other)).toContain("ack 1");
});

test("a Bye is answered by the acks that are outstanding, then by the end", () => {
  const bench = new Bench(2);
  const connection = bench.open(0);
  bench.receive(connection, concat(batch(1, 64), batch(2, 64), bye()));
  bench.transport.turn();
  expect(bench.transport.closed.size).toBe(0);
  bench.commitAll();
  expect(bench.told(connection)).toEqual(["ack 2"]);
  expect(bench.transport.closed).toEqual(new Set([connection]));
});

test("a publisher that ends its side in mid-batch loses that batch alone", () => {
  const bench = new Bench(2);
  const connection = bench.open(0);
  bench.receive(connection, concat(batch(1, 64), batch(2, 64).subarray(0, 150)));
  bench.service.ended(connection);
  bench.commitAll();
  expect(bench.told(connection)).toEqual(["ack 1"]);
  expect(bench.transport.closed).toEqual(new Set([connection]));
  expect(bench.pool.inUse).toBe(0);
});

test("at ack level 0 nothing is said, and a Bye ends it once everything is handed over", () => {
  const bench = new Bench(2);
  bench.queue.capacity = 0;
  const connection = bench.open(0, { ackLevel: 0 });
  bench.receive(connection, concat(batch(1, 64), bye()));
  bench.transport.turn();
  expect(bench.transport.closed.size).toBe(0);
  bench.queue.capacity = 10;
  bench.service.settle();
  bench.transport.turn();
  expect(bench.queue.parts.length).toBe(1);
  expect(bench.transport.closed).toEqual(new Set([connection]));
});

test("what was held for it when it said Bye does not end it before its last part is handed over", () => {
  const bench = new Bench(2);
  const connection = bench.open(0, { ackLevel: 0 });
  bench.transport.holding.add(connection);
  for (let i = 0; i < 2; i++) {
    bench.now_us += 1_100_000;
    bench.service.tick();
  }
  bench.queue.capacity = 0;
  bench.receive(connection, concat(batch(1, 64), bye()));
  bench.transport.turn();
  bench.transport.drain(connection);
  bench.service.drained(connection);
  expect(bench.transport.closed.size).toBe(0);
  bench.queue.capacity = 1;
  bench.service.settle();
  bench.transport.turn();
  expect(bench.queue.parts.length).toBe(1);
  expect(bench.transport.closed).toEqual(new Set([connection]));
});

test("wrong bytes are answered with the reason, behind the batches before them", () => {
  const bench = new Bench(2);
  const connection = bench.open(0);
  const wrong = batch(2, 64);
  wrong[130 - 80] ^= 1;
  bench.receive(connection, concat(batch(1, 64), wrong));
  bench.transport.turn();
  expect(bench.queue.parts.length).toBe(1);
  expect(bench.told(connection)).toEqual(["ChecksumHeader"]);
  expect(bench.transport.closed).toEqual(new Set([connection]));
});

test("a key's publishers share its byte rate: they are read less, and never refused", () => {
  const bench = new Bench(4);
  const rate = new ByteRate(1_000);
  const [a, b] = [bench.open(0, { rate }), bench.open(1, { rate })];
  const stream = concat(...Array.from({ length: 5 }, (_, i) => batch(i + 1, 400)));
  const senders = [new Sender(a, stream), new Sender(b, stream)];
  let seconds = 0;
  while (senders.some(({ at }) => at < stream.length)) {
    for (const sender of senders) while (sender.send(bench, 100));
    bench.commitAll();
    bench.now_us += 1_000_000;
    bench.service.tick();
    seconds++;
    expect(seconds).toBeLessThan(100);
  }
  bench.service.tick();
  bench.commitAll();
  expect(seconds).toBeGreaterThanOrEqual((2 * stream.length) / 1_000 - 3);
  for (const { connection } of senders) expect(bench.stream(connection)).toEqual(stream);
});

test("a shutdown commits what was whole, acknowledges it, and says why it ends; every buffer is back", () => {
  const bench = new Bench(2);
  const [a, b] = [bench.open(0), bench.open(1)];
  bench.receive(a, concat(batch(1, 64), batch(2, 64).subarray(0, 150)));
  bench.receive(b, batch(1, 64));
  bench.service.leaveAll();
  bench.commitAll();
  bench.service.shutDown();
  expect(bench.told(a)).toEqual(["ack 1", "ShuttingDown"]);
  expect(bench.told(b)).toEqual(["ack 1", "ShuttingDown"]);
  expect(bench.pool.inUse).toBe(0);
});

test("one that is silent is told every second that the broker is there; one that takes nothing is broken off", () => {
  const bench = new Bench(1);
  const connection = bench.open(0);
  bench.transport.holding.add(connection);
  for (let i = 0; i < 12; i++) {
    bench.now_us += 1_100_000;
    bench.service.tick();
  }
  expect(bench.transport.destroyed).toEqual(new Set([connection]));
});

// The part that had found no room was handed over after its connection's end, in a buffer that had been given back: it ended the worker.
test.each([
  ["a fault", (bench: Bench, connection: number) => bench.service.fault(connection, TapeReason.TakenOver, 0)],
  ["the broker's last word", (bench: Bench) => bench.service.shutDown()],
  ["a lost connection", (bench: Bench, connection: number) => bench.service.closed(connection)],
])(
  "commit queue full, then %s: the part that found no room is forgotten, the buffer given back",
  (_, end) => {
    const bench = new Bench(1);
    bench.queue.capacity = 0;
    const connection = bench.open(0);
    bench.receive(connection, batch(1, 64));
    bench.transport.turn();
    expect(bench.queue.refused).toBe(1);
    end(bench, connection);
    expect(bench.pool).toMatchObject({ inUse: 0, waiting: 0 });
    bench.queue.capacity = 10;
    bench.service.settle();
    bench.transport.turn();
    expect(bench.queue.parts).toEqual([]);
    expect(bench.pool.inUse).toBe(0);
  },
);

test("commit queue full at a shutdown: nobody is read any more, and what was drained whole is committed when there is room", () => {
  const bench = new Bench(2);
  bench.queue.capacity = 0;
  const [a, b] = [bench.open(0), bench.open(1)];
  bench.receive(a, concat(batch(1, 64), batch(2, 64)));
  bench.receive(b, concat(batch(1, 64), batch(2, 64).subarray(0, 150)));
  bench.transport.turn();
  bench.service.leaveAll();
  expect(bench.transport.paused).toEqual(new Set([a, b]));
  expect([bench.service.isWaiting, bench.queue.parts.length]).toEqual([true, 0]);
  bench.queue.capacity = 10;
  bench.service.settle();
  expect(bench.service.isWaiting).toBe(false);
  bench.commitAll();
  bench.service.shutDown();
  expect([bench.told(a), bench.told(b)]).toEqual([
    ["ack 2", "ShuttingDown"],
    ["ack 1", "ShuttingDown"],
  ]);
  expect(bench.transport.paused).toEqual(new Set([a, b]));
  expect(bench.pool).toMatchObject({ inUse: 0, waiting: 0 });
});

// Its socket may never say so: with the broker's own heartbeats unacknowledged, no keep-alive is sent.
test("who is read and says nothing for 30 s is broken off; who says Heartbeat, is not read or waits for its acks is not", () => {
  const bench = new Bench(1);
  const [gone, there, unread, leaving] = [0, 1, 2, 3].map((slot) => bench.open(slot));
  bench.receive(there, batch(1, 2048).subarray(0, 1024));
  bench.receive(unread, batch(1, 64));
  expect([...bench.transport.paused]).toEqual([unread]);
  bench.receive(leaving, bye());
  for (let second = 1; second * 1_000_000 < SILENT_us + 2_500_000; second++) {
    bench.now_us += 1_000_000;
    // Each batch is begun and ended in time: it holds the buffer that another waits for.
    if (second % 4 === 0) {
      bench.receive(there, batch(second / 4, 2048).subarray(1024));
      bench.receive(there, batch(second / 4 + 1, 2048).subarray(0, 1024));
    }
    bench.service.tick();
    if (second * 1_000_000 <= SILENT_us) expect(bench.transport.destroyed.size, `${second} s`).toBe(0);
  }
  expect(bench.transport.destroyed).toEqual(new Set([gone]));
  expect(bench.told(gone).at(-1)).toBe("TooSlow");
  const beating = bench.open(4);
  for (let second = 1; second * 1_000_000 < 2 * SILENT_us; second++) {
    bench.now_us += 1_000_000;
    bench.receive(beating, heartbeat());
    bench.receive(there, heartbeat());
    bench.service.tick();
  }
  expect(bench.transport.destroyed.has(beating)).toBe(false);
});

test("what is said of a connection that is gone never reaches the one that has its slot now", () => {
  const bench = new Bench(2);
  const old = bench.open(0);
  bench.receive(old, batch(1, 64));
  bench.transport.turn();
  bench.service.closed(old);
  const next = bench.open(0, {}, PUBLISHER, 2);
  expect(next).not.toBe(old);
  bench.service.acked(old, 1, 2);
  bench.service.fault(old, TapeReason.TakenOver, 0);
  bench.service.received(old, batch(1, 64));
  bench.service.filled(old, 64);
  bench.service.ended(old);
  bench.service.closed(old);
  bench.service.settle();
  expect(bench.service.space(old)).toBeUndefined();
  expect(bench.told(next)).toEqual([]);
  expect(bench.service.figures()).toMatchObject({ publishers: 1, ackLag: 0, batchesAcknowledged: 0 });
  bench.receive(next, batch(1, 64));
  bench.commitAll();
  expect(bench.told(next)).toEqual(["ack 1"]);
});

test("a fault while a batch is read straight into staging: its buffer comes back when the socket is gone, not before", () => {
  const bench = new Bench(1);
  const [slow, waiting] = [0, 1].map((slot) => bench.open(slot));
  bench.receive(slow, batch(1, 2048).subarray(0, 512));
  expect(bench.service.space(slow)?.length).toBe(128 + 2048 - 512);
  bench.receive(waiting, batch(1, 64));
  bench.service.tick();
  bench.now_us += BATCH_us + 1;
  bench.service.tick();
  expect(bench.told(slow)).toEqual(["TooSlow"]);
  // Else what lands late would land in another's batch.
  expect(bench.transport.destroyed).toEqual(new Set([slow]));
  expect(bench.pool).toMatchObject({ inUse: 1, waiting: 1 });
  bench.service.filled(slow, 100);
  bench.service.closed(slow);
  bench.transport.turn();
  bench.commitAll();
  expect(bench.told(waiting).at(-1)).toBe("ack 1");
  expect(bench.pool.inUse).toBe(0);
});

test("batches are counted as acknowledged by how many there were, whatever numbers they skip", () => {
  const bench = new Bench(2);
  const connection = bench.open(0, { lastBatch: 40 });
  for (const number of [50, 1_000, 2_000]) bench.receive(connection, batch(number, 64));
  bench.transport.turn();
  bench.service.acked(connection, 50, 2);
  expect(bench.service.figures()).toMatchObject({ batchesDrained: 3 });
  bench.service.acked(connection, 2_000, 4);
  expect(bench.service.figures()).toMatchObject({ batchesAcknowledged: 3, ackLag: 0 });
  bench.receive(connection, batch(9_000, 64));
  bench.transport.turn();
  expect(bench.service.figures()).toMatchObject({ batchesAcknowledged: 3, ackLag: 1 });
});
