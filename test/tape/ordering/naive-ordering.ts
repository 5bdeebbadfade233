// The ordering of a topic as slow, plain code, to compare with: one array for what was committed, one for what waits, one for
// who is connected, and every answer found by searching them. And both behind one face, which says in words what happened.

import {
  EPOCH_NAMED_MAX,
  type HeldBatch,
  HoldMemory,
  Judgement,
  Opening,
  type OrderingLimits,
  TopicSessions,
} from "../../../src/tape/index.ts";

/** What happened, in words; the first word of each line is what is counted. */
export interface Ordering {
  open(connection: number, publisher: number, epoch: number): string;
  batch(connection: number, batch: number, bytes: number, now: number): string;
  close(connection: number): void;
  /** One line for each session that was fenced. */
  pass(now: number): string[];
}

export interface Limits extends OrderingLimits {
  readonly memoryBytes: number;
}

const nameOf = (names: Readonly<Record<string, number>>, value: number): string =>
  Object.keys(names).find((name) => names[name] === value) ?? `${value}`;

/** The one in src, with a log that is a map. */
export class RealOrdering implements Ordering {
  readonly log: string[] = [];
  readonly #known = new Map<number, { epoch: number; lastBatch: number }>();
  readonly memory: HoldMemory;
  readonly sessions: TopicSessions<HeldBatch>;

  constructor(level: 0 | 1 | 2, limits: Limits) {
    this.memory = new HoldMemory(limits.memoryBytes);
    this.sessions = new TopicSessions(level, limits, this.memory);
  }

  open(connection: number, publisher: number, epoch: number): string {
    const opened = this.sessions.open(connection, publisher, epoch, this.#known.get(publisher));
    if (opened.opening === Opening.Begun) this.#known.set(publisher, { epoch: opened.epoch, lastBatch: 0 });
    const { replaced, last } = opened;
    return `${nameOf(Opening, opened.opening)} epoch ${opened.epoch} last ${last} replaces ${replaced}`;
  }

  batch(connection: number, batch: number, bytes: number, now: number): string {
    const session = this.sessions.sessionOf(connection);
    if (session === undefined) return "Stranger";
    const judgement = this.sessions.judge(session, batch, bytes, now);
    const { publisher, epoch } = session;
    const taken: string[] = [];
    const commit = (number: number, from: number): void => {
      this.log.push(`${publisher}.${epoch}.${number}`);
      this.#known.set(publisher, { epoch, lastBatch: number });
      taken.push(`${number} of ${from}`);
    };
    if (judgement === Judgement.Hold) this.sessions.hold(session, batch, { bytes, connection }, now);
    const waiting = session.held.get(batch);
    if (judgement === Judgement.AlreadyHeld && waiting !== undefined) waiting.connection = connection;
    if (judgement === Judgement.Take) {
      commit(batch, connection);
      for (;;) {
        const held = this.sessions.takeHeld(session);
        if (held === undefined) break;
        commit(session.last, held.connection);
      }
    }
    const cascade = taken.length > 1 ? "Cascade " : "";
    return `${cascade}${nameOf(Judgement, judgement)} ${taken} last ${session.last} memory ${this.memory.used_bytes}`;
  }

  close(connection: number): void {
    this.sessions.close(connection);
  }

  pass(now: number): string[] {
    const lines: string[] = [];
    for (;;) {
      const session = this.sessions.overdue(now);
      if (session === undefined) return lines;
      const { publisher, last } = session;
      const connections = this.sessions.fence(session);
      lines.push(`Fence ${publisher} after ${last} connections ${connections}`);
    }
  }
}

interface Entry {
  publisher: number;
  epoch: number;
  batch: number;
}
interface Waiting extends Entry {
  bytes: number;
  connection: number;
}

export class NaiveOrdering implements Ordering {
  readonly #level: 0 | 1 | 2;
  readonly #limits: Limits;
  readonly committed: Entry[] = [];
  /** Every epoch that ever began. */
  readonly #epochs: { publisher: number; epoch: number }[] = [];
  /** The newest fences, of epochs that are their publishers' highest. */
  #fences: { publisher: number; epoch: number }[] = [];
  #connected: { connection: number; publisher: number }[] = [];
  #waiting: Waiting[] = [];
  /** When something last changed about what is missing, of each publisher; the latest counts. */
  readonly #progress: { publisher: number; at: number }[] = [];

  constructor(level: 0 | 1 | 2, limits: Limits) {
    this.#level = level;
    this.#limits = limits;
  }

  get log(): string[] {
    return this.committed.map(({ publisher, epoch, batch }) => `${publisher}.${epoch}.${batch}`);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  #epochOf(publisher: number): number {
    return Math.max(0, ...this.#epochs.filter((e) => e.publisher === publisher).map((e) => e.epoch));
  }

  #lastOf(publisher: number): number {
    const epoch = this.#epochOf(publisher);
    const own = this.committed.filter((e) => e.publisher === publisher && e.epoch === epoch);
    return Math.max(0, ...own.map((e) => e.batch));
  }

