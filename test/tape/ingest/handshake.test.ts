import { expect, test } from "vitest";
import {
  encodeTapeHello,
  encodeTapeProof,
  TAPE_NONCE_BYTES,
  TAPE_ORDER_ANY,
  TapeFrom,
  TapeHead,
  type TapeHelloFields,
  TapeReason,
  TapeRole,
  type TopicGrant,
  tapeReasonName,
  tapeStatement,
} from "../../../src/protocol/index.ts";
import { Handshake, HandshakeState, OPEN_GRANT, type TapeAccess } from "../../../src/tape/index.ts";
import { batch, concat } from "./support.ts";

const NONCE = new Uint8Array(TAPE_NONCE_BYTES).fill(9);
const publisher: TapeHelloFields = {
  role: TapeRole.Publisher,
  topic: "md.trades",
  group: "",
  key: "",
  order: TAPE_ORDER_ANY,
  ack: 2,
  replicas: 1,
  publisher: 7,
  epoch: 0,
  fromKind: TapeFrom.None,
  from: 0,
  credit: 0,
};
const subscriber: TapeHelloFields = {
  ...publisher,
  ...{ role: TapeRole.Subscriber, ack: 0, publisher: 0, fromKind: TapeFrom.Start, credit: 100 },
};
const administrator: TapeHelloFields = {
  ...publisher,
  ...{ role: TapeRole.Administrator, topic: "", ack: 0, publisher: 0 },
};

const grants: Record<string, TopicGrant> = {
  feed: {
    name: "feed",
    isAdmin: false,
    topics: [{ name: "md.*", may: ["publish"] }],
    bytesPerSecond: 1_000,
  },
  admin: { name: "admin", isAdmin: true, topics: [], bytesPerSecond: undefined },
};

/** A proof is the last byte of what it signs, 64 times. */
const access: TapeAccess = {
  isOpen: false,
  challenge: () => NONCE,
  grantFor: (name) => grants[name],
  isProof: (_, statement, proof) => proof.every((byte) => byte === statement.at(-1)),
};

function proofOf(hello: Uint8Array): Uint8Array {
  return encodeTapeProof(new Uint8Array(64).fill(tapeStatement(NONCE, hello).at(-1) ?? 0));
}

/** The whole handshake of a key: its verdict, as a word. */
function verdict(fields: TapeHelloFields, proof?: Uint8Array): string {
  const handshake = new Handshake({ ...access, isOpen: fields.key === "" });
  const hello = encodeTapeHello(fields);
  handshake.take(hello, 0, hello.length);
  if (handshake.state === HandshakeState.WaitProof) {
    const answer = proof ?? proofOf(hello);
    handshake.take(answer, 0, answer.length);
  }
  return handshake.state === HandshakeState.WaitOpen ? "let in" : tapeReasonName(handshake.problem);
}

test("a handshake is taken whole, split at every byte, and what follows it is left", () => {
  const hello = encodeTapeHello({ ...publisher, key: "feed" });
  const stream = concat(hello, proofOf(hello));
  const rest = batch(1, 64);
  for (let cut = 1; cut < stream.length; cut++) {
    const handshake = new Handshake(access);
    expect(handshake.take(stream, 0, cut)).toBe(cut);
    expect(handshake.state).toBe(cut < hello.length ? HandshakeState.WaitHello : HandshakeState.WaitProof);
    const all = concat(stream, rest);
    expect(handshake.take(all, cut, all.length)).toBe(stream.length);
    expect([handshake.state, handshake.grant?.name]).toEqual([HandshakeState.WaitOpen, "feed"]);
    expect(handshake.hello?.topic).toBe("md.trades");
  }
});

test("byte by byte too, without a key where that is open", () => {
  const handshake = new Handshake({ ...access, isOpen: true });
  const hello = encodeTapeHello(publisher);
  for (let at = 0; at < hello.length; at++) handshake.take(hello, at, at + 1);
  expect([handshake.state, handshake.grant]).toEqual([HandshakeState.WaitOpen, OPEN_GRANT]);
});

test.each<[string, string, TapeHelloFields]>([
  ["a publisher in open mode", "let in", publisher],
  ["a subscriber in open mode", "let in", subscriber],
  ["an administrator in open mode", "let in", administrator],
  ["a key that may publish there", "let in", { ...publisher, key: "feed" }],
  ["a key that may publish elsewhere", "NotAllowed", { ...publisher, key: "feed", topic: "orders" }],
  ["a key that may publish and wants to read", "NotAllowed", { ...subscriber, key: "feed" }],
  ["a key that may publish and wants to administer", "NotAllowed", { ...administrator, key: "feed" }],
  ["an administrator's key", "let in", { ...administrator, key: "admin" }],
  ["an administrator's key that wants to publish", "NotAllowed", { ...publisher, key: "admin" }],
  ["a key that is not there", "Logon", { ...publisher, key: "nobody" }],
  ["a topic without a name", "TopicName", { ...publisher, topic: "" }],
  ["a topic's name of other characters", "TopicName", { ...publisher, topic: "a/b" }],
  ["a topic's name of dots", "let in", { ...publisher, topic: ".." }],
  ["a topic's name of 255 characters", "let in", { ...publisher, topic: "x".repeat(255) }],
  ["more than one replica", "ReplicasUnavailable", { ...publisher, replicas: 2 }],
  ["an order level that there is not", "OrderLevel", { ...publisher, order: 3 }],
  ["an ack level that there is not", "AckLevel", { ...publisher, ack: 3 }],
])("%s: %s", (_, expected, hello) => {
  expect(verdict(hello)).toBe(expected);
});

test("a wrong proof and an unknown key look the same", () => {
  const wrong = encodeTapeProof(new Uint8Array(64).fill(3));
  expect(verdict({ ...publisher, key: "feed" }, wrong)).toBe("Logon");
  expect(verdict({ ...publisher, key: "nobody" }, wrong)).toBe("Logon");
});

test.each<[string, keyof typeof TapeReason, (bytes: Uint8Array) => void]>([
  ["another magic", "Malformed", (bytes) => bytes.fill(1, TapeHead.magic, TapeHead.magic + 2)],
  ["another version", "VersionUnknown", (bytes) => bytes.fill(2, TapeHead.version, TapeHead.version + 1)],
  ["another message first", "Malformed", (bytes) => bytes.fill(2, TapeHead.type, TapeHead.type + 1)],
  ["a changed byte", "ChecksumHeader", (bytes) => bytes.fill(1, 20, 21)],
])("a Hello with %s is refused: %s", (_, reason, change) => {
  const hello = encodeTapeHello(publisher);
  change(hello);
  const handshake = new Handshake(access);
  handshake.take(hello, 0, hello.length);
  expect(tapeReasonName(handshake.problem)).toBe(reason);
  expect(handshake.problem).not.toBe(TapeReason.None);
});

test("without a key nobody is let in where that is not open", () => {
  const hello = encodeTapeHello(publisher);
  const handshake = new Handshake(access);
  handshake.take(hello, 0, hello.length);
  expect(tapeReasonName(handshake.problem)).toBe("Logon");
});
