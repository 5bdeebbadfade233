// The receiver of a channel, as tables: given these packets from these places at these times, exactly these things are told, asked
// and counted.

import { expect, test } from "vitest";
import {
  ChannelReceiver,
  FeedIntake,
  MarketDataListener,
  PacketSource,
  RECEIVER_LIMITS,
  type ReceiverLimits,
} from "../../../src/feed/index.ts";
import {
  ChannelKind,
  EVERY_SYMBOL,
  encodeMdRequest,
  MdRefusal,
  MdRequestType,
  PacketFlag,
} from "../../../src/protocol/index.ts";
import { checksums, level, packet, partsOf, snapshot, wrongSum } from "./packets.ts";

const MS = 1_000;
const MD_REQUEST_NAMES = new Map<number, string>(
  Object.entries(MdRequestType).map(([name, type]) => [type, name]),
);
const { LineA, LineB, Stream, SnapshotLine } = PacketSource;

/** What was told and asked, as words in their order. */
class Log extends MarketDataListener {
  said: string[] = [];
  crc = 0;

  override epochBegan(epoch: number): void {
    this.said.push(`epoch ${epoch}`);
  }
  override channelStale(isStale: boolean): void {
    this.said.push(isStale ? "stale" : "fresh");
  }
  override symbolStale(symbol: number, isStale: boolean): void {
    this.said.push(`${symbol} ${isStale ? "stale" : "fresh"}`);
  }
  override bookClear(symbol: number): void {
    this.said.push(`${symbol} clear`);
  }
  override level(symbol: number, _side: number, price: number): void {
    this.said.push(`${symbol}@${price}`);
  }
  override agrees(_: number, crc: number): boolean {
    return crc === this.crc;
  }
}

class Table {
  readonly log = new Log();
  readonly receiver: ChannelReceiver;
  now_us = 0;

  constructor(isDense = true, limits: Partial<ReceiverLimits> = {}, isStream = !isDense) {
    const { said } = this.log;
    this.receiver = new ChannelReceiver(
      {
        isStream,
        isDense,
        listener: this.log,
        windowPackets: 1_024,
        limits: { ...RECEIVER_LIMITS, ...limits },
        askRetransmission: (epoch, first, count) => said.push(`ask ${epoch}:${first}+${count}`),
        askSnapshot: (symbol) => said.push(symbol === EVERY_SYMBOL ? "ask all" : `ask ${symbol}`),
      },
      0,
    );
  }

  from(source: PacketSource, ...packets: Uint8Array[]): this {
    for (const bytes of packets) this.receiver.packet(source, bytes, 0, bytes.length, this.now_us);
    return this;
  }

  after(us: number, isServed = true): this {
    this.now_us += us;
    this.receiver.tick(this.now_us, isServed);
    return this;
  }

  /** What was said since the last look. */
  get said(): string[] {
    return this.log.said.splice(0);
  }

  /** Joined to epoch 1 at sequence 1 with symbol 7 empty. */
  joined(): this {
    this.from(LineA, packet(1, [])).from(Stream, ...snapshot(1, [{ symbol: 7, next: 1, prices: [] }]));
    this.said;
    return this;
  }
}

/** Message `n` of symbol 7 and of the channel. */
const one = (n: number, flags = 0) => packet(n, [level(7, n)], { flags });

test("a late joiner asks for a snapshot, keeps what comes meanwhile, and splices without hole or repeat", () => {
  const table = new Table();
  table.from(LineA, packet(5, [level(7, 5), level(8, 1)]));
  expect(table.said).toEqual(["epoch 1", "ask all"]);
  table.from(LineA, packet(7, [level(7, 6)]), packet(8, [level(8, 2)]));
  expect(table.said).toEqual([]);
  const parts = snapshot(7, [
    { symbol: 7, next: 6, prices: [1, 5] },
    { symbol: 8, next: 3, prices: [1, 2] },
  ]);
  table.from(Stream, parts[0]);
  expect(table.said).toEqual(["7 clear", "7@1", "7@5"]);
  // Of symbol 8, whose part was made later, message 2 is in it already.
  table.from(Stream, parts[1], packet(9, [level(8, 3)]));
  expect(table.said).toEqual(["8 clear", "8@1", "8@2", "7@6", "fresh", "8@3"]);
  expect(table.receiver.figures).toMatchObject({ messages: 2, repeats: 1, snapshots: 1, lost: 0 });
});

