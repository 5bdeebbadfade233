// The messages by which two nodes come to know each other: Challenge, Logon, Welcome, Refusal, Standing. Once per
// connection: plain objects. What each side signs is written down here, so that both sign the same bytes.

import { type Checksums, decodeUtf8, encodeUtf8, getU64, type Position, setU64 } from "../../base/index.ts";
import {
  ChallengeLayout,
  DIGEST_BYTES,
  LogonLayout,
  NODE_NAME_BYTES_MAX,
  NONCE_BYTES,
  PROOF_BYTES,
  RefusalLayout,
  ReplicationType,
  StandingLayout,
  WelcomeLayout,
} from "./layout.ts";
import { REPLICATION_BODY_AT as BODY, MessageBuffer, sealMessage } from "./message.ts";

export interface Challenge {
  /** Never used before. */
  readonly nonce: Uint8Array;
  /** Of the node that listens. */
  readonly name: string;
}

/** Why a node logs on. */
export const LogonPurpose = { Follow: 1, Ask: 2 } as const;
export type LogonPurpose = (typeof LogonPurpose)[keyof typeof LogonPurpose];

export interface Logon {
  readonly purpose: LogonPurpose;
  /** As in a Standing. */
  readonly isWarm: boolean;
  readonly mayLack?: boolean | undefined;
  readonly name: string;
  readonly nonce: Uint8Array;
  /** Of its last frame; 0 when it has none. */
  readonly epoch: number;
  readonly position: Position;
  /** Up to where its disk has it: below `position` on a node that lost its connection a moment ago. */
  readonly persisted: Position;
  /** The chain value of its last frame; zeros when it only asks. */
  readonly chain: Uint8Array;
  readonly proof: Uint8Array;
}

/** How a replica is brought up to date. */
export const StartFrom = { Journal: 1, Snapshot: 2 } as const;
export type StartFrom = (typeof StartFrom)[keyof typeof StartFrom];

export interface Welcome {
  readonly start: StartFrom;
  readonly epoch: number;
  /** The primary's last. */
  readonly position: Position;
  readonly released: Position;
  readonly segmentBytes: number;
  /** Stands for the names of all nodes that the primary's keys file has; 0: not said, as by versions of before. */
  readonly cluster: number;
  readonly proof: Uint8Array;
}

/** Why a session ends. Numbers are never reused. */
export const RefusalCode = {
  NotAuthorised: 1,
  NotPrimary: 2,
  Full: 3,
  StaleEpoch: 4,
  Diverged: 5,
  Ahead: 6,
  BadMessage: 7,
  AckAhead: 8,
  Gap: 9,
  NoSnapshot: 10,
  /** Another node of this name follows, and was heard a moment ago. */
  NameInUse: 11,
} as const;
export type RefusalCode = (typeof RefusalCode)[keyof typeof RefusalCode];

export interface ReplicationRefusal {
  readonly code: RefusalCode;
  /** The highest the sender knows of, and its last position. */
  readonly epoch: number;
  readonly position: Position;
  /** Of the listener, once it has a Logon to answer; otherwise zeros. */
  readonly proof?: Uint8Array | undefined;
}

export const NodeRole = { Primary: 1, Replica: 2, Waiting: 3 } as const;
export type NodeRole = (typeof NodeRole)[keyof typeof NodeRole];

/** What a node says of itself to a peer that asks. */
export interface Standing {
  readonly role: NodeRole;
  /** It has been up, with what it holds in memory, since its last primary acknowledged by it. */
  readonly isWarm: boolean;
  /** Its disk may lack what it once said it had: its torn end was cut, and it has not got from a primary what it lost. */
  readonly mayLack?: boolean | undefined;
  /** Of its last frame; 0 when it has none. */
  readonly epoch: number;
  readonly position: Position;
  readonly persisted: Position;
  /** How long ago it heard of a primary, in microseconds; SAFE_MAX when it never did. */
  readonly primaryHeard_us: number;
  readonly proof: Uint8Array;
}

const FLAG_WARM = 1;
const FLAG_MAY_LACK = 2;

type Flags = Pick<Standing, "isWarm" | "mayLack">;

function flagsOf({ isWarm, mayLack = false }: Flags): number {
  return (isWarm ? FLAG_WARM : 0) | (mayLack ? FLAG_MAY_LACK : 0);
}

function readFlags(flags: number): { isWarm: boolean; mayLack: boolean } {
  return { isWarm: (flags & FLAG_WARM) !== 0, mayLack: (flags & FLAG_MAY_LACK) !== 0 };
}

export function encodeChallenge({ nonce, name }: Challenge, checksums: Checksums): Uint8Array {
  return encode(ReplicationType.Challenge, ChallengeLayout.bytes, checksums, ({ bytes }) => {
    bytes.set(nonce, BODY + ChallengeLayout.nonce);
    putName(bytes, BODY + ChallengeLayout.name, name);
  });
}

