// What a gateway may use, and the counts and reasons by which it says what it did.

import { type AddressLimits, assert, CONNECTION_SLOTS_MAX } from "../base/index.ts";
import type { DeadlineLimits } from "./guard/deadlines.ts";
import { ATTEMPT_LIMITS, type AttemptLimits } from "./guard/logon-attempts.ts";
import { NO_REQUESTS, RATE_LIMITS, type RateLimits } from "./guard/throttles.ts";

export interface GatewayLimits {
  /** Slots of the transport's connections; the same figure the transport was given. */
  readonly connectionsMax: number;
  /** Accounts are numbered 0 .. accountsMax - 1 (of the genesis entry). */
  readonly accountsMax: number;
  /** Answers one connection may have waiting, never more; one that needs more is closed once it has read these. */
  readonly outputMax_bytes: number;
  /** Above this many bytes of waiting answers, requests are not read; they are again at half of it. */
  readonly outputSoft_bytes: number;
  /** Output memory that a connection with little to send takes, for each of its two queues. */
  readonly firstChunk_bytes: number;
  /** The most output memory taken and given back at once; one write is at most this long. */
  readonly chunk_bytes: number;
  /** Output memory of all connections together. */
  readonly outputTotal_bytes: number;
  /** What one connection may have taken in one turn; what is left of its input waits for the next one. */
  readonly turn_frames: number;
  readonly turn_bytes: number;
  /** What a turn has for all connections together, shared out evenly; no share is smaller than the least. */
  readonly turnAll_frames: number;
  readonly turnLeast_frames: number;
  /** A peer that takes no bytes for this long while some are held for it is disconnected. */
  readonly blocked_us: number;
  /** At the cap a peer that has taken nothing for this long counts as one that has stopped reading: it is closed at once. */
  readonly still_us: number;
  /** How long one at the cap, or one that has ended, may take for all that waits for it. */
  readonly lastAnswers_us: number;
  readonly addresses: AddressLimits;
  readonly attempts: AttemptLimits;
  readonly deadlines: DeadlineLimits;
  readonly rates: RateLimits;
  /** The longest a logged-on session hears nothing of the gateway, where it did not ask for another time. */
  readonly heartbeat_us: number;
}

/** Left free of what an order's fills may fill, for what others cause meanwhile: RestingFills, heartbeats. */
export const OUTPUT_RESERVE_bytes = 65_536;

export const GATEWAY_LIMITS: GatewayLimits = {
  connectionsMax: 1_024,
  accountsMax: 1_024,
  outputMax_bytes: 8_388_608,
  outputSoft_bytes: 1_048_576,
  // Some 30 acknowledgements. Two for each of 65,536 connections are half of the total.
  firstChunk_bytes: 1_024,
  chunk_bytes: 65_536,
  // 256 MiB, taken only as needed: 16 connections that are full, beside the first chunks of all.
  outputTotal_bytes: 268_435_456,
  // Some 0.5 ms of work, and half of what one read of a socket brings: a full one waits twice for others.
  turn_frames: 512,
  turn_bytes: 32_768,
  // Some 1 ms: eight that send without end have whole shares. The least is what a client sends that does not.
  turnAll_frames: 4_096,
  turnLeast_frames: 16,
  blocked_us: 5_000_000,
  // What a machine acknowledges comes in steps of some 100 kB: one that reads 50 kB/s is not mistaken for one that has stopped.
  still_us: 2_000_000,
  // 8 MiB at 140 kB/s.
  lastAnswers_us: 60_000_000,
  // A quarter of the connections there are; this machine's programs, the web among them, share one address.
  addresses: { connections: 256, ownConnections: CONNECTION_SLOTS_MAX },
  attempts: ATTEMPT_LIMITS,
  deadlines: {
    // A handshake, a signature and two round trips take a second on the worst of lines.
    logon_us: 5_000_000,
    // The longest frame is two packets at most.
    frame_us: 5_000_000,
    // Open order entry is on the loopback interface, where programs are tried out and left standing.
    idle_us: 0,
  },
  rates: RATE_LIMITS,
  heartbeat_us: 10_000_000,
};