test("a snapshot that leads up to less than what is kept leaves a gap, which is asked for", () => {
  const table = new Table();
  table.from(LineA, one(8)).from(Stream, ...snapshot(6, [{ symbol: 7, next: 6, prices: [5] }]));
  expect(table.said).toEqual(["epoch 1", "ask all", "7 clear", "7@5", "fresh"]);
  table.after(5 * MS);
  expect(table.said).toEqual(["ask 1:6+2", "stale"]);
  table.from(Stream, packet(6, [level(7, 6), level(7, 7)], { flags: PacketFlag.Retransmitted }));
  expect(table.said).toEqual(["7@6", "7@7", "7@8", "fresh"]);
});

test("each message is told once, whichever line brings it first", () => {
  const table = new Table().joined();
  table.from(LineA, one(1)).from(LineB, one(1), one(2)).from(LineA, one(2), one(3)).from(LineB, one(3));
  expect(table.said).toEqual(["7@1", "7@2", "7@3"]);
  expect(table.receiver.figures).toMatchObject({ messages: 3, duplicates: 3, gaps: 0 });
});

test("what one line lacks is taken from the other, in order and without a request", () => {
  const table = new Table().joined();
  table
    .from(LineA, one(1), one(3))
    .from(LineB, one(1), one(2), one(3))
    .after(100 * MS);
  expect(table.said).toEqual(["7@1", "7@2", "7@3"]);
  expect(table.receiver.figures).toMatchObject({ gaps: 1, missing: 1, recoveredByLine: 1, duplicates: 2 });
});

test("what comes out of order within the wait is put in order", () => {
  const table = new Table().joined();
  table
    .from(LineA, one(3))
    .after(4 * MS)
    .from(LineA, one(2), one(4), one(1))
    .after(1_000 * MS);
  expect(table.said).toEqual(["7@1", "7@2", "7@3", "7@4"]);
  expect(table.receiver.figures).toMatchObject({ gaps: 1, missing: 2, reordered: 2 });
});

test("a packet that overlaps what was told gives the rest of it", () => {
  const table = new Table().joined();
  table.from(LineA, one(1), one(2), packet(1, [level(7, 1), level(7, 2), level(7, 3)]));
  expect(table.said).toEqual(["7@1", "7@2", "7@3"]);
});

test("a loss is asked for after the wait, again when no answer moves, and then a snapshot is", () => {
  const table = new Table(true, { attempts_max: 2, retransmitWait_us: 100 * MS }).joined();
  table.from(LineA, one(1), one(4)).after(4 * MS);
  expect(table.said).toEqual(["7@1"]);
  table.after(1 * MS).after(99 * MS);
  expect(table.said).toEqual(["ask 1:2+2", "stale"]);
  table.after(1 * MS).after(100 * MS);
  expect(table.said).toEqual(["ask 1:2+2", "ask all"]);
  table.from(Stream, ...snapshot(5, [{ symbol: 7, next: 5, prices: [4] }])).from(LineA, one(5));
  expect(table.said).toEqual(["7 clear", "7@4", "fresh", "7@5"]);
  expect(table.receiver.figures).toMatchObject({ retransmissionsAsked: 2, snapshotsAsked: 2, lost: 3 });
});

test("an answer that moves is waited for, and gaps behind the first are asked for with it", () => {
  const table = new Table(true, { attempts_max: 1, retransmitWait_us: 100 * MS }).joined();
  table.from(LineA, one(2), one(4), one(6)).after(5 * MS);
  expect(table.said).toEqual(["ask 1:1+5", "stale"]);
  table
    .after(90 * MS)
    .from(Stream, one(1, PacketFlag.Retransmitted))
    .after(90 * MS);
  expect(table.said).toEqual(["7@1", "7@2"]);
  table.from(
    Stream,
    one(3, PacketFlag.Retransmitted),
    one(4, PacketFlag.Retransmitted),
    one(5, PacketFlag.Retransmitted),
  );
  expect(table.said).toEqual(["7@3", "7@4", "7@5", "7@6", "fresh"]);
  expect(table.receiver.figures).toMatchObject({ recoveredByRetransmission: 3, duplicates: 1, missing: 3 });
});

