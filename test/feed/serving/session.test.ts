import { describe, expect, test } from "vitest";
import { Prng } from "../../../src/base/index.ts";
import {
  encodeMdRequest,
  MD_SUBSCRIBE_SYMBOLS_MAX,
  MdRefusal,
  type MdRequest,
  MdRequestType,
  PACKET_BYTES_MAX,
  PacketFlag,
} from "../../../src/protocol/index.ts";
import { partsOf, rig, subscribe } from "./support.ts";

const TOP = 1;
const LEVELS = 2;

test("a subscription is a snapshot of all symbols that leads up to what follows, with no message missing or told twice", () => {
  const { market, desk, join } = rig();
  market.top.trade(0, 100);
  market.top.seal();
  const joined = join(subscribe(TOP));
  const { replies, packets } = joined.said();
  expect(replies).toEqual([{ type: 192, request: 128, channel: TOP, epoch: 1_000, next: 2 }]);
  expect(packets.map(({ first, part, flags }) => [first, part, flags])).toEqual([
    [2, 0, PacketFlag.Snapshot],
    [2, 1, PacketFlag.Snapshot],
    [2, 2, PacketFlag.Snapshot | PacketFlag.SnapshotLast],
  ]);
  market.top.trade(1, 101);
  market.top.seal();
  desk.turn();
  expect(joined.said().packets).toEqual([
    { kind: TOP, flags: 0, epoch: 1_000, first: 2, part: 0, messages: ["Trade 1#1@101."] },
  ]);
});

test("from a sequence that is kept it resumes there, else it gets a snapshot", () => {
  const { market, join } = rig();
  for (let i = 1; i <= 4; i++) {
    market.top.trade(0, i);
    market.top.seal();
  }
  const from = (more: object) => {
    const { replies, packets } = join(subscribe(TOP, more)).said();
    const first = packets[0];
    return [replies[0].type, (replies[0] as { next: number }).next, first?.first, first?.flags];
  };
  expect(from({ from: 3, epoch: 1_000 })).toEqual([192, 5, 3, 0]);
  expect(from({ from: 5, epoch: 1_000 })).toEqual([192, 5, undefined, undefined]);
  expect(from({ from: 3, epoch: 999 })).toEqual([192, 5, 5, PacketFlag.Snapshot]);
  market.top.kept.shift();
  expect(from({ from: 1, epoch: 1_000 })).toEqual([192, 5, 5, PacketFlag.Snapshot]);
});

test("a filtered subscriber is sent its symbols alone, numbered without a gap", () => {
  const { market, desk, join } = rig();
  const joined = join(subscribe(LEVELS, { symbols: [1] }));
  expect(joined.said().packets).toHaveLength(1);
  for (let i = 1; i <= 6; i++) market.levels.level(i % 3, 100, i);
  market.levels.seal();
  market.levels.level(0, 1, 1);
  market.levels.seal();
  desk.turn();
  expect(joined.said().packets).toEqual([
    {
      ...{ kind: LEVELS, flags: PacketFlag.Filtered, epoch: 1_000, first: 1, part: 0 },
      messages: ["Level 1#1@100=1.", "Level 1#2@100=4."],
    },
  ]);
  market.levels.level(2, 1, 1);
  market.levels.seal();
  desk.turn();
  expect(joined.said().packets).toEqual([]);
});

test("filtered subscribers at other places and on other channels are each given their own, in one turn", () => {
  const { market, desk, join } = rig();
  for (let i = 1; i <= 4; i++) {
    market.top.trade(1, i);
    market.levels.trade(1, 10 + i);
    market.top.seal();
    market.levels.seal();
  }
  const wishes = [
    [TOP, 1],
    [TOP, 3],
    [LEVELS, 1],
  ];
  const joined = wishes.map(() => join());
  for (const [i, [kind, from]] of wishes.entries())
    joined[i].say(subscribe(kind, { symbols: [1], epoch: 1_000, from }));
  desk.turn();
  const told = joined.map((each) => each.said().packets.flatMap(({ messages }) => messages));
  const trades = (from: number, price: number) =>
    Array.from({ length: 5 - from }, (_, i) => `Trade 1#${from + i}@${price + i}.`);
  expect(told).toEqual([trades(1, 1), trades(3, 3), trades(1, 11)]);
});

