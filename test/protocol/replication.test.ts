// The bytes of every replication message, pinned, and how a stream of them is cut and judged.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Prng, WordBuffer } from "../../src/base/index.ts";
import { NativeChecksums } from "../../src/platform/index.ts";
import {
  BATCH_FRAME_AT,
  decodeChallenge,
  decodeLogon,
  decodeReplicationRefusal,
  decodeStanding,
  decodeWelcome,
  encodeChallenge,
  encodeLogon,
  encodeReplicationRefusal,
  encodeStanding,
  encodeWelcome,
  LogonPurpose,
  MessageStream,
  NodeRole,
  type Prove,
  RefusalCode,
  ReplicationType,
  readAck,
  readBatch,
  readHeartbeat,
  readSnapshotBegin,
  readSnapshotPart,
  replicationStatement,
  type Signed,
  SNAPSHOT_PART_AT,
  StartFrom,
  StreamFault,
  writeAck,
  writeBatch,
  writeHeartbeat,
  writeSnapshotBegin,
  writeSnapshotPart,
} from "../../src/protocol/index.ts";

const checksums = new NativeChecksums();
const run = (length: number, first: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (first + i) & 0xff);

const challenge = { nonce: run(32, 0), name: "north" };
const logon = {
  purpose: LogonPurpose.Follow,
  isWarm: false,
  mayLack: false,
  name: "south",
  nonce: run(32, 32),
  epoch: 3,
  position: 2 ** 40 + 7,
  persisted: 2 ** 40,
  chain: run(32, 64),
};
const welcome = {
  start: StartFrom.Journal,
  epoch: 4,
  position: 500,
  released: 480,
  segmentBytes: 67_108_864,
  cluster: 0,
};
const refusal = { code: RefusalCode.StaleEpoch, epoch: 9, position: 77 };
const standing = {
  role: NodeRole.Replica,
  isWarm: true,
  mayLack: false,
  epoch: 5,
  position: 600,
  persisted: 590,
  primaryHeard_us: 1_500_000,
};
const ack = { epoch: 2, inMemory: 300, persisted: 256 };
const heartbeat = { epoch: 2, released: 256 };
const begin = { epoch: 2, fileBytes: 1_000_000, position: 900, chain: run(32, 5), digest: run(32, 6) };

/** Proofs that stand for signatures: 64 bytes from `first` on. */
const proved = (first: number) => () => run(64, first);

/** What `write` puts into a buffer. */
function written(write: (buffer: WordBuffer) => number): Uint8Array {
  const buffer = new WordBuffer(1024);
  return buffer.bytes.slice(0, write(buffer));
}

const batch = written((buffer) => {
  buffer.bytes.set(run(24, 200), BATCH_FRAME_AT);
  return writeBatch(buffer, 24, 256, 3, checksums);
});
const part = written((buffer) => {
  buffer.bytes.set(run(11, 30), SNAPSHOT_PART_AT);
  return writeSnapshotPart(buffer, 262_144, 11, checksums);
});

/** The first message in `bytes`, by `decode`. */
function decoded<T>(bytes: Uint8Array, decode: (buffer: WordBuffer, at: number, body: number) => T): T {
  const stream = new MessageStream(checksums);
  let value: T | undefined;
  expect(
    stream.receive(bytes, (_, at, body) => {
      value = decode(stream.buffer, at, body);
      return true;
    }),
  ).toBeUndefined();
  expect(value).toBeDefined();
  return value as T;
}

/** Each message's bytes as version 1 has them, for ever: `name hex` by line. */
const golden = new Map(
  readFileSync(new URL("../golden/replication-1.txt", import.meta.url), "utf8")
    .split("\n")
    .map((line) => line.split(" ") as [string, string]),
);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test.each<
  [name: string, bytes: Uint8Array, decode: (buffer: WordBuffer, at: number) => object, value: object]
>([
  ["Challenge", encodeChallenge(challenge, checksums), decodeChallenge, challenge],
  ["Logon", encodeLogon(logon, proved(96), checksums), decodeLogon, logon],
  ["Welcome", encodeWelcome(welcome, proved(160), checksums), decodeWelcome, welcome],
  ["Refusal", encodeReplicationRefusal(refusal, proved(3), checksums), decodeReplicationRefusal, refusal],
  ["Standing", encodeStanding(standing, proved(2), checksums), decodeStanding, standing],
  ["Ack", written((buffer) => writeAck(buffer, ack, checksums)), readAck, ack],
  ["Heartbeat", written((buffer) => writeHeartbeat(buffer, heartbeat, checksums)), readHeartbeat, heartbeat],
  [
    "SnapshotBegin",
    written((buffer) => writeSnapshotBegin(buffer, begin, checksums)),
    readSnapshotBegin,
    begin,
  ],
  ["Batch", batch, readBatch, { released: 256, segment: 3 }],
])("%s has the bytes that are pinned, and is read as what was written", (name, bytes, decode, value) => {
  expect(hex(bytes)).toBe(golden.get(name));
  expect(decoded(bytes, decode)).toMatchObject(value);
});