test("a heartbeat shows that the last packets were lost", () => {
  const table = new Table().joined();
  table.from(LineA, one(1), packet(4, [])).after(5 * MS);
  expect(table.said).toEqual(["7@1", "ask 1:2+2", "stale"]);
});

test.each([
  ["nobody retransmits", 3, false],
  ["more is missing than one request may ask for", 20_000, true],
])("a snapshot is asked for at once when %s", (_, next, isServed) => {
  const table = new Table().joined();
  table.from(LineA, one(next)).after(5 * MS, isServed);
  expect(table.said).toEqual(["ask all", "stale"]);
});

test("a refusal for good leads to a snapshot", () => {
  const table = new Table().joined();
  table.from(LineA, one(3)).after(5 * MS);
  table.receiver.refused(table.now_us);
  expect(table.said).toEqual(["ask 1:1+2", "stale", "ask all"]);
});

test("a new epoch ends all that is known, and packets of the old one mean nothing any more", () => {
  const table = new Table().joined();
  table.from(LineA, one(1), packet(1, [level(7, 1, 100)], { epoch: 2 }));
  expect(table.said).toEqual(["7@1", "epoch 2", "ask all", "stale"]);
  table.from(LineB, one(2));
  table.from(Stream, ...snapshot(1, [{ symbol: 7, next: 1, prices: [] }], 2)).from(LineB, one(3));
  expect(table.said).toEqual(["7 clear", "7 fresh", "7@100", "fresh"]);
  expect(table.receiver.figures).toMatchObject({ epochs: 2, old: 2 });
});

test("of lines a lower epoch is another publisher's when nothing of the higher one has come for a while", () => {
  const table = new Table().joined();
  table.from(LineA, packet(1, [level(7, 1)], { epoch: 5 }));
  expect(table.said).toEqual(["epoch 5", "ask all", "stale"]);
  table.after(3_499 * MS).from(LineA, packet(2, [], { epoch: 4 }));
  expect(table.said.filter((line) => line.startsWith("epoch"))).toEqual([]);
  table.after(1 * MS).from(LineA, packet(2, [], { epoch: 4 }));
  expect(table.said).toContain("epoch 4");
  table.from(Stream, ...snapshot(2, [{ symbol: 7, next: 2, prices: [1] }], 4));
  expect(table.said.at(-1)).toBe("fresh");
});

test("a late snapshot of what is over takes nothing back while snapshots are all that comes", () => {
  const table = new Table().joined();
  const of = (epoch: number) => snapshot(1, [{ symbol: 7, next: 1, prices: [] }], epoch);
  table.from(LineA, packet(1, [], { epoch: 5 })).from(Stream, ...of(5));
  for (let i = 0; i < 4; i++) table.after(1_000 * MS).from(SnapshotLine, ...of(5));
  table.said;
  table.from(SnapshotLine, ...of(4), ...of(5));
  expect(table.said).toEqual([]);
  // Its snapshots have ended too: the lower one is another publisher's.
  table.after(3_500 * MS).from(SnapshotLine, ...of(4));
  expect(table.said).toContain("epoch 4");
});

test("over a stream any other epoch is the one at work", () => {
  const table = new Table(true, {}, true);
  table.receiver.subscribed(0);
  table.from(Stream, ...snapshot(5, [{ symbol: 7, next: 2, prices: [1] }], 9));
  table.receiver.subscribed(0);
  table.from(
    Stream,
    ...snapshot(2, [{ symbol: 7, next: 2, prices: [1] }], 3),
    packet(2, [level(7, 2)], { epoch: 3 }),
  );
  expect(table.said).toEqual([
    "epoch 9",
    "7 clear",
    "7@1",
    "fresh",
    "epoch 3",
    "7 clear",
    "7@1",
    "7 fresh",
    "7@2",
  ]);
  expect(table.receiver.isStale).toBe(false);
});

test("a snapshot is told part by part, also when they come in another order, and counts when it is whole", () => {
  const table = new Table();
  const symbols = [7, 8, 9].map((symbol) => ({ symbol, next: 1, prices: [symbol] }));
  const parts = snapshot(1, symbols);
  table.from(LineA, packet(1, [])).from(SnapshotLine, parts[0], parts[2], parts[0], parts[2]);
  expect(table.said).toEqual(["epoch 1", "ask all", "7 clear", "7@7"]);
  expect(table.receiver.next).toBe(0);
  table.from(SnapshotLine, parts[1]);
  expect(table.said).toEqual(["8 clear", "8@8", "9 clear", "9@9", "fresh"]);
  expect(table.receiver.next).toBe(1);
});

