// What the log says of sessions that log on and connections that end: each with its reason, as long as they are few. A flood of them
// does not flood the log: of more than ten lines a second the rest is counted and said in one line. Metrics count all of them.
//
// Level by blame: what clients do of themselves is for whoever looks closely (debug), a limit that they met is told (info),
// and what the gateway itself lacks, memory or numbers for sessions, is the operator's to look at (warn). Nothing here is an error.

const LINES_PER_SECOND = 10;
const SECOND_US = 1_000_000;

type Level = "debug" | "info" | "warn";
/** Of the node's log, what is used. */
type Lines = Readonly<Record<Level, (fields: object, text: string) => void>>;

/** By reasons of the gateway and of the web; others are told. */
const LEVELS: ReadonlyMap<string, Level> = new Map([
  ["PeerEnded", "debug"],
  ["Broken", "debug"],
  ["Stopped", "debug"],
  ["GoingAway", "debug"],
  ["LoggedOut", "debug"],
  ["OutputMemory", "warn"],
  ["SessionsUsedUp", "warn"],
]);

/** A connection that ends, and what is known of it: these and whatever else its reason has. */
interface Ending {
  readonly reason: string;
  readonly address: string;
  readonly account?: number | string | undefined;
  readonly session?: number;
}

export class ConnectionLog {
  readonly #log: Lines;
  /** Lines of each level since the second began. */
  readonly #lines = { debug: 0, info: 0, warn: 0 };
  /** Of those that got no line: by level, how many for each reason. */
  readonly #untold = new Map<Level, Map<string, number>>();
  /** What a connection is called. */
  readonly #what: string;
  #second_us = 0;
  /** Logons since the second began. */
  #logons = 0;

  constructor(log: Lines, what: string) {
    this.#log = log;
    this.#what = what;
  }

  closing({ reason, ...who }: Ending): void {
    const level = LEVELS.get(reason) ?? "info";
    if (this.#lines[level]++ < LINES_PER_SECOND)
      return this.#log[level]({ ...who, reason }, `a ${this.#what} ends: ${reason}`);
    const reasons = this.#untold.get(level) ?? new Map<string, number>();
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    this.#untold.set(level, reasons);
  }

  /** A session has logged on; `who` is what is known of it. */
  loggedOn(who: object): void {
    if (this.#logons++ < LINES_PER_SECOND) this.#log.info(who, "a session logs on");
  }

  /** To be called at least once a second. */
  tick(now_us: number): void {
    if (now_us - this.#second_us < SECOND_US) return;
    this.#second_us = now_us;
    const sessions = this.#logons - LINES_PER_SECOND;
    if (sessions > 0) this.#log.info({ sessions }, "and more sessions logged on");
    this.#logons = 0;
    for (const [level, reasons] of this.#untold)
      this.#log[level](Object.fromEntries(reasons), `and more ended, each a ${this.#what}, by reason`);
    this.#untold.clear();
    for (const level of ["debug", "info", "warn"] as const) this.#lines[level] = 0;
  }
}
