// The thread that serves replicas, by real sockets, and what it says of its node while the tenure begins: the frames that a
// test puts into the shared memory stand for the journal.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WordBuffer } from "../../src/base/index.ts";
import { makeNonce, NativeChecksums } from "../../src/platform/index.ts";
import {
  decodeReplicationRefusal,
  MessageStream,
  NodeRole,
  RefusalCode,
  ReplicationType,
  writeAck,
} from "../../src/protocol/index.ts";
import {
  ACK_VIEW_BYTES,
  createLiveFrames,
  LiveFrames,
  type PeerStanding,
} from "../../src/replication/index.ts";
import { generateKey } from "../../src/runtime/index.ts";
import { askPeers } from "../../src/runtime/replication/asking.ts";
import { readIdentity } from "../../src/runtime/replication/keys.ts";
import { ServingThread } from "../../src/runtime/replication/serving-thread.ts";

const HOST = "127.0.0.1";
const checksums = new NativeChecksums();
let directory = "";
let thread: ServingThread;
let frames: LiveFrames;
const path = (name: string): string => join(directory, name);

/** On `live`, which holds the newest frames. */
function threadOn(live: SharedArrayBuffer): ServingThread {
  return new ServingThread({
    ...{ host: HOST, port: 0, peers: [], keys: path("keys.json"), ownKey: path("north.key") },
    ...{ journal: path("journal"), snapshots: path("snapshots"), version: undefined, mayLack: false },
    ...{ segmentBytes: 2_097_152, live, view: new SharedArrayBuffer(ACK_VIEW_BYTES) },
  });
}

/** North, whose log ends at position 7 of epoch 1; what lies in its journal's directory no one can read. */
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "seriatim-serving-"));
  for (const name of ["north", "south"]) generateKey(name, "replica", path(`${name}.key`), path("keys.json"));
  mkdirSync(path("journal"));
  writeFileSync(path("journal/journal-0000000001.seg"), "no segment");
  const live = createLiveFrames(4096);
  frames = new LiveFrames(live, 7, 1);
  thread = threadOn(live);
});
afterEach(async () => {
  await thread.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** As south, which is at `position` of `epoch`. */
async function ask(epoch: number, position: number, addresses = 1): Promise<PeerStanding[]> {
  const { name, keys } = readIdentity(path("keys.json"), path("south.key"));
  const asking = { name, keys, checksums, nonce: makeNonce, log: { epoch, position, persisted: position } };
  const north = { host: HOST, port: await thread.listening };
  return askPeers(Array(addresses).fill(north), asking);
}

test("a node that is asked at two addresses is one node", async () => {
  expect(await ask(1, 7, 2)).toMatchObject([{ name: "north", position: 7 }]);
});

const isFenced = () => Promise.race([thread.fenced, new Promise((resolve) => setImmediate(resolve, "no"))]);

// It was of the epoch before until it had heard that the Tenure is on its own disk: a replica had it long since.
test("a node whose Tenure is on its way is of that epoch: who has it already, and comes again, does not end it", async () => {
  thread.gather(3);
  expect(await ask(1, 7)).toMatchObject([{ name: "north", role: NodeRole.Waiting, epoch: 1, position: 7 }]);
  frames.append(new Uint8Array(24), 1, 8, 8, 3);
  expect(await ask(3, 8)).toMatchObject([{ name: "north", role: NodeRole.Waiting, epoch: 3, position: 8 }]);
  expect(await isFenced()).toBe("no");
  expect(await ask(4, 9)).toHaveLength(1);
  expect(await thread.fenced).toMatchObject({
    message: expect.stringContaining("south is at position 9 of epoch 4, this node is of epoch 3 and at 8"),
  });
});

// Each of them had the newest segment read, from its beginning, on the thread that takes acknowledgements.
test("a stranger before its logon, and one that asks, have nothing read from the disk", async () => {
  const socket = connect(await thread.listening, HOST);
  const answers = new MessageStream(checksums);
  const refused = new Promise((resolve) => {
    socket.on("data", (bytes) => {
      answers.receive(bytes, (type, at) => {
        if (type === ReplicationType.Refusal) resolve(decodeReplicationRefusal(answers.buffer, at));
        return true;
      });
    });
  });
  const ack = new WordBuffer(64);
  socket.write(ack.bytes.subarray(0, writeAck(ack, { epoch: 1, inMemory: 1, persisted: 1 }, checksums)));
  expect(await refused).toMatchObject({ code: RefusalCode.BadMessage, epoch: 1, position: 7 });
  socket.destroy();
  thread.gather(3);
  frames.append(new Uint8Array(24), 1, 8, 8, 3);
  thread.lead();
  expect(await ask(3, 8)).toMatchObject([{ epoch: 3, position: 8 }]);
});

// It was said in the log, as news, and every order was refused from then on.
test("a thread that ends of itself ends the node", async () => {
  const dying = threadOn(new SharedArrayBuffer(0));
  await expect(dying.fenced).resolves.toMatchObject({ code: "REPLICATION_THREAD_DIED" });
  await dying.stop();
});