test("of a snapshot whose part is lost the next run is taken, whichever of its parts comes first", () => {
  const table = new Table();
  const runOf = (first: number) =>
    snapshot(
      first,
      [7, 8].map((symbol) => ({ symbol, next: 1, prices: [first] })),
    );
  const [older, newer] = [runOf(1), runOf(2)];
  table.from(LineA, packet(1, [])).from(SnapshotLine, older[1], newer[1], older[0], newer[0]);
  expect(table.said).toEqual(["epoch 1", "ask all", "7 clear", "7@2", "8 clear", "8@2", "fresh"]);
});

test("a stream's snapshot takes over from one that comes by datagrams", () => {
  const table = new Table();
  const run = (first: number) =>
    snapshot(
      first,
      [7, 8].map((symbol) => ({ symbol, next: 1, prices: [first] })),
    );
  table
    .from(LineA, packet(1, []))
    .from(SnapshotLine, run(2)[0])
    .from(Stream, ...run(1));
  expect(table.said.slice(2)).toEqual(["7 clear", "7@2", "7 clear", "7@1", "8 clear", "8@1", "fresh"]);
  expect(table.receiver.next).toBe(1);
});

test("of a symbol that one run has told in part the run that takes over is told whole, also when it is the older one", () => {
  const table = new Table();
  const newer = partsOf(3, { symbol: 7, next: 3 }, [[9], [8, 7]]);
  const older = partsOf(2, { symbol: 7, next: 2 }, [[9], [8]]);
  table
    .from(LineA, packet(1, []))
    .from(SnapshotLine, newer[0])
    .from(Stream, ...older);
  expect(table.said.slice(2)).toEqual([
    ...["7 clear", "7@9"],
    ...["7 stale", "7 clear", "7@9", "7@8", "7 fresh", "fresh"],
  ]);
  table.from(LineA, packet(2, [level(7, 2, 7)]));
  expect(table.said).toEqual(["7@7"]);
});

test("a stream's run is told from its first part on: what is left of another one, or of another connection, is none of it", () => {
  const before = partsOf(1, { symbol: 7, next: 1 }, [[9], [8], [7]]);
  // Made a moment later, when 8 had gone: both lead up to 1.
  const after = partsOf(1, { symbol: 7, next: 2 }, [[9], [7]]);
  const told = ["7 clear", "7@9", "7@7"];
  const again = ["7 stale", ...told, "7 fresh", "fresh"];
  const asked = new Table();
  asked.from(LineA, packet(1, [])).from(Stream, before[0]);
  asked.after(1_000 * MS + 1_000 * MS);
  expect(asked.said).toEqual(["epoch 1", "ask all", "7 clear", "7@9", "ask all"]);
  asked.from(LineA, packet(1, [])).from(Stream, before[1], before[2], ...after);
  expect(asked.said).toEqual(again);

  const connected = new Table();
  connected.from(LineA, packet(1, [])).from(Stream, before[0]);
  connected.receiver.serviceOpened(0);
  connected.from(Stream, ...after);
  expect(connected.said).toEqual(["epoch 1", "ask all", "7 clear", "7@9", "ask all", ...again]);
});

test("a snapshot that nobody waits for, or an older one, is passed over", () => {
  const table = new Table().joined();
  table.from(LineA, one(1), one(2));
  table.from(SnapshotLine, ...snapshot(3, [{ symbol: 7, next: 3, prices: [2] }]));
  table.from(LineA, wrongSum(3, 7, 3, 99));
  table.from(Stream, ...snapshot(2, [{ symbol: 7, next: 2, prices: [1] }]));
  expect(table.said).toEqual(["7@1", "7@2", "7 stale", "ask 7", "stale"]);
});

test("a book that is not what its sum says is begun anew, while the channel waits", () => {
  const table = new Table().joined();
  table.from(LineA, one(1), wrongSum(2, 7, 2, 99), packet(3, [level(8, 1)]));
  expect(table.said).toEqual(["7@1", "7 stale", "ask 7", "stale"]);
  table.from(Stream, ...snapshot(3, [{ symbol: 7, next: 3, prices: [1] }]));
  expect(table.said).toEqual(["7 clear", "7@1", "7 fresh", "8@1", "fresh"]);
  expect(table.receiver.figures).toMatchObject({ checksums: 1, mismatches: 1, lost: 0 });
});

