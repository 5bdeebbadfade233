// The tape as its user meets it: real processes, real lines, every kind of bad input.

import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { TAPE_PAYLOAD_BYTES_MAX, TapeRecord } from "../../../src/protocol/index.ts";
import { generateKey } from "../../../src/runtime/index.ts";
import { LAUNCHER } from "../../support/launcher.ts";
import { SHELL_ENVIRONMENT } from "../../support/shell.ts";
import { TLS_FILES } from "../../support/tls.ts";
import { killAll, Process, seriatim, serveTape } from "./support.ts";

// Processes one after another: a few seconds, but not on a machine that is busy with other things.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const folder = mkdtempSync(join(tmpdir(), "seriatim-tape-cli-"));
const LINE_BYTES_MAX = TAPE_PAYLOAD_BYTES_MAX - TapeRecord.bytes;
let port = "";
let tape: Process;
const servers: Server[] = [];

beforeAll(async () => {
  const served = await serveTape(join(folder, "tape"));
  tape = served.process;
  port = served.port;
});
afterAll(() => {
  killAll();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const here = (...args: string[]) => seriatim("tape", ...args, "--port", port);
const read = (topic: string, ...more: string[]) => here("subscribe", topic, "--until-end", ...more);

test("lines of standard input are records, all acknowledged when it is closed, and are read back as they were", async () => {
  const publish = new Process(["tape", "publish", "notes", "--ack", "2", "--order", "2", "--port", port]);
  expect(await publish.end("one\n\nthree\nlast without its end")).toEqual({
    status: 0,
    out: "published 4 records in 1 batch to notes\n",
    err: "",
  });
  expect(await read("notes")).toEqual({ status: 0, out: "one\n\nthree\nlast without its end\n", err: "" });
  expect(await read("notes", "--from", "3")).toMatchObject({ out: "three\nlast without its end\n" });
  expect(await read("notes", "--from", "end")).toEqual({ status: 0, out: "", err: "" });
  expect(await read("notes", "--from", "2000-01-01", "--count", "1")).toMatchObject({ out: "one\n" });
});

// It was there until somebody wrote again, and heard no second signal.
test("a signal ends the reading of a pipe in which nothing comes", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const writer = openSync(pipe, "r+");
  const publish = new Process(["tape", "publish", "piped", "--file", pipe, "--port", port]);
  writeSync(writer, "one\ntwo\n");
  await expect.poll(async () => (await read("piped", "--from", "start")).out).toBe("one\ntwo\n");
  publish.child.kill("SIGTERM");
  expect(await publish.ended).toEqual({
    status: 0,
    out: "published 2 records in 1 batch to piped\n",
    err: "",
  });
  closeSync(writer);
});

test("a place beyond the end is waited for, and said once; of what is there, or comes next, nothing is", async () => {
  await new Process(["tape", "publish", "short", "--port", port]).end("1\n2\n");
  const beyond = new Process(["tape", "subscribe", "short", "--from", "7", "--port", port]);
  await expect
    .poll(() => beyond.err)
    .toBe('seriatim: topic "short" ends with record 2: waiting for record 7\n');
  beyond.child.kill("SIGTERM");
  expect(await read("short", "--from", "7")).toEqual({
    status: 0,
    out: "",
    err: 'seriatim: topic "short" ends with record 2: there is no record 7\n',
  });
  expect(await read("short", "--from", "3")).toEqual({ status: 0, out: "", err: "" });
  expect(await read("short", "--from", "2222-01-31")).toEqual({
    status: 0,
    out: "",
    err: 'seriatim: topic "short": 2222-01-31T00:00:00.000Z is to come: there is no record of then\n',
  });
  const early = new Process(["tape", "subscribe", "short", "--from", "2222-01-31", "--port", port]);
  await expect.poll(() => early.err).toMatch(/is to come: waiting for records of then\n$/);
  early.child.kill("SIGTERM");
  await here("topics", "create", "unwritten");
  expect((await read("unwritten", "--from", "2")).err).toContain('"unwritten" has no records yet');
});

test("any bytes may stand in a line, and are base64 where they are no text", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i).filter((byte) => byte !== 10);
  const path = file("binary", bytes);
  expect(await here("publish", "binary", "--file", path)).toMatchObject({ status: 0, err: "" });
  expect((await read("binary")).out).toBe(`${Buffer.from(bytes).toString("latin1")}\n`);
  const shown = JSON.parse((await read("binary", "--json")).out);
  expect(shown).toMatchObject({ record: 1, value_base64: Buffer.from(bytes).toString("base64") });
  expect(shown.ordered).toMatch(/^20\d\d-.*\.\d{6}Z$/);
});