test("what was picked out for a filter is of one turn, and of its epoch", () => {
  const { market, desk, join } = rig();
  const joined = join(subscribe(TOP, { symbols: [1] }));
  const told = (price: number) => {
    market.top.trade(1, price);
    market.top.seal();
    desk.turn();
    return joined
      .said()
      .packets.flatMap(({ messages }) => messages)
      .at(-1);
  };
  expect(told(100)).toBe("Trade 1#1@100.");
  market.top.reset();
  desk.turn();
  expect(told(200)).toBe("Trade 1#1@200.");
});

test("channels of one connection take turns, and each packet is whole", () => {
  const { market, desk, join } = rig({ chunk_bytes: 6_000, chunksPerTurn: 2 });
  const joined = join(subscribe(TOP), subscribe(LEVELS));
  while (desk.turn());
  joined.said();
  for (let i = 0; i < 1_000; i++) {
    market.top.trade(0, i);
    market.levels.trade(0, i);
  }
  market.top.seal();
  market.levels.seal();
  desk.turn();
  expect(joined.carrier.pieces.map((piece) => piece[3])).toEqual([TOP, LEVELS]);
  while (desk.turn());
  const { packets } = joined.said();
  for (const kind of [TOP, LEVELS])
    expect(packets.filter((p) => p.kind === kind).flatMap((p) => p.messages)).toHaveLength(1_000);
});

test("one turn sends so much, and who was not reached is the first in the next", () => {
  const { market, desk, join } = rig({ perTurn_bytes: 1 });
  const joined = Array.from({ length: 5 }, () => join(subscribe(TOP)));
  while (desk.turn());
  for (const each of joined) each.said();
  market.top.trade(0, 1);
  market.top.seal();
  const reached: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    expect(desk.turn()).toBe(true);
    reached.push(joined.filter(({ carrier }) => carrier.pieces.length > 0).length);
  }
  expect(reached).toEqual([1, 2, 3, 4, 5]);
  expect(desk.turn()).toBe(false);
});

test("a subscriber of a quiet symbol reads through what is of others over as many turns as it takes", () => {
  const { market, desk, join } = rig({ scanPerTurn_bytes: 2_000 });
  const joined = join(subscribe(TOP, { symbols: [2] }));
  joined.said();
  for (let i = 0; i < 500; i++) market.top.trade(0, i);
  market.top.trade(2, 7);
  market.top.seal();
  let turns = 0;
  while (joined.carrier.pieces.length === 0 && turns < 100) {
    desk.turn();
    turns++;
  }
  expect(turns).toBeGreaterThan(5);
  expect(joined.said().packets.map((packet) => packet.messages)).toEqual([["Trade 2#1@7."]]);
  expect(desk.turn()).toBe(false);
});

test("subscribers of a quiet symbol read nothing, and those of the same symbols share what was read for one", () => {
  const { market, desk, join } = rig();
  const quiet = Array.from({ length: 30 }, () => join(subscribe(TOP, { symbols: [2] })));
  const busy = Array.from({ length: 30 }, (_, i) =>
    join(subscribe(TOP, { symbols: i % 2 === 0 ? [0, 1] : [1, 0] })),
  );
  for (const each of [...quiet, ...busy]) each.said();
  for (let i = 0; i < 100; i++) market.top.trade(i % 2, i);
  market.top.seal();
  desk.turn();
  expect(desk.parts.repacker.scanned_bytes).toBe(market.top.bytes);
  const [first] = busy[0].carrier.pieces;
  expect(busy.every(({ carrier }) => carrier.pieces.length === 1 && carrier.pieces[0] === first)).toBe(true);
  expect(quiet.every(({ carrier }) => carrier.pieces.length === 0)).toBe(true);
  // They are not behind: what comes next of their symbol is all they get.
  market.top.trade(2, 7);
  market.top.seal();
  desk.turn();
  expect(quiet[29].said().packets.map(({ first: at, messages }) => [at, messages])).toEqual([
    [101, ["Trade 2#1@7."]],
  ]);
});