test("when everything is wanted, the snapshot of one symbol that was asked for before does not count for all", () => {
  const table = new Table().joined();
  table.from(LineA, packet(1, [level(7, 1), level(8, 1)]), wrongSum(3, 7, 2, 99));
  expect(table.said).toEqual(["7@1", "8@1", "7 stale", "ask 7", "stale"]);
  table.from(LineA, packet(1, [], { epoch: 2 }));
  table.from(Stream, ...snapshot(1, [{ symbol: 7, next: 1, prices: [5] }], 2));
  expect(table.said).toEqual(["epoch 2", "7 clear", "7@5", "7 fresh"]);
  const symbols = [7, 8].map((symbol) => ({ symbol, next: 1, prices: [6] }));
  table.from(Stream, ...snapshot(1, symbols, 2));
  expect(table.said).toEqual(["7 clear", "7@6", "8 clear", "8@6", "8 fresh", "fresh"]);
});

test("where there is but one symbol a snapshot of it is one of all: no answer is taken for another's", () => {
  const table = new Table();
  table.from(LineA, packet(1, [])).from(Stream, ...snapshot(1, [{ symbol: 0, next: 1, prices: [] }]));
  table.said;
  // Its answer never comes: it was refused, as too many requests or because the epoch was over.
  table.from(LineA, packet(1, [level(0, 1)]), wrongSum(2, 0, 2, 99));
  expect(table.said).toEqual(["0@1", "0 stale", "ask all", "stale"]);
  table.from(LineA, packet(1, [], { epoch: 2 }));
  table.from(Stream, ...snapshot(1, [{ symbol: 0, next: 1, prices: [5] }], 2));
  expect(table.said).toEqual(["epoch 2", "0 clear", "0@5", "0 fresh", "fresh"]);
});

test("two books that prove wrong are begun anew one after the other", () => {
  const table = new Table().joined();
  table.from(LineA, packet(1, [level(7, 1), level(8, 1)]), wrongSum(3, 7, 2, 99));
  // Behind the first one the channel waits; the second is found when it goes on.
  table.from(LineA, wrongSum(4, 8, 2, 99)).from(Stream, ...snapshot(4, [{ symbol: 7, next: 3, prices: [] }]));
  expect(table.said.slice(2)).toEqual([
    "7 stale",
    "ask 7",
    "stale",
    "7 clear",
    "7 fresh",
    "8 stale",
    "ask 8",
  ]);
  table.from(Stream, ...snapshot(5, [{ symbol: 8, next: 3, prices: [] }]));
  expect(table.said).toEqual(["8 clear", "8 fresh", "fresh"]);
});

test("silence makes a channel stale, and the next packet fresh", () => {
  const table = new Table().joined();
  table.after(3_499 * MS);
  expect(table.said).toEqual([]);
  table.after(1 * MS).from(LineA, packet(1, []));
  expect(table.said).toEqual(["stale", "fresh"]);
});

test("snapshots that go on coming don't hide that the lines are silent", () => {
  const table = new Table().joined();
  for (let i = 0; i < 4; i++)
    table.after(1_000 * MS).from(SnapshotLine, ...snapshot(1, [{ symbol: 7, next: 1, prices: [] }]));
  expect(table.said).toEqual(["stale"]);
  table.from(LineB, packet(1, []));
  expect(table.said).toEqual(["fresh"]);
});

test("what the service sends of a channel doesn't hide that its lines are silent", () => {
  const table = new Table();
  const parts = [7, 8, 9, 10].map((symbol) => ({ symbol, next: 1, prices: [] }));
  table.from(LineA, packet(1, []));
  for (const part of snapshot(1, parts)) table.after(1_000 * MS).from(Stream, part);
  expect(table.said).not.toContain("fresh");
  table.from(LineA, packet(1, []));
  expect(table.said).toEqual(["fresh"]);
});

test("what lies within a packet that waits already is kept no second time", () => {
  const table = new Table().joined();
  table.from(LineA, packet(2, [level(7, 2), level(7, 3), level(7, 4)]), one(3), one(4), one(2));
  expect(table.receiver.figures.duplicates).toBe(3);
  table.from(LineA, one(1));
  expect(table.said).toEqual(["7@1", "7@2", "7@3", "7@4"]);
  expect(table.receiver.figures).toMatchObject({ reordered: 1, repeats: 0 });
});

