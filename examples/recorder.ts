// A recorder that proves itself: it records a feed for some seconds through a tap that keeps what the feed sent, then plays the
// recording to a client, as fast as the client takes it, and compares the two byte by byte. Run it against `seriatim feed simulate`,
// or the feed port of `npm start`. The recording is kept where a directory is given:
//
//   npm run example examples/recorder.ts [host] [port] [seconds] [directory]

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SeriatimError } from "seriatim";
import { FeedRecorder, RecordingPlayer } from "seriatim/feed";

// What fails is said in one line, whenever it fails: status 2 for an argument that can't be, else 1.
process.once("uncaughtException", (error) => {
  if (!(error instanceof SeriatimError)) throw error;
  console.error(error.message);
  process.exit(error.code === "INVALID_ARGUMENT" ? 2 : 1);
});

const [host = "127.0.0.1", port = "9876", seconds = "5", given] = process.argv.slice(2);
const isPort = Number.isInteger(Number(port)) && Number(port) > 0 && Number(port) < 65_536;
// A number alone is a port that was meant.
if (/^\d+$/.test(host) || !isPort || !(Number(seconds) > 0)) {
  console.error("usage: npm run example examples/recorder.ts [host] [port] [seconds] [directory]");
  process.exit(2);
}
const directory = given ?? mkdtempSync(join(tmpdir(), "recording-"));
process.once("exit", () => {
  if (given === undefined) rmSync(directory, { recursive: true, force: true });
});
// The default would end it without "exit". npm passes a Ctrl-C on: it comes twice.
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));

/** What the feed sent, before the recorder had it. */
const sent: Buffer[] = [];
let trouble = "it sent nothing";
const tap = createServer((client) => {
  const feed = connect(Number(port), host).on("error", ({ message }) => {
    trouble = message;
  });
  client.pipe(feed).pipe(client);
  feed.on("data", (bytes: Buffer) => sent.push(bytes));
  for (const socket of [client, feed]) socket.on("error", () => socket.destroy());
}).listen(0, "127.0.0.1");
await once(tap, "listening");

const tapped = (tap.address() as AddressInfo).port;
const recorder = await FeedRecorder.start({ host: "127.0.0.1", port: tapped, protocol: "ticks", directory });
console.log(`recording ${host}:${port} for ${seconds} s`);
await sleep(Number(seconds) * 1_000);
const failure = await recorder.stop();
tap.close();
if (failure !== undefined) throw failure;
const { bytes } = recorder.figures;
if (bytes === 0) {
  console.error(`there is nothing to play back of ${host}:${port}: ${trouble}`);
  process.exit(1);
}
console.log(given === undefined ? `recorded ${bytes} bytes` : `recorded ${bytes} bytes to ${given}`);

const player = await RecordingPlayer.start({ directory, speed: Number.POSITIVE_INFINITY, port: 0 });
const played: Buffer[] = [];
const client = connect(player.port, "127.0.0.1");
client.on("data", (chunk: Buffer) => played.push(chunk));
await once(client, "close");
await player.stop();

// What was on its way when the recorder stopped is not in the recording.
const expected = Buffer.concat(sent).subarray(0, bytes);
const isSame = Buffer.concat(played).equals(expected);
console.log(isSame ? `played back: the same ${bytes} bytes` : "played back: other bytes than the feed sent");
process.exitCode = isSame ? 0 : 1;