export function decodeChallenge({ bytes }: MessageBuffer, at: number): Challenge {
  return {
    nonce: take(bytes, at + ChallengeLayout.nonce, NONCE_BYTES),
    name: nameAt(bytes, at + ChallengeLayout.name),
  };
}

export function encodeLogon(logon: Logon, checksums: Checksums): Uint8Array {
  return encode(ReplicationType.Logon, LogonLayout.bytes, checksums, (buffer) => {
    putLogon(buffer, BODY, logon);
    buffer.bytes.set(logon.proof, BODY + LogonLayout.proof);
  });
}

function putLogon({ bytes, view }: MessageBuffer, at: number, logon: Omit<Logon, "proof">): void {
  view.setUint32(at + LogonLayout.purpose, logon.purpose, true);
  view.setUint32(at + LogonLayout.flags, flagsOf(logon), true);
  putName(bytes, at + LogonLayout.name, logon.name);
  bytes.set(logon.nonce, at + LogonLayout.nonce);
  setU64(view, at + LogonLayout.epoch, logon.epoch);
  setU64(view, at + LogonLayout.position, logon.position);
  setU64(view, at + LogonLayout.persisted, logon.persisted);
  bytes.set(logon.chain, at + LogonLayout.chain);
}

export function decodeLogon({ bytes, view }: MessageBuffer, at: number): Logon {
  return {
    purpose: view.getUint32(at + LogonLayout.purpose, true) as LogonPurpose,
    ...readFlags(view.getUint32(at + LogonLayout.flags, true)),
    name: nameAt(bytes, at + LogonLayout.name),
    nonce: take(bytes, at + LogonLayout.nonce, NONCE_BYTES),
    epoch: getU64(view, at + LogonLayout.epoch),
    position: getU64(view, at + LogonLayout.position),
    persisted: getU64(view, at + LogonLayout.persisted),
    chain: take(bytes, at + LogonLayout.chain, DIGEST_BYTES),
    proof: take(bytes, at + LogonLayout.proof, PROOF_BYTES),
  };
}

export function encodeWelcome(welcome: Welcome, checksums: Checksums): Uint8Array {
  return encode(ReplicationType.Welcome, WelcomeLayout.bytes, checksums, (buffer) => {
    putWelcome(buffer, BODY, welcome);
    buffer.bytes.set(welcome.proof, BODY + WelcomeLayout.proof);
  });
}

function putWelcome({ view }: MessageBuffer, at: number, welcome: Omit<Welcome, "proof">): void {
  view.setUint32(at + WelcomeLayout.start, welcome.start, true);
  view.setUint32(at + WelcomeLayout.cluster, welcome.cluster, true);
  setU64(view, at + WelcomeLayout.epoch, welcome.epoch);
  setU64(view, at + WelcomeLayout.position, welcome.position);
  setU64(view, at + WelcomeLayout.released, welcome.released);
  setU64(view, at + WelcomeLayout.segmentBytes, welcome.segmentBytes);
}

export function decodeWelcome({ bytes, view }: MessageBuffer, at: number): Welcome {
  return {
    start: view.getUint32(at + WelcomeLayout.start, true) as StartFrom,
    epoch: getU64(view, at + WelcomeLayout.epoch),
    position: getU64(view, at + WelcomeLayout.position),
    released: getU64(view, at + WelcomeLayout.released),
    segmentBytes: getU64(view, at + WelcomeLayout.segmentBytes),
    cluster: view.getUint32(at + WelcomeLayout.cluster, true),
    proof: take(bytes, at + WelcomeLayout.proof, PROOF_BYTES),
  };
}

export function encodeReplicationRefusal(refusal: ReplicationRefusal, checksums: Checksums): Uint8Array {
  return encode(ReplicationType.Refusal, RefusalLayout.bytes, checksums, (buffer) => {
    putRefusal(buffer, BODY, refusal);
    if (refusal.proof !== undefined) buffer.bytes.set(refusal.proof, BODY + RefusalLayout.proof);
  });
}

function putRefusal(
  { view }: MessageBuffer,
  at: number,
  { code, epoch, position }: Omit<ReplicationRefusal, "proof">,
): void {
  view.setUint32(at + RefusalLayout.code, code, true);
  setU64(view, at + RefusalLayout.epoch, epoch);
  setU64(view, at + RefusalLayout.position, position);
}

export function decodeReplicationRefusal(
  { bytes, view }: MessageBuffer,
  at: number,
): ReplicationRefusal & { readonly proof: Uint8Array } {
  return {
    code: view.getUint32(at + RefusalLayout.code, true) as RefusalCode,
    epoch: getU64(view, at + RefusalLayout.epoch),
    position: getU64(view, at + RefusalLayout.position),
    proof: take(bytes, at + RefusalLayout.proof, PROOF_BYTES),
  };
}