test("what is read for a subscriber counts against the turn as what it is sent", () => {
  const { market, desk, join } = rig({ perTurn_bytes: 1 });
  const filters = [[0], [1], [0, 1], [0, 2], [1, 2]];
  const joined = filters.map((symbols) => join(subscribe(TOP, { symbols })));
  while (desk.turn());
  for (const each of joined) each.said();
  for (let i = 0; i < 100; i++) market.top.trade(i % 2, i);
  market.top.seal();
  const read: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    desk.turn();
    read.push(desk.parts.repacker.scanned_bytes / market.top.bytes);
  }
  expect(read).toEqual([1, 2, 3, 4, 5]);
});

test("who has read up to the same place is given the same memory", () => {
  const { market, desk, join } = rig();
  const joined = Array.from({ length: 20 }, () => join(subscribe(TOP)));
  for (const each of joined) each.said();
  market.top.trade(0, 1);
  market.top.seal();
  desk.turn();
  const [first] = joined[0].carrier.pieces;
  expect(joined.every(({ carrier }) => carrier.pieces.length === 1 && carrier.pieces[0] === first)).toBe(
    true,
  );
  // Snapshots too: one was made of each symbol.
  expect(market.made).toBeLessThanOrEqual(3 * 20);
});

describe("asked again", () => {
  const retransmit = (first: number, count: number, epoch = 1_000, channel = TOP): MdRequest => ({
    ...{ type: 129, channel, epoch, first, count },
  });

  test("the packets that hold the messages come as they were, flagged", () => {
    const { market, counters, join } = rig();
    for (let i = 1; i <= 6; i++) {
      market.top.trade(0, i);
      if (i % 2 === 0) market.top.seal();
    }
    const { replies, packets } = join(retransmit(2, 2)).said();
    expect(replies).toEqual([{ type: 192, request: 129, channel: TOP, epoch: 1_000, next: 7 }]);
    expect(packets.map(({ first, flags, messages }) => [first, flags, messages])).toEqual([
      [1, PacketFlag.Retransmitted, ["Trade 0#1@1.", "Trade 0#2@2."]],
      [3, PacketFlag.Retransmitted, ["Trade 0#3@3.", "Trade 0#4@4."]],
    ]);
    expect(counters.retransmitted).toBe(4);
  });

  const refusals: [what: string, request: MdRequest, reason: MdRefusal][] = [
    ["of an epoch that is over", retransmit(3, 1, 999), MdRefusal.EpochOver],
    ["of what is kept no more", retransmit(1, 3), MdRefusal.NotKept],
    ["beyond the last", retransmit(5, 3), MdRefusal.Beyond],
    ["of a channel that is not published", retransmit(1, 1, 1_000, 9), MdRefusal.UnknownChannel],
    ["of too many", { ...retransmit(3, 1), count: 10_001 } as MdRequest, MdRefusal.Malformed],
    ["a snapshot of an unknown symbol", { type: 130, channel: TOP, symbol: 3 }, MdRefusal.Symbols],
    ["a snapshot of an unknown channel", { type: 130, channel: 0, symbol: 0 }, MdRefusal.UnknownChannel],
    ["a subscription to an unknown symbol", subscribe(TOP, { symbols: [0, 3] }), MdRefusal.Symbols],
    ["a subscription beyond the last", subscribe(TOP, { from: 8, epoch: 1_000 }), MdRefusal.Beyond],
  ];
  test.each(refusals)("%s is refused, and the connection goes on", (_, request, reason) => {
    const { market, counters, join } = rig();
    for (let i = 1; i <= 6; i++) {
      market.top.trade(0, i);
      if (i % 2 === 0) market.top.seal();
    }
    market.top.kept.shift();
    const joined = join(request);
    const { replies, packets } = joined.said();
    expect([replies, packets]).toEqual([
      [{ type: 193, request: request.type, channel: (request as { channel: number }).channel, reason }],
      [],
    ]);
    expect(counters.refused).toBe(1);
    joined.ask({ type: 130, channel: TOP, symbol: 0 });
    expect(joined.said().packets).toHaveLength(1);
    expect(joined.carrier.closed).toBeUndefined();
  });

  test("what was dropped while it waited is refused, not left out", () => {
    const { market, join } = rig();
    for (let i = 1; i <= 3; i++) {
      market.top.trade(0, i);
      market.top.seal();
    }
    const joined = join();
    joined.carrier.holds = true;
    joined.ask(retransmit(1, 3));
    market.top.kept.shift();
    joined.carrier.holds = false;
    joined.drained();
    expect(joined.said().replies.map((reply) => (reply as { reason?: number }).reason)).toEqual([
      undefined,
      MdRefusal.NotKept,
    ]);
  });

  test("more than a second's worth of requests is refused, and who goes on without reading is closed", () => {
    const { clock, join } = rig({ requestsPerSecond: 2, repliesWaiting: 3 });
    const joined = join();
    const ask: MdRequest = { type: 130, channel: 9, symbol: 0 };
    joined.ask(ask, ask, ask);
    expect(joined.said().replies.map((reply) => (reply as { reason?: number }).reason)).toEqual([
      MdRefusal.UnknownChannel,
      MdRefusal.UnknownChannel,
      MdRefusal.TooManyRequests,
    ]);
    clock.now_us += 500_000;
    joined.ask(ask);
    expect(joined.said().replies).toMatchObject([{ reason: MdRefusal.UnknownChannel }]);
    joined.carrier.holds = true;
    joined.ask(ask);
    joined.ask(ask, ask, ask);
    expect(joined.carrier.closed).toBeUndefined();
    joined.ask(ask);
    expect(joined.carrier.closed).toBe("TooManyRequests");
  });

  test("who asks more at once than answers may wait, and reads, gets every answer; a flood is ended", () => {
    const { clock, join } = rig({ requestsPerSecond: 2, repliesWaiting: 3 });
    const joined = join();
    const ask = encodeMdRequest({ type: 130, channel: 9, symbol: 0 });
    const reasonsOf = (count: number) => {
      joined.receive(Buffer.concat(new Array(count).fill(ask)));
      return joined.said().replies.map((reply) => (reply as { reason?: number }).reason);
    };
    const [unknown, tooMany] = [MdRefusal.UnknownChannel, MdRefusal.TooManyRequests];
    expect(reasonsOf(22)).toEqual([unknown, unknown, ...new Array(20).fill(tooMany)]);
    expect(joined.carrier.closed).toBeUndefined();
    // Ten seconds' worth of refusals is the bound; two requests come back in a second, and two refusals.
    clock.now_us += 1_000_000;
    expect(reasonsOf(4)).toEqual([unknown, unknown, tooMany, tooMany]);
    expect(joined.carrier.closed).toBeUndefined();
    clock.now_us += 1_000_000;
    expect(reasonsOf(1_000)).toEqual([unknown, unknown, tooMany, tooMany]);
    expect(joined.carrier.closed).toBe("TooManyRequests");
  });
});

