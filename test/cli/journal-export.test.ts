// `seriatim journal export` on real files: what each format says of the same records, read back by what others read it with.

import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SeriatimError } from "../../src/base/index.ts";
import { EXPORT_COLUMNS } from "../../src/cli/export/columns.ts";
import { openDestination } from "../../src/cli/export/destination.ts";
import { registerJournal } from "../../src/cli/journal.ts";
import { TextOutput } from "../../src/cli/stdout.ts";
import { openJournal } from "../../src/journal/index.ts";
import { encodeGenesisEntry } from "../../src/node/exchange-records.ts";
import { NodeStorage } from "../../src/platform/index.ts";
import {
  type AdminCommand,
  ALL_SYMBOLS,
  BOTH_SIDES,
  COMMAND_WORDS,
  CommandFlag,
  CommandWord,
  formatCommand,
  parseFlow,
  Reason,
  SessionFlag,
  Side,
  writeAdminCommand,
  writeCancel,
  writeInstrument,
  writeMassCancel,
  writeModify,
  writeNewOrder,
  writeSessionCommand,
  writeTick,
  writeTimestamp,
} from "../../src/protocol/index.ts";
import { recomputeFlow } from "../../src/replay/index.ts";
import { ENTRY, journalOptions, ordersFrom } from "../journal/support.ts";

const APPEND_FOREVER = fileURLToPath(new URL("../journal/append-forever.ts", import.meta.url));
const U32 = 0xffffffff;
const TIME_US = 1_700_000_000_123_456;
const NAMES = ["ALPHA", "BETA"];
const entry = { ...ENTRY, instruments: ENTRY.instruments.map((it, i) => ({ ...it, name: NAMES[i] })) };

/** One of each kind from position 4 on, with the largest values that a field takes. */
const WRITERS: ((words: Int32Array, at: number) => void)[] = [
  (words, at) => writeNewOrder(words, at, 3, 1, 1, U32, 0, 0, 0, 100, 0, 7),
  (words, at) => writeNewOrder(words, at, 2, 1, 2, 0, 1, 1, 1, 55, 0, 3),
  (words, at) => writeModify(words, at, 3, 1, 1, U32, U32, 0x7fffffff, 6),
  (words, at) => writeTick(words, at),
  (words, at) => writeNewOrder(words, at, 0, 0, U32, U32, 1, 0, 1, 0, 1 << 31, U32),
  (words, at) => writeCancel(words, at, 3, 1, 1, U32),
  (words, at) => writeInstrument(words, at, { name: "GAMMA", priceDecimals: 3, tick: 5, lot: 2 }),
  (words, at) => writeNewOrder(words, at, 0, 2, 9, 0, 0, 0, 0, 1, 0, 1),
];

let data: string;
/** Where exports go. */
let exports: string;
beforeEach(() => {
  exports = mkdtempSync(join(tmpdir(), "seriatim-exported-"));
  data = mkdtempSync(join(tmpdir(), "seriatim-export-"));
  const options = journalOptions(new NodeStorage(), join(data, "journal"));
  const { journal } = openJournal({ ...options, genesis: encodeGenesisEntry(entry, TIME_US) }, () => {});
  const words = new Int32Array(WRITERS.length * COMMAND_WORDS);
  for (const [i, write] of WRITERS.entries()) {
    const at = i * COMMAND_WORDS;
    write(words, at);
    writeTimestamp(words, at, TIME_US + i);
    if (i !== 1) continue;
    words[at + CommandWord.answerLimit_fills] = 4;
    words[at + CommandWord.requestLow] = 8;
    words[at + CommandWord.sessionHigh] = U32;
  }
  journal.append(new Uint8Array(words.buffer), 0, WRITERS.length);
  journal.close();
});
afterEach(() => {
  for (const directory of [data, exports]) rmSync(directory, { recursive: true });
});

interface Ran {
  readonly out: string;
  readonly error: SeriatimError | undefined;
}

/** Exports the test's journal. */
function run(...args: string[]): Promise<Ran> {
  return runIn(data, ...args);
}

