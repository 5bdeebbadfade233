// A recorder and a player on real sockets and files: the same bytes, whatever becomes of connections.

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { inspectRecording } from "../../../src/feed/index.ts";
import {
  FeedRecorder,
  type FeedRecorderOptions,
  RecordingPlayer,
  type RecordingPlayerOptions,
} from "../../../src/feed-runtime/index.ts";
import { createServerOf, NativeChecksums } from "../../../src/platform/index.ts";
import { TLS, TLS_FILES } from "../../support/tls.ts";
import { until } from "../../support/until.ts";
import { receiveAll, scratchDirectory, startFeed, storage, takeBytes } from "./support.ts";

function recordTo(
  directory: string,
  port: number,
  more: Partial<FeedRecorderOptions> = {},
): Promise<FeedRecorder> {
  return FeedRecorder.start({
    host: "127.0.0.1",
    port,
    protocol: "ticks",
    directory,
    ...more,
  });
}

async function play(directory: string, more: Partial<RecordingPlayerOptions> = {}): Promise<RecordingPlayer> {
  const speed = Number.POSITIVE_INFINITY;
  const where = { port: 0 };
  const player = await RecordingPlayer.start({ directory, speed, ...where, ...more });
  onTestFinished(() => player.stop());
  return player;
}

/** A recording's thread hears nothing more until `release` is called, then everything in its order: its disk is behind, however fast it is. */
function holdThread(): { release: () => void } {
  const { prototype } = Worker;
  const { postMessage } = prototype;
  const held: (() => void)[] = [];
  prototype.postMessage = function (this: Worker, message: unknown) {
    held.push(() => postMessage.call(this, message));
  };
  const restore = () => {
    prototype.postMessage = postMessage;
  };
  onTestFinished(restore);
  return {
    release: () => {
      restore();
      for (const post of held.splice(0)) post();
    },
  };
}

test("what a player sends is what the recorder received, connection by connection", async () => {
  const directory = scratchDirectory();
  const sent = [randomBytes(300_000), randomBytes(70_000)];
  const port = await startFeed((socket, number) => {
    const bytes = sent[number - 1];
    if (bytes === undefined) return;
    for (let at = 0; at < bytes.length; at += 1_777) socket.write(bytes.subarray(at, at + 1_777));
    if (number === 1) socket.end();
  });
  const ends: string[] = [];
  const recorder = await recordTo(directory, port, { onTake: (event) => ends.push(event) });
  await until(() => recorder.figures.bytes === 370_000);
  expect(recorder.figures).toEqual({ takes: 2, bytes: 370_000, waits: 0, isConnected: true });
  expect(await recorder.stop()).toBe(undefined);
  expect(ends).toEqual(["begun", "the feed ended", "begun", "the recorder stopped"]);
  for (const take of [1, 2]) {
    const player = await play(directory, { take });
    const clients = await Promise.all([receiveAll(player.port), receiveAll(player.port)]);
    for (const bytes of clients) expect(bytes.equals(sent[take - 1])).toBe(true);
  }
  const report = inspectRecording({ storage, checksums: new NativeChecksums(), directory });
  expect(report).toMatchObject({
    verdict: "clean",
    takes: [
      { take: 1, protocol: "ticks", address: `127.0.0.1:${port}`, bytes: 300_000, end: "the feed ended" },
      { take: 2, bytes: 70_000, end: "the recorder stopped" },
    ],
  });
});

test("a feed that is faster than the disk is recorded whole", async () => {
  const directory = scratchDirectory();
  const block = randomBytes(1 << 20);
  const port = await startFeed((socket) => {
    for (let i = 0; i < 40; i++) socket.write(block);
  });
  const recorder = await recordTo(directory, port);
  await until(() => recorder.figures.bytes === 40 * block.length);
  await recorder.stop();
  const bytes = takeBytes(directory, 1);
  expect(bytes.length).toBe(40 * block.length);
  for (let i = 0; i < 40; i++)
    expect(bytes.subarray(i * block.length, (i + 1) * block.length).equals(block)).toBe(true);
});