test("a line as long as a batch is taken, and one byte more is said with its number, when all before it is acknowledged", async () => {
  const longest = Buffer.alloc(LINE_BYTES_MAX, "x");
  const path = file(
    "long",
    Buffer.concat([Buffer.from("first\n"), longest, Buffer.from("\n"), longest, Buffer.from("yy\n")]),
  );
  expect(await here("publish", "long", "--file", path, "--ack", "2")).toEqual({
    status: 1,
    out: "",
    err: `seriatim: line 3 has more than ${LINE_BYTES_MAX} bytes: a record has to fit into one batch; 2 records in 2 batches are published\n`,
  });
  expect((await read("long")).out.length).toBe(6 + LINE_BYTES_MAX + 1);
});

test("topics are made, listed, bounded and deleted", async () => {
  expect(await here("topics", "create", "md.day", "--order", "2", "--retain-hours", "168")).toEqual({
    status: 0,
    out: "md.day is made: order level 2, 168 hours\n",
    err: "",
  });
  expect(await here("topics", "create", "md.day")).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^seriatim: the tape at 127\.0\.0\.1:\d+: .*\n$/),
  });
  expect(await here("topics", "retain", "md.day", "--retain-bytes", "1073741824")).toMatchObject({
    out: "md.day: about 1.0 GiB\n",
  });
  const listed = (await here("topics")).out.split("\n");
  expect(listed[0]).toMatch(/^TOPIC +ORDER +OLDEST +NEXT +SIZE +KEPT$/);
  expect(listed.find((line) => line.startsWith("md.day"))).toMatch(/^md\.day +2 .* about 1\.0 GiB$/);
  expect(await here("topics", "delete", "md.day")).toMatchObject({ status: 0, out: "md.day is deleted\n" });
  const topics = (await here("topics", "--json")).out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(topics.map(({ topic }) => topic)).not.toContain("md.day");
  expect(await here("topics", "delete", "md.day")).toMatchObject({ status: 1 });
});

test("a tape says its figures as JSON", async () => {
  const { status, out } = await here("status");
  expect([status, JSON.parse(out)]).toMatchObject([
    0,
    {
      port: Number(port),
      staging: { buffers: 4, inUse: 0 },
      connections: { administrators: 1, publishers: 0 },
    },
  ]);
});

test("members of a group take turns, and go on where the last one was", async () => {
  await here("publish", "work", "--file", file("work", "1\n2\n3\n4\n"));
  expect(await here("subscribe", "work", "--group", "g", "--count", "2")).toMatchObject({
    status: 0,
    out: "1\n2\n",
  });
  expect(await here("subscribe", "work", "--group", "g", "--count", "2")).toMatchObject({
    status: 0,
    out: "3\n4\n",
  });
  await here("publish", "work", "--file", file("more", "5\n6\n"));
  expect((await here("groups", "work")).out).toMatch(/^GROUP +NEXT +LAG +MEMBERS\ng +5 +2 +0\n$/);
  expect(JSON.parse((await here("groups", "work", "--json")).out)).toMatchObject({
    group: "g",
    record: 5,
    lag: 2,
  });
  expect(await here("groups", "work", "--forget", "g")).toMatchObject({ out: "g of work is forgotten\n" });
  expect(await here("groups", "work")).toMatchObject({ out: "work has no groups\n" });
  expect(await here("groups", "work", "--forget", "g")).toMatchObject({ status: 1, out: "" });
});

test("a publisher that is asked to end has published what it had read", async () => {
  await here("topics", "create", "tail");
  const publish = new Process(["tape", "publish", "tail", "--port", port]);
  publish.child.stdin?.write("one\ntwo\n");
  const follow = new Process(["tape", "subscribe", "tail", "--from", "start", "--port", port]);
  await follow.says(/two\n/);
  publish.child.kill("SIGINT");
  expect(await publish.ended).toEqual({
    status: 0,
    out: expect.stringMatching(/^published 2 records in \d batch(es)? to tail\n$/),
    err: "",
  });
  follow.child.kill("SIGTERM");
  expect(await follow.ended).toEqual({ status: 0, out: "one\ntwo\n", err: "" });
});

