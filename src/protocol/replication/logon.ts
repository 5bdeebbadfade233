// The messages by which two nodes come to know each other: Challenge, Logon, Welcome, Refusal, Standing. Once per
// connection: plain objects. What is signed is bytes, as they go over the wire: a proof holds also for what only a later version
// has a meaning for.

import { type Checksums, encodeUtf8, getU64, type Position, setU64, WordBuffer } from "../../base/index.ts";
import { getWho, putWho } from "../commands/index.ts";
import {
  ChallengeLayout,
  DIGEST_BYTES,
  LogonLayout,
  NONCE_BYTES,
  PROOF_BYTES,
  RefusalLayout,
  ReplicationType,
  StandingLayout,
  WelcomeLayout,
} from "./layout.ts";
import { REPLICATION_BODY_AT as BODY, sealMessage } from "./message.ts";

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
}

/** Of a message that came: its body up to the proof, which is a signature of that. */
export interface Signed {
  readonly signed: Uint8Array;
  readonly proof: Uint8Array;
}

/** Makes the proof of a body that is about to be sent: signs a `replicationStatement` of it. */
export type Prove = (signed: Uint8Array) => Uint8Array;

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
  return encode(ReplicationType.Challenge, ChallengeLayout.bytes, checksums, ({ bytes, view }) => {
    bytes.set(nonce, BODY + ChallengeLayout.nonce);
    putWho(view, BODY + ChallengeLayout.name, name);
  });
}

export function decodeChallenge({ bytes, view }: WordBuffer, at: number): Challenge {
  return {
    nonce: take(bytes, at + ChallengeLayout.nonce, NONCE_BYTES),
    name: nameAt(view, at + ChallengeLayout.name),
  };
}

export function encodeLogon(logon: Logon, prove: Prove, checksums: Checksums): Uint8Array {
  return encodeProved(ReplicationType.Logon, LogonLayout, prove, checksums, ({ bytes, view }) => {
    view.setUint32(BODY + LogonLayout.purpose, logon.purpose, true);
    view.setUint32(BODY + LogonLayout.flags, flagsOf(logon), true);
    putWho(view, BODY + LogonLayout.name, logon.name);
    bytes.set(logon.nonce, BODY + LogonLayout.nonce);
    setU64(view, BODY + LogonLayout.epoch, logon.epoch);
    setU64(view, BODY + LogonLayout.position, logon.position);
    setU64(view, BODY + LogonLayout.persisted, logon.persisted);
    bytes.set(logon.chain, BODY + LogonLayout.chain);
  });
}

export function decodeLogon({ bytes, view }: WordBuffer, at: number): Logon & Signed {
  return {
    purpose: view.getUint32(at + LogonLayout.purpose, true) as LogonPurpose,
    ...readFlags(view.getUint32(at + LogonLayout.flags, true)),
    name: nameAt(view, at + LogonLayout.name),
    nonce: take(bytes, at + LogonLayout.nonce, NONCE_BYTES),
    epoch: getU64(view, at + LogonLayout.epoch),
    position: getU64(view, at + LogonLayout.position),
    persisted: getU64(view, at + LogonLayout.persisted),
    chain: take(bytes, at + LogonLayout.chain, DIGEST_BYTES),
    ...signedAt(bytes, at, LogonLayout),
  };
}

export function encodeWelcome(welcome: Welcome, prove: Prove, checksums: Checksums): Uint8Array {
  return encodeProved(ReplicationType.Welcome, WelcomeLayout, prove, checksums, ({ view }) => {
    view.setUint32(BODY + WelcomeLayout.start, welcome.start, true);
    view.setUint32(BODY + WelcomeLayout.cluster, welcome.cluster, true);
    setU64(view, BODY + WelcomeLayout.epoch, welcome.epoch);
    setU64(view, BODY + WelcomeLayout.position, welcome.position);
    setU64(view, BODY + WelcomeLayout.released, welcome.released);
    setU64(view, BODY + WelcomeLayout.segmentBytes, welcome.segmentBytes);
  });
}

export function decodeWelcome({ bytes, view }: WordBuffer, at: number): Welcome & Signed {
  return {
    start: view.getUint32(at + WelcomeLayout.start, true) as StartFrom,
    epoch: getU64(view, at + WelcomeLayout.epoch),
    position: getU64(view, at + WelcomeLayout.position),
    released: getU64(view, at + WelcomeLayout.released),
    segmentBytes: getU64(view, at + WelcomeLayout.segmentBytes),
    cluster: view.getUint32(at + WelcomeLayout.cluster, true),
    ...signedAt(bytes, at, WelcomeLayout),
  };
}