test("a recorder that is stopped while everything waits for the disk says so behind what waits", async () => {
  const directory = scratchDirectory();
  const block = randomBytes(1 << 20);
  const port = await startFeed((socket) => {
    for (let i = 0; i < 40; i++) socket.write(block);
  });
  const recorder = await recordTo(directory, port);
  const thread = holdThread();
  await until(() => recorder.figures.waits > 0);
  const stopped = recorder.stop();
  thread.release();
  expect(await stopped).toBe(undefined);
  const report = inspectRecording({ storage, checksums: new NativeChecksums(), directory });
  expect(report.takes).toMatchObject([{ bytes: recorder.figures.bytes, end: "the recorder stopped" }]);
});

test("a feed whose clients speak first is greeted, and so is its player before it plays", async () => {
  const directory = scratchDirectory();
  let greeted = "";
  const port = await startFeed((socket) =>
    socket.on("data", (bytes: Buffer) => {
      greeted += bytes.toString();
      socket.write("answer");
    }),
  );
  const recorder = await recordTo(directory, port, { protocol: "channel", greeting: Buffer.from("hello") });
  await until(() => recorder.figures.bytes === 6);
  await recorder.stop();
  expect(greeted).toBe("hello");
  const player = await play(directory);
  expect(player.protocol).toBe("channel");
  expect((await receiveAll(player.port, "hello")).toString()).toBe("answer");
});

test("what came in the first seconds is left out when the player is told so", async () => {
  const directory = scratchDirectory();
  const sockets: Socket[] = [];
  const port = await startFeed((socket) => sockets.push(socket.on("data", () => {})));
  let now_us = 1_700_000_000_000_000;
  const clock = { wallMicros: () => now_us, monotonicMicros: () => now_us };
  const recorder = await recordTo(directory, port, { clock });
  for (const [n, word] of ["early", "later", "last"].entries()) {
    await until(() => sockets.length === 1);
    sockets[0].write(word);
    await until(() => recorder.figures.bytes === [5, 10, 14][n]);
    now_us += 10_000_000;
  }
  await recorder.stop();
  for (const [skip_s, rest] of [
    [0, "earlylaterlast"],
    [10, "laterlast"],
    [11, "last"],
  ] as const)
    expect(String(await receiveAll((await play(directory, { skip_s })).port))).toBe(rest);
  await expect(play(directory, { skip_s: 21 })).rejects.toThrow(
    `take 1 of ${directory} has nothing after its first 21 s`,
  );
});

test("a wall clock that is set back or on in the middle of a take changes nothing in its pace", async () => {
  const directory = scratchDirectory();
  const sockets: Socket[] = [];
  const port = await startFeed((socket) => sockets.push(socket));
  const begun_us = 1_700_000_000_000_000;
  const HOUR_US = 3_600_000_000;
  let [passed_us, set_us] = [0, 0];
  const clock = { wallMicros: () => begun_us + passed_us + set_us, monotonicMicros: () => passed_us };
  const recorder = await recordTo(directory, port, { clock });
  const send = async (take: number, at_us: number) => {
    passed_us = at_us;
    const { bytes } = recorder.figures;
    await until(() => sockets.length === take);
    sockets[take - 1].write("x");
    await until(() => recorder.figures.bytes === bytes + 1);
  };
  await send(1, 1_000_000);
  set_us = -HOUR_US;
  await send(1, 2_000_000);
  set_us = HOUR_US;
  await send(1, 3_000_000);
  const end = (take: number) => {
    sockets[take - 1].end();
    return until(() => !recorder.figures.isConnected);
  };
  // Another take begins by the clock as it is then, but never before what is recorded.
  await end(1);
  await send(2, 4_000_000);
  set_us = 0;
  await send(2, 5_000_000);
  await end(2);
  await send(3, 6_000_000);
  await recorder.stop();
  const { takes } = inspectRecording({ storage, checksums: new NativeChecksums(), directory });
  expect(takes.map(({ begun_us: from, last_us }) => [from - begun_us, last_us - from])).toEqual([
    [0, 3_000_000],
    [HOUR_US + 4_000_000, 1_000_000],
    [HOUR_US + 6_000_000, 0],
  ]);
});

