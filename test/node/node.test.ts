// A whole node over real sockets and files: the same requests give the same log and the same answers wherever the
// journal runs, and a restart gives the same state.

import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MIXED, recordFlow } from "../../bench/engine/flows.ts";
import { type Clock, RecordBuffer, stateHash } from "../../src/base/index.ts";
import { connectOrderEntry } from "../../src/client/index.ts";
import { ExchangeEngine } from "../../src/engine/index.ts";
import {
  type Configuration,
  configurationOf,
  createLog,
  type RunningNode,
  startNode,
} from "../../src/node/index.ts";
import { NativeChecksums, NodeStorage } from "../../src/platform/index.ts";
import {
  COMMAND_WORDS,
  CommandKind,
  CommandWord,
  EVENT_WORDS,
  encodeCancelOrder,
  encodeModify,
  encodeNewOrder,
} from "../../src/protocol/index.ts";
import { scanLog } from "../../src/segment/index.ts";

const FIXED_CLOCK: Clock = { wallMicros: () => 1_700_000_000_000_000, monotonicMicros: () => 0 };
const log = createLog({ level: "silent" });

let directory = "";
const running: RunningNode[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-node-"));
});
afterEach(async () => {
  for (const node of running.splice(0)) await node.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function start(some: Partial<Configuration>): Promise<RunningNode> {
  const loaded = configurationOf({ orderPort: 0, httpPort: 0, segmentBytes: 4_194_304, ...some });
  const node = await startNode(loaded, log, { clock: FIXED_CLOCK, indexSeed: [1, 2] });
  running.push(node);
  return node;
}

async function stop(node: RunningNode): Promise<void> {
  running.splice(running.indexOf(node), 1);
  await node.stop();
}

/** The requests of a recorded flow as wire frames, every limit order and cancel of it on one connection. */
function requestsOf(commands: number): Uint8Array {
  const flow = recordFlow({ ...MIXED, depth: 500 }, commands, 7);
  const { words } = flow;
  const bytes = new Uint8Array((500 + commands) * 64);
  const view = new DataView(bytes.buffer);
  let end = 0;
  for (let at = (1 + MIXED.symbols) * COMMAND_WORDS; at < words.length; at += COMMAND_WORDS) {
    const field = (name: keyof typeof CommandWord): number => words[at + CommandWord[name]];
    const id = [field("orderIdLow"), field("orderIdHigh")] as const;
    const price = [field("priceLow"), field("priceHigh")] as const;
    const head = field("kindSideTypeTif");
    const [side, type, tif] = [(head >> 8) & 255, (head >> 16) & 255, head >>> 24];
    const symbol = field("symbol");
    const quantity = field("quantity");
    const kind = head & 255;
    if (kind === CommandKind.Cancel) end = encodeCancelOrder(view, end, 0, 0, ...id, symbol);
    else if (kind === CommandKind.Modify)
      end = encodeModify(view, end, 0, 0, ...id, symbol, ...price, quantity);
    else end = encodeNewOrder(view, end, 0, 0, ...id, symbol, ...price, quantity, side, type, tif);
  }
  return bytes.subarray(0, end);
}

/** Sends everything, half-closes, and returns all that was answered. */
function converse(port: number, requests: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("data", (part) => parts.push(part as Buffer));
    socket.on("end", () => resolve(Buffer.concat(parts)));
    socket.on("error", reject);
    socket.end(requests);
  });
}

/** The record bytes of a journal, frame borders left out: how commands were grouped is a matter of timing. */
function recordsIn(dataDir: string): Buffer {
  const parts: Buffer[] = [];
  const place = {
    storage: new NodeStorage(),
    checksums: new NativeChecksums(),
    directory: join(dataDir, "journal"),
  };
  scanLog({ ...place, log: "journal" }, (frame) => {
    parts.push(Buffer.from(frame.bytes.slice(frame.payloadAt, frame.payloadAt + frame.payloadBytes)));
  });
  return Buffer.concat(parts);
}

/** The state hash after all records of a journal. */
function hashAfter(records: Buffer): string {
  const words = new Int32Array(new Uint8Array(records).buffer);
  const engine = new ExchangeEngine();
  const events = new RecordBuffer(EVENT_WORDS, 1024, () => {});
  for (let at = 0; at < words.length; at += COMMAND_WORDS) engine.apply(words, at, events);
  return Buffer.from(stateHash(engine, new NativeChecksums())).toString("hex");
}

describe("wherever the journal runs", () => {
  test("entries and outputs are the same byte for byte", async () => {
    const requests = requestsOf(20_000);
    const seen: { answers: Buffer; records: Buffer }[] = [];
    for (const threads of ["spread", "single"] as const) {
      const dataDir = join(directory, threads);
      const node = await start({ dataDir, threads });
      const answers = await converse(node.orderPort, requests);
      await stop(node);
      seen.push({ answers, records: recordsIn(dataDir) });
    }
    const [spread, single] = seen;
    expect(spread.records.length).toBeGreaterThan(20_000 * 80);
    expect(spread.records.equals(single.records)).toBe(true);
    expect(spread.answers.length).toBeGreaterThan(20_000 * 25);
    expect(spread.answers.equals(single.answers)).toBe(true);
    const off = await start({ durability: "off" });
    expect((await converse(off.orderPort, requests)).equals(single.answers)).toBe(true);
  });
});