test("a snapshot asked for alone is a run of its own", () => {
  const { counters, join } = rig();
  const joined = join(
    { type: 130, channel: LEVELS, symbol: 2 },
    { type: 130, channel: LEVELS, symbol: 0xffffffff },
  );
  const { replies, packets } = joined.said();
  expect(replies.map(({ type }) => type)).toEqual([192, 192]);
  expect(packets.map(({ part, flags }) => [part, flags])).toEqual([
    [0, 17],
    [0, 1],
    [1, 1],
    [2, 17],
  ]);
  expect(counters.snapshots).toBe(2);
});

test("a snapshot is made over as many turns as its bound asks for, and a symbol once for all who wait", () => {
  const { market, desk, join } = rig({ snapshotPerTurn_bytes: 1 });
  market.symbols = 4;
  market.snapshotMessages = 100;
  const [one, other] = [join(), join()];
  for (const each of [one, other]) each.say(subscribe(TOP));
  let turns = 1;
  while (desk.turn()) turns++;
  expect(turns).toBeGreaterThanOrEqual(3);
  expect(market.made).toBe(4);
  for (const { packets } of [one.said(), other.said()]) {
    expect(packets.map(({ part }) => part)).toEqual(packets.map((_, i) => i));
    expect(packets.flatMap((p) => p.messages).filter((m) => m.startsWith("SnapshotEnd"))).toHaveLength(4);
    expect(packets.at(-1)?.flags).toBe(17);
  }
});

