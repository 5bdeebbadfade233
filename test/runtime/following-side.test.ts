// What a node that follows makes of its connections, one after another: where it goes next, and how it is over. What happens within one
// is test/replication/sessions.test.ts, whole clusters the simulation.

import { expect, test } from "vitest";
import { SeriatimError } from "../../src/base/index.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import {
  encodeChallenge,
  encodeReplicationRefusal,
  encodeWelcome,
  RefusalCode,
  StartFrom,
} from "../../src/protocol/index.ts";
import { type FollowingLine, FollowingSide } from "../../src/runtime/index.ts";

const checksums = new NativeChecksums();
const prove = () => new Uint8Array(64);
const SEGMENT_BYTES = 65_536;

/** At 40 of epoch 3; has promised 5. Everybody's proofs hold. */
function following() {
  const done: string[] = [];
  const log = {
    ...{ epoch: 3, position: 40, persisted: 40, chain: new Uint8Array(32), mayLack: false },
    append: () => undefined,
    sync: () => {},
    prepareNext: () => {},
    lacksNothing: () => {},
    close: () => void done.push("closes its journal"),
  };
  const promises = { epoch: 5, keep: (epoch: number) => done.push(`promises ${epoch}`) };
  const keys = { prove, isProof: () => true };
  const peer = {
    name: "south",
    keys,
    checksums,
    nonce: () => new Uint8Array(32),
    cluster: ["north", "south"],
  };
  const primaries = [
    { host: "a", port: 1 },
    { host: "b", port: 2 },
  ];
  const parts = {
    ...{ ...peer, primaries, log, promises, segmentBytes: SEGMENT_BYTES },
    clock: { monotonicMicros: () => 0 },
  };
  let line: FollowingLine = { hasRoom: true, write: () => {}, end: () => {} };
  const side = new FollowingSide(parts as unknown as ConstructorParameters<typeof FollowingSide>[0], {
    connect: ({ host }) => {
      done.push(`connects to ${host}`);
      const end = (hasLastWords: boolean) => done.push(hasLastWords ? "ends, said" : "ends");
      line = { hasRoom: true, write: () => {}, end };
      return line;
    },
    connectAfter: (pause_ms) => done.push(`again after ${pause_ms}`),
    follows: (primary, epoch, position) => done.push(`follows ${primary} in ${epoch} from ${position}`),
    receive: () => expect.unreachable(),
    released: () => {},
    lost: (how) => done.push(how),
    leave: () => done.push("leaves"),
    over: (how) => done.push(how.kind === "failed" ? String(how.error) : how.kind),
  });
  const hear = (bytes: Uint8Array) => side.received(line, bytes);
  const challenge = () => hear(encodeChallenge({ nonce: new Uint8Array(32), name: "north" }, checksums));
  const refuse = (code: RefusalCode, epoch: number) =>
    hear(encodeReplicationRefusal({ code, epoch, position: 50 }, prove, checksums));
  const welcome = (epoch: number, segmentBytes = SEGMENT_BYTES) => {
    const position = { position: 50, released: 50, segmentBytes, cluster: 0 };
    hear(encodeWelcome({ start: StartFrom.Journal, epoch, ...position }, prove, checksums));
  };
  side.connect();
  return { side, log, hear, challenge, refuse, welcome, done, line: () => line };
}

test("it tries its addresses in turn, and pauses behind a round alone", () => {
  const { side, line, done } = following();
  side.closed(line(), "nobody listens there");
  side.connect();
  side.closed(line());
  side.connect();
  expect(done).toEqual([
    ...["connects to a", "ends", "a:1: nobody listens there", "again after 0"],
    ...["connects to b", "ends", "b:2: the connection was closed", "again after 250"],
    "connects to a",
  ]);
});

test("it follows once its promise is kept; what a connection says that is over is nothing to it", () => {
  const { side, line, challenge, welcome, hear, done } = following();
  const first = line();
  challenge();
  welcome(6);
  hear(new Uint8Array(64));
  side.connect();
  side.received(first, new Uint8Array(64));
  side.closed(first);
  expect(done).toEqual([
    ...["connects to a", "promises 6", "follows north in 6 from 40"],
    ...["ends", expect.stringMatching(/^a:1: /), "again after 0", "connects to b"],
  ]);
});

test("an older tenure than it has promised is refused, and hears why", () => {
  const { challenge, welcome, done } = following();
  challenge();
  welcome(4);
  expect(done.slice(1)).toEqual(["ends, said", "a:1: it was refused (StaleEpoch)", "again after 0"]);
});

test.each<[what: string, code: RefusalCode, epoch: number, ending: unknown[]]>([
  [
    "another history is left to its primary",
    RefusalCode.Diverged,
    3,
    ["leaves", "closes its journal", "diverged"],
  ],
  [
    "a primary that lacks what it needs ends it",
    RefusalCode.NoSnapshot,
    5,
    ["leaves", expect.stringMatching(/north at a:1: .* take one there$/)],
  ],
  [
    "one of an epoch that is over does not",
    RefusalCode.NoSnapshot,
    4,
    ["a:1: it refuses (NoSnapshot)", "again after 0"],
  ],
])("%s", (_, code, epoch, ending) => {
  const { side, line, challenge, refuse, done } = following();
  challenge();
  refuse(code, epoch);
  expect(done.slice(1)).toEqual(["ends", ...ending]);
  side.closed(line());
  expect(done).toHaveLength(2 + ending.length);
});

test("segments of another size than the primary's end it, before it has promised anything", () => {
  const { challenge, welcome, done } = following();
  challenge();
  welcome(6, 2 * SEGMENT_BYTES);
  expect(done.slice(1)).toEqual(["leaves", expect.stringContaining("give --segment-bytes 131072")]);
});

test("told to stop it closes its journal, and nothing of it happens any more", () => {
  const { side, line, challenge, done } = following();
  side.stop();
  side.stop();
  challenge();
  side.connect();
  side.closed(line());
  expect(done).toEqual(["connects to a", "leaves", "closes its journal", "stopped"]);
});

test("a disk that fails ends it, also at the last moment", () => {
  const { side, log, done } = following();
  log.close = () => {
    throw new SeriatimError("EIO", "the disk failed");
  };
  side.stop();
  expect(done).toEqual(["connects to a", "leaves", "SeriatimError: the disk failed"]);
});