const USAGE: readonly [args: string[], says: string][] = [
  [["publish", "a b"], '"a b" is no topic\'s name: 1 to 255 characters of A-Z a-z 0-9 . _ -'],
  [["publish", "a/b"], '"a/b" is no topic\'s name: 1 to 255 characters of A-Z a-z 0-9 . _ -'],
  [["subscribe", "ä"], '"ä" is no topic\'s name: 1 to 255 characters of A-Z a-z 0-9 . _ -'],
  [
    ["topics", "create", "x".repeat(256)],
    `"${"x".repeat(256)}" is no topic's name: 1 to 255 characters of A-Z a-z 0-9 . _ -`,
  ],
  [["subscribe", "a", "--group", "*"], '"*" is no group\'s name: 1 to 255 characters of A-Z a-z 0-9 . _ -'],
  [["publish", ""], "<topic> is empty"],
  [["publish", "a", "--batch-bytes", "63"], '--batch-bytes: "63" is not a whole number from 64 to 2097152'],
  [["publish", "a", "--publisher", "0"], '--publisher: "0" is not a whole number from 1 to 9007199254740991'],
  [["subscribe", "a", "--json", "--decode", "exchange"], "--json and --decode: one of them"],
  [["subscribe", "a", "--count", "0"], '--count: "0" is not a whole number from 1 to 9007199254740991'],
];

test.each(USAGE)("seriatim tape %j is wrong usage, before anybody is asked", async (args, says) => {
  expect(await seriatim("tape", ...args, "--port", "1")).toEqual({
    status: 2,
    out: "",
    err: `seriatim: ${says}\n`,
  });
});

test("an order level that the topic has not is refused", async () => {
  await here("topics", "create", "ordered", "--order", "1");
  expect(await here("publish", "ordered", "--order", "2", "--file", file("o", "1\n"))).toEqual({
    status: 1,
    out: "",
    err: expect.stringMatching(
      /^seriatim: the tape at 127\.0\.0\.1:\d+: topic "ordered" has order level 1, not 2\n$/,
    ),
  });
});

test("a topic that is not there is said to a subscriber, and to who administers it", async () => {
  expect(await here("subscribe", "nothing-here")).toEqual({
    status: 1,
    out: "",
    err: expect.stringMatching(
      /^seriatim: the tape at 127\.0\.0\.1:\d+: there is no topic "nothing-here"\n$/,
    ),
  });
  for (const [what, ...more] of [["delete"], ["retain", "--retain-hours", "1"]]) {
    const ended = await here("topics", what, "nothing-here", ...more);
    expect(ended.err).toMatch(/: there is no topic "nothing-here"\n$/);
  }
  await here("topics", "create", "twice");
  expect((await here("topics", "create", "twice")).err).toMatch(/: there is a topic "twice" already\n$/);
});

/** A server that says `bytes` to whoever connects, or to the first word. */
async function saying(bytes: string | Uint8Array, isAsked: boolean): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    if (!isAsked) socket.write(bytes);
    else socket.once("data", () => socket.end(bytes));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return String((server.address() as { port: number }).port);
}

const NO_TAPE =
  /^seriatim: the tape at 127\.0\.0\.1:\d+ sent no message: [^\n]+: is it a tape's port, and does it speak plain TCP \(TLS [^\n]+\n$/;

test("wrong magic: who listens is no tape at all", async () => {
  const http = await saying("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", true);
  expect(await seriatim("tape", "topics", "--port", http)).toEqual({
    status: 1,
    out: "",
    err: expect.stringMatching(NO_TAPE),
  });
});

test("wrong version: the tape speaks another one", async () => {
  const another = await saying(Uint8Array.of(16, 0, 0, 0, 0x54, 0x50, 65, 9, 0, 0, 0, 0, 0, 0, 0, 0), true);
  const { status, err } = await seriatim("tape", "subscribe", "a", "--port", another);
  expect(status).toBe(1);
  expect(err).toMatch(/^seriatim: .*version.*\n$/);
});

test("a size that can't be is no message", async () => {
  const huge = await saying(Uint8Array.of(255, 255, 255, 127, 0x54, 0x50, 65, 1), true);
  expect(await seriatim("tape", "topics", "--port", huge)).toMatchObject({
    status: 1,
    err: expect.stringMatching(NO_TAPE),
  });
});

test("nobody listens, or who does ends the connection: one line", async () => {
  expect(await seriatim("tape", "topics", "--port", "1")).toEqual({
    status: 1,
    out: "",
    err: "seriatim: can't connect to the tape at 127.0.0.1:1: nothing listens there\n",
  });
  const silent = await saying("", true);
  expect(await seriatim("tape", "topics", "--port", silent)).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^seriatim: can't connect to the tape at 127\.0\.0\.1:\d+: .*\n$/),
  });
});

