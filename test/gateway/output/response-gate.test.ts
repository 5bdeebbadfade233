import { describe, expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import { GATEWAY_LIMITS, GatewayCounters } from "../../../src/gateway/index.ts";
import { ConnectionOutput } from "../../../src/gateway/output/connection-output.ts";
import { ChunkPool } from "../../../src/gateway/output/output-buffer.ts";
import { GateMarks, MARKS_MAX } from "../../../src/gateway/output/response-gate.ts";
import { encodeAck, encodeHeartbeatAck, encodeHelloAck } from "../../../src/protocol/index.ts";
import { describeStream, ManualTransport } from "../support.ts";

type Step =
  | ["append" | "follow", bytes: number, releasable: number]
  | ["seal" | "release", position: number, releasable: number];

describe("marks release exactly at their positions", () => {
  const cases: readonly [says: string, steps: readonly Step[]][] = [
    [
      "nothing before a seal, whatever is released",
      [
        ["append", 10, 0],
        ["release", 99, 0],
        ["release", 999, 0],
      ],
    ],
    [
      "at the sealed position, not one before",
      [
        ["append", 10, 0],
        ["seal", 5, 0],
        ["release", 4, 0],
        ["release", 5, 10],
      ],
    ],
    [
      "several seals one by one",
      [
        ["append", 1, 0],
        ["seal", 5, 0],
        ["append", 2, 0],
        ["seal", 9, 0],
        ["release", 8, 1],
        ["release", 9, 3],
      ],
    ],
    [
      "several seals at once",
      [
        ["append", 1, 0],
        ["seal", 5, 0],
        ["append", 2, 0],
        ["seal", 9, 0],
        ["release", 9, 3],
      ],
    ],
    [
      "a seal of nothing leaves no mark",
      [
        ["seal", 5, 0],
        ["append", 1, 0],
        ["release", 5, 0],
        ["seal", 6, 0],
        ["release", 6, 1],
      ],
    ],
    ["what follows nothing is free", [["follow", 3, 3]]],
    [
      "what follows a mark waits for it",
      [
        ["append", 1, 0],
        ["seal", 5, 0],
        ["follow", 3, 0],
        ["release", 5, 4],
      ],
    ],
    [
      "what follows several marks waits for the last of them",
      [
        ["append", 1, 0],
        ["seal", 5, 0],
        ["append", 2, 0],
        ["seal", 9, 0],
        ["follow", 3, 0],
        ["release", 5, 1],
        ["release", 9, 6],
      ],
    ],
    [
      "what follows unsealed bytes is sealed with them",
      [
        ["append", 1, 0],
        ["follow", 3, 0],
        ["seal", 5, 0],
        ["release", 5, 4],
      ],
    ],
    [
      "what is released stays so at a smaller position",
      [
        ["append", 1, 0],
        ["seal", 5, 0],
        ["release", 7, 1],
        ["release", 2, 1],
      ],
    ],
  ];
  test.each(cases)("%s", (_says, steps) => {
    const marks = new GateMarks();
    for (const [what, value, releasable] of steps) {
      marks[what](value);
      expect(marks.releasable_bytes, `after ${what} ${value}`).toBe(releasable);
    }
  });

  test("with all marks in use the newest grows: later, never earlier", () => {
    const marks = new GateMarks();
    for (let position = 1; position <= MARKS_MAX + 10; position++) {
      marks.append(1);
      marks.seal(position);
    }
    marks.release(MARKS_MAX - 1);
    expect(marks.releasable_bytes).toBe(MARKS_MAX - 1);
    marks.release(MARKS_MAX + 9);
    expect(marks.releasable_bytes).toBe(MARKS_MAX - 1);
    marks.release(MARKS_MAX + 10);
    expect(marks.releasable_bytes).toBe(MARKS_MAX + 10);
    expect(marks.waits).toBe(false);
  });
});

const CONNECTION = 3;

function newOutput(limits = GATEWAY_LIMITS) {
  const transport = new ManualTransport();
  const { firstChunk_bytes, chunk_bytes, outputTotal_bytes: total_bytes } = limits;
  const pool = new ChunkPool({ firstChunk_bytes, chunk_bytes, total_bytes, queues: 2 });
  const free_bytes = pool.left_bytes;
  const counters = new GatewayCounters();
  const output = new ConnectionOutput(limits, pool, counters);
  return {
    transport,
    pool,
    free_bytes,
    counters,
    output,
    sent: () => describeStream(transport.stream(CONNECTION)),
  };
}

function ack(output: ConnectionOutput, id: number): boolean {
  const at = output.claim(32);
  if (at >= 0) encodeAck(output.gated.view, at, id, 0, 0, 0);
  return at >= 0;
}

function heartbeatAck(output: ConnectionOutput, token: number): boolean {
  const at = output.claimDirect(24);
  if (at >= 0) encodeHeartbeatAck(output.direct.view, at, token, 0);
  return at >= 0;
}

function helloAck(output: ConnectionOutput, account: number): boolean {
  const at = output.claimOrdered(28);
  if (at >= 0) encodeHelloAck(output.orderedView, at, account, 0, 0);
  return at >= 0;
}

describe("one connection's output", () => {
  test("heartbeat answers overtake engine answers that wait; a Hello's answer does not", () => {
    const { output, transport, sent } = newOutput();
    ack(output, 1);
    heartbeatAck(output, 7);
    helloAck(output, 2);
    output.flush(transport, CONNECTION);
    expect(sent()).toEqual(["HeartbeatAck 7"]);
    output.seal(10);
    output.release(10);
    output.flush(transport, CONNECTION);
    expect(sent()).toEqual(["HeartbeatAck 7", "Ack 1", "HelloAck 2"]);
  });

  test("all that one release frees leaves in one send", () => {
    const { output, transport } = newOutput();
    for (let id = 0; id < 20; id++) {
      ack(output, id);
      if (id % 5 === 0) output.seal(id);
    }
    output.seal(20);
    output.release(20);
    output.flush(transport, CONNECTION);
    expect(transport.sends.get(CONNECTION)).toHaveLength(1);
  });

  test("a held send stops everything until it is out, and its memory stays as it is", () => {
    const { output, transport, sent, counters } = newOutput();
    transport.holding.add(CONNECTION);
    ack(output, 1);
    output.seal(1);
    output.release(1);
    output.flush(transport, CONNECTION);
    ack(output, 2);
    output.seal(2);
    output.release(2);
    heartbeatAck(output, 5);
    output.flush(transport, CONNECTION);
    expect(output.held).toBe(true);
    transport.holding.clear();
    transport.drain(CONNECTION);
    output.drained();
    output.flush(transport, CONNECTION);
    expect(sent()).toEqual(["Ack 1", "HeartbeatAck 5", "Ack 2"]);
    expect([output.pending_bytes, counters.sent_bytes]).toEqual([0, 88]);
  });

  test("the cap refuses a frame, whichever way it goes", () => {
    const { output } = newOutput({ ...GATEWAY_LIMITS, outputMax_bytes: 100 });
    expect([ack(output, 1), ack(output, 2), ack(output, 3), ack(output, 4)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect([heartbeatAck(output, 1), helloAck(output, 1)]).toEqual([false, false]);
    expect(output.pending_bytes).toBe(96);
  });

  test("given up, it sends no more but cuts no frame that is out", () => {
    const { output, transport, pool, free_bytes, sent } = newOutput();
    transport.holding.add(CONNECTION);
    ack(output, 1);
    output.seal(1);
    output.release(1);
    output.flush(transport, CONNECTION);
    ack(output, 2);
    heartbeatAck(output, 3);
    output.abandon();
    transport.holding.clear();
    transport.drain(CONNECTION);
    output.drained();
    output.flush(transport, CONNECTION);
    expect(sent()).toEqual(["Ack 1"]);
    expect([output.pending_bytes, pool.left_bytes]).toEqual([0, free_bytes]);
  });
});

// Each engine answer is numbered; what may be out at any time follows from the seals and releases alone.
test("any mix of appends, seals, releases and held sends keeps the order and leaks nothing early", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Prng(seed);
    const firstChunk_bytes = random.between(32, 100);
    const limits = {
      ...GATEWAY_LIMITS,
      firstChunk_bytes,
      chunk_bytes: random.between(firstChunk_bytes, 500),
    };
    const { output, transport, pool, free_bytes, sent } = newOutput(limits);
    const sealedAt: number[] = []; // by answer
    let appended = 0;
    let released = 0;
    let position = 0;
    let tokens = 0;

    const check = () => {
      const acks = sent().filter((word) => word.startsWith("Ack"));
      const safe = sealedAt.filter((sealed) => sealed <= released).length;
      expect(acks, `seed ${seed}`).toEqual(Array.from({ length: acks.length }, (_, id) => `Ack ${id}`));
      expect(acks.length, `seed ${seed}`).toBeLessThanOrEqual(safe);
      expect(sent().includes("cut"), `seed ${seed}`).toBe(false);
    };
    const steps = [
      () => ack(output, appended++),
      () => heartbeatAck(output, tokens++),
      () => {
        output.seal(++position);
        while (sealedAt.length < appended) sealedAt.push(position);
      },
      () => {
        released = Math.max(released, random.between(0, position));
        output.release(released);
      },
      () => output.flush(transport, CONNECTION),
      () => transport.holding.add(CONNECTION),
      () => {
        transport.holding.clear();
        if (transport.drain(CONNECTION)) output.drained();
      },
    ];
    for (let step = 0; step < 200; step++) {
      random.pick(steps)();
      check();
    }
    steps[2]();
    released = position;
    output.release(released);
    steps[6]();
    steps[4]();
    check();
    expect(sent().length, `seed ${seed}`).toBe(appended + tokens);
    expect([output.pending_bytes, pool.left_bytes], `seed ${seed}`).toEqual([0, free_bytes]);
  }
});