describe("a restart", () => {
  test.each(["spread", "single"] as const)("replays to the state that was, threads %s", async (threads) => {
    const dataDir = join(directory, "data");
    const first = await start({ dataDir, threads });
    await converse(first.orderPort, requestsOf(5_000));
    const position = (await health(first)).position;
    await stop(first);
    const before = hashAfter(recordsIn(dataDir));

    const second = await start({ dataDir, threads });
    expect(second.status().position).toBe(position);
    expect((await health(second)).position).toBe(position);
    const client = await connectOrderEntry({ host: "127.0.0.1", port: second.orderPort });
    const answer = await client.submit({ id: 2n ** 64n - 1n, symbol: 0, side: "buy", price: 1, quantity: 1 });
    expect(answer.accepted).toBe(true);
    await client.close();
    await stop(second);
    const records = recordsIn(dataDir);
    expect(hashAfter(records.subarray(0, position * 80))).toBe(before);
    expect(records.length).toBe((position + 1) * 80);
  });
});

/** The session of every command of a client in a journal, as text. */
function sessionsIn(dataDir: string): Set<string> {
  const records = recordsIn(dataDir);
  const words = new Int32Array(new Uint8Array(records).buffer);
  const sessions = new Set<string>();
  for (let at = 0; at < words.length; at += COMMAND_WORDS) {
    const [low, high] = [words[at + CommandWord.sessionLow], words[at + CommandWord.sessionHigh]];
    if (high !== 0) sessions.add(`${high} ${low}`);
  }
  return sessions;
}

test("a session's number never comes again, also when the clock stands still between starts", async () => {
  const dataDir = join(directory, "data");
  for (let round = 0; round < 3; round++) {
    const node = await start({ dataDir });
    for (let connection = 0; connection < 4; connection++) await converse(node.orderPort, requestsOf(1));
    await stop(node);
    expect(sessionsIn(dataDir).size).toBe((round + 1) * 4);
  }
});

interface Health {
  readonly status: string;
  readonly position: number;
  readonly durablePosition: number;
}

async function health(node: RunningNode): Promise<Health> {
  const response = await fetch(`http://127.0.0.1:${node.httpPort}/healthz`);
  return (await response.json()) as Health;
}

describe("a start that can't be", () => {
  const refusal = (some: Partial<Configuration>) =>
    start(some).then(
      () => "started",
      (error: Error) => error.message,
    );

  test("names a port in use and leaves no log behind", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    const dataDir = join(directory, "data");
    expect(await refusal({ dataDir, orderPort: port })).toBe(`order-port ${port} on 127.0.0.1 is in use`);
    expect(await refusal({ dataDir, httpPort: port })).toBe(`http-port ${port} on 127.0.0.1 is in use`);
    expect(readdirSync(directory)).toEqual([]);
    taken.close();
  });

  test("names what makes a data directory somebody else's, and touches nothing in it", async () => {
    writeFileSync(join(directory, "diary.txt"), "mine");
    expect(await refusal({ dataDir: directory })).toBe(
      `${directory} is not a seriatim data directory: it holds diary.txt`,
    );
    expect(readdirSync(directory)).toEqual(["diary.txt"]);
  });

  test("names a path that can't be a directory", async () => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    const line = (path: string, why: string) => `data directory: cannot make the directory ${path}: ${why}`;
    expect(await refusal({ dataDir: join(file, "data") })).toBe(
      line(join(file, "data"), "it is not a directory (ENOTDIR)"),
    );
    expect(await refusal({ dataDir: file })).toBe(
      `data directory: cannot use the directory ${file}: it is not a directory (ENOTDIR)`,
    );
  });

  test("says that another node has the directory, with its process", async () => {
    const dataDir = join(directory, "data");
    await start({ dataDir });
    expect(await refusal({ dataDir })).toContain(`${dataDir}`);
    expect(await refusal({ dataDir })).toContain(`${process.pid}`);
  });

  test("names a setting that contradicts the log, and can start again without it", async () => {
    const dataDir = join(directory, "data");
    await stop(await start({ dataDir, maxQuantity: 500 }));
    expect(await refusal({ dataDir, maxQuantity: 501 })).toContain(
      "maxQuantity is 501, but this log was begun with max-quantity 500",
    );
    expect(await refusal({ dataDir, symbols: ["ABC"] })).toContain("symbols is ABC");
    await stop(await start({ dataDir }));
    await stop(await start({ dataDir, maxQuantity: 500 }));
  });

  test("refuses a damaged journal by file, offset and reason, and changes nothing", async () => {
    const dataDir = join(directory, "data");
    const node = await start({ dataDir });
    // Three times, so that a later frame names the first ones as durable: damage there is no torn end.
    for (let i = 0; i < 3; i++) await converse(node.orderPort, requestsOf(100));
    await stop(node);
    const segment = join(dataDir, "journal", "journal-0000000001.seg");
    const file = openSync(segment, "r+");
    writeSync(file, Uint8Array.of(0xff, 0xff, 0xff), 0, 3, 6_000);
    closeSync(file);
    expect(await refusal({ dataDir })).toContain(segment);
    expect(await refusal({ dataDir })).toMatch(/offset \d+/);
  });

  test("does not take a journal directory for a data directory", async () => {
    const dataDir = join(directory, "data");
    await stop(await start({ dataDir }));
    mkdirSync(join(directory, "other"));
    expect(await refusal({ dataDir: join(dataDir, "journal") })).toContain(
      "is not a seriatim data directory",
    );
  });
});

describe("an orderly stop", () => {
  test("answers what was sent, then closes", async () => {
    const node = await start({ dataDir: join(directory, "data") });
    const client = await connectOrderEntry({ host: "127.0.0.1", port: node.orderPort });
    const answers = Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        client.submit({ id: i + 1, symbol: 0, side: "buy", price: 10, quantity: 1 }),
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    await stop(node);
    expect((await answers).every((answer) => answer.accepted)).toBe(true);
  });
});