/** Crashes when the limits contradict each other. */
export function assertLimits(limits: GatewayLimits): void {
  assert(
    limits.connectionsMax >= 1 && limits.connectionsMax <= CONNECTION_SLOTS_MAX,
    "connectionsMax is 1-65536",
  );
  assert(limits.accountsMax >= 1, "there is at least account 0");
  assert(limits.turn_frames >= 1 && limits.turn_bytes >= 1, "everybody gets something in a turn");
  assert(limits.turnLeast_frames >= 1, "however many there are");
  assert(limits.firstChunk_bytes >= 128, "a chunk holds at least one frame of every kind");
  assert(limits.chunk_bytes >= limits.firstChunk_bytes, "the largest chunk is no smaller than the first");
  assert(
    firstChunks(limits.connectionsMax) * limits.firstChunk_bytes <= limits.outputTotal_bytes / 2,
    "first chunks of all connections take half of the output memory at most",
  );
  // Requests are taken below the soft mark: what is between it and the cap is the room of one order's answer.
  assert(
    limits.outputSoft_bytes + OUTPUT_RESERVE_bytes < limits.outputMax_bytes,
    "the soft mark leaves room for an answer below the cap",
  );
}

/** First chunks that all connections together hold at most: each has a queue of answers and one of its own refusals. */
export function firstChunks(connectionsMax: number): number {
  return 2 * connectionsMax;
}

/** The last number of a session, in its high lane: fifty days at a thousand connections a second. One that came again could be in the log. */
export const SESSION_MAX = 2 ** 32 - 1;

/** Why a connection was ended, as counted. */
export const CloseReason = {
  /** The peer ended its side and got all its answers. */
  PeerEnded: 0,
  /** The network or the peer broke it off. */
  Broken: 1,
  /** A frame that does not decode, a type only servers send, or a Hello that changes the account too late. */
  Malformed: 2,
  UnknownAccount: 3,
  /** Its waiting answers reached the cap. */
  OutputFull: 4,
  /** All output memory of the gateway was taken. */
  OutputMemory: 5,
  /** It took no bytes for too long. */
  Blocked: 6,
  /** The node stops. */
  Stopped: 7,
  /** Its address has as many connections as one may have. */
  AddressFull: 8,
  /** It has not logged on in time. */
  LogonTimeout: 9,
  /** It began a frame and did not finish it. */
  FrameTimeout: 10,
  /** It said nothing for too long. */
  Idle: 11,
  /** A logon that was refused, and why is in the answer. */
  LogonRefused: 12,
  /** It said that it ends. */
  LoggedOut: 13,
  /** The same session has logged on over another connection. */
  Replaced: 14,
  /** Reports that it had not read yet are not kept any more. */
  FellBehind: 15,
  /** Nothing came from it for as long as it had said. */
  DeadMan: 16,
  /** It had proved nothing, and newer ones that hadn't either needed its place. */
  GaveWay: 17,
  /** Every number that a session can have was given. */
  SessionsUsedUp: 18,
} as const;
export type CloseReason = (typeof CloseReason)[keyof typeof CloseReason];
export type CloseReasonName = keyof typeof CloseReason;

/** By code: the codes are dense from 0. */
export const CLOSE_REASON_NAMES = Object.keys(CloseReason) as CloseReasonName[];

/** Counts since the start; `connections` and `sessions` are now. Numbers only go up. */
export class GatewayCounters {
  connections = 0;
  opened = 0;
  /** Connections that have logged on, now, and how many have. */
  sessions = 0;
  logons = 0;
  /** Logons that were refused, by the name of the Reason; of those that there were. */
  readonly logonsRefused: Record<string, number> = {};
  frames = 0;
  /** Orders, cancels and modifies handed to the sequencer. */
  commands = 0;
  /** Requests on orders that the gateway refused on its own. */
  refused = 0;
  /** Requests over a rate, by which, and attempts to log on: refused, never sequenced. */
  readonly throttled = { ...NO_REQUESTS, logon: 0 };
  received_bytes = 0;
  sent_bytes = 0;
  /** Ended connections, by the name of the CloseReason. */
  readonly closes: Record<CloseReasonName, number>;

  constructor() {
    const none = CLOSE_REASON_NAMES.map((name) => [name, 0]);
    this.closes = Object.fromEntries(none) as Record<CloseReasonName, number>;
  }
}