async function runIn(directory: string, ...args: string[]): Promise<Ran> {
  const program = new Command().exitOverride();
  registerJournal(program);
  let out = "";
  const write = vi.spyOn(TextOutput.prototype, "writeBytes").mockImplementation((bytes) => {
    out += Buffer.from(bytes).toString();
    return true;
  });
  try {
    await program.parseAsync(["journal", "export", directory, ...args], { from: "user" });
    return { out, error: undefined };
  } catch (error) {
    return { out, error: error as SeriatimError };
  } finally {
    write.mockRestore();
  }
}

function linesOf(text: string): string[] {
  return text.trimEnd().split("\n");
}

/** Appends `count` orders, in frames of 50. */
function appendOrders(count: number): void {
  const options = journalOptions(new NodeStorage(), join(data, "journal"));
  const { journal } = openJournal(options, () => {});
  for (let i = 0; i < count; i += 50) journal.append(ordersFrom(journal.position + 1, 50), 0, 50);
  journal.close();
}

const U64_MAX = "18446744073709551615";
const expected = [
  `{"position":1,"epoch":1,"timestamp_us":${TIME_US},"kind":"genesis","details":{"instruments":2,"maxQuantity":1000000,"maxNotional":9000000000,"ordersMax":1000,"symbolsMax":8,"accountsMax":4}}`,
  `{"position":2,"epoch":1,"timestamp_us":${TIME_US},"kind":"register_instrument","instrument":"ALPHA","details":{"name":"ALPHA","priceDecimals":2,"tick":1,"lot":1}}`,
  `{"position":3,"epoch":1,"timestamp_us":${TIME_US},"kind":"register_instrument","instrument":"BETA","details":{"name":"BETA","priceDecimals":0,"tick":5,"lot":100}}`,
  `{"position":4,"epoch":1,"timestamp_us":${TIME_US},"kind":"new_order","account":3,"symbol":1,"instrument":"BETA","order_id":"18446744069414584321","side":"buy","order_type":"limit","time_in_force":"gtc","price":100,"quantity":7,"answer_limit":0,"request":"0","session":"0"}`,
  `{"position":5,"epoch":1,"timestamp_us":${TIME_US + 1},"kind":"new_order","account":2,"symbol":1,"instrument":"BETA","order_id":"2","side":"sell","order_type":"market","quantity":3,"answer_limit":4,"request":"8","session":"18446744069414584320"}`,
  `{"position":6,"epoch":1,"timestamp_us":${TIME_US + 2},"kind":"modify","account":3,"symbol":1,"instrument":"BETA","order_id":"18446744069414584321","price":9223372036854775807,"quantity":6,"answer_limit":0,"request":"0","session":"0"}`,
  `{"position":7,"epoch":1,"timestamp_us":${TIME_US + 3},"kind":"tick"}`,
  `{"position":8,"epoch":1,"timestamp_us":${TIME_US + 4},"kind":"new_order","account":0,"symbol":0,"instrument":"ALPHA","order_id":"${U64_MAX}","side":"sell","order_type":"limit","time_in_force":"ioc","price":-9223372036854775808,"quantity":4294967295,"answer_limit":0,"request":"0","session":"0"}`,
  `{"position":9,"epoch":1,"timestamp_us":${TIME_US + 5},"kind":"cancel","account":3,"symbol":1,"instrument":"BETA","order_id":"18446744069414584321","request":"0","session":"0"}`,
  `{"position":10,"epoch":1,"timestamp_us":${TIME_US + 6},"kind":"register_instrument","instrument":"GAMMA","details":{"name":"GAMMA","priceDecimals":3,"tick":5,"lot":2}}`,
  `{"position":11,"epoch":1,"timestamp_us":${TIME_US + 7},"kind":"new_order","account":0,"symbol":2,"instrument":"GAMMA","order_id":"9","side":"buy","order_type":"limit","time_in_force":"gtc","price":1,"quantity":1,"answer_limit":0,"request":"0","session":"0"}`,
];

test("every kind of record is one line of JSON, with all the digits of every field", async () => {
  const { out, error } = await run();
  expect([linesOf(out), error]).toEqual([expected, undefined]);
});

test.each([
  [["--from", "5", "--to", "7"], 4, 7],
  [["--to", "1"], 0, 1],
  [["--from", "4"], 3, 11],
  [["--from", "3", "--to", "11"], 2, 11],
])("%j exports these positions and no other", async (args, first, end) => {
  const { out, error } = await run(...args);
  expect([linesOf(out), error]).toEqual([expected.slice(first, end), undefined]);
});

