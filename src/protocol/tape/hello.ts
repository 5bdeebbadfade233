// What a connection begins with: who it is, what for, and on which terms. Once per connection: a plain object. A Hello that is
// read has been judged whole, its names too; whether its topic exists and its key may is for the broker to say.

import { crc32c, decodeUtf8, encodeUtf8, getU64, SAFE_MAX, setU64 } from "../../base/index.ts";
import { copiedBytes, type TapeMemory, tapeLengthAt, tapeMemoryOf, writeTapeHead } from "./head.ts";
import {
  padded,
  TAPE_LEVEL_MAX,
  TAPE_NONCE_BYTES,
  TAPE_ORDER_ANY,
  TapeFrom,
  TapeHello,
  TapeRole,
  TapeType,
} from "./layout.ts";
import { TapeReason } from "./reasons.ts";

export interface TapeHelloFields {
  readonly role: TapeRole;
  /** "" for an administrator alone. */
  readonly topic: string;
  /** "": none. Of a subscriber alone. */
  readonly group: string;
  /** The name of the key that signs the proof; "": no logon. */
  readonly key: string;
  /** 0 to 2, or TAPE_ORDER_ANY. */
  readonly order: number;
  /** 0 to 2; of a publisher alone. */
  readonly ack: number;
  /** 0 and 1 are the same: one node has each record. */
  readonly replicas: number;
  /** Of a publisher: 1 to 2^53 - 1, its own choice and kept over restarts; else 0. */
  readonly publisher: number;
  /** 0: the next one. Of a publisher alone. */
  readonly epoch: number;
  /** Of a subscriber. `from` is a record's number or microseconds since 1970. */
  readonly fromKind: TapeFrom;
  readonly from: number;
  /** Bytes of batches that a subscriber may be sent before it gives more. */
  readonly credit: number;
}

const NAME = /^[A-Za-z0-9._-]{1,255}$/;

/** Whether `name` can be a topic's or a group's: 1 to 255 of A-Z a-z 0-9 . _ - */
export function isTapeName(name: string): boolean {
  return NAME.test(name);
}

/** The message, with names that were checked. */
export function encodeTapeHello(hello: TapeHelloFields): Uint8Array<ArrayBuffer> {
  const names = encodeUtf8(hello.topic + hello.group + hello.key);
  const bytes = new Uint8Array(padded(TapeHello.bytes + names.length));
  const { view } = tapeMemoryOf(bytes);
  writeTapeHead(view, 0, TapeType.Hello, bytes.length);
  bytes[TapeHello.role] = hello.role;
  bytes[TapeHello.order] = hello.order;
  bytes[TapeHello.ack] = hello.ack;
  bytes[TapeHello.replicas] = hello.replicas;
  bytes[TapeHello.topicBytes] = hello.topic.length;
  bytes[TapeHello.groupBytes] = hello.group.length;
  bytes[TapeHello.keyBytes] = hello.key.length;
  bytes[TapeHello.fromKind] = hello.fromKind;
  setU64(view, TapeHello.publisher, hello.publisher);
  setU64(view, TapeHello.epoch, hello.epoch);
  setU64(view, TapeHello.from, hello.from);
  view.setUint32(TapeHello.credit, hello.credit, true);
  bytes.set(names, TapeHello.bytes);
  view.setUint32(TapeHello.crc, crc32c(bytes), true);
  return bytes;
}