export function encodeStanding(standing: Standing, checksums: Checksums): Uint8Array {
  return encode(ReplicationType.Standing, StandingLayout.bytes, checksums, (buffer) => {
    putStanding(buffer, BODY, standing);
    buffer.bytes.set(standing.proof, BODY + StandingLayout.proof);
  });
}

function putStanding({ view }: MessageBuffer, at: number, standing: Omit<Standing, "proof">): void {
  view.setUint32(at + StandingLayout.role, standing.role, true);
  view.setUint32(at + StandingLayout.flags, flagsOf(standing), true);
  setU64(view, at + StandingLayout.epoch, standing.epoch);
  setU64(view, at + StandingLayout.position, standing.position);
  setU64(view, at + StandingLayout.persisted, standing.persisted);
  setU64(view, at + StandingLayout.primaryHeard_us, standing.primaryHeard_us);
}

export function decodeStanding({ bytes, view }: MessageBuffer, at: number): Standing {
  return {
    role: view.getUint32(at + StandingLayout.role, true) as NodeRole,
    ...readFlags(view.getUint32(at + StandingLayout.flags, true)),
    epoch: getU64(view, at + StandingLayout.epoch),
    position: getU64(view, at + StandingLayout.position),
    persisted: getU64(view, at + StandingLayout.persisted),
    primaryHeard_us: getU64(view, at + StandingLayout.primaryHeard_us),
    proof: take(bytes, at + StandingLayout.proof, PROOF_BYTES),
  };
}

/** What the node that logs on signs: the listener's nonce and every other field of its Logon. */
export function logonStatement(listenerNonce: Uint8Array, logon: Omit<Logon, "proof">): Uint8Array {
  return statement("logon", listenerNonce, LogonLayout.proof, (buffer, at) => putLogon(buffer, at, logon));
}

/** What the listener signs in a Welcome: the other's nonce and every other field. */
export function welcomeStatement(nonce: Uint8Array, welcome: Omit<Welcome, "proof">): Uint8Array {
  return statement("welcome", nonce, WelcomeLayout.proof, (buffer, at) => putWelcome(buffer, at, welcome));
}

/** What the listener signs in a Standing: the other's nonce and every other field. */
export function standingStatement(nonce: Uint8Array, standing: Omit<Standing, "proof">): Uint8Array {
  return statement("standing", nonce, StandingLayout.proof, (buffer, at) =>
    putStanding(buffer, at, standing),
  );
}

/**
 * What the listener signs in a Refusal: the proof of the Logon that it answers, and every other field. Not the other's nonce,
 * which anybody can put into a Logon of his own: the listener also refuses who is not known to it.
 */
export function refusalStatement(
  logonProof: Uint8Array,
  refusal: Omit<ReplicationRefusal, "proof">,
): Uint8Array {
  return statement("refusal", logonProof, RefusalLayout.proof, (buffer, at) =>
    putRefusal(buffer, at, refusal),
  );
}

/** Says what is signed and for which protocol, so that no signature serves for anything else. */
const STATEMENT_HEAD = "seriatim replication 1 ";
const STATEMENT_HEAD_BYTES = 32;

/** `of`: what the other side has said on this connection and on no other. */
function statement(
  what: string,
  of: Uint8Array,
  fieldBytes: number,
  put: (buffer: MessageBuffer, at: number) => void,
): Uint8Array {
  const buffer = new MessageBuffer(STATEMENT_HEAD_BYTES + of.length + fieldBytes);
  buffer.bytes.set(encodeUtf8(STATEMENT_HEAD + what));
  buffer.bytes.set(of, STATEMENT_HEAD_BYTES);
  put(buffer, STATEMENT_HEAD_BYTES + of.length);
  return buffer.bytes;
}

function encode(
  type: ReplicationType,
  bodyBytes: number,
  checksums: Checksums,
  put: (buffer: MessageBuffer) => void,
): Uint8Array {
  const buffer = new MessageBuffer(BODY + bodyBytes);
  put(buffer);
  sealMessage(buffer, type, bodyBytes, checksums);
  return buffer.bytes;
}

function putName(bytes: Uint8Array, at: number, name: string): void {
  bytes.set(encodeUtf8(name).subarray(0, NODE_NAME_BYTES_MAX), at);
}

function nameAt(bytes: Uint8Array, at: number): string {
  const field = bytes.subarray(at, at + NODE_NAME_BYTES_MAX);
  const end = field.indexOf(0);
  return decodeUtf8(end < 0 ? field : field.subarray(0, end));
}

function take(bytes: Uint8Array, at: number, length: number): Uint8Array {
  return bytes.slice(at, at + length);
}