test("a Parquet file has the same columns and values, one row per record", async () => {
  const path = join(exports, "x.parquet");
  const { out, error } = await run("--format", "parquet", "-o", path);
  expect([out, error]).toEqual([`${path}: 11 records, positions 1 to 11\n`, undefined]);
  const file = await asyncBufferFromFile(path);
  const { schema } = await parquetMetadataAsync(file);
  expect(schema.slice(1).map(({ name }) => name)).toEqual(EXPORT_COLUMNS.map(({ name }) => name));
  expect(schema.find(({ name }) => name === "timestamp_us")?.converted_type).toBe("TIMESTAMP_MICROS");
  expect(await rowsOf(path)).toEqual(expected);
});

/** The rows of a Parquet file as the lines that say the same. */
async function rowsOf(path: string): Promise<string[]> {
  const parsers = { timestampFromMicroseconds: (us: bigint) => us };
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path), parsers });
  return rows.map((row) => {
    const said = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
    return `{${said.map(([name, value]) => `"${name}":${jsonOf(name, value)}`).join()}}`;
  });
}

function jsonOf(name: string, value: unknown): string {
  const type = EXPORT_COLUMNS.find((column) => column.name === name)?.type;
  return type === "text" || type === "u64" ? JSON.stringify(String(value)) : String(value);
}

test("a journal of many groups of rows is the same in Parquet and in JSON lines", async () => {
  appendOrders(33_000);
  const [parquet, lines] = [join(exports, "x.parquet"), join(exports, "x.jsonl")];
  expect((await run("--format", "parquet", "-o", parquet)).out).toBe(
    `${parquet}: 33011 records, positions 1 to 33011\n`,
  );
  await run("-o", lines);
  const { row_groups } = await parquetMetadataAsync(await asyncBufferFromFile(parquet));
  expect(row_groups.length).toBe(2);
  expect((await rowsOf(parquet)).join("\n")).toBe(readFileSync(lines, "latin1").trimEnd());
});

test("a flow holds the traders' commands under the limits of the genesis entry, and computes", async () => {
  const { out, error } = await run("--format", "flow");
  expect(error).toBeUndefined();
  expect(linesOf(out)).toEqual([
    "# exported from a journal, from position 1 on",
    "version 3",
    "meta seed 0 symbols 2 orders 0 max_qty 1000000 max_notional 9000000000 orders_max 1000 accounts_max 4",
    "cmd reg ALPHA",
    "cmd reg BETA",
    "cmd limit 1 18446744069414584321 B 100 7 GTC account 3",
    "cmd market 1 2 S 3 account 2 limit 4",
    "cmd modify 1 18446744069414584321 9223372036854775807 6 account 3",
    `cmd limit 0 ${U64_MAX} S -9223372036854775808 4294967295 IOC`,
    "cmd cancel 1 18446744069414584321 account 3",
    "cmd reg GAMMA",
    "cmd limit 2 9 B 1 1 GTC",
  ]);
  const { snapshot } = recomputeFlow(parseFlow(out).flow);
  expect(snapshot?.trades).toBe(1);
  expect(snapshot?.books.map(({ orders }) => orders)).toEqual([0, 0, 1]);
});

test("what administrators and nodes said is exported with who said it", async () => {
  const options = journalOptions(new NodeStorage(), join(data, "journal"));
  const { journal } = openJournal(options, () => {});
  const said: readonly AdminCommand[] = [
    { kind: "tenure", epoch: 2, who: "node-a" },
    { kind: "ack_policy", policy: "disk+ram", who: "ann" },
    { kind: "kill_switch", scope: "account", account: 3, on: true, who: "ann" },
    { kind: "halt", who: "bob" },
  ];
  const words = new Int32Array(said.length * COMMAND_WORDS);
  said.forEach((command, i) => {
    writeAdminCommand(words, i * COMMAND_WORDS, command);
  });
  journal.append(new Uint8Array(words.buffer), 0, said.length);
  journal.close();
  expect(linesOf((await run("--from", "12")).out).map((line) => JSON.parse(line))).toMatchObject([
    { kind: "tenure", details: { epoch: 2, who: "node-a" } },
    { kind: "ack_policy", details: { policy: "disk+ram", who: "ann" } },
    { kind: "kill_switch", account: 3, details: { scope: "account", on: true, who: "ann" } },
    { kind: "halt", details: { who: "bob" } },
  ]);
  expect(linesOf((await run("--format", "flow", "--from", "12")).out).slice(5)).toEqual([
    "cmd tenure 2 node-a",
    "cmd ack_policy disk+ram ann",
    "cmd kill_switch 3 on ann",
    "cmd halt bob",
  ]);
});

