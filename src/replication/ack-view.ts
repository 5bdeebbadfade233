// Where replicas' acknowledgements meet the gate: one row per replica in memory that two threads share. Whoever serves a
// replica writes its row (one writer per row); the gate's thread reads them all, without a lock and without waiting.
//
// Stalling briefly is safe, opening wrongly is not. So a row is seeded with the replica's true position before it counts
// as connected, leaves the view before it is cleared, and never goes back while it is connected.
//
// The gate's thread says in return how far its own disk is and what it has let out, for those who serve replicas.
//
// A wake-up costs more than all the rest, so an acknowledgement wakes the gate only when, by the policy in force, the rows let
// out more than it has. That loses none: the gate says what it goes by before it reads the rows, and who acknowledges writes
// the row before he reads what the gate says, so at least one of the two sees the other (all of it is sequentially consistent).
//
// A row, in 32-bit words: version | connected | in memory (low, high) | persisted (low, high). The version is odd while
// the row is being written; a reader that meets that, or a version that moved on, leaves what it had read before: a
// lower position of the same connection, or no row. Whenever a row was written the view's first word counts on; by a
// replica that comes or goes, or an acknowledgement that lets something out, whoever waits on it is woken, too.

import { assert, fromLanes, highLane, lowLane, type Position, SAFE_MAX } from "../base/index.ts";
import { ACK_POLICIES, type AckPolicyName, ackPosition } from "./ack-policy.ts";
import { NodeRows, REPLICAS_MAX } from "./node-rows.ts";

const ROW_WORDS = 6;
const VERSION = 0;
const CONNECTED = 1;
const IN_MEMORY = 2;
const PERSISTED = 4;
const CHANGES = 0;
const ROWS_AT = 1;
const RELEASED = ROWS_AT + REPLICAS_MAX * ROW_WORDS;
const DURABLE = RELEASED + 2;
const POLICY = DURABLE + 2;
const AWAITS_DISK = POLICY + 1;
export const ACK_VIEW_BYTES = (AWAITS_DISK + 1) * 4;

/** By the word `policy`, from 1 on. */
const POLICY_NAMES = Object.keys(ACK_POLICIES) as AckPolicyName[];
/** Whatever is acknowledged may matter. */
const NO_POLICY = 0;

/** Looks at a row in motion before the last known one is kept: a write takes nanoseconds. */
const READS_MAX = 4;

export class AckView {
  readonly #words: Int32Array;
  /** What the last whole look at each row said. */
  readonly #wasConnected = new Int8Array(REPLICAS_MAX);
  readonly #inMemory = new Float64Array(REPLICAS_MAX);
  readonly #persisted = new Float64Array(REPLICAS_MAX);
  readonly #acknowledged = new NodeRows();

  /** `memory`: ACK_VIEW_BYTES, zero at the beginning; shared when threads are. */
  constructor(memory: SharedArrayBuffer | ArrayBuffer) {
    assert(memory.byteLength === ACK_VIEW_BYTES, "an ack view has its size");
    this.#words = new Int32Array(memory);
  }

