// What a commit worker has done since it began, in memory that it shares with whoever shows it. Its own counters are plain numbers;
// `share` stores them, once per turn, each in one atomic word, so that a reader sees no torn one.

const NAMES = ["batches", "bytes", "duplicates", "held", "fenced", "syncs", "turns"] as const;

/** Bytes of the shared memory. */
export const COMMIT_FIGURES_BYTES = NAMES.length * BigInt64Array.BYTES_PER_ELEMENT;

export class CommitFigures {
  /** Written to the logs. */
  batches = 0;
  bytes = 0;
  /** Acknowledged again, not written. */
  duplicates = 0;
  /** Batches that had to wait for an earlier one. */
  held = 0;
  /** Sessions whose lease was over. */
  fenced = 0;
  /** Group commits, each of one topic. */
  syncs = 0;
  /** Of the duty cycle, with something to do. */
  turns = 0;
  readonly #shared: BigInt64Array;

  /** `memory`: COMMIT_FIGURES_BYTES. */
  constructor(memory: SharedArrayBuffer) {
    this.#shared = new BigInt64Array(memory);
  }

  share(): void {
    for (const [i, name] of NAMES.entries()) Atomics.store(this.#shared, i, BigInt(this[name]));
  }
}

/** What a worker shared last. */
export type CommitCounts = { readonly [name in (typeof NAMES)[number]]: number };

export function readCommitFigures(memory: SharedArrayBuffer): CommitCounts {
  const shared = new BigInt64Array(memory);
  const counts = NAMES.map((name, i) => [name, Number(Atomics.load(shared, i))]);
  return Object.fromEntries(counts) as CommitCounts;
}