test("a feed that speaks TLS is recorded too, when its certificate is vouched for", async () => {
  const bytes = randomBytes(200_000);
  const server = createServerOf(TLS, (socket) => void socket.on("error", () => {}).end(bytes));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const directory = scratchDirectory();
  const stranger = readFileSync(TLS_FILES.stranger, "utf8");
  await expect(recordTo(directory, port, { tlsCa: stranger })).rejects.toThrow(
    `the feed at 127.0.0.1:${port}: `,
  );
  const recorder = await recordTo(directory, port, { tlsCa: TLS.cert });
  await until(() => recorder.figures.bytes >= bytes.length);
  await recorder.stop();
  expect(takeBytes(directory, 1).equals(bytes)).toBe(true);
});

test("a directory that is somebody else's is refused, by name", async () => {
  const directory = scratchDirectory();
  mkdirSync(join(directory, "journal"));
  const message = `${directory} is an exchange's data directory, it holds journal: a recording has one of its own`;
  await expect(recordTo(directory, 1)).rejects.toThrow(message);
  await expect(play(directory)).rejects.toThrow(message);
  const other = scratchDirectory();
  mkdirSync(join(other, "photos"));
  await expect(recordTo(other, 1)).rejects.toThrow(`${other} is not a recording: it holds photos`);
  await expect(play(join(other, "nowhere"))).rejects.toThrow("no such file or directory");
  await expect(play(scratchDirectory())).rejects.toThrow("holds no recording");
});

test("one recorder at a time; a feed that nobody serves is said, and the directory is free again", async () => {
  const directory = scratchDirectory();
  const port = await startFeed(() => {});
  const recorder = await recordTo(directory, port);
  await expect(recordTo(directory, port)).rejects.toThrow("is in use by process");
  await recorder.stop();
  await expect(recordTo(directory, 1)).rejects.toThrow("the feed at 127.0.0.1:1: nothing listens there");
  const again = await recordTo(directory, port);
  expect(await again.stop()).toBe(undefined);
  const player = await play(directory, { take: 2 });
  expect([player.takes, (await receiveAll(player.port)).length]).toEqual([2, 0]);
});

test.each<[message: string, options: object]>([
  ["port 70000 is not an integer from 1 to 65535", { port: 70_000 }],
  ["host is no text", { host: "" }],
  ["directory is no text", { directory: undefined }],
  ["protocol fix is none of ticks, channel", { protocol: "fix" }],
])("a recorder refuses what can't be before it makes anything: %s", async (message, wrong) => {
  const directory = join(scratchDirectory(), "recording");
  const options = { host: "127.0.0.1", port: 1, protocol: "ticks", directory, ...wrong };
  await expect(FeedRecorder.start(options as never)).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    message,
  });
  expect(existsSync(directory)).toBe(false);
});

test("a player refuses what can't be; what is left undefined has its default", async () => {
  const directory = scratchDirectory();
  const port = await startFeed((socket) => socket.end("bytes"));
  const recorder = await recordTo(directory, port);
  await until(() => recorder.figures.bytes > 0);
  await recorder.stop();
  const refusals: [message: string, wrong: object][] = [
    ["port 70000 is not an integer from 0 to 65535", { port: 70_000 }],
    ["speed -1 is not a number above 0", { speed: -1 }],
    ["speed NaN is not a number above 0", { speed: Number.NaN }],
    ["skip_s Infinity is not a number of seconds from 0 on", { skip_s: Number.POSITIVE_INFINITY }],
  ];
  for (const [message, wrong] of refusals)
    await expect(play(directory, wrong)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message });
  const nothing = { take: undefined, skip_s: undefined, host: undefined, clock: undefined };
  const player = await play(directory, nothing as never);
  expect((await receiveAll(player.port)).toString()).toBe("bytes");
});
