// What is known of the nodes at one look: a row [in memory, persisted] for each that is connected, the primary first.
// A replica that is not connected has no row at all: what it once said is no promise about now.

/** A primary and two replicas. */
export const NODES_MAX = 3;
export const REPLICAS_MAX = NODES_MAX - 1;

export class NodeRows {
  /** Rows in use; the first is the primary's. */
  count = 1;
  /** Never below `persisted`: what a node has on disk it has. */
  readonly inMemory = new Float64Array(NODES_MAX);
  readonly persisted = new Float64Array(NODES_MAX);
  /** Which replica a row is of; -1 for the primary's. */
  readonly replica = new Int8Array(NODES_MAX);

  /** Forgets all replicas; the primary has everything in memory, and on disk all up to `durablePosition`. */
  begin(durablePosition: number): void {
    this.count = 1;
    this.inMemory[0] = Number.POSITIVE_INFINITY;
    this.persisted[0] = durablePosition;
    this.replica[0] = -1;
  }

  /** A connected replica's row. */
  add(replica: number, inMemory: number, persisted: number): void {
    const at = this.count++;
    this.inMemory[at] = Math.max(inMemory, persisted);
    this.persisted[at] = persisted;
    this.replica[at] = replica;
  }
}