test("sessions, mass cancels and kill switches are exported, and a flow computes with them", async () => {
  const options = journalOptions(new NodeStorage(), join(data, "journal"));
  const { journal } = openJournal(options, () => {});
  const [account, session] = [1, 77n];
  const terms = { who: "ann", instance: 4, flags: SessionFlag.CancelOnDisconnect, deadMan_ms: 500 };
  const writes: ((words: Int32Array, at: number) => void)[] = [
    (words, at) => writeSessionCommand(words, at, { kind: "session_open", account, session, ...terms }),
    (words, at) => writeMassCancel(words, at, account, ALL_SYMBOLS, BOTH_SIDES),
    (words, at) => writeMassCancel(words, at, account, 0, Side.Sell),
    (words, at) =>
      writeSessionCommand(words, at, { kind: "session_end", account, session, cause: "dead_man" }),
    (words, at) => writeAdminCommand(words, at, { kind: "kill_switch", scope: "all", on: true, who: "ann" }),
    (words, at) => {
      writeAdminCommand(words, at, {
        kind: "kill_switch",
        scope: "symbol",
        symbol: 0,
        on: false,
        who: "ann",
      });
    },
  ];
  const words = new Int32Array(writes.length * COMMAND_WORDS);
  writes.forEach((write, i) => {
    write(words, i * COMMAND_WORDS);
  });
  journal.append(new Uint8Array(words.buffer), 0, writes.length);
  journal.close();
  const rows = linesOf((await run("--from", "12")).out).map((line) => JSON.parse(line));
  const { who, instance, deadMan_ms } = terms;
  expect(rows).toMatchObject([
    {
      ...{ kind: "session_open", account, session: "77", flags: "cancel_on_disconnect" },
      details: { who, instance, deadMan_ms },
    },
    { kind: "mass_cancel", account },
    { kind: "mass_cancel", account, symbol: 0, instrument: "ALPHA", side: "sell" },
    { kind: "session_end", account, session: "77", details: { cause: "dead_man" } },
    { kind: "kill_switch", details: { scope: "all", on: true, who } },
    { kind: "kill_switch", symbol: 0, instrument: "ALPHA", details: { scope: "symbol", on: false, who } },
  ]);
  expect([rows[1].symbol, rows[1].side]).toEqual([undefined, undefined]);
  const { flow } = parseFlow((await run("--format", "flow", "--from", "12")).out);
  expect(flow.steps.slice(-writes.length).map(({ command }) => formatCommand(command))).toEqual([
    "cmd session_open 1 77 ann 4 1 500",
    "cmd mass_cancel * * account 1",
    "cmd mass_cancel 0 S account 1",
    "cmd session_end 1 77 dead_man",
    "cmd kill_switch all on ann",
    "cmd kill_switch symbol 0 off ann",
  ]);
  expect(recomputeFlow(flow).steps.at(-5)?.outcomes).toMatchObject([{ kind: "mass_cancel", orders: 0 }]);
});

test("a request number that is used once is exported as one, and a flow computes with it", async () => {
  const options = journalOptions(new NodeStorage(), join(data, "journal"));
  const { journal } = openJournal(options, () => {});
  const words = new Int32Array(2 * COMMAND_WORDS);
  for (const at of [0, COMMAND_WORDS]) {
    writeCancel(words, at, 1, 0, 5, 0);
    words[at + CommandWord.flags] = CommandFlag.Once;
    words[at + CommandWord.requestLow] = 77;
  }
  journal.append(new Uint8Array(words.buffer), 0, 2);
  journal.close();
  const rows = linesOf((await run("--from", "12")).out).map((line) => JSON.parse(line));
  expect(rows).toMatchObject([
    { kind: "cancel", flags: "once", request: "77" },
    { kind: "cancel", flags: "once", request: "77" },
  ]);
  const { out } = await run("--format", "flow", "--from", "12");
  expect(linesOf(out).slice(5)).toEqual(Array(2).fill("cmd cancel 0 5 account 1 once 77"));
  expect(recomputeFlow(parseFlow(out).flow).steps.at(-1)?.outcomes).toMatchObject([
    { kind: "reject", reason: Reason.UnknownOrder },
  ]);
});