test("TLS, keys and their rights: each mismatch is one line", async () => {
  expect(await here("topics", "--tls-ca", TLS_FILES.cert)).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^seriatim: can't connect to the tape at 127\.0\.0\.1:\d+: [^\n]+\n$/),
  });
  const keys = join(folder, "keys.json");
  const keyOf = (name: string) => join(folder, `${name}.key`);
  const topics = [{ name: "md.*", may: ["publish"] }] as const;
  generateKey("loader", "tape", keyOf("loader"), keys, { topics });
  generateKey("ann", "admin", keyOf("ann"), keys);
  generateKey("eve", "tape", keyOf("eve"), join(folder, "others.json"), { topics });
  const tls = ["--tls-cert", TLS_FILES.cert, "--tls-key", TLS_FILES.key, "--keys", keys];
  const { port: secure } = await serveTape(join(folder, "secure"), ...tls);
  const by = (name: string, ...args: string[]) =>
    seriatim("tape", ...args, "--port", secure, "--tls-ca", TLS_FILES.cert, "--key", keyOf(name));
  const one = ["--file", file("one", "1\n")];
  const refused = (why: string) => ({
    status: 1,
    out: "",
    err: expect.stringMatching(new RegExp(`^seriatim: the tape at 127\\.0\\.0\\.1:\\d+: ${why}\n$`)),
  });
  expect(await by("loader", "publish", "md.day", ...one)).toMatchObject({ status: 0, err: "" });
  expect(await by("loader", "publish", "other", ...one)).toEqual(refused("the key has no right .*"));
  expect(await by("loader", "subscribe", "md.day")).toEqual(refused("the key has no right .*"));
  expect(await by("loader", "topics")).toEqual(refused("the key has no right .*"));
  expect(await by("eve", "topics")).toEqual(refused("the key is unknown, or its proof is wrong"));
  expect((await by("ann", "topics", "--json")).out).toMatch(/^\{"topic":"md\.day"/);
  expect(await seriatim("tape", "topics", "--port", secure)).toMatchObject({
    status: 1,
    err: expect.stringMatching(
      /^seriatim: can't connect to the tape at [^\n]+: is that the tape's port\? It may speak TLS \(`tls`, --tls-ca of a command\)\n$/,
    ),
  });
  expect(await seriatim("tape", "topics", "--port", secure, "--tls-ca", TLS_FILES.stranger)).toMatchObject({
    status: 1,
    err: expect.stringMatching(
      /^seriatim: can't connect to the tape at 127\.0\.0\.1:\d+: none of [^\n]+ \(--tls-ca, [^\n]+ vouches for its own\n$/,
    ),
  });
});

test("a reader whose output nobody reads any more ends, as quietly as it was asked", async () => {
  await here("publish", "much", "--file", file("much", "a line of some length\n".repeat(20_000)));
  const command = `"${process.execPath}" "${LAUNCHER}" tape subscribe much --port ${port} | head -1; echo "\${PIPESTATUS[0]}"`;
  const ended = spawnSync("bash", ["-c", command], {
    ...{ encoding: "utf8", timeout: 100_000, env: SHELL_ENVIRONMENT },
  });
  expect([ended.stdout, ended.stderr]).toEqual(["a line of some length\n0\n", ""]);
});

test("an exchange's data directory is refused, and one that another tape has", async () => {
  mkdirSync(join(folder, "exchange", "journal"), { recursive: true });
  const refused = (dir: string) => seriatim("tape", "serve", "--port", "0", "--data-dir", dir);
  expect(await refused(join(folder, "exchange"))).toEqual({
    status: 1,
    out: "",
    err: expect.stringMatching(/^seriatim: .*\/exchange is an exchange's, not a tape's: it holds journal\n$/),
  });
  expect(await refused(join(folder, "tape"))).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^seriatim: the directory .*\/tape is in use by process \d+\n$/),
  });
});

test("a tape that is told to end ends with 0, and what was acknowledged is there at the next start", async () => {
  tape.child.kill("SIGTERM");
  expect(await tape.ended).toMatchObject({ status: 0, err: "" });
  const again = await serveTape(join(folder, "tape"));
  port = again.port;
  expect((await read("notes")).out).toBe("one\n\nthree\nlast without its end\n");
});
