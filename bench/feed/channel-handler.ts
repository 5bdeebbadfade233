// The handler of the exchange's own channels, on the bytes that a subscriber over TCP is given: packets cut and checked, sequences judged,
// books of levels or of orders kept and held against their sums. Beside each what cutting and checking the packets takes alone. And heap
// bytes per message: what is left is the view of each packet that its checksum is made of.

import { RecordBuffer } from "../../src/base/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import {
  ChannelPublisher,
  FeedDesk,
  FeedIntake,
  LevelBooks,
  OrderBooks,
  PacketStream,
  SERVING_LIMITS,
  ServingCounters,
} from "../../src/feed/index.ts";
import { NativeChecksums, SystemClock } from "../../src/platform/index.ts";
import {
  ChannelKind,
  COMMAND_WORDS,
  EVENT_WORDS,
  encodeMdRequest,
  MdRequestType,
  packetCount,
} from "../../src/protocol/index.ts";
import { heapBytesPer } from "../allocations.ts";
import { MIXED, recordFlow } from "../engine/flows.ts";
import { type BenchCase, measure, type RatioWanted, type Row, summarize } from "../harness.ts";

const COMMANDS = 300_000;
const COMMANDS_PER_TURN = 256;
/** What a read of a socket gives at most. */
const READ_BYTES = 65_536;
const checksums = new NativeChecksums();

const KINDS = [
  { kind: ChannelKind.Levels, name: "levels", books: () => new LevelBooks() },
  { kind: ChannelKind.Orders, name: "orders", books: () => new OrderBooks() },
] as const;
type Kind = (typeof KINDS)[number];

/** What a subscriber of channel `kind` is sent while a flow is carried out, its snapshot first. */
function bytesOf(kind: ChannelKind): Uint8Array {
  const { words, prologue } = recordFlow(MIXED, COMMANDS, 1);
  const engine = new ExchangeEngine();
  let publisher: ChannelPublisher | undefined;
  const records = new RecordBuffer(EVENT_WORDS, 512, (events) => publisher?.onEvents(events, 1));
  const apply = (from: number, to: number): void => {
    for (let at = from * COMMAND_WORDS; at < to * COMMAND_WORDS; at += COMMAND_WORDS) {
      engine.apply(words, at, records);
      records.drain();
      publisher?.endCommand(words, at);
    }
  };
  apply(0, prologue);
  const clock = new SystemClock();
  publisher = new ChannelPublisher({ source: engine, clock, checksums, kinds: [kind] });
  publisher.onReset();
  const pieces: Uint8Array[] = [];
  const desk = subscribed(publisher, kind, (bytes) => pieces.push(bytes.slice()));
  const end = words.length / COMMAND_WORDS;
  for (let at = prologue; at < end; at += COMMANDS_PER_TURN) {
    apply(at, Math.min(end, at + COMMANDS_PER_TURN));
    publisher.endTurn();
    while (desk.turn());
  }
  return new Uint8Array(Buffer.concat(pieces));
}

/** A service whose only subscriber wants all of one channel. */
function subscribed(
  market: ChannelPublisher,
  channel: ChannelKind,
  take: (bytes: Uint8Array) => void,
): FeedDesk {
  const [clock, counters] = [new SystemClock(), new ServingCounters()];
  const desk = new FeedDesk({ market, checksums, clock, limits: SERVING_LIMITS, counters });
  const send = (bytes: Uint8Array): boolean => {
    take(bytes);
    return true;
  };
  const seat = desk.enter({ send, close: () => {} }, "127.0.0.1");
  if (typeof seat === "string") throw new Error(seat);
  const wish = { channel, conflate: false, epoch: 0, from: 0, symbols: [] };
  seat.session.received(encodeMdRequest({ type: MdRequestType.Subscribe, ...wish }));
  return desk;
}

/** A handler that has said what it wants, and `push`, which gives it bytes[from, to). */
function handlerOf({ kind, books }: Kind): { intake: FeedIntake; push(bytes: Uint8Array): void } {
  const channels = [{ channel: kind, listener: books() }];
  const intake = new FeedIntake(
    { carrier: "stream", channels, hasRecovery: true, checksums, send: () => {} },
    0,
  );
  intake.streamOpened(0);
  const push = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; at += READ_BYTES)
      intake.streamBytes(bytes, at, Math.min(bytes.length, at + READ_BYTES), 0);
  };
  return { intake, push };
}

function ours(kind: Kind, bytes: Uint8Array): number {
  const { intake, push } = handlerOf(kind);
  const start = process.hrtime.bigint();
  push(bytes);
  const took_ns = Number(process.hrtime.bigint() - start);
  const [{ figures, isStale }] = intake.receivers;
  if (isStale || figures.mismatches > 0 || figures.snapshots !== 1) throw new Error("books are not whole");
  return (figures.messages / took_ns) * 1e9;
}

/** Messages per second of packets that are cut and checked, and nothing more. */
function cut(bytes: Uint8Array): number {
  let messages = 0;
  const stream = new PacketStream(checksums, {
    packet: (packet, from) => {
      messages += packetCount(packet, from);
    },
    reply: () => {},
  });
  const start = process.hrtime.bigint();
  for (let at = 0; at < bytes.length; at += READ_BYTES)
    stream.push(bytes, at, Math.min(bytes.length, at + READ_BYTES));
  const took_ns = Number(process.hrtime.bigint() - start);
  if (messages === 0 || stream.losses > 0) throw new Error("packets are missing");
  return (messages / took_ns) * 1e9;
}

/** Heap bytes per message of a handler whose code is warm and whose books have grown. */
function heapPerMessage(kind: Kind, bytes: Uint8Array): Promise<number> {
  const { intake } = handlerOf(kind);
  const [{ figures }] = intake.receivers;
  let at = 0;
  const parse = (count: number): void => {
    const end = figures.messages + count;
    for (; figures.messages < end && at < bytes.length; at += READ_BYTES)
      intake.streamBytes(bytes, at, Math.min(bytes.length, at + READ_BYTES), 0);
  };
  parse(COMMANDS / 2);
  return heapBytesPer(COMMANDS / 4, parse);
}

export async function benchChannelHandler(rounds: number): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const kind of KINDS) {
    const bytes = bytesOf(kind.kind);
    const [name, beside] = [
      `books of channel ${kind.name}`,
      `packets of channel ${kind.name}, cut and checked alone`,
    ];
    const caseOf = (of: string, run: () => number): BenchCase => ({
      ...{ name: of, unit: "messages/s", better: "higher" },
      run,
    });
    const ratio: RatioWanted = { name: `channel ${kind.name}: with books / cut alone`, of: name, to: beside };
    const cases = [caseOf(name, () => ours(kind, bytes)), caseOf(beside, () => cut(bytes))];
    rows.push(...(await measure(cases, [ratio], rounds)));
    const heap = [await heapPerMessage(kind, bytes)];
    rows.push(summarize(`channel ${kind.name}: heap allocated per message`, "bytes", "lower", heap));
  }
  return rows;
}