// They were left out, and the second of two that differ in them alone came out as the first one again.
test("a market order with a number of its own is exported with the price and time in force that it names, and a flow tells two apart", async () => {
  const options = journalOptions(new NodeStorage(), join(data, "journal"));
  const { journal } = openJournal(options, () => {});
  // By price and time in force; the first names what every client of ours does.
  const terms = [
    [0, 1],
    [0, 1],
    [100, 1],
    [0, 0],
  ];
  const words = new Int32Array(terms.length * COMMAND_WORDS);
  terms.forEach(([price, timeInForce], i) => {
    const at = i * COMMAND_WORDS;
    writeNewOrder(words, at, 1, 0, 5, 0, 0, 1, timeInForce, price, 0, 3);
    words[at + CommandWord.flags] = CommandFlag.Once;
    words[at + CommandWord.requestLow] = 77;
  });
  journal.append(new Uint8Array(words.buffer), 0, terms.length);
  journal.close();
  const rows = linesOf((await run("--from", "12")).out).map((line) => JSON.parse(line));
  expect(rows.map(({ price, time_in_force }) => [price, time_in_force])).toEqual([
    [0, "ioc"],
    [0, "ioc"],
    [100, "ioc"],
    [0, "gtc"],
  ]);
  const { out } = await run("--format", "flow", "--from", "12");
  const plain = "cmd market 0 5 B 3 account 1 once 77";
  expect(linesOf(out).slice(5)).toEqual([plain, plain, `${plain} named 100 IOC`, `${plain} named 0 GTC`]);
  const { steps } = recomputeFlow(parseFlow(out).flow);
  expect(steps.slice(-3).map(({ outcomes }) => outcomes)).toMatchObject([
    [{ kind: "repeat" }],
    [{ kind: "reject", reason: Reason.RequestReused }],
    [{ kind: "reject", reason: Reason.RequestReused }],
  ]);
});

test("a flow from the middle still knows the symbols, and says that its books are not the journal's", async () => {
  const { out } = await run("--format", "flow", "--from", "8", "--to", "9");
  expect(linesOf(out)).toEqual([
    "# exported from a journal, from position 8 on: the books are empty where the journal's were not",
    "version 3",
    expect.stringContaining("meta seed 0"),
    "cmd reg ALPHA",
    "cmd reg BETA",
    expect.stringContaining("cmd limit 0 "),
    expect.stringContaining("cmd cancel 1 "),
  ]);
});

test("what a flow has no word for ends the export with its position, and no file is left", async () => {
  const options = journalOptions(new NodeStorage(), join(data, "journal"));
  const { journal } = openJournal(options, () => {});
  const words = new Int32Array(COMMAND_WORDS);
  writeInstrument(words, 0, { name: "BÉTA", priceDecimals: 0, tick: 1, lot: 1 });
  journal.append(new Uint8Array(words.buffer), 0, 1);
  journal.close();
  const path = join(exports, "x.txt");
  const { error } = await run("--format", "flow", "-o", path);
  expect(error?.message).toBe('position 12: a flow has no word for the instrument\'s name "BÉTA"');
  expect([error?.code, error?.exitCode, existsSync(path)]).toEqual(["FLOW_UNSAYABLE", 1, false]);
});

test.each(["jsonl", "parquet"])(
  "of a damaged journal %s holds all that is whole, and the damage is exit 1",
  async (format) => {
    appendOrders(50);
    const journal = join(data, "journal", "journal-0000000001.seg");
    const bytes = readFileSync(journal);
    bytes[4096 + 320 + 720 + 40] ^= 1;
    writeFileSync(journal, bytes);
    const path = join(exports, "x");
    const { out, error } = await run("--format", format, "-o", path);
    expect(out).toBe(`${path}: 11 records, positions 1 to 11\n`);
    expect([error?.code, error?.exitCode]).toEqual(["LOG_CORRUPT", 1]);
    expect(error?.message).toContain(`${journal} at offset 5136, position 12: no whole frame begins here`);
    const rows = format === "jsonl" ? linesOf(readFileSync(path, "utf8")) : await rowsOf(path);
    expect(rows).toEqual(expected);
  },
);