test("a snapshot of one large symbol is made over many turns, whoever asks for another meanwhile", () => {
  const { market, desk, join } = rig({ snapshotPerTurn_bytes: 4_000 });
  market.snapshotMessages = 2_000;
  const [one, other] = [join(), join()];
  one.say({ type: MdRequestType.Snapshot, channel: TOP, symbol: 1 });
  other.say({ type: MdRequestType.Snapshot, channel: TOP, symbol: 2 });
  let most = 0;
  let turns = 1;
  for (let before = 0; desk.turn(); turns++) {
    most = Math.max(most, market.written_bytes - before);
    before = market.written_bytes;
  }
  expect(most).toBeLessThan(4_000 + PACKET_BYTES_MAX);
  expect(turns).toBeGreaterThan(40);
  expect(market.made).toBe(2);
  for (const { packets } of [one.said(), other.said()]) {
    expect(packets.flatMap((p) => p.messages).filter((m) => m.startsWith("Level"))).toHaveLength(2_000);
    expect(packets.at(-1)?.flags).toBe(17);
  }
});

test("a snapshot is never older than its run, whoever else still holds an older one", () => {
  const { market, desk, join } = rig({ chunk_bytes: 6_000 });
  market.symbols = 1;
  market.snapshotMessages = 1_000;
  const early = join();
  early.carrier.holds = true;
  early.ask(subscribe(TOP));
  // The answer has gone, the first piece of the snapshot is held.
  early.drained();
  market.top.trade(0, 1);
  market.top.seal();
  const late = join(subscribe(TOP));
  while (desk.turn());
  const begins = (joined: typeof late) =>
    joined.said().packets.flatMap(({ first, messages }) => {
      const begin = messages.find((message) => message.startsWith("SnapshotBegin"));
      return begin === undefined ? [] : [[first, begin]];
    });
  expect(begins(late)).toEqual([[2, "SnapshotBegin 0#0>2"]]);
  early.carrier.holds = false;
  for (let i = 0; i < 20; i++) early.drained();
  expect(begins(early)).toEqual([[1, "SnapshotBegin 0#0>1"]]);
  expect(desk.parts.images.held_bytes).toBe(0);
});

test("what was copied of an epoch that is over is given to nobody", () => {
  const { market, join } = rig();
  market.top.trade(0, 1);
  market.top.seal();
  expect(join(subscribe(TOP, { from: 1, epoch: 1_000 })).said().packets[0].messages).toEqual([
    "Trade 0#1@1.",
  ]);
  market.top.reset();
  market.top.trade(0, 2);
  market.top.seal();
  expect(join(subscribe(TOP, { from: 1, epoch: 1_001 })).said().packets[0].messages).toEqual([
    "Trade 0#1@2.",
  ]);
});

test("a snapshot that was begun in an epoch that is over is given to nobody", () => {
  const { market, desk, join } = rig({ snapshotPerTurn_bytes: 1 });
  market.symbols = 1;
  market.snapshotMessages = 100;
  market.top.trade(0, 1);
  market.top.seal();
  const joined = join(subscribe(TOP));
  desk.turn();
  expect(joined.said().packets).toEqual([]);
  market.top.reset();
  for (let turn = 0; turn < 20; turn++) desk.turn();
  const begins = joined
    .said()
    .packets.flatMap(({ epoch, messages }) =>
      messages
        .filter((message) => message.startsWith("SnapshotBegin"))
        .map((message) => `${epoch} ${message}`),
    );
  expect(begins).toEqual(["1001 SnapshotBegin 0#0>1"]);
});