test("too many requests are no refusal for good: what is missing is asked for again", () => {
  const said: string[] = [];
  const channels = [{ channel: ChannelKind.Levels, listener: new Log() }];
  const intake = new FeedIntake(
    {
      carrier: "lines",
      channels,
      hasRecovery: true,
      checksums,
      send: (bytes) => said.push(MD_REQUEST_NAMES.get(bytes[3]) ?? ""),
    },
    0,
  );
  const take = (source: PacketSource, bytes: Uint8Array) =>
    intake.datagram(source, bytes, 0, bytes.length, 0);
  const refuse = (reason: MdRefusal): void => {
    const bytes = encodeMdRequest({ type: 193, request: MdRequestType.Retransmit, channel: 2, reason });
    intake.streamBytes(bytes, 0, bytes.length, 10 * MS);
  };
  intake.streamOpened(0);
  take(LineA, one(1));
  for (const part of snapshot(1, [{ symbol: 7, next: 1, prices: [] }])) take(SnapshotLine, part);
  take(LineA, one(4));
  intake.tick(5 * MS);
  refuse(MdRefusal.TooManyRequests);
  expect(said).toEqual(["Snapshot", "Retransmit"]);
  intake.tick(260 * MS);
  expect(said).toEqual(["Snapshot", "Retransmit", "Retransmit"]);
  refuse(MdRefusal.NotKept);
  expect(said).toEqual(["Snapshot", "Retransmit", "Retransmit", "Snapshot"]);
});

test("a window that is full keeps no more, and what it did not keep is asked for later", () => {
  const table = new Table().joined();
  for (let n = 2; n <= 1_100; n++) table.from(LineA, one(n));
  expect(table.receiver.figures).toMatchObject({ overflowed: 75, gaps: 1 });
  table.from(LineB, one(1));
  expect(table.said).toHaveLength(1_025);
  table.after(10 * MS);
  expect(table.said).toEqual(["ask 1:1026+75", "stale"]);
});

test("without a recovery service, what comes while the snapshot line is slow finds room, and nothing is lost", () => {
  const log = new Log();
  const channels = [{ channel: ChannelKind.Levels, listener: log }];
  const intake = new FeedIntake(
    { carrier: "lines", channels, hasRecovery: false, checksums, send: () => {} },
    0,
  );
  const take = (source: PacketSource, bytes: Uint8Array) =>
    intake.datagram(source, bytes, 0, bytes.length, 0);
  const symbols = [7, 8].map((symbol) => ({ symbol, next: 1, prices: [] }));
  const [begin, end] = snapshot(1, symbols);
  take(LineA, one(1));
  take(SnapshotLine, begin);
  for (let n = 2; n <= 10_000; n++) take(LineA, one(n));
  take(SnapshotLine, end);
  expect(log.said.filter((line) => line.startsWith("7@"))).toEqual(
    Array.from({ length: 10_000 }, (_, i) => `7@${i + 1}`),
  );
  expect(intake.receivers[0].figures).toMatchObject({
    messages: 10_000,
    overflowed: 0,
    lost: 0,
    snapshots: 1,
  });
});

const FILTERED = { flags: PacketFlag.Filtered };
const CONFLATED = { flags: PacketFlag.Filtered | PacketFlag.Conflated };

test("of some symbols, holes in the channel's sequence are none of the subscriber's, and holes in a symbol's are", () => {
  const table = new Table(false);
  table.receiver.subscribed(0);
  table.from(Stream, ...snapshot(10, [{ symbol: 7, next: 3, prices: [2] }]));
  table.from(Stream, packet(12, [level(7, 3)], FILTERED), packet(40, [level(7, 4)], FILTERED));
  expect(table.said).toEqual(["epoch 1", "7 clear", "7@2", "fresh", "7@3", "7@4"]);
  table.from(Stream, packet(50, [level(7, 6)], FILTERED));
  expect(table.said).toEqual(["7 stale", "ask all", "stale"]);
  table.from(Stream, packet(60, [level(7, 7)], FILTERED));
  table.from(Stream, ...snapshot(61, [{ symbol: 7, next: 8, prices: [7] }]));
  expect(table.said).toEqual(["7 clear", "7@7", "7 fresh", "fresh"]);
});