test("a Welcome says whose cluster it is where versions of before had nothing", () => {
  const named = { ...welcome, cluster: 0x1234_5678 };
  const bytes = encodeWelcome(named, proved(160), checksums);
  expect(decoded(bytes, decodeWelcome)).toMatchObject(named);
  const body = (message: Uint8Array) => hex(message).slice(32);
  expect(body(bytes)).toBe(
    body(encodeWelcome(welcome, proved(160), checksums)).replace("0100000000000000", "0100000078563412"),
  );
});

test("SnapshotPart has the bytes that are pinned, and gives its own bytes without the padding", () => {
  expect(hex(part)).toBe(golden.get("SnapshotPart"));
  const read = decoded(part, readSnapshotPart);
  expect(read).toMatchObject({ offset: 262_144 });
  expect(read?.bytes).toEqual(run(11, 30));
});

test("the Ack of the specification's example has its bytes", () => {
  expect(hex(written((buffer) => writeAck(buffer, ack, checksums)))).toBe(
    "5245504cb459a1650601000018000000" + "02000000000000002c010000000000000001000000000000",
  );
});

test.each<
  [name: string, encode: (prove: Prove) => Uint8Array, decode: (buffer: WordBuffer, at: number) => Signed]
>([
  ["Logon", (prove) => encodeLogon(logon, prove, checksums), decodeLogon],
  ["Welcome", (prove) => encodeWelcome(welcome, prove, checksums), decodeWelcome],
  ["Refusal", (prove) => encodeReplicationRefusal(refusal, prove, checksums), decodeReplicationRefusal],
  ["Standing", (prove) => encodeStanding(standing, prove, checksums), decodeStanding],
])("of a %s everything before the proof is signed, as it goes over the wire", (_, encode, decode) => {
  let asked = "";
  const bytes = encode((signed) => {
    asked = hex(signed);
    return run(64, 7);
  });
  const { signed, proof } = decoded(bytes, decode);
  expect([asked, hex(signed)]).toEqual(Array(2).fill(hex(bytes.subarray(16, -64))));
  expect(proof).toEqual(run(64, 7));
});

test("a Refusal that nobody signs has zeros for a proof", () => {
  const bytes = encodeReplicationRefusal(refusal, undefined, checksums);
  expect(decoded(bytes, decodeReplicationRefusal).proof).toEqual(new Uint8Array(64));
});

test("what is signed says what it is for, then what the other side said, then the body", () => {
  const statement = replicationStatement("welcome", run(32, 0), run(40, 32));
  const head = "seriatim replication 1 welcome".padEnd(32, "\0");
  expect(Buffer.from(statement).toString("latin1")).toBe(head + Buffer.from(run(72, 0)).toString("latin1"));
});

test("a stream cut anywhere gives the same messages", () => {
  const whole = Buffer.concat([batch, part, encodeLogon(logon, proved(96), checksums), batch]);
  const prng = new Prng(7);
  for (let round = 0; round < 200; round++) {
    const stream = new MessageStream(checksums, 512);
    const types: number[] = [];
    for (let at = 0; at < whole.length; ) {
      const end = Math.min(whole.length, at + prng.between(1, 97));
      const fault = stream.receive(whole.subarray(at, end), (type, from) => {
        types.push(type);
        expect(from % 8).toBe(0);
        return true;
      });
      expect(fault).toBeUndefined();
      at = end;
    }
    expect(types).toEqual([
      ReplicationType.Batch,
      ReplicationType.SnapshotPart,
      ReplicationType.Logon,
      ReplicationType.Batch,
    ]);
  }
});

test("no byte of a message can change without the stream ending there", () => {
  const whole = encodeLogon(logon, proved(96), checksums);
  for (let at = 0; at < whole.length; at++) {
    for (const bit of [1, 128]) {
      const bad = whole.slice();
      bad[at] ^= bit;
      const stream = new MessageStream(checksums);
      let visited = 0;
      const fault = stream.receive(bad, () => ++visited > 0);
      expect([at, visited]).toEqual([at, 0]);
      // A longer body, of a type that may have one, is waited for: the checksum then says what it was.
      if (fault === undefined) expect(at).toBeGreaterThanOrEqual(8);
    }
  }
});

test.each<[name: string, at: number, value: number, fault: StreamFault]>([
  ["a magic that is none", 0, 0, StreamFault.BadMagic],
  ["another version", 9, 2, StreamFault.UnknownVersion],
  ["a type that there isn't", 8, 11, StreamFault.BadBody],
  ["a type of another size", 8, 7 + 3, StreamFault.BadBody],
  ["a body that is no whole number of words", 12, 177, StreamFault.BadBody],
  ["a checksum that does not match", 40, 255, StreamFault.BadChecksum],
])("%s ends the stream for good", (_, at, value, fault) => {
  const bad = encodeLogon(logon, proved(96), checksums);
  bad[at] = value;
  const stream = new MessageStream(checksums);
  const refuse = () => {
    throw new Error("nothing of it is handed on");
  };
  expect(stream.receive(bad, refuse)).toBe(fault);
  expect(stream.receive(encodeLogon(logon, proved(96), checksums), refuse)).toBe(fault);
});

test("a message longer than the caller expects is refused before its body is waited for", () => {
  const stream = new MessageStream(checksums, 128);
  expect(stream.receive(encodeLogon(logon, proved(96), checksums).subarray(0, 16), () => true)).toBe(
    StreamFault.BadBody,
  );
});