/** `prove`: of the listener, once it has a Logon to answer; without it the proof is zeros. */
export function encodeReplicationRefusal(
  { code, epoch, position }: ReplicationRefusal,
  prove: Prove | undefined,
  checksums: Checksums,
): Uint8Array {
  return encodeProved(ReplicationType.Refusal, RefusalLayout, prove, checksums, ({ view }) => {
    view.setUint32(BODY + RefusalLayout.code, code, true);
    setU64(view, BODY + RefusalLayout.epoch, epoch);
    setU64(view, BODY + RefusalLayout.position, position);
  });
}

export function decodeReplicationRefusal(
  { bytes, view }: WordBuffer,
  at: number,
): ReplicationRefusal & Signed {
  return {
    code: view.getUint32(at + RefusalLayout.code, true) as RefusalCode,
    epoch: getU64(view, at + RefusalLayout.epoch),
    position: getU64(view, at + RefusalLayout.position),
    ...signedAt(bytes, at, RefusalLayout),
  };
}

export function encodeStanding(standing: Standing, prove: Prove, checksums: Checksums): Uint8Array {
  return encodeProved(ReplicationType.Standing, StandingLayout, prove, checksums, ({ view }) => {
    view.setUint32(BODY + StandingLayout.role, standing.role, true);
    view.setUint32(BODY + StandingLayout.flags, flagsOf(standing), true);
    setU64(view, BODY + StandingLayout.epoch, standing.epoch);
    setU64(view, BODY + StandingLayout.position, standing.position);
    setU64(view, BODY + StandingLayout.persisted, standing.persisted);
    setU64(view, BODY + StandingLayout.primaryHeard_us, standing.primaryHeard_us);
  });
}

export function decodeStanding({ bytes, view }: WordBuffer, at: number): Standing & Signed {
  return {
    role: view.getUint32(at + StandingLayout.role, true) as NodeRole,
    ...readFlags(view.getUint32(at + StandingLayout.flags, true)),
    epoch: getU64(view, at + StandingLayout.epoch),
    position: getU64(view, at + StandingLayout.position),
    persisted: getU64(view, at + StandingLayout.persisted),
    primaryHeard_us: getU64(view, at + StandingLayout.primaryHeard_us),
    ...signedAt(bytes, at, StandingLayout),
  };
}

/** Says what is signed and for which protocol, so that no signature serves for anything else. */
const STATEMENT_HEAD = "seriatim replication 1 ";
const STATEMENT_HEAD_BYTES = 32;

/**
 * What a proof signs: what it is for, what the other side has said on this connection and on no other, and the body. `of` is the other
 * side's nonce; of a Refusal the proof of the Logon that it answers, because anybody can put a nonce that he has seen into a Logon of
 * his own, and the listener also refuses who is not known to it.
 */
export function replicationStatement(
  what: "logon" | "welcome" | "standing" | "refusal",
  of: Uint8Array,
  signed: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(STATEMENT_HEAD_BYTES + of.length + signed.length);
  bytes.set(encodeUtf8(STATEMENT_HEAD + what));
  bytes.set(of, STATEMENT_HEAD_BYTES);
  bytes.set(signed, STATEMENT_HEAD_BYTES + of.length);
  return bytes;
}

/** A message whose last field is a proof of all that `put` has written before it. */
function encodeProved(
  type: ReplicationType,
  layout: { readonly proof: number; readonly bytes: number },
  prove: Prove | undefined,
  checksums: Checksums,
  put: (buffer: WordBuffer) => void,
): Uint8Array {
  return encode(type, layout.bytes, checksums, (buffer) => {
    put(buffer);
    const proofAt = BODY + layout.proof;
    if (prove !== undefined) buffer.bytes.set(prove(buffer.bytes.subarray(BODY, proofAt)), proofAt);
  });
}

function signedAt(bytes: Uint8Array, at: number, { proof }: { readonly proof: number }): Signed {
  return { signed: take(bytes, at, proof), proof: take(bytes, at + proof, PROOF_BYTES) };
}

function encode(
  type: ReplicationType,
  bodyBytes: number,
  checksums: Checksums,
  put: (buffer: WordBuffer) => void,
): Uint8Array {
  const buffer = new WordBuffer(BODY + bodyBytes);
  put(buffer);
  sealMessage(buffer, type, bodyBytes, checksums);
  return buffer.bytes;
}

/** "", which is nobody's, for bytes that are no name. */
function nameAt(view: DataView, at: number): string {
  return getWho(view, at) ?? "";
}

function take(bytes: Uint8Array, at: number, length: number): Uint8Array {
  return bytes.slice(at, at + length);
}
