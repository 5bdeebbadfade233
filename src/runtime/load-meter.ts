// How much the node does and how long it takes, by batch: commands per second, the stages that a batch goes through as one
// (gate, send, whole), and who the gate waited for. A few values per batch, whatever its size. A figure is of the last whole
// second, so whoever asks more often sees the same.
//
//   arrived ── ... ── sealed ──gate── releasing ──send── released        whole: from arrived to released

import type { Position } from "../base/index.ts";
import { CommandTimer, type Nanos } from "./command-timer.ts";
import { GateWaits, HOLDERS_MAX } from "./gate-waits.ts";
import { StageTimes } from "./stage-times.ts";

/** Batches under way at once; beyond it two count as one, which began with the first. */
const BATCHES_MAX = 64;

export interface Load {
  readonly commandsPerSecond: number;
  /** From a batch's first bytes to its answers given to their sockets; null when nothing was released. */
  readonly latency: { readonly p50_us: number; readonly p99_us: number } | null;
}

/** How far the replicas of a cluster had come at the gate's last look. */
export interface ReplicaProgress {
  /** The last position that any of them has, in memory at least. */
  readonly replicated: Position;
  /** Puts the positions of all holders but the first, the node's own disk, in their places. */
  look(held: Float64Array): void;
}

const NOTHING: Load = { commandsPerSecond: 0, latency: null };

export class LoadMeter {
  /** Of the last whole second. */
  load: Load = NOTHING;
  readonly times: StageTimes;
  readonly timer: CommandTimer;
  readonly waits: GateWaits;
  readonly #now_ns: Nanos;
  /** By batch under way, oldest at `head`: its last position, when its first bytes came, when it was sealed. */
  readonly #positions = new Float64Array(BATCHES_MAX);
  readonly #arrived_ns = new Float64Array(BATCHES_MAX);
  readonly #sealed_ns = new Float64Array(BATCHES_MAX);
  readonly #isReplicated = new Uint8Array(BATCHES_MAX);
  #head = 0;
  #count = 0;
  /** Of those, counted from the newest: not looked at since they were sealed. */
  #unseen = 0;
  /** Of those, counted from the oldest: being released. */
  #leaving = 0;
  #releasing_ns = 0;
  /** How far each whom the gate may wait for has come; the first is the node's own disk. */
  readonly #held = new Float64Array(HOLDERS_MAX);
  readonly #heldNow = new Float64Array(HOLDERS_MAX);
  #replicas: ReplicaProgress | undefined;
  #lastPosition: Position;
  #last_ns: number;

  /** `journal`: what the journal counts its times in, when there is one. */
  constructor(position: Position, journal: SharedArrayBuffer | undefined, now_ns: Nanos) {
    this.times = new StageTimes(journal);
    this.timer = new CommandTimer(this.times.write, now_ns);
    this.waits = new GateWaits(BATCHES_MAX);
    this.waits.holder("disk");
    this.#now_ns = now_ns;
    this.#lastPosition = position;
    this.#last_ns = now_ns();
  }

  /** The gate waits for replicas too. */
  watch(replicas: ReplicaProgress): void {
    this.#replicas = replicas;
  }

  /** A batch up to `position`, whose first bytes came at `arrived_ns`, waits for its release. */
  sealed(position: Position, arrived_ns: number): void {
    if (this.#count === BATCHES_MAX) {
      this.#positions[this.#slot(this.#count - 1)] = position;
      return;
    }
    const slot = this.#slot(this.#count++);
    this.#unseen++;
    this.#positions[slot] = position;
    this.#arrived_ns[slot] = arrived_ns;
    this.#sealed_ns[slot] = this.#now_ns();
    this.#isReplicated[slot] = 0;
  }

  /**
   * The gate looks: all up to `safe` may leave, and will, between this and `released`. `durable`: how far the node's own
   * disk has come. `diskIsLast`: since the look before, the gate was woken by that disk, or by what came behind it.
   */
  releasing(safe: Position, durable: Position, diskIsLast = true): void {
    if (this.#replicas === undefined) this.#held[0] = durable;
    else this.#lookAt(this.#replicas, durable, diskIsLast);
    this.#releasing_ns = 0;
    this.#leaving = 0;
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#slot(i);
      const position = this.#positions[slot];
      if (i >= this.#count - this.#unseen) this.waits.begin(slot, position, this.#held);
      if (position > safe) this.waits.again(slot, position, this.#held);
      else this.#leave(slot, position);
    }
    this.#unseen = 0;
  }

  /** Where both have come since the look before, as if it had looked in between: who came first held nobody back. */
  #lookAt(replicas: ReplicaProgress, durable: Position, diskIsLast: boolean): void {
    const held = this.#held;
    const now = this.#heldNow;
    replicas.look(now);
    now[0] = held[0];
    if (durable > held[0] && now.some(isMore, held)) {
      if (!diskIsLast) held[0] = durable;
      this.#lookInBetween(diskIsLast ? now : held);
    }
    held.set(now);
    held[0] = durable;
    this.#countReplicated(replicas);
  }

  #lookInBetween(held: Float64Array): void {
    for (let i = 0; i < this.#count - this.#unseen; i++) {
      const slot = this.#slot(i);
      this.waits.again(slot, this.#positions[slot], held);
    }
  }

  #countReplicated(replicas: ReplicaProgress): void {
    const { replicated } = replicas;
    let now_ns = 0;
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#slot(i);
      if (this.#positions[slot] > replicated) return;
      if (this.#isReplicated[slot] === 1) continue;
      this.#isReplicated[slot] = 1;
      now_ns ||= this.#now_ns();
      this.times.write.replicate.record(now_ns - this.#sealed_ns[slot]);
    }
  }

  #leave(slot: number, position: Position): void {
    if (this.#leaving++ === 0) this.#releasing_ns = this.#now_ns();
    this.waits.end(slot, position, this.#held);
    this.times.write.gate.record(this.#releasing_ns - this.#sealed_ns[slot]);
  }

  /** What could leave has been handed to the connections. */
  released(): void {
    if (this.#leaving === 0) return;
    const now_ns = this.#now_ns();
    this.times.write.send.record(now_ns - this.#releasing_ns);
    for (let i = 0; i < this.#leaving; i++)
      this.times.write.whole.record(now_ns - this.#arrived_ns[this.#slot(i)]);
    this.#head = this.#slot(this.#leaving);
    this.#count -= this.#leaving;
    this.#leaving = 0;
  }

  #slot(i: number): number {
    return (this.#head + i) % BATCHES_MAX;
  }

  /** A second is over: `position` is the last one given. */
  turnOver(position: Position): void {
    const now_ns = this.#now_ns();
    const elapsed_ns = now_ns - this.#last_ns;
    if (elapsed_ns <= 0) return;
    this.times.turnOver();
    const { whole } = this.times.latency;
    this.load = {
      commandsPerSecond: Math.round(((position - this.#lastPosition) * 1e9) / elapsed_ns),
      latency:
        whole === undefined ? null : { p50_us: wholeMicros(whole.p50_us), p99_us: wholeMicros(whole.p99_us) },
    };
    this.#lastPosition = position;
    this.#last_ns = now_ns;
  }
}

/** As a predicate of the positions now, called on those of before. */
function isMore(this: Float64Array, position: Position, holder: number): boolean {
  return position > this[holder];
}

/** For people; never nothing. */
function wholeMicros(us: number): number {
  return Math.max(1, Math.round(us));
}