  #connectionsOf(publisher: number): number[] {
    return this.#connected.filter((c) => c.publisher === publisher).map((c) => c.connection);
  }

  #bytes(publisher?: number): number {
    const those = this.#waiting.filter((w) => publisher === undefined || w.publisher === publisher);
    return those.reduce((sum, w) => sum + w.bytes, 0);
  }

  #forget(publisher: number): number[] {
    const connections = this.#connectionsOf(publisher);
    this.#connected = this.#connected.filter((c) => c.publisher !== publisher);
    this.#waiting = this.#waiting.filter((w) => w.publisher !== publisher);
    return connections;
  }

  open(connection: number, publisher: number, epoch: number): string {
    const highest = this.#epochOf(publisher);
    const last = this.#lastOf(publisher);
    const wanted = epoch === 0 ? highest + 1 : epoch;
    const most = epoch === 0 ? Number.MAX_SAFE_INTEGER : EPOCH_NAMED_MAX;
    if (wanted < highest || (wanted > highest && wanted > most))
      return `OldEpoch epoch ${highest} last ${last} replaces `;
    if (wanted > highest) {
      const replaced = this.#forget(publisher);
      this.#epochs.push({ publisher, epoch: wanted });
      this.#fences = this.#fences.filter((f) => f.publisher !== publisher);
      this.#connected.push({ connection, publisher });
      return `Begun epoch ${wanted} last 0 replaces ${replaced}`;
    }
    if (this.#fences.some((f) => f.publisher === publisher && f.epoch === highest))
      return `Fenced epoch ${highest} last ${last} replaces `;
    const before = this.#connectionsOf(publisher);
    if (this.#level === 2 && before.length === this.#limits.sessionConnectionsMax)
      return `TooMany epoch ${highest} last ${last} replaces `;
    const replaced = this.#level === 2 ? [] : this.#forget(publisher);
    this.#connected.push({ connection, publisher });
    return `Joined epoch ${highest} last ${last} replaces ${replaced}`;
  }

  batch(connection: number, batch: number, bytes: number, now: number): string {
    const publisher = this.#connected.find((c) => c.connection === connection)?.publisher;
    if (publisher === undefined) return "Stranger";
    const taken: string[] = [];
    const what = this.#decide(publisher, batch, bytes);
    const same = this.#waiting.find((w) => w.publisher === publisher && w.batch === batch);
    const epoch = this.#epochOf(publisher);
    if (what === "AlreadyHeld" && same !== undefined) same.connection = connection;
    if (what === "Hold") {
      if (this.#bytes(publisher) === 0) this.#progress.push({ publisher, at: now });
      this.#waiting.push({ publisher, epoch, batch, bytes, connection });
    }
    if (what === "Take") {
      this.#progress.push({ publisher, at: now });
      this.committed.push({ publisher, epoch, batch });
      taken.push(`${batch} of ${connection}`);
      for (let next = this.#next(publisher); next !== undefined; next = this.#next(publisher)) {
        this.#waiting = this.#waiting.filter((w) => w !== next);
        this.committed.push({ publisher, epoch, batch: next.batch });
        taken.push(`${next.batch} of ${next.connection}`);
      }
    }
    const cascade = taken.length > 1 ? "Cascade " : "";
    return `${cascade}${what} ${taken} last ${this.#lastOf(publisher)} memory ${this.#bytes()}`;
  }

  #next(publisher: number): Waiting | undefined {
    return this.#waiting.find((w) => w.publisher === publisher && w.batch === this.#lastOf(publisher) + 1);
  }

  #decide(publisher: number, batch: number, bytes: number): string {
    const last = this.#lastOf(publisher);
    if (batch === 0) return "BadNumber";
    if (batch <= last) return "Duplicate";
    if (this.#level < 2 || batch === last + 1) return "Take";
    if (batch - (last + 1) > this.#limits.heldBatchesMax) return "BadNumber";
    if (this.#waiting.some((w) => w.publisher === publisher && w.batch === batch)) return "AlreadyHeld";
    if (this.#bytes(publisher) + bytes > this.#limits.heldBytesMax) return "HoldFull";
    if (this.#bytes() + bytes > this.#limits.memoryBytes) return "HoldFull";
    return "Hold";
  }

  close(connection: number): void {
    this.#connected = this.#connected.filter((c) => c.connection !== connection);
  }

  pass(now: number): string[] {
    const lines: string[] = [];
    const publishers = new Set(this.#waiting.map((w) => w.publisher));
    const since = (publisher: number): number =>
      this.#progress.findLastIndex((p) => p.publisher === publisher);
    const inOrder = [...publishers].sort((a, b) => since(a) - since(b));
    for (const publisher of inOrder) {
      if (now - this.#progress[since(publisher)].at <= this.#limits.lease_us) continue;
      const last = this.#lastOf(publisher);
      const epoch = this.#epochOf(publisher);
      lines.push(`Fence ${publisher} after ${last} connections ${this.#forget(publisher)}`);
      this.#fences = [...this.#fences, { publisher, epoch }].slice(-this.#limits.fencedMax);
    }
    return lines;
  }
}