  /** Counts on at every change; wait on it with Atomics to hear of the next. */
  get changes(): number {
    return Atomics.load(this.#words, CHANGES);
  }
  /** The word that counts: `words[0]`. */
  get words(): Int32Array {
    return this.#words;
  }

  /**
   * The gate's side, before it reads the rows: how far the primary's own disk is, and by which policy it goes (undefined: it is
   * to be woken by whatever is more than it has let out). Until awaitDisk() it does not wait for that disk: others count it as done.
   */
  look(durable: Position, policy: AckPolicyName | undefined): void {
    this.#setRising(DURABLE, durable);
    Atomics.store(this.#words, AWAITS_DISK, 0);
    Atomics.store(this.#words, POLICY, policy === undefined ? NO_POLICY : POLICY_NAMES.indexOf(policy) + 1);
  }
  /** The gate looks by itself when the disk has more than it said. */
  awaitDisk(): void {
    Atomics.store(this.#words, AWAITS_DISK, 1);
  }
  /** The gate has let out what is up to `released`. */
  say(released: Position): void {
    this.#setRising(RELEASED, released);
  }
  get released(): Position {
    return this.#rising(RELEASED);
  }
  get durable(): Position {
    return this.#rising(DURABLE);
  }

  /** The low half first: read together with a high one of before it is a position of long ago, never one to come. */
  #setRising(at: number, position: Position): void {
    Atomics.store(this.#words, at, lowLane(position) | 0);
    Atomics.store(this.#words, at + 1, highLane(position));
  }

  #rising(at: number): Position {
    for (;;) {
      const high = Atomics.load(this.#words, at + 1);
      const low = Atomics.load(this.#words, at);
      if (Atomics.load(this.#words, at + 1) === high) return fromLanes(low, high);
    }
  }

  /** A replica is connected and was found to have what it says. */
  join(replica: number, inMemory: number, persisted: number): void {
    const row = rowOf(replica);
    assert(Atomics.load(this.#words, row + CONNECTED) === 0, "a replica joins once");
    this.#write(row, inMemory, persisted);
    this.#setConnected(row, 1);
    this.#changed();
  }

  /** A connected replica has more than before; what it says may be no lower than what it said. */
  acknowledge(replica: number, inMemory: number, persisted: number): void {
    const row = rowOf(replica);
    assert(Atomics.load(this.#words, row + CONNECTED) === 1, "only connected replicas acknowledge");
    this.#write(row, inMemory, persisted);
    // Behind the row: a gate that had read it before has said by now what it waits for.
    if (this.#letsOut(Math.max(inMemory, persisted))) this.#changed();
    else Atomics.add(this.#words, CHANGES, 1);
  }

  /** Whether the rows as they are now may let out more than the gate has. */
  #letsOut(acknowledged: Position): boolean {
    const { released } = this;
    // What was released by then can't be released by it, whatever the policy.
    if (acknowledged <= released) return false;
    const policy = Atomics.load(this.#words, POLICY);
    if (policy === NO_POLICY) return true;
    const own = Atomics.load(this.#words, AWAITS_DISK) === 1 ? this.durable : SAFE_MAX;
    this.read(this.#acknowledged, own);
    return ackPosition(ACK_POLICIES[POLICY_NAMES[policy - 1]], this.#acknowledged) > released;
  }

  /** The replica is gone, or no longer trusted. */
  leave(replica: number): void {
    const row = rowOf(replica);
    if (Atomics.load(this.#words, row + CONNECTED) === 0) return;
    this.#setConnected(row, 0);
    this.#write(row, 0, 0);
    // Last: whoever is woken while the row moves keeps what he knew, and would not look again.
    this.#changed();
  }

  /** Fills `rows` with the primary's row and those of the replicas connected now. */
  read(rows: NodeRows, durablePosition: number): void {
    rows.begin(durablePosition);
    for (let replica = 0; replica < REPLICAS_MAX; replica++) {
      this.#look(replica);
      if (this.#wasConnected[replica] === 1) {
        rows.add(replica, this.#inMemory[replica], this.#persisted[replica]);
      }
    }
  }

  #look(replica: number): void {
    const words = this.#words;
    const row = rowOf(replica);
    for (let reads = 0; reads < READS_MAX; reads++) {
      const version = Atomics.load(words, row + VERSION);
      const connected = Atomics.load(words, row + CONNECTED);
      const inMemory = this.#position(row + IN_MEMORY);
      const persisted = this.#position(row + PERSISTED);
      if ((version & 1) === 1 || Atomics.load(words, row + VERSION) !== version) continue;
      this.#wasConnected[replica] = connected;
      this.#inMemory[replica] = inMemory;
      this.#persisted[replica] = persisted;
      return;
    }
  }

  #position(at: number): number {
    return fromLanes(Atomics.load(this.#words, at), Atomics.load(this.#words, at + 1));
  }

  #write(row: number, inMemory: number, persisted: number): void {
    const words = this.#words;
    Atomics.add(words, row + VERSION, 1);
    Atomics.store(words, row + IN_MEMORY, lowLane(inMemory) | 0);
    Atomics.store(words, row + IN_MEMORY + 1, highLane(inMemory));
    Atomics.store(words, row + PERSISTED, lowLane(persisted) | 0);
    Atomics.store(words, row + PERSISTED + 1, highLane(persisted));
    Atomics.add(words, row + VERSION, 1);
  }

  #setConnected(row: number, connected: 0 | 1): void {
    Atomics.add(this.#words, row + VERSION, 1);
    Atomics.store(this.#words, row + CONNECTED, connected);
    Atomics.add(this.#words, row + VERSION, 1);
  }

  /** Something else has changed for whoever waits on the view: what is asked of it. */
  wake(): void {
    this.#changed();
  }

  #changed(): void {
    Atomics.add(this.#words, CHANGES, 1);
    Atomics.notify(this.#words, CHANGES);
  }
}

function rowOf(replica: number): number {
  assert(replica >= 0 && replica < REPLICAS_MAX, "there are two rows");
  return ROWS_AT + replica * ROW_WORDS;
}