test("a new epoch is told by a new snapshot to everybody, and what was asked of the old one is refused", () => {
  const { market, desk, join } = rig();
  market.top.trade(0, 1);
  market.top.seal();
  const joined = join(subscribe(TOP));
  joined.said();
  joined.carrier.holds = true;
  joined.ask({ type: 130, channel: TOP, symbol: 0xffffffff });
  joined.ask({ type: 129, channel: TOP, epoch: 1_000, first: 1, count: 1 });
  joined.said();
  market.top.reset();
  market.top.trade(0, 9);
  market.top.seal();
  joined.carrier.holds = false;
  joined.drained();
  desk.turn();
  const { replies, packets } = joined.said();
  expect(replies.filter(({ type }) => type === 193)).toEqual([
    { type: 193, request: 129, channel: TOP, reason: MdRefusal.EpochOver },
    { type: 193, request: 130, channel: TOP, reason: MdRefusal.EpochOver },
  ]);
  expect(packets.map(({ epoch, first, flags }) => [epoch, first, flags])).toEqual([
    [1_001, 2, 1],
    [1_001, 2, 1],
    [1_001, 2, 17],
  ]);
});

test("who falls out of the history is closed: nothing is left out silently", () => {
  const { market, desk, counters, join } = rig();
  market.top.packetsMax = 2;
  const joined = join(subscribe(TOP));
  joined.said();
  joined.carrier.holds = true;
  for (let i = 1; i <= 5; i++) {
    market.top.trade(0, i);
    market.top.seal();
    desk.turn();
  }
  expect(joined.carrier.pieces).toHaveLength(1);
  joined.carrier.holds = false;
  joined.drained();
  expect(joined.carrier.closed).toBe("FellBehind");
  joined.leave();
  expect(counters.subscribers).toBe(0);
});

test("so many snapshots and retransmissions wait for one subscriber, and the next of each is refused", () => {
  const { market, join } = rig({ snapshotsWaiting: 2, retransmitsWaiting: 3 });
  market.top.trade(0, 1);
  market.top.seal();
  const joined = join();
  const snapshot: MdRequest = { type: 130, channel: TOP, symbol: 0 };
  const again: MdRequest = { type: 129, channel: TOP, epoch: 1_000, first: 1, count: 1 };
  joined.ask(snapshot, snapshot, snapshot, again, again, again, again);
  for (let i = 0; i < 20; i++) joined.drained();
  const { replies, packets } = joined.said();
  expect(replies.map((reply) => (reply as { reason?: number }).reason)).toEqual([
    ...[undefined, undefined, MdRefusal.TooManyRequests],
    ...[undefined, undefined, undefined, MdRefusal.TooManyRequests],
  ]);
  expect(packets).toHaveLength(5);
});

test("snapshots hold so much together: who would need more waits until another has read his", () => {
  const { market, desk, join } = rig({ chunk_bytes: 6_000, snapshotsHeld_bytes: 1 });
  market.symbols = 1;
  market.snapshotMessages = 1_000;
  const [first, second] = [join(), join()];
  first.carrier.holds = true;
  first.ask(subscribe(TOP));
  first.drained();
  market.top.trade(0, 1);
  market.top.seal();
  second.ask(subscribe(TOP));
  for (let i = 0; i < 10; i++) desk.turn();
  expect(second.said().packets).toEqual([]);
  first.carrier.holds = false;
  for (let i = 0; i < 50; i++) first.drained();
  expect(second.said().packets.at(-1)?.flags).toBe(17);
  while (desk.turn());
  for (let i = 0; i < 5; i++) desk.turn();
  expect(desk.parts.images.held_bytes).toBe(0);
});

test("while others wait for room among the snapshots held, who reads his too slowly is closed, the slowest first", () => {
  const { market, clock, desk, join } = rig({
    chunk_bytes: 6_000,
    snapshotsHeld_bytes: 60_000,
    snapshotRate: 10_000,
  });
  market.symbols = 1;
  market.snapshotMessages = 1_000;
  const change = () => {
    market.top.trade(0, 1);
    market.top.seal();
  };
  const [slow, slower] = [join(), join()];
  for (const each of [slow, slower]) {
    each.carrier.holds = true;
    each.ask(subscribe(TOP));
    each.drained();
    change();
  }
  slow.drained();
  clock.now_us += 4_000_000;
  desk.turn();
  expect([slow.carrier.closed, slower.carrier.closed]).toEqual([undefined, undefined]);
  const honest = join(subscribe(TOP));
  expect(desk.wantsTurn).toBe(true);
  expect(honest.said().packets).toEqual([]);
  desk.turn();
  while (desk.turn());
  // Room for one was enough: the other may go on.
  expect([slow.carrier.closed, slower.carrier.closed]).toEqual([undefined, "Stalled"]);
  expect(honest.said().packets.at(-1)?.flags).toBe(17);
});