test("a range is read from its own segment on: what lies before may be damaged, what it meets may not", async () => {
  appendOrders(600);
  const segment = (number: number) => join(data, "journal", `journal-000000000${number}.seg`);
  const damage = (number: number, offset: number) => {
    const bytes = readFileSync(segment(number));
    bytes[offset] ^= 1;
    writeFileSync(segment(number), bytes);
  };
  const positionsOf = (text: string) => linesOf(text).map((line) => JSON.parse(line).position);
  const all = positionsOf((await run()).out);
  damage(1, 5000);
  const { out, error } = await run("--from", "400", "--to", "500");
  expect([positionsOf(out), error]).toEqual([all.slice(399, 500), undefined]);
  expect((await run("--from", "40", "--to", "500")).error?.code).toBe("LOG_CORRUPT");
  // A header that can't tell what its segment holds: what is whole before it is exported.
  damage(3, 0);
  const cut = await run("--from", "300");
  expect(cut.error?.message).toContain(`${segment(3)} at offset 0`);
  expect(positionsOf(cut.out)).toEqual(all.slice(299, positionsOf(cut.out).at(-1)));
  expect(cut.out).not.toBe("");
});

test("a journal that another process is writing is exported whole, up to somewhere near its end", async () => {
  const directory = join(data, "busy", "journal");
  const child = spawn(process.execPath, [APPEND_FOREVER, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = new Promise((resolve) => child.once("close", resolve));
  try {
    let safe = 0;
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      safe = Number(piece.trimEnd().split("\n").at(-1));
    });
    await expect.poll(() => safe).toBeGreaterThan(50);
    for (let i = 0; i < 5; i++) {
      const written = safe;
      const { out, error } = await runIn(directory, "--from", "40");
      expect(error).toBeUndefined();
      const positions = linesOf(out).map((line) => JSON.parse(line).position);
      expect(positions).toEqual(positions.map((_, at) => 40 + at));
      expect(positions.length + 39).toBeGreaterThanOrEqual(written);
      await nextTurn();
    }
  } finally {
    child.kill("SIGKILL");
    await closed;
  }
});

test("a range behind the end exports what there is and fails; one before the first segment fails at once", async () => {
  const short = await run("--from", "4", "--to", "20");
  expect(linesOf(short.out)).toEqual(expected.slice(3));
  expect(short.error?.message).toBe(`${join(data, "journal")} ends with position 11, before 20`);
  expect((await run("--from", "12")).error?.code).toBe("POSITION_BEYOND_END");
  appendOrders(400);
  rmSync(join(data, "journal", "journal-0000000001.seg"));
  const { out, error } = await run("--from", "10");
  expect([out, error?.code]).toEqual(["", "LOG_RETIRED"]);
  expect(error?.message).toMatch(/the journal begins with position \d+: 10 is no longer there$/);
  const rest = linesOf((await run()).out);
  expect(JSON.parse(rest[0]).position).toBeGreaterThan(12);
  expect(JSON.parse(rest[rest.length - 1]).position).toBe(411);
});

// It was said to export nothing, exit status 0, of positions that are not there.
test("a journal of which only a segment without a frame is left lacks what came before", async () => {
  const { journal } = openJournal(journalOptions(new NodeStorage(), join(data, "journal")), () => {});
  while (journal.prepareNext(true));
  journal.rotate();
  journal.close();
  rmSync(join(data, "journal", "journal-0000000001.seg"));
  for (const range of [
    ["--from", "4"],
    ["--to", "5"],
    ["--from", "11", "--to", "11"],
  ])
    expect((await run(...range)).error?.code).toBe("LOG_RETIRED");
  expect((await run("--from", "12")).error?.code).toBe("POSITION_BEYOND_END");
  expect(await run()).toEqual({ out: "", error: undefined });
});