/** The Hello at `at`, whose head was judged and which is there whole; or what is wrong with it. */
export function decodeTapeHello({ bytes, view }: TapeMemory, at: number): TapeHelloFields | TapeReason {
  const length = tapeLengthAt(view, at);
  const copy = copiedBytes(bytes, at, at + length);
  copy.fill(0, TapeHello.crc, TapeHello.bytes);
  if (crc32c(copy) !== view.getUint32(at + TapeHello.crc, true)) return TapeReason.ChecksumHeader;
  const own = new DataView(copy.buffer, copy.byteOffset, copy.length);
  const groupAt = TapeHello.bytes + copy[TapeHello.topicBytes];
  const keyAt = groupAt + copy[TapeHello.groupBytes];
  const end = keyAt + copy[TapeHello.keyBytes];
  const unused = copy.subarray(TapeHello.reserved, TapeHello.crc);
  if (padded(end) !== length || unused.some(isSet) || copy.subarray(end).some(isSet))
    return TapeReason.Malformed;
  const hello: TapeHelloFields = {
    role: copy[TapeHello.role] as TapeRole,
    topic: decodeUtf8(copiedBytes(copy, TapeHello.bytes, groupAt)),
    group: decodeUtf8(copiedBytes(copy, groupAt, keyAt)),
    key: decodeUtf8(copiedBytes(copy, keyAt, end)),
    order: copy[TapeHello.order],
    ack: copy[TapeHello.ack],
    replicas: copy[TapeHello.replicas],
    publisher: getU64(own, TapeHello.publisher),
    epoch: getU64(own, TapeHello.epoch),
    fromKind: copy[TapeHello.fromKind] as TapeFrom,
    from: getU64(own, TapeHello.from),
    credit: own.getUint32(TapeHello.credit, true),
  };
  const problem = helloProblem(hello);
  return problem === TapeReason.None ? hello : problem;
}

/** What is wrong with a Hello whatever the broker holds; None when nothing is. */
function helloProblem(hello: TapeHelloFields): TapeReason {
  const { role, topic, group, key } = hello;
  if (role < TapeRole.Publisher || role > TapeRole.Administrator) return TapeReason.Malformed;
  const isAdministrator = role === TapeRole.Administrator;
  if (isAdministrator ? topic !== "" : !isTapeName(topic)) return TapeReason.TopicName;
  if (group !== "" && (role !== TapeRole.Subscriber || !isTapeName(group))) return TapeReason.GroupName;
  if (!/^[\x21-\x7e]*$/.test(key)) return TapeReason.Logon;
  if (hello.order > TAPE_LEVEL_MAX && hello.order !== TAPE_ORDER_ANY) return TapeReason.OrderLevel;
  if (hello.ack > (role === TapeRole.Publisher ? TAPE_LEVEL_MAX : 0)) return TapeReason.AckLevel;
  if (hello.replicas > 1) return TapeReason.ReplicasUnavailable;
  return numbersProblem(hello);
}

function numbersProblem({ role, publisher, epoch, fromKind, from, credit }: TapeHelloFields): TapeReason {
  const isPublisher = role === TapeRole.Publisher;
  const isSubscriber = role === TapeRole.Subscriber;
  const isSession = isPublisher ? publisher >= 1 && publisher <= SAFE_MAX : publisher === 0;
  if (!isSession) return TapeReason.OtherSession;
  if (isPublisher ? epoch > SAFE_MAX : epoch !== 0) return TapeReason.Epoch;
  const knowsFrom = isSubscriber
    ? fromKind >= TapeFrom.Start && fromKind <= TapeFrom.Time
    : fromKind === TapeFrom.None;
  const hasNumber = fromKind === TapeFrom.Record || fromKind === TapeFrom.Time;
  if (!knowsFrom || (hasNumber ? from > SAFE_MAX : from !== 0)) return TapeReason.Malformed;
  return isSubscriber || credit === 0 ? TapeReason.None : TapeReason.Malformed;
}

function isSet(byte: number): boolean {
  return byte !== 0;
}

const STATEMENT = "seriatim tape 1 logon";
const STATEMENT_BYTES = 32;

/** What a Proof signs: what it is for, the nonce of this connection alone, and everything that the Hello asks for. */
export function tapeStatement(nonce: Uint8Array, hello: Uint8Array): Uint8Array<ArrayBuffer> {
  const statement = new Uint8Array(STATEMENT_BYTES + TAPE_NONCE_BYTES + hello.length);
  statement.set(encodeUtf8(STATEMENT));
  statement.set(nonce, STATEMENT_BYTES);
  statement.set(hello, STATEMENT_BYTES + TAPE_NONCE_BYTES);
  return statement;
}