describe("what happens while a snapshot is sent", () => {
  /** One that joins, of whose snapshot the first piece is held; and `packets` sealed meanwhile, of which the history keeps two. */
  function slowJoin(packets: number, limits = {}) {
    const { market, desk, join, counters } = rig({ chunk_bytes: 6_000, ...limits });
    market.snapshotMessages = 1_000;
    market.top.packetsMax = 2;
    const joined = join();
    joined.carrier.holds = true;
    joined.ask(subscribe(TOP));
    joined.drained();
    for (let i = 1; i <= packets; i++) {
      market.top.trade(0, i);
      market.top.seal();
      desk.turn();
    }
    joined.carrier.holds = false;
    return { market, desk, join, joined, counters };
  }

  const drain = (joined: ReturnType<typeof slowJoin>["joined"]) => {
    for (let i = 0; i < 100; i++) joined.drained();
    return joined.said().packets;
  };

  test("is kept beyond the history, and then the history is read again", () => {
    const { market, desk, joined } = slowJoin(30);
    const packets = drain(joined);
    expect(packets.filter(({ flags }) => flags === 17)).toHaveLength(1);
    const live = packets.filter(({ flags }) => flags === 0);
    expect(live.map(({ first }) => first)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(joined.carrier.closed).toBeUndefined();
    market.top.trade(0, 31);
    market.top.seal();
    desk.turn();
    expect(joined.said().packets.map(({ first }) => first)).toEqual([31]);
    // Nothing is kept for it any more.
    joined.carrier.holds = true;
    for (let i = 0; i < 5; i++) {
      market.top.trade(0, i);
      market.top.seal();
      desk.turn();
    }
    joined.drained();
    expect(joined.carrier.closed).toBe("FellBehind");
  });

  test("is bounded: who can't take it has fallen behind", () => {
    const { joined } = slowJoin(30, { keptForJoining_bytes: 1_000 });
    drain(joined);
    expect(joined.carrier.closed).toBe("FellBehind");
  });

  test("is bounded also while a piece is held: nobody waits for whether the peer takes it", () => {
    const { market, desk, joined } = slowJoin(0, { keptForJoining_bytes: 1_000 });
    joined.carrier.holds = true;
    joined.drained();
    for (let i = 1; i <= 30; i++) {
      market.top.trade(0, i);
      market.top.seal();
      desk.turn();
    }
    desk.tick();
    expect(joined.carrier.closed).toBe("FellBehind");
  });

  test("is of no use when the epoch ends: another snapshot is sent, and what is kept of the new one", () => {
    const { market, desk, joined } = slowJoin(10);
    joined.carrier.holds = true;
    market.top.reset();
    joined.drained();
    for (let i = 1; i <= 10; i++) {
      market.top.trade(0, i);
      market.top.seal();
      desk.turn();
    }
    joined.carrier.holds = false;
    const packets = drain(joined).filter(({ epoch }) => epoch === 1_001);
    expect(packets.filter(({ flags }) => flags === 17)).toHaveLength(1);
    const firsts = packets.filter(({ flags }) => flags === 0).map(({ first }) => first);
    expect(firsts).toEqual(Array.from({ length: 10 }, (_, i) => i + 1));
    expect(joined.carrier.closed).toBeUndefined();
  });
});

test("while nothing happens each subscription hears its next sequence every second; who takes nothing or wants nothing is closed", () => {
  const { market, clock, desk, join } = rig();
  market.top.trade(0, 1);
  market.top.seal();
  const [all, some, stalled, idle] = [
    join(subscribe(TOP)),
    join(subscribe(TOP, { symbols: [1] })),
    join(subscribe(TOP)),
    join(),
  ];
  for (const each of [all, some, stalled]) each.said();
  stalled.carrier.holds = true;
  market.top.trade(0, 2);
  market.top.seal();
  desk.turn();
  all.said();
  clock.now_us += 999_999;
  desk.tick();
  expect(all.said().packets).toEqual([]);
  clock.now_us += 1;
  // What is published may be old.
  desk.tick(false);
  expect(all.said().packets).toEqual([]);
  desk.tick();
  const beat = { kind: TOP, epoch: 1_000, first: 3, part: 0, messages: [] };
  expect(all.said().packets).toEqual([{ ...beat, flags: 0 }]);
  expect(some.said().packets).toEqual([{ ...beat, flags: PacketFlag.Filtered }]);
  clock.now_us += 9_000_000;
  desk.tick(false);
  expect([all, some, stalled, idle].map(({ carrier }) => carrier.closed)).toEqual([
    undefined,
    undefined,
    "Stalled",
    "Idle",
  ]);
});

test("requests may be split anywhere; bytes that are none end the connection", () => {
  const { join } = rig();
  const bytes = encodeMdRequest(subscribe(TOP, { symbols: [0, 1, 2] }));
  for (let cut = 1; cut < bytes.length; cut++) {
    const joined = join();
    joined.receive(bytes.subarray(0, cut));
    expect(joined.said().replies).toEqual([]);
    joined.receive(bytes.subarray(cut));
    expect(joined.said().replies).toHaveLength(1);
    joined.leave();
  }
  const joined = join();
  joined.receive(Uint8Array.of(0xff, 0xff, 1, 129));
  expect(joined.carrier.closed).toBe("Malformed");
  expect(joined.said().replies).toEqual([{ type: 193, request: 0, channel: 0, reason: MdRefusal.Malformed }]);
  joined.receive(bytes);
  expect(joined.said().replies).toEqual([]);
});

// What was said depended on how many of the first eight bytes came with the length.
test("who names more symbols than a subscription may is told so, and closed, wherever its bytes are split", () => {
  const { join } = rig();
  const symbols = Array.from({ length: MD_SUBSCRIBE_SYMBOLS_MAX + 1 }, (_, i) => i);
  const bytes = encodeMdRequest(subscribe(TOP, { symbols }));
  for (let cut = 1; cut < 12; cut++) {
    const joined = join();
    joined.receive(bytes.subarray(0, cut));
    joined.receive(bytes.subarray(cut));
    const { replies } = joined.said();
    const reason = MdRefusal.Symbols;
    expect({ cut, replies }).toEqual({ cut, replies: [{ type: 193, request: 0, channel: 0, reason }] });
    expect(joined.carrier.closed).toBe("Malformed");
    joined.leave();
  }
});

test("any bytes are taken, refused or the end, and framing holds for what was answered", () => {
  const { join } = rig();
  for (let seed = 1; seed <= 200; seed++) {
    const joined = join();
    const prng = new Prng(seed);
    const draw = () => prng.between(0, 1_000_000);
    for (let i = 0; i < 20 && joined.carrier.closed === undefined; i++) {
      const request = encodeMdRequest(
        subscribe(1 + (draw() % 4), { symbols: [draw() % 4], from: draw() % 3 }),
      );
      request[draw() % request.length] = draw() % 256;
      joined.receive(request);
    }
    for (const piece of joined.carrier.pieces) partsOf(piece);
    joined.said();
    joined.leave();
  }
});

test("the end of the service is told, and nobody comes in behind it", () => {
  const { desk, join } = rig();
  const joined = join(subscribe(TOP));
  joined.said();
  desk.shutDown();
  expect(joined.said().replies).toEqual([
    { type: 193, request: 0, channel: 0, reason: MdRefusal.ShuttingDown },
  ]);
  expect(joined.carrier.closed).toBe("GoingAway");
  expect(() => join()).toThrow("GoingAway");
});

test("one address has so many connections, and all together so many", () => {
  const few = rig({ addresses: { connections: 2, ownConnections: 2 } });
  const first = few.join();
  few.join();
  expect(() => few.join()).toThrow("AddressFull");
  first.leave();
  first.leave();
  few.join();
  expect(few.counters.subscribers).toBe(2);
  const one = rig({ subscribersMax: 1 });
  one.join();
  expect(() => one.join()).toThrow("Full");
});