test("a range that may lack a registration gives no instrument another's name", async () => {
  const { journal } = openJournal(journalOptions(new NodeStorage(), join(data, "journal")), () => {});
  const words = new Int32Array(3 * COMMAND_WORDS);
  writeInstrument(words, 0, { name: "DELTA", priceDecimals: 0, tick: 1, lot: 1 });
  writeNewOrder(words, COMMAND_WORDS, 0, 2, 1, 0, 0, 0, 0, 1, 0, 1);
  writeNewOrder(words, 2 * COMMAND_WORDS, 0, 3, 2, 0, 0, 0, 0, 1, 0, 1);
  journal.append(new Uint8Array(words.buffer), 0, 3);
  journal.close();
  const namesFrom = async (from: string) =>
    linesOf((await run("--from", from)).out).map((line) => JSON.parse(line).instrument);
  expect(await namesFrom("4")).toEqual([...(await namesFrom("1")).slice(3)]);
  expect((await namesFrom("1")).slice(-3)).toEqual(["DELTA", "GAMMA", "DELTA"]);
  expect(await namesFrom("12")).toEqual(["DELTA", undefined, undefined]);
  expect((await run("--format", "flow", "--from", "12")).error?.message).toMatch(
    /^position 12: a flow has no word for an instrument whose number may have been given before the range$/,
  );
});

test("a file that is there is never replaced, and the node's own directory takes none", async () => {
  const segment = join(data, "journal", "journal-0000000001.seg");
  const before = readFileSync(segment);
  const other = join(exports, "other");
  writeFileSync(other, "kept");
  expect((await run("-o", other)).error?.code).toBe("EEXIST");
  expect(readFileSync(other, "utf8")).toBe("kept");
  // A stranger in any of them, and no node opens the directory.
  for (const path of [segment, ...["journal/new", "new", "snapshots/new"].map((name) => join(data, name))])
    expect((await run("-o", path)).error?.message).toBe(
      `--output: ${path} would lie in the node's own directory ${data}`,
    );
  expect(readdirSync(data)).toEqual(["journal"]);
  expect(readFileSync(segment).equals(before)).toBe(true);
  expect(readdirSync(join(data, "journal")).length).toBe(1);
});

// An export in lines that was interrupted had the name that was asked for, and looked whole.
test("a file has its name only when it is complete; whoever has taken that since keeps it", () => {
  const path = join(exports, "slow.jsonl");
  const part = `${path}.${process.pid}.part`;
  const complete = openDestination(path);
  complete.write(Buffer.from("first\n"));
  expect(readdirSync(exports)).toEqual([basename(part)]);
  complete.write(Buffer.from("last\n"));
  complete.close();
  expect(readdirSync(exports)).toEqual(["slow.jsonl"]);
  expect(readFileSync(path, "utf8")).toBe("first\nlast\n");
  rmSync(path);

  const late = openDestination(path);
  writeFileSync(path, "theirs");
  expect(() => late.close()).toThrow(`cannot create ${path}: it exists already (EEXIST)`);
  late.discard();
  expect(readdirSync(exports)).toEqual(["slow.jsonl"]);
  expect(readFileSync(path, "utf8")).toBe("theirs");
  rmSync(path);

  const unnamed = openDestination(path);
  rmSync(part);
  expect(() => unnamed.close()).toThrow(`cannot rename ${part}`);
  expect(readdirSync(exports)).toEqual([]);
});

test("nor does the directory of a node that has set its journal aside", async () => {
  renameSync(join(data, "journal"), join(data, "journal-diverged-9-abababab"));
  const { error } = await runIn(join(data, "journal-diverged-9-abababab"), "-o", join(data, "out.jsonl"));
  expect(error?.message).toContain("would lie in the node's own directory");
});

test("an export stops when nobody reads it any more", async () => {
  appendOrders(3000);
  let pieces = 0;
  const write = vi.spyOn(TextOutput.prototype, "writeBytes").mockImplementation(() => ++pieces < 2);
  const program = new Command().exitOverride();
  registerJournal(program);
  await program.parseAsync(["journal", "export", data], { from: "user" });
  write.mockRestore();
  // The piece that found nobody, and the rest of the lines gathered by then.
  expect(pieces).toBeLessThanOrEqual(3);
});

test("--from behind --to is wrong usage", async () => {
  const { error } = await run("--from", "3", "--to", "2");
  expect([error?.message, error?.exitCode]).toEqual(["--from 3 is behind --to 2", 2]);
});

test("the documentation lists every column", async () => {
  const page = readFileSync(new URL("../../docs/journal-export.md", import.meta.url), "utf8");
  const listed = Array.from(page.matchAll(/^\| `(\w+)` \|/gm), ([, name]) => name);
  expect(listed).toEqual(EXPORT_COLUMNS.map(({ name }) => name));
});