test("of a conflated subscription a symbol's sequence may jump where the publisher says so", () => {
  const table = new Table(false);
  table.receiver.subscribed(0);
  table.from(Stream, ...snapshot(10, [{ symbol: 7, next: 3, prices: [2] }]));
  table.from(Stream, packet(10, [level(7, 9)], CONFLATED), packet(30, [level(7, 10)]));
  expect(table.said).toEqual(["epoch 1", "7 clear", "7@2", "fresh", "7@9", "7@10"]);
  expect(table.receiver.figures.symbolGaps).toBe(0);
});

test("after conflated packets a subscription goes on where they began, after others behind their last message", () => {
  const table = new Table(false);
  table.receiver.subscribed(0);
  table.from(Stream, ...snapshot(10, [{ symbol: 7, next: 3, prices: [2] }]));
  table.from(Stream, packet(12, [level(7, 3), level(7, 4)], FILTERED));
  expect(table.receiver.next).toBe(14);
  // What comes in another order may lie anywhere from its `first` on.
  table.from(Stream, packet(20, [level(7, 9)], CONFLATED));
  expect(table.receiver.next).toBe(20);
});

test("of some symbols what a snapshot passed over is counted of these alone, as a gap", () => {
  const table = new Table(false);
  table.receiver.subscribed(0);
  table.from(Stream, ...snapshot(10, [{ symbol: 7, next: 3, prices: [2] }]));
  table.from(Stream, packet(12, [level(7, 3)], FILTERED));
  expect(table.receiver.figures).toMatchObject({ gaps: 0, missing: 0, lost: 0 });
  table.receiver.disconnected(0);
  table.receiver.subscribed(0);
  const symbols = [
    { symbol: 7, next: 6, prices: [5] },
    { symbol: 8, next: 3, prices: [2] },
  ];
  table.from(Stream, ...snapshot(900, symbols));
  expect(table.receiver.figures).toMatchObject({ gaps: 1, missing: 4, lost: 4 });
  table.receiver.subscribed(0);
  table.from(Stream, ...snapshot(1_000, symbols));
  expect(table.receiver.figures).toMatchObject({ gaps: 1, missing: 4, lost: 4 });
});

test("a snapshot that leads up to what a symbol has told already takes nothing back", () => {
  const table = new Table(true, {}, true);
  table.receiver.subscribed(0);
  table.from(Stream, ...snapshot(1, [{ symbol: 7, next: 1, prices: [] }]), one(1), one(2));
  table.said;
  table.receiver.subscribed(0);
  // Of symbol 7 it is as new as what was told, and of symbol 8 newer.
  const symbols = [
    { symbol: 7, next: 2, prices: [1] },
    { symbol: 8, next: 5, prices: [4] },
  ];
  table.from(Stream, ...snapshot(3, symbols), packet(3, [level(7, 3)]));
  expect(table.said).toEqual(["stale", "8 clear", "8@4", "fresh", "7@3"]);
});

test("a symbol of another epoch that the new one's snapshot does not have is stale no more, and may begin", () => {
  const table = new Table(true, {}, true);
  table.receiver.subscribed(0);
  const symbols = [7, 8].map((symbol) => ({ symbol, next: 5, prices: [] }));
  table.from(Stream, ...snapshot(1, symbols));
  table.from(Stream, ...snapshot(1, [{ symbol: 7, next: 1, prices: [] }], 2));
  expect(table.receiver.gate.stale).toBe(0);
  table.said;
  table.from(Stream, packet(1, [level(8, 1)], { epoch: 2 }));
  expect(table.said).toEqual(["8@1"]);
});

test("over a stream a subscription is answered by what follows, or by a snapshot where that is not kept", () => {
  const table = new Table().joined();
  table.from(Stream, one(1));
  table.receiver.subscribed(0);
  table.from(Stream, one(2));
  // It went on: whatever snapshot comes now was not asked for.
  table.from(Stream, ...snapshot(9, [{ symbol: 7, next: 9, prices: [8] }]));
  table.receiver.subscribed(0);
  table.from(Stream, ...snapshot(9, [{ symbol: 7, next: 9, prices: [8] }]), one(9));
  expect(table.said).toEqual(["7@1", "7@2", "7 clear", "7@8", "7@9"]);
  expect(table.receiver.figures).toMatchObject({ gaps: 1, missing: 6, lost: 6 });
});
